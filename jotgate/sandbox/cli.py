"""`jotgate sandbox`: start a local JotForm and serve until told to stop."""

from __future__ import annotations

import errno
import json
import re
import signal
import time
from types import FrameType

import click

from .account import DAILY_CALLS
from .oddities import Odd
from .samples import FIELD_REPORT, STUDENTS
from .server import Sandbox

DEFAULT_PORT = 8701
#: How often a sandbox that serves looks whether it is to stop.
_LOOK_SECONDS = 0.2


class _PortUnusable(click.ClickException):
    exit_code = 2


def _checked_key(context: click.Context, parameter: click.Parameter, key: str | None) -> str | None:
    if key is not None and not re.fullmatch(r"[0-9A-Za-z]{16,64}", key, re.ASCII):
        raise click.BadParameter("a key has 16 to 64 letters and digits")
    return key


@click.command("sandbox", help="Start a local JotForm for trying and testing, with two sample forms.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one."
)
@click.option(
    "--plan",
    type=click.Choice([plan.lower() for plan in DAILY_CALLS], case_sensitive=False),
    default="free",
    show_default=True,
    help="Decides the calls a day.",
)
@click.option(
    "--read-key",
    envvar="JOTGATE_SANDBOX_READ_KEY",
    show_envvar=True,
    callback=_checked_key,
    help="Keep this key over restarts. [default: a new one]",
)
@click.option(
    "--full-key",
    envvar="JOTGATE_SANDBOX_FULL_KEY",
    show_envvar=True,
    callback=_checked_key,
    help="Keep this key over restarts. [default: a new one]",
)
@click.option(
    "--odd",
    multiple=True,
    metavar="NAME",
    type=click.Choice([each.value for each in Odd]),
    help="Play one of the readings that the page about testing lists; may be repeated.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="First print one line of JSON: api, read_key, full_key."
)
def sandbox_command(
    port: int, plan: str, read_key: str | None, full_key: str | None, odd: tuple[str, ...], as_json: bool
) -> None:
    """Serve until SIGINT or SIGTERM. Exits 2 if the port cannot be had."""
    if read_key and read_key == full_key:
        raise click.UsageError("The two keys must differ: what a key may do depends on which one it is.")
    sandbox = Sandbox(port, plan=plan, read_key=read_key, full_key=full_key, odd=odd)
    _start(sandbox, port)
    try:
        stopping = _stop_on_signals()
        sandbox.add_form("Students", STUDENTS, form_id="260010000000001")
        sandbox.add_form("Field report", FIELD_REPORT, form_id="260010000000002")
        click.echo(_one_line(sandbox) if as_json else _friendly(sandbox))
        while not stopping:
            time.sleep(_LOOK_SECONDS)
    finally:
        sandbox.stop()


def _start(sandbox: Sandbox, port: int) -> None:
    try:
        sandbox.start()
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            text = f"Port {port} is taken by another program; choose one with --port."
        else:
            text = f"Port {port} cannot be used: {problem.strerror}."
        raise _PortUnusable(text) from None


def _stop_on_signals() -> list[int]:
    """Return where the signals that ask the process to stop are collected.

    An event would not do: one that is set while the main thread has the event's own lock waits for itself.
    """
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)
    return received


def _one_line(sandbox: Sandbox) -> str:
    return json.dumps({"api": sandbox.api, "read_key": sandbox.read_key, "full_key": sandbox.full_key})


def _friendly(sandbox: Sandbox) -> str:
    lines = [
        "A local JotForm is running, for trying and testing. It is not JotForm.",
        "",
        f"  Overview        {sandbox.api}/sandbox/",
        f"  API             {sandbox.api}",
        f"  Submit address  {sandbox.submit_origin}/submit/<form id>",
        f"  Read key        {sandbox.read_key}",
        f"  Full key        {sandbox.full_key}",
    ]
    lines += [
        f"  Form            {sandbox.api}/{form_id}  ({title})" for form_id, title in sandbox.forms().items()
    ]
    return "\n".join([*lines, "", "Stop with Ctrl+C."])
