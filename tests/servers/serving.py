"""Real servers as processes of their own, each with a sandbox beside it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from jotgate.admission.grants import Terms, people
from jotgate.config import Settings
from jotgate.protocols import SubmissionFilter
from jotgate.sandbox import Sandbox
from jotgate.wiring import Parts, build
from tests.door.site import DOOR, HOOK_SECRET, settings_of, ticket_in
from tests.patience import until

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


def hypercorn(port: int) -> Sequence[str]:
    """Return hypercorn in its own WSGI mode."""
    return (
        sys.executable,
        "-m",
        "hypercorn",
        "--bind",
        f"127.0.0.1:{port}",
        "wsgi:tests.servers.school:application",
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
    #: The server's first process.
    process_id: int = 0
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
def serving(
    server: Server,
    *,
    site_url: str | None = None,
    environment: Mapping[str, str] | None = None,
    **changes: Any,
) -> Iterator[Served]:
    """Start *server*, with an *environment* if need be, and a sandbox that sends it webhooks."""
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
        environ = {"JOTGATE_TEST_SETTINGS": str(settings_file), **(environment or {})}
        with process(server(port), served.log, **environ) as running:
            served.process_id = running.pid
            until(lambda: _is_up(served, running), what=f"{server(port)[:3]} answers")
            yield served
        parts.store.close()


def _is_up(served: Served, running: subprocess.Popen[bytes]) -> bool:
    assert running.poll() is None, served.log.read_text()
    with suppress(requests.ConnectionError, requests.Timeout):
        return requests.get(served.url + "/", timeout=10).status_code == 200
    return False


def journey(served: Served) -> None:
    """Go the whole way: code, pass, form, three submissions, verdicts."""
    visitor = served.visitor()
    assert visitor.get(served.url + DOOR, timeout=10).status_code == 200
    assert served.enter(visitor, served.code()).status_code == 303
    ticket = ticket_in(visitor.get(served.url + DOOR, timeout=10).text)
    honest = served.sandbox.submit(served.form_id, {"jotgate": ticket, "message": "hello"})
    bare = served.sandbox.submit(served.form_id, {"message": "by the bare address"})
    second = served.sandbox.submit(served.form_id, {"jotgate": ticket, "message": "again"})
    sent = visitor.post(f"{served.url}{DOOR}/sent", headers=JSON, timeout=10)
    assert sent.json()["state"] in ("sent", "verified")

    def verified() -> bool:
        return bool(visitor.get(f"{served.url}{DOOR}/state", timeout=10).json()["state"] == "verified")

    until(verified, what="the submission is verified")
    until(lambda: served.verdict(bare) is not None, what="the bare submission is judged")
    until(lambda: served.verdict(second) is not None, what="the second submission is judged")
    verdicts = [served.verdict(one) for one in (honest, bare, second)]
    assert verdicts == ["verified", "unticketed", "replayed"]
    visitor.close()


def deliver_in_chunks(served: Served) -> None:
    """Post deliveries without a length: a small one, one of 3 MB and one that breaks off; the first two are noted."""
    host, port = served.url.removeprefix("http://").split(":")
    head = (
        f"POST /jotgate/hook/{HOOK_SECRET} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n".encode()
    )
    head += b"Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"

    def status(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
        pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(head + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + end)
            if not end:
                connection.shutdown(socket.SHUT_WR)
            return connection.makefile("rb").readline()[9:12]

    def due() -> int:
        return sum(state.due_seq for state in served.parts.store.form_states())

    fields = {"formID": served.form_id, "submissionID": "7", "rawRequest": "{}"}
    before = due()
    for signature in ("", "A" * 3_000_000):
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {**fields, "signature": signature}.items()
        ]
        body = "".join([*parts, "--b--\r\n"]).encode()
        assert status(body) == b"200"
        assert status(body[: len(body) // 2], end=b"") in (b"400", b"")
    assert due() == before + 2
