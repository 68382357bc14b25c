"""Callbacks: told at least once, in order, by one process at a time; who fails is tried again, for days at most."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest
import standardwebhooks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jotgate.answers import Kept
from jotgate.errors import InputError
from jotgate.outcomes import Cause, ToldField, Verdict, VerdictEvent
from jotgate.policy import FormPolicy
from jotgate.protocols import SubmissionRecord
from jotgate.signed.keyring import CodeKeys
from jotgate.stores import Store, open_store
from jotgate.telling import webhooks
from jotgate.telling.callbacks import CLAIM_SECONDS, PAUSES_SECONDS, Callbacks, name_of, pause_seconds
from jotgate.telling.webhooks import secret_text
from tests.receiver import Receiver, receiving
from tests.stores.contract.material import FORM, FORMS, T0, sent_in, settled
from tests.sweeping.school import Ticking, school

CODE_KEY = b"a code key of thirty-two bytes..."
POLICIES = {FORM: FormPolicy(form=FORM, form_id=FORMS[FORM], title="Students", tell_fields=("name",))}


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Return an empty store of either kind, with two forms."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/store.db"
    if request.param == "postgres":
        url = request.getfixturevalue("empty_postgres_store_url")
    opened = open_store(url)
    opened.prepare(FORMS, T0)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Ticking:
    """Return a clock that stands until it is told."""
    return Ticking(T0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver on this machine."""
    with receiving() as running:
        yield running


def process(store: Store, clock: Ticking) -> Callbacks:
    """Return the callbacks as a process of their own has them."""
    return Callbacks(POLICIES, store=store, code_keys=CodeKeys([CODE_KEY]), clock=clock)


def judge(store: Store, *submission_ids: int, now: float = T0) -> None:
    """Give submissions a verdict."""
    settled(store, *(sent_in(one, None) for one in submission_ids), now=now)


def told_ids(receiver: Receiver) -> list[str]:
    """Return the submissions that the receiver was told of, in order."""
    return [json.loads(one.body)["data"]["submission_id"] for one in receiver.sent]


class TestFunctions:
    """Functions of the site."""

    def test_it_is_called_with_every_verdict_from_its_registration_on(
        self, store: Store, clock: Ticking
    ) -> None:
        """Once, when nothing goes wrong, with all there is to know."""
        told: list[VerdictEvent] = []
        site = process(store, clock)
        judge(store, 1)
        site.on_verdict(told.append, name="told")
        site.register()
        judge(store, 2, 3)
        assert site.deliver() == 2
        assert site.deliver() == 0
        assert [(one.submission_id, one.verdict, one.form) for one in told] == [
            ("2", Verdict.UNTICKETED, FORM),
            ("3", Verdict.UNTICKETED, FORM),
        ]

    @pytest.mark.parametrize("kind", [ValueError, SystemExit])
    def test_an_exception_is_logged_and_the_call_tried_again(
        self, store: Store, clock: Ticking, caplog: pytest.LogCaptureFixture, kind: type[BaseException]
    ) -> None:
        """Later, under the same id; others are told meanwhile, and the store keeps no word of the exception."""
        seen: list[VerdictEvent] = []

        def fragile(event: VerdictEvent) -> None:
            seen.append(event)
            if event.submission_id == "1" and len(seen) < 3:
                raise kind("a secret of the site")

        site = process(store, clock)
        site.on_verdict(fragile)
        site.register()
        judge(store, 1, 2)
        with caplog.at_level(logging.WARNING, "jotgate.callbacks"):
            assert site.deliver() == 1
        assert [record.message for record in caplog.records] == ["callback.raised", "callback.failed"]
        assert site.deliver() == 0
        clock.at += PAUSES_SECONDS[0] * 1.1
        assert site.deliver() == 1
        assert [one.submission_id for one in seen] == ["1", "2", "1"]
        assert seen[0] == seen[2]

    def test_after_three_days_it_is_given_up_and_can_be_replayed(self, store: Store, clock: Ticking) -> None:
        """Ten tries; then it stands among the dead, with the reason and in the ledger's words."""
        calls = []

        def broken(event: VerdictEvent) -> None:
            calls.append(clock.at)
            if len(calls) <= len(PAUSES_SECONDS) + 1:
                raise ValueError

        site = process(store, clock)
        site.on_verdict(broken, name="broken")
        site.register()
        judge(store, 1)
        while not list(store.dead_notices()):
            assert len(calls) <= len(PAUSES_SECONDS)
            site.deliver()
            clock.at += 300
        assert len(calls) == 10
        assert 2.7 * 86_400 < calls[-1] - T0 < 3.6 * 86_400
        [dead] = store.dead_notices()
        assert dead.last_error == "it raised ValueError"
        clock.at += 30 * 86_400
        assert site.deliver() == 0
        assert store.replay_notices(consumer="broken", message_id=None, now=clock.at) == 1
        assert site.deliver() == 1
        assert store.backlogs() == {}

    def test_a_function_of_another_process_is_left_to_it(self, store: Store, clock: Ticking) -> None:
        """Who does not have it tells nothing, and takes nothing away."""
        told: list[VerdictEvent] = []
        site, other = process(store, clock), process(store, clock)
        site.on_verdict(told.append, name="told")
        site.register()
        judge(store, 1)
        assert other.deliver() == 0
        assert site.deliver() == 1

    def test_who_dies_while_telling_tells_it_once_more(self, store: Store, clock: Ticking) -> None:
        """After its claim is over, by whoever comes next, under the same id."""

        class Dead(BaseException):
            pass

        told: list[VerdictEvent] = []

        def dying(event: VerdictEvent) -> None:
            told.append(event)
            raise Dead

        first, second = process(store, clock), process(store, clock)
        first.on_verdict(dying, name="told")
        second.on_verdict(told.append, name="told")
        first.register()
        judge(store, 1)
        with pytest.raises(Dead):
            first.deliver()
        assert second.deliver() == 0
        clock.at += CLAIM_SECONDS
        assert second.deliver() == 1
        assert told[0] == told[1]

    def test_an_answer_that_the_settings_list_no_more_is_not_told(self, store: Store, clock: Ticking) -> None:
        """Nor are those on a form that they have no more, although the notice was written while they did."""
        told: list[VerdictEvent] = []
        site = process(store, clock)
        site.on_verdict(told.append, name="told")
        site.register()
        name, document = ToldField(text="Ada"), ToldField(text="AB 12")
        kept = Kept(digest=bytes(16), told={"document": document, "name": name})
        settled(store, *(replace(sent_in(number, None), kept=kept) for number in (1, 2)), now=T0)
        store.rule("1", accept=True, actor="k", reason="r", now=T0)
        assert site.deliver() == 3
        assert [(one.cause, one.fields) for one in told] == [
            (Cause.JUDGED, {}),
            (Cause.JUDGED, {}),
            (Cause.ACCEPTED, {"name": name}),
        ]
        assert "Ada" not in repr(told)
        store.rule("2", accept=True, actor="k", reason="r", now=T0)
        other = Callbacks({}, store=store, code_keys=CodeKeys([CODE_KEY]), clock=clock)
        other.on_verdict(told.append, name="told")
        assert other.deliver() == 1
        assert told[-1].fields == {}

    def test_names(self, store: Store, clock: Ticking) -> None:
        """Module and qualified name; what has none, or one that cannot be used, is refused."""
        assert name_of(judge) == f"{__name__}.judge"
        site = process(store, clock)
        for bad in ("", "wh_1", "two\nlines", "x" * 201):
            with pytest.raises(InputError):
                site.on_verdict(judge, name=bad)
        with pytest.raises(InputError):
            site.on_verdict(lambda event: None)

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        max_examples=max(25, settings().max_examples // 25),
    )
    @given(
        plays=st.lists(st.tuples(st.sampled_from("jard"), st.integers(1, 3)), min_size=1, max_size=30),
        failures=st.lists(st.booleans(), max_size=60),
    )
    def test_one_submission_s_verdicts_come_in_order(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        plays: list[tuple[str, int]],
        failures: list[bool],
    ) -> None:
        """Whatever fails and whoever tells: each verdict at least once, none before an earlier one was taken."""
        clock = Ticking(T0)
        store = open_store(f"sqlite:///{tmp_path_factory.mktemp('order')}/store.db")
        store.prepare(FORMS, T0)
        taken: dict[str, list[float]] = defaultdict(list)

        def hear(event: VerdictEvent) -> None:
            if failures and failures.pop():
                raise ConnectionError
            taken[event.submission_id].append(event.judged_at)

        sites = [process(store, clock) for _ in range(2)]
        for site in sites:
            site.on_verdict(hear, name="hear")
            site.register()
        given_at: dict[str, list[float]] = defaultdict(list)
        for what, number in plays:
            clock.at += 60
            if what == "d":
                sites[number % 2].deliver()
            elif _changed(store, what, number, clock.at):
                given_at[str(number)].append(clock.at)
        while "hear" in store.backlogs():
            clock.at += 86_400
            store.replay_notices(consumer="hear", message_id=None, now=clock.at)
            sites[0].deliver()
        assert taken == given_at
        store.close()


def _changed(store: Store, what: str, number: int, now: float) -> bool:
    """Judge, accept or reject a submission; say whether its verdict changed."""
    if what == "j":
        return settled(store, sent_in(number, None), now=now)[0].fresh
    ruled = store.rule(str(number), accept=what == "a", actor="k", reason="r", now=now)
    return isinstance(ruled, SubmissionRecord)


class TestWebhooks:
    """Addresses of other sites."""

    def test_a_receiver_gets_each_verdict_signed(
        self, store: Store, clock: Ticking, receiver: Receiver
    ) -> None:
        """With a secret that no store holds, under an id that stays; the convention's own library verifies it."""
        site = process(store, clock)
        consumer, secret = site.create_webhook(receiver.url + "/hook", forms=None, private=False, actor="k")
        judge(store, 1)
        receiver.statuses = [500]
        assert site.deliver() == 0
        clock.at += 10
        assert process(store, clock).deliver() == 1
        first, second = receiver.sent
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert int(second.headers["webhook-timestamp"]) == int(clock.at)
        hook = standardwebhooks.Webhook(secret)
        moment = dt.datetime.fromtimestamp(int(clock.at), dt.timezone.utc)
        said = hook.sign(second.headers["webhook-id"], moment, second.body.decode())
        assert said == second.headers["webhook-signature"]
        key = CodeKeys([CODE_KEY]).derive(consumer.code_key or "", "webhook", consumer.consumer)
        assert key is not None
        assert secret == secret_text(key)
        assert secret not in repr(store.consumers())

    def test_a_receiver_that_is_down_is_asked_once_for_all(
        self, store: Store, clock: Ticking, receiver: Receiver
    ) -> None:
        """However much waits; each rest is longer than the one before, and then it gets everything, in order."""
        site = process(store, clock)
        site.create_webhook(receiver.url, forms=None, private=False, actor="k")
        judge(store, *range(1, 31))
        receiver.status = 503
        site.deliver()
        site.deliver()
        assert len(receiver.sent) == 1
        began = clock.at
        while clock.at < began + 3600:
            clock.at += 1
            site.deliver()
        assert len(receiver.sent) < 20
        receiver.status = 200
        receiver.sent.clear()
        clock.at += 8_000
        while site.deliver():
            pass
        assert sorted(told_ids(receiver), key=int) == [str(n) for n in range(1, 31)]
        assert store.backlogs() == {}

    def test_a_receiver_that_came_back_has_all_its_patience_again(
        self, store: Store, clock: Ticking, receiver: Receiver
    ) -> None:
        """After one success, the next failure costs the first rest of five seconds, not the doubled one."""
        site = process(store, clock)
        site.create_webhook(receiver.url, forms=None, private=False, actor="k")
        judge(store, 1)
        receiver.status = 503
        for _ in range(4):
            site.deliver()
            clock.at += 400
        receiver.status = 200
        clock.at += 8_000
        assert site.deliver() == 1
        [consumer] = store.consumers()
        assert (consumer.tries, consumer.next_try_at, consumer.last_error) == (0, 0.0, None)
        judge(store, 2, now=clock.at)
        receiver.statuses = [503]
        assert site.deliver() == 0
        [consumer] = store.consumers()
        assert consumer.next_try_at == clock.at + 5.0

    def test_what_one_message_is_refused_for_holds_up_no_other(
        self, store: Store, clock: Ticking, receiver: Receiver
    ) -> None:
        """A 422 is about the message."""
        site = process(store, clock)
        site.create_webhook(receiver.url, forms=None, private=False, actor="k")
        judge(store, 1, 2, 3)
        receiver.statuses = [422]
        assert site.deliver() == 2
        assert told_ids(receiver) == ["1", "2", "3"]

    def test_410_ends_it(self, store: Store, clock: Ticking, receiver: Receiver) -> None:
        """Nothing more is sent; what waited is dead, and replaying it takes the receiver up again."""
        site = process(store, clock)
        site.create_webhook(receiver.url, forms=None, private=False, actor="k")
        judge(store, 1, 2)
        receiver.statuses = [410]
        site.deliver()
        clock.at += 86_400
        assert site.deliver() == 0
        judge(store, 3, now=clock.at)
        assert len(receiver.sent) == 1
        assert [one.event.submission_id for one in store.dead_notices()] == ["1", "2"]
        store.replay_notices(consumer=None, message_id=None, now=clock.at)
        assert site.deliver() == 2

    def test_without_its_code_key_nothing_is_sent(
        self, store: Store, clock: Ticking, receiver: Receiver
    ) -> None:
        """The reason stands where an operator looks."""
        site = process(store, clock)
        site.create_webhook(receiver.url, forms=None, private=False, actor="k")
        judge(store, 1)
        other = Callbacks(POLICIES, store=store, code_keys=CodeKeys([CODE_KEY[::-1]]), clock=clock)
        assert other.deliver() == 0
        assert receiver.sent == []
        [consumer] = store.consumers()
        assert "code key" in (consumer.last_error or "")


class TestDeadlines:
    """How long one webhook may take."""

    @pytest.mark.parametrize(("given", "seconds"), [(None, 10.0), (3.0, 3.0), (60.0, 10.0)])
    def test_a_webhook_ends_with_the_turn_or_after_ten_seconds(
        self,
        store: Store,
        clock: Ticking,
        monkeypatch: pytest.MonkeyPatch,
        given: float | None,
        seconds: float,
    ) -> None:
        """Whatever waits for the turn to end, such as a visitor's request, waits no longer for a receiver."""
        ends: list[float] = []

        def post(*_: object, ends_at: float, **__: object) -> webhooks.Posted:
            ends.append(ends_at)
            return webhooks.Posted(204, None)

        monkeypatch.setattr("jotgate.telling.callbacks.monotonic", lambda: 1_000.0)
        monkeypatch.setattr("jotgate.telling.webhooks.post", post)
        site = process(store, clock)
        site.create_webhook("https://8.8.8.8/", forms=None, private=False, actor="k")
        judge(store, 1)
        assert site.deliver(deadline_seconds=given) == 1
        assert ends == [1_000.0 + seconds]


class TestSite:
    """The whole way."""

    def test_the_sweep_s_loop_tells_what_it_judged(self) -> None:
        """From a submission at JotForm to the site's function, by the thread that sweeps."""
        with school() as site:
            told: list[VerdictEvent] = []

            @site.parts.on_verdict
            def hear(event: VerdictEvent) -> None:
                told.append(event)
                site.parts.sweeper.stop()

            site.sweep()
            ticket = site.ticket()
            submission_id = site.submit(ticket=ticket)
            site.clock.at += 5
            site.parts.sweeper.loop()
            [event] = told
            assert (event.submission_id, event.verdict) == (submission_id, Verdict.VERIFIED)

    def test_what_a_person_wrote_comes_with_the_verdict(self, receiver: Receiver) -> None:
        """To the function and the webhook alike, without another call, also where a code names nobody."""
        with school(tell_fields=["name", "name[last]", "message"]) as site:
            told: list[VerdictEvent] = []
            site.parts.on_verdict(told.append, name="told")
            site.parts.callbacks.create_webhook(receiver.url, forms=None, private=False, actor="k")
            site.parts.callbacks.register()
            site.sweep()
            answers = {
                "name": {"first": "Ada", "last": "Byron"},
                "message": "m" * 300_000,
                "email": "a@b.example",
            }
            for one in (answers | {"jotgate": site.ticket()}, answers):
                site.sandbox.submit(site.forms["form-0"], one, webhook=False)
            site.parts.intake.take(site.forms["form-0"])
            site.clock.at += 5
            site.sweep()
            calls = site.parts.quota.usage().used
            while site.parts.callbacks.deliver():
                pass
            verified, bare = told
            name = ToldField(text="Ada Byron", parts={"first": "Ada", "last": "Byron"})
            message = ToldField(text="m" * 5_000, cut=True)
            wanted = {"name": name, "name[last]": ToldField(text="Byron"), "message": message}
            assert (verified.subject, verified.verdict, verified.fields) == (None, Verdict.VERIFIED, wanted)
            assert (bare.verdict, bare.fields) == (Verdict.UNTICKETED, {})
            said = [json.loads(one.body)["data"] for one in receiver.sent]
            assert said[0]["fields"]["name"] == {
                "text": "Ada Byron",
                "parts": {"first": "Ada", "last": "Byron"},
                "cut": False,
            }
            assert [len(one["fields"]) for one in said] == [3, 0]
            assert len(receiver.sent[0].body) < 6_000
            read = site.parts.standings.submission("form-0", verified.submission_id)
            assert read is not None
            assert (read.fields, read.verdict) == (wanted, Verdict.VERIFIED)
            assert site.parts.quota.usage().used == calls


def test_the_pauses_follow_the_convention() -> None:
    """Five seconds first, some three days in all, give or take a tenth; then nothing."""
    pauses = [pause_seconds(tries) for tries in range(1, 12)]
    assert pauses[len(PAUSES_SECONDS) :] == [None, None]
    for pause, wanted in zip(pauses, PAUSES_SECONDS, strict=False):
        assert pause is not None
        assert wanted * 0.9 <= pause <= wanted * 1.1
    assert 3 * 86_400 < sum(PAUSES_SECONDS) < 3.5 * 86_400
