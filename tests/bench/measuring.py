"""How the figures are taken, so that they hold on a machine that is busy with other things as well.

Every row of a table is timed in turn, round after round, the rows in one order and then in the other. A row
that stands on a baseline is timed between two halves of that baseline, and what is quoted is the median, over
the rounds, of the difference and of the quotient within each round: whatever slows the machine down for a while
slows down both sides. Calls are counted in processor time, since none of them waits for anything.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


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


@dataclass(slots=True, kw_only=True)
class Row:
    """Something to be called over and over."""

    name: str
    call: Callable[[], object]
    #: The name of the row it is compared with.
    base: str | None = None
    #: The most that it may cost over its baseline, or as a whole, in microseconds.
    most_over_us: float | None = None
    most_us: float | None = None
    calls: int = 1
    #: One figure for each round: microseconds a call, the same over the baseline, and their quotient.
    us: list[float] = field(default_factory=list)
    over_us: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)

    @property
    def met(self) -> bool | None:
        """Say whether the target is met; None if there is none."""
        if self.most_over_us is not None:
            return statistics.median(self.over_us) <= self.most_over_us
        if self.most_us is not None:
            return statistics.median(self.us) <= self.most_us
        return None

    def cells(self) -> list[str]:
        """Return the row as it is printed under `HEADINGS`."""
        over = f"{statistics.median(self.over_us):+.2f}" if self.over_us else ""
        ratio = f"{statistics.median(self.ratio):.2f}" if self.ratio else ""
        target = ""
        if self.most_over_us is not None:
            target = f"<= {self.most_over_us:+g}"
        elif self.most_us is not None:
            target = f"<= {self.most_us:g}"
        return [self.name, f"{statistics.median(self.us):.2f}", over, ratio, target, yes_or_no(self.met)]


HEADINGS = ("row", "us a call", "over its baseline", "ratio", "target", "met")


def measure(rows: Sequence[Row], size: Size) -> Sequence[Row]:
    """Time *rows* and return them."""
    named = {row.name: row for row in rows}
    for row in rows:
        row.calls = _calls_that_fill(row.call, size.block_seconds)
    gc.collect()
    gc.freeze()
    for number in range(size.rounds):
        for row in rows if number % 2 == 0 else reversed(rows):
            _measure_once(row, named[row.base] if row.base else None)
    gc.unfreeze()
    return rows


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
    row.ratio.append(us / beside)


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


def yes_or_no(met: bool | None) -> str:
    """Return what stands in the last column."""
    return "" if met is None else "yes" if met else "NO"


def print_table(title: str, headings: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown, the first column to the left and the others to the right."""
    lines = [list(line) for line in lines]
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print(f"\n### {title}\n")
    for cells in (headings, rule, *lines):
        first, *others = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print("|", " | ".join([first, *(one.strip().rjust(len(one)) for one in others)]), "|", flush=True)
