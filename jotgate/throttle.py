"""The budgets of wrong guesses and of right codes: what a try costs, and who has to wait. Pure: the store keeps count.

Only a well-formed code that nobody was given counts. The day's budget follows from the codes in use: so many
wrong guesses that one of them is right with a chance of 1 in 100,000. While they last, a network that guessed
wrong often only asks for patience: a browser that has been there for some seconds, and hardly guessed wrong
itself, is answered at once. When they run out, a try costs work: some seconds of the browser's arithmetic, good for
one code. A browser that cannot work waits for a turn, so nobody is locked out.

Nothing else tells the owner of a right code from a guesser who starts afresh, so nothing else decides: whatever
lets every owner in within half a minute lets a guesser try once. The price of that one try is what counts.

A right code is opened as often as it has uses, and some times more, and then once every few seconds: one who
has it cannot fill the store with it. Others who share the code need not wait: work opens it once.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from jotgate.frozen import frozen
from jotgate.outcomes import Work

#: The chance that one of a day's guesses is right.
ODDS_A_DAY = 1e-5
#: How many codes there can be: ten symbols of 32, and two that follow from them.
POSSIBLE_CODES = 32**10
#: Wrong guesses that a network has free in a window, by how large it is.
FREE_GUESSES = 60
_IPV6_GRAINS = ((64, FREE_GUESSES), (56, 2 * FREE_GUESSES), (48, 3 * FREE_GUESSES))
WINDOW_SECONDS = 3_600.0
DAY_SECONDS = 86_400.0
#: The share of the day's budget that slowed networks may use up by patience alone.
PATIENT_SHARE = 0.25
#: How old a browser's cookie must be, and how often it may have guessed wrong, to be answered at once.
KNOWN_AFTER_SECONDS = 5.0
KNOWN_GUESSES = 5
BROWSER_SECONDS = 600.0
#: The turns of those who do not work: a slowed network's are even, and use up an eighth of the day's budget at most.
SLOW_TURN_SECONDS = 1.0
LONGEST_TURN_SECONDS = 60.0
_TURNS_SHARE = 1 / 8
#: How far apart a turn and "now" may be for reasons of rounding; further: the clock was set back.
LAG_SECONDS = 5.0
#: What a try costs, in hashes of 64 kB: a slow phone makes some 3,000 a second.
LEAST_WORK = 2**11
MOST_WORK = 2**15
#: How long what was worked is good for.
WORK_SECONDS = 120.0
#: How often a right code is opened beyond its uses before that costs something: tablets that lose their cookies, people
#: who move from phone to laptop and back. After so many seconds one opening more is free.
SPARE_OPENINGS = 10
OPENING_SECONDS = 15.0
#: Wrong guesses a day that leave an entry of their own in the ledger.
NOTED_GUESSES = 10_000

#: The tally of all networks together, and the turns of all who do not work once the day's budget is used up.
EVERYWHERE = "everywhere"
PACE = "pace"


class Grain(NamedTuple):
    """A network, or a larger one that it belongs to."""

    key: str
    #: Wrong guesses that it has free in a window.
    free: int


@frozen
class Tally:
    """The wrong guesses under one key, and the next turn of a slowed one. All times are the store's."""

    count: int
    #: When the count is over.
    ends_at: float
    #: No turn before this moment, if the key is slowed.
    next_try_at: float


@frozen
class Guesser:
    """Who tries a code: a network, and a browser in it."""

    #: As `network_of` names it; never empty.
    network: str
    #: The browser's id in hex.
    browser: str
    #: How long ago the browser was first seen, in seconds; negative if another machine's clock is ahead.
    browser_age: float
    #: What the browser has worked for this very code, if anything.
    work: Work | None = None

    @property
    def grains(self) -> tuple[Grain, ...]:
        """Return the guesser's networks, the smallest first."""
        return grains_of(self.network)

    @property
    def browser_key(self) -> str:
        """Return the key of the browser's own wrong guesses."""
        return f"browser {self.browser}"

    @property
    def lanes(self) -> tuple[str, str]:
        """Return the keys of the turns of known browsers, and of the others, in the largest network."""
        largest = self.grains[-1].key
        return f"known in {largest}", f"others in {largest}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of every tally that concerns this guesser."""
        return (*(grain.key for grain in self.grains), self.browser_key, *self.lanes, PACE, EVERYWHERE)


class Taken(NamedTuple):
    """A turn that somebody takes."""

    key: str
    #: How long after this turn the next one comes.
    seconds: float


@frozen
class Turn:
    """Whether a try may be made now, and what it costs."""

    #: 0 if it may; else when to come back, in seconds from now.
    wait_seconds: float = 0.0
    #: The turns that the try takes.
    takes: tuple[Taken, ...] = ()
    #: The keys that a wrong guess is counted under, in the order in which everybody counts.
    counts: tuple[str, ...] = ()
    #: Whether a wrong guess leaves an entry in the ledger.
    is_noted: bool = False
    #: Whose wrong guesses make the try wait, unless the network's own: ``nearby`` or ``everywhere``.
    blame: str | None = None
    #: What the browser may work instead of waiting; None: it may only wait.
    work: Work | None = None


def network_of(address: str) -> str:
    """Return the network that *address* belongs to: /32 for IPv4, /64 for IPv6; total, never empty.

    A request without an address (a Unix socket) belongs to the network ``unknown``.
    """
    try:
        ip = ipaddress.ip_address(address.strip().partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return f"{ip.ipv4_mapped}/32"
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return f"{ip}/32"


@lru_cache(maxsize=1024)
def grains_of(network: str) -> tuple[Grain, ...]:
    """Return *network* and the larger ones that it belongs to, so that a /48 of 65,536 networks counts as one."""
    if not network.endswith("::/64"):
        return (Grain(f"network {network}", FREE_GUESSES),)
    smallest = ipaddress.IPv6Network(network)
    return tuple(
        Grain(f"network {smallest.supernet(new_prefix=length)}", free) for length, free in _IPV6_GRAINS
    )


def budget_of(live_codes: int) -> int:
    """Return how many wrong guesses a day may hold if so many codes are in use."""
    return int(ODDS_A_DAY * POSSIBLE_CODES / max(live_codes, 1))


#: So few that no number of codes in use makes them too many.
CALM_GUESSES = budget_of(10_000_000)


def window_of(key: str) -> float:
    """Return how long a count under *key* lasts, in seconds."""
    if key == EVERYWHERE:
        return DAY_SECONDS
    return BROWSER_SECONDS if key.startswith("browser ") else WINDOW_SECONDS


def live_count(tally: Tally | None, now: float) -> int:
    """Return the wrong guesses of *tally* that still count. A clock set back forgives nothing."""
    return 0 if tally is None or now >= tally.ends_at else tally.count


def next_turn(guesser: Guesser, tallies: Mapping[str, Tally], *, now: float, budget: int) -> Turn:
    """Decide whether *guesser* may try now, by the store's clock, if the day has so many guesses."""
    in_all = live_count(tallies.get(EVERYWHERE), now)
    debts = [live_count(tallies.get(grain.key), now) / grain.free for grain in guesser.grains]
    if max(debts) < 1 and in_all < budget:
        return Turn(counts=_counts(guesser), is_noted=in_all < NOTED_GUESSES)
    if guesser.work is not None and is_good(guesser.work, now):
        # Paid for, so it uses up nobody else's guesses.
        return Turn(counts=tuple(grain.key for grain in guesser.grains))
    if in_all < budget * PATIENT_SHARE:
        return _by_patience(guesser, tallies, now, _blame(debts))
    return _by_turns(guesser, tallies, now, budget, in_all >= budget, debts)


def is_good(work: Work, now: float) -> bool:
    """Say whether *work* was asked for so recently that it still counts."""
    return abs(now - work.asked_at) <= WORK_SECONDS


def opening_wait(calm_at: float, uses: int, now: float) -> float:
    """Return how many seconds it is until a right code opens for nothing again; 0: it does now.

    Each opening puts *calm_at* off by `OPENING_SECONDS`.
    """
    wait_seconds = calm_at - now - (uses + SPARE_OPENINGS - 1) * OPENING_SECONDS
    # What lies further ahead than it ever gets was counted before the clock was set back: it binds nobody.
    return wait_seconds if 0 < wait_seconds <= 2 * OPENING_SECONDS else 0.0


def _blame(debts: list[float]) -> str | None:
    if max(debts) < 1:
        return "everywhere"
    return None if debts[0] >= 1 else "nearby"


def _by_patience(guesser: Guesser, tallies: Mapping[str, Tally], now: float, blame: str | None) -> Turn:
    """Answer a known browser at once, and one try a second of all others."""
    counts = _counts(guesser)
    if _is_known(guesser, tallies, now):
        return Turn(counts=counts)
    lane = Taken(guesser.lanes[1], SLOW_TURN_SECONDS)
    wait_seconds = _wait(lane, tallies, now)
    if not wait_seconds:
        return Turn(takes=(lane,), counts=counts)
    if _is_trusted(guesser, tallies, now):
        wait_seconds = max(wait_seconds, _young_seconds(guesser))
    return Turn(wait_seconds=wait_seconds, blame=blame)


def _by_turns(
    guesser: Guesser,
    tallies: Mapping[str, Tally],
    now: float,
    budget: int,
    is_braked: bool,
    debts: list[float],
) -> Turn:
    """Let a browser work, or wait for a turn: its network's, and one of all networks' once the day is used up."""
    known, others = guesser.lanes
    lane = known if _is_known(guesser, tallies, now) else others
    takes = [Taken(lane, turn_seconds(budget))]
    if is_braked:
        takes.append(Taken(PACE, min(DAY_SECONDS / budget, LONGEST_TURN_SECONDS)))
    wait_seconds = max(_wait(turn, tallies, now) for turn in takes)
    if not wait_seconds:
        return Turn(takes=tuple(takes), counts=_counts(guesser))
    hashes = MOST_WORK if is_braked else price(max(debts))
    work = Work(hashes=hashes, asked_at=now)
    return Turn(wait_seconds=wait_seconds, blame=_blame(debts), work=work)


def turn_seconds(budget: int) -> float:
    """Return how far apart the turns of a slowed network are: a second, and more where many codes are in use."""
    return min(max(SLOW_TURN_SECONDS, DAY_SECONDS / (budget * _TURNS_SHARE)), LONGEST_TURN_SECONDS)


def price(debt: float) -> int:
    """Return the hashes that a try costs in a network that guessed *debt* times what it has free."""
    return min(max(LEAST_WORK, int(LEAST_WORK * debt)), MOST_WORK)


def _counts(guesser: Guesser) -> tuple[str, ...]:
    return (guesser.browser_key, *(grain.key for grain in guesser.grains), EVERYWHERE)


def _is_trusted(guesser: Guesser, tallies: Mapping[str, Tally], now: float) -> bool:
    return live_count(tallies.get(guesser.browser_key), now) < KNOWN_GUESSES


def _is_known(guesser: Guesser, tallies: Mapping[str, Tally], now: float) -> bool:
    return not _young_seconds(guesser) and _is_trusted(guesser, tallies, now)


def _young_seconds(guesser: Guesser) -> float:
    """Return for how long the browser is not known yet; one of another clock is known at once."""
    return max(KNOWN_AFTER_SECONDS - max(guesser.browser_age, 0.0), 0.0) if guesser.browser_age > -1 else 0.0


def _wait(turn: Taken, tallies: Mapping[str, Tally], now: float) -> float:
    """Return when *turn* can be taken, in seconds from now."""
    tally = tallies.get(turn.key)
    wait_seconds = tally.next_try_at - now if tally else 0.0
    # A turn that is further off than turns are was taken before the clock was set back: it binds nobody.
    if wait_seconds > turn.seconds + LAG_SECONDS:
        return 0.0
    return min(max(wait_seconds, 0.0), turn.seconds)
