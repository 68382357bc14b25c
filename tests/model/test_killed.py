"""A process that is killed anywhere between a webhook and the callbacks loses nothing and doubles no verdict."""

from __future__ import annotations

import importlib
import itertools
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from jotgate.admission.gate import Seen
from jotgate.admission.grants import Terms, people
from jotgate.clock import Clock
from jotgate.config import Settings
from jotgate.jotform.client import JotFormClient
from jotgate.outcomes import Admit, Verdict, VerdictEvent
from jotgate.protocols import SubmissionFilter
from jotgate.quota import Quota
from jotgate.sandbox import Sandbox
from jotgate.signed.browsers import new_browser
from jotgate.signed.tickets import OnPage, ticket_text
from jotgate.stores import open_store
from jotgate.telling.callbacks import CLAIM_SECONDS
from jotgate.wiring import build
from tests.stores.contract.races import processes_from_a_server
from tests.sweeping.school import MONDAY, Ticking

from .dying import Doom, Dying, DyingInside
from .site import PostgresShelf, Shelf, Site, SiteClock, SqliteShelf, settings_for

FORMS: dict[str, dict[str, object]] = {"trip": {}, "lab": {"capacity": 1}}
EXPECTED = {
    "trip": [Verdict.VERIFIED, Verdict.VERIFIED, Verdict.REPLAYED, Verdict.UNTICKETED, Verdict.FORGED],
    "lab": [Verdict.VERIFIED, Verdict.OVER_LIMIT],
}
PATIENCE_SECONDS = 60.0
LEASE_SECONDS = 30.0
CALLBACK = "site.hear"


@pytest.fixture
def truth() -> Ticking:
    """Return the clock that everybody goes by."""
    return Ticking()


@pytest.fixture
def sandbox(truth: Ticking) -> Iterator[Sandbox]:
    """Return a local JotForm, over HTTP."""
    with Sandbox(port=0, clock=truth, plan="enterprise") as started:
        yield started


@pytest.fixture
def sqlite_shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Return a place for stores that are files."""
    shelf = SqliteShelf(tmp_path / "stores")
    yield shelf
    shelf.close()


@pytest.fixture
def postgres_shelf(postgres_url: str) -> Iterator[Shelf]:
    """Return a place for stores on a server."""
    pytest.importorskip("psycopg", reason="the store on PostgreSQL needs jotgate[postgres]")
    shelf = PostgresShelf(postgres_url)
    yield shelf
    shelf.close()


@pytest.mark.slow
def test_kill_9_at_every_step_from_webhook_to_callback_on_sqlite(
    sqlite_shelf: Shelf, sandbox: Sandbox, truth: Ticking, tmp_path: Path
) -> None:
    """Between any two verbs of store and client, in turn, a process dies; the next one finishes its work.

    Every submission has exactly one verdict, the right one; the counters equal the ledger; the dead process's
    lease ends by itself; and the site's callback is told of every verdict at least once, under one id.
    """
    _kill_at_every_step(sqlite_shelf, sandbox, truth, tmp_path)


@pytest.mark.slow
def test_kill_9_at_every_step_from_webhook_to_callback_on_postgres(
    postgres_shelf: Shelf, sandbox: Sandbox, truth: Ticking, tmp_path: Path
) -> None:
    """The same on a store that several machines share."""
    _kill_at_every_step(postgres_shelf, sandbox, truth, tmp_path)


# Some seventy processes die, one after the other.
@pytest.mark.slow
def test_f4_kill_9_within_every_verb_from_webhook_to_callback(
    sqlite_shelf: Shelf, sandbox: Sandbox, truth: Ticking, tmp_path: Path
) -> None:
    """Before each statement of each transaction, and before each commit: nothing is half done, and nothing lost."""
    with _nursery() as nursery:
        steps, count = _all_steps(nursery, sqlite_shelf, sandbox, truth, tmp_path, inside=True)
    assert steps.count("commit") >= 8
    assert count == len(steps) > 2 * steps.count("commit")


def _kill_at_every_step(shelf: Shelf, sandbox: Sandbox, truth: Ticking, folder: Path) -> None:
    with _nursery() as nursery:
        verbs, steps = _all_steps(nursery, shelf, sandbox, truth, folder)
    assert {"note_delivery", "take_lease", "questions", "submissions", "settle", "finish_reading"} <= set(
        verbs
    )
    told = verbs[verbs.index("release_lease") :]
    assert {"claim_notices", "told", "cross_off"} <= set(told)
    assert steps == len(verbs)


def _all_steps(
    nursery: Connection, shelf: Shelf, sandbox: Sandbox, truth: Ticking, folder: Path, *, inside: bool = False
) -> tuple[list[str], int]:
    """Kill a process at every step until one comes to the end; return its verbs, and how many there were."""
    for step in itertools.count():
        truth.at = MONDAY
        site = Site(settings_for(sandbox, shelf.fresh(), FORMS), SiteClock(truth))
        site.start()
        truth.at += 5
        submitted = _submit(site, sandbox)
        site.close()
        heard = folder / f"heard-{step}"
        verbs = _work_until(step, nursery, site.settings, truth.at, heard, inside)
        _finish(site, truth, submitted, shelf, heard)
        if verbs:
            return verbs, step
    raise AssertionError("it never came to an end")


def _submit(site: Site, sandbox: Sandbox) -> dict[str, list[str]]:
    """Let people in, and let them and others submit; nothing tells the site."""
    ids = {form: one["id"] for form, one in site.settings["forms"].items()}
    fields = {
        "trip": [*_tickets(site, "trip", 2), "", "made up"],
        "lab": _tickets(site, "lab", 2),
    }
    fields["trip"].insert(2, fields["trip"][0])
    return {
        form: [sandbox.submit(ids[form], {"message": "x", "jotgate": text}, webhook=False) for text in texts]
        for form, texts in fields.items()
    }


def _tickets(site: Site, form: str, count: int) -> list[str]:
    parts = site.parts
    texts = []
    for code in parts.grants.create(Terms(form=form), people(count=count)):
        seen = Seen(browser=new_browser(site.clock.now()), network="192.0.2.7/32")
        admit = parts.gate.admit(code.code, form=form, seen=seen)
        assert isinstance(admit, Admit)
        texts.append(ticket_text(OnPage(admit.ticket_id), parts.keys))
    return texts


@contextmanager
def _nursery() -> Iterator[Connection]:
    """Start the process whose children die: it has no threads, and everything loaded that they need."""
    context = processes_from_a_server()
    here, there = context.Pipe()
    process = context.Process(target=_raise_children, args=(there,))
    process.start()
    there.close()
    with here:
        yield here
    process.join(PATIENCE_SECONDS)
    process.close()


def _work_until(
    step: int, nursery: Connection, settings: dict[str, Any], now: float, heard: Path, inside: bool
) -> list[str]:
    """Let a process take the webhooks, sweep and tell until it comes to *step*; return its verbs if it lived."""
    nursery.send((settings, now, step, heard, inside))
    assert nursery.poll(PATIENCE_SECONDS), "the process neither died nor finished"
    said = nursery.recv()
    verbs: list[str] = said if isinstance(said, list) else []
    status = nursery.recv() if verbs else said
    assert status == (0 if verbs else -signal.SIGKILL)
    return verbs


def _raise_children(wishes: Connection) -> None:
    importlib.import_module("jotgate.jotform.transport")
    while True:
        try:
            settings, now, step, heard, inside = wishes.recv()
        except EOFError:
            return
        child = os.fork()
        if child == 0:
            _work(settings, now, step, heard, inside, wishes)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        wishes.send(os.waitstatus_to_exitcode(status))


def _work(
    settings: dict[str, Any], now: float, step: int, heard: Path, inside: bool, writer: Connection
) -> None:
    """Be the process that dies."""
    clock: Clock = Ticking(now)
    read = Settings.from_mapping(settings)
    store = open_store(read.store)
    doom = Doom(None, _kill_myself)
    # The client counts its calls on a store of its own, so that what is counted here is what the sweep does.
    quota = Quota(open_store(read.store), account="of the dying", limit=None, clock=clock)
    client = JotFormClient(read.host.api_base, read.api_key, quota=quota, clock=clock)
    if inside:
        store._driver = DyingInside(store._driver, doom)  # type: ignore[attr-defined]
        parts = build(read, clock=clock, store=store, service=client)
    else:
        parts = build(read, clock=clock, store=Dying(store, doom), service=Dying(client, doom))

    def hear(event: VerdictEvent) -> None:
        _write_down(heard, event)
        doom.step("told")

    parts.on_verdict(hear, name=CALLBACK)
    doom.begin(step)
    parts.callbacks.register()
    for form in settings["forms"].values():
        assert parts.intake.take(form["id"])
    parts.sweep.run()
    parts.callbacks.deliver()
    writer.send(doom.verbs)


def _kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _write_down(heard: Path, event: VerdictEvent) -> None:
    """Keep what the callback was told, one line each."""
    with heard.open("a") as file:
        file.write(f"{event.submission_id} {event.verdict.value} {event.message_id}\n")


def _finish(site: Site, truth: Ticking, submitted: dict[str, list[str]], shelf: Shelf, heard: Path) -> None:
    """Let a fresh process do what is left, once the lease and the claims of the dead one are over."""
    site.start()
    site.parts.on_verdict(partial(_write_down, heard), name=CALLBACK)
    site.parts.callbacks.register()
    store, sweep = site.parts.store, site.parts.sweep
    before = _verdicts(site)
    if sweep.run(FORMS).waiting is not None:
        assert _verdicts(site) == before
        truth.at += LEASE_SECONDS
        assert set(sweep.run(FORMS).forms) == set(FORMS)
    wanted = {
        one: verdict
        for form, ids in submitted.items()
        for one, verdict in zip(ids, EXPECTED[form], strict=True)
    }
    assert _verdicts(site) == wanted
    assert before.items() <= wanted.items()
    used: Counter[str] = Counter()
    for grant in store.grants():
        used[grant.form] += grant.used
    for state in store.form_states():
        ledger = shelf.ledger(state.form)
        assert ledger == Counter(verdict.value for verdict in EXPECTED[state.form])
        assert ledger["verified"] == state.settled == used[state.form]
    assert not sweep.run(FORMS).settled
    truth.at += CLAIM_SECONDS
    site.parts.callbacks.deliver()
    assert store.backlogs() == {}
    told = {tuple(line.split()) for line in heard.read_text().splitlines()}
    assert sorted((one, verdict) for one, verdict, _ in told) == sorted(
        (one, verdict.value) for one, verdict in wanted.items()
    )
    site.close()


def _verdicts(site: Site) -> dict[str, Verdict]:
    return {one.submission_id: one.verdict for one in site.parts.store.submissions(SubmissionFilter())}
