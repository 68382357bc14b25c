"""The budget of wrong guesses, per network and in all. Pure: the store keeps the tallies.

Only a well-formed code that nobody was given counts. A network that guessed wrong 60 times
in 10 minutes is slowed to one try a second, and after 10,000 wrong guesses a day in all
every network is slowed to one a minute; nobody is locked out.

A school is one network. So that one guesser does not take every turn from the pupils beside
it, a slowed network has two lanes with turns of their own: browsers that we have known for
some seconds and that did not guess wrong themselves, and everybody else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

#: Wrong guesses that a network (and each of its lanes) has free in a window.
FREE_GUESSES = 60
WINDOW_SECONDS = 600.0
#: Wrong guesses in all after which every network is slowed.
DAILY_GUESSES = 10_000
DAY_SECONDS = 86_400.0
SLOW_TURN_SECONDS = 1.0
BRAKED_TURN_SECONDS = 60.0
#: How old a browser's cookie must be, and how often it may have guessed wrong, to be in the lane of the known.
KNOWN_AFTER_SECONDS = 5.0
KNOWN_GUESSES = 5
#: How far apart processes that wait for the store may be about "now".
LAG_SECONDS = 5.0

#: The tally of all networks together.
EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The wrong guesses under one key, and the next turn of a slowed one."""

    count: int
    #: When the count began, seconds since the epoch, UTC.
    since: float
    #: No try before this moment, if the key is slowed.
    next_try_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesser:
    """Who tries a code: a network, and a browser in it."""

    #: As `network_of` names it; never empty.
    network: str
    #: The browser's id in hex.
    browser: str
    #: When the browser was first seen, seconds since the epoch, UTC.
    browser_since: float

    @property
    def keys(self) -> tuple[str, str, str, str]:
        """Return the keys of every tally that concerns this guesser."""
        return (f"network {self.network}", f"known {self.network}", f"browser {self.browser}", EVERYWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whether a try may be made now, and what it costs."""

    #: 0 if it may; else when to come back, in seconds from now.
    wait_seconds: float
    #: The key whose next turn the try takes, or None if the network is not slowed.
    takes: str | None = None
    #: How long after this turn the next one comes.
    turn_seconds: float = 0.0
    #: The keys that a wrong guess is counted under.
    counts: tuple[str, ...] = ()


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


def window_of(key: str) -> float:
    """Return how long a count under *key* lasts, in seconds."""
    return DAY_SECONDS if key == EVERYWHERE else WINDOW_SECONDS


def live_count(key: str, tally: Tally | None, now: float) -> int:
    """Return the wrong guesses under *key* that still count. A clock set back forgives nothing."""
    if tally is None or now - tally.since >= window_of(key):
        return 0
    return tally.count


def next_turn(guesser: Guesser, tallies: Mapping[str, Tally], now: float) -> Turn:
    """Decide whether *guesser* may try now."""
    network, known, browser, everywhere = guesser.keys
    guesses = {key: live_count(key, tallies.get(key), now) for key in guesser.keys}
    braked = guesses[everywhere] >= DAILY_GUESSES
    if guesses[network] < FREE_GUESSES and not braked:
        return Turn(wait_seconds=0.0, counts=(network, browser, everywhere))

    age_seconds = now - guesser.browser_since
    # A cookie from the future was set before the clock was set back, so it is no fresh one.
    young_seconds = KNOWN_AFTER_SECONDS - age_seconds if age_seconds > -KNOWN_AFTER_SECONDS else 0.0
    trusted = guesses[browser] < KNOWN_GUESSES
    lane = known if trusted and young_seconds <= 0 else network
    counts = (lane, browser, everywhere)
    if lane == known and guesses[known] < FREE_GUESSES and not braked:
        return Turn(wait_seconds=0.0, counts=counts)
    turn_seconds = BRAKED_TURN_SECONDS if braked else SLOW_TURN_SECONDS
    tally = tallies.get(lane)
    wait = tally.next_try_at - now if tally else 0.0
    # A turn that is further off than turns are was taken before the clock was set back: it binds nobody.
    if wait <= 0 or wait > turn_seconds + LAG_SECONDS:
        return Turn(wait_seconds=0.0, takes=lane, turn_seconds=turn_seconds, counts=counts)
    wait = min(wait, turn_seconds)
    if lane == network and trusted:
        wait = min(max(wait, young_seconds), turn_seconds + KNOWN_AFTER_SECONDS)
    return Turn(wait_seconds=wait)
