"""Times and ids: New York's clock without an offset, and ids that count seconds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from jotgate.sandbox import Sandbox

from .conftest import Asker, StillClock

#: Ids and times that clients recorded, winter and summer.
RECORDED = [
    ("6410095903544943563", "2025-12-08 08:26:30"),
    ("6441197313548135134", "2026-01-13 08:22:11"),
    ("5141380755815289484", "2021-11-30 22:21:15"),
]


@pytest.mark.parametrize(("submission_id", "created_at"), RECORDED)
def test_recorded_pairs_of_id_and_time_come_out_again(
    sandbox: Sandbox, reader: Asker, submission_id: str, created_at: str
) -> None:
    """Submitted at the second that a recorded id counts, a submission shows the recorded time and that second."""
    at = int(submission_id) // 10**10 + 1_124_190_800
    made = sandbox.submit(sandbox.add_form("Students"), {"message": "x"}, at=at)

    assert reader.content(f"/submission/{made}")["created_at"] == created_at
    assert int(made) // 10**10 == int(submission_id) // 10**10


@pytest.mark.parametrize(
    ("at", "created_at"),
    [
        (1_768_496_400, "2026-01-15 12:00:00"),
        (1_784_131_200, "2026-07-15 12:00:00"),
        (1_793_511_000, "2026-11-01 01:30:00"),
        (1_793_514_600, "2026-11-01 01:30:00"),
    ],
)
def test_times_follow_daylight_saving_and_say_nothing_of_it(
    sandbox: Sandbox, reader: Asker, at: int, created_at: str
) -> None:
    """Noon is noon in winter and summer; the hour that comes twice in autumn reads the same twice."""
    made = sandbox.submit(sandbox.add_form("Students"), {"message": "x"}, at=at)
    assert reader.content(f"/submission/{made}")["created_at"] == created_at


def test_another_zone_is_one_switch_away(sandbox: Sandbox, reader: Asker) -> None:
    """Hosts of other regions may write other local times; the id tells the truth either way."""
    sandbox.oddities = replace(sandbox.oddities, timezone="Asia/Kathmandu")
    row = reader.content(f"/submission/{sandbox.submit(sandbox.add_form('Students'), {'message': 'x'})}")

    written = datetime.fromisoformat(row["created_at"]).replace(tzinfo=ZoneInfo("Asia/Kathmandu")).timestamp()
    assert written == int(row["id"]) // 10**10 + 1_124_190_800


def test_ids_have_19_digits_and_grow_while_the_clock_stands_still(
    sandbox: Sandbox, clock: StillClock
) -> None:
    """A thousand submissions in one second have a thousand growing ids of that second."""
    form_id = sandbox.add_form("Students")
    ids = [sandbox.submit(form_id, {"message": "x"}) for _ in range(1_000)]

    assert all(re.fullmatch(r"[0-9]{19}", each) for each in ids)
    assert [int(each) for each in ids] == sorted({int(each) for each in ids})
    assert {int(each) // 10**10 for each in ids} == {int(clock.at) - 1_124_190_800}


def test_form_ids_have_15_digits(sandbox: Sandbox) -> None:
    """They begin with the year and the day of the year, as JotForm's do."""
    assert re.fullmatch(r"26015[0-9]{10}", sandbox.add_form("Students"))
