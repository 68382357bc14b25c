"""Exports: a form's submissions with the fields that are kept for showing, as a table or as JSON lines.

Everything is streamed, row by row, so that a million need no more memory than a thousand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from jotgate import classlist
from jotgate.clock import iso
from jotgate.policy import FormPolicy
from jotgate.protocols import ExportRow

_COLUMNS = ("submission_id", "subject", "verdict", "created_at", "judged_at")


def columns(policy: FormPolicy) -> tuple[str, ...]:
    """Return the headings of a form's table: what jotgate knows, and the setting `show_fields`."""
    return (*_COLUMNS, *policy.show_fields)


def write_table(
    stream: BinaryIO,
    rows: Iterable[ExportRow],
    policy: FormPolicy,
    *,
    write: classlist.TableWriter = classlist.write_table,
) -> int:
    """Write a table for spreadsheets, as CSV or as *write* does; return how many rows there were."""
    return write(stream, (_cells(row, policy) for row in rows), columns=columns(policy))


def write_jsonl(stream: BinaryIO, rows: Iterable[ExportRow], policy: FormPolicy) -> int:
    """Write one JSON object a line; return how many there were."""
    count = 0
    for row in rows:
        record: dict[str, object] = dict(zip(_COLUMNS, _known(row), strict=True))
        record["form"] = policy.form
        record["fields"] = {
            name: row.shown[name]["value"] for name in policy.show_fields if name in row.shown
        }
        stream.write(json.dumps(record).encode() + b"\n")
        count += 1
    return count


def _cells(row: ExportRow, policy: FormPolicy) -> Sequence[str]:
    known = ["" if value is None else value for value in _known(row)]
    return [*known, *(_text(row, name) for name in policy.show_fields)]


def _known(row: ExportRow) -> Iterator[str | None]:
    yield row.submission_id
    yield row.subject
    yield row.verdict.value
    yield iso(row.created_at)
    yield iso(row.judged_at)


def _text(row: ExportRow, name: str) -> str:
    value = row.shown.get(name, {}).get("value", "")
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
