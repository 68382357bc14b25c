"""When a submission was made: two clocks, and the benefit of the doubt where they disagree."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.jotform.times import (
    NEW_YORK,
    Wall,
    creation_times,
    id_reading,
    is_zone,
    wall_readings,
    zone_named,
    zone_shown,
)

IN_NEW_YORK = Wall(zones=(NEW_YORK,), is_known=True)
UNKNOWN = Wall()
HOUR = 3_600


def utc(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone.utc).timestamp()


def id_at(moment: float) -> str:
    return str((int(moment) - 1_124_190_800) * 10**10 + 123_456_789)


def wall_at(moment: float, zone: str = NEW_YORK) -> str:
    return dt.datetime.fromtimestamp(moment, zone_named(zone)).strftime("%Y-%m-%d %H:%M:%S")


def spread(created_at: object, submission_id: str, wall: Wall) -> tuple[float, float] | None:
    """Return the earliest and the latest reading."""
    times = creation_times(created_at, submission_id, wall)
    return None if times is None else times[:2]


@pytest.mark.parametrize("wall", [UNKNOWN, IN_NEW_YORK])
@pytest.mark.parametrize(
    ("submission_id", "created_at", "moment"),
    [
        ("5141380755815289484", "2021-11-30 22:21:15", "2021-12-01T03:21:15"),
        ("6410095903544943563", "2025-12-08 08:26:30", "2025-12-08T13:26:30"),
        ("6441197313548135134", "2026-01-13 08:22:11", "2026-01-13T13:22:11"),
    ],
)
def test_both_clocks_agree_on_captured_submissions(
    submission_id: str, created_at: str, moment: str, wall: Wall
) -> None:
    """On captured pairs the wall in New York and the id name the same second."""
    assert wall_readings(created_at, ZoneInfo(NEW_YORK)) == (utc(moment),)
    assert id_reading(submission_id) == utc(moment)
    assert creation_times(created_at, submission_id, wall) == (utc(moment), utc(moment), "id and created_at")


@pytest.mark.parametrize("hours", [0.25, 3, 5.75, 14, 30])
@pytest.mark.parametrize("wall", [UNKNOWN, IN_NEW_YORK])
def test_a_form_that_was_filled_in_offline_was_made_when_its_wall_says(hours: float, wall: Wall) -> None:
    """The id counts from the sending; what was filled in whole hours before is no other zone's."""
    made_at = utc("2026-06-10T12:00:00")
    sent_at = made_at + hours * HOUR

    assert creation_times(wall_at(made_at), id_at(sent_at), wall) == (
        made_at,
        sent_at,
        "created_at in America/New_York",
    )


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "UTC+14:00"])
@pytest.mark.parametrize("seconds", [-2, 0, 1])
def test_a_wall_further_east_spreads_nothing(zone: str, seconds: int) -> None:
    """Nothing is made after its id was given, so such a wall hangs elsewhere; a second more or less is the grain."""
    moment = utc("2026-06-10T12:00:00")
    assert spread(wall_at(moment + seconds, zone), id_at(moment), UNKNOWN) == (moment, moment)


def test_a_wall_further_west_leaves_the_earlier_reading_until_it_is_known() -> None:
    """It may be Los Angeles, or New York and offline for three hours: until that is known, both count."""
    moment, los_angeles = utc("2026-06-10T12:00:00"), "America/Los_Angeles"
    created_at = wall_at(moment, los_angeles)
    assert spread(created_at, id_at(moment), UNKNOWN) == (moment - 3 * HOUR, moment)
    known = Wall(zones=(los_angeles,), is_known=True)
    assert creation_times(created_at, id_at(moment), known) == (moment, moment, "id and created_at")


@pytest.mark.parametrize("seconds", [-15 * HOUR, -901, -6, 6, 880, 3 * 86_400 + 17])
@pytest.mark.parametrize("wall", [UNKNOWN, IN_NEW_YORK])
def test_clocks_that_disagree_are_both_plausible(seconds: int, wall: Wall) -> None:
    """Any other difference leaves both readings, so that the visitor can have the benefit of the doubt."""
    moment = utc("2026-06-10T12:00:00")
    earliest, latest = sorted((moment, moment + seconds))
    assert spread(wall_at(moment + seconds), id_at(moment), wall) == (earliest, latest)


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "UTC", "Europe/Berlin", "Asia/Kolkata", NEW_YORK, "UTC+14:00"]
)
def test_without_an_id_that_counts_every_zone_is_plausible_until_one_is_known(zone: str) -> None:
    """The moment lies between the readings furthest east and west, and is itself once the zone is known."""
    moment = utc("2026-06-10T12:00:00")
    times = creation_times(wall_at(moment, zone), "4711", UNKNOWN)
    assert times is not None
    assert times.earliest <= moment <= times.latest
    assert times.read_from == "created_at in any zone"
    known = Wall(zones=(zone,), is_known=True)
    assert creation_times(wall_at(moment, zone), "4711", known) == (moment, moment, f"created_at in {zone}")


def test_the_hour_that_comes_twice_has_two_readings() -> None:
    """When clocks go back, an id without seconds leaves two moments an hour apart."""
    assert spread("2025-11-02 01:30:00", "4711", IN_NEW_YORK) == (
        utc("2025-11-02T05:30:00"),
        utc("2025-11-02T06:30:00"),
    )


@pytest.mark.parametrize("wall", [UNKNOWN, IN_NEW_YORK])
@pytest.mark.parametrize("moment", ["2025-11-02T05:30:00", "2025-11-02T06:30:00"])
def test_the_id_tells_which_of_the_two_hours_it_was(moment: str, wall: Wall) -> None:
    """In the hour that comes twice, an id that counts seconds decides."""
    at = utc(moment)
    assert spread("2025-11-02 01:30:00", id_at(at), wall) == (at, at)


def test_the_hour_that_never_comes_has_two_readings() -> None:
    """When clocks go forward, the skipped hour can only come from a wall without daylight saving: both count."""
    assert spread("2026-03-08 02:30:00", "4711", IN_NEW_YORK) == (
        utc("2026-03-08T06:30:00"),
        utc("2026-03-08T07:30:00"),
    )


def test_summer_and_winter_have_their_own_offset() -> None:
    """New York is four hours behind UTC in summer and five in winter."""
    assert wall_readings("2026-07-01 12:00:00", ZoneInfo(NEW_YORK)) == (utc("2026-07-01T16:00:00"),)
    assert wall_readings("2026-01-01 12:00:00", ZoneInfo(NEW_YORK)) == (utc("2026-01-01T17:00:00"),)


@pytest.mark.parametrize("wall", [UNKNOWN, IN_NEW_YORK])
@pytest.mark.parametrize(
    "created_at", [None, "", "yesterday", 0, "2026-13-01 00:00:00", "٢٠٢٦-01-01 00:00:00", []]
)
def test_without_a_readable_wall_the_id_alone_counts(created_at: object, wall: Wall) -> None:
    """A time that cannot be read leaves the id, and without that nothing."""
    moment = utc("2026-06-10T12:00:00")
    assert creation_times(created_at, id_at(moment), wall) == (moment, moment, "id")
    assert creation_times(created_at, "4711", wall) is None


@pytest.mark.parametrize("submission_id", ["4711", "99999999999999999999"])
def test_ids_of_another_kind_tell_no_time(submission_id: str) -> None:
    """Ids of other lengths do not count seconds."""
    assert id_reading(submission_id) is None


def test_an_id_of_18_digits_counts_if_the_wall_is_near() -> None:
    """One account's ids of 2016 counted seconds, two off; others of that length did not."""
    moment = utc("2016-05-10T12:00:00")
    counting = str(int(moment + 2 - 1_124_190_800) * 10**9 + 5)
    assert len(counting) == 18
    assert creation_times(wall_at(moment), counting, UNKNOWN) == (moment, moment + 2, "id and created_at")
    assert spread("2013-06-25 03:38:00", "237955080346633702", IN_NEW_YORK) == (
        utc("2013-06-25T07:38:00"),
        utc("2013-06-25T07:38:00"),
    )


def test_a_row_shows_its_zone_by_how_far_its_clocks_are_apart() -> None:
    """A named zone if one fits, else the offset; no zone where the difference is no whole quarter of an hour."""
    moment = utc("2026-06-10T12:00:00")
    named = Wall(zones=(NEW_YORK, "Europe/Berlin"))

    def shown(zone: str, seconds: float = 0) -> str | None:
        return zone_shown(wall_at(moment + seconds, zone), id_at(moment), named, moment)

    assert shown(NEW_YORK) == NEW_YORK
    assert shown("Europe/Berlin", 1) == "Europe/Berlin"
    assert shown("Asia/Kolkata", -1) == "UTC+05:30"
    assert shown("America/Los_Angeles") == "UTC-07:00"
    assert shown(NEW_YORK, 100) is None


def test_a_row_whose_id_counts_nothing_shows_a_named_zone_when_it_is_fresh() -> None:
    """Read at once, it was made just now in one of the zones that are thought of, or in none of them."""
    moment = utc("2026-06-10T12:00:00")
    named = Wall(zones=(NEW_YORK, "Europe/Berlin"))
    berlin = wall_at(moment, "Europe/Berlin")
    assert zone_shown(berlin, "4711", named, moment + 30) == "Europe/Berlin"
    assert zone_shown(berlin, "4711", named, moment + HOUR) is None
    assert zone_shown(wall_at(moment, "Asia/Kolkata"), "4711", named, moment + 30) is None


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "UTC+99:99x", "\0"])
def test_a_name_that_means_nothing_is_no_zone(name: str) -> None:
    """What an account calls its zone is looked at before it is believed."""
    assert not is_zone(name)
    assert zone_named(name) is dt.timezone.utc


@given(
    st.text(max_size=30)
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}", fullmatch=True)
)
def test_any_text_gives_readings_or_none(text: str) -> None:
    """Reading a wall is total, whatever is written on it."""
    for zone in (ZoneInfo(NEW_YORK), ZoneInfo("Australia/Lord_Howe"), dt.timezone.utc):
        assert len(wall_readings(text, zone)) <= 2


@given(st.integers(1_609_500_000, 2_080_000_000), st.integers(0, 10**10 - 1))
def test_agreeing_clocks_give_the_moment_itself(moment: int, rest: int) -> None:
    """Whatever the season, a New York wall and an id of the same second give exactly that second."""
    submission_id = str((moment - 1_124_190_800) * 10**10 + rest)

    for wall in (UNKNOWN, IN_NEW_YORK):
        assert spread(wall_at(moment), submission_id, wall) == (moment, moment)


@given(
    st.integers(1_609_500_000, 2_080_000_000),
    st.sampled_from(
        ["America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", NEW_YORK]
    ),
    st.sampled_from(["id", "4711"]),
    st.integers(0, 100 * HOUR),
)
def test_the_truth_is_never_outside_the_readings(
    sent_at: int, zone: str, submission_id: str, offline: int
) -> None:
    """Wherever the wall hangs, and however long a form waited for its sending."""
    made_at = sent_at - offline
    known = Wall(zones=(zone,), is_known=True)
    own = id_at(sent_at) if submission_id == "id" else submission_id
    times = spread(wall_at(made_at, zone), own, known)
    assert times is not None
    assert times[0] <= made_at <= times[1]
