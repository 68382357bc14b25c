"""What a process knows of revoked passes: seconds old while the store is up, a minute when it is down."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

import jotgate.admission.revocations
from jotgate.admission.revocations import FRESH_SECONDS, HONOURED_SECONDS, Revocations
from jotgate.errors import StoreUnavailable
from jotgate.protocols import Revoked
from jotgate.signed.passes import Pass
from jotgate.stores import Store, open_store
from jotgate.testing import FrozenClock

T0 = 1_790_000_000.0
PASS_ID = bytes(range(16))


@dataclass
class Watch:
    """The machine's own watch, which no clock change moves, and the clock, which both processes see."""

    clock: FrozenClock
    ticks: float = 1000.0

    def advance(self, seconds: float) -> None:
        """Let time pass for both."""
        self.ticks += seconds
        self.clock.advance(seconds)


@dataclass
class Broken:
    """A store that is up, down, and up again on demand, and counts how often it was asked."""

    store: Store
    down: bool = False
    asked: list[int] = field(default_factory=list)
    #: How many passes each answer told.
    told: list[int] = field(default_factory=list)

    def revocations(self, since: int, *, most: int) -> Revoked:
        """Answer as the store would, if it is up."""
        self.asked.append(since)
        if self.down:
            raise StoreUnavailable("it is down")
        answer = self.store.revocations(since, most=most)
        self.told.append(len(answer.passes))
        return answer

    def is_revoked(self, pass_id: bytes) -> bool:
        """Answer as the store would, if it is up."""
        if self.down:
            raise StoreUnavailable("it is down")
        return self.store.is_revoked(pass_id)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return a watch that stands still, as the module reads it."""
    watch = Watch(FrozenClock(T0))
    monkeypatch.setattr("jotgate.admission.revocations.time.monotonic", lambda: watch.ticks)
    return watch


@pytest.fixture
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    """Return a store that can be broken."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/store.db")
    store.prepare({"students": "1"}, T0)
    yield Broken(store)
    store.close()


@pytest.fixture
def known(broken: Broken) -> Revocations:
    """Return what one process knows."""
    return Revocations(broken)  # type: ignore[arg-type]


def revoke(broken: Broken, now: float, pass_id: bytes = PASS_ID, lasts_seconds: float = 7200.0) -> None:
    """Revoke a pass in another process."""
    held = Pass(
        form="students", subject=None, pass_id=pass_id, ticket_id=bytes(16), expires_at=now + lasts_seconds
    )
    broken.store.leave(held, now)


def test_a_revoked_pass_is_refused_within_five_seconds(
    watch: Watch, broken: Broken, known: Revocations
) -> None:
    """Another process hears of it at its next look, and from then on for good."""
    assert not known.holds(PASS_ID, watch.clock.now())
    revoke(broken, watch.clock.now())
    watch.advance(FRESH_SECONDS)
    assert known.holds(PASS_ID, watch.clock.now())
    watch.advance(3600)
    assert known.holds(PASS_ID, watch.clock.now())


def test_within_five_seconds_the_store_is_asked_once(
    watch: Watch, broken: Broken, known: Revocations
) -> None:
    """However many requests there are."""
    for _ in range(1000):
        known.holds(PASS_ID, watch.clock.now())
        watch.advance(0.0049)
    assert len(broken.asked) == 1


def test_its_own_revocations_are_known_at_once(watch: Watch, known: Revocations) -> None:
    """The process that ended a pass does not honour it for five seconds more."""
    assert not known.holds(PASS_ID, watch.clock.now())
    known.add(PASS_ID, watch.clock.now() + 60)
    assert known.holds(PASS_ID, watch.clock.now())


def test_passes_are_honoured_for_a_minute_without_the_store(
    watch: Watch, broken: Broken, known: Revocations
) -> None:
    """What is known stays known; after the minute nothing is decided; when the store is back, all is well."""
    revoke(broken, watch.clock.now())
    assert known.holds(PASS_ID, watch.clock.now())
    broken.down = True
    watch.advance(HONOURED_SECONDS)
    assert known.holds(PASS_ID, watch.clock.now())
    assert not known.holds(bytes(16), watch.clock.now())
    watch.advance(1.1)
    with pytest.raises(StoreUnavailable):
        known.holds(bytes(16), watch.clock.now())
    broken.down = False
    assert not known.holds(bytes(16), watch.clock.now())


def test_a_store_that_is_down_is_asked_once_a_second(
    watch: Watch, broken: Broken, known: Revocations
) -> None:
    """Requests do not pile up before it."""
    known.holds(PASS_ID, watch.clock.now())
    broken.down = True
    for _ in range(100):
        watch.advance(0.1)
        known.holds(PASS_ID, watch.clock.now())
    assert len(broken.asked) <= 1 + 6


def test_nothing_is_honoured_before_the_store_was_read_once(
    watch: Watch, broken: Broken, known: Revocations
) -> None:
    """A process that starts while the store is down knows nothing, so it decides nothing."""
    broken.down = True
    with pytest.raises(StoreUnavailable):
        known.holds(PASS_ID, watch.clock.now())


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_clock_set_right_hides_no_revocation(
    watch: Watch, broken: Broken, known: Revocations, jump: float
) -> None:
    """Neither one from just before the jump, nor one from just after it."""
    before, after = b"b" * 16, b"a" * 16
    assert not known.holds(before, watch.clock.now())
    revoke(broken, watch.clock.now(), before)
    watch.clock.advance(jump)
    revoke(broken, watch.clock.now(), after)
    watch.advance(FRESH_SECONDS)
    assert known.holds(before, watch.clock.now())
    assert known.holds(after, watch.clock.now())


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_a_machine_whose_clock_is_off_hears_of_revocations(
    watch: Watch, broken: Broken, known: Revocations, ahead: float
) -> None:
    """An hour is none too much, and no pass comes to life again when the clock is set right."""
    assert not known.holds(PASS_ID, watch.clock.now() + ahead)
    watch.advance(60)
    revoke(broken, watch.clock.now(), lasts_seconds=1800)
    watch.advance(FRESH_SECONDS)
    assert known.holds(PASS_ID, watch.clock.now() + ahead)
    watch.advance(FRESH_SECONDS)
    assert known.holds(PASS_ID, watch.clock.now())


def test_what_is_long_over_is_forgotten(watch: Watch, broken: Broken, known: Revocations) -> None:
    """The snapshot does not grow for ever: passes that ended hours ago need no revocation."""
    known.add(PASS_ID, watch.clock.now() + 60)
    watch.advance(6 * 3600)
    assert not known.holds(PASS_ID, watch.clock.now())


def test_a_reading_asks_for_what_is_new(watch: Watch, broken: Broken, known: Revocations) -> None:
    """However many passes are revoked already, each is told to a process once."""
    for number in range(100):
        revoke(broken, watch.clock.now(), number.to_bytes(16, "big"))
    for _ in range(5):
        assert known.holds(bytes(16), watch.clock.now())
        watch.advance(FRESH_SECONDS)
    revoke(broken, watch.clock.now())
    assert known.holds(PASS_ID, watch.clock.now())
    assert broken.told == [100, 0, 0, 0, 0, 1]


class TestTooMany:
    """More passes are revoked than a process remembers."""

    MANY = 40

    @pytest.fixture(autouse=True)
    def _few_are_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jotgate.admission.revocations, "KEPT_PASSES", 10)

    def _revoke_many(self, broken: Broken, now: float) -> list[bytes]:
        ids = [number.to_bytes(16, "big") for number in range(self.MANY)]
        for one in ids:
            revoke(broken, now, one)
        return ids

    def test_each_revoked_pass_is_refused_and_no_other(
        self, watch: Watch, broken: Broken, known: Revocations
    ) -> None:
        """The store is asked about what is not remembered; no reading is larger, and no memory."""
        ids = self._revoke_many(broken, watch.clock.now())
        for _ in range(30):
            assert all(known.holds(one, watch.clock.now()) for one in ids)
            assert not known.holds(PASS_ID, watch.clock.now())
            watch.advance(FRESH_SECONDS)
        known.add(PASS_ID, watch.clock.now() + 60)
        assert len(known._ended) == 10
        assert max(broken.told) == 11
        assert len(broken.told) == 1

    def test_without_the_store_nothing_is_decided(
        self, watch: Watch, broken: Broken, known: Revocations
    ) -> None:
        """A pass that this process does not know to be revoked may be: it is not honoured."""
        self._revoke_many(broken, watch.clock.now())
        assert not known.holds(PASS_ID, watch.clock.now())
        broken.down = True
        with pytest.raises(StoreUnavailable):
            known.holds(PASS_ID, watch.clock.now())

    def test_once_they_have_ended_all_are_remembered_again(
        self, watch: Watch, broken: Broken, known: Revocations
    ) -> None:
        """The process notices by itself, and then honours passes without the store as before."""
        ids = self._revoke_many(broken, watch.clock.now())
        assert known.holds(ids[-1], watch.clock.now())
        watch.advance(10 * 86_400.0)
        with broken.store._write() as tx:
            tx.run("remove_old_revocations", before=watch.clock.now())
        assert not known.holds(PASS_ID, watch.clock.now())
        broken.down = True
        assert not known.holds(PASS_ID, watch.clock.now())


def test_threads_read_and_revoke_at_the_same_time(
    broken: Broken, known: Revocations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readings, looks and revocations of eight threads, each cut off in the midst by the next: no error, none lost."""
    now, rounds = 1_000_000.0, 1_500
    monkeypatch.setattr(jotgate.admission.revocations, "FRESH_SECONDS", 0.0)
    start = threading.Barrier(8)

    def work(thread: int) -> list[bytes]:
        start.wait()
        ids = [b"%08d%08d" % (thread, number) for number in range(rounds)]
        for number, one in enumerate(ids):
            known.add(one, now + 60 * (number % 600))
            known.holds(one, now)
        return ids

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            ids = [one for some in pool.map(work, range(8)) for one in some]
    finally:
        sys.setswitchinterval(before)
    assert all(known.holds(one, now) for one in ids)
