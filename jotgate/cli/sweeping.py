"""`jotgate sweep`: read new submissions now, or go on doing so."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from jotgate.cli.faults import Failed
from jotgate.cli.faults import told as told_of
from jotgate.cli.lists import beginning_of
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import open_parts, policy_of
from jotgate.clock import iso
from jotgate.errors import JotgateError, QuotaExhausted, UpstreamError
from jotgate.sweeping.sweep import Swept
from jotgate.wiring import Parts

#: How long the command waits for another process to end its sweep.
_PATIENCE_SECONDS = 15.0


@click.command(help="Read and judge new submissions of the forms that are due, or of the forms named.")
@click.option("--loop", is_flag=True, help="Go on until SIGINT or SIGTERM, within the day's calls.")
@click.option("--form", "forms", multiple=True, help="Read this form in full, due or not; can be repeated.")
@click.option(
    "--from",
    "first",
    help="Also judge what was submitted before the form was gated, from this date or submission id on (0: all there"
    " are); with one --form.",
)
@json_option
@click.pass_context
def sweep(ctx: click.Context, loop: bool, forms: tuple[str, ...], first: str | None, as_json: bool) -> None:
    """Sweep once with the operator's share of the calls, or in a loop with everybody's."""
    if loop and (forms or first):
        raise click.UsageError(
            "--loop reads whatever is due, so it cannot be combined with --form or --from."
        )
    if first is not None and len(forms) != 1:
        raise click.UsageError("--from needs exactly one --form.")
    is_id = first is not None and first.isascii() and first.isdigit()
    if first is not None and is_id and len(first) > 20:
        raise click.BadParameter("a submission's id is 1 to 20 digits", param_hint="--from")
    parts = open_parts(ctx)
    for form in forms:
        policy_of(parts, form)
    if loop:
        _loop(parts, as_json)
        return
    since = None
    if first is not None and is_id:
        # The store keeps the id that nothing is read at or below.
        parts.store.begin_at(forms[0], str(max(int(first) - 1, 0)), again=True)
    elif first is not None:
        since = beginning_of("--from", first, policy_of(parts, forms[0]))
    _once(parts, forms, since, as_json)


def _once(parts: Parts, forms: Sequence[str], since: float | None, as_json: bool) -> None:
    began_at = parts.clock.now()
    # Registered before the verdicts are given, or the callbacks would not hear of these.
    parts.callbacks.register()
    swept = _run(parts, forms)
    problems = _problems(parts, swept, began_at)
    earlier = _Earlier()
    if since is not None and not swept.waiting and not problems:
        earlier.take_in(parts, forms[0], since)
    parts.callbacks.deliver()
    if as_json:
        added = {} if since is None else {"earlier": dict(earlier.verdicts)}
        emit(_record(swept, problems, parts.clock.now()) | added)
    else:
        say(_line(swept))
        if since is not None:
            say(f"From before the gate: {_told(earlier.verdicts) or 'nothing new'}.")
        _note_resting(parts, swept, problems)
    if earlier.problem is not None:
        again = "Give the command again to go on: what was taken in stays."
        raise Failed(f"{told_of(earlier.problem).message} {again}")
    if swept.waiting:
        again = f" Try again at {iso(swept.until)}." if swept.until else ""
        raise Failed(f"Not finished: {swept.waiting}.{again}")
    if problems:
        told = "\n".join(f"  {form}: {plain(why)}" for form, why in problems.items())
        raise Failed(f"Not read:\n{told}")


class _Earlier:
    """What was taken in from before the gate."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        #: Why it ended early.
        self.problem: JotgateError | None = None

    def take_in(self, parts: Parts, form: str, since: float) -> None:
        """Take in page by page, and tell of each page but the last."""
        try:
            for fresh in parts.sweep.take_in(form, since, operator=True):
                if self.verdicts:
                    say(f"{counted(self.verdicts.total(), 'submission')} so far ...", err=True)
                self.verdicts.update(one.verdict.value for one in fresh)
        except (QuotaExhausted, UpstreamError) as problem:
            self.problem = problem


def _run(parts: Parts, forms: Sequence[str]) -> Swept:
    """Sweep, after waiting for a process that does so now."""
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        swept = parts.sweep.run(forms, operator=True)
        # Only the wait for the lease has no known end.
        if swept.waiting is None or swept.until is not None or time.monotonic() >= give_up_at:
            return swept
        time.sleep(0.25)


def _problems(parts: Parts, swept: Swept, began_at: float) -> dict[str, str]:
    """Return why forms could not be read, by form; only the form's state tells of a missing ticket field."""
    problems = dict(swept.errors)
    for state in parts.store.form_states():
        failed_now = state.last_error_at is not None and state.last_error_at >= began_at
        if state.last_error and failed_now and state.form not in swept.forms:
            problems.setdefault(state.form, state.last_error)
    return problems


def _note_resting(parts: Parts, swept: Swept, problems: dict[str, str]) -> None:
    if swept.forms or problems or swept.waiting:
        return
    for state in parts.store.form_states():
        if state.last_error:
            say(f"{state.form} failed just now and rests for a minute: {plain(state.last_error)}", err=True)


def _verdicts(swept: Swept) -> dict[str, int]:
    return dict(Counter(one.verdict.value for one in swept.settled))


def _record(swept: Swept, problems: dict[str, str], now: float) -> dict[str, object]:
    return {
        "at": iso(now),
        "forms": list(swept.forms),
        "verdicts": _verdicts(swept),
        "errors": problems,
        "waiting": swept.waiting,
        "until": iso(swept.until),
    }


def _line(swept: Swept) -> str:
    if not swept.forms:
        return "Nothing was read." if swept.errors or swept.waiting else "Nothing is due."
    return f"Read {', '.join(swept.forms)}: {_told(_verdicts(swept)) or 'nothing new'}."


def _told(verdicts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {verdict}" for verdict, number in verdicts.items())


def _loop(parts: Parts, as_json: bool) -> None:
    """Sweep whenever something is due, and print a line for each sweep that read."""

    def report(swept: object) -> None:
        if not isinstance(swept, Swept):
            return
        now = parts.clock.now()
        if as_json:
            emit(_record(swept, dict(swept.errors), now))
            return
        say(f"{iso(now)} {_line(swept)}")
        for form, why in swept.errors.items():
            say(f"{iso(now)} Not read: {form}: {plain(why)}", err=True)

    def work() -> None:
        parts.sweeper.loop(report)
        parts.store.close()

    say(f"Sweeping for {counted(len(parts.settings.policies), 'form')}; stop with Ctrl+C.", err=True)
    with _one_line_logs(), _stop_signals() as stopping:
        worker = threading.Thread(target=work, name="jotgate-sweep")
        worker.start()
        # Signals reach the main thread only, which must not hold a lock when they come.
        while worker.is_alive() and not stopping:
            worker.join(0.2)
        parts.sweeper.stop()
        worker.join()


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Collect the signals that ask the process to stop."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _OneLine(logging.Formatter):
    """An event and its error, without the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        reason = record.exc_info[1] if record.exc_info else getattr(record, "reason", None)
        return f"{iso(record.created)} {record.getMessage()}" + (f": {plain(str(reason))}" if reason else "")


@contextmanager
def _one_line_logs() -> Iterator[None]:
    """Print what a loop would otherwise only log: a store that is down, an answer that was not understood."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    handler.setLevel(logging.WARNING)
    logger = logging.getLogger("jotgate")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
