"""What a process knows of revoked passes: seconds old while the store is up, a minute when it is down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from jotgate.errors import StoreUnavailable
from jotgate.passes import Pass
from jotgate.protocols import Store
from jotgate.revocations import FRESH_SECONDS, HONOURED_SECONDS, Revocations
from jotgate.stores import open_store
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
    asked: list[float] = field(default_factory=list)

    def revocations(self, since: float) -> list[tuple[bytes, float]]:
        """Answer as the store would, if it is up."""
        self.asked.append(since)
        if self.down:
            raise StoreUnavailable("it is down")
        return self.store.revocations(since)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return a watch that stands still, as the module reads it."""
    watch = Watch(FrozenClock(T0))
    monkeypatch.setattr("jotgate.revocations.time.monotonic", lambda: watch.ticks)
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
