"""A form's submissions in bulk: one row each, as spreadsheets and as programs read it."""

from __future__ import annotations

import csv
import io
import json

from jotgate import classlist
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import ExportRow
from jotgate.records.exporting import columns, write_jsonl, write_table

POLICY = FormPolicy(form="students", form_id="1", title="Students", show_fields=("name", "classes"))
ROWS = [
    ExportRow(
        "11",
        "s-1",
        Verdict.VERIFIED,
        1_790_000_000.0,
        1_790_000_060.0,
        {
            "name": {"label": "Name", "value": "Zoë; Ada"},
            "classes": {"label": "Classes", "value": ["Art", "Poetry"]},
            "hidden": {"label": "Hidden", "value": "not shown"},
        },
    ),
    ExportRow("12", None, Verdict.PENDING, 1_790_000_001.0, None, {}),
]


def test_a_table_has_what_jotgate_knows_and_the_fields_to_show() -> None:
    """In the order of the settings; what is missing is empty, several answers stand in one cell."""
    stream = io.BytesIO()
    assert write_table(stream, ROWS, POLICY, write=classlist.writer("x.csv", separator=";")) == 2
    headings, first, second = csv.reader(io.StringIO(stream.getvalue().decode("utf-8-sig")), delimiter=";")
    assert tuple(headings) == columns(POLICY)
    assert headings[:5] == ["submission_id", "subject", "verdict", "created_at", "judged_at"]
    assert first == [
        "11", "s-1", "verified", "2026-09-21T14:13:20Z", "2026-09-21T14:14:20Z", "Zoë; Ada", "Art; Poetry",
    ]  # fmt: skip
    assert second == ["12", "", "pending", "2026-09-21T14:13:21Z", "", "", ""]


def test_a_program_gets_one_object_a_line() -> None:
    """Values as they are kept, null for what is not known, and no field that is not to be shown."""
    stream = io.BytesIO()
    assert write_jsonl(stream, iter(ROWS), POLICY) == 2
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == {
        "submission_id": "11",
        "subject": "s-1",
        "verdict": "verified",
        "created_at": "2026-09-21T14:13:20Z",
        "judged_at": "2026-09-21T14:14:20Z",
        "form": "students",
        "fields": {"name": "Zoë; Ada", "classes": ["Art", "Poetry"]},
    }
    assert (second["subject"], second["judged_at"], second["fields"]) == (None, None, {})


def test_nothing_is_a_table_of_headings() -> None:
    """And no line at all for a program."""
    table, lines = io.BytesIO(), io.BytesIO()
    assert write_table(table, [], POLICY) == 0
    assert table.getvalue().decode("utf-8-sig").strip() == ",".join(columns(POLICY))
    assert (write_jsonl(lines, [], POLICY), lines.getvalue()) == (0, b"")
