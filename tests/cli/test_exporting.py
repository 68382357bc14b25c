"""`jotgate submissions export`: what counts, with what is kept for showing, in constant memory."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jotgate.answers import Kept
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.records import exporting
from jotgate.stores import Store, open_store
from jotgate.submissions import Candidate
from tests.rows import add_rows
from tests.stores.contract.material import FORM, FORMS, OTHER_FORM, T0

from .conftest import Site

POLICY = FormPolicy(form=FORM, form_id="1", title="x", show_fields=("class", "name"))
#: What OWASP ("CSV Injection") lists, and what other separators would make of a cell.
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a;=1", '"=1', "\uff1d1")


def add(
    store: Store, number: int, *, form: str = FORM, value: object = "x", verdict: str = "unticketed"
) -> None:
    """Settle a submission with a shown field, and accept it if it is to count."""
    kept = Kept(digest=bytes(16), shown={"name": {"label": "Name", "value": value}})  # type: ignore[dict-item]
    candidate = Candidate(
        submission_id=str(number),
        form=form,
        created_earliest=T0 + number,
        created_latest=T0 + number,
        verdict=Verdict.UNTICKETED,
        kept=kept,
    )
    store.settle([candidate], capacity=None, now=T0 + number)
    if verdict == "accepted":
        store.rule(str(number), accept=True, actor="k", reason="r", now=T0 + number)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return an empty store of either kind."""
    url = f"sqlite:///{tmp_path}/store.db"
    if request.param == "postgres":
        url = request.getfixturevalue("empty_postgres_store_url")
    opened = open_store(url)
    opened.prepare(FORMS, T0)
    yield opened
    opened.close()


def csv_of(store: Store, **which: object) -> list[list[str]]:
    """Export and read back."""
    stream = io.BytesIO()
    rows = store.export(FORM, **{"everything": False, "since": 0.0} | which)  # type: ignore[arg-type]
    exporting.write_table(stream, rows, POLICY)
    return list(csv.reader(io.StringIO(stream.getvalue().decode("utf-8-sig"))))


def test_what_counts_is_exported(store: Store) -> None:
    """Of this form, from that moment on; with everything, the rest as well."""
    for number, verdict in ((1, "accepted"), (2, "unticketed"), (3, "accepted")):
        add(store, number, verdict=verdict)
    add(store, 4, form=OTHER_FORM, verdict="accepted")
    head, *rows = csv_of(store)
    assert head == ["submission_id", "subject", "verdict", "created_at", "judged_at", "class", "name"]
    assert [row[0] for row in rows] == ["1", "3"]
    assert rows[0][2:] == ["accepted", "2026-09-21T14:13:21Z", "2026-09-21T14:13:21Z", "", "x"]
    assert [row[0] for row in csv_of(store, everything=True)[1:]] == ["1", "2", "3"]
    assert [row[0] for row in csv_of(store, since=T0 + 3)[1:]] == ["3"]


def test_pages_follow_each_other(store: Store) -> None:
    """No row is left out, and none comes twice, where a page ends."""
    candidates = [
        Candidate(
            submission_id=f"{number:019}",
            form=FORM if number % 3 else OTHER_FORM,
            created_earliest=T0,
            created_latest=T0,
            verdict=Verdict.UNTICKETED,
        )
        for number in range(3_300)
    ]
    for form in FORMS:
        store.settle([one for one in candidates if one.form == form], capacity=None, now=T0)
    found = [row.submission_id for row in store.export(FORM, everything=True, since=0.0)]
    assert found == [f"{number:019}" for number in range(3_300) if number % 3]


@pytest.mark.parametrize("written", FORMULAS)
def test_no_cell_is_a_formula(written: str, tmp_path: Path) -> None:
    """Whatever people wrote gets an apostrophe where a spreadsheet would begin to calculate."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.prepare(FORMS, T0)
    add(store, 1, value=written, verdict="accepted")
    [_, row] = csv_of(store)
    assert row[-1] != written
    assert row[-1].replace("'", "") == written
    store.close()


def test_json_lines_have_what_was_written(store: Store) -> None:
    """With lists as lists, and nothing changed."""
    add(store, 1, value=["=1", "b"], verdict="accepted")
    stream = io.BytesIO()
    assert exporting.write_jsonl(stream, store.export(FORM, everything=False, since=0.0), POLICY) == 1
    assert json.loads(stream.getvalue()) == {
        "submission_id": "1",
        "subject": None,
        "verdict": "accepted",
        "created_at": "2026-09-21T14:13:21Z",
        "judged_at": "2026-09-21T14:13:21Z",
        "form": FORM,
        "fields": {"name": ["=1", "b"]},
    }


def test_a_workbook_by_the_name_of_the_file(site: Site) -> None:
    """Its cells are text, what looks like a formula as well; JSON lines are asked for by --format alone."""
    openpyxl = pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")
    site.config.write_text(
        site.config.read_text().replace("[forms.students]", '[forms.students]\nshow_fields = ["message"]')
    )
    site.run("sweep")
    site.sandbox.submit(
        site.students, {"jotgate": site.ticket(subject="0042"), "message": "=1+1"}, webhook=False
    )
    site.run("sweep", "--form", "students", "--from", "0")
    out, lines = site.folder / "all.xlsx", site.folder / "all.jsonl"
    assert site.run("submissions", "export", "students", "--out", str(out)).exit_code == 0
    headings, row = openpyxl.load_workbook(out).active.iter_rows()
    assert [cell.value for cell in headings] == [*exporting.columns(POLICY)[:5], "message"]
    assert (row[1].value, row[5].value, {cell.data_type for cell in row}) == ("0042", "=1+1", {"s"})
    exported = ("submissions", "export", "students", "--format", "jsonl", "--out", str(lines))
    assert site.run(*exported).exit_code == 0
    assert json.loads(lines.read_text())["fields"] == {"message": "=1+1"}


def test_the_command(site: Site) -> None:
    """To standard output and into a new file; a date is read by the form's timezone."""
    site.run("sweep")
    one = site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-1")}, webhook=False)
    site.run("sweep", "--form", "students")
    out = site.folder / "students.csv"
    assert site.run("submissions", "export", "students", "--out", str(out)).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert one in out.read_text("utf-8-sig")
    assert site.run("submissions", "export", "students", "--out", str(out)).exit_code != 0
    printed = site.run("submissions", "export", "students", "--format", "jsonl", "--since", "2020-01-01")
    assert json.loads(printed.stdout)["subject"] == "s-1"
    assert (
        site.run("submissions", "export", "students", "--format", "jsonl", "--since", "2999-01-01").stdout
        == ""
    )
    assert site.run("submissions", "export", "students", "--since", "yesterday").exit_code == 2


def test_the_command_for_scripts_and_for_tabs(site: Site) -> None:
    """Rows as JSON to standard output, one line about a file; a tab can separate the columns."""
    site.run("sweep")
    one = site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-1")}, webhook=False)
    site.run("sweep", "--form", "students")
    (row,) = site.lines("submissions", "export", "students")
    assert (row["submission_id"], row["subject"]) == (one, "s-1")
    out = site.folder / "students.tsv"
    written = site.lines("submissions", "export", "students", "--out", str(out), "--separator", "tab")
    assert written == [{"exported": 1, "form": "students", "out": str(out)}]
    heading, line = out.read_text("utf-8-sig").splitlines()
    assert heading.split("\t")[:2] == ["submission_id", "subject"]
    assert line.split("\t")[:2] == [one, "s-1"]


_HIGH_WATER = """
import io, resource, sys
from jotgate.records import exporting
from jotgate.policy import FormPolicy
from jotgate.stores import open_store
class Nowhere(io.RawIOBase):
    def writable(self): return True
    def write(self, data): return len(data)
store = open_store(sys.argv[1])
store.prepare({"students": "1"}, 0.0)
policy = FormPolicy(form="students", form_id="1", title="x", show_fields=("name",))
count = exporting.write_table(Nowhere(), store.export("students", everything=True, since=0.0), policy)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _fill(url: str, numbers: range) -> None:
    """Put submissions of these numbers that count into a store, as nobody but a test does."""
    opened = open_store(url)
    opened.prepare({FORM: "1"}, T0)
    same: dict[str, object] = {
        "form": FORM,
        "verdict": "verified",
        "judged": "verified",
        "shown": '{"name": {"label": "Name", "value": "Ada Lovelace"}}',
        "created_at": T0,
        "seen_at": T0,
        "judged_at": T0,
    }
    add_rows(opened, "submissions", (same | {"submission_id": f"{number:019}"} for number in numbers))
    opened.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_memory_is_constant(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Twenty times as many rows take no more than two megabytes more."""
    url = f"sqlite:///{tmp_path}/store.db"
    if kind == "postgres":
        url = request.getfixturevalue("postgres_store_url")
    used: dict[int, int] = {}
    for before, rows in ((0, 1_000), (1_000, 20_000)):
        _fill(url, range(before, rows))
        command = [sys.executable, "-c", _HIGH_WATER, url]
        count, kilobytes = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=300
        ).stdout.split()
        assert int(count) == rows
        used[rows] = int(kilobytes)
    assert used[20_000] - used[1_000] < 2_048
