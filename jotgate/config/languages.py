"""The settings of languages: which are spoken, to whom which, and where the site's own sentences are."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jotgate.config import rules
from jotgate.config.tables import Rules
from jotgate.languages import ENGLISH, best_of, catalogue, known_languages, read_tag
from jotgate.policy import FormPolicy
from jotgate.speaking import Language, language

if TYPE_CHECKING:
    from jotgate.config.settings import Settings

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


def languages_of(settings: Settings, policy: FormPolicy | None) -> tuple[str, ...]:
    """Return the languages that people may be spoken to in, about a form or about none."""
    return (policy.languages if policy is not None else ()) or settings.languages or settings.known_languages


def language_for(settings: Settings, policy: FormPolicy | None, wishes: Iterable[str]) -> Language:
    """Return the language for who wishes for *wishes*, the dearest first; without any that is offered, the first."""
    offered = languages_of(settings, policy)
    tag = None if len(offered) == 1 else best_of(wishes, offered)
    return language(tag or _first(offered, settings, policy), settings.translations)


def _first(offered: tuple[str, ...], settings: Settings, policy: FormPolicy | None) -> str:
    was_decided = settings.languages or (policy is not None and policy.languages)
    return offered[0] if was_decided or ENGLISH not in offered else ENGLISH
