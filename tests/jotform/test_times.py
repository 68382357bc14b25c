"""When a submission was made: two clocks, and the benefit of the doubt where they disagree."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.jotform.times import creation_times, id_reading, wall_readings

NEW_YORK = ZoneInfo("America/New_York")


def utc(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone.utc).timestamp()


def id_at(moment: float) -> str:
    return str((int(moment) - 1_124_190_800) * 10**10 + 123_456_789)


@pytest.mark.parametrize(
    ("submission_id", "created_at", "moment"),
    [
        ("5141380755815289484", "2021-11-30 22:21:15", "2021-12-01T03:21:15"),
        ("6410095903544943563", "2025-12-08 08:26:30", "2025-12-08T13:26:30"),
        ("6441197313548135134", "2026-01-13 08:22:11", "2026-01-13T13:22:11"),
    ],
)
def test_both_clocks_agree_on_captured_submissions(submission_id: str, created_at: str, moment: str) -> None:
    """On captured pairs the wall in New York and the id name the same second."""
    assert wall_readings(created_at, NEW_YORK) == (utc(moment),)
    assert id_reading(submission_id) == utc(moment)
    assert creation_times(created_at, submission_id, NEW_YORK) == (utc(moment), utc(moment))


@pytest.mark.parametrize("hours", [-14, -7, -5.75, -0.25, 0.25, 1, 5.5, 7, 14])
def test_another_zone_is_told_by_whole_quarters_of_an_hour_and_the_id_is_believed(hours: float) -> None:
    """A difference of whole quarters up to 14 hours means that the wall hangs in another zone."""
    moment = utc("2026-06-10T12:00:00")
    wall = dt.datetime.fromtimestamp(moment + hours * 3600, NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")

    assert creation_times(wall, id_at(moment), NEW_YORK) == (moment, moment)


@pytest.mark.parametrize("seconds", [-15 * 3600, -901, -1, 1, 899, 3 * 86_400])
def test_clocks_that_disagree_are_both_plausible(seconds: int) -> None:
    """Any other difference leaves both readings, so that the visitor can have the benefit of the doubt."""
    moment = utc("2026-06-10T12:00:00")
    wall = dt.datetime.fromtimestamp(moment + seconds, NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")

    earliest, latest = sorted((moment, moment + seconds))
    assert creation_times(wall, id_at(moment), NEW_YORK) == (earliest, latest)


def test_the_hour_that_comes_twice_has_two_readings() -> None:
    """When clocks go back, an id without seconds leaves two moments an hour apart."""
    assert creation_times("2025-11-02 01:30:00", "4711", NEW_YORK) == (
        utc("2025-11-02T05:30:00"),
        utc("2025-11-02T06:30:00"),
    )


@pytest.mark.parametrize("moment", ["2025-11-02T05:30:00", "2025-11-02T06:30:00"])
def test_the_id_tells_which_of_the_two_hours_it_was(moment: str) -> None:
    """In the hour that comes twice, an id that counts seconds decides."""
    at = utc(moment)
    assert creation_times("2025-11-02 01:30:00", id_at(at), NEW_YORK) == (at, at)


def test_the_hour_that_never_comes_has_two_readings() -> None:
    """When clocks go forward, the skipped hour can only come from a wall without daylight saving: both count."""
    assert creation_times("2026-03-08 02:30:00", "4711", NEW_YORK) == (
        utc("2026-03-08T06:30:00"),
        utc("2026-03-08T07:30:00"),
    )


def test_summer_and_winter_have_their_own_offset() -> None:
    """New York is four hours behind UTC in summer and five in winter."""
    assert wall_readings("2026-07-01 12:00:00", NEW_YORK) == (utc("2026-07-01T16:00:00"),)
    assert wall_readings("2026-01-01 12:00:00", NEW_YORK) == (utc("2026-01-01T17:00:00"),)


@pytest.mark.parametrize(
    "created_at", [None, "", "yesterday", 0, "2026-13-01 00:00:00", "٢٠٢٦-01-01 00:00:00", []]
)
def test_without_a_readable_wall_the_id_alone_counts(created_at: object) -> None:
    """A time that cannot be read leaves the id, and without that nothing."""
    moment = utc("2026-06-10T12:00:00")
    assert creation_times(created_at, id_at(moment), NEW_YORK) == (moment, moment)
    assert creation_times(created_at, "4711", NEW_YORK) is None


@pytest.mark.parametrize(
    "submission_id", ["237955080346633702", "1000000000000000000", "99999999999999999999"]
)
def test_ids_of_another_kind_tell_no_time(submission_id: str) -> None:
    """Ids of other lengths, or from before 2021, do not count seconds."""
    assert id_reading(submission_id) is None


@given(
    st.text(max_size=30)
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}", fullmatch=True)
)
def test_any_text_gives_readings_or_none(text: str) -> None:
    """Reading a wall is total, whatever is written on it."""
    for zone in (NEW_YORK, ZoneInfo("Australia/Lord_Howe"), dt.timezone.utc):
        assert len(wall_readings(text, zone)) <= 2


@given(st.integers(1_609_500_000, 2_080_000_000), st.integers(0, 10**10 - 1))
def test_agreeing_clocks_give_the_moment_itself(moment: int, rest: int) -> None:
    """Whatever the season, a New York wall and an id of the same second give exactly that second."""
    wall = dt.datetime.fromtimestamp(moment, NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")
    submission_id = str((moment - 1_124_190_800) * 10**10 + rest)

    assert creation_times(wall, submission_id, NEW_YORK) == (moment, moment)
