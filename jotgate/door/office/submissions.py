"""What came in: by verdict, one by one, and as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, cast

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from werkzeug.wsgi import FileWrapper

from jotgate import classlist
from jotgate.door.office import words
from jotgate.door.office.desk import Desk
from jotgate.outcomes import Verdict
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.protocols import ExportRow, ListedSubmission
from jotgate.records import exporting
from jotgate.records.wording import MEANING
from jotgate.signed.tokens import can_be_stored
from jotgate.stores.forgetting import is_tombstone

_ROWS = 50
#: Smaller exports stay in memory.
_MEMORY_BYTES = 1 << 20
_MAX_ASKED_CHARS = 200
_COUNTING = "counting"

_Writing = Callable[[BinaryIO, Iterable[ExportRow], FormPolicy], int]
#: The kinds of files: what they are, and how they are written.
_KINDS: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def listing(desk: Desk, form: str) -> Response:
    """Show a page of submissions: of one verdict, of those that count, of all, or what a search finds."""
    policy, store = desk.policy(form), desk.parts.store
    asked, which, before = desk.query("q")[:_MAX_ASKED_CHARS], desk.query("verdict"), desk.query("before")
    if asked:
        found = store.find_submissions(form, asked, rows=_ROWS + 1) if can_be_stored(asked) else []
    else:
        found = store.submission_page(
            form, verdicts=_verdicts(which), before=before if before.isdigit() else None, rows=_ROWS + 1
        )
    shown, counts = found[:_ROWS], store.count_verdicts(form)
    context = {
        "rows": [_row(desk, policy, one) for one in shown],
        "asked": asked,
        "which": which,
        "choices": _choices(counts),
        "meaning": MEANING[Verdict(which)] if which in {one.value for one in Verdict} else "",
        "is_first": not before,
        "has_more": len(found) > _ROWS,
        "last_id": shown[-1].record.submission_id if shown else "",
        "fields": policy.show_fields,
        "strangers": counts.get(Verdict.UNTICKETED, 0),
        "bare_url": bare_address(desk, policy),
    }
    return desk.page("submissions", context, form=form, section="submissions")


def export(desk: Desk, form: str) -> Response:
    """Hand out a form's submissions as a file.

    Raises:
        NotFound: there is no such kind of file.
        InputError: a workbook cannot be written here, or not so many rows.
    """
    policy, kind = desk.policy(form), desk.query("kind")
    if kind not in _KINDS:
        raise NotFound(phrase("There is no such kind of file."))
    everything = desk.query("which") == "all"
    rows = desk.parts.store.export(form, everything=everything, since=0.0)
    file = tempfile.SpooledTemporaryFile(_MEMORY_BYTES)  # noqa: SIM115 - closed with the response
    try:
        _writing(kind)(cast("BinaryIO", file), rows, policy)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = Response(FileWrapper(file), content_type=_KINDS[kind], direct_passthrough=True)
    response.content_length = size
    response.headers["Content-Disposition"] = f'attachment; filename="{form}-submissions.{kind}"'
    return response


def bare_address(desk: Desk, policy: FormPolicy) -> str:
    """Return the form's own address at JotForm."""
    return f"{desk.parts.settings.host.form_origin}/{policy.form_id}"


def person(listed: ListedSubmission) -> str:
    """Return whose a submission is, as one calls them; "" for nobody's."""
    subject = listed.record.subject
    if subject is None:
        return ""
    if is_tombstone(subject):
        return phrase("a forgotten person")
    return f"{listed.label} ({subject})" if listed.label and listed.label != subject else subject


def tone(verdict: Verdict) -> str:
    """Return how a verdict is coloured."""
    return "good" if verdict.counts else "wait" if verdict is Verdict.PENDING else "bad"


def _verdicts(which: str) -> tuple[Verdict, ...]:
    if which == _COUNTING:
        return tuple(verdict for verdict in Verdict if verdict.counts)
    return tuple(verdict for verdict in Verdict if verdict.value == which)


def _choices(counts: dict[Verdict, int]) -> list[tuple[str, str, int]]:
    """Return what may be chosen: its name in the address, what it is called, and how many there are."""
    counting = sum(number for verdict, number in counts.items() if verdict.counts)
    each = [(verdict.value, words.verdict(verdict), number) for verdict, number in counts.items()]
    # Translators: All submissions.
    everything = ("", phrase("All"), sum(counts.values()))
    # Translators: Submissions that count.
    return [everything, (_COUNTING, phrase("Count"), counting), *each]


def _row(desk: Desk, policy: FormPolicy, listed: ListedSubmission) -> dict[str, Any]:
    record = listed.record
    return {
        "id": record.submission_id,
        "seen": f"{record.submission_id} {record.verdict.value} {record.subject or ''}",
        "person": person(listed),
        "batch": listed.batch or "",
        "verdict": words.verdict(record.verdict),
        "tone": tone(record.verdict),
        "sent": desk.moment(record.created_at, policy),
        "ruled": f"{desk.language.speak(words.actor(record.actor))}: {record.reason}" if record.actor else "",
    }


def _writing(kind: str) -> _Writing:
    if kind == "jsonl":
        return exporting.write_jsonl
    write = classlist.writer(f"table.{kind}")
    return lambda stream, rows, policy: exporting.write_table(stream, rows, policy, write=write)
