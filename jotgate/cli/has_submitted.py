"""`jotgate has-submitted`: whether people have submitted a form, from the ledger alone."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import click

from jotgate import classlist
from jotgate.cli.lists import class_list_option
from jotgate.cli.output import columns, emit, iso, json_option, plain, say
from jotgate.cli.site import open_parts, policy_of
from jotgate.records import Answer, Asked, State
from jotgate.wiring import Parts


def _field(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    fields = dict(text.partition("=")[::2] for text in value)
    if not all("=" in text for text in value) or len(fields) != len(value):
        raise click.BadParameter("write field=value, each field once")
    return fields


@click.command(
    "has-submitted",
    help="Say who has submitted FORM: those named by --subject or listed --from a file, or whoever wrote what --lookup"
    " says, or else all that have a code. Exit code 0 if all have, 1 if not.",
)
@click.argument("form")
@click.option("--subject", "subjects", multiple=True, help="Whom it is about; may be given often.")
@click.option(
    "--lookup",
    multiple=True,
    metavar="FIELD=VALUE",
    callback=_field,
    help="What stands in a lookup field; several must stand in one submission.",
)
@class_list_option
@click.option("--missing", is_flag=True, help="Print only those who have not.")
@json_option
@click.pass_context
def has_submitted(
    ctx: click.Context,
    form: str,
    subjects: tuple[str, ...],
    lookup: dict[str, str],
    class_list: BinaryIO | None,
    missing: bool,
    as_json: bool,
) -> None:
    """Print everybody's answer as it is found."""
    if bool(subjects) + bool(lookup) + (class_list is not None) > 1:
        raise click.UsageError("Say who in one way: --subject, --lookup or --from.")
    if not all(subjects):
        raise click.BadParameter("a subject is not empty", param_hint="--subject")
    parts = open_parts(ctx)
    policy_of(parts, form)
    if lookup:
        _one(form, parts.records.has_submitted(form, lookup=lookup), as_json=as_json)
    counted: Counter[State] = Counter()
    asked = _counted(_asked(parts, form, subjects, class_list), counted)
    found = (one for one in asked if not (missing and one.answer))
    if as_json:
        for one in found:
            emit(_record(form, one.subject, one.answer))
    else:
        for line in columns(("subject", "answer", "as of", "ask again"), map(_row, found)):
            say(line)
    _conclude(counted)


def _one(form: str, answer: Answer, *, as_json: bool) -> None:
    """Print the answer about whoever wrote something, and end."""
    if as_json:
        emit(_record(form, None, answer))
    else:
        say(answer.state)
    sys.exit(0 if answer else 1)


def _asked(
    parts: Parts, form: str, subjects: tuple[str, ...], class_list: BinaryIO | None
) -> Iterator[Asked]:
    if class_list is not None:
        return parts.records.who(form, (row.subject for row in classlist.rows(class_list)))
    return parts.records.who(form, subjects or None)


def _counted(asked: Iterator[Asked], counted: Counter[State]) -> Iterator[Asked]:
    for one in asked:
        counted[one.answer.state] += 1
        yield one


def _record(form: str, subject: str | None, answer: Answer) -> dict[str, object]:
    return {
        "form": form,
        "subject": subject,
        "state": answer.state,
        "submitted": bool(answer),
        "as_of": iso(answer.as_of),
        "expected_by": iso(answer.expected_by),
    }


def _row(asked: Asked) -> tuple[str, ...]:
    answer = asked.answer
    return plain(asked.subject), answer.state, iso(answer.as_of) or "-", iso(answer.expected_by) or "-"


def _conclude(counted: Counter[State]) -> None:
    have, everybody = counted[State.VERIFIED] + counted[State.ACCEPTED], sum(counted.values())
    pending = counted[State.PENDING]
    waiting = f", {pending:,} of the others being confirmed" if pending else ""
    say(
        f"{have:,} of {everybody:,} have submitted{waiting}." if everybody else "Nobody has a code.", err=True
    )
    sys.exit(0 if have == everybody else 1)
