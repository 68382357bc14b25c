"""`jotgate mail`: from the list of codes to the mailbox, with a word for everybody who got none."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.post_office import PostOffice, open_post_office

from .conftest import Site

CLASS = "id,name,e-mail\ns-1,Ada,ada@school.example\ns-2,Bilal,bilal@school.example\ns-3,Cem,\n"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """Run a mail server."""
    with open_post_office() as running:
        yield running


@pytest.fixture
def codes(site: Site, office: PostOffice) -> Path:
    """Let the site have a mail server and three pupils; return the list of their codes."""
    site.configure(
        mail_server=f"127.0.0.1:{office.port}",
        mail_tls="none",
        mail_from="Office <office@school.example>",
        mail_rate=6_000,
    )
    (site.folder / "class.csv").write_text(CLASS, "utf-8")
    out = site.folder / "codes.csv"
    made = site.run(
        "codes", "create", "students", "--from", str(site.folder / "class.csv"), "--out", str(out)
    )
    assert made.exit_code == 0, made.output
    return out


def _codes(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["code"] for row in csv.DictReader(file)]


def test_codes_are_mailed_once(site: Site, office: PostOffice, codes: Path) -> None:
    """Exit 1 as long as somebody has none; scripts get a line for each mail, without the code."""
    command = ("mail", "invitations", "--form", "students", str(codes))
    first = site.run(*command)
    assert first.exit_code == 1
    assert office.to == ["ada@school.example", "bilal@school.example"]
    assert "Sending 2 mails" in first.stderr
    assert "2 of 3 have their mail; 1 without an address." in first.stderr
    assert "s-3" in first.stdout
    again = site.run(*command, "--json")
    assert len(office.taken) == 2
    assert '"fate": "sent"' in again.stdout
    for code in _codes(codes):
        assert code[:4] not in again.output + first.output
    listed = site.lines("mail", "list", "--state", "sent")
    assert [(one["person"], one["state"]) for one in listed] == [("s-1", "sent"), ("s-2", "sent")]


def test_only_mails_that_are_tried_again_say_when(site: Site, office: PostOffice, codes: Path) -> None:
    """What was sent or refused for good has no next try, so a script that waits for the last one waits for none."""
    office.rcpt["bilal@school.example"] = "450 4.7.1 greylisted"
    site.run("mail", "invitations", "--form", "students", str(codes))
    ada, bilal = site.lines("mail", "list")
    assert (ada["state"], ada["next_try_at"]) == ("sent", None)
    assert (bilal["state"], bilal["next_try_at"] > ada["sent_at"]) == ("waiting", True)
    office.rcpt["bilal@school.example"] = "550 5.1.1 no such mailbox"
    site.run("mail", "invitations", "--form", "students", str(codes), "--again")
    [refused] = site.lines("mail", "list", "--state", "refused")
    assert refused["next_try_at"] is None


def test_a_dry_run_sends_nothing(site: Site, office: PostOffice, codes: Path) -> None:
    """It shows each mail and what would become of it."""
    run = site.run("mail", "invitations", "--form", "students", str(codes), "--dry-run")
    assert run.exit_code == 0
    assert "2 mails would go out, 1 other would not. Nothing was sent." in run.stderr
    assert "goes out" in run.stdout
    assert office.taken == []
    assert site.lines("mail", "list") == []


def test_links_go_to_everybody_with_a_code_or_to_a_class(site: Site, office: PostOffice, codes: Path) -> None:
    """Each their own."""
    assert site.run("mail", "invitations", "--form", "students", "--links").exit_code == 1
    assert office.to == ["ada@school.example", "bilal@school.example"]
    links = {one.message.get_content().partition("invitation=")[2].split()[0] for one in office.taken}
    assert len(links) == 2
    (site.folder / "late.csv").write_text("id,name,e-mail\ns-9,Dora,dora@school.example\n", "utf-8")
    late = ("mail", "invitations", "--form", "students", "--links", "--from", str(site.folder / "late.csv"))
    assert site.run(*late).exit_code == 0
    assert office.to[2:] == ["dora@school.example"]


def test_who_is_missing_is_reminded_once_for_each_name(site: Site, office: PostOffice, codes: Path) -> None:
    """Today's date, if it has no other."""
    for arguments, number in (((), 2), ((), 2), (("--name", "last call"), 4)):
        site.run("mail", "reminders", "--form", "students", *arguments)
        assert len(office.taken) == number
    assert "Reminder" in office.taken[0].message["Subject"]


def test_a_lost_code_is_replaced_by_mail(site: Site, office: PostOffice, codes: Path) -> None:
    """The old one ends when the mail goes out; without a mail server nothing is replaced."""
    old, *_ = _codes(codes)
    assert site.run("mail", "invitations", "--form", "students", "--reissue", "s-1").exit_code == 0
    assert old not in office.taken[0].message.get_content()
    site.configure()
    run = site.run("mail", "invitations", "--form", "students", "--reissue", "s-2")
    assert run.exit_code == 2
    assert "set mail_server" in run.output


def test_a_server_that_is_down_is_said(site: Site, codes: Path) -> None:
    """And the command goes on where it stopped, the next time."""
    site.configure(mail_server="127.0.0.1:9", mail_tls="none", mail_from="office@school.example")
    run = site.run("mail", "invitations", "--form", "students", str(codes))
    assert run.exit_code == 1
    assert "cannot be reached" in run.output
    assert "Run the same command again" in run.output


def test_a_preview_is_read_before_anything_is_sent(site: Site, office: PostOffice, codes: Path) -> None:
    """Its head and its text; or one object."""
    shown = site.run("mail", "preview", "--form", "students").stdout
    assert shown.startswith(
        "From: Office <office@school.example>\nTo: Ada Lovelace <ada@school.example>\nSubject: "
    )
    [line] = site.lines("mail", "preview", "--form", "students", "--kind", "reminder")
    assert line["subject"].startswith("Reminder")
    [line] = site.lines("mail", "preview", "--form", "students", "--kind", "reminder", "--language", "de")
    assert line["subject"].startswith("Erinnerung")
    assert office.taken == []


def test_mails_go_out_in_the_language_that_is_named(site: Site, office: PostOffice, codes: Path) -> None:
    """Codes and reminders, by a tag that the site knows."""
    site.run("mail", "invitations", "--form", "students", str(codes), "--language", "pl")
    site.run("mail", "reminders", "--form", "students", "--language", "uk")
    spoken = {taken.message["Content-Language"] for taken in office.taken}
    assert spoken == {"pl", "uk"}


def test_what_makes_no_sense_is_said(site: Site, codes: Path) -> None:
    """With exit code 2, before anything is sent."""
    for arguments, words in (
        (("invitations", "--form", "students"), "Give a FILE with codes, or --links, or --reissue"),
        (("invitations", "--form", "students", str(codes), "--links"), "Give a FILE"),
        (("invitations", "--form", "students", str(codes), "--until", "2099-01-01T00:00"), "--links only"),
        (("invitations", "--form", "students", str(site.folder / "class.csv")), "no line names a column"),
        (("invitations", "--form", "students", "--reissue", "s-1", "--dry-run"), "--dry-run"),
        (("reminders", "--form", "nobody"), "no form"),
        (("reminders", "--form", "students", "--language", "German"), '"German" is none of the languages'),
    ):
        run = site.run("mail", *arguments)
        assert run.exit_code == 2, arguments
        assert words in run.output


def test_doctor_looks_at_the_mail_settings(site: Site, office: PostOffice, codes: Path) -> None:
    """Whether the server lets us in, the texts, and who was refused; a site without mails hears nothing of it."""

    def told() -> list[tuple[str, str]]:
        checks = [json.loads(line) for line in site.run("doctor", "--json").stdout.splitlines()]
        return [(check["level"], check["message"]) for check in checks if check["topic"] == "mail"]

    assert told() == [("ok", "127.0.0.1 lets us in, without TLS, on this machine")]
    office.rcpt["ada@school.example"] = "550 5.1.1 unknown"
    site.run("mail", "invitations", "--form", "students", str(codes))
    assert [level for level, _ in told()] == ["ok", "warn"]
    (site.folder / "code.txt").write_text("Hello", "utf-8")
    site.configure(
        mail_server="127.0.0.1:9",
        mail_tls="none",
        mail_from="office@school.example",
        mail_templates=str(site.folder),
    )
    words = " ".join(words for _, words in told())
    assert "no mail can be sent: the mail server 127.0.0.1:9 cannot be reached" in words
    assert "a text cannot be used" in words
    site.configure()
    assert told() == []
