"""`jotgate forms`: which there are, and a pause until somebody reopens one."""

from __future__ import annotations

from .conftest import Site


def _shut(site: Site) -> dict[str, str | None]:
    return {line["form"]: line["shut"] for line in site.lines("forms", "list")}


def test_a_form_is_paused_and_reopened(site: Site) -> None:
    """The list, the status and the ledger say so, with what visitors read; others stay open."""
    paused = site.run("forms", "pause", "students", "--say", "Back  at\nnoon.", "--actor", "Ms Head")
    assert paused.output == (
        "students is paused: nobody is let in. `forms reopen students` opens it again.\n"
        "Visitors read: Back at noon.\n"
    )
    assert _shut(site) == {"students": "paused", "trip": None}
    (students, _) = site.lines("forms", "list")
    assert (students["paused_by"], students["paused_words"]) == ("Ms Head", "Back at noon.")
    assert "Back at noon." in site.run("forms", "list").output
    assert "by Ms Head: nobody is let in" in site.run("status").output
    assert site.run("forms", "reopen", "students").output == "students is open again.\n"
    assert _shut(site) == {"students": None, "trip": None}
    again = site.run("forms", "reopen", "students")
    assert (again.exit_code, "is not paused" in again.output) == (1, True)


def test_a_sentence_that_visitors_cannot_read_is_refused(site: Site) -> None:
    """Too long, or written from right to left by an invisible mark: nothing is paused."""
    for words in ("x" * 301, "open \u202eta noon"):
        assert site.run("forms", "pause", "students", "--say", words).exit_code == 2
    assert site.run("forms", "pause", "nowhere").exit_code == 2
    assert _shut(site) == {"students": None, "trip": None}
