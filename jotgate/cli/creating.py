"""`jotgate codes create`: make codes, and show them this once."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

import click

from jotgate import classlist
from jotgate.admission.again import Again, How
from jotgate.admission.grants import IssuedCode, Person, Terms, people
from jotgate.cli.again import again_option, tell
from jotgate.cli.code_tables import CodeTable, by_class_option, link_of
from jotgate.cli.faults import Failed
from jotgate.cli.lists import class_list_option, instant, out_options
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.rehearsing import dry_run_option, rehearse
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.clock import iso
from jotgate.errors import JotgateError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

#: More codes than this are for a file, not for a screen.
_MAX_PRINTED = 1_000
#: From this many codes on, the work is long enough to be watched.
_WATCHED = 20_000


@click.command(
    help="Create access codes for FORM: a number of unnamed ones (--count), or one for each --subject, or one for"
    " each line of a list (--from)."
)
@click.argument("form")
@click.option("--count", type=click.IntRange(1, 10_000_000), help="How many, for nobody in particular.")
@click.option("--subject", "subjects", multiple=True, help="The person a code is for; can be repeated.")
@class_list_option
@click.option("--label", help="A name for lists, such as the class; a list brings its own.")
@click.option(
    "--uses",
    type=click.IntRange(1, 1_000_000),
    default=1,
    show_default=True,
    help="How often each code can be used.",
)
@click.option("--batch", help="A name to list and revoke them by. [default: the time]")
@by_class_option
@click.option(
    "--valid-from", help="Such as 2026-09-01T08:00; in the form's timezone unless it has an offset."
)
@click.option(
    "--valid-until", help="Such as 2026-09-01T12:00; in the form's timezone unless it has an offset."
)
@click.option("--links", is_flag=True, help="With each code, a link to the form that fills it in.")
@again_option
@actor_option
@out_options
@dry_run_option
@json_option
@click.pass_context
def create(
    ctx: click.Context,
    form: str,
    count: int | None,
    subjects: tuple[str, ...],
    class_list: BinaryIO | None,
    label: str | None,
    uses: int,
    batch: str | None,
    by_class: bool,
    valid_from: str | None,
    valid_until: str | None,
    links: bool,
    again: How,
    actor: str,
    out: Path | None,
    separator: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create codes; everything is checked, and the file opened, before the first one is stored."""
    if (count is not None) + bool(subjects) + (class_list is not None) != 1:
        raise click.UsageError("Give exactly one of --count, --subject or --from.")
    if label is not None and class_list is not None:
        raise click.UsageError("--label works with --count or --subject only: a list brings its own labels.")
    if by_class and class_list is None:
        raise click.UsageError("--by-class needs a list: give one by --from.")
    parts = open_parts(ctx)
    policy = policy_of(parts, form)
    terms = Terms(
        form=form,
        uses=uses,
        batch=iso(parts.clock.now()) if batch is None else batch,
        valid_from=instant("--valid-from", valid_from, policy),
        valid_until=instant("--valid-until", valid_until, policy),
    )
    if terms.valid_until is not None and terms.valid_until <= parts.clock.now():
        over = iso(terms.valid_until)
        say(f"Look at --valid-until: it was {over}, so these codes open nothing.", err=True)
    if dry_run:
        parts.grants.create(terms, ())
        rehearse(class_list, "code", as_json=as_json, by_class=by_class)
        return
    page = policy.page or f"{parts.settings.url_prefix}/f/{quote(form)}"
    door = f"{parts.settings.site_url}{page}" if links else ""
    number = count or len(subjects) or None
    named = partial(people, count=count, subjects=subjects or None, label=label)
    earlier = Again(parts.grants, form, again, parts.clock.now()) if count is None else None
    table = CodeTable(class_list, by_class=by_class, named=count is None, door=door)
    persons = table.people() if class_list else named()
    if earlier is not None:
        persons = earlier.those(persons)
    if out is None:
        persons = _few(persons, number)
    made = _Made(ctx, terms)
    issued = made.counted(_watched(parts.grants.create(terms, made.noted(persons)), number))
    if out is None:
        with _undoable(made):
            _print(list(issued), terms, door, as_json=as_json)
    else:
        write = classlist.writer(out, separator=separator, people=number or 0)
        stream = classlist.open_new(out)
        with _undoable(made, out), stream:
            _write(write, stream, issued, table)
    if earlier is not None:
        earlier.conclude(actor=actor)
        tell(earlier)
    _conclude(made, terms, out, as_json=as_json)


def _few(persons: Iterator[Person], number: int | None) -> Iterator[Person]:
    """Give the persons back if their codes fit on a screen."""
    if number is None or number <= _MAX_PRINTED:
        first = list(islice(persons, _MAX_PRINTED + 1))
        if len(first) <= _MAX_PRINTED:
            return iter(first)
    raise click.UsageError(
        f"More than {_MAX_PRINTED:,} codes are written to a file: name a new one with --out."
    )


class _Made:
    """Which codes there are by now, and how to revoke them."""

    def __init__(self, ctx: click.Context, terms: Terms) -> None:
        self.number = 0
        self._command = f"{ctx.parent.command_path if ctx.parent else 'jotgate codes'} revoke"
        self._terms = terms
        self._batches: dict[str, None] = {}

    def noted(self, persons: Iterable[Person]) -> Iterator[Person]:
        """Give the persons on, and note in which batches their codes will be."""
        for person in persons:
            self._batches[person.batch or self._terms.batch or ""] = None
            yield person

    def counted(self, issued: Iterable[IssuedCode]) -> Iterator[IssuedCode]:
        """Give the codes on, and count them."""
        for self.number, one in enumerate(issued, start=1):
            yield one

    @property
    def revoking(self) -> str:
        """The command that revokes them all, or the first batch of several."""
        first, *others = self._batches or [self._terms.batch or ""]
        more = f", and so on for {', '.join(map(plain, others))}" if others else ""
        return f"`{self._command} --batch {shlex.quote(first)} --form {self._terms.form}`{more}"


@contextmanager
def _undoable(made: _Made, out: Path | None = None) -> Iterator[None]:
    """Say which codes exist and how to revoke them, should the work end midway."""
    try:
        yield
    except (JotgateError, OSError, KeyboardInterrupt) as problem:
        if out is not None and not made.number:
            out.unlink(missing_ok=True)
        why = "it was stopped" if isinstance(problem, KeyboardInterrupt) else plain(str(problem))
        raise Failed(
            f"Stopped after {counted(made.number, 'code')}: {why}. More codes may be stored that nobody has seen."
            f" Revoke them all with {made.revoking}, and start again."
        ) from None


def _watched(issued: Iterator[IssuedCode], number: int | None) -> Iterator[IssuedCode]:
    """Show on a terminal how far the work is."""
    if not sys.stderr.isatty() or (number or _WATCHED) < _WATCHED:
        yield from issued
        return
    steps = _WATCHED // 4
    bar: ProgressBar[int] = click.progressbar(
        length=number, label="Creating", file=sys.stderr, show_pos=True, update_min_steps=steps
    )
    with bar:
        while chunk := list(islice(issued, steps)):
            yield from chunk
            bar.update(len(chunk))


def _write(
    write: classlist.TableWriter, stream: BinaryIO, issued: Iterable[IssuedCode], table: CodeTable
) -> None:
    write(stream, map(table.row, issued), columns=table.columns)
    stream.flush()
    # The codes cannot be shown again, so the file has to be as durable as the store.
    os.fsync(stream.fileno())


def _print(issued: Sequence[IssuedCode], terms: Terms, door: str, *, as_json: bool) -> None:
    for one in issued:
        link = link_of(door, one.code) if door else None
        if as_json:
            names = {"subject": one.subject, "label": one.label, "batch": one.batch}
            emit({"code": one.code, "form": terms.form, **names} | ({"link": link} if link else {}))
        else:
            label = one.label if one.label != one.subject else None
            told = (plain(name) for name in (one.subject, label, link) if name)
            say("  ".join(chain([one.code], told)))


def _conclude(made: _Made, terms: Terms, out: Path | None, *, as_json: bool) -> None:
    number = made.number
    if as_json and out is not None:
        emit({"created": number, "form": terms.form, "batch": terms.batch, "out": str(out)})
    where = "shown only now and not stored" if out is None else f"in {out} and nowhere else"
    say(f"Created {counted(number, 'code')} for {terms.form}, {where}.", err=True)
    if number:
        say(f"To revoke them all: {made.revoking}", err=True)
