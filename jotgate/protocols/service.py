"""What the sweep and the commands need of JotForm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jotgate.submissions import Submission


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """One page of a list of submissions, as JotForm sends it."""

    #: JSON objects with a usable id, all of the form and between the ids that were asked for, by id.
    rows: tuple[Mapping[str, Any], ...]
    #: True if no row can follow.
    last: bool


class Toll(Protocol):
    """What a call costs its cause, besides the quota."""

    def take(self) -> None:
        """Count a try before it is made.

        Raises:
            QuotaExhausted: it must not be made.
        """
        ...

    def give_back(self) -> None:
        """Take back a try that certainly never left this machine."""
        ...


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

    def raw_form(
        self, form_id: str, *, toll: Toll, deadline_seconds: float | None = None
    ) -> Mapping[str, Any]:
        """Ask for one form, and return what JotForm says; *toll* is taken before each try."""
        ...

    def raw_questions(
        self, form_id: str, *, toll: Toll, deadline_seconds: float | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        """Ask for a form's questions by their ids, as JotForm sends them; what is not a question is left out."""
        ...

    def raw_rows(
        self, form_id: str, *, above: str, below: str, toll: Toll, deadline_seconds: float | None = None
    ) -> RawPage:
        """Ask for the submissions of a form between two ids, both exclusive, ascending, up to 1,000 rows."""
        ...

    def updated_submissions(
        self,
        form_id: str,
        *,
        offset: int = 0,
        operator: bool = False,
        deadline_seconds: float | None = None,
    ) -> SubmissionPage:
        """Ask for a form's submissions, the last edited first, in the order in which JotForm gives them.

        Whether JotForm looked at the order is for the caller to see.
        """
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
