"""`make demo`: serve the school site, with a JotForm on this machine unless the environment names a real form."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from example_app import create_app, gate
from example_app.form import ENROLMENT, FIELD_REPORT
from example_app.phone import PATH, register
from example_app.settings import (
    SANDBOX_FORM_ID,
    SANDBOX_REPORT_ID,
    instance_folder,
    kept_secrets,
    private_file,
    private_text,
    real_form,
    sandbox_form,
    site_settings,
)
from example_app.week import replay
from jotgate import JotgateError, Operator
from jotgate.admission.grants import IssuedCode
from jotgate.cards import Card, Printed, sheet
from jotgate.sandbox import Sandbox

PUPILS = ("Ada Lindqvist", "Bilal Haddad", "Chiara Moretti")
CLASS_SIZE = 30


class CannotStart(click.ClickException):
    """One sentence that says what to do."""

    exit_code = 2


class OneLine(logging.Formatter):
    """Events of jotgate with what they are about, such as ``submission.judged form=students verdict=verified``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; below it goes the traceback of what should not have happened."""
        facts = [f"{name}={value}" for name, value in vars(record).items() if name in _FACTS]
        line = " ".join([self.formatTime(record, "%H:%M:%S"), record.getMessage(), *facts])
        if record.exc_info and record.levelno >= logging.ERROR:
            line += "\n" + self.formatException(record.exc_info)
        return line


_FACTS = ("form", "form_id", "submission_id", "verdict", "reason", "ref", "status", "endpoint")


@click.command(
    help="Serve the school site with a local JotForm, or with the form that the environment names."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8700, show_default=True, help="0: any free one."
)
@click.option("--sandbox-port", type=click.IntRange(0, 65535), default=8701, show_default=True)
@click.option(
    "--pupils",
    type=click.IntRange(0, 2_000),
    default=120,
    show_default=True,
    help="Whom the office begins with, when there is nobody yet.",
)
def main(port: int, sandbox_port: int, pupils: int) -> None:
    """Serve until Ctrl-C. Exits 2, with a sentence, where that is not possible."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt), ExitStack() as opened:
            serve(opened, port, sandbox_port, pupils)
    except JotgateError as problem:
        raise CannotStart(str(problem)) from problem
    click.echo("Stopped.")


def serve(opened: ExitStack, port: int, sandbox_port: int, pupils: int) -> None:
    """Open the ports, write down where everything is, and answer requests."""
    folder = instance_folder()
    listener = opened.enter_context(listen(port))
    own_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    form, sandbox = real_form(os.environ), None
    if form is None:
        sandbox = start_sandbox(opened, folder, own_url, sandbox_port)
        form, site_url = sandbox_form(sandbox.api, sandbox.read_key), own_url
    else:
        site_url = os.environ.get("JOTGATE_SITE_URL") or own_url
    settings = site_settings(folder, site_url=site_url, **form)
    codes = replay(settings, sandbox, pupils) if sandbox and pupils else []
    app = create_app(settings)
    write_down(app, folder, site_url, sandbox, codes)
    tell_events()
    server(app, listener).serve_forever()


def listen(port: int) -> socket.socket:
    """Take the site's port.

    Raises:
        CannotStart: it cannot be had.
    """
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as problem:
        raise CannotStart(about_port(problem, port, "PORT")) from problem


def start_sandbox(opened: ExitStack, folder: Path, site_url: str, port: int) -> Sandbox:
    """Start a JotForm with the school's forms, set up as one sets up real ones.

    Raises:
        CannotStart: its port cannot be had.
    """
    own = kept_secrets(folder)
    sandbox = Sandbox(port, read_key=own["sandbox_read_key"], full_key=own["sandbox_full_key"])
    for form, title, questions, form_id in (
        ("students", "Enrolment", ENROLMENT, SANDBOX_FORM_ID),
        ("field-report", "Field report", FIELD_REPORT, SANDBOX_REPORT_ID),
    ):
        sandbox.add_form(
            title,
            questions,
            form_id=form_id,
            webhooks=[f"{site_url}/jotgate/hook/{own['hook_secret']}"],
            thank_you=f"{site_url}/jotgate/f/{form}/done",
        )
    try:
        return opened.enter_context(sandbox)
    except OSError as problem:
        raise CannotStart(about_port(problem, port, "SANDBOX_PORT")) from problem


def about_port(problem: OSError, port: int, name: str) -> str:
    """Say in one sentence what is wrong with a port and what to do."""
    if problem.errno == errno.EADDRINUSE:
        wrong = f"Port {port} is taken by another program, perhaps a demo that still runs: stop that one"
    else:
        wrong = f"Port {port} cannot be used ({problem.strerror}): allow it"
    return f"{wrong}, or choose another port, as in `make demo {name}={port + 10}`."


def write_down(
    app: Flask, folder: Path, site_url: str, sandbox: Sandbox | None, codes: Sequence[IssuedCode]
) -> None:
    """Create codes to try, tell them with all addresses, and write the same to demo.json; print cards with *codes*."""
    with app.app_context():
        single = gate.create_codes("students", subjects=PUPILS, batch="demo")
        (for_class,) = gate.create_codes("students", count=1, uses=CLASS_SIZE, batch="demo")
        office = gate.parts.sign_ins.link(Operator(name="the demo"), actor="make demo")
        if sandbox:
            register(gate.parts, folder, site_url)
    app_page = site_url + PATH if sandbox else None
    demo = {
        "site": site_url,
        "sandbox": sandbox and sandbox.api,
        "codes": {"students": [one.code for one in single]},
        "class_code": for_class.code,
        "admin": office,
        "app_page": app_page,
        "api_key": sandbox and sandbox.read_key,
    }
    private_file(folder, demo).replace(folder / "demo.json")
    cards = print_cards(app, folder, site_url, [*single, *codes])
    lines = [
        "Hillside School is open.",
        "",
        f"  The site            {site_url}/",
        f"  The students' form  {site_url}/students",
        *([f"  The school's app    {app_page}  (a page that plays a phone)"] if app_page else ()),
        *([f"  Its JotForm         {sandbox.api}/sandbox/  (a sandbox on this machine)"] if sandbox else ()),
        f"  The school's office {office}",
        "                      (the link works once, within 15 minutes; `jotgate admin link` makes another)",
        f"  Cards to hand out   {cards.as_uri()}",
        "",
        "  Access codes, for one submission each",
        *(f"    {one.code}    {one.subject}" for one in single),
        f"  and one for a class of {CLASS_SIZE}",
        f"    {for_class.code}",
        "",
        "Stop with Ctrl-C. What happens at the gate is told below.",
        "",
    ]
    click.echo("\n".join(lines))


def print_cards(app: Flask, folder: Path, site_url: str, codes: Sequence[IssuedCode]) -> Path:
    """Put *codes* on cards, in a file that only its owner can read, and return its path."""
    cards = [
        Card(
            code=one.code,
            name=one.label or one.subject or "",
            group=one.batch or "",
            number=(one.label and one.subject) or "",
        )
        for one in codes
    ]
    printed = Printed(
        address=f"{site_url}/students", title="Enrolment form", site=app.config["JOTGATE_SITE_NAME"]
    )
    path = folder / "cards.html"
    private_text(folder, sheet(cards, printed)).replace(path)
    return path


def server(app: Flask, listener: socket.socket) -> BaseWSGIServer:
    """Return a server with threads on a port that is open already."""
    host, port = listener.getsockname()
    return make_server(host, port, app, threaded=True, fd=listener.fileno())


def tell_events() -> None:
    """Print one line for each event at the gate, and none for each request."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


if __name__ == "__main__":
    main()
