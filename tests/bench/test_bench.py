"""The figures can be taken: every group runs, at a size at which no figure means anything."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.__main__ import GROUPS
from tests.bench.measuring import TINY, Row, Target, measure

_ROOT = Path(__file__).parents[2]


# Measuring is about repeating: even the shortest run of a group takes seconds.
@pytest.mark.slow
def test_postgres_group_runs_to_its_last_table(postgres_url: str, tmp_path: Path) -> None:
    """The group that needs a server does as the others do."""
    test_group_runs_to_its_last_table("postgres", tmp_path)


# Likewise, a process for each group.
@pytest.mark.slow
@pytest.mark.parametrize("group", [group for group in GROUPS if group != "postgres"])
def test_group_runs_to_its_last_table(group: str, tmp_path: Path) -> None:
    """Each group prints its tables and counts its targets; packages that are not installed are left out."""
    # In a process of its own, because Django is set up only once in each, and memory is weighed.
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench", group, "--tiny", "--scratch", str(tmp_path)],
        cwd=_ROOT,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert "| row" in ran.stdout
    assert "| what" in ran.stdout
    assert "targets met." in ran.stdout.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("ratios", "limits", "at_least", "met"),
    [
        ([1.5, 1.4], [1.5], False, True),
        ([1.5, 1.6], [1.5], False, False),
        ([1.0, 0.8], [1.0, 0.8], True, True),
        ([0.9, 0.9], [1.0, 0.8], True, False),
    ],
)
def test_target_is_met_if_every_ratio_is(
    ratios: list[float], limits: list[float], at_least: bool, met: bool
) -> None:
    """One of several sizes that misses its limit is a target missed, whichever way the limit goes."""
    target = Target(row="this", beside="that", ratios=ratios, limits=limits, at_least=at_least)
    assert target.met is met
    assert target.cells()[-1] == ("yes" if met else "NO")


def test_row_is_compared_to_what_was_measured_beside_it() -> None:
    """What costs a hundred times as much as its baseline is not told as cheap."""
    rows = measure(
        [
            Row(name="base", call=lambda: sum(range(100))),
            Row(name="dear", call=lambda: sum(range(10_000)), base="base"),
            Row(name="dearer", call=lambda: sum(range(40_000)), base="base"),
        ],
        replace(TINY, rounds=5, block_seconds=0.002),
    )
    assert rows["dear"].ratio > 10
    assert rows["dearer"].overhead_to(rows["dear"]) > 2
