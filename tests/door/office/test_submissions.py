"""What came in: listed, found, ruled on and taken along by who looks after the form."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from jotgate.admission.grants import Person, Terms
from jotgate.outcomes import Verdict
from tests.door.office.operators import OFFICE, change_in, overtaken, post, signed_in
from tests.door.site import Site, Visitor, running_site, ticket_in

_LIST = "/f/students/submissions"
_ATTACK = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site where a pupil sent the form, and a stranger at the bare address; nobody waits any more."""
    with running_site(form={"show_fields": ["name"]}) as site:
        visitor = site.admitted()
        site.sandbox.submit(site.form_id, {"jotgate": ticket_in(visitor.get("/jotgate/f/students").text)})
        site.sandbox.submit(site.form_id, {"name": {"first": _ATTACK, "last": "Around"}})
        site.clock.ahead_seconds = 3600.0
        site.sweep()
        yield site


def submission(site: Site, verdict: Verdict = Verdict.UNTICKETED) -> str:
    """Return the number of the one with that verdict."""
    [found] = site.parts.store.submission_page("students", verdicts=(verdict,), rows=9)
    return found.record.submission_id


def listed(page: TestResponse) -> list[str]:
    return re.findall(r'submissions/(\d+)">', page.text)


def rule(visitor: Visitor, number: str, word: str, reason: str = "seen", **fields: Any) -> TestResponse:
    """Press a button on the page of one submission, as it is now unless *fields* say otherwise."""
    page = visitor.get(f"{OFFICE}{_LIST}/{number}").text
    seen = {
        name: unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])  # type: ignore[index]
        for name in ("seen", "whose")
    }
    return post(
        visitor,
        f"{_LIST}/{number}/rule",
        page=f"{_LIST}/{number}",
        **{"word": word, "reason": reason, **seen, **fields},
    )


def test_submissions_are_listed_by_verdict_and_found(site: Site) -> None:
    """All, those that count, those of one verdict with what it means; and by number."""
    visitor, stranger, own = signed_in(site), submission(site), submission(site, Verdict.VERIFIED)
    assert listed(visitor.get(OFFICE + _LIST)) == [stranger, own]
    assert listed(visitor.get(f"{OFFICE}{_LIST}?verdict=counting")) == [own]
    around = visitor.get(f"{OFFICE}{_LIST}?verdict=unticketed")
    assert listed(around) == [stranger]
    assert "It came without a ticket, by the form&#39;s bare address" in around.text
    assert listed(visitor.get(f"{OFFICE}{_LIST}?q={own}")) == [own]
    assert listed(visitor.get(f"{OFFICE}{_LIST}?q=nobody")) == []
    assert listed(visitor.get(f"{OFFICE}{_LIST}?before={stranger}")) == [own]


def test_the_page_says_what_a_stranger_sees(site: Site) -> None:
    """The form's own address, that it cannot be closed, and how many came that way."""
    page = signed_in(site).get(OFFICE + _LIST).text
    assert f"/{site.form_id}</a>" in page
    assert "jotgate cannot close that address" in page
    assert "1 came that way" in page


def test_a_person_accepts_with_a_reason(site: Site) -> None:
    """Without one nothing happens; with one it counts, and the history says who and why."""
    visitor, number = signed_in(site), submission(site)
    silent = rule(visitor, number, "accept", reason="  ")
    assert (silent.status_code, site.verdict(number)) == (422, Verdict.UNTICKETED)
    assert "Say why" in silent.text
    done = rule(visitor, number, "accept", reason="saw her fill it in")
    assert (done.status_code, site.verdict(number)) == (303, Verdict.ACCEPTED)
    page = visitor.get(done.location).text
    assert "It counts from now on." in page
    assert "By Ms Vega: “saw her fill it in”" in page
    assert rule(visitor, number, "reject", reason="it was not her").status_code == 303
    assert site.verdict(number) is Verdict.UNTICKETED


def test_it_is_given_to_a_person_by_name_or_number(site: Site) -> None:
    """A name leads to those with a code who may be meant; whoever has none can be named as they are."""
    visitor, number = signed_in(site), submission(site)
    people = [Person(subject="s-1", label="Ada Lovelace"), Person(subject="s-2", label="Ada Byron")]
    assert len(list(site.parts.grants.create(Terms(form="students", batch="7b"), people))) == 2
    asked = rule(visitor, number, "give", person="ada")
    assert set(re.findall(r'name="subject" value="([^"]+)"', asked.text)) == {"s-1", "s-2", "ada"}
    assert rule(visitor, number, "give", subject="s-2").status_code == 303
    assert site.parts.standings.has_submitted("students", subject="s-2").state == "accepted"
    assert rule(visitor, number, "give", person="s-1", reason="the other Ada").status_code == 303
    assert listed(visitor.get(f"{OFFICE}{_LIST}?q=lovelace")) == [number]
    led = re.search(
        r'href="([^"]+/people/[^"]+)"><bdi>Ada Lovelace', visitor.get(f"{OFFICE}{_LIST}/{number}").text
    )
    assert led
    assert visitor.get(led[1]).status_code == 200
    assert listed(visitor.get(f"{OFFICE}{_LIST}?q=byron")) == []


def test_the_second_of_two_operators_is_told(site: Site) -> None:
    """What they saw is no more: nothing is changed, and the page shows what the first one said."""
    first, second, number = signed_in(site), signed_in(site, "Mr Lund"), submission(site)
    assert rule(first, number, "accept", reason="I saw her").status_code == 303
    for word in "accept", "give":
        late = rule(second, number, word, reason="so did I", seen="unticketed", whose="", subject="s-1")
        assert late.status_code == 409
        assert "Nothing was changed. Ms Vega has ruled on it since you opened this page" in late.text
        assert "“I saw her”" in late.text
    record = site.parts.store.submission_page("students", verdicts=(Verdict.ACCEPTED,), rows=1)[0].record
    assert (record.actor, record.reason, record.subject) == ("Ms Vega", "I saw her", None)


def test_many_are_ruled_on_with_one_reason(site: Site) -> None:
    """Those that are ticked and still as they were seen; what a colleague has ruled on meanwhile is left."""
    for _ in range(2):
        site.sandbox.submit(site.form_id, {"name": {"first": "Around"}})
    site.sweep()
    site.clock.ahead_seconds += 3600.0
    site.sweep()
    visitor = signed_in(site)
    ticked = re.findall(r'name="one" value="(\d+ unticketed )"', visitor.get(OFFICE + _LIST).text)
    assert len(ticked) == 3
    first = ticked[0].split()[0]
    assert rule(signed_in(site, "Mr Lund"), first, "accept", reason="I know her").status_code == 303
    silent = post(visitor, f"{_LIST}/rule", page=_LIST, word="accept", one=ticked, reason=" ")
    assert (silent.status_code, "Say why" in silent.text) == (422, True)
    none = post(visitor, f"{_LIST}/rule", page=_LIST, word="accept", reason="r")
    assert (none.status_code, "Choose at least one submission." in none.text) == (422, True)
    done = post(
        visitor,
        f"{_LIST}/rule",
        page=_LIST,
        word="accept",
        one=ticked,
        reason="the rest",
        verdict="unticketed",
    )
    assert done.location.startswith(f"{OFFICE}{_LIST}?verdict=unticketed&")
    said = visitor.get(done.location).text
    assert "2 count from now on. 1 left as it was" in said
    accepted = site.parts.store.submission_page("students", verdicts=(Verdict.ACCEPTED,), rows=9)
    assert {(one.record.actor, one.record.reason) for one in accepted} == {
        ("Ms Vega", "the rest"),
        ("Mr Lund", "I know her"),
    }


def test_two_clicks_at_once_on_many_are_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second does not say that a colleague was quicker, though the first is done only in the midst of it."""
    site.sandbox.submit(site.form_id, {"name": {"first": "Around"}})
    site.sweep()
    site.clock.ahead_seconds += 3600.0
    site.sweep()
    visitor = signed_in(site)
    page = visitor.get(OFFICE + _LIST)
    ticked = re.findall(r'name="one" value="(\d+ unticketed )"', page.text)
    data = {"change": change_in(page), "word": "accept", "one": ticked, "reason": "I know them"}

    def click() -> TestResponse:
        return visitor.post(f"{OFFICE}{_LIST}/rule", data=data)

    first = overtaken(site.parts.store, "rule", click, monkeypatch)
    answers = [click(), *first]
    assert len(answers) == 2
    assert not any("left as" in visitor.get(one.location).text for one in answers)


def test_a_second_click_changes_nothing_and_alarms_nobody(site: Site) -> None:
    """It leads where the first one did, and the ledger has one entry."""
    visitor, number = signed_in(site), submission(site)
    for _ in range(2):
        assert rule(visitor, number, "accept", seen="unticketed", whose="").status_code == 303
    assert [entry.event for entry in site.parts.store.history(number)].count("submission.accepted") == 1


def test_what_a_ticket_proves_is_not_given_away(site: Site) -> None:
    """The page does not offer it, and a request for it is told to reject it first."""
    pupil = site.visitor()
    [issued] = site.parts.grants.create(Terms(form="students"), [Person(subject="s-8")])
    pupil.enter(issued.code)
    number = site.sandbox.submit(site.form_id, {"jotgate": ticket_in(pupil.get("/jotgate/f/students").text)})
    site.sweep()
    visitor = signed_in(site)
    assert "Say whose it is" not in visitor.get(f"{OFFICE}{_LIST}/{number}").text
    refused = rule(visitor, number, "give", subject="s-7")
    assert (refused.status_code, site.verdict(number)) == (409, Verdict.VERIFIED)
    assert "Its ticket proves that it is s-8&#39;s: reject it first" in refused.text


def test_what_people_wrote_is_only_text(site: Site) -> None:
    """An answer and a reason are escaped wherever they are shown."""
    visitor, number = signed_in(site), submission(site)
    assert rule(visitor, number, "accept", reason=_ATTACK).status_code == 303
    for path in _LIST, f"{_LIST}/{number}", f"{_LIST}?q={_ATTACK}":
        page = visitor.get(OFFICE + path).text
        assert "&lt;img src=x" in page
        assert "<img src=x" not in page


def test_they_are_taken_along_as_a_file(site: Site) -> None:
    """Those that count or all, as CSV, as a line of JSON each and as a workbook of text cells."""
    visitor, own = signed_in(site), submission(site, Verdict.VERIFIED)
    path = f"{OFFICE}{_LIST}/export"
    table = visitor.get(f"{path}?kind=csv&which=counting")
    assert table.headers["Content-Disposition"] == 'attachment; filename="students-submissions.csv"'
    assert [line.split(",")[0] for line in table.text.splitlines()[1:]] == [own]
    lines = visitor.get(f"{path}?kind=jsonl&which=all").text.splitlines()
    assert {json.loads(line)["verdict"] for line in lines} == {"verified", "unticketed"}
    book = load_workbook(io.BytesIO(visitor.get(f"{path}?kind=xlsx&which=all").data))
    assert len(list(book.active.rows)) == 3  # type: ignore[union-attr]
    assert visitor.get(f"{path}?kind=exe").status_code == 404


def test_who_may_not_sees_nothing(site: Site) -> None:
    """A stranger, who looks after another form or one batch, and who only looks."""
    number = submission(site)
    paths = (_LIST, f"{_LIST}/{number}", f"{_LIST}/export?kind=csv")
    teacher, elsewhere = signed_in(site, batches=["7b"]), signed_in(site, forms=["nowhere"])
    for path in paths:
        assert site.visitor().get(OFFICE + path).status_code == 403
        assert teacher.get(OFFICE + path).status_code == 403
        assert elsewhere.get(OFFICE + path).status_code == 404
    looker = signed_in(site, may_change=False)
    page = looker.get(f"{OFFICE}{_LIST}/{number}")
    assert (page.status_code, "Let it count" in page.text) == (200, False)
    refused = post(looker, f"{_LIST}/{number}/rule", word="accept", reason="r", seen="unticketed", whose="")
    assert (refused.status_code, site.verdict(number)) == (403, Verdict.UNTICKETED)
    assert signed_in(site).get(f"{OFFICE}{_LIST}/123").status_code == 404
