"""From an office's list to the answer who has submitted: each goes the whole way, or is refused before it begins."""

from __future__ import annotations

import csv
import html
import re
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from werkzeug.test import Client

from jotgate.config import Settings
from jotgate.wsgi import JotGateMiddleware
from tests.classlist.books import BOOKS
from tests.classlist.offices import TEXTS, Office

from .conftest import Site

LISTS = TEXTS | BOOKS
GOOD = {name: office for name, office in LISTS.items() if office.people}
BAD = {name: office for name, office in LISTS.items() if office.refused}
#: One list of so many goes the whole way in the quick tests; how each is read is for `tests/classlist`.
_ONE_OF = 6


def some_of(lists: dict[str, Office]) -> list[ParameterSet]:
    """Return the lists by their names; most of them are for the slow tests."""
    return [
        pytest.param(office, id=name, marks=() if number % _ONE_OF == 0 else pytest.mark.slow)
        for number, (name, office) in enumerate(lists.items())
    ]


def saved(site: Site, office: Office) -> str:
    """Save a list, by a name that says nothing of its kind."""
    path = site.folder / "list"
    path.write_bytes(office.content)
    return str(path)


def submit(site: Site, code: str) -> None:
    """Enter a code at the door as a visitor would, and send the form that it shows."""
    visitor = Client(JotGateMiddleware(lambda environ, start: [], Settings.from_toml(site.config)))
    door = "/jotgate/f/students"
    base = "https://school.example"
    assert visitor.post(door, data={"code": code}, base_url=base).status_code == 303
    frame = re.search(r'<iframe[^>]* src="([^"]+)"', html.unescape(visitor.get(door, base_url=base).text))
    assert frame
    ticket = re.search(r"jotgate=([\w-]+)", frame[1])
    assert ticket
    site.sandbox.submit(site.students, {"jotgate": ticket[1]})


def test_there_are_more_than_forty_lists() -> None:
    """Most are taken, and many are refused; a third and more are workbooks."""
    assert len(LISTS) == len(TEXTS) + len(BOOKS) == len(GOOD) + len(BAD)
    assert len(GOOD) > 40 < len(BOOKS)
    assert len(BAD) > 30


@pytest.mark.parametrize("office", some_of(GOOD))
def test_everybody_on_a_list_is_found_as_the_site_spells_them(site: Site, office: Office) -> None:
    """Each gets a code, enters it and sends the form; `has_submitted` and the command know all of them."""
    listed, out = saved(site, office), site.folder / "codes.csv"
    result = site.run("codes", "create", "students", "--from", listed, "--out", str(out))
    assert result.exit_code == 0, result.output
    with out.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            submit(site, row["code"])
    assert site.run("sweep", "--form", "students", "--from", "0").exit_code == 0
    parts = site.parts()
    for subject, _ in office.people:
        assert parts.standings.has_submitted("students", subject=subject)
    parts.store.close()
    assert site.run("has-submitted", "students", "--from", listed).exit_code == 0


@pytest.mark.parametrize("office", some_of(BAD))
def test_a_list_that_is_refused_makes_nothing(site: Site, office: Office) -> None:
    """No command takes it, no file and no code is made, and a dry run says the same."""
    listed, out = saved(site, office), site.folder / "out.csv"
    for command in (["codes", "create"], ["invitations"]):
        for how in (["--out", str(out)], ["--dry-run"]):
            result = site.run(*command, "students", "--from", listed, *how)
            assert result.exit_code == 2, result.output
    assert site.run("has-submitted", "students", "--from", listed).exit_code == 2
    assert not out.exists()
    assert site.lines("codes", "list") == []


MIXED = "Class 7a;\nNr;Name\n42.0;Ann\n43;Bo\n42;Cy\n;Total: 3\nPrinted by the office;\n"


class TestDryRun:
    """`--dry-run` shows each line, and does nothing."""

    @pytest.fixture
    def mixed(self, site: Site) -> str:
        path = site.folder / "7a.csv"
        path.write_text(MIXED, "utf-8")
        return str(path)

    @pytest.mark.parametrize("command", [["codes", "create"], ["invitations"]])
    def test_each_line_and_what_becomes_of_it(self, site: Site, mixed: str, command: list[str]) -> None:
        """For people, and for scripts; the exit code is that of the command itself."""
        result = site.run(
            *command, "students", "--from", mixed, "--dry-run", "--out", str(site.folder / "no.csv")
        )
        assert result.exit_code == 2
        lines = [re.split(r"  +", line) for line in result.stdout.splitlines()]
        assert [line[:3] for line in lines] == [
            ["line", "outcome", "subject"],
            ["1", "passed over", "-"],
            ["2", "passed over", "-"],
            ["3", "taken", "42"],
            ["4", "taken", "43"],
            ["5", "refused", "-"],
            ["6", "refused", "-"],
            ["7", "passed over", "-"],
        ]
        assert "the numbers are below 'Nr', the names are below 'Name'" in lines[2][4]
        assert "already in line 3" in lines[5][4]
        assert "for 2 lines of it" in result.stderr
        assert "read without their decimals" in result.stderr
        records = site.run(*command, "students", "--from", mixed, "--dry-run", "--json").stdout
        assert '{"line": 3, "outcome": "taken", "subject": "42", "label": "Ann", "reason": null}' in records
        assert not (site.folder / "no.csv").exists()
        assert site.lines("codes", "list") == []

    def test_a_good_list_says_how_many_there_would_be(self, site: Site, tmp_path: Path) -> None:
        """Exit code 0, and nothing in the store."""
        (tmp_path / "7a.csv").write_text("Nr;Name\n1;Ann\n2;Bo\n", "utf-8")
        result = site.run("codes", "create", "students", "--from", str(tmp_path / "7a.csv"), "--dry-run")
        assert (result.exit_code, "2 codes would be made" in result.stderr) == (0, True)
        assert site.lines("codes", "list") == []

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["codes", "create", "students", "--count", "3"], "give one by --from"),
            (["invitations", "students", "--subject", "s"], "give one by --from"),
            (["codes", "create", "students", "--from", "7a.csv", "--valid-until", "soon"], "--valid-until"),
            (["codes", "create", "students", "--from", "empty.csv"], "the list is empty"),
        ],
    )
    def test_what_makes_no_sense_is_misuse(
        self, site: Site, mixed: str, arguments: list[str], words: str
    ) -> None:
        """As it is without the option."""
        (site.folder / "empty.csv").write_text("\n")
        found = [str(site.folder / one) if one.endswith(".csv") else one for one in arguments]
        result = site.run(*found, "--dry-run")
        assert result.exit_code == 2
        assert words in result.output
