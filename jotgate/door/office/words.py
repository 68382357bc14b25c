"""What the office calls things: reasons and verdicts in a few words, and times as one says them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jotgate.operators import EVERYBODY
from jotgate.outcomes import Reason, Verdict
from jotgate.phrases import phrase, phrases
from jotgate.protocols.people import CodeState

_VERDICTS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PENDING: phrase("Waiting for a verdict"),
        Verdict.VERIFIED: phrase("Came through the gate"),
        Verdict.ACCEPTED: phrase("Accepted by a person"),
        Verdict.UNTICKETED: phrase("Came by the bare address"),
        Verdict.FORGED: phrase("Forged ticket"),
        Verdict.ORPHANED: phrase("Ticket of a lost store"),
        Verdict.EXPIRED: phrase("Too late"),
        Verdict.REPLAYED: phrase("Sent twice"),
        Verdict.WRONG_FORM: phrase("Ticket of another form"),
        Verdict.OVER_LIMIT: phrase("One too many"),
        Verdict.TAMPERED: phrase("Locked field changed"),
        Verdict.REVOKED: phrase("Revoked"),
    }
)
_REFUSALS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.UNKNOWN_CODE: phrase("Unknown code"),
        Reason.MISTYPED: phrase("Mistyped code"),
        Reason.WRONG_FORM: phrase("Code of another form"),
        Reason.NOT_YET_VALID: phrase("Code not valid yet"),
        Reason.EXPIRED: phrase("Code expired"),
        Reason.USED_UP: phrase("Code used up"),
        Reason.ALREADY_SENT: phrase("Already sent"),
        Reason.REVOKED: phrase("Code revoked"),
        Reason.THROTTLED: phrase("Too many guesses"),
        Reason.CODE_BUSY: phrase("Code opened too often"),
        Reason.BAD_TOKEN: phrase("Bad app token"),
        Reason.TOKEN_USED: phrase("Copied app link"),
        Reason.TOKEN_EXPIRED: phrase("App link too old"),
        Reason.APP_ONLY: phrase("Not from the app"),
        Reason.COOKIES_BLOCKED: phrase("Cookies blocked"),
        Reason.NOT_SIGNED_IN: phrase("Not signed in"),
        Reason.NOT_INVITED: phrase("Invited was somebody else"),
        Reason.INVITATION_OVER: phrase("Invitation over"),
        Reason.OPEN_ELSEWHERE: phrase("Open in another browser"),
        Reason.MOVED_AWAY: phrase("Moved to another browser"),
        Reason.NOT_YET_OPEN: phrase("Not open yet"),
        Reason.CLOSED: phrase("Closed"),
        Reason.PAUSED: phrase("Paused"),
        Reason.FULL: phrase("Full"),
        Reason.FIELD_MISSING: phrase("Ticket field missing"),
        Reason.NO_PASS: phrase("No pass"),
        Reason.NOT_SUBMITTED: phrase("Not submitted yet"),
        Reason.CROSS_SITE: phrase("From another site's page"),
        Reason.STORE_DOWN: phrase("Store down"),
        Reason.UNKNOWN_FORM: phrase("Unknown form"),
        Reason.MALFORMED: phrase("Malformed"),
    }
)
#: How far a code is: a word and a tone.
CODE_STATES: Mapping[CodeState, tuple[str, str]] = MappingProxyType(
    {
        CodeState.UNUSED: (phrase("Not opened yet"), ""),
        CodeState.OPENED: (phrase("Under way"), "wait"),
        CodeState.USED_UP: (phrase("Used"), "good"),
        CodeState.NOT_YET_VALID: (phrase("Not valid yet"), ""),
        CodeState.EXPIRED: (phrase("Expired"), "bad"),
        CodeState.REVOKED: (phrase("Revoked"), "bad"),
    }
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def verdict(verdict: Verdict) -> str:
    """Return a verdict in a few words."""
    return _VERDICTS[verdict]


def refusal(reason: Reason) -> str:
    """Return a reason in a few words."""
    return _REFUSALS[reason]


def actor(name: str) -> str:
    """Return who has done something: the name, or that of the site's own login in the operator's language."""
    return EVERYBODY.name if name == EVERYBODY.name else name


def lasting(seconds: float) -> str:
    """Return a time that somebody took, as one says it: "4 minutes"."""
    if seconds < _MINUTE:
        return phrase("less than a minute")
    if seconds < _HOUR:
        return phrases("{number} minute", "{number} minutes", round(seconds / _MINUTE))
    if seconds < _DAY:
        return phrases("{number} hour", "{number} hours", round(seconds / _HOUR))
    return phrases("{number} day", "{number} days", round(seconds / _DAY))


def span(seconds: float) -> str:
    """Return a time that the settings say, exactly, in the largest unit that has no rest: "36 hours"."""
    whole = round(seconds)
    if whole % _DAY == 0:
        return phrases("{number} day", "{number} days", whole // _DAY)
    if whole % _HOUR == 0:
        return phrases("{number} hour", "{number} hours", whole // _HOUR)
    if whole % _MINUTE == 0:
        return phrases("{number} minute", "{number} minutes", whole // _MINUTE)
    return phrase("{number} s", number=whole)
