"""The gate on real servers: gunicorn, waitress and uWSGI, with the sweep wherever each allows it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from jotgate.protocols import GrantFilter
from tests.door.site import DOOR, HOOK_SECRET, ticket_in, unknown_code
from tests.patience import until
from tests.servers.serving import (
    Served,
    Server,
    deliver_in_chunks,
    gunicorn,
    hypercorn,
    journey,
    process,
    serving,
    uwsgi,
    waitress,
)

SERVERS = {
    "gunicorn-sync": (gunicorn("--workers", "2"), {}),
    "gunicorn-gthread": (gunicorn("--worker-class", "gthread", "--threads", "4"), {}),
    "waitress": (waitress, {}),
    "hypercorn": (hypercorn, {}),
    "uwsgi": (uwsgi(), {}),
    "uwsgi-threads": (uwsgi("--enable-threads", "--threads", "2"), {}),
    "uwsgi-in-requests": (uwsgi("--master", "--processes", "2"), {"sweeper": "request"}),
    "gunicorn-in-requests": (gunicorn(), {"sweeper": "request"}),
}


#: One whose workers have threads, one that sweeps inside requests, and one that cannot send a body of no pieces.
EACH_KIND = ("gunicorn-sync", "uwsgi-in-requests", "hypercorn")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in EACH_KIND else pytest.mark.slow) for name in SERVERS]
)
def test_a_submission_is_verified(name: str) -> None:
    """Code, pass, form, submission, verdict; the bare address is unticketed, the second one replayed."""
    server, changes = SERVERS[name]
    if name.startswith("uwsgi"):
        pytest.importorskip("pyuwsgi", reason="no uWSGI here: it is built for Linux on x86-64 only")
    with serving(server, **changes) as served:
        journey(served)


#: Each takes chunked bodies apart, uWSGI when it is asked to.
CHUNKED = {
    "gunicorn": gunicorn(),
    "waitress": waitress,
    "uwsgi": uwsgi(),
}


@pytest.mark.parametrize("name", CHUNKED)
def test_a_chunked_delivery_is_noted(name: str) -> None:
    """As tunnels send it on: without a length, in pieces; large ones, too, and none that breaks off."""
    if name == "uwsgi":
        pytest.importorskip("pyuwsgi", reason="no uWSGI here: it is built for Linux on x86-64 only")
    with serving(CHUNKED[name], sweeper="external") as served:
        deliver_in_chunks(served)


def as_toml(mapping: dict[str, Any]) -> str:
    """Return settings as the command line reads them."""
    top = [f"{key} = {json.dumps(value)}" for key, value in mapping.items() if key != "forms"]
    students = [f"{key} = {json.dumps(value)}" for key, value in mapping["forms"]["students"].items()]
    return "\n".join([*top, "[forms.students]", *students])


def test_an_external_sweep_serves_a_site_that_never_sweeps() -> None:
    """`sweeper = "external"`: the site calls nobody, `jotgate sweep --loop` beside it judges everything."""
    with serving(gunicorn("--workers", "2"), sweeper="external") as served:
        calls = served.sandbox.calls
        visitor = served.visitor()
        served.enter(visitor, served.code())
        requests.post(f"{served.url}/jotgate/hook/{HOOK_SECRET}", data={}, timeout=10)
        visitor.get(f"{served.url}{DOOR}/state", timeout=10)
        assert served.sandbox.calls == calls
        config = served.settings_file.with_suffix(".toml")
        config.write_text(as_toml(served.mapping))
        command = [str(Path(sys.executable).with_name("jotgate")), "--config", str(config), "sweep", "--loop"]
        with process(command, served.log):
            journey(served)


FOUR_WORKERS: Server = gunicorn("--workers", "4", "--preload")


@pytest.fixture(scope="module")
def four() -> Iterator[Served]:
    """Give a gunicorn of four workers that were forked after the gate was built."""
    with serving(FOUR_WORKERS, trusted_proxies=1) as served:
        yield served


def at_once(count: int, call: Callable[[int], int], threads: int = 16) -> list[int]:
    """Call *call* so often, from several threads that start together."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, range(count)))


def test_writes_of_forked_workers_are_exact(four: Served) -> None:
    """The store was opened before the fork; four workers write 400 deliveries, and 400 are counted."""
    before = sum(state.due_seq for state in four.parts.store.form_states())
    local = threading.local()

    def deliver(number: int) -> int:
        session = local.__dict__.setdefault("session", four.visitor())
        fields = {"formID": four.form_id, "submissionID": str(number), "rawRequest": "{}"}
        answer = session.post(f"{four.url}/jotgate/hook/{HOOK_SECRET}", data=fields, timeout=30)
        session.close()
        return int(answer.status_code)

    assert set(at_once(400, deliver)) == {200}
    assert sum(state.due_seq for state in four.parts.store.form_states()) == before + 400


def test_one_code_of_n_uses_opens_for_all_who_come_at_once(four: Served) -> None:
    """Thirty browsers enter a thirty-use code together, on four workers: each is let in with a ticket of its own."""
    code = four.code(uses=30)
    tickets = []

    def come(_: int) -> int:
        visitor = four.visitor()
        answer = four.enter(visitor, code)
        tickets.append(ticket_in(visitor.get(four.url + DOOR, timeout=30).text))
        visitor.close()
        return answer.status_code

    assert at_once(30, come) == [303] * 30
    assert len(set(tickets)) == 30


def test_a_single_use_code_opens_for_one_of_those_who_come_at_once(four: Served) -> None:
    """Sixteen browsers race for one code on four workers: one is let in, fifteen are offered to move it."""
    code = four.code()

    def come(_: int) -> int:
        visitor = four.visitor()
        status = four.enter(visitor, code).status_code
        visitor.close()
        return status

    assert sorted(at_once(16, come)) == [303] + [409] * 15


def test_health_answers_while_fifty_guess_at_once(four: Served) -> None:
    """Always, and all guesses are answered, throttled or not."""
    stop = threading.Event()

    def watch() -> None:
        with four.visitor() as watcher:
            while not stop.is_set():
                assert watcher.get(four.url + "/jotgate/health", timeout=30).status_code == 200

    watching = threading.Thread(target=watch)
    watching.start()

    def guess(_: int) -> int:
        visitor = four.visitor("203.0.113.66")
        status = four.enter(visitor, unknown_code()).status_code
        visitor.close()
        return status

    try:
        statuses = at_once(400, guess, threads=50)
    finally:
        stop.set()
        watching.join()
    assert set(statuses) == {403, 429}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["revoked", "admitted anew"])
def test_every_worker_refuses_an_ended_pass(four: Served, how: str) -> None:
    """A revoked code, or a newer admission of the same browser, ends the pass on all four workers."""
    code, visitor = four.code(uses=2), four.visitor()
    four.enter(visitor, code)
    old = {"Cookie": f"jotgate-students={visitor.cookies['jotgate-students']}"}

    def opens() -> bool:
        answer = requests.get(f"{four.url}{DOOR}/state", headers=old, timeout=10)
        assert answer.status_code in (200, 401)
        return answer.status_code == 200

    assert all(opens() for _ in range(8))
    if how == "revoked":
        fingerprints = four.parts.gate.fingerprints(code)
        four.parts.grants.revoke(GrantFilter(fingerprints=fingerprints), actor="the head")
    else:
        four.enter(visitor, code)
    # Twenty refusals in a row: every worker was asked. To the second it is proved with a clock of its own.
    until(lambda: not any(opens() for _ in range(20)), what="no worker honours the pass")
    visitor.close()


def test_the_whole_way_on_forked_workers_leaves_no_secret_in_the_log() -> None:
    """At DEBUG, urllib3 included: no key, code, ticket or cookie in log, page or database file."""
    with serving(FOUR_WORKERS) as served:
        journey(served)
        visitor, code, wrong = served.visitor(), served.code(), unknown_code()
        served.enter(visitor, code)
        page = visitor.get(served.url + DOOR, timeout=10).text
        ticket = ticket_in(page)
        refused = served.enter(served.visitor(), wrong).text
        requests.post(f"{served.url}/jotgate/hook/{HOOK_SECRET}", data=b"\xff", timeout=10)
        health = requests.get(f"{served.url}/jotgate/health", timeout=10).text
        canaries = {
            "API key": served.mapping["api_key"],
            "secret key": served.mapping["secret_keys"][0],
            "code key": served.mapping["code_keys"][0],
            "hook secret": HOOK_SECRET,
            "code": code,
            "code without hyphens": code.replace("-", ""),
            "wrong code": wrong,
            "pass": visitor.cookies["jotgate-students"],
            "browser": visitor.cookies["jotgate"],
        }
        visitor.close()
        log = served.log.read_text(errors="replace")
        stored = b"".join(file.read_bytes() for file in served.log.parent.glob("jotgate.db*"))
        assert "jotgate" in log
        for name, canary in (canaries | {"ticket": ticket}).items():
            assert canary not in log, name
            assert canary.encode() not in stored, name
        for name, canary in canaries.items():
            assert canary not in page + refused + health, name
