"""`jotgate sweep --from DATE`: what was submitted before the gate is taken in, and given to its owners."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

import pytest

from jotgate.clock import iso
from jotgate.protocols import FormState

from .conftest import Site

_DAY = 86_400.0
_OLD = 300


def _pupil(number: int) -> dict[str, object]:
    return {"name": {"first": f"Pupil {number}"}, "message": "before the gate"}


def _old_submissions(site: Site, number: int = _OLD) -> list[str]:
    """Let so many come in, one a day and the last one two days ago; the form is gated since."""
    now = time.time()
    ids = [
        site.sandbox.submit(site.students, _pupil(one), at=now - (number + 1 - one) * _DAY)
        for one in range(number)
    ]
    site.lines("sweep")
    assert site.lines("submissions", "list") == []
    return ids


def _date(days_ago: int) -> str:
    return iso(time.time() - days_ago * _DAY)[:10]


def _state(site: Site) -> FormState:
    store = site.parts().store
    state = store.form_state("students")
    store.close()
    assert state is not None
    return state


def test_old_submissions_are_taken_in_and_given_to_their_owners(site: Site, tmp_path: Path) -> None:
    """300 of them in a handful of calls, all unticketed; three owners see theirs, and nobody else's."""
    site.config.write_text(
        site.config.read_text("utf-8").replace(
            "[forms.students]", '[forms.students]\nshow_fields = ["message", "name"]'
        ),
        encoding="utf-8",
    )
    ids = _old_submissions(site)
    calls = site.sandbox.calls
    [line] = site.lines("sweep", "--form", "students", "--from", _date(_OLD + 5))
    assert line["earlier"] == {"unticketed": _OLD}
    assert site.sandbox.calls - calls <= 8
    owners = tmp_path / "owners.csv"
    owned = {f"s-{one}": ids[one] for one in (3, 77, 299)}
    lines = ["submission,subject", *(f"{one},{subject}" for subject, one in owned.items())]
    owners.write_text("\n".join(lines), encoding="utf-8")
    assert site.run("submissions", "accept", "--from", str(owners)).exit_code == 0
    parts = site.parts()
    for subject in owned:
        assert parts.standings.has_submitted("students", subject=subject)
        [own] = parts.standings.submissions("students", subject)
        assert own.values == {"message": "before the gate", "name": f"Pupil {subject[2:]}"}
    assert not parts.standings.has_submitted("students", subject="s-4")
    assert parts.store.counts()["students"] == {"unticketed": _OLD - 3, "accepted": 3}
    parts.store.close()


def test_the_date_says_which(site: Site) -> None:
    """Those made then or later; an earlier date takes in the rest, and to do it once more changes nothing."""
    ids = _old_submissions(site, 30)
    site.run("sweep", "--form", "students", "--from", _date(10))
    taken = {line["submission_id"] for line in site.lines("submissions", "list")}
    # The times of the account may still be in any zone, and that doubt takes submissions in.
    assert set(ids[-8:]) <= taken <= set(ids[-12:])
    site.run("submissions", "accept", ids[-1], "--subject", "s-1")
    told = site.run("sweep", "--form", "students", "--from", _date(60))
    assert told.exit_code == 0
    assert f"From before the gate: {30 - len(taken)} unticketed." in told.stdout
    before = site.lines("submissions", "list")
    assert [line["verdict"] for line in before] == ["accepted"] + ["unticketed"] * 29
    told = site.run("sweep", "--form", "students", "--from", _date(60))
    assert "From before the gate: nothing new." in told.stdout
    assert site.lines("submissions", "list") == before


def test_new_submissions_are_read_as_before(site: Site) -> None:
    """Where the readings of the form begin stays as it is; what comes next is judged at once."""
    _old_submissions(site, 30)
    before = _state(site)
    assert site.run("sweep", "--form", "students", "--from", _date(60)).exit_code == 0
    after = _state(site)
    assert (after.cursor, after.head, after.anchor) == (before.cursor, before.head, before.anchor)
    assert (after.began_above, after.left_out_at) == ("0", None)
    site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-7")})
    [line] = site.lines("sweep", "--form", "students")
    assert line["verdicts"] == {"verified": 1}


def test_what_was_cut_off_goes_on(site: Site) -> None:
    """Killed between two pages: what was taken in stays, and the same command does the rest; each is judged once."""
    ids = _old_submissions(site)
    site.sandbox.add_fault("page_504_above", times=None, path="/form/*/submissions", rows=60)
    parts = site.parts()
    began = _state(site).began_above
    pages = list(islice(parts.sweep.take_in("students", 0.0, operator=True), 2))
    assert [len(page) < 100 for page in pages] == [True, True]
    assert _state(site).began_above == began
    [line] = site.lines("sweep", "--form", "students", "--from", "2001-01-01")
    assert line["earlier"] == {"unticketed": _OLD - sum(map(len, pages))}
    assert _state(site).began_above == "0"
    assert {len(parts.store.history(one)) for one in ids} == {1}
    parts.store.close()


def test_it_keeps_within_the_day_s_calls(site: Site) -> None:
    """When they are used up the command says so and exits 1; what was taken in stays."""
    _old_submissions(site)
    site.sandbox.add_fault("no_limit_left", times=None)
    parts = site.parts()
    parts.store.note_error("students", "large rows", time.time(), page_rows=20)
    parts.quota.discovered(limit=100, used=88)
    parts.store.close()
    result = site.run("sweep", "--form", "students", "--from", "2001-01-01")
    assert result.exit_code == 1
    assert "Give the command again to go on" in result.stderr
    taken = len(site.lines("submissions", "list"))
    assert 0 < taken < _OLD
    parts = site.parts()
    parts.quota.discovered(limit=10_000, used=100)
    parts.store.close()
    assert site.run("sweep", "--form", "students", "--from", "2001-01-01").exit_code == 0
    assert len(site.lines("submissions", "list")) == _OLD


def test_ignored_filters_do_no_harm(site: Site) -> None:
    """Where JotForm sends every row whatever it is asked for, the list is read from its newest down."""
    ids = _old_submissions(site, 30)
    site.sandbox.add_fault("ignore_filter", times=None, path="/form/*/submissions")
    [line] = site.lines("sweep", "--form", "students", "--from", "2001-01-01")
    assert line["earlier"] == {"unticketed": 30}
    assert {one["submission_id"] for one in site.lines("submissions", "list")} == set(ids)


def test_a_submission_without_answers_is_not_waited_for(site: Site) -> None:
    """Nothing of it is still to come, so it has its verdict at once."""
    site.sandbox.submit(site.students, {}, at=time.time() - 9 * _DAY)
    site.lines("sweep")
    [line] = site.lines("sweep", "--form", "students", "--from", _date(20))
    assert line["earlier"] == {"unticketed": 1}


@pytest.mark.parametrize("first", ["yesterday", "2026-13-01", "9" * 21])
def test_what_is_no_date_is_misused(site: Site, first: str) -> None:
    """Nor is it an id; nothing is read."""
    calls = site.sandbox.calls
    assert site.run("sweep", "--form", "students", "--from", first).exit_code == 2
    assert site.sandbox.calls == calls
