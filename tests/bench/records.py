"""Group ``records``: whether somebody has submitted, asked of a small ledger and of one a hundred times as large."""

from __future__ import annotations

import logging
import random
import sqlite3
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from jotgate.answers import fingerprints
from jotgate.signed.keyring import CodeKeys
from jotgate.stores import open_store
from jotgate.wiring import build
from tests.bench.measuring import HEADINGS, Row, Size, Target, measure, print_table
from tests.bench.site import FORM, SECRET, settings_for
from tests.rows import add_rows

_FLOOR = "floor: bare driver"
_SUBJECT = "by subject"
_NOBODY = "by subject, not submitted"
_LOOKUP = "by lookup field"
#: What is asked, how that is called, and how many times as much as the floor it may cost.
_ASKED = (
    (
        (_SUBJECT, _NOBODY),
        "has_submitted by subject, submitted and not, in a small and in a large ledger",
        2.0,
    ),
    ((_LOOKUP,), "has_submitted by lookup field, in a small and in a large ledger", 4.0),
)
_SAMPLE = 5_000
_AT_ONCE = 50_000
_FIRST_ID = 6_410_000_000_000_000_000
_FORM_ID = "241234567890123"
_LOOKUP_FIELD = "document"


def run(scratch: Path, size: Size) -> Iterator[Target]:
    """Measure, print, and give what an answer is to cost."""
    logging.disable(logging.CRITICAL)
    rows = measure([row for count in size.codes for row in _rows(scratch / f"{count}.db", count)], size)
    title = "Standings.has_submitted, beside one look into the same index by the bare driver"
    print_table(title, HEADINGS, [row.cells() for row in rows.values()])
    for asked, what, limit in _ASKED:
        of = [rows[_name(one, count)] for count in size.codes for one in asked]
        yield Target(row=what, beside=_FLOOR, ratios=[row.ratio for row in of], limits=[limit])


def _name(asked: str, count: int) -> str:
    return f"{asked}, {count:,} submissions"


def _rows(path: Path, count: int) -> Iterator[Row]:
    """Give the rows about a ledger with *count* submissions, one of each subject."""
    settings = settings_for(path, forms={FORM: {"id": _FORM_ID, "lookup_fields": [_LOOKUP_FIELD]}})
    standings = build(settings).standings
    _fill(path, count)
    sample = random.Random(count).choices(range(count), k=_SAMPLE)
    subjects, others = cycle([f"s-{n:07}" for n in sample]), cycle([f"s-{n:07}x" for n in sample])
    documents = cycle([{_LOOKUP_FIELD: _document(n)} for n in sample])
    execute, sql = (
        sqlite3.connect(path, isolation_level=None).execute,
        "SELECT verdict FROM submissions WHERE form = ? AND subject = ?",
    )
    calls = {
        _SUBJECT: lambda: standings.has_submitted(FORM, subject=next(subjects)),
        _NOBODY: lambda: standings.has_submitted(FORM, subject=next(others)),
        _LOOKUP: lambda: standings.has_submitted(FORM, lookup=next(documents)),
    }
    assert [bool(call()) for call in calls.values()] == [True, False, True]
    base = _name(_FLOOR, count)
    yield Row(name=base, call=lambda: execute(sql, (FORM, next(subjects))).fetchall())
    for asked, call in calls.items():
        yield Row(name=_name(asked, count), call=call, base=base)


def _fill(path: Path, count: int) -> None:
    """Write the submissions."""
    store, keys = open_store(f"sqlite:///{path}"), CodeKeys([f"{SECRET}-for-codes".encode()])
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count))
        add_rows(store, "submissions", map(_submission, numbers))
        add_rows(store, "lookups", (_lookup(number, keys) for number in numbers))
    store.close()


def _submission(number: int) -> dict[str, object]:
    return {
        "submission_id": str(_FIRST_ID + number * 7),
        "form": FORM,
        "subject": f"s-{number:07}",
        "verdict": "verified",
        "judged": "verified",
        "created_at": 1_790_000_000.0,
        "seen_at": 1_790_000_000.0,
        "judged_at": 1_790_000_000.0,
        "digest": bytes(16),
        "status": "ACTIVE",
    }


def _lookup(number: int, keys: CodeKeys) -> dict[str, object]:
    return {
        "submission_id": str(_FIRST_ID + number * 7),
        "field": _LOOKUP_FIELD,
        "form": FORM,
        "fingerprint": fingerprints(keys, _FORM_ID, _LOOKUP_FIELD, _document(number))[0],
    }


def _document(number: int) -> str:
    return f"AB {number:07}"
