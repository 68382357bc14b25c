"""The store is gone, hangs, is locked or full, under a real server with threads: a clear 503, then all as before."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from jotgate.stores.postgres_connections import MAX_CONNECTIONS
from tests.door.site import DOOR
from tests.faults.postgres_server import Server
from tests.servers.serving import Served
from tests.soak.watching import children_of
from tests.threats.rush import Rush, judged, site_on, submitted

Outage = Callable[[Server], AbstractContextManager[None]]


@contextmanager
def down(server: Server) -> Iterator[None]:
    """Crash the server, and start it again."""
    server.stop("immediate")
    yield
    server.start()


@contextmanager
def hanging(server: Server) -> Iterator[None]:
    """Stop all its processes in their tracks, and let them go on."""
    server.freeze()
    yield
    server.thaw()


@contextmanager
def exhausted(server: Server) -> Iterator[None]:
    """Let another program hold the table that every admission needs, so that all connections wait for it."""
    with psycopg.connect(server.url) as other:
        other.execute(b"LOCK TABLE jotgate.grants IN ACCESS EXCLUSIVE MODE")
        yield


# A server of its own, and outages that visitors have to notice.
@pytest.mark.slow
@pytest.mark.parametrize("outage", [down, hanging, exhausted])
def test_f5_without_postgresql_the_door_says_so_and_recovers(outage: Outage) -> None:
    """Nobody is let in meanwhile, nothing but 503 is said, no code lets two in, and what was sent is judged."""
    with site_on("postgres") as (served, server):
        assert server is not None
        with Rush(served) as rush:
            rush.was_answered(303)
            before = submitted(served)
            with outage(server):
                rush.was_answered(503)
                let_in = rush.answers[303]
                rush.was_answered(503)
                assert rush.answers[303] == let_in
                assert turned_away(served) == "We cannot check codes right now"
            rush.was_answered(303)
        assert rush.findings() == []
        # The webhook of the first may have found the store gone; the reading that the second asks for shows both.
        after = submitted(served)
        assert judged(served, after) == judged(served, before) == "verified"


# A server of its own.
@pytest.mark.slow
def test_f5_connections_that_are_ended_are_replaced() -> None:
    """An operator ends every connection, ten times, while pupils come: they come in all the while, each code once."""
    with site_on("postgres") as (served, server), Rush(served) as rush:
        assert server is not None
        for _ in range(10):
            rush.was_answered(303)
            assert server.terminate_backends() <= 2 * MAX_CONNECTIONS + 1
        rush.was_answered(303)
    assert rush.findings() == []


# Holds the file for half a minute, which no clock of a test's can shorten for a real server.
@pytest.mark.slow
def test_f7_a_file_that_is_locked_for_long_turns_people_away_and_holds_nobody_up() -> None:
    """Another program writes for half a minute: 503 for codes, answers for who reads, and no queue when it is done."""
    with site_on("sqlite") as (served, _), Rush(served) as rush:
        rush.was_answered(303)
        before = submitted(served)
        with served.visitor() as reader, locked(served) as held:
            assert reader.get(served.url + DOOR, timeout=60).status_code == 200
            while not held.wait(0.2):
                rush.was_answered(503, 1)
                assert reader.get(f"{served.url}/jotgate/static/jotgate.css", timeout=60).status_code == 200
            assert turned_away(served) == "We cannot check codes right now"
        rush.was_answered(303)
        after = submitted(served)
        assert judged(served, after) == judged(served, before) == "verified"
    assert rush.findings() == []


@contextmanager
def locked(served: Served) -> Iterator[threading.Event]:
    """Keep SQLite's file for one writer, and give an event that comes when that was for half a minute."""
    enough = threading.Event()
    timer = threading.Timer(30.0, enough.set)
    with closing(sqlite3.connect(served.parts.settings.store_path or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer.start()
        yield enough
        other.execute("ROLLBACK")
    timer.join()


# Visitors have to notice it on a real server, and what was sent has to be judged.
@pytest.mark.slow
def test_f6_where_no_file_may_grow_people_are_turned_away_until_it_may() -> None:
    """A clear 503 for codes, who was let in reads on, and with room again the site goes on by itself, file in order."""
    with site_on("sqlite") as (served, _), Rush(served) as rush:
        rush.was_answered(303)
        with served.visitor() as inside:
            assert served.enter(inside, served.code()).status_code == 303
            with full(served):
                rush.was_answered(503)
                assert turned_away(served) == "We cannot check codes right now"
                assert inside.get(f"{served.url}{DOOR}/state", timeout=60).json()["state"] == "open"
            rush.was_answered(303)
        assert judged(served, submitted(served)) == "verified"
        path = served.parts.settings.store_path or ""
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert rush.findings() == []


@contextmanager
def full(served: Served) -> Iterator[None]:
    """Let no file of the server's processes grow, as on a full disk; and then again."""
    workers = children_of(served.process_id)
    limits = [resource.prlimit(worker, resource.RLIMIT_FSIZE) for worker in workers]
    for worker, (_, hard) in zip(workers, limits, strict=True):
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, hard))
    yield
    for worker, limit in zip(workers, limits, strict=True):
        resource.prlimit(worker, resource.RLIMIT_FSIZE, limit)


# Mounts a file system, as root only.
@pytest.mark.slow
@pytest.mark.nightly
def test_f6_postgresql_on_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a byte is free where its server writes: a clear 503, and with room again the site goes on by itself."""
    with small_disk() as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with site_on("postgres") as (served, _), Rush(served) as rush:
            rush.was_answered(303)
            before = submitted(served)
            fill(disk / "ballast")
            rush.was_answered(503)
            assert turned_away(served) == "We cannot check codes right now"
            (disk / "ballast").unlink()
            rush.was_answered(303)
            after = submitted(served)
            assert judged(served, after) == judged(served, before) == "verified"
        assert rush.findings() == []


@contextmanager
def small_disk() -> Iterator[Path]:
    """Give a file system of its own that has room for a server of PostgreSQL, and for little else."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o711)
        mount = ["mount", "-t", "tmpfs", "-o", "size=110m,mode=1777", "tmpfs", name]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("no file system can be mounted here: it takes root, and a machine that allows it")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    with suppress(OSError):
        while True:
            os.write(file, bytes(4096))
    os.close(file)


def turned_away(served: Served) -> str:
    """Return the heading of the page that a right code is answered with."""
    with served.visitor() as visitor:
        answer = visitor.post(served.url + DOOR, data={"code": "0000-0000-0000"}, timeout=60)
    assert answer.status_code == 503, answer.text
    return answer.text.partition("<h1")[2].partition(">")[2].partition("<")[0].strip()
