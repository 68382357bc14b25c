"""Tiago Holanda: "How do I give users access to their own records separately?"

His form was in use long before the gate, and his site has a login. He follows the README, and "From before the gate".
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests

from jotgate.sandbox import Sandbox
from tests.askers.readme import Reader
from tests.test_documentation import API_KEY, FORM_ID, Desk, blocks

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed: pip install 'jotgate[excel]'")
pytestmark = pytest.mark.checkout

QUESTIONS = [
    {"type": "control_fullname", "text": "Name", "name": "name"},
    {"type": "control_textarea", "text": "Note", "name": "note"},
]
WROTE = [
    ("Ada", "a note of Ada's"),
    ("Bilal", "what Bilal has"),
    ("Ada", "one more of Ada's"),
    ("Eve", "nobody's"),
]
OWNERS = {"Ada": "s-1042", "Bilal": "s-1043"}
#: What the site has had all along.
LOGIN = """
app.secret_key = "the site's own"


@app.get("/login/<number>")
def login(number):
    session["pupil_number"] = number
    return "Welcome."
"""
DAY = 86_400.0


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Give an empty desk, and an account with a form that people have filled in for months."""
    with Sandbox(read_key=API_KEY) as sandbox:
        sandbox.add_form("Records", QUESTIONS, form_id=FORM_ID)
        for age, (first, note) in enumerate(WROTE, 30):
            answers = {"name": {"first": first, "last": "L"}, "note": note}
            sandbox.submit(FORM_ID, answers, at=time.time() - age * DAY)
        yield Reader(Desk(folder=tmp_path, sandbox=sandbox))


@pytest.mark.slow
def test_earlier_records_come_to_their_owners(reader: Reader) -> None:
    """In ten steps: everybody who is logged in sees their own records, of before the gate, and nobody else's."""
    desk = reader.desk
    reader.install()
    reader.write_settings()
    reader.set_for_form(show_fields=["name", "note"])
    loader = next(
        block.text for block in blocks("docs/settings.md", "python") if "SUBJECT_LOADER" in block.text
    )
    reader.write_site(told=False, settings=f"from flask import session\n\n{loader}", after=LOGIN)
    [export, rehearse, accept] = next(
        block.text.splitlines() for block in blocks("docs/records.md", "sh") if "old.xlsx" in block.text
    )
    begin = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 60 * DAY))
    assert "From before the gate: 4 unticketed." in reader.run(
        f"flask --app school jotgate sweep --form students --from {begin}"
    )
    reader.run(f"flask --app school {export}")
    reader.does("write the owners into the column subject")
    book = openpyxl.load_workbook(desk.folder / "old.xlsx")
    headings, *rows = book.active.iter_rows()
    at = {cell.value: cell.column for cell in headings}
    for row in rows:
        first = str(row[at["name"] - 1].value).partition(" ")[0]
        book.active.cell(row[0].row, at["subject"], OWNERS.get(first, ""))
    book.save(desk.folder / "old.xlsx")
    assert "3 submissions would be given" in reader.run(f"flask --app school {rehearse}")
    reader.run(f"flask --app school {accept}")
    with reader.serving():
        mine = f"{reader.site}/jotgate/mine"
        assert requests.get(mine, timeout=10).status_code == 401
        for first, number in OWNERS.items():
            with requests.Session() as browser:
                assert browser.get(f"{reader.site}/login/{number}", timeout=10).ok
                shown = browser.get(mine, timeout=10)
            assert shown.status_code == 200
            for whose, note in WROTE:
                assert (note in unescape(shown.text)) is (whose == first)
