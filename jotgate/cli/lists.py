"""What commands about many people have in common: a class list in, a table out, moments in the form's timezone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar
from zoneinfo import ZoneInfo

import click

from jotgate import classlist
from jotgate.cli.output import plain, say
from jotgate.config import rules
from jotgate.policy import FormPolicy

F = TypeVar("F", bound=Callable[..., object])

_SEPARATORS = {",": ",", ";": ";", "tab": "\t"}

OUT_HELP = "A new file, readable by you only: a workbook if it ends in .xlsx, else CSV."

class_list_option = click.option(
    "--from",
    "class_list",
    type=click.File("rb"),
    help="A class list of numbers, names or both: .xlsx, .ods or CSV.",
)


def people_in(class_list: BinaryIO, languages: tuple[str, ...]) -> Iterator[classlist.Row]:
    """Return the people of a class list; see `checked_list`."""
    return checked_list(class_list, languages=languages).rows


def checked_list(
    class_list: BinaryIO, *, by_class: bool = False, languages: tuple[str, ...]
) -> classlist.ClassList:
    """Check a class list as a whole, and say what was passed over in it; its people may have those *languages*.

    Raises:
        InputError: as `classlist.checked`.
    """
    checked = classlist.checked(class_list, by_class=by_class, languages=languages)
    for one in checked.remarks:
        remark(one)
    return checked


def remark(sentence: str) -> None:
    """Say, beside the result, what a list makes one remark on."""
    say(f"{sentence[0].upper()}{plain(sentence[1:])}.", err=True)


separator_option = click.option(
    "--separator",
    type=click.Choice(tuple(_SEPARATORS)),
    callback=lambda ctx, param, value: _SEPARATORS[value],
    default=",",
    show_default=True,
    help='What separates the columns of CSV; Excel in much of Europe wants ";".',
)


def out_options(command: F) -> F:
    """Add the options that say into which file, and what separates its columns."""
    named = click.option(
        "--out",
        type=click.Path(path_type=Path),
        help=OUT_HELP,
    )
    return named(separator_option(command))


def beginning_of(option: str, text: str, policy: FormPolicy) -> float:
    """Return the moment in *text*, or the beginning of the day, in the form's timezone unless it has an offset.

    Raises:
        click.BadParameter: it is neither; *option* is named.
    """
    return _moment(rules.beginning, option, text, policy.timezone)


def end_of(option: str, text: str | None, timezone: str) -> float | None:
    """Return the moment in *text*, or the end of the day, in *timezone* unless it has an offset; None without a text.

    Raises:
        click.BadParameter: as `beginning_of`.
    """
    return None if text is None else _moment(rules.end, option, text, timezone)


def _moment(read: Callable[[str, ZoneInfo], float], option: str, text: str, timezone: str) -> float:
    try:
        return read(text, ZoneInfo(timezone))
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.", param_hint=option) from None
