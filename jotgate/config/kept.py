"""Secrets that are kept elsewhere: in the environment, or in a file of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

#: The settings that may be kept elsewhere, and those whose members may.
SECRETS = ("api_key", "store", "http_proxy", "mail_password", "metrics_token")
LISTS_OF_SECRETS = ("secret_keys", "code_keys", "hook_secrets")
_MAX_BYTES = 10_000


def fetched(table: object, spell: Callable[[str], str], problems: list[str]) -> tuple[object, frozenset[str]]:
    """Return *table* with the secrets in place of ``{env = "NAME"}`` and ``{file = "PATH"}``.

    What cannot be fetched is left out, with a sentence in *problems*, and named beside; no sentence shows a secret.
    """
    if not isinstance(table, Mapping):
        return table, frozenset()
    changed: dict[str, Any] = {}
    lost: set[str] = set()
    for key in (*SECRETS, *LISTS_OF_SECRETS):
        value = table.get(spell(key))
        try:
            if key in SECRETS:
                new = _fetched(value)
            else:
                new = [*map(_fetched, value)] if isinstance(value, (list, tuple)) else value
        except ValueError as problem:
            problems.append(f"{spell(key)}: {problem}.")
            lost.add(key)
            new = None
        changed[spell(key)] = new
    return {**table, **{key: new for key, new in changed.items() if key in table}}, frozenset(lost)


def _fetched(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    match dict(value):
        case {"env": str(name), **others} if not others:
            return _from_environment(name)
        case {"file": str(path), **others} if not others:
            return _from_file(Path(path))
    raise ValueError('kept elsewhere, it must be {env = "NAME"} or {file = "PATH"}')


def _from_environment(name: str) -> str:
    found = os.environ.get(name)
    if not found:
        raise ValueError(f"the environment has no {name!r}")
    return found


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode()
    except OSError as problem:
        raise ValueError(f"{str(path)!r} cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{str(path)!r} is not UTF-8 text") from None
    # Editors and `echo` end a file with a line break, which is not part of a secret.
    return text.removesuffix("\n").removesuffix("\r")
