"""`jotgate keys`: scoped keys are made, shown once, listed, and ended."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from jotgate.flask import JotGate

from .conftest import Site

KEY = re.compile(r"jgk_([0-9A-Z]{8})_[0-9A-Z]{32}")


def _created(site: Site, *args: str) -> str:
    """Create a key for the students' form and return it."""
    made = site.run("keys", "create", "--form", "students", *args)
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def _name(key: str) -> str:
    found = KEY.fullmatch(key)
    assert found
    return found[1]


def test_a_new_key_is_shown_once(site: Site) -> None:
    """Alone on standard output, with where to use it and how to end it beside; afterwards only its name is shown."""
    made = site.run("keys", "create", "--form", "students", "--form", "trip", "--label", "the library")
    name = _name(made.stdout.strip())
    assert "https://school.example/jotgate/v1" in made.stderr
    assert f"jotgate keys revoke {name}" in made.stderr
    table = site.run("keys", "list").output
    assert "1 key" in table
    assert name in table
    assert "students,trip" in table
    assert "the library" in table
    assert made.stdout.strip() not in table


def test_in_a_flask_site_the_way_to_end_it_can_be_copied(site: Site) -> None:
    """It names the command as it was called, with the app."""
    app = Flask("school")
    JotGate().init_app(app, parts=site.parts())
    flask_site = ScriptInfo(app_import_path="school", create_app=lambda: app)
    called = ["jotgate", "keys", "create", "--form", "students"]
    made = CliRunner().invoke(FlaskGroup(), called, obj=flask_site, prog_name="flask")
    assert made.exit_code == 0, made.output
    site.printed.append(made.output)
    assert f"`flask --app school jotgate keys revoke {_name(made.stdout.strip())}`" in made.stderr


def test_the_list_has_the_promised_fields(site: Site) -> None:
    """As they were given; the share and the expiry in every spelling."""
    first = _created(site)
    second = _created(
        site, "--field", "3,4", "--field", "message", "--share", "2.5%", "--expires", "2031-08-01"
    )
    third = _created(site, "--share", "50/day", "--expires", "90d")
    lines = {line["key_id"]: line for line in site.lines("keys", "list")}
    assert list(lines) == [_name(first), _name(second), _name(third)]
    created_at = lines[_name(first)].pop("created_at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created_at)
    assert lines[_name(first)] == {
        "key_id": _name(first),
        "state": "live",
        "forms": ["students"],
        "all_submissions": False,
        "fields": None,
        "share": "10%/day",
        "calls": 0,
        "label": None,
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    }
    assert lines[_name(second)]["fields"] == ["3", "4", "message"]
    assert lines[_name(second)]["share"] == "2.5%/day"
    # The end of that day by the form's own clocks.
    assert lines[_name(second)]["expires_at"] == "2031-08-01T22:00:00Z"
    assert lines[_name(third)]["share"] == "50/day"
    assert lines[_name(third)]["expires_at"] > created_at
    [made] = site.lines("keys", "create", "--form", "trip")
    assert made["key"].split("_")[1] == made["key_id"]
    assert made["address"] == "https://school.example/jotgate/v1"


def test_a_key_is_ended_by_its_name(site: Site) -> None:
    """Also if somebody hands in the key itself, which is not repeated; what is unknown is said, exit 1."""
    keys = [_created(site) for _ in range(3)]
    assert site.run("keys", "revoke", _name(keys[0]).lower(), keys[1]).exit_code == 0
    again = site.run("keys", "revoke", _name(keys[0]))
    assert again.exit_code == 1
    assert "No such key is in use" in again.output
    states = [line["state"] for line in site.lines("keys", "list")]
    assert states == ["revoked", "revoked", "live"]
    assert not KEY.search(site.run("keys", "revoke", keys[2]).output)


def test_a_script_reads_which_keys_were_ended(site: Site) -> None:
    """One object for each key; exit 1 if one of them was not in use."""
    name = _name(_created(site))
    assert site.lines("keys", "revoke", name.lower()) == [{"key_id": name, "revoked": True}]
    again = site.run("keys", "revoke", name, "--json")
    assert again.exit_code == 1
    assert json.loads(again.stdout) == {"key_id": name, "revoked": False}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--form", "teachers"], "no form 'teachers'"),
        (["--form", "students", "--share", "much"], "10%/day"),
        (["--form", "students", "--share", "101%"], "10%/day"),
        (["--form", "students", "--expires", "soon"], "a date with a time"),
        (["--form", "students", "--expires", "2024-01-01"], "expired before its first use"),
        (["--form", "students", "--field", "jotgate"], "the ticket field, which no key sees"),
        (
            ["--form", "241230000000000"],
            "241230000000000 is not gated, so none of its submissions count: add --all",
        ),
        (["--form", "241230000000000", "--all-submissions"], "JotForm does not show form 241230000000000"),
        (["--form", "teachers", "--all-submissions"], "no form 'teachers'"),
        (["--form", "students", "--field", "3,nope"], "'nope' is not a field of students"),
        (["--form", "students", "--field", "a b"], "'a b' is not a field of students"),
        ([], "--form"),
    ],
)
def test_what_makes_no_sense_is_misuse(site: Site, args: list[str], words: str) -> None:
    """A sentence, exit 2, and no key."""
    result = site.run("keys", "create", *args)
    assert result.exit_code == 2
    assert words in result.output
    assert site.lines("keys", "list") == []


def test_a_key_reads_forms_without_a_gate_by_their_numbers(site: Site) -> None:
    """A gated form's number stands for its name, and the list says which keys read everything."""
    ungated = site.sandbox.add_form("Catering")
    made = site.run(
        "keys", "create", "--form", ungated, "--form", site.trip, "--all-submissions", "--field", "3"
    )
    assert made.exit_code == 0, made.output
    assert f"It reads all submissions of {ungated}, trip at" in made.stderr
    by_number = site.run("keys", "create", "--form", site.students, "--expires", "2031-08-01")
    assert by_number.exit_code == 0, by_number.output
    lines = site.lines("keys", "list")
    assert [(line["forms"], line["all_submissions"]) for line in lines] == [
        ([ungated, "trip"], True),
        (["students"], False),
    ]
    assert lines[1]["expires_at"] == "2031-08-01T22:00:00Z"
    table = site.run("keys", "list").output
    assert "that count" in table
    site.sandbox.add_fault("down", times=None)
    blind = site.run("keys", "create", "--form", "241230000000000", "--all-submissions")
    assert KEY.fullmatch(blind.stdout.strip())
    assert "Could not check whether the form exists" in blind.stderr


def test_the_list_says_which_forms_have_left_the_settings(site: Site) -> None:
    """A key reads them no longer, and whoever looks for the reason finds it there."""
    _created(site, "--form", "trip")
    table = site.run("keys", "list").output
    assert "students,trip " in table
    file = site.config.read_text("utf-8")
    site.config.write_text(file.partition("[forms.trip]")[0], "utf-8")
    assert "students,trip (not in the settings)" in site.run("keys", "list").output
    assert site.lines("keys", "list")[0]["forms"] == ["students", "trip"]


def test_the_ticket_field_is_refused_by_its_number_too(site: Site) -> None:
    """JotForm says which one it is; while JotForm is down, the last sweep does."""
    questions = site.sandbox._world.form(site.students).questions.values()
    [qid] = [question.qid for question in questions if question.name == "jotgate"]
    refusal = f"{qid!r} is the ticket field, which no key sees"
    assert (
        refusal in site.run("keys", "create", "--form", "students", "--form", "trip", "--field", qid).output
    )
    site.run("sweep")
    site.sandbox.add_fault("down", times=None)
    refused = site.run("keys", "create", "--form", "students", "--field", qid)
    assert (refused.exit_code, refusal in refused.output) == (2, True)


def test_fields_that_cannot_be_looked_at_are_told_and_taken(site: Site) -> None:
    """While JotForm is down a key can be made all the same, with a sentence about it."""
    site.sandbox.add_fault("down", times=None)
    made = site.run("keys", "create", "--form", "students", "--field", "3")
    assert KEY.fullmatch(made.stdout.strip())
    assert "Could not check whether the fields exist" in made.stderr
    refused = site.run("keys", "create", "--form", "students", "--field", "a b")
    assert "neither a field's number" in refused.output
    site.sandbox.clear_faults()
    made = site.run("keys", "create", "--form", "students", "--form", "trip", "--field", "message")
    assert "could not" not in made.stderr


def test_who_made_and_ended_a_key_stands_in_the_ledger(site: Site) -> None:
    """With the key's name."""
    name = _name(_created(site, "--actor", "ada"))
    site.run("keys", "revoke", name, "--actor", "grace")
    with closing(sqlite3.connect(site.store)) as connection:
        told = connection.execute("SELECT event, actor, about, note FROM ledger WHERE event LIKE 'key.%'")
        assert told.fetchall() == [
            ("key.created", "ada", f"key {name}", "forms students"),
            ("key.revoked", "grace", f"key {name}", None),
        ]
