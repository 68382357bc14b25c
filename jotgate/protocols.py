"""What the gate and the sweep need of a store and of JotForm. Several implementations, one contract.

A store speaks in whole decisions: each verb is one transaction, decided by a guarded write,
and is honoured by every process and machine that shares the store. Every verb raises
`jotgate.errors.StoreUnavailable` when it cannot do its work; then nothing was written.
All times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Refuse, Verdict
from jotgate.passes import Pass
from jotgate.quota import Usage
from jotgate.submissions import Candidate, Submission
from jotgate.throttle import Guesser
from jotgate.tickets import Ticket

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A wish to be let in with a code."""

    form: str
    #: The code's fingerprint under every code key, newest first, 16 bytes each.
    fingerprints: tuple[bytes, ...]
    #: The browser's id, 16 bytes.
    browser: bytes
    #: The pass that the browser holds for this form already, if any; revoked by the admission.
    holds: Pass | None
    #: Whose budget of guesses the try counts on; None: it does not count (the code was shown before).
    guesser: Guesser | None
    #: Rebind a ticket that is open in another browser.
    move: bool
    now: float
    ticket_expires_at: float
    #: Name of the new pass.
    pass_id: bytes
    #: At most this long after *now* does the pass last.
    pass_ttl_seconds: float | None


class NewGrant(NamedTuple):
    """A grant to be created. A tuple, because they come by the million."""

    fingerprint: bytes
    key_id: str
    form: str
    subject: str | None = None
    label: str | None = None
    batch: str | None = None
    uses: int = 1
    valid_from: float | None = None
    valid_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The stored entitlement behind a code."""

    fingerprint: bytes
    key_id: str
    form: str
    subject: str | None
    label: str | None
    batch: str | None
    uses: int
    #: Settled submissions so far; never more than `uses`.
    used: int
    valid_from: float | None
    valid_until: float | None
    revoked_at: float | None
    created_at: float
    #: How often its tickets were moved to another browser.
    moves: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFilter:
    """Which grants are meant; conditions are joined by "and", and an empty filter means none."""

    form: str | None = None
    #: First bytes of the fingerprint, in hex, at least six digits.
    prefix: str | None = None
    fingerprints: tuple[bytes, ...] = ()
    subject: str | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """How far the sweep is with one form."""

    form: str
    form_id: str
    #: When the form was first known here: what was submitted before is not judged.
    added_at: float
    #: Raised by every delivery; the form is due while it is above `read_seq`.
    due_seq: int
    read_seq: int
    #: Since when it is due by a delivery, or None.
    due_since: float | None
    #: Rises with deliveries that no submission followed; see `jotgate.sweep`.
    hollow: int
    #: No reading for deliveries before this moment.
    quiet_until: float
    #: When it must be read in full once more, or None.
    again_at: float | None
    #: The last reading, and the last full one, or None.
    read_at: float | None
    full_read_at: float | None
    #: Everything up to this submission id is settled for good; None: not started. Full readings begin here.
    cursor: str | None
    #: The highest submission id that was seen. Quick readings begin here.
    head: str | None
    #: The ticket field's question id and present name, once found.
    ticket_qid: str | None
    ticket_name: str | None
    #: When the questions were last read, or None.
    questions_at: float | None
    #: Since when the ticket field is missing from the form, or None.
    missing_since: float | None
    #: Settled submissions that count.
    settled: int
    last_error: str | None
    last_error_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one complete reading of a form changes in its `FormState`."""

    form: str
    #: `due_seq` as it was before the call.
    seq: int
    head: str
    #: Where the next full reading begins; None for a quick reading.
    cursor: str | None
    #: Whether rows without any answer wait for theirs.
    wait_for_answers: bool
    hollow: int
    quiet_until: float
    read_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRecord:
    """A submission as the ledger knows it; nothing that people wrote."""

    submission_id: str
    form: str
    subject: str | None
    verdict: Verdict
    #: JotForm's time by its earliest plausible reading.
    created_at: float
    seen_at: float
    judged_at: float | None
    #: Who accepted or rejected it, and why.
    actor: str | None = None
    reason: str | None = None
    #: First hex digits of the ticket's id, or None.
    ticket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionFilter:
    """Which submissions are meant; conditions are joined by "and"."""

    form: str | None = None
    subject: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    submission_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The verdict on one candidate."""

    submission_id: str
    verdict: Verdict
    #: False if the submission was judged before and this verdict only repeats it.
    fresh: bool


class Store(Protocol):
    """Everything that is remembered."""

    def prepare(self, forms: Mapping[str, str], now: float) -> None:
        """Bring the schema up to date, and make the state of *forms* (name -> JotForm id) exist.

        A form whose JotForm id changed starts anew.

        Raises:
            StoreMismatch: the store was written by a newer jotgate.
        """
        ...

    def close(self) -> None:
        """Close this thread's connection."""
        ...

    def check(self) -> None:
        """Return if the store can be read and written now, else raise `StoreUnavailable`."""
        ...

    # Codes and tickets

    def open_ticket(self, opening: Opening) -> Admit | Refuse:
        """Look the code up, count a wrong guess, and issue or extend the ticket; all or nothing."""
        ...

    def leave(self, held: Pass, now: float) -> None:
        """Revoke the pass; a ticket of a code with several uses is not handed out again."""
        ...

    def mark_sent(self, *, ticket_id: bytes, now: float) -> bool:
        """Turn an open ticket into a sent one and make its form due; say whether it was open."""
        ...

    def ticket(self, ticket_id: bytes) -> Ticket | None:
        """Return the ticket, with its verdict if a submission was settled on it."""
        ...

    def revocations(self, since: float) -> list[tuple[bytes, float]]:
        """Return the ids of the passes revoked after *since* that would otherwise live, and when each would end."""
        ...

    def create_grants(self, grants: Iterable[NewGrant], now: float) -> list[int]:
        """Store the grants, all made with one key, in one transaction; return the places of those that exist."""
        ...

    def grants(self, which: GrantFilter | None = None) -> Iterator[Grant]:
        """Iterate over the grants meant (None: all), by form and fingerprint, in bounded memory."""
        ...

    def revoke_grants(self, which: GrantFilter, *, now: float, actor: str, note: str | None) -> int:
        """Revoke grants with their tickets and passes; return how many were not revoked before."""
        ...

    def reissue_grant(self, which: GrantFilter, fresh: NewGrant, *, now: float, actor: str) -> Grant | None:
        """Give the one grant meant a new fingerprint; its open tickets and passes are revoked, its uses kept.

        Returns the grant as it is now, or None if there is not exactly one such grant that is not revoked.
        """
        ...

    def give_back_use(self, which: GrantFilter, *, now: float, actor: str) -> Grant | None:
        """Take one use off the count of the one grant meant, or free its sent ticket; None if there is none to give."""
        ...

    def missing_keys(self, held: Collection[str]) -> dict[str, int]:
        """Return the ids of code keys not in *held* that usable grants need, each with the number of those grants."""
        ...

    # Deliveries and the sweep

    def note_delivery(self, form_id: str, now: float) -> bool:
        """Make the form due, on disk before this returns; say whether the form is one of ours."""
        ...

    def form_states(self) -> list[FormState]:
        """Return the state of every form that `prepare` named."""
        ...

    def live_until(self, form: str) -> float | None:
        """Return when the last open or sent ticket of *form* runs out, or None if there is none."""
        ...

    def take_lease(self, holder: str, *, now: float, seconds: float) -> bool:
        """Become the one process that sweeps, for *seconds* at most; say whether that worked."""
        ...

    def release_lease(self, holder: str) -> None:
        """Give the lease back, if *holder* has it."""
        ...

    def unsettled(self, submission_ids: Sequence[str]) -> set[str]:
        """Return those ids that have no verdict, or a pending one."""
        ...

    def settle(self, candidates: Sequence[Candidate], *, capacity: int | None, now: float) -> list[Settled]:
        """Judge the candidates of one form in the order given, in one transaction; idempotent on the submission id."""
        ...

    def finish_reading(self, reading: Reading) -> None:
        """Note a complete reading; the form stays due if it was delivered to since."""
        ...

    def note_questions(self, form: str, *, qid: str | None, name: str | None, now: float) -> None:
        """Note where the ticket field stands (*qid* None: it is missing)."""
        ...

    def note_error(self, form: str, error: str | None, now: float) -> None:
        """Note why the last reading failed (None: it did not)."""
        ...

    def begin_at(self, form: str, cursor: str, *, again: bool = False) -> None:
        """Start judging above *cursor*, if the form was not started or if it is to start *again*."""
        ...

    # Submissions and the ledger

    def submissions(self, which: SubmissionFilter) -> Iterator[SubmissionRecord]:
        """Iterate over the submissions meant, newest first, in bounded memory."""
        ...

    def rule(
        self, submission_id: str, *, accept: bool, actor: str, reason: str, now: float
    ) -> SubmissionRecord | Verdict | None:
        """Let a person accept or reject a submission.

        Returns the record as it is now; or the present verdict if that leaves nothing to rule on;
        or None if there is no such submission.
        """
        ...

    def record(self, entry: Entry) -> str:
        """Add an entry to the ledger; return its reference."""
        ...

    def explain(self, ref: str) -> Entry | None:
        """Return the entry under *ref*, however it is spelled, or None."""
        ...

    def counts(self) -> dict[str, dict[str, int]]:
        """Return form -> verdict -> number of submissions."""
        ...

    def oldest_pending(self) -> float | None:
        """Return when the oldest pending submission was first seen, or None."""
        ...

    # Usage (see `jotgate.quota`)

    def change_usage(self, account: str, change: Callable[[Usage | None], tuple[Usage, T]]) -> T:
        """Replace the account's usage by what *change* makes of it, in one transaction; return its answer."""
        ...

    def usage(self, account: str) -> Usage | None:
        """Return the account's usage as last written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a form."""

    qid: str
    #: Its unique name; may be empty.
    name: str
    #: Such as ``control_textbox``.
    type: str
    text: str
    hidden: bool
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FormInfo:
    """What JotForm says about a form."""

    form_id: str
    title: str
    #: ENABLED, DISABLED or DELETED.
    status: str
    #: LEGACY or CARD.
    layout: str
    #: All its submissions, or None if JotForm did not say.
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose key it is."""

    username: str
    #: The last part of JotForm's plan address, such as ``FREE``.
    plan: str
    #: IANA name, or None.
    time_zone: str | None
    #: Such as ``US``, or None.
    region: str | None
    #: True if the account's data is in the EU only.
    eu_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionPage:
    """One page of a list of submissions."""

    rows: tuple[Submission, ...]
    #: True if no row can follow.
    last: bool
    #: How many rows JotForm sent, also those that could not be read: where the next page begins.
    row_count: int
    #: True if rows show that JotForm ignored the filter.
    filter_ignored: bool = False


class FormService(Protocol):
    """JotForm, read only. Every verb takes calls from the quota first.

    Every verb raises `jotgate.errors.UpstreamError` when JotForm gave no usable answer, and
    `jotgate.errors.QuotaExhausted` when there was no call to take. *operator* lets the call use
    the share of the quota that is kept for the operator. *deadline_seconds* bounds the whole
    verb, tries and all; None: the service's own bound.
    """

    def account(self, *, operator: bool = False) -> Account:
        """Ask whose key it is."""
        ...

    def usage(self, *, operator: bool = False) -> tuple[int, int | None]:
        """Ask for the calls used today, and the calls left if JotForm says so; the quota takes note of both."""
        ...

    def form(self, form_id: str, *, operator: bool = False) -> FormInfo:
        """Ask about one form."""
        ...

    def questions(
        self, form_id: str, *, operator: bool = False, deadline_seconds: float | None = None
    ) -> tuple[Question, ...]:
        """Ask for a form's questions."""
        ...

    def webhooks(self, form_id: str, *, operator: bool = False) -> tuple[str, ...]:
        """Ask where a form's webhooks go."""
        ...

    def properties(self, form_id: str, *, operator: bool = False) -> Mapping[str, Any]:
        """Ask for a form's settings; what comes back may hold the form's own secrets and is never logged."""
        ...

    def submissions(
        self,
        form_ids: Sequence[str],
        *,
        above: str,
        offset: int = 0,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> SubmissionPage:
        """Ask for the submissions of these forms above that id, ascending, from *offset* on, up to 1,000 rows."""
        ...

    def newest_submission_id(
        self,
        form_id: str,
        *,
        before: float,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> str | None:
        """Ask for the id of a form's newest submission that was made before that moment, or None if there is none."""
        ...
