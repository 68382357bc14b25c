"""Locked values that cannot come back as they were, so that an honest submission is judged tampered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jotgate.answers import dates
from jotgate.answers.types import TYPES
from jotgate.checkup.findings import Finding, Level
from jotgate.phrases import Phrase, phrase, phrases, plain
from jotgate.policy import FormPolicy
from jotgate.protocols import Question
from jotgate.signed.tickets import FilledIn

#: Openings of a form that `doctor` looks at, the newest.
LOOKED_AT = 200
#: Why a locked field of a type cannot come back.
_CANNOT = {
    "control_head": phrase("{field} is a heading, which takes no answer"),
    "control_text": phrase("{field} is a paragraph, which takes no answer"),
    "control_button": phrase("{field} is a button, which takes no answer"),
    "control_pagebreak": phrase("{field} is a page break, which takes no answer"),
    "control_divider": phrase("{field} is a divider, which takes no answer"),
    "control_collapse": phrase("{field} is the heading of a section, which takes no answer"),
    "control_image": phrase("{field} is an image, which takes no answer"),
    "control_captcha": phrase("{field} is a captcha, which takes no answer"),
    "control_fileupload": phrase("{field} is a file upload, which no link fills in"),
    "control_signature": phrase("{field} is a signature, which no link fills in"),
    "control_autoincrement": phrase("{field} is a number that the form counts up by itself"),
    "control_calculation": phrase("{field} is a calculation of the form itself"),
    "control_appointment": phrase("{field} is an appointment, which no link fills in"),
    "control_matrix": phrase("{field} is a table, which no link fills in"),
    "control_inputtable": phrase("{field} is a table, which no link fills in"),
    "control_payment": phrase("{field} is a payment, which no link fills in"),
}
_A_NUMBER = phrase("{field} takes a number, and the value is not")
_AN_ADDRESS = phrase("{field} takes an e-mail address, and the value is not")
#: Types whose fields take only what looks like this, and what is said of a value that does not.
_LOOKS = {
    "control_number": (r"\s*[+-]?[0-9]+(?:[.,][0-9]*)?\s*", _A_NUMBER),
    "control_spinner": (r"\s*[+-]?[0-9]+(?:[.,][0-9]*)?\s*", _A_NUMBER),
    "control_scale": (r"\s*[0-9]+\s*", _A_NUMBER),
    "control_rating": (r"\s*[0-9]+\s*", _A_NUMBER),
    "control_email": (r"\s*[^\s@]+@[^\s@]+\s*", _AN_ADDRESS),
    "Numeric": (r"\s*[+-]?[0-9.,]+\s*", _A_NUMBER),
    "Email": (r"\s*[^\s@]+@[^\s@]+\s*", _AN_ADDRESS),
    "Alphabetic": (
        r"[^\W\d_]*(?:\s+[^\W\d_]+)*\s*",
        phrase("{field} takes letters only, and the value is not"),
    ),
}


def always_locked(policy: FormPolicy, prefill: Mapping[str, str], locked: Iterable[str]) -> set[str]:
    """Return the fields that are locked where an app fills in *prefill* and locks *locked*."""
    return {*locked, *(name for name in prefill if name in (*policy.locked_fields, policy.owner_field))}


def faults(
    questions: Sequence[Question], prefill: Mapping[str, str], locked: Iterable[str]
) -> Iterator[Phrase]:
    """Yield why locked values cannot come back from a form with these *questions*: a sentence each, no values in it."""
    for name in sorted(locked):
        wanted, _, part = name.partition("[")
        field = next((one for one in questions if wanted in (one.name, one.qid)), None)
        called = plain(name)
        if field is None:
            yield _missing(questions, wanted, called)
        elif fault := _fault(field, prefill.get(name, ""), part, called):
            yield fault


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
        words = phrase(
            "the app {app} locks a field in vain: {fault}, so its forms are judged tampered",
            app=plain(app or "-"),
            fault=fault,
        )
        # Translators: what was looked at: fields that apps lock.
        yield Finding(level=Level.WARN, topic=phrase("locks"), form=form, words=words)


def _missing(questions: Sequence[Question], wanted: str, called: str) -> Phrase:
    meant = [one.name for one in questions if wanted.lower() in (one.name.lower(), one.text.strip().lower())]
    if meant and meant[0]:
        return phrase(
            "{field} is not a field of the form (do you mean {other}?)", field=called, other=plain(meant[0])
        )
    return phrase("{field} is not a field of the form", field=called)


def _fault(field: Question, value: str, part: str, called: str) -> Phrase | None:
    if field.type in _CANNOT:
        return _CANNOT[field.type].filled(field=called)
    if part:
        return None
    if field.max_length is not None and len(value) > field.max_length:
        return phrases(
            "{field} takes {number} character, and the value has {count}",
            "{field} takes {number} characters, and the value has {count}",
            field.max_length,
            field=called,
            count=len(value),
        )
    for kind in (field.type, field.validation):
        pattern, words = _LOOKS.get(kind, ("", None))
        if value and words is not None and not re.fullmatch(pattern, value):
            return words.filled(field=called)
    if value and field.options and not _is_offered(field.options, value):
        return phrase("{field} does not offer what is filled in", field=called)
    kind_of = TYPES.get(field.type)
    if (
        value
        and kind_of is not None
        and kind_of.is_moment
        and dates.spelled(value.strip().casefold()) is None
    ):
        return phrase("{field} takes a date or a time, and the value does not read as one", field=called)
    return None


def _is_offered(options: Sequence[str], value: str) -> bool:
    """Say whether *value*, or each piece of it, is a choice; a choice may hold commas of its own."""
    offered = {one.strip().casefold() for one in options}
    pieces = (one.strip().casefold() for one in re.split(r"[,;|\r\n]", value))
    return value.strip().casefold() in offered or all(one in offered for one in pieces if one)
