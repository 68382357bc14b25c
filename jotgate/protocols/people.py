"""The people of a form and their codes, as an operator finds, lists and changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import ClassVar, NamedTuple, TypeAlias

from jotgate.frozen import frozen
from jotgate.protocols.grants import Grant

#: For as long a change can be undone.
UNDO_SECONDS = 600.0
#: So many codes are changed before anybody waits for an answer.
MOST_CHANGED = 20_000
#: Of a form with more batches, the first of them are named to choose from.
MOST_BATCHES = 1_000


class CodeState(str, Enum):
    """How far a code is; a text, printed as it is spelled. The first that fits."""

    REVOKED = "revoked"
    USED_UP = "used_up"  #: all its uses are settled.
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    OPENED = "opened"  #: its form was opened or sent and is not settled, or some of its uses are.
    UNUSED = "unused"

    __str__ = str.__str__


def state_of(grant: Grant, *, is_under_way: bool, now: float) -> CodeState:
    """Return how far the code is; *is_under_way* says whether it has a ticket that is open or sent.

    The statement ``state_of_code`` says the same.
    """
    if grant.revoked_at is not None:
        return CodeState.REVOKED
    if grant.used >= grant.uses:
        return CodeState.USED_UP
    if grant.valid_until is not None and grant.valid_until <= now:
        return CodeState.EXPIRED
    if grant.valid_from is not None and grant.valid_from > now:
        return CodeState.NOT_YET_VALID
    return CodeState.OPENED if grant.used or is_under_way else CodeState.UNUSED


class Order(str, Enum):
    """By what a list is sorted; a text, printed as it is spelled."""

    NAME = "name"
    SUBJECT = "subject"
    CREATED = "created"

    __str__ = str.__str__


@frozen
class CodeSearch:
    """Which codes of a form are meant; conditions are joined by "and"."""

    form: str
    #: Those that the operator may see; None: all.
    batches: tuple[str, ...] | None = None
    batch: str | None = None
    state: CodeState | None = None
    #: Texts that the name, the subject, the address and the batch have between them, folded.
    words: tuple[str, ...] = ()
    #: Or else the first digits of the fingerprint are these, at least six of them.
    prefix: str | None = None


class ListPlace(NamedTuple):
    """Where in a list a page ends: what the list is sorted by, and the code."""

    value: str | float
    fingerprint: bytes


@frozen
class ListedCode:
    """A code, and how far it is."""

    grant: Grant
    state: CodeState
    #: When its form was opened and sent last, seconds since the epoch, UTC.
    opened_at: float | None = None
    sent_at: float | None = None


class Seen(NamedTuple):
    """A code as an operator saw it when deciding on a change."""

    fingerprint: bytes
    version: int


class Kept(Enum):
    """What a change leaves as it is."""

    KEPT = "kept"


KEPT = Kept.KEPT


@frozen
class Revocation:
    """The code, its tickets and passes end."""

    what: ClassVar[str] = "revoke"

    note: str | None = None


@frozen
class Window:
    """The code begins and ends at other moments, seconds since the epoch, UTC; None: no limit."""

    what: ClassVar[str] = "window"

    valid_from: float | Kept | None = KEPT
    valid_until: float | Kept | None = KEPT


@frozen
class Naming:
    """The code has another name and address on it, or its person another language."""

    what: ClassVar[str] = "name"

    label: str | None
    email: str | None
    language: str | Kept | None = KEPT


@frozen
class GivingBack:
    """The code gets a use back, or the ticket is freed that was open or sent."""

    what: ClassVar[str] = "give_back"

    note: str | None = None


@frozen
class Replacing:
    """The code is replaced by another one, its tickets and passes end, its uses stay."""

    what: ClassVar[str] = "reissue"

    #: Old fingerprint -> new one.
    fresh: Mapping[bytes, bytes]
    #: The code key of the new ones.
    code_key: str


CodeEdit: TypeAlias = Revocation | Window | Naming | GivingBack | Replacing


@frozen
class Change:
    """One decision of an operator about one code or many."""

    #: Given by the caller, so that the same decision is never carried out twice.
    change_id: str
    form: str
    #: A word for what was done: ``revoke``, ``window``, ``name``, ``give_back``, ``reissue``.
    what: str
    actor: str
    #: Seconds since the epoch, UTC.
    at: float
    undone_at: float | None = None


class Left(str, Enum):
    """Why a code was left as it is; a text, printed as it is spelled."""

    CHANGED = "changed"  #: somebody changed it since it was looked at, or replaced it.
    OPENED = "opened"  #: somebody opened its form since, so that going back would take it from them.
    NOTHING = "nothing"  #: there is nothing to do.
    IMPOSSIBLE = "impossible"  #: it would end before it begins.

    __str__ = str.__str__


@frozen
class Outcome:
    """What became of a change, or of going back on it."""

    #: The codes that were changed, as they are now.
    done: Sequence[Grant] = ()
    #: Those that were not, as they are, and why; without the code where there is none any more.
    left: Sequence[tuple[Left, Grant | None]] = ()
    #: Submissions that were judged ``revoked`` between a change and going back on it; their verdict stands.
    judged_meanwhile: Sequence[str] = ()

    def __add__(self, other: Outcome) -> Outcome:
        """Return both together."""
        return Outcome(
            done=(*self.done, *other.done),
            left=(*self.left, *other.left),
            judged_meanwhile=(*self.judged_meanwhile, *other.judged_meanwhile),
        )
