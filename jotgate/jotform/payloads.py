"""From JSON values to records. Total: a record, or `UpstreamError` with the reason MALFORMED, and nothing else.

JotForm's habits, seen in captured answers: nearly all scalars are strings, ids and orders are
sometimes numbers, an empty map is ``[]``, and a single form may come as a list of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.ids import is_id
from jotgate.jotform.times import Wall, creation_times, wall_readings, zone_named
from jotgate.phrases import phrase
from jotgate.protocols import Account, FormInfo, Question
from jotgate.submissions import Submission

_COUNT = re.compile(r"[0-9]{1,12}")
_TEXT_FIELD = re.compile(r'"([a-z_]+)" ?: ?"([^"\\]*)"')
_YES = frozenset({"yes", "1", "true"})
_NO_ANSWERS: Mapping[str, Mapping[str, Any]] = {}


def read_id(value: object) -> str | None:
    """Return an id that came as digits or as a number, else None."""
    text = _text(value)
    return text if is_id(text) else None


def read_count(value: object) -> int | None:
    """Return a number from 0 up that came as digits or as a number, else None."""
    text = _text(value)
    return int(text) if _COUNT.fullmatch(text) else None


def read_account(content: object) -> Account:
    """Read ``GET /user``."""
    fields = _fields(content, phrase("the account"))
    return Account(
        username=_text(fields.get("username")),
        plan=_plan(fields.get("account_type")),
        time_zone=_text(fields.get("time_zone")) or None,
        eu_only=_is_yes(fields.get("euOnly")),
    )


def read_calls_used(content: object) -> int:
    """Read ``GET /user/usage``: the calls used today."""
    used = read_count(_fields(content, phrase("the usage")).get("api"))
    if used is None:
        raise _malformed(phrase("the usage holds no count of API calls"))
    return used


def read_form(content: object, form_id: str) -> FormInfo:
    """Read ``GET /form/{id}``; an answer about another form is malformed."""
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    fields = _fields(content, phrase("the form"))
    if read_id(fields.get("id")) != form_id:
        raise _malformed(phrase("the answer is about another form than the one asked for"))
    return _form_info(form_id, fields)


def read_forms(content: object) -> tuple[FormInfo, ...]:
    """Read ``GET /user/forms``; leave out everything that is not a form."""
    rows = [row for row in read_rows(content) if isinstance(row, dict)]
    return tuple(_form_info(form_id, row) for row in rows if (form_id := read_id(row.get("id"))) is not None)


def _form_info(form_id: str, fields: Mapping[str, Any]) -> FormInfo:
    return FormInfo(
        form_id=form_id,
        title=_text(fields.get("title")),
        status=_text(fields.get("status")).upper(),
        count=read_count(fields.get("count")),
    )


def read_raw_form(content: object, form_id: str) -> Mapping[str, Any]:
    """Return ``GET /form/{id}`` as it came, but never in a list; an answer about another form is malformed."""
    read_form(content, form_id)
    return _fields(content[0] if isinstance(content, list) else content, phrase("the form"))


def read_raw_submission(content: object, submission_id: str) -> Mapping[str, Any] | None:
    """Return ``GET /submission/{id}`` as it came; None: it is about another, or tells no form."""
    fields = _fields(content, phrase("the submission"))
    if read_id(fields.get("id")) != submission_id or read_id(fields.get("form_id")) is None:
        return None
    return fields


def read_raw_questions(content: object) -> Mapping[str, Mapping[str, Any]]:
    """Return the questions by their ids, as they came; leave out everything that is not a question."""
    return {
        qid: fields
        for qid, fields in _entries(content, phrase("the questions"))
        if qid and isinstance(fields, dict)
    }


def read_questions(content: object) -> tuple[Question, ...]:
    """Read ``GET /form/{id}/questions``; leave out everything that is not a question."""
    return tuple(
        Question(
            qid=qid,
            name=_text(fields.get("name")),
            type=_text(fields.get("type")),
            text=_text(fields.get("text")),
            hidden=_is_yes(fields.get("hidden")),
            required=_is_yes(fields.get("required")),
            validation=_asked_for(fields.get("validation")),
            mask=_asked_for(fields.get("inputTextMask")),
            max_length=read_count(fields.get("maxsize")),
            options=_options(fields),
        )
        for qid, fields in _entries(content, phrase("the questions"))
        if isinstance(fields, dict)
    )


def read_webhooks(content: object) -> tuple[str, ...]:
    """Read ``GET /form/{id}/webhooks``: the addresses, in JotForm's order."""
    return tuple(
        address for _, address in _entries(content, phrase("the webhooks")) if isinstance(address, str)
    )


def read_properties(content: object) -> Mapping[str, Any]:
    """Read ``GET /form/{id}/properties``."""
    return {} if content == [] else _fields(content, phrase("the properties"))


def read_rows(content: object) -> list[object]:
    """Read a list of submissions: the rows as they came."""
    if isinstance(content, list):
        return content
    if content == {}:
        return []
    raise _malformed(phrase("the list of submissions is not a list"))


def rows_between(
    rows: Sequence[object], form_id: str, above: int, below: int
) -> tuple[Mapping[str, Any], ...]:
    """Return the rows of one form between two ids, both exclusive, by id; JotForm ignores filters at times."""
    kept = {}
    for row in rows:
        if isinstance(row, dict) and read_id(row.get("form_id")) == form_id:
            submission_id = read_id(row.get("id"))
            if submission_id is not None and above < int(submission_id) < below:
                kept[int(submission_id)] = row
    return tuple(kept[number] for number in sorted(kept))


def is_in_order(rows: Sequence[object], *, descending: bool) -> bool:
    """Say whether rows came in the order of their ids; those without one are passed over."""
    ids = [read_id(row.get("id")) for row in rows if isinstance(row, dict)]
    numbers = [int(one) for one in ids if one is not None]
    return numbers == sorted(numbers, reverse=descending)


def newest_before(rows: Sequence[object], form_id: str, before: float, wall: Wall) -> str | None:
    """Return the highest id among the submissions of one form that were certainly made before that moment."""
    read = [one for row in rows if (one := read_submission(row, wall)) and one.form_id == form_id]
    if rows and not read:
        raise _malformed(phrase("the list holds no submission of the form asked for"))
    return max((one.submission_id for one in read if one.created_latest < before), key=int, default=None)


def read_first_row(head: bytes) -> dict[str, str] | None:
    """Read what stands before the answers of the first row in a list of submissions that is too large to be read.

    JotForm's rows begin with id, form id, times and status (seen in captured lists). None if *head*
    does not begin such a list.
    """
    before, _, row = head.decode("utf-8", "replace").partition('"content":[{')
    if not row or not before.lstrip().startswith("{"):
        return None
    return dict(_TEXT_FIELD.findall(row.partition('"answers"')[0]))


def read_submission(row: object, wall: Wall) -> Submission | None:
    """Read one row of a list of submissions; None if it has no usable id, form id or time.

    Odd answers (``[]``, null, a text) are no answers.
    """
    if not isinstance(row, dict):
        return None
    submission_id = read_id(row.get("id"))
    form_id = read_id(row.get("form_id"))
    if submission_id is None or form_id is None:
        return None
    times = creation_times(row.get("created_at"), submission_id, wall)
    if times is None:
        return None
    return Submission(
        submission_id=submission_id,
        form_id=form_id,
        created_earliest=times.earliest,
        created_latest=times.latest,
        created_from=times.read_from,
        status=_text(row.get("status")),
        answers=_answers(row.get("answers")),
        updated_at=max(wall_readings(row.get("updated_at"), zone_named(wall.zones[0])), default=None),
    )


def _answers(value: object) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(value, dict):
        return _NO_ANSWERS
    return {qid: answer for qid, answer in value.items() if isinstance(answer, dict)}


def _entries(content: object, what: str) -> Iterator[tuple[str, Any]]:
    """Return the entries of a map, or of the list that stands for one."""
    if isinstance(content, list):
        return iter(
            [(_text(entry.get("qid")) if isinstance(entry, dict) else "", entry) for entry in content]
        )
    return iter(_fields(content, what).items())


def _fields(content: object, what: str) -> dict[str, Any]:
    if isinstance(content, dict):
        return content
    raise _malformed(phrase("{what} did not come as a map", what=what))


def _plan(value: object) -> str:
    """Return the last part of an address such as ``https://api.jotform.com/system/plan/FREE``."""
    if isinstance(value, dict):
        value = value.get("name")
    return _text(value).rstrip("/").rpartition("/")[2].upper()


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if _is_short_int(value) else ""


def _is_short_int(value: object) -> TypeGuard[int]:
    # Python refuses to spell integers of thousands of digits; no id or count has more than 20.
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**20


def _asked_for(value: object) -> str:
    """Return what a question asks of its answer; "None" asks for nothing."""
    text = _text(value).strip()
    return "" if text.lower() == "none" else text


def _options(fields: Mapping[str, object]) -> tuple[str, ...]:
    """Return what a question offers to choose from; nothing if people may write something else."""
    if _is_yes(fields.get("allowOther")):
        return ()
    return tuple(one for one in _text(fields.get("options")).split("|") if one.strip())


def _is_yes(value: object) -> bool:
    return value is True or _text(value).strip().lower() in _YES


def _malformed(message: str) -> UpstreamError:
    return UpstreamError(
        UpstreamReason.MALFORMED, phrase("JotForm's answer was not understood: {why}", why=message)
    )
