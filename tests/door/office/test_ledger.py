"""What happened, as a page: found by reference, person, form, event and day, and nothing of it is for others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from jotgate.admission.grants import Terms, people
from jotgate.door.office import history
from jotgate.door.office.desk import Desk
from jotgate.ledger import Entry
from jotgate.operators import Operator
from jotgate.outcomes import Reason
from tests.door.office.operators import OFFICE, signed_in
from tests.door.site import Site, Visitor, running_site, ticket_in, unknown_code

HOSTILE = '"><script>alert(1)</script>'
DAY = 86_400.0
_ENTRY = re.compile(r'<li class="office-entry".*?</li>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_REF = re.compile(r'class="office-ref"[^>]*>([0-9A-Z]{4}-[0-9A-Z]{4})<')
_LINK = re.compile(r'<a rel="next" href="([^"]+)"')


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site with two forms: Ann sent one, somebody guessed, and people changed this and that."""
    with running_site() as site:
        other = site.sandbox.add_form("Trip")
        forms = {**site.mapping["forms"], "trip": {"id": other, "title": "Trip to Rome"}}
        site = site.restarted(forms=forms)
        site.sweep()
        ann = site.visitor()
        [issued] = site.parts.grants.create(Terms(form="students"), people(subjects=["ann"]))
        ann.enter(issued.code)
        site.sandbox.submit(site.form_id, {"jotgate": ticket_in(ann.get("/jotgate/f/students").text)})
        site.visitor().enter(unknown_code())
        site.sweep()
        for entry in (
            Entry(at=site.clock.now(), event="code.revoked", form="trip", subject="ann", actor="Mr Okafor"),
            Entry(at=site.clock.now(), event="key.created", actor="Ms Vega", about="key abcd1234"),
            Entry(
                at=site.clock.now(), event="code.revoked", form="trip", subject=HOSTILE, actor=HOSTILE,
                about=HOSTILE, note=HOSTILE,
            ),
        ):  # fmt: skip
            site.parts.store.record(entry)
        yield site
        site.parts.store.close()


def entries(visitor: Visitor, query: str = "") -> list[str]:
    """Return what the ledger's page shows, as text."""
    answer = visitor.get(f"{OFFICE}/ledger{query}")
    assert answer.status_code == 200
    return [" ".join(unescape(_TAG.sub("", one)).split()) for one in _ENTRY.findall(answer.text)]


def test_what_an_entry_is_about_has_the_commas_of_the_language(site: Site) -> None:
    """In the list, and on the entry's own page."""
    visitor = signed_in(site)
    visitor.get(f"{OFFICE}/?lang=ar")
    [entry] = entries(visitor, "?event=admissions&person=ann")
    ref = _REF.search(visitor.get(f"{OFFICE}/ledger?event=admissions&person=ann").text)
    assert ref
    for told in entry, visitor.get(f"{OFFICE}/ledger/{ref[1]}").text:
        assert "،" in told
        assert ", " not in _TAG.sub("", told)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?event=key.created", ["A scoped key was created."]),
        ("?event=refusals", ["A code was refused."]),
        ("?event=by-people&form=trip&by=Mr%20Okafor", ["A code was revoked."]),
        ("?person=ann&form=students", ["A submission got its verdict.", "A browser was let in."]),
        ("?person=ann&event=verdicts", ["A submission got its verdict."]),
        ("?person=nobody", []),
        ("?event=no.such_event", []),
        ("?form=nothing", []),
        ("?from=2001-01-01&to=2001-12-31", []),
        ("?from=no%20day&to=2001-99-99&event=admissions&person=ann", ["A browser was let in."]),
        ("?from=0001-01-01&to=9999-12-31&event=admissions&person=ann", ["A browser was let in."]),
    ],
)
def test_the_ledger_is_looked_through_by_whatever_is_known(site: Site, query: str, told: list[str]) -> None:
    """Newest first, in sentences; what is no day is no wish."""
    found = entries(signed_in(site), query)
    assert len(found) == len(told)
    assert all(sentence in one for one, sentence in zip(found, told, strict=True)), found


def test_older_entries_are_a_click_away(site: Site) -> None:
    """Page by page, none twice and none left out, under the same wishes."""
    for number in range(120):
        site.parts.store.record(Entry(at=site.clock.now(), event="app.changed", about=f"app {number}"))
    visitor, address, seen = signed_in(site), f"{OFFICE}/ledger?event=app.changed", []
    while True:
        page = visitor.get(address).text
        seen += re.findall(r"app (\d+)\.", page)
        older = _LINK.search(page)
        if older is None:
            break
        address = unescape(older[1])
    assert seen == [str(number) for number in reversed(range(120))]


def test_a_reference_is_explained_as_on_the_command_line(site: Site) -> None:
    """What happened, why, and the words that the visitor reads; also however it is typed, and for a submission."""
    visitor = signed_in(site)
    ref = _REF.search(visitor.get(f"{OFFICE}/ledger?event=refusals").text)
    assert ref
    asked = visitor.get(f"{OFFICE}/ledger?ref={ref[1].lower().replace('-', '')}")
    assert asked.status_code == 303
    story = visitor.get(asked.headers["Location"]).text
    assert "The code is well formed, but this site does not have it" in story
    assert "We do not know this code" in story
    for reason in Reason:
        assert visitor.get(f"{OFFICE}/ledger/{reason.name}").status_code == 200
    [submission_id] = re.findall(r"submission (\d+)", " ".join(entries(visitor, "?event=verdicts")))
    assert "It came through the gate" in visitor.get(f"{OFFICE}/ledger/{submission_id}").text
    for unknown in "0000-0000", "123456789", "%00", "x" * 999:
        assert visitor.get(f"{OFFICE}/ledger/{unknown}").status_code == 404


def test_an_operator_of_a_form_sees_what_happened_there_and_no_more(site: Site) -> None:
    """Neither in the list nor by a reference, a person, or a submission of another form."""
    whole, part = signed_in(site), signed_in(site, forms=["trip"])
    everything = "".join(entries(part)) + "".join(entries(part, "?form=students"))
    assert "Trip to Rome" in everything
    assert not any(word in everything for word in ("Student form", "key was created", "office", "let in"))
    assert len(entries(part, "?person=ann")) == 1
    for query in "?event=refusals", "?event=key.created", "?event=admissions":
        assert entries(part, query) == []
        ref = _REF.search(whole.get(f"{OFFICE}/ledger{query}").text)
        assert ref
        assert whole.get(f"{OFFICE}/ledger/{ref[1]}").status_code == 200
        assert part.get(f"{OFFICE}/ledger/{ref[1]}").status_code == 404
    [submission_id] = re.findall(r"submission (\d+)", " ".join(entries(whole, "?event=verdicts")))
    assert part.get(f"{OFFICE}/ledger/{submission_id}").status_code == 404
    assert signed_in(site, batches=["7b"]).get(f"{OFFICE}/ledger").status_code == 403


def test_whatever_is_in_an_entry_is_only_text(site: Site) -> None:
    """Names and notes come from people whom nobody knows."""
    visitor = signed_in(site)
    page = visitor.get(f"{OFFICE}/ledger?form=trip").text
    assert "&lt;script&gt;alert(1)" in page
    refs = _REF.findall(page)
    for answer in [page, *(visitor.get(f"{OFFICE}/ledger/{ref}").text for ref in refs)]:
        assert "<script>alert" not in answer


def test_the_history_of_a_person(site: Site) -> None:
    """By their subject, else by their code, and only about the form that the page is about."""
    code = site.code()
    site.visitor().enter(code)
    with_no_name = next(
        one.entry.about
        for one in site.parts.store.entries(history.EntryFilter(events=("browser.admitted",)), limit=1)
    )
    assert with_no_name
    request = site.visitor().get(f"{OFFICE}/").request
    desk = Desk(site.gate.door, request, Operator(name="T", batches=["7b"]))
    by_code = history.of_person(desk, "students", code=with_no_name[5:11])
    assert [one.happened for one in by_code] == ["A browser was let in."]
    assert [one.url for one in by_code] == [None]
    assert [one.tone for one in history.of_person(desk, "students", subject="ann")] == ["good", "good"]
    assert [one.happened for one in history.of_person(desk, "trip", subject="ann")] == ["A code was revoked."]
    assert history.of_person(desk, "students") == []
