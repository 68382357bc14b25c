"""What went wrong, as a sentence and an exit code: 1 refused or failed, 2 misuse or wrong settings."""

from __future__ import annotations

import click

from jotgate.cli.output import plain
from jotgate.clock import iso
from jotgate.errors import (
    ConfigError,
    InputError,
    JotgateError,
    QuotaExhausted,
    StoreMismatch,
    StoreUnavailable,
    UnknownForm,
    UpstreamError,
)


class Failed(click.ClickException):
    """What was asked for was refused, or did not work."""

    exit_code = 1


class Misused(click.ClickException):
    """What was asked for makes no sense, or the settings do not let it be done."""

    exit_code = 2


def told(error: JotgateError) -> click.ClickException:
    """Return the exception that prints *error* for the person at the terminal."""
    match error:
        case ConfigError(problems=problems):
            return Misused(_list("The settings cannot be used:", problems))
        case InputError(problems=problems):
            return Misused(
                plain(problems[0]) if len(problems) == 1 else _list("This cannot be used:", problems)
            )
        case UnknownForm() | StoreMismatch():
            return Misused(_sentence(str(error)))
        case StoreUnavailable():
            return Failed(f"{_sentence(str(error))} The last step changed nothing; try again later.")
        case QuotaExhausted(until=until):
            return Failed(f"{_sentence(str(error))} Try again at {iso(until)}.")
        case UpstreamError():
            return Failed(f"JotForm gave no usable answer: {_sentence(str(error))}")
        case _:
            return Failed(_sentence(str(error)))


def _sentence(text: str) -> str:
    text = plain(text).strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _list(head: str, problems: tuple[str, ...]) -> str:
    return "\n".join([head, *(f"  - {plain(problem)}" for problem in problems)])
