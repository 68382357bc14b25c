"""A district: several machines with a gunicorn each, one PostgreSQL store, one JotForm.

A machine is a loopback address with processes, settings and a log of its own. Namespaces of the network
would part them further, but the database would have to listen beyond loopback for them, and the machines
share nothing but the store as it is.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
import requests

from jotgate.admission.grants import Terms, people
from jotgate.config import Settings
from jotgate.outcomes import Verdict
from jotgate.protocols import SubmissionFilter
from jotgate.sandbox import Sandbox
from jotgate.wiring import Parts, build
from tests.door.site import DOOR, HOOK_SECRET, settings_of
from tests.patience import until
from tests.schemas import fresh_schema
from tests.servers.serving import ROOT

_WORKER = re.compile(r"Booting worker with pid: (\d+)")
_CALL = re.compile(r'http://127\.0\.0\.1:\d+ "GET /')


@dataclass
class Machine:
    """One of the district's machines."""

    url: str
    log: Path
    running: subprocess.Popen[bytes]

    @property
    def hook(self) -> str:
        """Return where JotForm's webhooks reach this machine."""
        return f"{self.url}/jotgate/hook/{HOOK_SECRET}"

    def calls(self) -> int:
        """Return how many calls to JotForm its processes logged."""
        return len(_CALL.findall(self.log.read_text(errors="replace")))

    def pids(self) -> set[int]:
        """Return the processes that answer its requests."""
        return {int(pid) for pid in _WORKER.findall(self.log.read_text(errors="replace"))}

    def kill(self) -> None:
        """Let it die as a machine does whose power is cut: all at once, with no time for anything."""
        with suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait(10)


@dataclass
class Browser:
    """A browser that a load balancer sends to now one machine, now another; to it they are one site."""

    #: Its own network, for the throttle.
    address: str = field(default_factory=lambda: f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.9")
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, machine: Machine, method: str, path: str, **options: Any) -> requests.Response:
        """Make a request of one machine, with the cookies that any of them has set."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method,
                machine.url + path,
                headers={"X-Forwarded-For": self.address},
                cookies=self.cookies,
                allow_redirects=False,
                timeout=30,
                **options,
            )
        self.cookies |= answer.cookies.get_dict()
        return answer

    def enter(self, machine: Machine, code: str) -> int:
        """Post a code; return the status."""
        return self.ask(machine, "POST", DOOR, data={"code": code}).status_code

    def door(self, machine: Machine) -> str:
        """Return the door page."""
        return self.ask(machine, "GET", DOOR).text

    def passes(self, machine: Machine) -> bool:
        """Say whether the machine honours the pass."""
        status = self.ask(machine, "GET", f"{DOOR}/state").status_code
        assert status in (200, 401)
        return status == 200


@dataclass
class District:
    """All of it, and the test's own hands on the store."""

    machines: list[Machine]
    sandbox: Sandbox
    form_id: str
    store_url: str
    parts: Parts

    def code(self, **terms: Any) -> str:
        """Create a code."""
        issued = self.parts.grants.create(Terms(form="students", **terms), people(count=1))
        return next(one.code for one in issued)

    def verdicts(self) -> dict[str, Verdict]:
        """Return every submission's verdict."""
        return {one.submission_id: one.verdict for one in self.parts.store.submissions(SubmissionFilter())}

    def submit(self, ticket: str, webhook: Machine | None) -> str:
        """Submit the form, with a webhook to one of the machines if one is to come."""
        self.sandbox.set_webhooks(self.form_id, [webhook.hook] if webhook else [])
        return self.sandbox.submit(self.form_id, {"jotgate": ticket, "message": "hello"})

    def row(self, query: bytes) -> tuple[Any, ...] | None:
        """Look at, or change, a row of the store as nobody but a test does."""
        schema = self.store_url.partition("schema=")[2]
        with psycopg.connect(self.store_url.partition("?")[0], autocommit=True) as connection:
            connection.execute(f"SET search_path = {schema}".encode())
            return connection.execute(query).fetchone()


@contextmanager
def district(postgres_url: str, **changes: Any) -> Iterator[District]:
    """Start two machines, with the same settings but nothing else in common."""
    with (
        fresh_schema(postgres_url) as store_url,
        TemporaryDirectory() as name,
        # Of so many calls a day that none waits for its turn, at whatever hour these tests run.
        Sandbox(plan="gold") as sandbox,
        ExitStack() as machines,
    ):
        form_id = sandbox.add_form("Students")
        settings = {"sweeper": "auto", "trusted_proxies": 1, "store": store_url} | changes
        mapping = settings_of(sandbox, form_id, Path(name), **settings)
        parts = build(Settings.from_mapping(mapping | {"sweeper": "external"}))
        machines.callback(parts.store.close)
        # Judging begins at the first reading, long before a real site's first visitor.
        parts.sweep.run(["students"], operator=True)
        running: list[Machine] = []
        both = District(running, sandbox, form_id, store_url, parts)
        # A day's audit asks for the same lists, and holds no lease.
        assert both.row(b"UPDATE forms SET audit_tried_at = extract(epoch FROM now()) RETURNING 1")
        for address in ("127.0.0.2", "127.0.0.3"):
            folder = Path(name) / address
            folder.mkdir()
            running.append(machines.enter_context(_machine(address, folder, mapping)))
        for machine in running:
            until(lambda machine=machine: _is_up(machine), what=machine.url)  # type: ignore[misc]
        yield both


@contextmanager
def _machine(address: str, folder: Path, mapping: dict[str, Any]) -> Iterator[Machine]:
    settings, log = folder / "settings.json", folder / "log"
    settings.write_text(json.dumps(mapping))
    bound = f"{address}:{_free_port(address)}"
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        bound,
        "--workers",
        "2",
        "--graceful-timeout",
        "1",
    ]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "JOTGATE_TEST_SETTINGS": str(settings)}
    with log.open("ab") as out:
        running = subprocess.Popen(
            [*gunicorn, "tests.servers.school:application"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    machine = Machine(f"http://{bound}", log, running)
    try:
        yield machine
    finally:
        running.terminate()
        with suppress(subprocess.TimeoutExpired):
            running.wait(10)
        machine.kill()


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError as problem:
            if problem.errno != errno.EADDRNOTAVAIL:
                raise
            pytest.skip(f"this machine has no address {address} ({problem}): `ifconfig lo0 alias {address}`")
        return int(probe.getsockname()[1])


def _is_up(machine: Machine) -> bool:
    assert machine.running.poll() is None, machine.log.read_text()
    with suppress(requests.ConnectionError):
        return Browser().ask(machine, "GET", "/").status_code == 200
    return False
