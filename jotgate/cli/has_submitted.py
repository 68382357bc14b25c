"""`jotgate has-submitted`: whether people have submitted a form, from the ledger alone."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import click

from jotgate import classlist
from jotgate.cli.lists import class_list_option, out_options, people_in
from jotgate.cli.output import emit, json_option, say
from jotgate.cli.site import open_parts, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.records.standing import Answer, Asked, State
from jotgate.wiring import Parts

#: What a table for spreadsheets says of everybody, by the names in JSON.
_WRITTEN = ("subject", "label", "batch", "state", "as_of")


def _field(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    fields = dict(text.partition("=")[::2] for text in value)
    if not all("=" in text for text in value) or len(fields) != len(value):
        raise click.BadParameter("write field=value, each field once")
    return fields


@click.command(
    "has-submitted",
    help="Show who has submitted FORM: the people named by --subject or listed in a file (--from), the person"
    " whose answers match --lookup, or else everyone with a code. Exits 0 if all have, 1 if not.",
)
@click.argument("form")
@click.option("--subject", "subjects", multiple=True, help="A person to ask about; can be repeated.")
@click.option(
    "--lookup",
    multiple=True,
    metavar="FIELD=VALUE",
    callback=_field,
    help="The answer in a lookup field; several must be in one submission.",
)
@class_list_option
@click.option("--missing", is_flag=True, help="Only people who have not submitted.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(("text", "csv")),
    default="text",
    show_default=True,
    help="For people to read, or a table for spreadsheets.",
)
@out_options
@json_option
@click.pass_context
def has_submitted(
    ctx: click.Context,
    form: str,
    subjects: tuple[str, ...],
    lookup: dict[str, str],
    class_list: BinaryIO | None,
    missing: bool,
    kind: str,
    out: Path | None,
    separator: str,
    as_json: bool,
) -> None:
    """Print everybody's answer as it is found, or write it down."""
    if bool(subjects) + bool(lookup) + (class_list is not None) > 1:
        raise click.UsageError("Give only one of --subject, --lookup or --from.")
    if not all(subjects):
        raise click.BadParameter("a subject must not be empty", param_hint="--subject")
    parts = open_parts(ctx)
    policy_of(parts, form)
    if lookup:
        _one(form, parts.standings.has_submitted(form, lookup=lookup), as_json=as_json)
    counted: Counter[State] = Counter()
    asked = _counted(_asked(parts, form, subjects, class_list), counted)
    shown = (one for one in asked if not (missing and one.answer))
    if out is None and (as_json or kind == "text"):
        _table(form).print(shown, as_json=as_json)
    else:
        _write(form, shown, out, separator, as_json=as_json)
    _conclude(counted)


def _table(form: str) -> Table[Asked]:
    return Table(
        Column("form", None, lambda one: form),
        Column("subject", "subject", lambda one: one.subject or None),
        Column("label", "label", lambda one: one.label),
        Column("batch", "batch", lambda one: one.batch),
        Column("state", "answer", lambda one: one.answer.state),
        Column("submitted", None, lambda one: bool(one.answer)),
        Column("as_of", "as of", lambda one: iso(one.answer.as_of)),
        Column("expected_by", "ask again", lambda one: iso(one.answer.expected_by)),
    )


def _write(form: str, asked: Iterator[Asked], out: Path | None, separator: str, *, as_json: bool) -> None:
    """Write a table to standard output, or into a new file."""
    records = map(_table(form).record, asked)
    rows = ([str(record[name] or "") for name in _WRITTEN] for record in records)
    write = classlist.writer(out or "", separator=separator)
    with nullcontext(sys.stdout.buffer) if out is None else classlist.open_new(out) as stream:
        count = write(stream, rows, columns=_WRITTEN)
    if as_json:
        emit({"listed": count, "form": form, "out": str(out)})


def _one(form: str, answer: Answer, *, as_json: bool) -> None:
    """Print the answer about the person who wrote something, and end."""
    if as_json:
        emit(_table(form).record(Asked(subject="", answer=answer)))
    else:
        say(answer.state)
    sys.exit(0 if answer else 1)


def _asked(
    parts: Parts, form: str, subjects: tuple[str, ...], class_list: BinaryIO | None
) -> Iterator[Asked]:
    if class_list is not None:
        return _listed(parts, form, people_in(class_list, parts.settings.known_languages))
    return parts.standings.who(form, subjects or None)


def _listed(parts: Parts, form: str, rows: Iterator[classlist.Row]) -> Iterator[Asked]:
    """Ask about the people of a class list; it names those who have no code, or one without a label."""
    labels: dict[str, str] = {}

    def subjects() -> Iterator[str]:
        for row in rows:
            labels[row.subject] = row.label
            yield row.subject

    for one in parts.standings.who(form, subjects()):
        label = labels.pop(one.subject, None)
        yield one._replace(label=one.label or label or None)


def _counted(asked: Iterator[Asked], counted: Counter[State]) -> Iterator[Asked]:
    for one in asked:
        counted[one.answer.state] += 1
        yield one


def _conclude(counted: Counter[State]) -> None:
    have, everybody = counted[State.VERIFIED] + counted[State.ACCEPTED], sum(counted.values())
    pending = counted[State.PENDING]
    waiting = f", {pending:,} more being confirmed" if pending else ""
    say(
        f"{have:,} of {everybody:,} have submitted{waiting}." if everybody else "Nobody has a code.", err=True
    )
    sys.exit(0 if have == everybody else 1)
