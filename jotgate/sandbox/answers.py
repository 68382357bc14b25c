"""Answers on their way in (a posted form, an API call, Python) and out (the API's map, one line of text)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from html import escape, unescape
from urllib.parse import unquote

from . import moments
from .forms import MORE_PARTS, PARTS, SUBLABELS, FieldValue, Form, Question

_POSTED = re.compile(r"q([0-9]{1,6})_[^\[\]]*((?:\[[^\[\]]*\]){0,3})", re.ASCII)
_API = re.compile(r"submission\[([0-9]{1,6})(?:_([A-Za-z0-9_]+))?\]((?:\[[^\[\]]*\]){0,3})", re.ASCII)
_STEP = re.compile(r"\[([^\[\]]*)\]")
#: Types whose answer is a list however many were chosen.
_LISTS = frozenset({"control_checkbox", "control_fileupload"})
#: Types whose answers come in parts that the form names.
_NAMED_PARTS = frozenset(
    {
        f"control_{name}"
        for name in ("time", "birthdate", "appointment", "matrix", "inline", "range", "widget", "radio")
    }
)
_TICK = '<img src="https://cdn.jotfor.ms/images/tick.png" height="16" width="16" alt="X" align="top" />'
#: The parts of types that are read out as one text, with what stands between them.
_READ_OUT = {
    "control_fullname": (("prefix", "first", "middle", "last", "suffix"), " "),
    "control_range": (("from", "to"), " - "),
}
_CHOSEN = frozenset({"control_checkbox", "control_radio", "control_dropdown", "control_grading"})
#: The parts of a date that have two digits on every page.
_FILLED = frozenset({"month", "day"})
_NOTHING: tuple[object, ...] = (None, "", [], {})


def from_posted(form: Form, fields: Iterable[tuple[str, str]]) -> dict[str, FieldValue]:
    """Read the fields of a submitted page (`q3_name[first]`); what the form does not ask for is dropped."""
    found: list[tuple[str, list[str], str]] = []
    for key, text in fields:
        if match := _POSTED.fullmatch(key):
            found.append((match[1], _STEP.findall(match[2]), text))
    answers = _gather(form, found)
    return {qid: _as_pages_post(form.questions[qid], answer) for qid, answer in answers.items()}


def _as_pages_post(question: Question, answer: FieldValue) -> FieldValue:
    """Return an answer as pages make it, which fill days and months with zeros; the API keeps what it gets."""
    if question.type != "control_datetime" or not isinstance(answer, dict):
        return answer
    return {
        part: one.zfill(2) if part in _FILLED and isinstance(one, str) else one
        for part, one in answer.items()
    }


def from_api(form: Form, fields: Iterable[tuple[str, str]]) -> dict[str, FieldValue]:
    """Read the fields of an API call, in both spellings: `submission[3][first]` and `submission[3_first]`."""
    found: list[tuple[str, list[str], str]] = []
    for key, text in fields:
        if match := _API.fullmatch(key):
            found.append((match[1], [*filter(None, [match[2]]), *_STEP.findall(match[3])], text))
    return _gather(form, found)


def from_python(form: Form, answers: Mapping[str, object]) -> dict[str, FieldValue]:
    """Read answers given by name or qid, in the shapes in which the API shows them.

    Raises ValueError for a question that the form does not have.
    """
    found: dict[str, FieldValue] = {}
    for key, given in answers.items():
        question = form.question_named(key)
        if question is None:
            raise ValueError(f"form {form.form_id} has no question {key!r}")
        answer = _plain(given)
        if answer not in _NOTHING:
            found[question.qid] = answer
    return found


def _plain(given: object) -> FieldValue:
    if isinstance(given, Mapping):
        return {str(part): _plain(one) for part, one in given.items()}
    if isinstance(given, (list, tuple)):
        return [_plain(one) for one in given]
    if isinstance(given, (bool, int, float)):
        return given
    return "" if given is None else str(given)


def _gather(form: Form, found: Iterable[tuple[str, list[str], str]]) -> dict[str, FieldValue]:
    answers: dict[str, FieldValue] = {}
    for qid, path, text in found:
        question = form.questions.get(qid)
        if question is not None and not question.is_layout and text:
            answers[qid] = _with(question, answers.get(qid), path, text)
    for qid, answer in answers.items():
        if form.questions[qid].type == "control_matrix" and isinstance(answer, dict):
            answers[qid] = _matrix(form.questions[qid], answer)
    return answers


def _with(question: Question, answer: FieldValue | None, path: list[str], text: str) -> FieldValue:
    """Return an answer with one more field in it."""
    part = path[0] if path else ""
    known = {*PARTS.get(question.type, ()), *MORE_PARTS.get(question.type, ())}
    if question.type in _LISTS and (part == "" or part.isdigit()):
        return [*(answer if isinstance(answer, list) else []), text]
    if part == "other" and isinstance(answer, list):
        return {str(at): one for at, one in enumerate(answer)} | {"other": text}
    if part and (part in known or question.type in _NAMED_PARTS or question.type in _LISTS):
        return _put(answer if isinstance(answer, dict) else {}, path, text)
    if path == [""]:
        return [*(answer if isinstance(answer, list) else []), text]
    return text


def _put(answer: dict[str, FieldValue], path: list[str], text: str) -> FieldValue:
    """Put *text* into parts of parts; the last step may be of a list (`[0][]`)."""
    part, rest = path[0], path[1:]
    held = answer.get(part)
    if rest == [""]:
        return answer | {part: [*(held if isinstance(held, list) else []), text]}
    if rest:
        return answer | {part: _put(held if isinstance(held, dict) else {}, rest, text)}
    return answer | {part: text}


def _matrix(question: Question, answer: dict[str, FieldValue]) -> FieldValue:
    """Return the rows that a page numbers by their names, if the form has names for them, and else as a list.

    The API has a row of several cells as a JSON text.
    """
    if not all(row.isdigit() for row in answer):
        return answer
    names = question.properties.get("mrows", "").split("|")
    rows = {int(row): list(one.values()) if isinstance(one, dict) else one for row, one in answer.items()}
    if names == [""]:
        return [rows.get(row, "") for row in range(min(max(rows) + 1, 100))]
    shown = {row: one if isinstance(one, str) else json.dumps(one) for row, one in rows.items()}
    return {names[row]: one for row, one in sorted(shown.items()) if row < len(names)}


def missing(form: Form, answers: Mapping[str, FieldValue]) -> list[Question]:
    """Return the required questions that were not answered; hidden ones are never asked for."""
    asked = [one for one in form.ordered_questions() if one.required and not one.hidden]
    return [one for one in asked if answers.get(one.qid) in _NOTHING]


def pretty(question: Question, answer: FieldValue) -> str:
    """Write an answer as one line of text."""
    shown = pretty_format(question, answer)
    if shown is None:
        return _text(answer)
    lines = re.sub("<[^>]*>", "", re.sub("</tr>|<br>", "; ", shown.replace("</th>", " ")))
    return " ".join(unescape(lines).strip("; ").split())


def pretty_format(question: Question, answer: FieldValue, date_format: str = "") -> str | None:
    """Return JotForm's `prettyFormat`, which is text or HTML; None where none is known.

    *date_format* is that of dates whose question has none: `mmddyyyy`, `ddmmyyyy` or "" (the year first).
    """
    kind = question.type
    if kind == "control_widget" and isinstance(answer, str):
        return answer
    if kind == "control_matrix" and isinstance(answer, (list, dict)):
        return _table(question, answer)
    if kind == "control_fileupload" and isinstance(answer, list):
        return "<br>".join(_link(str(one)) for one in answer)
    if isinstance(answer, list) or (kind in _CHOSEN and isinstance(answer, dict)):
        return _text(answer)
    return _of_parts(question, answer, date_format) if isinstance(answer, dict) else None


def _of_parts(question: Question, answer: dict[str, FieldValue], date_format: str) -> str | None:
    kind, texts = question.type, {part: _text(one) for part, one in answer.items()}
    if kind in _READ_OUT:
        parts, between = _READ_OUT[kind]
        return between.join(texts[part] for part in parts if texts.get(part))
    if kind == "control_phone":
        area = f"({texts['area']})" if texts.get("area") else ""
        number = (texts.get("country"), area, texts.get("phone"))
        return texts.get("full") or " ".join(part for part in number if part)
    if kind == "control_time":
        return moments.printed_time(texts)
    if kind == "control_birthdate":
        return " ".join(texts[part] for part in ("month", "day", "year") if texts.get(part))
    if kind == "control_datetime":
        own_format = question.properties.get("format", date_format)
        return moments.printed(texts, own_format, question.properties.get("dateSeparator", "-"))
    labels = PARTS.get(kind)
    if labels is None:
        return None
    return "<br>".join(f"{labels.get(part, part)}: {text}" for part, text in texts.items())


def _text(answer: FieldValue) -> str:
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list):
        return "; ".join(filter(None, map(_text, answer)))
    return str(answer).lower() if isinstance(answer, bool) else str(answer)


def _table(question: Question, answer: list[FieldValue] | dict[str, FieldValue]) -> str:
    """Return a matrix as JotForm shows it: a table, in which a single choice is a ticked column."""
    rows = list(answer.items()) if isinstance(answer, dict) else [("", row) for row in answer]
    columns = question.properties.get("mcolumns", "").split("|")
    if columns == [""] or not all(isinstance(row, str) and row in {"", *columns} for _, row in rows):
        cells = [(name, [escape(text) for text in _cells(row)]) for name, row in rows]
    else:
        cells = [("&nbsp;", [escape(column) for column in columns])]
        cells += [(name, [_TICK if column == row else "-" for column in columns]) for name, row in rows]
    lines = (
        f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for name, line in cells
    )
    return f'<table summary="" cellpadding="4" cellspacing="0" border="0">{"".join(lines)}</table>'


def _cells(row: FieldValue) -> list[str]:
    """Return the cells of a row, which may be one, several, or a JSON text of several."""
    if isinstance(row, str) and row.startswith("["):
        try:
            row = json.loads(row)
        except ValueError:
            return [str(row)]
    if isinstance(row, dict):
        row = list(row.values())
    return [_text(cell) for cell in row] if isinstance(row, list) else [_text(row)]


def _link(address: str) -> str:
    return f'<a href="{escape(address)}" target="_blank">{escape(unquote(address.rpartition("/")[2]))}</a>'


def sublabels(question: Question) -> str:
    """Return the JSON text in which JotForm keeps the labels of a composite question's parts."""
    return json.dumps(SUBLABELS.get(question.type, PARTS[question.type]), separators=(",", ":"))


def api_map(
    form: Form, answers: Mapping[str, FieldValue], date_format: str = ""
) -> dict[str, object] | list[object]:
    """Return the API's map of answers by qid, layout rows included; empty maps are lists."""
    rows: dict[str, object] = {}
    for question in sorted(form.questions.values(), key=lambda q: int(q.qid)):
        rows[question.qid] = _api_row(form, question, answers.get(question.qid), date_format)
    return rows or []


def _api_row(
    form: Form, question: Question, answer: FieldValue | None, date_format: str
) -> dict[str, object]:
    row: dict[str, object] = {
        "name": question.name,
        "order": question.order if form.numeric_ids else str(question.order),
        "text": question.text,
        "type": question.type,
    }
    if question.type in PARTS:
        row["sublabels"] = sublabels(question)
    if question.type == "control_datetime":
        row["timeFormat"] = question.properties.get("timeFormat", "AM/PM")
    if answer is None:
        return row
    if form.encrypted:
        return row | {"answer": unreadable(answer)}
    if question.type == "control_datetime" and isinstance(answer, dict) and "datetime" not in answer:
        answer = answer | {"datetime": moments.stored({part: _text(one) for part, one in answer.items()})}
    row["answer"] = answer
    shown = pretty_format(question, answer, date_format)
    return row if shown is None else row | {"prettyFormat": shown}


def unreadable(answer: FieldValue) -> str:
    """Return a text in place of an answer that only the owner's key could open: it says nothing about the answer."""
    digest = hashlib.sha512(json.dumps(answer).encode()).digest()
    return base64.b64encode(digest * 4).decode()
