"""The option that names the language of mails and cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from jotgate.cli.site import policy_of
from jotgate.config.languages import languages_of
from jotgate.errors import InputError
from jotgate.wiring import Parts

F = TypeVar("F", bound=Callable[..., object])


def language_option(meaning: str) -> Callable[[F], F]:
    """Return the option, with what the language is for."""
    return click.option("--language", default="", metavar="TAG", help=meaning)


def check_language(parts: Parts, form: str, tag: str) -> None:
    """Return if *tag* is "", or a language that the form's people are spoken to in.

    Raises:
        InputError: it is none; the sentence says which there are.
    """
    offered = languages_of(parts.settings, policy_of(parts, form))
    if tag and tag not in offered:
        raise InputError([f'"{tag}" is none of the languages of {form}: {", ".join(offered)}'])
