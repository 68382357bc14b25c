"""The budget of guesses: guessers are slowed, schools are not, nobody is locked out, whatever the clock does."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.codes import ALPHABET, DATA_SYMBOLS
from jotgate.outcomes import Work
from jotgate.throttle import (
    CALM_GUESSES,
    DAY_SECONDS,
    EVERYWHERE,
    FREE_GUESSES,
    KNOWN_GUESSES,
    LAG_SECONDS,
    LEAST_WORK,
    LONGEST_TURN_SECONDS,
    MOST_WORK,
    NOTED_GUESSES,
    OPENING_SECONDS,
    PACE,
    PATIENT_SHARE,
    POSSIBLE_CODES,
    WORK_SECONDS,
    Guesser,
    Tally,
    Turn,
    budget_of,
    grains_of,
    live_count,
    network_of,
    next_turn,
    opening_wait,
    price,
    turn_seconds,
    window_of,
)

NOW = 1_790_000_000.0
SCHOOL = "192.0.2.1/32"
BUDGET = budget_of(1_000_000)


def someone(*, age: float = 60.0, network: str = SCHOOL, work: Work | None = None) -> Guesser:
    """Return somebody who tries a code."""
    return Guesser(network=network, browser="00", browser_age=age, work=work)


def guessed(count: int, *, wait: float = 0.0, left: float = 60.0) -> Tally:
    """Return a tally that counts for some more seconds."""
    return Tally(count=count, ends_at=NOW + left, next_try_at=NOW + wait)


def asked(guesser: Guesser, *, now: float = NOW, **tallies: Tally) -> Turn:
    """Decide: `own`, `browser`, `known`, `others`, `pace` and `everywhere` name the guesser's tallies."""
    keys = {
        "own": guesser.grains[0].key,
        "browser": guesser.browser_key,
        "known": guesser.lanes[0],
        "others": guesser.lanes[1],
        "pace": PACE,
        "everywhere": EVERYWHERE,
    }
    return next_turn(guesser, {keys[name]: tally for name, tally in tallies.items()}, now=now, budget=BUDGET)


IN_DEBT = guessed(FREE_GUESSES)
NO_PATIENCE = guessed(int(BUDGET * PATIENT_SHARE) + 1)
USED_UP = guessed(BUDGET)


def test_the_budget_keeps_the_odds_that_are_promised() -> None:
    """Whatever the number of codes in use, a day's guesses find one with a chance of 1 in 100,000."""
    assert len(ALPHABET) ** DATA_SYMBOLS == POSSIBLE_CODES
    assert [budget_of(number) for number in (600, 10_000, 1_000_000)] == [18_764_998, 1_125_899, 11_258]
    for number in (1, 30, 600, 10_000, 1_000_000):
        assert budget_of(number) * number / POSSIBLE_CODES <= 1e-5
    assert budget_of(0) == budget_of(1) == 11_258_999_068
    assert budget_of(10_000_000) == CALM_GUESSES


def test_a_network_is_free_until_it_guessed_wrong_sixty_times() -> None:
    """Then a browser that is known is answered at once, and others one try a second."""
    assert asked(someone(age=0.0), own=guessed(FREE_GUESSES - 1)).is_noted
    assert asked(someone(), own=IN_DEBT) == Turn(
        counts=(someone().browser_key, someone().grains[0].key, EVERYWHERE)
    )
    first = asked(someone(age=0.0), own=IN_DEBT)
    assert [(taken.key, taken.seconds) for taken in first.takes] == [(someone().lanes[1], 1.0)]
    assert asked(someone(age=2.0), own=IN_DEBT, others=guessed(0, wait=1.0)).wait_seconds == 3.0
    assert asked(someone(age=0.0), own=IN_DEBT, others=guessed(0, wait=1.0)).wait_seconds == 5.0
    assert asked(someone(age=0.0), own=IN_DEBT, others=guessed(0, wait=1.0)).blame is None
    assert asked(someone(age=9.0), own=guessed(FREE_GUESSES, left=0.0)).is_noted
    assert live_count(None, NOW) == live_count(guessed(1, left=0.0), NOW) == 0


def test_a_browser_of_a_clock_that_is_ahead_is_known_at_once() -> None:
    """By more than is rounded away: nobody can say how long it has been there."""
    assert asked(someone(age=-0.5), own=IN_DEBT).takes
    for age in (-1.0, -1.5, -3_600.0):
        assert not asked(someone(age=age), own=IN_DEBT).takes


def test_a_turn_that_is_further_off_than_turns_are_binds_nobody() -> None:
    """It was taken before the clock was set back; one that is just as far off as rounding explains does."""
    stranger = someone(age=0.0)
    for wait, waits in ((1.0 + LAG_SECONDS, True), (1.5 + LAG_SECONDS, False)):
        turn = asked(stranger, own=IN_DEBT, others=guessed(0, wait=wait))
        assert (turn.wait_seconds > 0) is waits


def test_patience_ends_with_its_share_of_the_day() -> None:
    """At a quarter of the budget, to the guess, a slowed network works; and the ledger notes the first 10,000."""
    keys = {"network": someone().grains[0].key, "lane": someone().lanes[0]}
    for guesses, works in ((2_499, False), (2_500, True)):
        tallies = {keys["network"]: IN_DEBT, keys["lane"]: guessed(0, wait=9.0), EVERYWHERE: guessed(guesses)}
        turn = next_turn(someone(), tallies, now=NOW, budget=10_000)
        assert (turn.work is not None) is works
    assert asked(someone(), everywhere=guessed(NOTED_GUESSES - 1)).is_noted
    assert not asked(someone(), everywhere=guessed(NOTED_GUESSES)).is_noted


@pytest.mark.parametrize(
    ("openings", "wait_seconds"),
    [(0, 0.0), (12, 0.0), (12.01, 0.15), (13, 15.0), (14, 30.0), (14.01, 0.0), (15, 0.0), (1_000, 0.0)],
)
def test_a_right_code_opens_as_often_as_it_has_uses_and_ten_times_more(
    openings: float, wait_seconds: float
) -> None:
    """Three uses, thirteen openings at once, and one more each fifteen seconds; what no clock gets to binds nobody."""
    calm_at = NOW + openings * OPENING_SECONDS
    assert opening_wait(calm_at, 3, NOW) == pytest.approx(wait_seconds, abs=1e-5)


def test_browsers_that_guessed_wrong_come_last() -> None:
    """One that guessed wrong five times waits for the turns of the others, however long it has been there."""
    worn = {"own": IN_DEBT, "browser": guessed(KNOWN_GUESSES), "others": guessed(0, wait=1.0)}
    assert asked(someone(), **worn).wait_seconds == 1.0
    worn["browser"] = guessed(KNOWN_GUESSES - 1)
    assert asked(someone(), **worn).wait_seconds == 0.0


@pytest.mark.parametrize("age", [0.0, 60.0])
def test_once_patience_is_used_up_a_slowed_network_works_or_waits_for_turns(age: float) -> None:
    """Its turns are even, it alone is asked to work, and only its own guesses are counted for those who do."""
    turn = asked(someone(age=age), own=IN_DEBT, everywhere=NO_PATIENCE)
    lane = someone().lanes[0 if age else 1]
    assert [(taken.key, taken.seconds) for taken in turn.takes] == [(lane, turn_seconds(BUDGET))]
    assert turn.counts == (someone().browser_key, someone().grains[0].key, EVERYWHERE)
    taken = {"known": guessed(0, wait=9.0), "others": guessed(0, wait=9.0)}
    waiting = asked(someone(age=age), own=IN_DEBT, everywhere=NO_PATIENCE, **taken)
    assert (waiting.wait_seconds, waiting.work) == (9.0, Work(hashes=LEAST_WORK, asked_at=NOW))
    paid = asked(someone(age=age, work=waiting.work), own=IN_DEBT, everywhere=NO_PATIENCE, **taken)
    assert paid == Turn(counts=(someone().grains[0].key,))
    assert asked(someone(age=0.0, network="198.51.100.7/32"), everywhere=NO_PATIENCE).wait_seconds == 0.0


def test_once_the_day_is_used_up_everybody_works_or_shares_the_turns() -> None:
    """The turns of all who do not work add up to one more day's budget at most; nobody's network is blamed."""
    turn = asked(someone(), everywhere=USED_UP)
    assert [taken.key for taken in turn.takes] == [someone().lanes[0], PACE]
    assert turn.takes[1].seconds == pytest.approx(DAY_SECONDS / BUDGET)
    waiting = asked(someone(), everywhere=USED_UP, pace=guessed(0, wait=5.0))
    assert (waiting.wait_seconds, waiting.blame) == (5.0, "everywhere")
    assert waiting.work == Work(hashes=MOST_WORK, asked_at=NOW)


def test_work_is_good_for_two_minutes() -> None:
    """By the store's clock, whichever way it went; what was worked longer ago costs the same again."""
    for asked_at, is_good in (
        (NOW - WORK_SECONDS, True),
        (NOW - WORK_SECONDS - 1, False),
        (NOW + 1e6, False),
    ):
        worker = someone(work=Work(hashes=LEAST_WORK, asked_at=asked_at))
        turn = asked(worker, everywhere=USED_UP, pace=guessed(0, wait=5.0))
        assert (turn.wait_seconds == 0.0) is is_good


def test_work_grows_with_what_a_network_guessed_and_never_beyond_what_a_phone_can_do() -> None:
    """From less than a second of a slow phone's to eleven: such a one makes 3,000 hashes of 64 kB a second."""
    prices = [price(debt) for debt in (1, 2, 4, 8, 16, 1_000_000)]
    assert prices == sorted(prices)
    assert prices[0] == LEAST_WORK
    assert prices[-1] == MOST_WORK <= 11 * 3_000


def test_turns_are_a_second_apart_unless_many_codes_are_in_use() -> None:
    """An eighth of the day's budget at most, and a minute apart at most."""
    assert [turn_seconds(budget_of(number)) for number in (1, 600, 10_000)] == [1.0] * 3
    assert turn_seconds(budget_of(100_000)) == pytest.approx(6.14, abs=0.01)
    assert turn_seconds(budget_of(10**9)) == LONGEST_TURN_SECONDS


def test_a_48_of_many_networks_counts_as_one() -> None:
    """A /64 has 60 guesses free, its /56 twice as many, its /48 three times; an IPv4 address is alone."""
    grains = grains_of("2001:db8:1:2300::/64")
    assert [(grain.key, grain.free) for grain in grains] == [
        ("network 2001:db8:1:2300::/64", 60),
        ("network 2001:db8:1:2300::/56", 120),
        ("network 2001:db8:1::/48", 180),
    ]
    for network in (SCHOOL, "unknown"):
        assert [grain.key for grain in grains_of(network)] == [f"network {network}"]
    nearby = next_turn(
        someone(age=0.0, network="2001:db8:1:2300::/64"),
        {grains[2].key: guessed(180), "others in network 2001:db8:1::/48": guessed(0, wait=1.0)},
        now=NOW,
        budget=BUDGET,
    )
    assert nearby.blame == "nearby"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.77/32"),
        (" 192.0.2.77 ", "192.0.2.77/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.77", "192.0.2.77/32"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("192.0.2.77:8080", "unknown"),
        ("192.0.2.077", "unknown"),
    ],
)
def test_an_address_belongs_to_a_network(address: str, network: str) -> None:
    """One for each IPv4 address, one for each /64, and one for all that have none."""
    assert network_of(address) == network


@given(st.text() | st.ip_addresses().map(str))
def test_any_address_belongs_to_some_network(address: str) -> None:
    """Never an exception, and never the empty key that would skip the limit."""
    network = network_of(address)
    assert network == "unknown" or ipaddress.ip_network(network)


_TALLIES = st.fixed_dictionaries(
    {},
    optional={
        name: st.builds(guessed, st.integers(0, 20_000), wait=st.floats(-1e4, 1e4), left=st.floats(-1e4, 1e5))
        for name in ("own", "browser", "known", "others", "pace", "everywhere")
    },
)


@given(_TALLIES, st.floats(-1e4, 1e4))
def test_a_turn_is_now_or_within_a_minute(tallies: dict[str, Tally], age: float) -> None:
    """Any tallies and any age give a turn that says what it counts, or a wait of a minute or so at most."""
    turn = asked(someone(age=age), **tallies)
    if turn.wait_seconds > 0:
        assert not turn.takes
        assert turn.wait_seconds <= LONGEST_TURN_SECONDS + LAG_SECONDS
    else:
        assert turn.counts[-1] == EVERYWHERE


@given(_TALLIES, st.floats(-1e4, 1e4), st.floats(-1e5, 1e5))
def test_a_clock_that_jumps_locks_nobody_out_for_longer_than_a_turn(
    tallies: dict[str, Tally], age: float, shift: float
) -> None:
    """Whatever was noted by the other clock, an honest browser that comes back when it is told to gets its turn."""
    began = now = NOW + shift
    while (turn := asked(someone(age=age + now - began), now=now, **tallies)).wait_seconds > 0:
        now += turn.wait_seconds + 0.001
    assert now - began <= LONGEST_TURN_SECONDS + LAG_SECONDS + 1


def test_counts_last_as_long_as_they_say() -> None:
    """A browser's ten minutes, a network's an hour, everybody's a day."""
    keys = [someone().browser_key, someone().grains[0].key, EVERYWHERE]
    assert [window_of(key) for key in keys] == [600.0, 3_600.0, 86_400.0]
