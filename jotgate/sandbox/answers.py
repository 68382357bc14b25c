"""Answers on their way in (a posted form, an API call, Python) and out (the API's map, one line of text)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from .forms import MORE_PARTS, PARTS, Answer, Form, Question

_POSTED = re.compile(r"q([0-9]{1,6})_[^\[\]]*((?:\[[^\[\]]*\])*)", re.ASCII)
_API = re.compile(r"submission\[([0-9]{1,6})(?:_([A-Za-z0-9_]+))?\]((?:\[[^\[\]]*\])*)", re.ASCII)


def from_posted(form: Form, fields: Iterable[tuple[str, str]]) -> dict[str, Answer]:
    """Read the fields of a submitted page (`q3_name[first]`); what the form does not ask for is dropped."""
    found: list[tuple[str, str, str]] = []
    for key, text in fields:
        if match := _POSTED.fullmatch(key):
            found.append((match[1], match[2][1:-1], text))
    return _gather(form, found)


def from_api(form: Form, fields: Iterable[tuple[str, str]]) -> dict[str, Answer]:
    """Read the fields of an API call, in both spellings: `submission[3][first]` and `submission[3_first]`."""
    found: list[tuple[str, str, str]] = []
    for key, text in fields:
        if match := _API.fullmatch(key):
            found.append((match[1], match[2] or match[3][1:-1], text))
    return _gather(form, found)


def from_python(form: Form, answers: Mapping[str, object]) -> dict[str, Answer]:
    """Read answers given by name or qid. Raises ValueError for a question that the form does not have."""
    found: dict[str, Answer] = {}
    for key, given in answers.items():
        question = form.question_named(key)
        if question is None:
            raise ValueError(f"form {form.form_id} has no question {key!r}")
        answer = _plain(given)
        if answer:
            found[question.qid] = answer
    return found


def _plain(given: object) -> Answer:
    if isinstance(given, Mapping):
        return {str(part): str(text) for part, text in given.items()}
    if isinstance(given, (list, tuple)):
        return [str(text) for text in given]
    return "" if given is None else str(given)


def _gather(form: Form, found: Iterable[tuple[str, str, str]]) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for qid, part, text in found:
        question = form.questions.get(qid)
        if question is None or question.is_layout or not text:
            continue
        if question.type in PARTS and part in {*PARTS[question.type], *MORE_PARTS.get(question.type, ())}:
            parts = answers.setdefault(qid, {})
            if isinstance(parts, dict):
                parts[part] = text
        elif question.type == "control_checkbox":
            choices = answers.setdefault(qid, [])
            if isinstance(choices, list):
                choices.append(text)
        else:
            answers[qid] = text
    return answers


def missing(form: Form, answers: Mapping[str, Answer]) -> list[Question]:
    """Return the required questions that were not answered; hidden ones are never asked for."""
    return [q for q in form.ordered_questions() if q.required and not q.hidden and not answers.get(q.qid)]


def pretty(question: Question, answer: Answer) -> str:
    """Write an answer as one line of text."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, list):
        return "; ".join(answer)
    if question.type == "control_fullname":
        order = ("prefix", "first", "middle", "last", "suffix")
        return " ".join(answer[part] for part in order if answer.get(part))
    if question.type == "control_phone":
        return answer.get("full") or f"({answer.get('area', '')}) {answer.get('phone', '')}"
    if question.type == "control_datetime":
        return "-".join(answer.get(part, "") for part in ("year", "month", "day"))
    labels = PARTS.get(question.type, {})
    return "<br>".join(f"{labels.get(part, part)}: {text}" for part, text in answer.items())


def sublabels(question: Question) -> str:
    """Return the JSON text in which JotForm keeps the labels of a composite question's parts."""
    return json.dumps(PARTS[question.type], separators=(",", ":"))


def api_map(form: Form, answers: Mapping[str, Answer]) -> dict[str, object] | list[object]:
    """Return the API's map of answers by qid, layout rows included; empty maps are lists."""
    rows: dict[str, object] = {}
    for question in sorted(form.questions.values(), key=lambda q: int(q.qid)):
        rows[question.qid] = _api_row(form, question, answers.get(question.qid))
    return rows or []


def _api_row(form: Form, question: Question, answer: Answer | None) -> dict[str, object]:
    row: dict[str, object] = {
        "name": question.name,
        "order": question.order if form.numeric_ids else str(question.order),
        "text": question.text,
        "type": question.type,
    }
    if question.type in PARTS:
        row["sublabels"] = sublabels(question)
    if answer is None:
        return row
    if form.encrypted:
        return row | {"answer": unreadable(answer)}
    if question.type == "control_datetime" and isinstance(answer, dict) and "datetime" not in answer:
        answer = answer | {"datetime": f"{pretty(question, answer)} 00:00:00"}
    row["answer"] = answer
    if not isinstance(answer, str):
        row["prettyFormat"] = pretty(question, answer)
    return row


def unreadable(answer: Answer) -> str:
    """Stand in for an answer that only the owner's key could open: nothing of it can be read back."""
    digest = hashlib.sha512(json.dumps(answer).encode()).digest()
    return base64.b64encode(digest * 4).decode()
