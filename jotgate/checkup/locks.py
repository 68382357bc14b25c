"""Locked values that cannot come back as they were: whoever gets such a form sends it, and it is judged tampered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jotgate.answers import dates
from jotgate.answers.types import TYPES
from jotgate.checkup.findings import Finding, Level
from jotgate.phrases import plain
from jotgate.policy import FormPolicy
from jotgate.protocols import Question
from jotgate.signed.tickets import FilledIn

#: Openings of a form that `doctor` looks at, the newest.
LOOKED_AT = 200
_WITHOUT_ANSWER = {
    "control_head": "a heading",
    "control_text": "a paragraph",
    "control_button": "a button",
    "control_pagebreak": "a page break",
    "control_divider": "a divider",
    "control_collapse": "the heading of a section",
    "control_image": "an image",
    "control_captcha": "a captcha",
}
_NEVER_FILLED_IN = {
    "control_fileupload": "a file upload, which no link fills in",
    "control_signature": "a signature, which no link fills in",
    "control_autoincrement": "a number that the form counts up by itself",
    "control_calculation": "a calculation of the form itself",
    "control_appointment": "an appointment, which no link fills in",
    "control_matrix": "a table, which no link fills in",
    "control_inputtable": "a table, which no link fills in",
    "control_payment": "a payment, which no link fills in",
}
#: Types whose fields take only what looks like this, and what that is called.
_LOOKS = {
    "control_number": (r"\s*[+-]?[0-9]+(?:[.,][0-9]*)?\s*", "a number"),
    "control_spinner": (r"\s*[+-]?[0-9]+(?:[.,][0-9]*)?\s*", "a number"),
    "control_scale": (r"\s*[0-9]+\s*", "a number"),
    "control_rating": (r"\s*[0-9]+\s*", "a number"),
    "control_email": (r"\s*[^\s@]+@[^\s@]+\s*", "an e-mail address"),
    "Numeric": (r"\s*[+-]?[0-9.,]+\s*", "a number"),
    "Email": (r"\s*[^\s@]+@[^\s@]+\s*", "an e-mail address"),
    "Alphabetic": (r"[^\W\d_]*(?:\s+[^\W\d_]+)*\s*", "letters only"),
}


def always_locked(policy: FormPolicy, prefill: Mapping[str, str], locked: Iterable[str]) -> set[str]:
    """Return the fields that are locked where an app fills in *prefill* and locks *locked*."""
    return {*locked, *(name for name in prefill if name in (*policy.locked_fields, policy.owner_field))}


def faults(questions: Sequence[Question], prefill: Mapping[str, str], locked: Iterable[str]) -> Iterator[str]:
    """Yield why locked values cannot come back from a form with these *questions*: a sentence each, no values in it."""
    for name in sorted(locked):
        wanted, _, part = name.partition("[")
        field = next((one for one in questions if wanted in (one.name, one.qid)), None)
        fault = _missing(questions, wanted) if field is None else _fault(field, prefill.get(name, ""), part)
        if fault is not None:
            yield f"{plain(name)} {fault}"


def findings(
    form: str, questions: Sequence[Question], openings: Iterable[tuple[str | None, FilledIn]]
) -> Iterator[Finding]:
    """Warn of what apps have locked of late in vain, once for each app and field."""
    said = dict.fromkeys(
        (app, fault)
        for app, opening in openings
        for fault in faults(questions, opening.prefill, opening.locked)
    )
    for app, fault in said:
        words = (
            f"the app {plain(app or '-')} locks a field in vain: {fault}, so its forms are judged tampered"
        )
        yield Finding(level=Level.WARN, topic="locks", form=form, words=words)


def _missing(questions: Sequence[Question], wanted: str) -> str:
    meant = [one.name for one in questions if wanted.lower() in (one.name.lower(), one.text.strip().lower())]
    hint = f" (do you mean {plain(meant[0])}?)" if meant and meant[0] else ""
    return f"is no field of the form{hint}"


def _fault(field: Question, value: str, part: str) -> str | None:
    if field.type in _WITHOUT_ANSWER:
        return f"is {_WITHOUT_ANSWER[field.type]}, which takes no answer"
    if field.type in _NEVER_FILLED_IN:
        return f"is {_NEVER_FILLED_IN[field.type]}"
    if part:
        return None
    if field.max_length is not None and len(value) > field.max_length:
        return f"takes {field.max_length} characters, and the value has {len(value)}"
    for kind in (field.type, field.validation):
        pattern, called = _LOOKS.get(kind, ("", ""))
        if value and called and not re.fullmatch(pattern, value):
            return f"takes {called}, and the value is not"
    if value and field.options and not _is_offered(field.options, value):
        return "does not offer what is filled in"
    kind_of = TYPES.get(field.type)
    if (
        value
        and kind_of is not None
        and kind_of.is_moment
        and dates.spelled(value.strip().casefold()) is None
    ):
        return "takes a date or a time, and the value does not read as one"
    return None


def _is_offered(options: Sequence[str], value: str) -> bool:
    """Say whether *value*, or each piece of it, is a choice; a choice may hold commas of its own."""
    offered = {one.strip().casefold() for one in options}
    pieces = (one.strip().casefold() for one in re.split(r"[,;|\r\n]", value))
    return value.strip().casefold() in offered or all(one in offered for one in pieces if one)
