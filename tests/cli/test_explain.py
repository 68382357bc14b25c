"""`jotgate explain`: every reference leads to what happened, why, and what to tell the visitor."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import jotgate
from jotgate.ledger import Entry
from jotgate.outcomes import Reason, Verdict

from .conftest import Site


def test_explain_tells_what_happened_and_what_to_say(site: Site) -> None:
    """A refusal's reference leads to the reason and to the door's own words; however it is spelled."""
    store = site.parts().store
    entry = Entry(at=1_750_000_000.0, event="code.refused", form="students", reason=Reason.EXPIRED.value)
    ref = store.record(entry)
    for spelled in (ref, ref.lower().replace("-", ""), f" {ref} "):
        told = site.run("explain", spelled)
        assert told.exit_code == 0
        assert "expired" in told.output
        assert "Tell the visitor:" in told.output
    (line,) = site.lines("explain", ref)
    assert line["at"] == "2025-06-15T15:06:40Z"
    assert line["reason"] == "expired"


def test_explain_knows_every_constant_reference(site: Site) -> None:
    """Refusals that leave no entry show their reason in capitals; each is explained."""
    for reason in Reason:
        told = site.run("explain", reason.name)
        assert told.exit_code == 0
        assert "Tell the visitor:" in told.output


def test_explain_has_words_for_every_event(site: Site) -> None:
    """Whatever the stores, the gate and the sweep write into the ledger is told in a sentence, never by its name."""
    named = re.compile(r'"((?!jotgate\.|fuse\.|psycopg\.)[a-z_]+\.[a-z_]+)"')
    package = Path(jotgate.__file__).parent
    events = {
        name
        for path in (package / "stores").glob("*.py")
        for name in named.findall(re.sub(r"_log\.\w+\([^)]+", "", path.read_text("utf-8")))
    }
    assert {"key.created", "key.revoked", "browser.admitted", "retention.applied"} <= events
    store = site.parts().store
    for event in sorted(events | {"token.minted", "ticket_field.lost"}):
        (line,) = site.lines("explain", store.record(Entry(at=1.0, event=event)))
        assert event not in line["happened"]


def test_a_refusal_that_repeats_says_how_often(site: Site) -> None:
    """The same within an hour is one entry, with its count and the last time."""
    store = site.parts().store
    entries = [Entry(at=60.0 * n, event="code.refused", form="students", reason="expired") for n in range(3)]
    [ref] = {store.record(entry) for entry in entries}
    assert "3 times within the hour, at last 1970-01-01T00:02:00Z" in site.run("explain", ref).stdout
    (line,) = site.lines("explain", ref)
    assert (line["count"], line["last_at"]) == (3, "1970-01-01T00:02:00Z")


def test_explain_knows_every_verdict(site: Site) -> None:
    """The entry of each verdict leads to its meaning."""
    store = site.parts().store
    for verdict in Verdict:
        ref = store.record(Entry(at=1.0, event="submission.judged", form="students", reason=verdict.value))
        (line,) = site.lines("explain", ref)
        assert line["why"]
        assert line["tell"]


def test_a_reference_that_nobody_gave_is_told(site: Site) -> None:
    """Unknown or unreadable references: exit 1, one sentence."""
    for ref in ("0000-0000", "what?", "\x1b[2J", ""):
        told = site.run("explain", ref)
        assert told.exit_code == 1
        assert "\x1b" not in told.output


def test_a_submission_s_number_tells_all_that_became_of_it(site: Site) -> None:
    """How it stands, then verdict, rulings and edits in their order, then whom callbacks still have to tell."""
    site.run("sweep")
    site.run("callbacks", "create", "http://127.0.0.1:9/hook")
    ticket = site.ticket(subject="s-1")
    one = site.sandbox.submit(site.students, {"jotgate": ticket, "message": "first"}, webhook=False)
    site.run("sweep", "--form", "students")
    site.run("submissions", "reject", one, "--reason", "a joke", "--actor", "ada")
    site.run("submissions", "accept", one, "--reason", "it was none", "--actor", "ben")
    site.sandbox.edit_submission(one, {"message": "second"})
    site.run("audit", "--form", "students")
    told = site.run("explain", one).stdout
    assert "A submission of students, about s-1" in told
    assert "(read from its id and created_at)." in told
    assert "It is accepted and counts" in told
    passages = [
        "got its verdict",
        "rejected",
        "a joke",
        "ben",
        "it was none",
        "was edited",
        "is still waiting",
    ]
    places = [told.index(passage) for passage in passages]
    assert places == sorted(places)
    events = [line["event"] for line in site.lines("explain", one)]
    assert events == ["submission.judged", "submission.rejected", "submission.accepted", "submission.edited"]


def test_a_submission_that_is_not_known_is_told(site: Site) -> None:
    """One that was never read, and one that the setting keep took away: exit 1, each with its own sentence."""
    told = site.run("explain", "6714720231573360695")
    assert told.exit_code == 1
    assert "A sweep has to read a new one" in told.output
    site.parts().store.close()
    with closing(sqlite3.connect(site.store)) as connection, connection:
        values = ("6714720231573360695", "students", "verified", 1.0)
        connection.execute("INSERT INTO removed_submissions VALUES (?, ?, ?, ?)", values)
    told = site.run("explain", "6714720231573360695")
    assert told.exit_code == 1
    assert "setting keep" in told.output
