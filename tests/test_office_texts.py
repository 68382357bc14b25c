"""Names, batches, labels, titles, answers and reasons are text on every page of the office, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.door.office.hostile import GIVEN, TEXTS, Hostile, Parsed, asked_with, looked_through, stands_in
from tests.door.office.operators import OFFICE, change_in, post, signed_in
from tests.door.office.whole import BATCH, OTHER, OWN, Whole, whole_site

#: Fields that people of the office see somewhere.
SHOWN = {
    "title", "subject", "label", "label without a subject", "batch", "answer", "long answer", "actor", "reason", "key",
    "site name", "operator",
}  # fmt: skip


@pytest.fixture(scope="module")
def named() -> Hostile:
    """Return what names everything."""
    return Hostile()


@pytest.fixture(scope="module")
def whole(named: Hostile) -> Iterator[Whole]:
    """Return a site in which everything has a name that tries to be more."""
    with whole_site(named, site_name=named("site name")) as whole:
        yield whole


def assert_only_text(address: str, page: Parsed) -> None:
    """Claim that a page is made of what we wrote and of text."""
    assert page.faults == [], address


@pytest.mark.parametrize("limits", [{}, {"forms": [OWN], "batches": [BATCH]}], ids=["owner", "teacher"])
def test_names_are_text_on_every_page(whole: Whole, named: Hostile, limits: dict[str, list[str]]) -> None:
    """On each page of the route table and each that it leads to; and they do stand there."""
    visitor = signed_in(whole.site, named("operator"), **limits)
    starts = (whole.address(page, form) for page in whole.pages() for form in (OWN, OTHER))
    text = ""
    for address, page in looked_through(visitor, starts):
        assert_only_text(address, page)
        text += page.text
    if not limits:
        assert {field for field in SHOWN if not stands_in(field, text)} == set()


def test_what_was_found_at_jotform_is_text(whole: Whole) -> None:
    """Also in the answer to a checkup."""
    visitor = signed_in(whole.site)
    answer = post(visitor, "/health", page="/health", what="*")
    page = Parsed(answer.text)
    assert_only_text("/health", page)
    assert stands_in("title at JotForm", page.text)


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_page_is_asked_for_is_text(whole: Whole, text: str) -> None:
    """In the query and in the path, whether or not there is such a page."""
    visitor = signed_in(whole.site)
    addresses = [asked_with(whole.address(page), text) for page in whole.pages()]
    addresses += [f"{OFFICE}/{quote(text, safe='')}", f"{OFFICE}/f/{quote(text, safe='')}"]
    addresses += [
        f"{OFFICE}/ledger/{quote(text, safe='')}",
        f"{OFFICE}/f/{OWN}/people/{quote(text, safe='')}",
    ]
    for address in addresses:
        answer = visitor.get(address)
        if answer.mimetype == "text/html":
            assert_only_text(address, Parsed(answer.text))


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_posted_is_text(whole: Whole, text: str) -> None:
    """In the page that says why not, and in the next one."""
    visitor = signed_in(whole.site)
    change = change_in(visitor.get(f"{OFFICE}/"))
    for page in whole.changes():
        answer = visitor.post(whole.address(page), data=dict.fromkeys(GIVEN, text) | {"change": change})
        if answer.status_code == 303:
            answer = visitor.get(answer.headers["Location"])
        if answer.mimetype == "text/html":
            assert_only_text(page.rule, Parsed(answer.text))


@pytest.mark.parametrize("text", TEXTS)
def test_a_name_stays_text_from_the_list_to_the_card(whole: Whole, text: str) -> None:
    """Through the dry run, the page with the new codes, the sheet of cards; a key's label as well."""
    visitor, people = signed_in(whole.site), f"{OFFICE}/f/{OWN}/people"
    asked = {"change": change_in(visitor.get(f"{OFFICE}/"))}
    cell = '"' + text.replace('"', '""') + '"'
    tried = visitor.post(
        f"{people}/check", data=asked | {"names": f"name,id\n{cell},{len(text)}", "batch": text}
    )
    dry = Parsed(tried.text)
    fresh = Parsed(visitor.post(f"{people}/create", data=dry.hidden).text)
    sheet = visitor.post(f"{people}/cards", data=fresh.hidden | {"text": text})
    key = visitor.post(f"{OFFICE}/keys/create", data=asked | {"form": OWN, "label": text})
    assert_only_text("the new key", Parsed(key.text))
    for page in dry, fresh:
        assert_only_text("new codes", page)
        assert text in page.text
    card = Parsed(sheet.text)
    # A sheet is kept as a file, so its one style is in it.
    assert [fault for fault in card.faults if not fault.startswith("<style>")] == []
    assert text in card.text


@pytest.mark.parametrize("text", TEXTS)
def test_a_page_that_was_not_escaped_is_found(text: str) -> None:
    """Each of the texts shows itself somewhere where nothing holds it."""
    around = (
        "<p>{}</p>",
        '<p title="{}"></p>',
        "<p title='{}'></p>",
        "<textarea>{}</textarea>",
        "<a href={}>x</a>",
    )
    assert any(Parsed(one.format(text)).faults for one in around)
