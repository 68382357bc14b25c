"""F22: a thread for each request, real or green, and 256 descriptors: few are open, and everybody is answered."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from jotgate.stores.sqlite_connections import MAX_CONNECTIONS
from tests.door.site import DOOR, HOOK_SECRET
from tests.servers.serving import Served, Server, gunicorn, serving

#: What a process may open by default on some systems.
DESCRIPTORS = 256
CLIENTS = 8
#: A connection has the file and its log open; the log's shared memory is opened once in a process.
MOST = 2 * MAX_CONNECTIONS + 1
PATIENT = {"JOTGATE_TEST_PATIENT": "1"}


def a_thread_each(port: int) -> Sequence[str]:
    """Return the server that starts a thread for each request."""
    return (sys.executable, "-m", "tests.servers.a_thread_each", str(port))


SERVERS: dict[str, Server] = {
    "a thread each": a_thread_each,
    "gevent": gunicorn("--worker-class", "gevent"),
}


def limited(server: Server) -> Server:
    """Let *server* open so many descriptors only."""
    return lambda port: ("sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh", *server(port))


def _open_in(worker: int, folder: Path) -> int:
    """Return how many descriptors of a process lead into *folder*."""
    count = 0
    for link in Path(f"/proc/{worker}/fd").iterdir():
        try:
            count += os.readlink(link).startswith(str(folder / "jotgate.db"))
        except FileNotFoundError:
            continue
    return count


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="this system does not list a process's descriptors"
)
@pytest.mark.parametrize(
    "visits",
    [12, pytest.param(100, marks=pytest.mark.slow), pytest.param(400, marks=pytest.mark.nightly)],
)
@pytest.mark.parametrize("name", SERVERS)
def test_f22_a_thread_for_each_request_uses_up_no_descriptors(name: str, visits: int) -> None:
    """Eight clients read and write all the while, each request in a thread of its own: no answer over 499."""
    if name == "gevent":
        pytest.importorskip("gevent", reason="no gevent here: pip install gevent")
    with serving(limited(SERVERS[name]), environment=PATIENT, trusted_proxies=1) as served:
        with ThreadPoolExecutor(CLIENTS) as pool:
            statuses = list(pool.map(lambda _: _visit(served), range(visits * CLIENTS)))
        assert {status for some in statuses for status in some} == {200}, served.log.read_text()[-5000:]
        worker = int(requests.get(served.url, timeout=60).text.removeprefix("worker "))
        assert _open_in(worker, served.log.parent) <= MOST


def _visit(served: Served) -> list[int]:
    """Look at the door and deliver, each by a connection of its own."""
    visitor = served.visitor()
    looked = visitor.get(served.url + DOOR, timeout=120)
    fields = {"formID": served.form_id, "submissionID": "1", "rawRequest": "{}"}
    delivered = visitor.post(f"{served.url}/jotgate/hook/{HOOK_SECRET}", data=fields, timeout=120)
    return [looked.status_code, delivered.status_code]
