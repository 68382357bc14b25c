"""Locked values: what cannot come back is told before anybody fills in the form, and what was changed afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from jotgate.checkup.locks import faults
from jotgate.protocols import Question
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import Visitor, plain, ticket_in

from .conftest import Site

QUESTIONS = [
    {"type": "control_head", "text": "Room booking", "name": "title"},
    {"type": "control_textbox", "text": "Room", "name": "room", "maxsize": "5"},
    {"type": "control_number", "text": "Seats", "name": "seats"},
    {"type": "control_dropdown", "text": "Class", "name": "class", "options": "7a|7b, early"},
    {"type": "control_fileupload", "text": "Plan", "name": "plan"},
]
FAR_TOO_MUCH = {"room": "Room 101", "title": "Mine", "roon": "7"}
TOLD = [
    "room takes 5 characters, and the value has 8",
    "roon is not a field of the form",
    "title is a heading, which takes no answer",
]


@pytest.fixture
def report(site: Site) -> Site:
    """Return the site with one form for an app."""
    form = site.sandbox.add_form("Report", QUESTIONS)
    text = site.config.read_text("utf-8").replace(site.students, form)
    text = text.replace("[forms.students]", '[forms.students]\naccess = "app"\nowner_field = "seats"')
    site.config.write_text(text, encoding="utf-8")
    assert site.run("apps", "create", "ios", "--form", "students").exit_code == 0
    return site


def mint(site: Site, prefill: dict[str, str], *locked: str, subject: str = "u-7") -> tuple[str, str]:
    """Mint a token by hand; return the path that it opens, and what is said beside it."""
    given = [word for name, value in prefill.items() for word in ("--prefill", f"{name}={value}")]
    locks = [word for name in locked for word in ("--lock", name)]
    run = site.run("token", "ios", "--form", "students", "--subject", subject, *given, *locks)
    assert run.exit_code == 0, run.output
    address = urlsplit(run.stdout.split()[1])
    return f"{address.path}?{address.query}", run.stderr


def _checks(site: Site) -> list[dict[str, Any]]:
    return [json.loads(line) for line in site.run("doctor", "--json").stdout.splitlines()]


def opened(site: Site, path: str) -> Visitor:
    """Open a form in a browser."""
    settings = replace(site.parts().settings, sweeper="external")
    visitor = Visitor(JotGateMiddleware(plain, settings), address="192.0.2.1")
    assert visitor.get(path).status_code == 303
    return visitor


def test_a_lock_that_cannot_survive_is_told_when_its_token_is_minted(report: Site) -> None:
    """Each by its field, without the value; also what only the settings lock, and nothing about what can come back."""
    _, said = mint(report, FAR_TOO_MUCH, *FAR_TOO_MUCH)
    assert [line.partition("Warning: ")[2] for line in said.splitlines() if "Warning" in line] == [
        f"{fault}. A form with it is judged tampered." for fault in TOLD
    ]
    assert "seats takes a number" in mint(report, {"seats": "five"})[1]
    assert "Warning" not in mint(report, {"room": "Room 101"})[1]
    assert "Warning" not in mint(report, {"room": "R 101", "seats": "5"}, "room")[1]


def test_a_form_that_cannot_be_looked_at_is_no_reason_to_mint_nothing(report: Site) -> None:
    """The token comes, and that nobody could look is said."""
    report.sandbox.add_fault("status", times=None, code=503)
    path, said = mint(report, {"room": "101"}, "room")
    assert "token=" in path
    assert "Could not look whether" in said


def test_doctor_tells_what_apps_have_locked_in_vain(report: Site) -> None:
    """Whoever minted the token: once for each field, with the app, and no value is shown."""
    report.run("sweep")
    for room in ("Room 101", "Room 102"):
        opened(report, mint(report, FAR_TOO_MUCH | {"room": room}, *FAR_TOO_MUCH)[0])
    found = [line["message"] for line in _checks(report) if line["topic"] == "locks"]
    assert found == [
        f"the app ios locks a field in vain: {fault}, so its forms are judged tampered" for fault in TOLD
    ]
    assert not any("101" in words for words in found)


def test_explain_names_the_field_what_was_locked_and_what_came(report: Site) -> None:
    """With the number of a submission that is tampered, for people and as JSON; an honest one has no such line."""
    report.run("sweep")
    form_id, sent = report.parts().settings.policies["students"].form_id, []
    for subject, came in (("u-1", "R 7"), ("u-2", "R 8")):
        visitor = opened(report, mint(report, {"room": "R 7"}, "room", subject=subject)[0])
        ticket = ticket_in(visitor.get("/jotgate/f/students").text)
        sent.append(report.sandbox.submit(form_id, {"jotgate": ticket, "room": came}))
    report.run("sweep", "--form", "students")
    assert "room was locked as 'R 7', and came back as 'R 8'." in report.run("explain", sent[1]).stdout
    assert report.lines("explain", sent[1])[-1] == {
        "ref": sent[1],
        "field": "room",
        "locked": "R 7",
        "came": "R 8",
    }
    assert "was locked as" not in report.run("explain", sent[0]).stdout
    report.sandbox.add_fault("status", times=None, code=503)
    run = report.run("explain", sent[1])
    assert run.exit_code == 0
    assert "JotForm did not say what came" in run.stderr


@pytest.mark.parametrize(
    ("kind", "value", "is_fine"),
    [
        ({"type": "control_number"}, "5", True),
        ({"type": "control_number"}, "1,5", True),
        ({"type": "control_number"}, "five", False),
        ({"type": "control_email"}, "a@b.example", True),
        ({"type": "control_email"}, "nobody", False),
        ({"type": "control_datetime"}, "2026-09-01", True),
        ({"type": "control_datetime"}, "soon", False),
        ({"type": "control_time"}, "10:30", True),
        ({"type": "control_dropdown", "options": ("7a", "7b, early")}, "7b, early", True),
        ({"type": "control_checkbox", "options": ("7a", "7b")}, "7b,7a", True),
        ({"type": "control_radio", "options": ("7a", "7b")}, "8c", False),
        ({"type": "control_radio"}, "8c", True),
        ({"type": "control_textbox", "validation": "Numeric"}, "A7", False),
        ({"type": "control_signature"}, "", False),
        ({"type": "control_textarea"}, "one\ntwo", True),
    ],
)
def test_each_type_keeps_what_it_can(kind: dict[str, str], value: str, is_fine: bool) -> None:
    """A value of another kind than the field's never comes back; one that JotForm only spells anew does."""
    field = Question(qid="3", name="field", text="Field", hidden=False, required=False, **kind)  # type: ignore[arg-type]
    assert ([*faults([field], {"field": value}, ["field"])] == []) is is_fine
    assert ([*faults([field], {"3": value}, ["3"])] == []) is is_fine
