"""`jotgate has-submitted`: who has and who has not, for people and for scripts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jotgate.cli.lists import people_in

from .conftest import Site


@pytest.fixture
def asked(site: Site) -> Site:
    """Return a site where s-1 has submitted, s-2 has not, and a person has no code."""
    site.config.write_text(
        site.config.read_text().replace("[forms.students]", '[forms.students]\nlookup_fields = ["email"]')
    )
    site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-1"), "email": "ada@school.example"})
    site.ticket(subject="s-2")
    assert site.run("sweep", "--form", "students", "--from", "0").exit_code == 0
    return site


def test_all_that_have_a_code(asked: Site) -> None:
    """One line each, how many there are beside it, and exit code 1 because one is missing."""
    result = asked.run("has-submitted", "students")
    assert result.exit_code == 1
    assert re.search(r"s-1 +- +- +verified +\d{4}-", result.stdout)
    assert re.search(r"s-2 +- +- +none", result.stdout)
    assert "1 of 2 have submitted." in result.stderr


def test_scripts_read_one_object_a_line(asked: Site) -> None:
    """Form, subject, state, whether it counts, of when it is, and by when to ask again."""
    result = asked.run("has-submitted", "students", "--subject", "s-2", "--subject", "s-1", "--json")
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["subject"], first["state"], first["submitted"]) == ("s-2", "none", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", second.pop("as_of"))
    assert second == {
        "form": "students",
        "subject": "s-1",
        "label": None,
        "batch": None,
        "state": "verified",
        "submitted": True,
        "expected_by": None,
    }


@pytest.mark.parametrize(
    ("subjects", "code"), [(["s-1"], 0), (["s-2"], 1), (["s-9"], 1), (["s-1", "s-2"], 1)]
)
def test_the_exit_code_says_whether_all_have(asked: Site, subjects: list[str], code: int) -> None:
    """An unknown subject has not."""
    options = [part for subject in subjects for part in ("--subject", subject)]
    assert asked.run("has-submitted", "students", *options).exit_code == code


def test_a_class_list_is_asked_about(asked: Site, tmp_path: Path) -> None:
    """In its order, with those who have no code at all; --missing leaves out who has."""
    listed = tmp_path / "class.csv"
    listed.write_text("number,name\ns-3,Cai\ns-1,Ada\n")
    result = asked.run("has-submitted", "students", "--from", str(listed), "--missing", "--json")
    assert [json.loads(line)["subject"] for line in result.stdout.splitlines()] == ["s-3"]
    assert result.exit_code == 1


def test_who_is_missing_goes_into_a_table(asked: Site, tmp_path: Path) -> None:
    """With names and batches, for a spreadsheet that runs nothing; it can be read as a class list again."""
    listed, out = tmp_path / "class.csv", tmp_path / "missing.csv"
    listed.write_text("number,name\ns-1,Ada\ns-3,=1+1\ns-4,Dai\n")
    made = asked.run(
        "codes",
        "create",
        "students",
        "--from",
        str(listed),
        "--again",
        "add",
        "--batch",
        "7b",
        "--out",
        str(tmp_path / "codes.csv"),
    )
    assert made.exit_code == 0, made.output
    result = asked.run("has-submitted", "students", "--missing", "--out", str(out))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "1 of 4 have submitted." in result.stderr
    head, *rows = out.read_text("utf-8-sig").splitlines()
    assert head == "subject,label,batch,state,as_of"
    assert [row.rsplit(",", 1)[0] for row in rows] == ["s-2,,,none", "s-3,'=1+1,7b,none", "s-4,Dai,7b,none"]
    with out.open("rb") as file:
        assert [one.subject for one in people_in(file, ("en",))] == ["s-2", "s-3", "s-4"]
    again = asked.run(
        "has-submitted", "students", "--from", str(listed), "--format", "csv", "--separator", ";"
    )
    assert again.stdout_bytes.decode("utf-8-sig").splitlines()[1].startswith("s-1;Ada;7b;verified;2")
    lines = asked.run("has-submitted", "students", "--json").stdout.splitlines()
    assert [(one["label"], one["batch"]) for one in map(json.loads, lines)][-1] == ("Dai", "7b")


def test_a_class_list_names_those_without_a_code(asked: Site, tmp_path: Path) -> None:
    """As it has them."""
    listed = tmp_path / "class.csv"
    listed.write_text("number,name\ns-8,Hal\n")
    result = asked.run("has-submitted", "students", "--from", str(listed))
    assert re.search(r"s-8 +Hal +- +none", result.stdout)


def test_whoever_wrote_it_is_found_and_not_repeated(asked: Site) -> None:
    """By a lookup field, whatever the case; what was asked for is not printed again."""
    found = asked.run("has-submitted", "students", "--lookup", "email=ADA@school.example", "--json")
    assert (found.exit_code, json.loads(found.stdout)["state"]) == (0, "verified")
    assert "school.example" not in found.output.lower()
    other = asked.run("has-submitted", "students", "--lookup", "email=eve@school.example")
    assert (other.exit_code, other.stdout) == (1, "none\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nowhere"], "no form 'nowhere'"),
        (["students", "--subject", "s-1", "--lookup", "email=a"], "only one of"),
        (["students", "--subject", ""], "not be empty"),
        (["students", "--lookup", "email"], "field=value"),
        (["students", "--lookup", "email=a", "--lookup", "email=b"], "each field once"),
        (["students", "--lookup", "name=Ada"], "lookup_fields of students are: email"),
    ],
)
def test_misuse_is_a_sentence(asked: Site, options: list[str], words: str) -> None:
    """Exit code 2, and never an answer."""
    result = asked.run("has-submitted", *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_a_form_without_codes_about_somebody(asked: Site) -> None:
    """There is nobody to ask about, and so nobody is missing."""
    result = asked.run("has-submitted", "trip")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nobody has a code." in result.stderr


def test_no_call_is_made(asked: Site) -> None:
    """Every answer is the ledger's."""
    before = asked.sandbox.calls
    asked.run("has-submitted", "students")
    asked.run("has-submitted", "students", "--lookup", "email=x")
    assert asked.sandbox.calls == before
