"""The openings of a ticket, each with what an app filled in, and the pages that sent it, as the store keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from jotgate.outcomes import Verdict
from jotgate.protocols import Redemption
from jotgate.signed.tickets import FilledIn, OnPage, Ticket, TicketState
from jotgate.stores.driver import Row

#: What is filled in and locked at more openings than these, one after the other and none of them sent, is not kept.
MOST_OPENINGS = 16
_NUMBERS = 256
#: Sixteen pages that sent one ticket; of any more nobody needs to know which was which.
SENDERS_LETTERS = 16 * 11


def read_openings(text: str | None) -> tuple[FilledIn, ...]:
    """Return the openings in a ticket's column, the newest last."""
    found: list[tuple[int, dict[str, str], list[str]]] = json.loads(text) if text else []
    return tuple(FilledIn(number, prefill, tuple(locked)) for number, prefill, locked in found)


def with_opening(openings: Sequence[FilledIn], redemption: Redemption) -> str:
    """Return a ticket's column after one more opening; one that fills in the same as another is the same opening."""
    filled_in = (dict(redemption.prefill), tuple(redemption.locked))
    same = next((one for one in openings if (one.prefill, one.locked) == filled_in), None)
    number = _free_number(openings) if same is None else same.number
    kept = [one for one in openings if one is not same][1 - MOST_OPENINGS :]
    return json.dumps([*kept, FilledIn(number, *filled_in)])


def _free_number(openings: Sequence[FilledIn]) -> int:
    """Return a number that no opening has, and that none had for as long as there are enough."""
    used = {one.number for one in openings}
    after = range(max(used, default=-1) + 1, _NUMBERS)
    return min(set(after) - used or set(range(_NUMBERS)) - used)


def sender_of(on_page: OnPage) -> str:
    """Return the opening and the name of a page, as the column of those who sent a ticket has them."""
    return f"{on_page.opening or 0:02x}{on_page.page.hex()}"


def as_sent(ticket: Ticket, on_page: OnPage, senders: Sequence[str], sent: Iterable[Row]) -> Ticket:
    """Return the ticket with the verdict on what that page sent.

    A submission tells its opening; those of one opening came in the order in which its pages said that they sent it,
    and whatever else came is the last one's.
    """
    own = sender_of(on_page)
    among = [one for one in senders if one[:2] == own[:2]]
    in_order = sorted(sent, key=lambda row: (len(row[0]), row[0]))
    verdicts = [Verdict(row[1]) for row in in_order if row[2] in (None, on_page.opening)]
    at = among.index(own)
    mine = verdicts[at : at + 1] if own != among[-1] else verdicts[at:]
    best = next((one for one in mine if one.counts), mine[-1] if mine else None)
    waits = best is None and ticket.state is TicketState.REDEEMED
    return replace(ticket, verdict=best, state=TicketState.SENT if waits else ticket.state)
