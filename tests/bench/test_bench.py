"""The figures can be taken: every group runs, at a size at which no figure means anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import GROUPS
from tests.bench.measuring import Row, Size, measure

_ROOT = Path(__file__).parents[2]


def test_postgres_group_runs_to_its_last_table(postgres_url: str, tmp_path: Path) -> None:
    """The group that needs a server does as the others do."""
    test_group_runs_to_its_last_table("postgres", tmp_path)


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
    assert "targets met." in ran.stdout.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_dear_row_is_told_from_a_cheap_one() -> None:
    """What costs more than its target allows over its baseline is not called met, and what does not is."""
    size = Size(
        rounds=5,
        block_seconds=0.002,
        repetitions=1,
        busy_seconds=0.1,
        codes=(1, 1),
        submissions=1,
        processes=(1,),
    )
    rows = measure(
        [
            Row(name="base", call=lambda: None),
            Row(name="cheap", call=lambda: None, base="base", most_over_us=20),
            Row(name="dear", call=lambda: sum(range(10_000)), base="base", most_over_us=20),
        ],
        size,
    )
    assert [row.met for row in rows] == [None, True, False]
