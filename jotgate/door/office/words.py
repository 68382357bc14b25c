"""What the office calls things: reasons and verdicts in a few words, and times as one says them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jotgate.outcomes import Reason, Verdict
from jotgate.protocols.people import CodeState

_VERDICTS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PENDING: "Waiting for a verdict",
        Verdict.VERIFIED: "Came through the gate",
        Verdict.ACCEPTED: "Accepted by a person",
        Verdict.UNTICKETED: "Came by the bare address",
        Verdict.FORGED: "Forged ticket",
        Verdict.ORPHANED: "Ticket of a lost store",
        Verdict.EXPIRED: "Too late",
        Verdict.REPLAYED: "Sent twice",
        Verdict.WRONG_FORM: "Ticket of another form",
        Verdict.OVER_LIMIT: "One too many",
        Verdict.TAMPERED: "Locked field changed",
        Verdict.REVOKED: "Revoked",
    }
)
_REFUSALS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.UNKNOWN_CODE: "Unknown code",
        Reason.MISTYPED: "Mistyped code",
        Reason.WRONG_FORM: "Code of another form",
        Reason.NOT_YET_VALID: "Code not valid yet",
        Reason.EXPIRED: "Code expired",
        Reason.USED_UP: "Code used up",
        Reason.REVOKED: "Code revoked",
        Reason.THROTTLED: "Too many guesses",
        Reason.CODE_BUSY: "Code opened too often",
        Reason.BAD_TOKEN: "Bad app token",
        Reason.TOKEN_USED: "Copied app link",
        Reason.TOKEN_EXPIRED: "App link too old",
        Reason.APP_ONLY: "Not from the app",
        Reason.COOKIES_BLOCKED: "Cookies blocked",
        Reason.NOT_SIGNED_IN: "Not signed in",
        Reason.NOT_INVITED: "Invited was somebody else",
        Reason.INVITATION_OVER: "Invitation over",
        Reason.OPEN_ELSEWHERE: "Open in another browser",
        Reason.MOVED_AWAY: "Moved to another browser",
        Reason.NOT_YET_OPEN: "Not open yet",
        Reason.CLOSED: "Closed",
        Reason.FULL: "Full",
        Reason.FIELD_MISSING: "Ticket field missing",
        Reason.NO_PASS: "No pass",
        Reason.NOT_SUBMITTED: "Not submitted yet",
    }
)
#: How far a code is: a word and a tone.
CODE_STATES: Mapping[CodeState, tuple[str, str]] = MappingProxyType(
    {
        CodeState.UNUSED: ("Not opened yet", ""),
        CodeState.OPENED: ("Under way", "wait"),
        CodeState.USED_UP: ("Used", "good"),
        CodeState.NOT_YET_VALID: ("Not valid yet", ""),
        CodeState.EXPIRED: ("Expired", "bad"),
        CodeState.REVOKED: ("Revoked", "bad"),
    }
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def verdict(verdict: Verdict) -> str:
    """Return a verdict in a few words."""
    return _VERDICTS.get(verdict, verdict.value)


def refusal(reason: Reason) -> str:
    """Return a reason in a few words."""
    return _REFUSALS.get(reason, reason.value.replace("_", " ").capitalize())


def lasting(seconds: float) -> str:
    """Return a time that somebody took, as one says it: "4 minutes"."""
    if seconds < _MINUTE:
        return "less than a minute"
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= unit:
            number = round(seconds / unit)
            return f"{number} {name}{'' if number == 1 else 's'}"
    raise AssertionError(seconds)
