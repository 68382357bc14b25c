"""Let two sites run for long, one on each store, and say what became of them: ``make soak``."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.soak.run import STORES, soak

MINUTES = 30.0
FAULT_EVERY_SECONDS = 60.0


def main() -> int:
    """Run, report, and return 1 if anything was lost or grew."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SOAK_MINUTES") or MINUTES))
    parser.add_argument(
        "--store", choices=STORES, action="append", help="only this one; default: both at once"
    )
    given = parser.parse_args()
    run = partial(soak, seconds=given.minutes * 60, fault_every_seconds=FAULT_EVERY_SECONDS)
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(run, given.store or STORES))
    for one in runs:
        print("\n".join(one.lines()), end="\n\n")
    return 1 if any(one.findings() for one in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
