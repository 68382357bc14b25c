"""What `--dry-run` shows of a class list: each line, and what would become of it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import click

from jotgate import classlist
from jotgate.classlist import Fate, Passed, Refused, Row
from jotgate.cli.lists import remark
from jotgate.cli.output import counted, say
from jotgate.cli.table import Column, Table
from jotgate.errors import InputError

#: As scripts read what becomes of a line.
_TAKEN, _REFUSED, _PASSED = "taken", "refused", "passed_over"

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only show each line of the list and what would become of it."
)


def rehearse(
    class_list: BinaryIO | None,
    made: str,
    *,
    as_json: bool,
    by_class: bool = False,
    languages: tuple[str, ...],
) -> None:
    """Print what would become of each line, and end if any would be refused, as the list would be; *made* are "codes".

    Its people may have those *languages*.

    Raises:
        click.UsageError: there is no list.
        InputError: it is empty, or of no kind that can be read.
    """
    if class_list is None:
        raise click.UsageError("--dry-run shows what becomes of a list: give one by --from.")
    lines = classlist.told_apart(class_list, by_class=by_class, languages=languages)
    outcomes: Counter[str] = Counter()
    _TABLE.print(_noted(lines.fates, outcomes), as_json=as_json)
    for one in lines.remarks:
        remark(one)
    refused, taken = outcomes[_REFUSED], outcomes[_TAKEN]
    if not refused and not taken:
        raise InputError(["the list is empty"])
    if refused:
        say(f"Dry run: the list would be refused as a whole, for {counted(refused, 'line')} of it.", err=True)
        sys.exit(2)
    passed = f", and {counted(outcomes[_PASSED], 'line')} passed over" if outcomes[_PASSED] else ""
    say(f"Dry run: {counted(taken, made)} would be made{passed}. Nothing was done.", err=True)


def _outcome(fate: Fate) -> str:
    match fate:
        case Row():
            return _TAKEN
        case Refused():
            return _REFUSED
        case Passed():
            return _PASSED


def _noted(fates: Iterator[Fate], outcomes: Counter[str]) -> Iterator[Fate]:
    for fate in fates:
        outcomes[_outcome(fate)] += 1
        yield fate


_TABLE = Table[Fate](
    Column("line", "line", lambda one: one.line_number),
    Column("outcome", "outcome", _outcome, cell=lambda one: _outcome(one).replace("_", " ")),
    Column("subject", "subject", lambda one: one.subject if isinstance(one, Row) else None),
    Column("label", "label", lambda one: (one.label or None) if isinstance(one, Row) else None),
    Column("reason", "reason", lambda one: None if isinstance(one, Row) else one.sentence),
)
