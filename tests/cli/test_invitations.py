"""`jotgate invitations`: personal links on the screen and in a file."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

from jotgate.signed.invitations import PARAMETER

from .conftest import Site

DOOR = f"https://school.example/jotgate/f/students?{PARAMETER}="


def subject_of(site: Site, link: str) -> str | None:
    """Return for whom the site takes a link to be."""
    found = site.parts().invitations.read(link.removeprefix(DOOR), "students")
    return found.subject if found else None


def test_each_subject_gets_a_link(site: Site) -> None:
    """One a line, in the order given, on the screen and as JSON; and how often each is good is said beside."""
    run = site.run("invitations", "students", "--subject", "s-1", "--subject", "s-2")
    links = [line.split()[0] for line in run.stdout.splitlines()]
    assert [subject_of(site, link) for link in links] == ["s-1", "s-2"]
    lines = site.lines("invitations", "students", "--subject", "s-1", "--subject", "s-2")
    assert [(subject_of(site, line["link"]), line["subject"]) for line in lines] == [
        ("s-1", "s-1"),
        ("s-2", "s-2"),
    ]
    assert "Each is good for 1 submission in all" in run.stderr


def test_a_class_list_becomes_a_file_of_links(site: Site, tmp_path: Path) -> None:
    """One line for each pupil, for its owner's eyes; an existing file is never overwritten."""
    (tmp_path / "class.csv").write_text("id,name\ns-1,Ada\ns-2,=Bilal\n", "utf-8")
    out = tmp_path / "links.csv"
    arguments = ("invitations", "students", "--from", str(tmp_path / "class.csv"), "--out", str(out))
    assert site.lines(*arguments)[0]["made"] == 2
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(subject_of(site, row["link"]), row["subject"], row["label"]) for row in rows] == [
        ("s-1", "s-1", "Ada"),
        ("s-2", "s-2", "'=Bilal"),
    ]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert site.run(*arguments).exit_code != 0


def test_an_end_is_read_by_the_forms_clocks(site: Site) -> None:
    """Noon in Berlin is ten o'clock UTC in summer."""
    (line,) = site.lines("invitations", "students", "--subject", "s", "--until", "2099-07-01T12:00")
    found = site.parts().invitations.read(line["link"].removeprefix(DOOR), "students")
    assert found is not None
    assert found.until == 4_086_583_200.0


def test_what_makes_no_sense_is_said(site: Site) -> None:
    """Nobody to invite, an end in the past, a form that there is not: a sentence and an exit code."""
    for arguments, words in (
        (("students",), "Give either --subject or --from"),
        (("students", "--subject", "s", "--until", "2001-01-01T00:00"), "future"),
        (("students", "--subject", "s", "--until", "soon"), "date"),
        (("nobody", "--subject", "s"), "no form"),
    ):
        run = site.run("invitations", *arguments)
        assert run.exit_code in (1, 2)
        assert words in run.output


def test_an_invitation_says_how_often_it_is_good(site: Site) -> None:
    """As `--uses` says, if it does."""
    for arguments, uses in (((), None), (("--uses", "3"), 3)):
        (line,) = site.lines("invitations", "create", "students", "--subject", "s-1", *arguments)
        found = site.parts().invitations.read(line["link"].removeprefix(DOOR), "students")
        assert found is not None
        assert found.uses == uses
    assert site.run("invitations", "create", "students", "--subject", "s", "--uses", "0").exit_code == 2


def test_invitations_are_revoked(site: Site, tmp_path: Path) -> None:
    """One person's or a list's; who was revoked before is not counted again, and a form must be there."""
    (tmp_path / "class.csv").write_text("id\ns-1\ns-2\n", "utf-8")
    run = site.run("invitations", "revoke", "students", "--subject", "s-1", "--actor", "ms-lee")
    assert run.stdout == "Revoked the invitations of 1 of 1 person to students.\n"
    (line,) = site.lines("invitations", "revoke", "students", "--from", str(tmp_path / "class.csv"))
    assert line == {"revoked": 1, "form": "students"}
    assert "no form" in site.run("invitations", "revoke", "nobody", "--subject", "s-1").output
    assert site.run("invitations", "revoke", "students").exit_code == 2
