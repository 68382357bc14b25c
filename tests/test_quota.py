"""The day's calls: never more than the allowance, whatever the clocks and the other integrations do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.errors import QuotaExhausted
from jotgate.quota import (
    EST,
    Grab,
    Quota,
    Usage,
    configured,
    current,
    day_window,
    discovered,
    give_back,
    observe,
    pace,
    take,
)

T = TypeVar("T")
NEW_YORK = ZoneInfo("America/New_York")


class _Clock:
    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


class _Memory:
    """A store of accounts' usage."""

    def __init__(self) -> None:
        self.held: dict[str, Usage] = {}
        self.reads = 0

    def change_usage(self, account: str, change: Callable[[Usage | None], tuple[Usage, T]]) -> T:
        self.held[account], answer = change(self.held.get(account))
        return answer

    def usage(self, account: str) -> Usage | None:
        self.reads += 1
        return self.held.get(account)


def _utc(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone.utc).timestamp()


def _quota(at: str, limit: int | None = 1_000) -> tuple[Quota, _Clock]:
    clock = _Clock(_utc(at))
    return Quota(_Memory(), account="a", limit=limit, clock=clock), clock


def _take_all(quota: Quota, *, operator: bool = False, most: int = 5_000) -> int:
    taken = 0
    while taken < most:
        try:
            quota.take(operator=operator)
        except QuotaExhausted:
            break
        taken += 1
    return taken


def test_the_windows_of_three_years_add_up() -> None:
    """From 2025 to 2027 every day begins where the last one ended; clock changes make 23 and 25 hours."""
    at = _utc("2025-01-01T12:00:00")
    _, start, end = day_window(at)
    first, lengths = start, []
    while end < _utc("2028-01-01T00:00:00"):
        lengths.append(end - start)
        _, next_start, next_end = day_window(end)
        assert next_start == end
        start, end = next_start, next_end
    assert sorted(set(lengths)) == [23 * 3600, 24 * 3600, 25 * 3600]
    assert (lengths.count(23 * 3600), lengths.count(25 * 3600)) == (3, 3)
    assert sum(lengths) == start - first


@given(st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 12, 31)))  # noqa: DTZ001
def test_a_moment_is_inside_its_window(moment: dt.datetime) -> None:
    """The window's name is the New York date, and the moment lies in it."""
    at = moment.replace(tzinfo=dt.timezone.utc).timestamp()
    day, start, end = day_window(at)
    assert start <= at < end
    assert day == dt.datetime.fromtimestamp(at, NEW_YORK).date().isoformat()


def test_a_tenth_is_kept_for_the_operator() -> None:
    """The gate stops at nine tenths; the operator's own commands may take the rest, and nobody more."""
    quota, _ = _quota("2026-01-12T12:00:00")
    assert _take_all(quota) == 900
    usage = quota.usage()
    assert (usage.used, usage.held, usage.left) == (900, 100, 0)
    assert _take_all(quota, operator=True) == 100
    usage = quota.usage()
    assert (usage.used, usage.held, usage.left) == (1_000, 0, 0)


def test_used_held_and_left_add_up_to_the_limit() -> None:
    """The three parts of the allowance are always the whole of it."""
    for used in range(0, 1_001, 50):
        usage = Usage(day="2026-01-12", limit=1_000, configured=1_000, used=used)
        assert usage.left is not None
        assert usage.used + usage.held + usage.left == 1_000


def test_in_winter_a_new_day_begins_at_midnight_in_new_york() -> None:
    """Both readings of "midnight EST" agree in winter."""
    quota, clock = _quota("2026-01-12T12:00:00")
    _take_all(quota, operator=True)
    clock.at = _utc("2026-01-13T04:59:59")
    assert _take_all(quota) == 0
    clock.at = _utc("2026-01-13T05:00:01")
    assert _take_all(quota) == 900


def test_in_summer_the_hour_between_both_readings_is_probed() -> None:
    """Between New York's midnight and UTC-5's, three calls find out; if nothing rises, the later reading holds."""
    quota, clock = _quota("2026-07-13T12:00:00")
    _take_all(quota, operator=True)
    clock.at = _utc("2026-07-14T03:59:59")
    assert _take_all(quota) == 0
    clock.at = _utc("2026-07-14T04:00:01")
    assert _take_all(quota) == 3
    clock.at = _utc("2026-07-14T05:00:01")
    assert _take_all(quota) == 900


def test_in_summer_a_rising_limit_left_is_the_reset() -> None:
    """If JotForm follows daylight saving, its first answer after New York's midnight shows it."""
    quota, clock = _quota("2026-07-13T12:00:00")
    _take_all(quota, operator=True)
    clock.at = _utc("2026-07-14T04:00:01")
    quota.take()
    quota.observe(999)
    assert quota.usage().used == 1
    assert _take_all(quota) == 899
    quota.observe(100)
    clock.at = _utc("2026-07-14T05:00:01")
    assert _take_all(quota) == 0


def test_limit_left_adds_what_others_took() -> None:
    """Another integration's calls are counted as soon as an answer shows them."""
    quota, _ = _quota("2026-01-12T12:00:00")
    quota.take()
    quota.observe(499)
    assert quota.usage().used == 501
    assert _take_all(quota) == 399


@pytest.mark.parametrize("ahead_seconds", [7, 3_600])
def test_a_day_that_begins_by_a_clock_that_is_ahead_is_no_day_without_calls(ahead_seconds: int) -> None:
    """JotForm's count of the day before, told just after our midnight, is not believed for the new day."""
    quota, clock = _quota("2026-01-12T12:00:00")
    _take_all(quota)
    clock.at = _utc("2026-01-13T05:00:00") + ahead_seconds - 1
    quota.take()
    quota.discovered(limit=1_000, used=900)
    quota.observe(99)
    assert quota.usage().used == 1
    clock.at = _utc("2026-01-13T06:00:00")
    quota.observe(99)
    assert quota.usage().used == 901


@pytest.mark.parametrize("apart_seconds", [7, 3_600])
def test_machines_whose_clocks_differ_share_one_pace(apart_seconds: int) -> None:
    """Looking in turn, they get no more calls than one of them alone: about one in a minute and a half."""
    quota, clock = _quota("2026-01-12T12:00:00")
    began_at, taken = clock.at, 0
    for second in range(0, 3_600, 5):
        for off in (0, apart_seconds):
            clock.at = began_at + second + off
            if quota.pace().granted:
                quota.take()
                taken += 1
    assert 30 <= taken <= 30 + 900 * 2 * 3_600 / (17 * 3_600) + 2


def test_answers_that_overtake_each_other_give_nothing_back() -> None:
    """A slightly higher limit-left is an older answer, not a reset."""
    quota, _ = _quota("2026-01-12T12:00:00")
    for _ in range(20):
        quota.take()
    quota.observe(980)
    quota.observe(985)
    assert quota.usage().used == 20


def test_a_plan_that_is_larger_than_believed_shows_in_limit_left() -> None:
    """An account on a larger plan is noticed by its first answer."""
    quota, _ = _quota("2026-01-12T12:00:00")
    quota.take()
    quota.observe(9_999)
    usage = quota.usage()
    assert usage.limit == 9_999
    assert usage.left is not None
    assert usage.left > 8_000


def test_a_discovered_allowance_replaces_the_assumed_one() -> None:
    """What /user/usage says counts, up and down."""
    quota, _ = _quota("2026-01-12T12:00:00")
    quota.discovered(limit=10_000, used=42)
    assert (quota.usage().limit, quota.usage().used) == (10_000, 42)


def test_an_unlimited_plan_is_only_counted() -> None:
    """Enterprise has no limit: nothing is held back and nothing paced."""
    quota, _ = _quota("2026-01-12T12:00:00", limit=None)
    assert _take_all(quota, most=3_000) == 3_000
    assert quota.pace().granted
    assert (quota.usage().left, quota.usage().held) == (None, 0)


def _as_configured(quota: Quota, clock: _Clock, limit: int | None) -> Quota:
    """Return what a process with other settings makes of the same usage."""
    return Quota(quota._store, account="a", limit=limit, clock=clock)


def test_a_plan_that_becomes_smaller_counts_at_the_next_call() -> None:
    """From enterprise to free: 1,000 calls, not what was granted before."""
    enterprise, clock = _quota("2026-01-12T12:00:00", limit=None)
    _take_all(enterprise, most=10)
    free = _as_configured(enterprise, clock, 1_000)
    assert _take_all(free, operator=True) == 990
    assert free.usage().limit == 1_000


def test_a_plan_that_becomes_larger_counts_at_the_next_call() -> None:
    """From free to bronze, with an account that never says ``limit-left``."""
    free, clock = _quota("2026-01-12T12:00:00")
    assert _take_all(free) == 900
    bronze = _as_configured(free, clock, 10_000)
    assert _take_all(bronze, most=10_000) == 8_100


@pytest.mark.parametrize("limit", [1_000, 10_000, None])
def test_what_jotform_says_outranks_a_changed_plan(limit: int | None) -> None:
    """The account is asked again, once, and its answer stands whatever the settings say."""
    silver, clock = _quota("2026-01-12T12:00:00", limit=50_000)
    assert silver.asks()
    _take_all(silver, most=3_000)
    changed = _as_configured(silver, clock, limit)
    assert changed.pace().granted
    assert changed.asks()
    assert not changed.asks()
    changed.take()
    changed.discovered(limit=20_000, used=3_001)
    assert _as_configured(silver, clock, limit).usage().limit == 20_000


def test_a_plan_called_unlimited_ends_where_jotform_says() -> None:
    """An account that has calls left has a limit; one that says 0 may have none."""
    quota, _ = _quota("2026-01-12T12:00:00", limit=None)
    quota.take()
    quota.observe(0)
    assert quota.usage().left is None
    quota.observe(999)
    assert _take_all(quota) == 899


def test_a_call_that_was_not_sent_is_given_back() -> None:
    """An attempt that never left this machine costs nothing."""
    quota, _ = _quota("2026-01-12T12:00:00")
    quota.take()
    quota.give_back()
    assert quota.usage().used == 0


def test_the_pace_makes_the_calls_last_the_day() -> None:
    """After a burst of 30 a free account's readings are about a minute and a half apart, all day long."""
    usage = Usage(day="2026-01-12", limit=1_000, configured=1_000, tokens_at=_utc("2026-01-12T05:00:00"))
    at, started = _utc("2026-01-12T05:00:00"), 0
    while at < _utc("2026-01-13T04:59:00"):
        if pace(usage, at).granted:
            usage, grab = take(usage, at, operator=False)
            assert grab.granted
            started += 1
        at += 5
    assert 880 <= started <= 900
    assert usage.used == started


def test_what_is_left_between_both_midnights_is_for_that_hour() -> None:
    """In summer the day's last calls are spread over the hour that is left of it, not over the next day."""
    midnight = _utc("2026-07-14T04:00:00")
    usage = Usage(day="2026-07-13", limit=1_000, configured=1_000, used=500, tokens=0.0, tokens_at=midnight)
    at, started = midnight, 0
    while at < midnight + 3_590:
        if pace(usage, at).granted:
            usage, _ = take(usage, at, operator=False)
            started += 1
        at += 1
    assert 390 <= started <= 400


def test_the_pace_leaves_calls_for_the_hour_between_both_midnights() -> None:
    """A summer's day lasts 25 hours until JotForm shows that it does not."""
    usage = Usage(
        day="2026-07-13", limit=1_000, configured=1_000, tokens=0.0, tokens_at=_utc("2026-07-13T05:00:00")
    )
    at = _utc("2026-07-13T05:00:00")
    while at < _utc("2026-07-14T04:00:00"):
        if pace(usage, at).granted:
            usage, _ = take(usage, at, operator=False)
        at += 5
    assert usage.left is not None
    assert usage.left >= 30


def test_a_wish_that_is_not_granted_says_when_to_come_back() -> None:
    """`until` is the moment at which the pace allows the next reading."""
    at = _utc("2026-01-12T12:00:00")
    usage = Usage(day="2026-01-12", limit=1_000, configured=1_000, tokens=0.0, tokens_at=at)
    grab = pace(usage, at)
    assert not grab.granted
    assert not pace(usage, grab.until - 1).granted
    assert pace(usage, grab.until + 0.01).granted


@pytest.mark.parametrize("back_seconds", [1, 3_600, 90_000])
def test_a_clock_set_back_gives_no_calls(back_seconds: int) -> None:
    """A clock that goes back neither resets the day nor makes the count negative."""
    at = _utc("2026-01-12T12:00:00")
    usage = Usage(day="2026-01-12", limit=1_000, configured=1_000, used=500, tokens_at=at)
    earlier = current(usage, at - back_seconds)
    assert earlier.used == 500
    assert earlier.tokens <= usage.tokens


@given(
    st.lists(
        st.tuples(
            st.integers(0, 90_000), st.sampled_from(["take", "operator", "observe"]), st.integers(0, 1_000)
        ),
        max_size=40,
    )
)
def test_no_sequence_passes_the_limit(steps: list[tuple[int, str, int]]) -> None:
    """Whatever happens in whatever order, used stays between 0 and the limit."""
    at = _utc("2026-03-07T20:00:00")
    usage = Usage(day="2026-03-07", limit=1_000, configured=1_000, tokens_at=at)
    for seconds, what, left in steps:
        at += seconds
        if what == "observe":
            usage = observe(usage, left, at)
        else:
            usage, grab = take(usage, at, operator=what == "operator")
            assert grab.granted or grab.until > at
        assert 0 <= usage.used <= 1_000 + 3
        assert 0.0 <= usage.tokens <= 30.0


def test_the_two_readings_of_est_differ_only_in_summer() -> None:
    """The fixed reading is five hours behind UTC all year round."""
    winter, summer = _utc("2026-01-12T05:00:00"), _utc("2026-07-12T05:00:00")
    assert dt.datetime.fromtimestamp(winter, EST) == dt.datetime.fromtimestamp(winter, NEW_YORK)
    assert dt.datetime.fromtimestamp(winter, EST).hour == dt.datetime.fromtimestamp(winter, NEW_YORK).hour
    assert dt.datetime.fromtimestamp(summer, EST).hour + 1 == dt.datetime.fromtimestamp(summer, NEW_YORK).hour


def test_what_a_call_is_worth_is_the_time_that_the_pace_takes_to_bring_one() -> None:
    """A call in 96 seconds on the smallest plan, ten times as often on the next, and at no wait without a limit."""
    for limit, seconds in ((1_000, 96.0), (10_000, 9.6), (None, 0.0)):
        quota, _ = _quota("2026-01-12T05:00:00", limit)
        assert quota.seconds_each() == pytest.approx(seconds, rel=0.01)


def test_without_any_call_left_one_is_worth_more_than_any_wait() -> None:
    """A spent day is no division by nothing."""
    quota, _ = _quota("2026-01-12T05:00:00")
    _take_all(quota)
    assert quota.seconds_each() > 86_400.0


NOON = _utc("2026-01-12T17:00:00")


def _usage(**changes: Any) -> Usage:
    """Return an ordinary account's usage at noon in New York."""
    given: dict[str, Any] = {"day": "2026-01-12", "limit": 1_000, "configured": 1_000, "tokens_at": NOON}
    return Usage(**given | changes)


def test_accounts_on_one_store_have_calls_of_their_own() -> None:
    """And whoever asks again within a moment does not ask the store."""
    store, clock = _Memory(), _Clock(NOON)
    one, other = (Quota(store, account=account, limit=10, clock=clock) for account in ("a", "b"))
    assert _take_all(one) == 9
    assert (one.usage().used, other.usage().used) == (9, 0)
    reads = store.reads
    assert one.usage().used == 9
    assert store.reads == reads
    assert _take_all(other) == 9


def test_the_next_reset_is_the_nearer_reading_of_midnight() -> None:
    """In summer, once New York's midnight has brought nothing, that of UTC-5 an hour later."""
    quota, clock = _quota("2026-07-13T12:00:00")
    _take_all(quota)
    assert quota.resets_at() == _utc("2026-07-14T04:00:00")
    assert pace(quota.usage(), clock.at) == Grab(granted=False, until=_utc("2026-07-14T04:00:00"))
    clock.at = _utc("2026-07-14T04:00:01")
    assert pace(quota.usage(), clock.at).granted is True
    _take_all(quota)
    with pytest.raises(QuotaExhausted) as refused:
        quota.take()
    assert refused.value.until == _utc("2026-07-14T05:00:00")
    usage, grab = take(quota.usage(), clock.at, operator=False)
    assert (grab.granted, usage.used) == (False, quota.usage().used)


@pytest.mark.parametrize(
    ("changes", "spare"),
    [
        ({"tokens": 15.0}, True),
        ({"tokens": 14.9}, False),
        ({"tokens": 30.0, "used": 899}, True),
        ({"tokens": 30.0, "used": 900}, False),
        ({"limit": None, "configured": None, "tokens": 0.0}, True),
    ],
)
def test_what_can_wait_has_calls_while_half_a_burst_is_there(changes: dict[str, Any], spare: bool) -> None:
    """And some of the day's."""
    store = _Memory()
    store.held["a"] = usage = _usage(**changes)
    assert Quota(store, account="a", limit=usage.limit, clock=_Clock(NOON)).spare() is spare


def test_every_call_takes_one_of_the_burst() -> None:
    """Given back, it returns, and nobody is given more than there was."""
    usage, _ = take(_usage(used=4, tokens=10.0), NOON, operator=False)
    assert (usage.used, usage.tokens) == (5, 9.0)
    usage = give_back(usage)
    assert (usage.used, usage.tokens) == (4, 10.0)
    usage = give_back(_usage(tokens=30.0))
    assert (usage.used, usage.tokens) == (0, 30.0)


def test_the_pace_grants_a_whole_call_and_says_when_the_next_is_there() -> None:
    """Half a call is there: the other half takes half of a call's time."""
    assert pace(_usage(tokens=1.0), NOON) == Grab(granted=True)
    refused = pace(_usage(tokens=0.5), NOON)
    assert refused.granted is False
    a_call_seconds = (_utc("2026-01-13T05:00:00") - NOON) / 900
    assert refused.until - NOON == pytest.approx(a_call_seconds / 2)


def test_a_new_day_begins_with_a_burst() -> None:
    """However few calls were there the evening before; an unlimited account has one at any time."""
    midnight = _utc("2026-01-13T05:00:00")
    usage = current(_usage(used=900, tokens=0.0, tokens_at=midnight - 1), midnight + 1)
    assert (usage.day, usage.used, usage.tokens, usage.tokens_at) == ("2026-01-13", 0, 30.0, midnight + 1)
    usage = current(_usage(limit=None, configured=None, tokens=0.0), NOON + 60)
    assert (usage.tokens, usage.tokens_at) == (30.0, NOON + 60)


def test_time_that_another_machine_has_counted_is_not_counted_once_more() -> None:
    """Its clock may be an hour ahead; what is further ahead was a clock that has been set back."""
    ahead = _usage(tokens=3.0, tokens_at=NOON + 3_600)
    assert current(ahead, NOON) == ahead
    set_back = current(_usage(tokens=3.0, tokens_at=NOON + 3_601), NOON)
    assert (set_back.tokens, set_back.tokens_at) == (3.0, NOON)


def test_in_a_days_first_hour_others_calls_are_believed_up_to_a_few() -> None:
    """As many as may be under way; the limit that JotForm names is believed at any time."""
    early = _utc("2026-01-12T05:30:00")
    assert discovered(_usage(used=50), 1_000, 90, early).used == 90
    unsure = discovered(_usage(used=50), 10_000, 91, early)
    assert (unsure.used, unsure.limit) == (50, 10_000)
    assert discovered(_usage(used=50), 1_000, 20, early).used == 20
    assert discovered(_usage(used=50), 1_000, 91, _utc("2026-01-12T06:00:00")).used == 91


def test_a_count_that_falls_by_more_than_overtaking_is_a_reset() -> None:
    """By forty it may be an older answer; by more the day is new, and its burst as well."""
    assert observe(_usage(used=100, tokens=0.0), 940, NOON).used == 100
    assert observe(_usage(used=30, tokens=0.0), 990, NOON).used == 30
    reset = observe(_usage(used=100, tokens=0.0), 941, NOON)
    assert (reset.used, reset.tokens) == (59, 30.0)


def test_the_operator_has_the_gates_calls_as_well() -> None:
    """Where an allowance is too small to keep a part of it back."""
    usage, grab = take(_usage(limit=5, configured=5), NOON, operator=True)
    assert (usage.held, grab.granted) == (0, True)


def test_a_changed_plan_is_asked_about_again() -> None:
    """On the same day, and with a burst to ask with."""
    changed = configured(_usage(asked_day="2026-01-12", tokens=0.0), 10_000)
    assert (changed.asked_day, changed.tokens, changed.limit) == ("", 30.0, 10_000)
