"""`jotgate codes create`: make codes, and show them this once."""

from __future__ import annotations

import os
import shlex
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from jotgate import cards, classlist
from jotgate.admission.again import Again, How
from jotgate.admission.grants import IssuedCode, Person, Terms, people
from jotgate.cli.again import again_option, tell
from jotgate.cli.cards import Press, cards_options, door_of, press_of
from jotgate.cli.code_tables import CodeTable, by_class_option, link_of
from jotgate.cli.faults import Failed
from jotgate.cli.lists import beginning_of, class_list_option, end_of, out_options, remark
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.progress import watched
from jotgate.cli.rehearsing import dry_run_option, rehearse
from jotgate.cli.site import actor_option, command_of, open_parts, policy_of
from jotgate.clock import iso
from jotgate.errors import InputError, JotgateError

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
    "--valid-from",
    help="Such as 2026-09-01T08:00, or the first day; in the form's timezone unless it has an offset.",
)
@click.option(
    "--valid-until",
    help="Such as 2026-09-01T12:00, or the last day; in the form's timezone unless it has an offset.",
)
@click.option("--links", is_flag=True, help="With each code, a link to the form that fills it in.")
@again_option
@actor_option
@out_options
@cards_options
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
    cards_out: Path | None,
    layout: str,
    paper: str,
    text: TextIO | None,
    language: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create codes; everything is checked, and the file opened, before the first one is stored."""
    _check_whom(count, subjects, class_list, label, by_class=by_class)
    parts = open_parts(ctx)
    policy, languages = policy_of(parts, form), parts.settings.known_languages
    terms = Terms(
        form=form,
        uses=uses,
        batch=iso(parts.clock.now()) if batch is None else batch,
        valid_from=None if valid_from is None else beginning_of("--valid-from", valid_from, policy),
        valid_until=end_of("--valid-until", valid_until, policy.timezone),
    )
    if terms.valid_until is not None and terms.valid_until <= parts.clock.now():
        over = iso(terms.valid_until)
        say(f"Look at --valid-until: it was {over}, so these codes open nothing.", err=True)
    if dry_run:
        parts.grants.create(terms, ())
        rehearse(class_list, "code", as_json=as_json, by_class=by_class, languages=languages)
        return
    door = door_of(parts, form) if links else ""
    press = press_of(ctx, parts, form, cards_out, layout, paper, text, language)
    number = count or len(subjects) or None
    named = partial(people, count=count, subjects=subjects or None, label=label)
    earlier = Again(parts.grants, form, again, parts.clock.now()) if count is None else None
    table = CodeTable(class_list, by_class=by_class, named=count is None, door=door, languages=languages)
    persons = table.people() if class_list else named()
    if earlier is not None:
        persons = earlier.those(persons)
    if press is not None:
        persons = _few(persons, number, cards.MAX_CARDS, "cards are made in parts, such as class by class")
    elif out is None:
        persons = _few(
            persons, number, _MAX_PRINTED, "codes are written to a file: name a new one with --out"
        )
    made = _Made(ctx, terms)
    created = parts.grants.create(terms, made.noted(persons), actor=actor)
    issued = made.counted(watched(created, number, "Creating", least=_WATCHED))
    if out is None and press is None:
        with _undoable(made):
            _print(list(issued), terms, door, as_json=as_json)
    else:
        write = classlist.writer(out or "", separator=separator, people=number or 0)
        _into_files(made, issued, table, write, out, press)
    if earlier is not None:
        earlier.conclude(actor=actor)
        tell(earlier)
        if class_list and earlier.mix_up:
            remark(earlier.mix_up)
    _conclude(made, terms, out, press, as_json=as_json)


def _check_whom(
    count: int | None,
    subjects: tuple[str, ...],
    class_list: BinaryIO | None,
    label: str | None,
    *,
    by_class: bool,
) -> None:
    if (count is not None) + bool(subjects) + (class_list is not None) != 1:
        raise click.UsageError("Give exactly one of --count, --subject or --from.")
    if label is not None and class_list is not None:
        raise click.UsageError("--label works with --count or --subject only: a list brings its own labels.")
    if by_class and class_list is None:
        raise click.UsageError("--by-class needs a list: give one by --from.")


def _into_files(
    made: _Made,
    issued: Iterable[IssuedCode],
    table: CodeTable,
    write: classlist.TableWriter,
    out: Path | None,
    press: Press | None,
) -> None:
    """Write new codes into a table, on cards, or both; the table is safe before the cards are begun."""
    paths = [path for path in (out, press.out if press else None) if path is not None]
    streams = _opened(paths)
    with _undoable(made, paths), ExitStack() as files:
        for stream in streams:
            files.enter_context(stream)
        if press is not None:
            issued = press.noted(issued, table.group_of)
        if out is not None:
            _write(write, streams[0], issued, table)
        else:
            deque(issued, maxlen=0)
        if press is not None:
            press.print(streams[-1])


def _few(persons: Iterator[Person], number: int | None, most: int, otherwise: str) -> Iterator[Person]:
    """Give the persons back if there are no more than *most*."""
    if number is None or number <= most:
        first = list(islice(persons, most + 1))
        if len(first) <= most:
            return iter(first)
    raise click.UsageError(f"More than {most:,} {otherwise}.")


class _Made:
    """Which codes there are by now, and how to revoke them."""

    def __init__(self, ctx: click.Context, terms: Terms) -> None:
        self.number = 0
        self._command = f"{command_of(ctx)} revoke"
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


def _opened(paths: Sequence[Path]) -> list[BinaryIO]:
    """Create all the files, or none."""
    opened: list[BinaryIO] = []
    try:
        for path in paths:
            opened.append(classlist.open_new(path))
    except InputError:
        for stream, path in zip(opened, paths, strict=False):
            stream.close()
            path.unlink()
        raise
    return opened


@contextmanager
def _undoable(made: _Made, paths: Sequence[Path] = ()) -> Iterator[None]:
    """Say which codes exist and how to revoke them, should the work end midway."""
    try:
        yield
    except (JotgateError, OSError, KeyboardInterrupt) as problem:
        if not made.number:
            for path in paths:
                path.unlink(missing_ok=True)
        why = "it was stopped" if isinstance(problem, KeyboardInterrupt) else plain(str(problem))
        raise Failed(
            f"Stopped after {counted(made.number, 'code')}: {why}. More codes may be stored that nobody has seen."
            f" Revoke them all with {made.revoking}, and start again."
        ) from None


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


def _conclude(made: _Made, terms: Terms, out: Path | None, press: Press | None, *, as_json: bool) -> None:
    number, cards_out = made.number, press.out if press else None
    files = {"out": out and str(out), "cards": cards_out and str(cards_out)}
    if as_json and any(files.values()):
        record = {"created": number, "form": terms.form, "batch": terms.batch}
        emit(record | {name: path for name, path in files.items() if path})
    where = " and ".join(str(path) for path in (out, cards_out) if path)
    kept = f"in {where} and nowhere else" if where else "shown only now and not stored"
    say(f"Created {counted(number, 'code')} for {terms.form}, {kept}.", err=True)
    if press is not None:
        press.conclude()
    if number:
        say(f"To revoke them all: {made.revoking}", err=True)
