"""The settings of languages: which are spoken, and where the site's own sentences are."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jotgate.config import rules
from jotgate.config.tables import Rules
from jotgate.languages import catalogue, known_languages, read_tag
from jotgate.policy import FormPolicy

_MOST = 100


def _tag(value: object) -> str:
    tag = read_tag(rules.text(value))
    if tag is None:
        raise ValueError('it must be the tag of a language, such as "de" or "pt-PT"')
    return tag


def languages(value: object) -> tuple[str, ...]:
    """Take a list of languages; the first is for who asks for none of them."""
    tags = rules.list_of(_tag, least=1, most=_MOST)(value)
    if len(set(tags)) != len(tags):
        raise ValueError("it must name each language once")
    return tags


def _folder(value: object) -> Path:
    folder = value if isinstance(value, Path) else Path(rules.text(value))
    if not folder.is_dir():
        raise ValueError("there is no such folder")
    for tag in known_languages(folder):
        try:
            catalogue(tag, folder)
        except (OSError, ValueError, struct.error):
            raise ValueError(f"its catalogue for {tag} cannot be read; compile it again") from None
    return folder


LANGUAGE_RULES: Rules = {"languages": languages, "translations": _folder, "language_loader": rules.callback}


def note_languages(
    values: Mapping[str, Any],
    policies: Mapping[str, FormPolicy],
    spell: Callable[[str], str],
    problems: list[str],
) -> None:
    """Note languages that there are no sentences in."""
    known = known_languages(values.get("translations"))
    named: list[tuple[str, Sequence[str]]] = [(spell("languages"), values.get("languages", ()))]
    named += [(f"{spell('forms')}.{form}.languages", policy.languages) for form, policy in policies.items()]
    for key, tags in named:
        for tag in tags:
            if tag not in known:
                problems.append(
                    f'{key}: there is no catalogue for "{tag}". There are {", ".join(known)}; more come from a folder'
                    f" that {spell('translations')} names."
                )
