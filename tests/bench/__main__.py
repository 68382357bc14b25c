"""Measure and print: ``python -m tests.bench [group ...]``."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from tests.bench.measuring import FULL, TARGET_HEADINGS, TINY, Target, print_table

GROUPS = ("startup", "requests", "tokens", "judging", "records", "codes", "admission", "postgres")


def main(arguments: list[str] | None = None) -> int:
    """Run the groups that are named, or all; a target that is missed is told, not an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Take the figures.")
    parser.add_argument("groups", nargs="*", metavar="group", help=f"any of {', '.join(GROUPS)}; none: all")
    parser.add_argument("--tiny", action="store_true", help="only see that everything runs")
    parser.add_argument(
        "--scratch", type=Path, help="a folder on the disk to measure (default: a temporary one)"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.groups) - set(GROUPS)
    if unknown:
        parser.error(f"there is no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    print(f"{_machine()}; {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC")
    targets: list[Target] = []
    for group in options.groups or GROUPS:
        print(f"\n## {group}", flush=True)
        with tempfile.TemporaryDirectory(prefix="jotgate-bench-", dir=options.scratch) as folder:
            targets += import_module(f"tests.bench.{group}").run(Path(folder), TINY if options.tiny else FULL)
    print_table("Targets", TARGET_HEADINGS, [target.cells() for target in targets])
    print(f"\n{sum(target.met for target in targets)} of {len(targets)} targets met.")
    return 0


def _machine() -> str:
    python = (
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{python}, {os.cpu_count()} cores{load}, {platform.system()} {platform.machine()}"


if __name__ == "__main__":
    sys.exit(main())
