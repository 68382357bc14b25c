"""Two machines with one PostgreSQL store are one site: nothing counts twice, and one may die."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from jotgate.outcomes import Verdict
from jotgate.protocols import GrantFilter
from tests.door.site import DOOR, ticket_in, unknown_code
from tests.machines.district import Browser, District, Machine, district
from tests.patience import until

# Four server processes for each test, and waits as long as a lease.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pair(postgres_url: str) -> Iterator[District]:
    """Give a district of two machines."""
    with district(postgres_url) as both:
        yield both


def _submitted(pair: District, door: Machine, webhook: Machine | None) -> str:
    """Let somebody in at one machine, and submit with the webhook to another; return the submission's id."""
    browser = Browser()
    assert browser.enter(door, pair.code()) == 303
    return pair.submit(ticket_in(browser.door(door)), webhook)


def _judged(pair: District, *ids: str) -> bool:
    return set(ids) <= pair.verdicts().keys()


def test_both_machines_calls_are_one_count(pair: District) -> None:
    """However many calls each machine makes, the store's count is what JotForm counted, and both see it."""
    first, second = pair.machines
    before = [machine.calls() for machine in pair.machines]

    def both_called() -> bool:
        for machine in pair.machines:
            submission_id = _submitted(pair, first, machine)
            until(lambda: _judged(pair, submission_id), what="a verdict")  # noqa: B023
        return all(machine.calls() > was for machine, was in zip(pair.machines, before, strict=True))

    until(both_called, what="both machines have made calls")

    def counts_agree() -> bool:
        usage = pair.parts.quota.usage()
        return usage.used == pair.sandbox.calls and usage.left is not None

    until(counts_agree, what="the counts agree")
    print(f"calls: {first.calls()} and {second.calls()}, counted {pair.parts.quota.usage().used}")


def test_wrong_guesses_at_one_machine_slow_the_other(pair: District) -> None:
    """Thirty wrong codes at each machine are sixty: from then on both slow that network, and no other."""
    first, second = pair.machines
    for _ in range(30):
        assert Browser("203.0.113.7").enter(first, unknown_code()) == 403
        assert Browser("203.0.113.7").enter(second, unknown_code()) == 403
    for machine in pair.machines:
        guesser = Browser("203.0.113.7")
        until(
            lambda machine=machine, guesser=guesser: guesser.enter(machine, unknown_code()) == 429,  # type: ignore[misc]
            what="the machine slows the network",
        )
    assert Browser("203.0.113.200").enter(second, unknown_code()) == 403


def test_one_machine_sweeps_at_a_time(pair: District) -> None:
    """Woken by the same webhooks, with calls that last a second, no two machines' calls overlap."""
    before = len(pair.sandbox.log)
    pair.sandbox.add_fault("latency", None, seconds=1.0)
    try:
        tickets = []
        for machine in pair.machines * 2:
            browser = Browser()
            browser.enter(machine, pair.code())
            tickets.append(ticket_in(browser.door(machine)))
        ids = []
        for ticket in tickets:
            pair.sandbox.set_webhooks(pair.form_id, [machine.hook for machine in pair.machines])
            ids.append(pair.sandbox.submit(pair.form_id, {"jotgate": ticket, "message": "hello"}))
            until(lambda: _judged(pair, *ids), what="a verdict")
    finally:
        pair.sandbox.clear_faults()
    calls = [call.at for call in pair.sandbox.log[before:]]
    assert len(calls) >= len(ids)
    assert min(later - earlier for earlier, later in pairwise(calls)) >= 0.9


def test_a_single_use_code_is_one_machines_at_a_time(pair: District) -> None:
    """Used at the first machine, a code is open elsewhere at the second; moved there, it is used up at both."""
    first, second = pair.machines
    code, here, there = pair.code(), Browser(), Browser()
    assert here.enter(first, code) == 303
    assert there.enter(second, code) == 409
    ticket = ticket_in(here.door(first))
    assert there.ask(second, "POST", f"{DOOR}/move", data={"code": code}).status_code == 303
    assert ticket_in(there.door(first)) == ticket
    until(lambda: not here.passes(second), what="the moved pass is over")
    submission_id = pair.submit(ticket, second)
    until(lambda: _judged(pair, submission_id), what="a verdict")
    assert pair.verdicts()[submission_id] is Verdict.VERIFIED
    assert [Browser().enter(machine, code) for machine in pair.machines] == [403, 403]


@pytest.mark.parametrize("how", ["the code is revoked", "the visitor leaves at the first"])
def test_a_pass_is_every_machines_and_so_is_its_end(pair: District, how: str) -> None:
    """The second machine honours a pass of the first, and knows within 5 s that it is over."""
    first, second = pair.machines
    code, browser = pair.code(uses=2), Browser()
    assert browser.enter(first, code) == 303
    held = dict(browser.cookies)
    assert all(Browser(cookies=dict(held)).passes(second) for _ in range(8))
    if how == "the code is revoked":
        prints = GrantFilter(fingerprints=pair.parts.gate.fingerprints(code))
        assert pair.parts.grants.revoke(prints, actor="the head") == 1
    else:
        assert browser.ask(first, "POST", f"{DOOR}/leave").status_code == 303

    def is_over() -> bool:
        # Ten refusals in a row: both of its workers were asked.
        return not any(Browser(cookies=dict(held)).passes(second) for _ in range(10))

    until(is_over, what="no worker of the second machine honours the pass")


def _keeper(pair: District) -> tuple[int, float] | None:
    """Return which process has the sweep's lease, and until when."""
    row = pair.row(b"SELECT holder, until FROM lease")
    # The machine, a random part, the process and its thread.
    return (int(row[0].split(":")[-2]), row[1]) if row else None


def test_a_machine_that_dies_in_a_sweep_loses_its_lease_and_nothing_else(postgres_url: str) -> None:
    """Killed with -9 in the midst of a call: the lease ends within half a minute, and the other judges all, once."""
    with district(postgres_url) as pair:
        # Longer than this test lasts: the call never comes back.
        slow = pair.sandbox.add_fault("latency", 1, "/form/*/submissions", seconds=300.0)
        ids = [_submitted(pair, machine, None) for machine in pair.machines for _ in range(10)]
        ids.append(_submitted(pair, *pair.machines))
        until(lambda: slow.times == 0, what="a machine's call is under way")
        keeper = _keeper(pair)
        assert keeper is not None
        pid, lease_until = keeper
        dead = next(machine for machine in pair.machines if pid in machine.pids())
        alive = next(machine for machine in pair.machines if machine is not dead)
        dead.kill()

        assert lease_until - time.time() <= 30
        assert pair.verdicts() == {}
        last = _submitted(pair, alive, alive)
        kept = _keeper(pair)
        assert kept is not None
        assert kept[0] == pid
        pair.row(b"UPDATE lease SET until = 0 RETURNING 1")
        until(lambda: _judged(pair, *ids, last), what="the other machine judges all")

        assert pair.verdicts() == dict.fromkeys([*ids, last], Verdict.VERIFIED)
        (state,) = pair.parts.store.form_states()
        assert state.settled == len(ids) + 1
        assert {grant.used for grant in pair.parts.store.grants()} == {1}
        # The call that nobody waits for any more counts as made; JotForm may not have counted it.
        assert pair.parts.quota.usage().used - pair.sandbox.calls in (0, 1)
