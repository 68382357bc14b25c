"""Who asked for "an access code to allow somebody fill a form ... just with this code": a code for each pupil."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from jotgate.codes import generate, printed
from jotgate.sandbox import Sandbox
from jotgate.sandbox.samples import STUDENTS
from tests.askers.readme import Reader
from tests.test_documentation import API_KEY, FORM_ID, TRIP, Desk, blocks, submit

pytestmark = pytest.mark.checkout


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Give an empty desk, and an account with the form."""
    with Sandbox(read_key=API_KEY) as sandbox:
        sandbox.add_form("Class trip", STUDENTS, form_id=FORM_ID)
        yield Reader(Desk(folder=tmp_path, sandbox=sandbox))


@pytest.mark.slow
def test_only_who_has_a_code_fills_in_the_form(reader: Reader) -> None:
    """In eight steps, from a class list to cards, and to who is done and who is missing."""
    desk = reader.desk
    desk.write("7a.csv", blocks("docs/codes.md", "text")[0].text)
    reader.install()
    reader.write_settings()
    reader.write_site(told=False)
    create = next(block.text for block in blocks("README.md", "sh") if "codes create" in block.text)
    said = reader.run(create)
    # What it tells people can be copied.
    assert "flask --app school jotgate codes revoke --batch" in said
    codes, cards = ("codes-7a.csv", "cards-7a.html")
    reader.run(f"flask --app school jotgate codes cards students --from {codes} --out {cards}")
    with (desk.folder / codes).open(encoding="utf-8-sig", newline="") as file:
        pupils = {row["name"]: row["code"] for row in csv.DictReader(file)}
    assert all((desk.folder / cards).read_text("utf-8").count(code) == 1 for code in pupils.values())
    code = pupils["Ada Lindqvist"]
    with reader.serving(), requests.Session() as ada, requests.Session() as stranger:
        assert "<iframe" not in stranger.get(f"{reader.site}/students", timeout=10).text
        assert reader.enter(stranger, printed(generate())) == 403
        assert reader.enter(ada, code) == 303
        reader.send(ada, TRIP)
        assert reader.enter(stranger, code) == 403
        submit(f"{desk.sandbox.api}/{FORM_ID}", TRIP)
        reader.run("flask --app school jotgate sweep --form students")
        # Exit code 1: somebody is missing.
        asked = desk.run(
            "sh", "-c", "flask --app school jotgate has-submitted students --json || test $? = 1"
        )
        listed = desk.run("sh", "-ec", "flask --app school jotgate submissions list --json")
    done = {one["label"]: one["submitted"] for one in map(json.loads, asked.splitlines())}
    assert done == {"Ada Lindqvist": True, "Bilal Haddad": False, "Chiara Moretti": False}
    verdicts = [json.loads(line)["verdict"] for line in listed.splitlines()]
    assert sorted(verdicts) == ["unticketed", "verified"]
