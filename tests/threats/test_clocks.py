"""Summer time, leap days, the year's end and corrections of the clock: no day of calls comes twice, nothing revives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from jotgate import mint_token
from jotgate.quota import day_window
from tests.door.site import DOOR, Site, running_site

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
#: Where it is midnight when JotForm counts anew.
_JOTFORM = ZoneInfo("America/New_York")


def utc(text: str) -> float:
    """Return a moment in seconds since the epoch."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone.utc).timestamp()


#: The last moment before a clock does something unusual.
MOMENTS = {
    "spring": utc("2028-03-12T06:59:00"),
    "autumn": utc("2028-11-05T05:59:00"),
    "leap day": utc("2028-02-29T04:59:00"),
    "after the leap day": utc("2028-03-01T04:59:00"),
    "a year without one": utc("2100-03-01T04:59:00"),
    "the year's end": utc("2028-01-01T04:59:00"),
}
#: What a correction of the clock turns it by.
STEPS = (-_HOUR, -0.5, 0.5, _HOUR)


@pytest.mark.parametrize("moment", MOMENTS)
def test_f14_no_day_of_calls_comes_twice_and_none_is_left_out(moment: str) -> None:
    """Minute by minute for three days around it, each day ends at New York's midnight, and the next begins there."""
    start = MOMENTS[moment] - 1.5 * _DAY
    names: list[str] = []
    ends: list[float] = []
    for minute in range(int(3 * _DAY / _MINUTE)):
        name, begins, end = day_window(start + minute * _MINUTE)
        if not names or name != names[-1]:
            assert not ends or begins == ends[-1]
            assert dt.datetime.fromtimestamp(end, _JOTFORM).time() == dt.time()
            names.append(name)
            ends.append(end)
    assert names == sorted(set(names))
    days = [dt.date.fromisoformat(name).toordinal() for name in names]
    assert days == list(range(days[0], days[-1] + 1))


@pytest.fixture
def site() -> Iterator[Site]:
    """Give a site for apps."""
    with running_site(form={"access": ["app"]}) as running:
        yield running


@pytest.mark.parametrize("moment", MOMENTS)
def test_f14_no_clock_brings_a_token_back(site: Site, moment: str) -> None:
    """Used right before that moment, it opens nothing after it, nor when the clock is corrected."""
    secret = site.app_secret()
    site.clock.ahead_seconds += MOMENTS[moment] - site.clock.now()
    token = mint_token(secret, app="ios", form="students", subject="u-7", now=site.clock.now())
    bearer = {"Authorization": f"Bearer {token}"}
    assert site.visitor().get(f"{DOOR}/enter", headers=bearer).status_code == 303
    for step in (0.0, _MINUTE, *STEPS, -_DAY):
        site.clock.ahead_seconds += step
        assert site.visitor().get(f"{DOOR}/enter", headers=bearer).status_code == 403, step


@pytest.mark.parametrize("moment", MOMENTS)
def test_f14_no_clock_gives_calls_back(site: Site, moment: str) -> None:
    """Within one day of calls, what was taken stays taken, whichever way the clock is corrected."""
    site.clock.ahead_seconds += MOMENTS[moment] - 6 * _HOUR - site.clock.now()
    quota = site.parts.quota
    for _ in range(10):
        quota.take()
    used = quota.usage().used
    for step in STEPS:
        site.clock.ahead_seconds += step
        assert quota.usage().used == used, step
