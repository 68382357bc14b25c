"""The contract about many processes at once: every count is exact, and nobody sees an error."""

from __future__ import annotations

import multiprocessing
import random
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.context import ForkServerContext
from typing import Any

import pytest

import jotgate.throttle
from jotgate.clock import SystemClock
from jotgate.errors import QuotaExhausted
from jotgate.outcomes import Admit, Reason, Verdict
from jotgate.protocols import AppKeyState, SubmissionFilter
from jotgate.quota import Quota, Usage
from jotgate.stores import Store
from tests.stores.contract.material import (
    APP,
    FORM_ID,
    FORMS,
    T0,
    Contract,
    Opener,
    admitted,
    app_grant,
    app_key,
    grant,
    guesser,
    opening,
    places,
    register,
    sent_in,
    token,
)
from tests.stores.contract.sweeping import state_of

#: A loaded machine needs a while for what sixteen processes do; only one that hangs needs longer.
_PATIENCE_SECONDS = 600.0


class RacesContract(Contract):
    """What a store promises however many processes share it."""

    @pytest.mark.parametrize(("processes", "codes"), [(6, 40), pytest.param(16, 300, marks=pytest.mark.slow)])
    def test_processes_race_for_single_use_codes(
        self, store: Store, opener: Opener, processes: int, codes: int
    ) -> None:
        """Each code admits one browser and verifies one submission; the counters equal the ledger; no errors."""
        store.create_grants([grant(n) for n in range(codes)], T0)
        outcomes = together(opener, [partial(_open_all, browser=n, codes=codes) for n in range(processes)])
        admits = [admit for outcome in outcomes for admit in outcome if isinstance(admit, Admit)]
        reasons = Counter(one for outcome in outcomes for one in outcome if isinstance(one, Reason))
        assert len(admits) == len({admit.ticket_id for admit in admits}) == codes
        late = (processes - 1) * codes
        assert reasons == {Reason.OPEN_ELSEWHERE: late}

        tickets = [admit.ticket_id for admit in admits]
        works = [partial(_settle_all, settler=n, tickets=tickets) for n in range(processes)]
        verdicts = sum(map(Counter, together(opener, works)), Counter())
        assert verdicts == {Verdict.VERIFIED: codes, Verdict.REPLAYED: late}
        assert all(kept.used == 1 for kept in store.grants())
        verified = SubmissionFilter(verdicts=(Verdict.VERIFIED,))
        assert len(list(store.submissions(verified))) == places(store) == codes

    def test_a_shared_code_is_honoured_exactly_as_often_as_it_says(
        self, store: Store, opener: Opener
    ) -> None:
        """Forty browsers open a code of 30 uses, and eight processes settle all of them: 30 are verified."""
        store.create_grants([grant("class", uses=30)], T0)
        tickets = [admitted(store, opening("class", browser=n)).ticket_id for n in range(40)]
        verdicts = together(opener, [partial(_settle_all, settler=0, tickets=tickets) for _ in range(8)])
        assert verdicts == [verdicts[0]] * 8
        assert Counter(verdicts[0]) == {Verdict.VERIFIED: 30, Verdict.OVER_LIMIT: 10}
        assert next(store.grants()).used == places(store) == 30

    def test_batches_that_overlap_take_no_use_twice(self, store: Store, opener: Opener) -> None:
        """Eight processes settle the same forty submissions of a code of 30 uses, each in batches of its own order."""
        store.create_grants([grant("class", uses=30)], T0)
        tickets = [admitted(store, opening("class", browser=n)).ticket_id for n in range(40)]
        settled = together(opener, [partial(_settle_in_batches, order=n, tickets=tickets) for n in range(8)])
        assert settled == [settled[0]] * 8
        assert Counter(settled[0].values()) == {Verdict.VERIFIED: 30, Verdict.OVER_LIMIT: 10}
        assert next(store.grants()).used == places(store) == 30

    def test_a_single_use_code_in_k_browsers_verifies_once(self, store: Store, opener: Opener) -> None:
        """All of them move the ticket to and fro, and all submit: it is one ticket, honoured once."""
        store.create_grants([grant("code")], T0)
        moved = together(opener, [partial(_move_here, browser=n) for n in range(8)])
        assert len(set(moved)) == 1
        verdicts = together(opener, [partial(_settle_all, settler=n, tickets=moved[:1]) for n in range(8)])
        assert sorted(one.value for [one] in verdicts) == ["replayed"] * 7 + ["verified"]

    def test_200_replays_of_one_token_open_one_form(self, store: Store, opener: Opener) -> None:
        """Eight processes show it 25 times each: one pass, 199 tries refused and counted, one use of the key."""
        register(store)
        outcomes = together(opener, [partial(_replay, process=n, tries=25) for n in range(8)])
        answers = [answer for outcome in outcomes for answer in outcome]
        assert sum(isinstance(answer, Admit) for answer in answers) == 1
        assert answers.count(Reason.TOKEN_USED) == 199
        assert app_grant(store).foreign_tries == 199
        assert [kept.used for kept in store.app_keys()] == [1]

    def test_fresh_tokens_of_one_subject_share_a_ticket(self, store: Store, opener: Opener) -> None:
        """Eight processes redeem 25 each, signed with the next key: one ticket, one living pass, every use counted."""
        register(store)
        store.add_app_key(app_key("new", state=AppKeyState.NEXT), actor="owner")
        outcomes = together(opener, [partial(_redeem_fresh, process=n, tokens=25) for n in range(8)])
        admits = [admit for outcome in outcomes for admit in outcome]
        assert len(admits) == len({admit.pass_id for admit in admits}) == 200
        assert len({admit.ticket_id for admit in admits}) == 1
        assert len({admit.pass_id for admit in admits} - dict(store.revocations().passes).keys()) == 1
        assert {kept.state: kept.used for kept in store.app_keys()} == {
            AppKeyState.RETIRING: 0,
            AppKeyState.ACTIVE: 200,
        }

    def test_an_app_that_is_revoked_meanwhile_leaves_no_pass_behind(
        self, store: Store, opener: Opener
    ) -> None:
        """While seven processes redeem, one revokes: every pass that anybody got ends, and nobody sees an error."""
        register(store)
        works = [partial(_redeem_until_refused, process=n) for n in range(7)]
        outcomes = together(opener, [*works, _revoke_in_the_middle])
        passes = {pass_id for outcome in outcomes[:7] for pass_id in outcome}
        assert len(passes) >= 30
        assert passes <= dict(store.revocations().passes).keys()

    def test_parallel_wrong_tries_are_counted_exactly(self, store: Store, opener: Opener) -> None:
        """Of 100 tries over four processes, 60 are free, one takes the slowed turn, and the rest wait."""
        outcomes = together(opener, [partial(_guess, process=n, tries=25) for n in range(4)])
        assert sum(map(Counter, outcomes), Counter()) == {Reason.UNKNOWN_CODE: 61, Reason.THROTTLED: 39}

    def test_usage_changes_are_never_lost(self, store: Store, opener: Opener) -> None:
        """Four processes take 50 calls each: 200 are taken."""
        together(opener, [partial(_take_calls, calls=50)] * 4)
        usage = store.usage("account")
        assert usage is not None
        assert usage.used == 200

    def test_processes_share_one_allowance(self, store: Store, opener: Opener) -> None:
        """Of 120 wishes from four processes exactly the 90 are granted that are not the operator's."""
        granted = together(opener, [partial(_wish, wishes=30)] * 4)
        usage = store.usage("account")
        assert usage is not None
        assert sum(granted) == usage.used == 90

    def test_deliveries_from_many_processes_all_count(self, store: Store, opener: Opener) -> None:
        """Four processes note 50 each: the form's number has risen by 200."""
        together(opener, [partial(_deliver, deliveries=50)] * 4)
        assert state_of(store).due_seq == 200

    def test_one_of_many_processes_gets_the_lease(self, store: Store, opener: Opener) -> None:
        """The others are told no."""
        taken = together(opener, [partial(_lease, holder=str(n)) for n in range(4)])
        assert Counter(taken) == {True: 1, False: 3}

    def test_processes_that_start_together_all_find_the_store_ready(self, opener: Opener) -> None:
        """The schema is made once, by whichever comes first."""
        assert together(opener, [_count] * 4) == [{}] * 4


def together(opener: Opener, works: Sequence[Callable[[Store], Any]], *, prepared: bool = True) -> list[Any]:
    """Run each of *works* in a process of its own with a store of its own, all at once; return their answers."""
    context = processes_from_a_server()
    barrier = context.Barrier(len(works))
    pipes = [context.Pipe(duplex=False) for _ in works]
    processes = [
        context.Process(target=_child, args=(opener, work, prepared, barrier, writer), daemon=True)
        for work, (_, writer) in zip(works, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    for _, writer in pipes:
        writer.close()
    answers = [_received(reader) for reader, _ in pipes]
    for process in processes:
        process.join(_PATIENCE_SECONDS)
        process.close()
    return answers


def processes_from_a_server() -> ForkServerContext:
    """Return how to start processes that inherit nothing but loaded modules, quickly."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "tests.stores.contract", "jotgate.wsgi"])
    return context


def _received(reader: Any) -> Any:
    with reader:
        assert reader.poll(_PATIENCE_SECONDS), "a process gave no answer"
        answer, problem = reader.recv()
    assert problem is None, problem
    return answer


def _child(opener: Opener, work: Callable[[Store], Any], prepared: bool, barrier: Any, writer: Any) -> None:
    try:
        store = opener()
        barrier.wait(_PATIENCE_SECONDS)
        if prepared:
            store.prepare(FORMS, T0)
        answer = work(store)
        store.close()
    except BaseException:
        writer.send((None, traceback.format_exc()))
    else:
        writer.send((answer, None))
    writer.close()


def _open_all(store: Store, *, browser: int, codes: int) -> list[Admit | Reason]:
    decisions = [store.open_ticket(opening(n, browser=browser)) for n in range(codes)]
    return [one if isinstance(one, Admit) else one.reason for one in decisions]


def _settle_all(store: Store, *, settler: int, tickets: Sequence[bytes]) -> list[Verdict]:
    candidates = [sent_in(1000 * settler + n, ticket) for n, ticket in enumerate(tickets, 1)]
    return [one.verdict for at in candidates for one in store.settle([at], capacity=None, now=T0)]


def _replay(store: Store, *, process: int, tries: int) -> list[Admit | Reason]:
    decisions = [store.redeem_token(token("t", browser=f"{process} {n}")) for n in range(tries)]
    return [one if isinstance(one, Admit) else one.reason for one in decisions]


def _redeem_fresh(store: Store, *, process: int, tokens: int) -> list[Admit]:
    return [admitted(store, token(signed_by="new", browser=f"{process} {n}")) for n in range(tokens)]


def _redeem_until_refused(store: Store, *, process: int) -> list[bytes]:
    passes: list[bytes] = []
    while True:
        decision = store.redeem_token(token(subject=f"{process} {len(passes)}", browser=process))
        if not isinstance(decision, Admit):
            assert decision.reason in (Reason.BAD_TOKEN, Reason.REVOKED)
            return passes
        passes.append(decision.pass_id)


def _revoke_in_the_middle(store: Store) -> None:
    while sum(kept.used for kept in store.app_keys()) < 30:
        pass
    assert store.revoke_app(APP, now=T0, actor="owner")


def _settle_in_batches(store: Store, *, order: int, tickets: Sequence[bytes]) -> dict[str, Verdict]:
    candidates = [sent_in(n, ticket) for n, ticket in enumerate(tickets, 1)]
    random.Random(order).shuffle(candidates)
    batches = [candidates[at : at + 7] for at in range(0, len(candidates), 7)]
    settled = [one for batch in batches for one in store.settle(batch, capacity=None, now=T0)]
    return {one.submission_id: one.verdict for one in settled}


def _move_here(store: Store, *, browser: int) -> bytes:
    # In this process of its own: the code is opened far more often than it is free.
    jotgate.throttle.SPARE_OPENINGS = 10**6
    return [admitted(store, opening("code", browser=browser, move=True)).ticket_id for _ in range(20)][-1]


def _guess(store: Store, *, process: int, tries: int) -> list[Reason]:
    store.guesses.clock = lambda: T0
    who = guesser(age=0.0)
    decisions = [store.open_ticket(opening(f"wrong {process} {n}", guesser=who)) for n in range(tries)]
    return [one.reason for one in decisions if not isinstance(one, Admit)]


def _take_calls(store: Store, *, calls: int) -> None:
    def one_more(before: Usage | None) -> tuple[Usage, None]:
        usage = before or Usage(day="2026-09-21", limit=1000, configured=1000)
        return replace(usage, used=usage.used + 1), None

    for _ in range(calls):
        store.change_usage("account", one_more)


def _wish(store: Store, *, wishes: int) -> int:
    quota = Quota(store, account="account", limit=100, clock=SystemClock())
    return sum(_is_granted(quota) for _ in range(wishes))


def _is_granted(quota: Quota) -> bool:
    try:
        quota.take()
    except QuotaExhausted:
        return False
    return True


def _deliver(store: Store, *, deliveries: int) -> None:
    for _ in range(deliveries):
        assert store.note_delivery(FORM_ID, T0)


def _lease(store: Store, *, holder: str) -> bool:
    return store.take_lease(holder, now=T0, seconds=60)


def _count(store: Store) -> dict[str, dict[str, int]]:
    return store.counts()
