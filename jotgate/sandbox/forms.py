"""What an account holds: forms, their questions, and the submissions to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

#: Whatever JSON an answer may be: a text, a number, a list of choices, the parts of a name, the rows of a matrix.
FieldValue = Union[str, int, float, bool, "list[Any]", "dict[str, Any]"]

#: Rows without an answer of their own.
LAYOUT_TYPES = frozenset(
    {"control_head", "control_button", "control_text", "control_pagebreak", "control_divider"}
)

#: The parts of a composite answer, with the labels that the form page shows.
PARTS: Mapping[str, Mapping[str, str]] = {
    "control_fullname": {"first": "First Name", "last": "Last Name"},
    "control_phone": {"full": "Phone Number"},
    "control_address": {
        "addr_line1": "Street Address",
        "addr_line2": "Street Address Line 2",
        "city": "City",
        "state": "State / Province",
        "postal": "Postal / Zip Code",
        "country": "Country",
    },
    "control_datetime": {"year": "Year", "month": "Month", "day": "Day"},
}
#: The labels that the API tells where they are more than those (captured in 2021 and 2025).
SUBLABELS: Mapping[str, Mapping[str, str]] = {
    "control_fullname": {
        "prefix": "Prefix",
        "first": "First Name",
        "middle": "Middle Name",
        "last": "Last Name",
        "suffix": "Suffix",
    },
    "control_phone": {
        "country": "Country Code",
        "area": "Area Code",
        "phone": "Phone Number",
        "full": "Phone Number",
        "masked": "Please enter a valid phone number.",
    },
    "control_datetime": {
        "day": "Day",
        "month": "Month",
        "year": "Year",
        "last": "Last Name",
        "hour": "Hour",
        "minutes": "Minutes",
        "litemode": "Date",
    },
}
#: Parts that may be posted besides those the page asks for.
MORE_PARTS: Mapping[str, Sequence[str]] = {
    "control_fullname": ("prefix", "middle", "suffix"),
    "control_phone": ("country", "area", "phone"),
    "control_datetime": ("hour", "min", "ampm", "timeInput", "datetime"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One row of a form; hidden fields and headings are rows like any other."""

    #: Stable for the life of the form.
    qid: str
    #: JotForm's name of the kind, such as `control_textbox`.
    type: str
    #: The unique name that prefilling goes by; owners may change it, and it may be empty.
    name: str
    text: str
    order: int
    required: bool = False
    hidden: bool = False
    readonly: bool = False
    #: What may be chosen, for dropdown, radio and checkbox.
    options: tuple[str, ...] = ()
    #: Whatever else it was given: `validation`, `maxsize`, `inputTextMask`.
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def field_name(self) -> str:
        """Return the name of the field in the form page, as in `q3_fullName`."""
        return f"q{self.qid}_{self.name or 'input' + self.qid}"

    @property
    def asks_for_time(self) -> bool:
        """Tell whether the page asks for a time beside this date."""
        return self.type == "control_datetime" and self.properties.get("allowTime") == "Yes"

    @property
    def is_layout(self) -> bool:
        """Tell whether this row takes no answer."""
        return self.type in LAYOUT_TYPES


@dataclass(slots=True, kw_only=True)
class Form:
    """A form of an account, and its settings."""

    form_id: str
    username: str
    title: str
    #: Seconds since the epoch, UTC.
    created_at: float
    updated_at: float
    #: ENABLED, DISABLED or DELETED.
    status: str = "ENABLED"
    #: LEGACY (all on one page, tells its height) or CARD (one question at a time, does not).
    layout: str = "LEGACY"
    questions: dict[str, Question] = field(default_factory=dict)
    #: Addresses by JotForm's index.
    webhooks: dict[str, str] = field(default_factory=dict)
    #: The owner's own thank-you address, if there is one.
    thank_you: str | None = None
    #: The answers are posted to the thank-you address, which else is only visited.
    send_post_data: bool = False
    #: Answers come back unreadable, and no webhook is sent.
    encrypted: bool = False
    #: `qid` and `order` come back as numbers, as some forms do.
    numeric_ids: bool = False
    #: The name of the field that carries the ticket, for the sandbox's own pages.
    ticket_field: str | None = None
    #: The team that it belongs to: calls that name it in ``jf-team-id`` see the form, and the account's lists do not.
    team_id: str | None = None
    #: The rest of the form's settings.
    properties: dict[str, str] = field(default_factory=dict, repr=False)

    def ordered_questions(self) -> list[Question]:
        """Return the questions in the order that the page shows them in."""
        return sorted(self.questions.values(), key=lambda question: question.order)

    def add_webhook(self, address: str) -> None:
        """Let what is submitted be told at one more address.

        Raises:
            ValueError: it is none.
        """
        if not address.startswith(("http://", "https://")):
            raise ValueError("webhookURL is not an address")
        self.webhooks[str(max(map(int, self.webhooks), default=-1) + 1)] = address

    def question_named(self, key: str) -> Question | None:
        """Find a question by its unique name, else by its qid."""
        for question in self.questions.values():
            if question.name == key:
                return question
        return self.questions.get(key)

    def add_question(self, wish: Mapping[str, object]) -> Question:
        """Add a question from loosely written properties (`type`, `name`, `text`, `options`, ...)."""
        taken = [int(qid) for qid in self.questions]
        qid = str(wish.get("qid") or max([*taken, 0]) + 1)
        question = question_from(wish, qid=qid, order=len(self.questions) + 1)
        self.questions[qid] = question
        return question


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one visitor sent."""

    submission_id: str
    form_id: str
    ip: str
    #: Seconds since the epoch, UTC.
    created_at: float
    updated_at: float | None = None
    #: ACTIVE, OVERQUOTA, DELETED, ARCHIVED or CUSTOM.
    status: str = "ACTIVE"
    new: bool = True
    flag: bool = False
    #: By qid; unanswered questions are absent.
    answers: Mapping[str, FieldValue]


def question_from(wish: Mapping[str, object], *, qid: str, order: int) -> Question:
    """Read a question from loosely written properties: `type` may lack `control_`, flags be "Yes" or True."""
    kind = str(wish.get("type", "textbox"))
    options = wish.get("options", ())
    name = str(wish.get("name", f"input{qid}"))
    return Question(
        qid=qid,
        type=kind if kind.startswith("control_") else f"control_{kind}",
        name=name,
        text=str(wish.get("text", name)),
        order=int(str(wish.get("order", order))),
        required=_is_yes(wish.get("required")),
        hidden=_is_yes(wish.get("hidden")),
        readonly=_is_yes(wish.get("readonly")),
        options=tuple(options.split("|")) if isinstance(options, str) else _texts(options),
        properties={key: str(value) for key, value in wish.items() if key in _OTHER_PROPERTIES},
    )


#: What a Short Text field may ask of its answer besides, how a date is spelled and whether it has a time, and the rows
#: and columns of a matrix.
_OTHER_PROPERTIES = (
    "validation",
    "maxsize",
    "inputTextMask",
    "format",
    "dateSeparator",
    "allowTime",
    "timeFormat",
    "mrows",
    "mcolumns",
)


def _is_yes(flag: object) -> bool:
    return flag is True or flag == "Yes"


def _texts(options: object) -> tuple[str, ...]:
    if not isinstance(options, Sequence):
        raise TypeError(f"options must be a list of texts, not {options!r}")
    return tuple(str(option) for option in options)
