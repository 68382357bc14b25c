"""Take a table of settings apart by rules, and tell in sentences everything that is wrong with it.

A rule makes a usable value out of what was written, or raises `ValueError` with a sentence. No sentence shows
the value: whatever was written may be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Rule = Callable[[object], Any]
Rules = Mapping[str, Rule]

_MAX_SHOWN_CHARS = 64


def read_table(
    table: object,
    rules: Rules,
    *,
    name: str,
    problems: list[str],
    needed: Mapping[str, str],
    spell: Callable[[str], str] = str,
    prefix: str = "",
) -> dict[str, Any]:
    """Return the values of *table* that are set and fit their rules; what does not is added to *problems*.

    None counts as not set. *name* is the table's own name, *prefix* stands before its keys in sentences,
    *spell* says how a key is written in it, and *needed* holds the keys that must be set, each with what to
    say if it is not.
    """
    if not isinstance(table, Mapping):
        problems.append(f"{name} must be a table of keys and values.")
        return {}
    _note_unknown(table, {spell(key) for key in rules}, name=name, prefix=prefix, problems=problems)
    values: dict[str, Any] = {}
    for key, rule in rules.items():
        spelled = prefix + spell(key)
        value = table.get(spell(key))
        if value is None:
            if key in needed:
                problems.append(f"{spelled} is missing: {needed[key]}")
            continue
        try:
            values[key] = rule(value)
        except ValueError as problem:
            problems.append(f"{spelled}: {problem}.")
    return values


def _note_unknown(
    table: Mapping[Any, Any], known: set[str], *, name: str, prefix: str, problems: list[str]
) -> None:
    for key in table:
        if not isinstance(key, str):
            problems.append(f"{name}: every key must be text.")
        elif key not in known:
            problems.append(f"{prefix}{shown(key)} is not a setting{_guess(key, sorted(known), prefix)}")


def _guess(key: str, known: Sequence[str], prefix: str) -> str:
    near = difflib.get_close_matches(key[:_MAX_SHOWN_CHARS], known, n=1)
    return f"; did you mean {prefix}{near[0]}?" if near else "."


def shown(key: str) -> str:
    """Return *key* fit for a sentence: short, and on one line."""
    cut = key if len(key) <= _MAX_SHOWN_CHARS else key[:_MAX_SHOWN_CHARS] + "..."
    return cut if cut.isidentifier() and cut.isascii() else repr(cut)
