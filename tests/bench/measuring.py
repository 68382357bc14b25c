"""How the figures are taken, so that they hold on a machine that is slow, or busy with other things as well.

Every target is a ratio of two figures of one run. Every row of a table is timed in turn, round after round, the rows
in one order and then in the other. A row that stands on a baseline is timed between two halves of that baseline, and
what is quoted is the median, over the rounds, of the difference and of the quotient within each round: whatever slows
the machine down for a while slows down both sides. Calls are counted in processor time, since none of them waits for
anything.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    rounds: int
    #: How long one row is timed in one round.
    block_seconds: float
    #: Repetitions of what takes seconds by itself.
    repetitions: int
    #: How long a store is kept busy in one repetition.
    busy_seconds: float
    #: Codes in the smaller and in the larger store.
    codes: tuple[int, int]
    submissions: int
    processes: tuple[int, ...]


FULL = Size(
    rounds=21,
    block_seconds=0.03,
    repetitions=5,
    busy_seconds=1.0,
    codes=(10_000, 1_000_000),
    submissions=1_000,
    processes=(1, 2, 4),
)
#: Enough to see that everything runs; no figure of it means anything.
TINY = Size(
    rounds=1,
    block_seconds=0.0002,
    repetitions=1,
    busy_seconds=0.05,
    codes=(50, 100),
    submissions=20,
    processes=(1, 2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a figure is to be, as its ratio to another figure of the same run."""

    row: str
    #: The figure that it is a ratio to.
    beside: str
    #: What was measured; several if the row is about several sizes or numbers of processes.
    ratios: Sequence[float]
    #: What each is to be at most, or at least; one for all of them, or one each.
    limits: Sequence[float]
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Say whether every ratio is as it is to be."""
        limits = self.limits if len(self.limits) > 1 else [*self.limits] * len(self.ratios)
        pairs = zip(self.ratios, limits, strict=False)
        return all(ratio >= limit if self.at_least else ratio <= limit for ratio, limit in pairs)

    def cells(self) -> list[str]:
        """Return the target as it is printed under `TARGET_HEADINGS`."""
        ratios = " / ".join(f"{ratio:.2f}" for ratio in self.ratios)
        limits = " / ".join(f"{limit:g}" for limit in self.limits)
        sign = ">=" if self.at_least else "<="
        return [self.row, self.beside, ratios, f"{sign} {limits}", "yes" if self.met else "NO"]


TARGET_HEADINGS = ("what", "to which row of the same run", "ratio", "target", "met")


@dataclass(slots=True, kw_only=True)
class Row:
    """Something to be called over and over."""

    name: str
    call: Callable[[], object]
    #: The name of the row it is compared with.
    base: str | None = None
    calls: int = 1
    #: One figure for each round: microseconds a call, the same over the baseline, and their quotient.
    us: list[float] = field(default_factory=list)
    over_us: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Return how many times as much as its baseline it costs."""
        return statistics.median(self.ratios)

    def overhead_to(self, other: Row) -> float:
        """Return how many times as much it costs over its baseline as *other* costs over the same one."""
        return middle_quotient(self.over_us, other.over_us)

    def cells(self) -> list[str]:
        """Return the row as it is printed under `HEADINGS`."""
        over = f"{statistics.median(self.over_us):+.2f}" if self.over_us else ""
        ratio = f"{self.ratio:.2f}" if self.ratios else ""
        return [self.name, f"{statistics.median(self.us):.2f}", over, ratio]


HEADINGS = ("row", "us a call", "over its baseline", "ratio")


def measure(rows: Sequence[Row], size: Size) -> dict[str, Row]:
    """Time *rows* and return them by their names."""
    named = {row.name: row for row in rows}
    for row in rows:
        row.calls = _calls_that_fill(row.call, size.block_seconds)
    gc.collect()
    gc.freeze()
    for number in range(size.rounds):
        for row in rows if number % 2 == 0 else reversed(rows):
            _measure_once(row, named[row.base] if row.base else None)
    gc.unfreeze()
    return named


def middle_quotient(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """Return the median of the quotients of figures that were taken side by side."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def in_turn(what: Sequence[Callable[[], float]], repetitions: int) -> list[list[float]]:
    """Take each figure once in every repetition, in one order and then in the other; return the figures of each."""
    taken: list[list[float]] = [[] for _ in what]
    for number in range(repetitions):
        for place in range(len(what)) if number % 2 == 0 else reversed(range(len(what))):
            taken[place].append(what[place]())
    return taken


def laps(steps: Iterable[object]) -> list[float]:
    """Return how many milliseconds of this process's time each of *steps* took."""
    moments = [time.process_time_ns(), *(time.process_time_ns() for _ in steps)]
    return [(after - before) / 1e6 for before, after in pairwise(moments)]


def _measure_once(row: Row, base: Row | None) -> None:
    if base is None:
        row.us.append(_us_a_call(row.call, row.calls))
        return
    half = max(1, base.calls // 2)
    before = _us_a_call(base.call, half)
    us = _us_a_call(row.call, row.calls)
    beside = (before + _us_a_call(base.call, half)) / 2
    row.us.append(us)
    row.over_us.append(us - beside)
    row.ratios.append(us / beside)


def _calls_that_fill(call: Callable[[], object], seconds: float) -> int:
    """Find out how many calls take *seconds*, which warms them up as well."""
    calls = 1
    while True:
        us = _us_a_call(call, calls)
        if us * calls >= seconds * 1e6 / 2:
            return max(1, round(seconds * 1e6 / us))
        calls *= 2


def _us_a_call(call: Callable[[], object], calls: int) -> float:
    # The processor's time: what others do on the machine meanwhile is not ours.
    began = time.process_time_ns()
    for _ in range(calls):
        call()
    return (time.process_time_ns() - began) / calls / 1000


def print_table(title: str, headings: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown, the first column to the left and the others to the right."""
    lines = [list(line) for line in lines]
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print(f"\n### {title}\n")
    for cells in (headings, rule, *lines):
        first, *others = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print("|", " | ".join([first, *(one.strip().rjust(len(one)) for one in others)]), "|", flush=True)
