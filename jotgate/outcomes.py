"""The answers of the gate and of the sweep, as values.

A wrong code is the product working, so it is a value, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from jotgate.frozen import frozen


class Reason(Enum):
    """Why somebody was not let in; printed as it is spelled."""

    UNKNOWN_CODE = (
        "unknown_code"  #: well formed, but no code of ours: the only reason that counts as a guess.
    )
    MISTYPED = "mistyped"  #: the check symbols disagree, or the text cannot be a code: free.
    WRONG_FORM = "wrong_form"  #: a code of ours, for another form.
    NOT_YET_VALID = "not_yet_valid"  #: the code's own window has not begun.
    EXPIRED = "expired"  #: the code's own window is over.
    USED_UP = "used_up"  #: every use of the code is settled.
    ALREADY_SENT = (
        "already_sent"  #: the person has sent the form as often as they may, whichever way they came.
    )
    REVOKED = "revoked"  #: the code, or the pass made from it, was revoked.
    THROTTLED = "throttled"  #: too many wrong guesses from this network, or in all: try again later.
    CODE_BUSY = (
        "code_busy"  #: a code of ours, opened far more often than it has uses: work, or try again later.
    )
    BAD_TOKEN = "bad_token"  #: no app token that may open this form; the ledger holds the exact fault.
    TOKEN_USED = "token_used"  #: an app token of ours that was redeemed before: a copied or replayed link.
    TOKEN_EXPIRED = "token_expired"  #: an app token of ours whose minute is over.
    APP_ONLY = (
        "app_only"  #: the form opens from an app; it takes no codes, and its address alone opens nothing.
    )
    COOKIES_BLOCKED = "cookies_blocked"  #: admitted just now, but the browser kept no cookie of it.
    NOT_SIGNED_IN = "not_signed_in"  #: an invitation that asks for the site's own login first.
    NOT_INVITED = "not_invited"  #: an invitation for somebody other than the person signed in.
    INVITATION_OVER = "invitation_over"  #: an invitation whose time has ended.
    OPEN_ELSEWHERE = "open_elsewhere"  #: its one ticket is bound to another browser; it may be moved here.
    MOVED_AWAY = "moved_away"  #: what this browser had open on an app's form was opened in another one since.
    NOT_YET_OPEN = "not_yet_open"  #: the form opens later.
    CLOSED = "closed"  #: the form has closed.
    PAUSED = "paused"  #: a person has paused the form until they open it again.
    FULL = "full"  #: the form's capacity is settled.
    FIELD_MISSING = "field_missing"  #: the form lost its ticket field, or is gone: nothing could be proved.
    NO_PASS = "no_pass"  #: no valid pass came with the request.
    NOT_SUBMITTED = "not_submitted"  #: the page needs a submission that counts, and there is none yet.
    CROSS_SITE = "cross_site"  #: a POST that another site's page sent.
    STORE_DOWN = "store_down"  #: nothing can be decided now.
    UNKNOWN_FORM = "unknown_form"  #: no form of this name.
    MALFORMED = "malformed"  #: the request itself cannot be read.


#: The hint of a refusal: what was revoked is not a code but an invitation.
BY_INVITATION = "invitation"


class Verdict(Enum):
    """What became of a submission; printed as it is spelled. Every submission ends in exactly one."""

    PENDING = "pending"  #: seen, not judged yet.
    VERIFIED = "verified"  #: came through the gate.
    ACCEPTED = "accepted"  #: a person said so, with a reason; counted, never called verified.
    UNTICKETED = "unticketed"  #: came by the bare address.
    FORGED = "forged"  #: the ticket's MAC is wrong.
    ORPHANED = "orphaned"  #: our MAC, but not in this store: a restored backup.
    #: Made after the ticket's expiry by every plausible reading of its time, or on an opening of it that is over.
    EXPIRED = "expired"
    REPLAYED = "replayed"  #: the ticket had been redeemed by another submission.
    WRONG_FORM = "wrong_form"  #: the ticket is for another form.
    OVER_LIMIT = (
        "over_limit"  #: the uses of the code or of the person, or the form's capacity, were settled already.
    )
    TAMPERED = "tampered"  #: a locked field was changed.
    REVOKED = "revoked"  #: the ticket, or the submission by a person, was revoked.

    @property
    def counts(self) -> bool:
        """Say whether a submission with this verdict counts as submitted."""
        return self is Verdict.VERIFIED or self is Verdict.ACCEPTED


class Cause(Enum):
    """What gave a submission its verdict."""

    JUDGED = "judged"  #: the sweep read it.
    ACCEPTED = "accepted"  #: a person let it count.
    REJECTED = "rejected"  #: a person took that back, or ended what counted.
    EDITED = "edited"  #: its answers were changed at JotForm after it had been judged.
    DELETED = "deleted"  #: it was deleted at JotForm, and the form's policy lets that decide.


@frozen
class ToldField:
    """What a person wrote in one of the form's `tell_fields`."""

    #: As people read it; "" if nothing of it is told.
    text: str = field(repr=False)
    #: The parts that say something, by JotForm's names, such as ``first`` and ``last``; those of a list by their
    #: numbers, ``0`` and so on. Empty if the answer has no parts, or was cut.
    parts: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    #: Whether it is too long to be told whole: then the text is its beginning.
    cut: bool = False

    @property
    def chars(self) -> int:
        """The length of all of it."""
        return len(self.text) + sum(len(part) + len(text) for part, text in self.parts.items())


@frozen
class VerdictEvent:
    """A submission got a verdict, its first or another one; the site's callbacks hear of it by this."""

    #: Names this event for good: a receiver that hears of it twice knows it by this.
    message_id: str
    #: JotForm's id, digits.
    submission_id: str
    #: The form's name in the settings.
    form: str
    #: The subject of the submission, or None.
    subject: str | None
    verdict: Verdict
    #: JotForm's time of the submission, seconds since the epoch, UTC.
    created_at: float
    #: When it got this verdict, seconds since the epoch, UTC.
    judged_at: float
    cause: Cause
    #: What the person wrote in the form's `tell_fields`, by their names in the settings; empty unless it counts.
    fields: Mapping[str, ToldField] = field(default_factory=dict, repr=False, hash=False)


@frozen
class Admit:
    """The gate lets this browser in, for one form. Not a truth value: match on it."""

    #: The form's name in the settings.
    form: str
    #: The subject of the grant, or None for a class code.
    subject: str | None
    #: The ticket to submit with, 16 bytes.
    ticket_id: bytes
    #: Names the pass made by this admission, 16 bytes; a new one at every admission.
    pass_id: bytes
    #: When the ticket, and the pass with it, runs out: seconds since the epoch, UTC.
    expires_at: float
    #: The tag of what the person reads, as the code says that they have; None if it says nothing.
    language: str | None = None

    def __bool__(self) -> bool:
        """Raise TypeError: a decision is matched, never tested."""
        raise TypeError("a Decision is neither true nor false: match on Admit and Refuse")


@frozen
class Work:
    """What a browser is asked to work for one code, so that guessing many costs much."""

    #: How many hashes it takes on average.
    hashes: int
    #: When it was asked, by the store's clock: seconds since the epoch, UTC.
    asked_at: float
    #: What the answer has to be found for, once the gate has signed it.
    challenge: str = ""


@frozen
class Refuse:
    """The gate says no, and why. Not a truth value: match on it."""

    __match_args__ = ("reason", "ref")

    reason: Reason
    #: What a visitor can read out and an operator can look up with ``explain``.
    ref: str
    #: The moment the reason speaks of (opens at, expired at, used on), seconds since the epoch, UTC.
    at: float | None = None
    #: When another try makes sense, in seconds from now; only for `Reason.THROTTLED` and `Reason.CODE_BUSY`.
    retry_after_seconds: float | None = None
    #: For `Reason.MISTYPED`: which mistake it looks like (a `jotgate.codes.Hint` value). For `Reason.THROTTLED`: where
    #: the wrong guesses came from, if not from the visitor's own network: ``nearby`` or ``everywhere``. For
    #: `Reason.REVOKED`: `BY_INVITATION`, or None for a code.
    hint: str | None = None
    #: For `Reason.THROTTLED` and `Reason.CODE_BUSY`: what a browser may work instead of waiting, if anything.
    work: Work | None = None
    #: For `Reason.PAUSED`: what the person who paused the form says to visitors, plain text; None: nothing.
    words: str | None = None

    @classmethod
    def unrecorded(
        cls,
        reason: Reason,
        *,
        at: float | None = None,
        retry_after_seconds: float | None = None,
        hint: str | None = None,
        work: Work | None = None,
        words: str | None = None,
    ) -> Refuse:
        """Refuse without an entry in the ledger: the reference is the reason itself, in capitals."""
        return cls(
            reason=reason,
            ref=reason.name,
            at=at,
            retry_after_seconds=retry_after_seconds,
            hint=hint,
            work=work,
            words=words,
        )

    @property
    def is_recorded(self) -> bool:
        """Say whether the reference leads to an entry in the ledger."""
        return self.ref != self.reason.name

    @property
    def page_ref(self) -> str:
        """Return what a page shows as the reference: nothing where it could only repeat the reason."""
        return self.ref if self.is_recorded else ""

    def __bool__(self) -> bool:
        """Raise TypeError: a decision is matched, never tested."""
        raise TypeError("a Decision is neither true nor false: match on Admit and Refuse")


Decision = Admit | Refuse
