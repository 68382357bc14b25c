"""Group ``records``: whether somebody has submitted, asked of a small ledger and of one a hundred times as large."""

from __future__ import annotations

import logging
import random
import statistics
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from jotgate.answers import fingerprints
from jotgate.keyring import CodeKeys
from jotgate.stores import open_store
from jotgate.stores.sqlite import SqliteDriver
from jotgate.wiring import build
from tests.bench.measuring import HEADINGS, Row, Size, measure, print_table, yes_or_no
from tests.bench.site import FORM, SECRET, settings_for

_MOST_US = 25.0
_MOST_GROWTH = 1.6
_SAMPLE = 5_000
_AT_ONCE = 50_000
_FIRST_ID = 6_410_000_000_000_000_000
_LOOKUP_FIELD = "document"


def run(scratch: Path, size: Size) -> Iterator[bool]:
    """Measure, print, and tell for each target whether it is met."""
    logging.disable(logging.CRITICAL)
    asked = ("by subject", "by subject, not submitted", "by lookup field")
    rows = [row for count in size.codes for row in _rows(scratch / f"{count}.db", count, asked)]
    measure(rows, size)
    title = "Records.has_submitted, beside one look into the same index by the bare driver"
    print_table(title, HEADINGS, [row.cells() for row in rows])
    yield from (bool(row.met) for row in rows if row.met is not None)
    for small, large in zip(rows[1 : len(asked) + 1], rows[len(asked) + 2 :], strict=True):
        growth = statistics.median(late / early for early, late in zip(small.us, large.us, strict=True))
        met = growth <= _MOST_GROWTH
        what = small.name.rpartition(", ")[0]
        print(f"\nGrowth {what}: {growth:.2f} (target: <= {_MOST_GROWTH}): {yes_or_no(met)}")
        yield met


def _rows(path: Path, count: int, asked: Sequence[str]) -> Iterator[Row]:
    """Give the rows about a ledger with *count* submissions, one of each subject."""
    settings = settings_for(path, forms={FORM: {"id": "241234567890123", "lookup_fields": [_LOOKUP_FIELD]}})
    records = build(settings).records
    _fill(path, count)
    sample = random.Random(count).choices(range(count), k=_SAMPLE)
    subjects, others = cycle([f"s-{n:07}" for n in sample]), cycle([f"s-{n:07}x" for n in sample])
    documents = cycle([{_LOOKUP_FIELD: _document(n)} for n in sample])
    connection, _ = SqliteDriver(str(path))._connection()
    execute, sql = connection.execute, "SELECT verdict FROM submissions WHERE form = ? AND subject = ?"
    calls = (
        lambda: records.has_submitted(FORM, subject=next(subjects)),
        lambda: records.has_submitted(FORM, subject=next(others)),
        lambda: records.has_submitted(FORM, lookup=next(documents)),
    )
    assert [bool(call()) for call in calls] == [True, False, True]
    base = f"floor: bare driver, {count:,} submissions"
    yield Row(name=base, call=lambda: execute(sql, (FORM, next(subjects))).fetchall())
    for what, call in zip(asked, calls, strict=True):
        yield Row(name=f"{what}, {count:,} submissions", call=call, base=base, most_us=_MOST_US)


def _fill(path: Path, count: int) -> None:
    """Write the submissions with the statements by which stores are copied."""
    store, keys = open_store(f"sqlite:///{path}"), CodeKeys([f"{SECRET}-for-codes".encode()])
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count))
        with store.driver.write() as tx:
            tx.many("add_to_submissions", map(_submission, numbers))
            tx.many("add_to_lookups", (_lookup(number, keys) for number in numbers))
    store.close()


def _submission(number: int) -> dict[str, object]:
    empty = ("ticket_id", "actor", "reason", "shown", "updated_at")
    return dict.fromkeys(empty) | {
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
        "fingerprint": fingerprints(keys, FORM, _LOOKUP_FIELD, _document(number))[0],
    }


def _document(number: int) -> str:
    return f"AB {number:07}"
