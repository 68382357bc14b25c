"""`jotgate sweep`: read new submissions now, or go on doing so."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from jotgate.cli.faults import Failed
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import open_parts, policy_of
from jotgate.clock import iso
from jotgate.sweeping.sweep import Swept
from jotgate.wiring import Parts

#: How long the command waits for another process to end its sweep.
_PATIENCE_SECONDS = 15.0


@click.command(help="Read and judge new submissions of the forms that are due, or of the forms named.")
@click.option("--loop", is_flag=True, help="Go on until SIGINT or SIGTERM, within the day's calls.")
@click.option("--form", "forms", multiple=True, help="Read this form in full, due or not; can be repeated.")
@click.option(
    "--from", "first_id", help="Judge from this submission id on (0: all there are); with one --form."
)
@json_option
@click.pass_context
def sweep(
    ctx: click.Context, loop: bool, forms: tuple[str, ...], first_id: str | None, as_json: bool
) -> None:
    """Sweep once with the operator's share of the calls, or in a loop with everybody's."""
    if loop and (forms or first_id):
        raise click.UsageError(
            "--loop reads whatever is due, so it cannot be combined with --form or --from."
        )
    if first_id is not None and len(forms) != 1:
        raise click.UsageError("--from needs exactly one --form.")
    if first_id is not None and not (first_id.isascii() and first_id.isdigit() and len(first_id) <= 20):
        raise click.BadParameter("a submission's id is 1 to 20 digits", param_hint="--from")
    parts = open_parts(ctx)
    for form in forms:
        policy_of(parts, form)
    if loop:
        _loop(parts, as_json)
        return
    if first_id is not None:
        # The store keeps the id that nothing is read at or below.
        parts.store.begin_at(forms[0], str(max(int(first_id) - 1, 0)), again=True)
    _once(parts, forms, as_json)


def _once(parts: Parts, forms: Sequence[str], as_json: bool) -> None:
    began_at = parts.clock.now()
    # Registered before the verdicts are given, or the callbacks would not hear of these.
    parts.callbacks.register()
    swept = _run(parts, forms)
    parts.callbacks.deliver()
    problems = _problems(parts, swept, began_at)
    if as_json:
        emit(_record(swept, problems, parts.clock.now()))
    else:
        say(_line(swept))
        _note_resting(parts, swept, problems)
    if swept.waiting:
        again = f" Try again at {iso(swept.until)}." if swept.until else ""
        raise Failed(f"Not finished: {swept.waiting}.{again}")
    if problems:
        told = "\n".join(f"  {form}: {plain(why)}" for form, why in problems.items())
        raise Failed(f"Not read:\n{told}")


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
    verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in _verdicts(swept).items())
    return f"Read {', '.join(swept.forms)}: {verdicts or 'nothing new'}."


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
