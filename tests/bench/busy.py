"""Stores kept busy by several processes at once: how much they do in a second, who waits, and what it costs."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from tests.bench.measuring import Size, middle_quotient, print_table

#: What a process does with one thing, such as a code; True if it went well.
Work = Callable[[Any], bool]


class Worker(Protocol):
    """A store, and what its users do with it."""

    #: How many codes each operation is about.
    codes_each: int
    #: Codes made for each second that the store is kept busy; a quicker row stops a little earlier.
    codes_a_second: int

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the store at that address with *count* codes, and return what the operations are about."""
        ...

    def open(self, store: str) -> Work:
        """Return what a process does."""
        ...


class Site(Protocol):
    """Where stores are made."""

    def new(self) -> AbstractContextManager[str]:
        """Give the address of a new store, which is gone at the end."""
        ...

    def server_seconds(self, store: str) -> float | None:
        """Return the processor time that servers have spent on those connected to *store*; None: it cannot be known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """What the processes did in one repetition."""

    per_second: float
    middle_us: float
    worst_seconds: float
    #: Processor time for each code, of the processes and of the server; None: it cannot be known.
    processor_us: float | None


@dataclass(frozen=True, slots=True)
class _Shift:
    """What one process did."""

    operations: int
    seconds: float
    middle_us: float
    worst_seconds: float
    processor_seconds: float


#: By the row's name and the number of processes: what each repetition gave.
Found = dict[tuple[str, int], list[Busy]]


def keep_busy(workers: Mapping[str, Worker], site: Site, size: Size, title: str) -> Found:
    """Keep the store of each worker busy in turn, each time a new one; print the figures and return them."""
    found: Found = {(name, processes): [] for processes in size.processes for name in workers}
    for number in range(size.repetitions):
        for name, processes in found if number % 2 == 0 else reversed(found):
            with site.new() as store:
                busy = _one_shift(workers[name], store, site, processes, size.busy_seconds)
            found[name, processes].append(busy)
    lines = [[name, str(processes), *_cells(runs)] for (name, processes), runs in found.items()]
    headings = ("row", "processes", "a second", "median us", "worst ms", "processor us")
    print_table(title, headings, lines)
    return found


def rates_to(found: Found, name: str, raws: Sequence[str], size: Size) -> list[float]:
    """Return how much of the best of *raws* is left, for each number of processes."""
    ratios = []
    for processes in size.processes:
        beside = zip(*(found[raw, processes] for raw in raws), strict=True)
        best = [max(one.per_second for one in some) for some in beside]
        ratios.append(middle_quotient([one.per_second for one in found[name, processes]], best))
    return ratios


def _cells(runs: Sequence[Busy]) -> list[str]:
    per_second = statistics.median(run.per_second for run in runs)
    middle = statistics.median(run.middle_us for run in runs)
    worst = max(run.worst_seconds for run in runs)
    known = [run.processor_us for run in runs if run.processor_us is not None]
    processor = f"{statistics.median(known):.0f}" if known else "not known"
    return [f"{per_second:,.0f}", f"{middle:.0f}", f"{worst * 1000:.0f}", processor]


def _one_shift(worker: Worker, store: str, site: Site, processes: int, seconds: float) -> Busy:
    """Let *processes* work for some seconds, each on its own share, as fast as they can."""
    share = int(worker.codes_a_second * seconds / processes / worker.codes_each) + 50 // worker.codes_each + 2
    things = worker.fill(store, share * processes * worker.codes_each)
    context = multiprocessing.get_context("fork")
    together, answers = context.Barrier(processes + 1), context.SimpleQueue()

    def work(mine: Sequence[Any]) -> None:
        try:
            do = worker.open(store)
            # The first one connects, prepares statements and fills caches.
            assert do(mine[0]), "a good code was not honoured"
            together.wait()
            together.wait()
            answers.put(_worked_off(do, mine[1:], seconds))
            together.wait()
            together.wait()
        except BaseException:
            together.abort()
            raise

    started = [
        context.Process(target=work, args=(things[number * share : (number + 1) * share],))
        for number in range(processes)
    ]
    for process in started:
        process.start()
    together.wait()
    before = site.server_seconds(store)
    together.wait()
    together.wait()
    after = site.server_seconds(store)
    together.wait()
    shifts: list[_Shift] = [answers.get() for _ in started]
    for process in started:
        process.join()
    return _busy(shifts, worker.codes_each, None if before is None or after is None else after - before)


def _worked_off(do: Work, things: Sequence[Any], seconds: float) -> _Shift:
    """Work off one thing after the other until the time or the things are over."""
    waits = []
    spent_before = time.process_time()
    end = time.perf_counter() + seconds
    for thing in things:
        began = time.perf_counter()
        assert do(thing), "a good code was not honoured"
        now = time.perf_counter()
        waits.append(now - began)
        if now >= end:
            break
    spent = time.process_time() - spent_before
    return _Shift(len(waits), sum(waits), statistics.median(waits) * 1e6, max(waits), spent)


def _busy(shifts: Sequence[_Shift], codes_each: int, server_seconds: float | None) -> Busy:
    codes = sum(shift.operations for shift in shifts) * codes_each
    spent = sum(shift.processor_seconds for shift in shifts)
    return Busy(
        per_second=sum(shift.operations / shift.seconds for shift in shifts) * codes_each,
        middle_us=statistics.median(shift.middle_us for shift in shifts),
        worst_seconds=max(shift.worst_seconds for shift in shifts),
        processor_us=None if server_seconds is None else (spent + server_seconds) / codes * 1e6,
    )
