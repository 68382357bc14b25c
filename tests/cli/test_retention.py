"""`jotgate retention` and `jotgate forget`: what was taken away, and what is left to do by hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from jotgate.records.standing import State
from jotgate.stores.forgetting import is_tombstone

from .conftest import Site

PERSON = "pupil-1042"


def submitted(site: Site, subject: str = PERSON) -> str:
    """Let a person submit, and judge it."""
    ticket = site.ticket(subject=subject)
    one = site.sandbox.submit(site.students, {"jotgate": ticket, "message": "Ada's own words"}, webhook=False)
    site.run("sweep", "--form", "students")
    return one


def keep(site: Site, text: str) -> None:
    """Add settings to the form for students."""
    written = site.config.read_text()
    site.config.write_text(written.replace("[forms.students]\n", f"[forms.students]\n{text}\n"))


def everything_in(site: Site) -> str:
    """Return all that stands in the store's tables."""
    with closing(sqlite3.connect(site.store)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(
            repr(row) for table in tables for row in connection.execute(f"SELECT * FROM {table}")
        )


def test_a_person_is_forgotten(site: Site) -> None:
    """No table names them or shows what they wrote; the report says what to delete at JotForm and in backups."""
    site.run("sweep")
    keep(site, 'show_fields = ["message"]\nlookup_fields = ["message"]')
    one = submitted(site)
    assert PERSON in everything_in(site)
    assert "own words" in everything_in(site)
    told = site.run("forget", "--subject", PERSON, "--actor", "the office")
    assert told.exit_code == 0
    assert "No longer about anybody: 1 submission, 1 ticket, 1 code, 2 ledger entries." in told.stdout
    assert f"  students: {one}" in told.stdout
    assert "backups" in told.stdout
    assert PERSON not in everything_in(site)
    assert "own words" not in everything_in(site)
    parts = site.parts()
    assert parts.standings.has_submitted("students", subject=PERSON).state is State.NONE
    assert (
        parts.standings.has_submitted("students", lookup={"message": "Ada's own words"}).state is State.NONE
    )
    parts.store.close()
    site.sandbox.edit_submission(one, {"message": "Ada's own words, again"})
    site.run("audit", "--form", "students")
    site.run("sweep", "--form", "students", "--from", "0")
    assert "own words" not in everything_in(site)
    [record] = site.lines("submissions", "list", "--form", "students")
    assert is_tombstone(record["subject"])
    [again] = site.lines("forget", "--subject", PERSON)
    assert again["submissions"] == {"students": [one]}
    assert set(again["counts"].values()) == {0}
    assert "Is it spelled" in site.run("forget", "--subject", "pupil-1O42").stdout


def test_retention_pseudonymises(site: Site) -> None:
    """A dry run only counts; what is done is told with the ids that are still at JotForm."""
    assert "nothing is ever removed" in site.run("retention").output
    site.run("sweep")
    one = submitted(site)
    keep(site, 'keep = "30d"')
    with closing(sqlite3.connect(site.store)) as connection, connection:
        for column, table in (("created_at", "submissions"), ("at", "ledger"), ("created_at", "grants")):
            connection.execute(f"UPDATE {table} SET {column} = {column} - 31 * 86400")
        connection.execute(
            "UPDATE tickets SET issued_at = issued_at - 2678400, expires_at = expires_at - 2678400"
        )
    [dry] = site.lines("retention", "--dry-run")
    assert (dry["counts"]["submissions"], dry["dry_run"]) == (1, True)
    assert PERSON in everything_in(site)
    [done] = site.lines("retention", "--form", "students")
    assert (done["submission_ids"], done["after_keep"]) == ([one], "pseudonymise")
    assert PERSON not in everything_in(site)
    assert site.lines("retention")[0]["submission_ids"] == []


def test_retention_deletes(site: Site) -> None:
    """And what was deleted is not judged anew, wherever a sweep begins."""
    site.run("sweep")
    one = submitted(site)
    keep(site, 'keep = "30d"\nafter_keep = "delete"')
    with closing(sqlite3.connect(site.store)) as connection, connection:
        connection.execute("UPDATE submissions SET created_at = created_at - 31 * 86400")
    told = site.run("retention")
    assert "students: older than" in told.stdout
    assert one in told.stdout
    assert site.lines("submissions", "list") == []
    site.run("sweep", "--form", "students", "--from", "0")
    assert site.lines("submissions", "list") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["forget", "--subject", ""], "a subject must have"),
        (["forget", "--subject", "\udcff"], "a subject must have"),
        (["forget", "--subject", "x", "--form", "nobody"], "nobody"),
        (["retention", "--form", "nobody"], "nobody"),
    ],
)
def test_misuse_is_told(site: Site, arguments: list[str], said: str) -> None:
    """And nothing is forgotten."""
    result = site.run(*arguments)
    assert result.exit_code != 0
    assert said in result.output
