"""An exam morning: what this machine serves, and what that means for 100,000 students; ``make load``."""

from __future__ import annotations

import argparse
import os

from tests.bench.measuring import print_table
from tests.load.door import STORES, Rate, measure, quantile
from tests.load.morning import STUDENTS, calls_at_least, mornings

_PROCESSES = (1, 2, 4)


def main() -> None:
    """Measure, simulate, and print both."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each row is measured")
    parser.add_argument("--processes", type=int, nargs="*", default=_PROCESSES)
    given = parser.parse_args()
    rates = [measure(store, count, given.seconds) for store in STORES for count in given.processes]
    print_table(
        f"The door, {os.cpu_count()} processors for servers, store and pupils together",
        (
            "store",
            "processes",
            "pupils a second",
            "code p50 ms",
            "code p99 ms",
            "whole p50 ms",
            "whole p99 ms",
        ),
        [_row(rate) for rate in rates],
    )
    best = max(rates, key=lambda rate: rate.pupils_a_second)
    print_table(
        f"{STUDENTS:,} students, simulated: each machine lets in {best.pupils_a_second:.0f} a second ({best.store})",
        ("half come within", "machines", "wait p50 s", "wait p99 s", "longest s"),
        [
            [
                f"{one.half_within_minutes:.0f} min",
                str(one.machines),
                f"{one.median:.1f}",
                f"{one.late:.1f}",
                f"{one.longest:.1f}",
            ]
            for one in mornings(best.pupils_a_second)
        ],
    )
    print(f"\nTheir {STUDENTS:,} submissions fill {calls_at_least()} lists of JotForm's, a call each.")


def _row(rate: Rate) -> list[str]:
    times = [quantile(waits, share) * 1000 for waits in (rate.codes, rate.whole) for share in (0.5, 0.99)]
    return [
        rate.store,
        str(rate.processes),
        f"{rate.pupils_a_second:.0f}",
        *(f"{time:.0f}" for time in times),
    ]


if __name__ == "__main__":
    main()
