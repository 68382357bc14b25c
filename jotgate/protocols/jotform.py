"""What JotForm says about accounts, forms and submissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jotgate.frozen import frozen
from jotgate.submissions import Submission


@frozen
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
    #: What its answer must look like, such as "Email"; empty: anything.
    validation: str = ""
    #: A pattern that its answer is pressed into; empty: none.
    mask: str = ""
    #: How many characters its answer may have; None: any number.
    max_length: int | None = None
    #: What can be chosen; none: anything, or it is not told.
    options: tuple[str, ...] = ()


@frozen
class FormInfo:
    """What JotForm says about a form."""

    form_id: str
    title: str
    #: ENABLED, DISABLED or DELETED.
    status: str
    #: All its submissions, or None if JotForm did not say.
    count: int | None


@frozen
class Account:
    """Whose key it is."""

    username: str
    #: The last part of JotForm's plan address, such as ``FREE``.
    plan: str
    #: IANA name, or None.
    time_zone: str | None
    #: True if the account's data is in the EU only.
    eu_only: bool


@frozen
class SubmissionPage:
    """One page of a list of submissions."""

    rows: tuple[Submission, ...]
    #: True if no row can follow.
    last: bool
    #: How many rows JotForm sent, also those that could not be read: where the next page begins.
    row_count: int
    #: True if rows show that JotForm ignored the filter.
    filter_ignored: bool = False
    #: True if every row could be read, and they came in the order of their ids: the next page begins above the last.
    ordered: bool = False
    #: The lowest id of all rows, wanted or not, where a page begins with the newest ones.
    lowest: str | None = None


@frozen
class RawPage:
    """One page of a list of submissions, as JotForm sends it."""

    #: JSON objects with a usable id, all of the form and between the ids that were asked for, by id.
    rows: tuple[Mapping[str, Any], ...]
    #: True if no row can follow.
    last: bool
    #: True if everything that JotForm sent came in the order that was asked for.
    ordered: bool
