"""What jotgate promises, in as few words as possible: no database, no network, no second process."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from jotgate.outcomes import Reason, Verdict


@dataclass(eq=False)
class Ticket:
    """The right to submit once, and the passes that were made for it."""

    expires_at: float
    browser: int
    ticket_id: bytes = b""
    state: str = "open"
    sent_at: float = 0.0
    revoked_at: float = float("inf")
    submission_id: str = ""
    passes: list[Pass] = field(default_factory=list)


@dataclass(eq=False)
class Pass:
    """A cookie."""

    expires_at: float
    revoked: bool = False


@dataclass(eq=False)
class Code:
    """What somebody was given, whatever it is called since."""

    form: str
    uses: int
    valid_from: float
    valid_until: float
    used: int = 0
    revoked: bool = False
    replaced: bool = False
    tickets: list[Ticket] = field(default_factory=list)

    def revoke_tickets(self, now: float) -> int:
        """End what is out; say how many that were."""
        out = [one for one in self.tickets if one.state in ("open", "sent")]
        for one in out:
            one.state, one.revoked_at = "revoked", now
        return len(out)

    def revoke_passes(self) -> None:
        """End every pass."""
        for ticket in self.tickets:
            for one in ticket.passes:
                one.revoked = True


@dataclass(eq=False)
class Paper:
    """What a hidden field carried: a ticket of a code, and the secret it was signed with; or nothing of the kind."""

    text: str
    secret: str = ""
    code: Code | None = None
    ticket: Ticket | None = None


@dataclass(eq=False)
class Sent:
    """A submission."""

    form: str
    created_at: float
    paper: Paper
    verdict: Verdict | None = None
    judged: Verdict | None = None


class Promises:
    """Predicts every decision and every verdict."""

    def __init__(
        self,
        capacity: Mapping[str, int | None],
        ticket_ttl: Mapping[str, float],
        pass_ttl: Mapping[str, float],
    ) -> None:
        self.capacity, self.ticket_ttl, self.pass_ttl = capacity, ticket_ttl, pass_ttl
        self.places = dict.fromkeys(capacity, 0)
        self.read_at = dict.fromkeys(capacity, float("-inf"))
        self.submissions: dict[str, Sent] = {}

    def admit(self, code: Code | None, form: str, browser: int, now: float, move: bool) -> Reason | Ticket:
        """Open the code's ticket in a browser, or say why not."""
        refusal = self._full(form) or _unusable(code, form, now)
        if refusal is not None:
            return refusal
        assert code is not None
        ticket = next((one for one in code.tickets if not one.submission_id and one.state != "revoked"), None)
        expires_at = min(now + self.ticket_ttl[form], code.valid_until + 1800)
        if code.uses > 1 or ticket is None:
            ticket = Ticket(expires_at, browser)
            code.tickets.append(ticket)
        else:
            lost = ticket.state == "sent" and self.read_at[form] >= ticket.sent_at + 1200
            if ticket.state == "sent" and not lost and ticket.browser != browser:
                return Reason.USED_UP
            if ticket.browser != browser and not move:
                return Reason.OPEN_ELSEWHERE
            ticket.state = "open" if lost else ticket.state
            ticket.browser = browser
            sent = ticket.state == "sent"
            ticket.expires_at = max(expires_at, ticket.expires_at) if sent else expires_at
        for one in ticket.passes:
            one.revoked = True
        ticket.passes.append(Pass(min(expires_at, now + self.pass_ttl[form])))
        return ticket

    def _full(self, form: str) -> Reason | None:
        capacity = self.capacity[form]
        return None if capacity is None or self.places[form] < capacity else Reason.FULL

    def sweep(self, form: str, secrets: Collection[str]) -> None:
        """Judge what is not judged yet, the oldest first."""
        for submission_id, sent in self.submissions.items():
            if sent.form == form and sent.verdict is None:
                sent.verdict = sent.judged = self._verdict(submission_id, sent, secrets)

    def _verdict(self, submission_id: str, sent: Sent, secrets: Collection[str]) -> Verdict:
        code, ticket = sent.paper.code, sent.paper.ticket
        if not sent.paper.text:
            return Verdict.UNTICKETED
        if sent.paper.secret not in secrets:
            return Verdict.FORGED
        if code is None or ticket is None:
            return Verdict.ORPHANED
        if code.form != sent.form:
            return Verdict.WRONG_FORM
        if ticket.submission_id:
            return Verdict.REPLAYED
        # Submissions tell their time in whole seconds; within the second of the revocation, the owner wins.
        if ticket.revoked_at < sent.created_at + 1:
            return Verdict.REVOKED
        if sent.created_at > ticket.expires_at:
            return Verdict.EXPIRED
        ticket.submission_id, ticket.state = submission_id, "redeemed"
        if self._full(sent.form) or code.used >= code.uses:
            return Verdict.OVER_LIMIT
        code.used += 1
        self.places[sent.form] += 1
        return Verdict.VERIFIED

    def give_back(self, code: Code, now: float) -> bool:
        """Take a use off the count, or free the one ticket; say whether there was one to give."""
        if code.revoked:
            return False
        if code.used:
            code.used -= 1
        elif code.uses > 1 or not code.revoke_tickets(now):
            return False
        if code.uses == 1:
            code.revoke_passes()
        return True

    def rule(self, sent: Sent, accept: bool) -> Verdict | None:
        """Accept or reject; return the verdict from then on, or None if there is nothing to rule on."""
        if sent.verdict is None or sent.judged is None:
            return None
        if accept != sent.verdict.counts:
            self.places[sent.form] += 1 if accept else -1
            machine = Verdict.REVOKED if sent.judged is Verdict.VERIFIED else sent.judged
            sent.verdict = Verdict.ACCEPTED if accept else machine
        return sent.verdict


def _unusable(code: Code | None, form: str, now: float) -> Reason | None:
    if code is None:
        return Reason.UNKNOWN_CODE
    if code.form != form:
        return Reason.WRONG_FORM
    if code.revoked:
        return Reason.REVOKED
    if now < code.valid_from:
        return Reason.NOT_YET_VALID
    if now >= code.valid_until:
        return Reason.EXPIRED
    return Reason.USED_UP if code.used >= code.uses else None
