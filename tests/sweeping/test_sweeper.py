"""Where the sweep runs: a thread where threads run, a request where they do not, and nowhere if another does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from jotgate.errors import ConfigError, StoreUnavailable
from jotgate.sweeping.sweep import Swept
from jotgate.sweeping.sweeper import REQUEST_DEADLINE_SECONDS, Sweeper


@dataclass
class Work:
    """The sweep and the callbacks, which only note that they were asked."""

    #: What was done, in order, with its deadline.
    done: list[tuple[str, float | None]] = field(default_factory=list)
    #: What the next sweeps raise, in turn.
    faults: list[Exception] = field(default_factory=list)
    #: Called by each sweep.
    then: Callable[[], object] = lambda: None
    #: Called while the callbacks are told.
    meanwhile: Callable[[], object] = lambda: None
    #: In how many seconds a form may be read that was read just before.
    soon: float | None = None

    def soon_due(self) -> float | None:
        """Say when the next form is due."""
        return self.soon

    def run(self, *, deadline_seconds: float | None = None) -> Swept:
        """Sweep."""
        self.done.append(("sweep", deadline_seconds))
        self.then()
        if self.faults:
            raise self.faults.pop(0)
        return Swept(forms=("students",))

    def register(self) -> None:
        """Make the callbacks known."""

    def deliver(self, *, deadline_seconds: float | None = None) -> int:
        """Tell the callbacks."""
        self.done.append(("tell", deadline_seconds))
        self.meanwhile()
        return 0


@dataclass
class Watch:
    """The clock that sweepers look at, and the threads that they start."""

    at: float = 1_000.0
    started: list[str] = field(default_factory=list)

    def monotonic(self) -> float:
        """Return the moment."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.at += seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return a clock that stands, and let no thread run."""
    made = Watch()

    class Thread:
        def __init__(self, *, target: object, name: str, daemon: bool) -> None:
            self._name = name

        def start(self) -> None:
            made.started.append(self._name)

    monkeypatch.setattr("jotgate.sweeping.sweeper.time", made)
    monkeypatch.setattr(threading, "Thread", Thread)
    return made


def sweeper(work: Work, mode: str, *chores: Any) -> Sweeper:
    """Return a sweeper of that mode."""
    return Sweeper(work, mode, work, chores)  # type: ignore[arg-type]


class TestRequests:
    """What a request does for the sweep."""

    def test_a_site_that_is_swept_from_outside_does_nothing(self, watch: Watch) -> None:
        """Whatever comes in."""
        work = Work()
        sweeper(work, "external").attend(sweep_now=True)
        assert (work.done, watch.started) == ([], [])

    def test_a_request_sweeps_at_most_once_in_two_seconds_and_within_three(self, watch: Watch) -> None:
        """Only those that may be held up do; the callbacks are told after the verdicts, within the same time."""
        work = Work()
        one = sweeper(work, "request")
        one.attend()
        assert work.done == []
        for _ in range(3):
            one.attend(sweep_now=True)
        turn = [("sweep", REQUEST_DEADLINE_SECONDS), ("tell", REQUEST_DEADLINE_SECONDS)]
        assert work.done == turn
        watch.at += 2.0
        one.attend(sweep_now=True)
        assert work.done == turn * 2
        assert watch.started == []

    def test_a_request_waits_for_a_form_that_was_read_just_before_and_seldom(self, watch: Watch) -> None:
        """Perhaps nobody comes by later; but a process that serves others waits for a tenth of its time at most."""
        work = Work(soon=1.5)
        one = sweeper(work, "request")
        began = watch.at
        for _ in range(40):
            one.attend(sweep_now=True)
            watch.at += 1.0
        assert watch.at - began - 40.0 <= 0.1 * (watch.at - began) + 1.5
        assert watch.at - began > 40.0
        work.done.clear()
        work.soon = None
        watch.at += 2.0
        one.attend(sweep_now=True)
        assert len(work.done) == 2

    @pytest.mark.parametrize("mode", ["auto", "thread", "request"])
    def test_a_process_that_ends_with_its_request_sweeps_in_it(self, watch: Watch, mode: str) -> None:
        """No thread would get anywhere (CGI); it waits each time, because it serves nobody else."""
        for soon, turns in ((None, 1), (1.5, 2), (1.5, 2)):
            work = Work(soon=soon)
            began = watch.at
            sweeper(work, mode).attend(sweep_now=True, once=True)
            assert [what for what, _ in work.done] == ["sweep", "tell"] * turns
            assert watch.at - began == (soon or 0.0)
        assert watch.started == []

    def test_a_thread_is_refused_where_threads_freeze(
        self, watch: Watch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The sentence says what to write instead; `auto` sweeps in requests there."""
        monkeypatch.setattr("jotgate.sweeping.sweeper.freezes_threads", lambda: True)
        with pytest.raises(
            ConfigError, match=r"sweeper: this server runs no threads: .*--enable-threads.*auto"
        ):
            sweeper(Work(), "thread")
        work = Work()
        sweeper(work, "auto").attend(sweep_now=True)
        assert (bool(work.done), watch.started) == (True, [])

    def test_the_first_request_starts_a_thread_and_a_fork_another(
        self, watch: Watch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One in each process; while it is heard of, no request does its work."""
        work = Work()
        one = sweeper(work, "auto")
        for _ in range(3):
            one.attend(sweep_now=True)
        assert watch.started == ["jotgate-sweep"]
        monkeypatch.setattr("os.getpid", lambda: -1)
        assert not one.thread_runs()
        one.attend(sweep_now=True)
        assert watch.started == ["jotgate-sweep"] * 2
        assert work.done == []

    @pytest.mark.parametrize(("mode", "sweeps"), [("auto", True), ("thread", False)])
    def test_where_the_thread_is_silent_requests_take_over(
        self, watch: Watch, mode: str, sweeps: bool
    ) -> None:
        """After ten seconds without a sign of it, unless the settings insist on the thread."""
        work = Work()
        one = sweeper(work, mode)
        one.attend(sweep_now=True)
        watch.at += 9.9
        one.attend(sweep_now=True)
        assert work.done == []
        watch.at += 0.2
        one.attend(sweep_now=True)
        assert bool(work.done) is sweeps

    @pytest.mark.parametrize("mode", ["auto", "request"])
    def test_a_callback_that_hangs_holds_up_one_thread(self, watch: Watch, mode: str) -> None:
        """Requests that come meanwhile sweep, and call no other that may hang: threads are left to serve."""
        work = Work()
        one = sweeper(work, mode)

        def wait() -> None:
            work.meanwhile = lambda: None
            for _ in range(2):
                watch.at += 20.0
                one.attend(sweep_now=True)

        work.meanwhile = wait
        one.attend(sweep_now=True)
        watch.at += 20.0
        one.attend(sweep_now=True)
        assert [what for what, _ in work.done][:4] == ["sweep", "tell", "sweep", "sweep"]
        work.done.clear()
        watch.at += 20.0
        one.attend(sweep_now=True)
        assert [what for what, _ in work.done] == ["sweep", "tell"]


def three_times(one: Sweeper, work: Work) -> Callable[[], None]:
    """Return what wakes the loop at once after its first two rounds, and stops it after the third."""
    return lambda: one.stop() if len(work.done) > 4 else one.wake()


class TestLoop:
    """What the thread does."""

    def test_it_sweeps_until_it_is_told_to_stop(self, watch: Watch) -> None:
        """Woken at once, it looks again at once; what it did is reported."""
        work, reports = Work(), []
        one = sweeper(work, "thread")
        work.then = three_times(one, work)
        one.loop(reports.append)
        assert [what for what, _ in work.done] == ["sweep", "tell"] * 3
        assert all(deadline is None for _, deadline in work.done)
        assert len(reports) == 3

    def test_a_fault_ends_nothing(self, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """Neither one that is known nor one that nobody foresaw: it is logged, and the next look tries again."""
        work = Work(faults=[StoreUnavailable("no store"), RuntimeError("a bug")])
        one = sweeper(work, "thread")
        work.then = three_times(one, work)
        one.loop()
        assert [what for what, _ in work.done] == ["sweep", "tell"] * 3
        assert "sweep.broke" in {record.message for record in caplog.records}

    def test_chores_come_once_a_minute_and_let_the_sweep_in_between(self, watch: Watch) -> None:
        """One that fails keeps no other from its turn."""
        work = Work()

        def broken(deadline: float | None, breathe: Callable[[], None]) -> None:
            raise RuntimeError("a bug")

        def long(deadline: float | None, breathe: Callable[[], None]) -> None:
            work.done.append(("chore", deadline))
            breathe()

        one = sweeper(work, "request", broken, long)
        in_turn = REQUEST_DEADLINE_SECONDS
        one.attend(sweep_now=True)
        watch.at += 59.0
        one.attend(sweep_now=True)
        watch.at += 2.0
        one.attend(sweep_now=True)
        once = [("sweep", in_turn), ("tell", in_turn)]
        chore = ("chore", in_turn)
        assert work.done == [*once, chore, *once, *once, chore]
        work.done.clear()
        work.then = one.stop
        other = sweeper(work, "thread", long)
        work.then = lambda: other.stop() if len(work.done) > 3 else None
        other.loop()
        assert [what for what, _ in work.done] == ["sweep", "tell", "chore", "sweep", "tell"]
