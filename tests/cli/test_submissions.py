"""`jotgate submissions`: verdicts are listed as scripts read them, and a person's word is taken."""

from __future__ import annotations

import re

from .conftest import Site


def _swept(site: Site) -> tuple[str, str]:
    """Return the ids of a submission that came through the gate and of one that did not."""
    through = site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-7")})
    bare = site.sandbox.submit(site.students, {"name": {"first": "Bare"}})
    assert site.run("sweep", "--form", "students", "--from", "0").exit_code == 0
    return through, bare


def _verdicts(site: Site, *args: str) -> dict[str, str]:
    return {line["submission_id"]: line["verdict"] for line in site.lines("submissions", "list", *args)}


def test_the_list_has_the_promised_fields_newest_first(site: Site) -> None:
    """`submissions list --json` names submission, form, subject, verdict and times with Z."""
    through, bare = _swept(site)
    lines = site.lines("submissions", "list")
    assert [line["submission_id"] for line in lines] == [bare, through]
    verified = lines[1]
    assert verified["form"] == "students"
    assert verified["subject"] == "s-7"
    assert verified["verdict"] == "verified"
    assert verified["created_from"] == "id and created_at"
    for key in ("created_at", "judged_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", verified[key])
    table = site.run("submissions", "list").output
    assert through in table
    assert "2 submissions" in table


def test_the_list_can_be_narrowed(site: Site) -> None:
    """--form, --subject, --verdict and --limit each leave out the rest."""
    through, bare = _swept(site)
    assert list(_verdicts(site, "--subject", "s-7")) == [through]
    assert list(_verdicts(site, "--verdict", "unticketed", "--verdict", "forged")) == [bare]
    assert list(_verdicts(site, "--limit", "1")) == [bare]
    assert _verdicts(site, "--form", "trip") == {}
    assert site.run("submissions", "list", "--form", "nowhere").exit_code == 2


def test_a_person_accepts_and_rejects(site: Site) -> None:
    """What was unticketed counts once accepted; what was verified no longer counts once rejected."""
    through, bare = _swept(site)
    accepted = site.run("submissions", "accept", bare, "--reason", "saw her fill it in", "--actor", "Ms Head")
    assert accepted.exit_code == 0
    assert "accepted" in accepted.output
    rejected = site.run("submissions", "reject", through, "--reason", "wrong year")
    assert rejected.exit_code == 0
    assert _verdicts(site) == {bare: "accepted", through: "revoked"}
    (line,) = site.lines("submissions", "list", "--verdict", "accepted")
    assert (line["actor"], line["reason"]) == ("Ms Head", "saw her fill it in")


def test_several_are_ruled_on_at_once_and_an_unknown_one_is_named(site: Site) -> None:
    """The known ones are accepted, what counts already is left, and the unknown one makes the exit code 1."""
    through, bare = _swept(site)
    result = site.run("submissions", "accept", through, bare, "123", "--reason", "r", "--json")
    assert result.exit_code == 1
    assert "123" in result.stderr
    assert [line.count('"changed": true') for line in result.stdout.splitlines()] == [0, 1]
    assert _verdicts(site) == {bare: "accepted", through: "verified"}


def test_a_person_says_whose_a_submission_is(site: Site) -> None:
    """It counts for them at once, without a reason if need be, and the list, the question and the table say so."""
    _, bare = _swept(site)
    assert site.run("has-submitted", "students", "--subject", "s-1042").exit_code == 1
    given = site.run("submissions", "accept", bare, "--subject", "s-1042", "--actor", "Ms Head")
    assert given.exit_code == 0
    assert given.output == f"{bare} is accepted now: it counts for s-1042.\n"
    [line] = site.lines("submissions", "list", "--subject", "s-1042")
    assert (line["submission_id"], line["verdict"], line["actor"]) == (bare, "accepted", "Ms Head")
    [answer] = site.lines("has-submitted", "students", "--subject", "s-1042")
    assert answer["state"] == "accepted"
    again = site.run("submissions", "accept", bare, "--subject", "s-1042")
    assert (again.exit_code, "counts for s-1042; nothing was changed" in again.output) == (0, True)


def test_it_is_moved_and_taken_back(site: Site) -> None:
    """A later word gives it to another; a rejection leaves it to nobody."""
    _, bare = _swept(site)
    site.run("submissions", "accept", bare, "--subject", "s-1024")
    [moved] = site.lines("submissions", "accept", bare, "--subject", "s-1042", "--reason", "a digit swapped")
    assert moved == {"submission_id": bare, "verdict": "accepted", "subject": "s-1042", "changed": True}
    assert site.lines("submissions", "list", "--subject", "s-1024") == []
    [back] = site.lines("submissions", "reject", bare, "--reason", "not hers at all")
    assert back == {"submission_id": bare, "verdict": "unticketed", "subject": None, "changed": True}


def test_what_a_ticket_proves_is_not_given_away(site: Site) -> None:
    """The command fails, names it, and says what to do; what was named beside it is given."""
    through, bare = _swept(site)
    result = site.run("submissions", "accept", through, bare, "--subject", "s-1042")
    assert result.exit_code == 1
    assert (
        f"{through} is verified, and its ticket proves that it is s-7's; nothing was changed."
        in result.stdout
    )
    assert f"{bare} is accepted now" in result.stdout
    assert "Reject it first" in result.stderr
    assert [line["subject"] for line in site.lines("submissions", "list")] == ["s-1042", "s-7"]
    site.run("submissions", "reject", through, "--reason", "the brother's code")
    site.run("submissions", "accept", through, "--subject", "s-1042")
    assert [line["subject"] for line in site.lines("submissions", "list")] == ["s-1042", "s-1042"]


def test_a_ruling_needs_an_id_and_a_reason(site: Site) -> None:
    """Without them, or with what is no id, the command is misused."""
    for args in (
        ["1"],
        ["--reason", "r"],
        ["abc", "--reason", "r"],
        ["1", "--reason", " "],
        ["1", "--subject", "s-1", "--reason", " "],
        ["1", "--subject", " "],
        ["1", "--subject", "s" * 300],
        ["٣", "--reason", "r"],
    ):
        assert site.run("submissions", "accept", *args).exit_code == 2, args
