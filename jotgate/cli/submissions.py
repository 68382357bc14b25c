"""`jotgate submissions`: what came in."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import click

from jotgate import classlist
from jotgate.cli.lists import OUT_HELP, beginning_of, separator_option
from jotgate.cli.output import counted, emit, json_option, say
from jotgate.cli.progress import watched
from jotgate.cli.ruling import accept, reject
from jotgate.cli.site import open_parts, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.outcomes import Verdict
from jotgate.protocols import SubmissionFilter, SubmissionRecord
from jotgate.records import exporting

#: From this many submissions on, an export is long enough to be watched.
_WATCHED = 5_000
_VERDICTS = tuple(verdict.value for verdict in Verdict)


@click.group(help="List, accept, reject and export submissions.")
def submissions() -> None:
    """Hold the commands about submissions."""


submissions.add_command(accept)
submissions.add_command(reject)


_TABLE = Table[SubmissionRecord](
    Column("submission_id", "submission", lambda one: one.submission_id),
    Column("form", "form", lambda one: one.form),
    Column("subject", "subject", lambda one: one.subject),
    Column("verdict", "verdict", lambda one: one.verdict.value),
    Column("created_at", "created", lambda one: iso(one.created_at)),
    Column("created_from", None, lambda one: one.created_from),
    Column("seen_at", None, lambda one: iso(one.seen_at)),
    Column("judged_at", None, lambda one: iso(one.judged_at)),
    Column("actor", "by", lambda one: one.actor),
    Column("reason", None, lambda one: one.reason),
)


@submissions.command("list", help="List submissions, newest first. What people wrote is not kept here.")
@click.option("--form", help="Only submissions to this form.")
@click.option("--subject", help="Only submissions of this subject.")
@click.option(
    "--verdict",
    "verdicts",
    type=click.Choice(_VERDICTS),
    multiple=True,
    help="Only submissions with this verdict; can be repeated.",
)
@click.option("--limit", type=click.IntRange(1), help="At most this many.")
@json_option
@click.pass_context
def list_submissions(
    ctx: click.Context,
    form: str | None,
    subject: str | None,
    verdicts: tuple[str, ...],
    limit: int | None,
    as_json: bool,
) -> None:
    """Print the submissions meant."""
    parts = open_parts(ctx)
    if form is not None:
        policy_of(parts, form)
    which = SubmissionFilter(form=form, subject=subject, verdicts=tuple(map(Verdict, verdicts)))
    number = _TABLE.print(islice(parts.store.submissions(which), limit), as_json=as_json)
    if not as_json:
        say(counted(number, "submission"), err=True)


@submissions.command(
    help="Export the submissions of FORM that count, with the fields of the setting show_fields."
)
@click.argument("form")
@click.option(
    "--format",
    "kind",
    type=click.Choice(("csv", "jsonl")),
    default="csv",
    show_default=True,
    help="A table, or JSON lines.",
)
@click.option("--since", help="Only submissions made then or later: a date, or a date with a time.")
@click.option("--out", type=click.Path(path_type=Path), help=OUT_HELP)
@click.option("--all", "everything", is_flag=True, help="Include submissions that do not count.")
@separator_option
@json_option
@click.pass_context
def export(
    ctx: click.Context,
    form: str,
    kind: str,
    since: str | None,
    out: Path | None,
    everything: bool,
    separator: str,
    as_json: bool,
) -> None:
    """Stream a form's submissions to a file, or to standard output: as JSON there if a script asks for it."""
    parts = open_parts(ctx)
    policy = policy_of(parts, form)
    rows = parts.store.export(
        form, everything=everything, since=0.0 if since is None else beginning_of("--since", since, policy)
    )
    if out is not None:
        number = sum(parts.store.counts().get(form, {}).values())
        rows = watched(rows, number, "Exporting", least=_WATCHED)
    write = classlist.writer(out or "", separator=separator)
    with ExitStack() as closing:
        stream: BinaryIO = sys.stdout.buffer
        if out is not None:
            stream = closing.enter_context(classlist.open_new(out))
        if kind == "csv" and not (as_json and out is None):
            count = exporting.write_table(stream, rows, policy, write=write)
        else:
            count = exporting.write_jsonl(stream, rows, policy)
    if as_json and out is not None:
        emit({"exported": count, "form": form, "out": str(out)})
    say(counted(count, "submission"), err=True)
