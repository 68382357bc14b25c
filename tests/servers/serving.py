"""Real servers as processes of their own, each with a sandbox beside it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from jotgate.config import Settings
from jotgate.grants import Terms, people
from jotgate.protocols import SubmissionFilter
from jotgate.sandbox import Sandbox
from jotgate.wiring import Parts, build
from tests.door.site import DOOR, HOOK_SECRET, settings_of, ticket_in

ROOT = Path(__file__).parents[2]
JSON = {"Accept": "application/json"}
#: Takes a port and returns the command that serves `tests.servers.school` there.
Server = Callable[[int], Sequence[str]]


def gunicorn(*options: str) -> Server:
    """Return gunicorn with *options*."""
    return lambda port: (
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--graceful-timeout",
        "1",
        "--worker-tmp-dir",
        "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp",
        *options,
        "tests.servers.school:application",
    )


def waitress(port: int) -> Sequence[str]:
    """Return waitress with its defaults: four threads."""
    return (
        sys.executable,
        "-m",
        "waitress",
        f"--listen=127.0.0.1:{port}",
        "tests.servers.school:application",
    )


def uwsgi(*options: str) -> Server:
    """Return uWSGI with *options*."""
    return lambda port: (
        str(Path(sys.executable).with_name("uwsgi")),
        "--http-socket",
        f"127.0.0.1:{port}",
        "--module",
        "tests.servers.school",
        "--home",
        sys.prefix,
        "--die-on-term",
        *options,
    )


class _Visitor(requests.Session):
    """A browser that makes a connection for each request: uWSGI ends them without saying so."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, and close the connection."""
        try:
            return super().send(request, **kwargs)
        finally:
            self.close()


@dataclass
class Served:
    """A running server."""

    url: str
    sandbox: Sandbox
    form_id: str
    mapping: dict[str, Any]
    settings_file: Path
    #: What the server wrote, to both of its streams.
    log: Path
    #: The test's own hands on the same store.
    parts: Parts
    _visitors: int = 0

    def code(self, **terms: Any) -> str:
        """Create a code."""
        issued = self.parts.grants.create(Terms(form="students", **terms), people(count=1))
        return next(one.code for one in issued)

    def verdict(self, submission_id: str) -> str | None:
        """Return what became of a submission."""
        wanted = SubmissionFilter(submission_ids=(submission_id,))
        return next((one.verdict.value for one in self.parts.store.submissions(wanted)), None)

    def visitor(self, address: str | None = None) -> requests.Session:
        """Return a new browser, with an address of its own for a site that believes its proxy."""
        self._visitors += 1
        session = _Visitor()
        session.trust_env = False
        session.headers["X-Forwarded-For"] = address or f"10.1.{self._visitors // 256}.{self._visitors % 256}"
        return session

    def enter(self, visitor: requests.Session, code: str) -> requests.Response:
        """Post a code, and go nowhere yet."""
        return visitor.post(self.url + DOOR, data={"code": code}, allow_redirects=False, timeout=10)


def until(condition: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Wait until something holds and return how long that took; fail if it does not in time."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - began


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: Sequence[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* for as long as the block lasts."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
    with (
        log.open("ab") as out,
        subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        ) as running,
    ):
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()


@contextmanager
def serving(server: Server, *, site_url: str | None = None, **changes: Any) -> Iterator[Served]:
    """Start *server* and a sandbox that sends it webhooks."""
    with TemporaryDirectory() as name, Sandbox() as sandbox:
        folder, port = Path(name), free_port()
        url = f"http://127.0.0.1:{port}"
        form_id = sandbox.add_form("Students", webhooks=[f"{url}/jotgate/hook/{HOOK_SECRET}"])
        settings = {"sweeper": "auto"} | changes
        mapping = settings_of(sandbox, form_id, folder, site_url=site_url or url, **settings)
        settings_file = folder / "settings.json"
        settings_file.write_text(json.dumps(mapping))
        parts = build(Settings.from_mapping(mapping | {"sweeper": "external"}))
        # Judging begins at the first reading, long before a real site's first visitor.
        parts.sweep.run(["students"], operator=True)
        served = Served(
            url=url,
            sandbox=sandbox,
            form_id=form_id,
            mapping=mapping,
            settings_file=settings_file,
            log=folder / "log",
            parts=parts,
        )
        with process(server(port), served.log, JOTGATE_TEST_SETTINGS=str(settings_file)) as running:
            until(lambda: _is_up(served, running), seconds=30, what=f"{server(port)[:3]} answers")
            yield served
        parts.store.close()


def _is_up(served: Served, running: subprocess.Popen[bytes]) -> bool:
    assert running.poll() is None, served.log.read_text()
    with suppress(requests.ConnectionError):
        return requests.get(served.url + "/", timeout=10).status_code == 200
    return False


def journey(served: Served) -> float:
    """Go the whole way: code, pass, form, three submissions, verdicts; return how long the first one's took."""
    visitor = served.visitor()
    assert visitor.get(served.url + DOOR, timeout=10).status_code == 200
    assert served.enter(visitor, served.code()).status_code == 303
    ticket = ticket_in(visitor.get(served.url + DOOR, timeout=10).text)
    began = time.monotonic()
    honest = served.sandbox.submit(served.form_id, {"jotgate": ticket, "message": "hello"})
    bare = served.sandbox.submit(served.form_id, {"message": "by the bare address"})
    second = served.sandbox.submit(served.form_id, {"jotgate": ticket, "message": "again"})
    sent = visitor.post(f"{served.url}{DOOR}/sent", headers=JSON, timeout=10)
    assert sent.json()["state"] in ("sent", "verified")

    def verified() -> bool:
        return bool(visitor.get(f"{served.url}{DOOR}/state", timeout=10).json()["state"] == "verified")

    until(verified, seconds=10, what="the submission is verified")
    took = time.monotonic() - began
    until(lambda: served.verdict(bare) is not None, seconds=10, what="the bare submission is judged")
    until(lambda: served.verdict(second) is not None, seconds=10, what="the second submission is judged")
    verdicts = [served.verdict(one) for one in (honest, bare, second)]
    assert verdicts == ["verified", "unticketed", "replayed"]
    visitor.close()
    return took
