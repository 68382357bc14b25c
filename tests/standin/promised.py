"""What the site promises about every submission, in a page: the model that any schedule is held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jotgate.outcomes import Verdict

#: However readings fall, a row that is shown so long before another is judged before it.
_SURELY_BEFORE_SECONDS = 26 * 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A submission, as whoever sent it knows it."""

    row_id: str
    form: str
    #: What its ticket field carries, or None.
    ticket: str | None
    #: The form that the ticket is for; None: nobody made it.
    ticket_form: str | None
    made_at: float
    ticket_expires_at: float
    visible_at: float


def promised(sent: Iterable[Sent]) -> dict[str, set[Verdict]]:
    """Return the verdicts that each submission may have, by its id; nearly always there is one."""
    may: dict[str, set[Verdict]] = {}
    by_ticket: dict[str, list[Sent]] = defaultdict(list)
    for one in sent:
        if one.ticket is None:
            may[one.row_id] = {Verdict.UNTICKETED}
        elif one.ticket_form is None:
            may[one.row_id] = {Verdict.FORGED}
        elif one.ticket_form != one.form:
            may[one.row_id] = {Verdict.WRONG_FORM}
        else:
            by_ticket[one.ticket].append(one)
    for rows in by_ticket.values():
        may |= _on_one_ticket(rows)
    return may


def _on_one_ticket(rows: list[Sent]) -> dict[str, set[Verdict]]:
    """One of those that were made in time is verified: the one that is read first."""
    in_time = [one for one in rows if one.made_at <= one.ticket_expires_at]
    may = {one.row_id: {Verdict.EXPIRED, Verdict.REPLAYED} if in_time else {Verdict.EXPIRED} for one in rows}
    for one in in_time:
        others = [other for other in in_time if other is not one]
        may[one.row_id] = set()
        if not any(_is_before(other, one) for other in others):
            may[one.row_id].add(Verdict.VERIFIED)
        if not all(_is_before(one, other) for other in others):
            may[one.row_id].add(Verdict.REPLAYED)
    return may


def _is_before(one: Sent, other: Sent) -> bool:
    return one.visible_at + _SURELY_BEFORE_SECONDS < other.visible_at


def broken_promises(sent: Iterable[Sent], shown: Iterable[str], verdicts: Mapping[str, Verdict]) -> list[str]:
    """Return what was promised about the rows that JotForm shows and is not so."""
    sent, shown = list(sent), set(shown)
    may = promised(sent)
    broken = [
        f"{one.row_id} is {verdicts.get(one.row_id)}, not of {may[one.row_id]}: {one}"
        for one in sent
        if one.row_id in shown and verdicts.get(one.row_id) not in may[one.row_id]
    ]
    for ticket in {one.ticket for one in sent if one.ticket_form == one.form}:
        rows = [one for one in sent if one.ticket == ticket and one.ticket_form == one.form]
        verified = sum(verdicts.get(one.row_id) is Verdict.VERIFIED for one in rows)
        due = any(one.row_id in shown and one.made_at <= one.ticket_expires_at for one in rows)
        if verified > 1 or verified < due:
            broken.append(f"{verified} submissions are verified on one ticket: {rows}")
    return broken
