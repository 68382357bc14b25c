"""`jotgate audit` finds what was edited at JotForm, and says up to when edits are known."""

from __future__ import annotations

from .conftest import Site


def test_an_edit_is_found_and_told(site: Site) -> None:
    """With its verdict before and after; the next audit finds nothing new."""
    site.run("sweep")
    one = site.sandbox.submit(site.students, {"jotgate": site.ticket(), "message": "before"}, webhook=False)
    site.run("sweep", "--form", "students")
    site.sandbox.edit_submission(one, {"message": "after"})
    [done] = site.lines("audit", "--form", "students")
    assert done["edited"] == [{"submission_id": one, "before": "verified", "verdict": "verified"}]
    assert (done["form"], done["rows"], done["waiting"]) == ("students", 1, None)
    assert done["as_of"].endswith("Z")
    told = site.run("audit").stdout.splitlines()
    assert told[0].startswith("students: 0 edited submissions among 1 row; edits before 20")
    assert told[1].startswith("trip: 0 edited submissions among 0 rows;")


def test_a_form_that_is_not_known_yet_waits(site: Site) -> None:
    """Before the first sweep there is nothing to compare with: that is said, with exit code 1."""
    result = site.run("audit", "--form", "students")
    assert result.exit_code == 1
    assert "students: its ticket field is not known yet" in result.output


def test_doctor_looks_for_edit_links(site: Site) -> None:
    """An e-mail that carries one is warned of; otherwise the advice stands among what is in order."""
    site.run("sweep")
    assert "no e-mail of the form carries an edit link" in site.run("doctor").output
    form = site.sandbox._world.form(site.students)
    form.properties["emails"] = [{"body": "Change it here: {edit_link}"}]  # type: ignore[assignment]
    assert "an e-mail of the form carries an edit link" in site.run("doctor").output
