"""A form's door in the office: a pause that visitors read, what the settings say, and previews that can do nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from jotgate.protocols import EntryFilter
from tests.door.office.operators import OFFICE, change_in, overtaken, post, signed_in
from tests.door.site import DOOR, Site, Visitor, running_site

_PAGE = "/f/students/form"
_ATTACK = "</p><script>alert(1)</script>"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(form={"show_fields": ["name"], "access": ["code", "app"], "capacity": 40}) as site:
        yield site


@pytest.fixture(autouse=True)
def reopened(site: Site) -> Iterator[None]:
    yield
    site.parts.store.reopen_form("students", actor="the tests", now=0.0)


def press(visitor: Visitor, button: str, **fields: Any) -> TestResponse:
    """Press a button of the page as it is now, unless *fields* say what was seen."""
    found = re.search(r'name="seen" value="([^"]*)"', visitor.get(OFFICE + _PAGE).text)
    assert found
    return post(visitor, f"{_PAGE}/{button}", page=_PAGE, **{"seen": found[1], **fields})


def test_a_form_is_paused_with_a_sentence_and_reopened(site: Site) -> None:
    """Visitors read it at once, as text; the office says who it was, and the ledger too."""
    visitor = signed_in(site)
    assert '<h2 id="door">Open</h2>' in visitor.get(OFFICE + _PAGE).text
    paused = press(visitor, "pause", words=f"Back at noon. {_ATTACK}")
    assert paused.status_code == 303
    page = visitor.get(paused.location).text
    assert "Ms Vega paused the form today at" in page
    shut = site.visitor().get(DOOR)
    assert shut.status_code == 403
    for text in page, shut.text:
        assert f"Back at noon. {_ATTACK}" in unescape(text)
        assert _ATTACK not in text
    assert press(visitor, "reopen").status_code == 303
    assert site.visitor().get(DOOR).status_code == 200


@pytest.mark.parametrize(
    ("written", "shown"),
    [("24h", "1 day"), ("36h", "36 hours"), ("90m", "90 minutes"), ("90s", "90 s"), (3600.5, "1 hour")],
)
def test_a_span_of_the_settings_is_shown_as_long_as_it_is(written: object, shown: str) -> None:
    """In one unit, and never rounded to another length."""
    with running_site(form={"ticket_ttl": written}) as site:
        page = " ".join(unescape(re.sub(r"<[^>]+>", " ", signed_in(site).get(OFFICE + _PAGE).text)).split())
    assert f" ticket_ttl {shown} pass_ttl " in page


def test_of_two_operators_the_second_is_told(site: Site) -> None:
    """A form that was paused meanwhile keeps the first one's sentence, and one that was reopened stays open."""
    first, second = signed_in(site), signed_in(site, "Mr Lund")
    press(first, "pause", words="the first")
    late = press(second, "pause", words="the second", seen="0.0")
    assert (late.status_code, "A colleague has paused or reopened" in late.text) == (409, True)
    assert "the second" in late.text
    assert "the first" in site.visitor().get(DOOR).text
    state = site.parts.gate.state("students")
    assert state is not None
    press(first, "reopen")
    assert press(second, "pause", words="the third", seen=repr(state.paused_at)).status_code == 409
    assert press(second, "reopen").status_code == 303
    assert site.visitor().get(DOOR).status_code == 200


def test_a_second_click_pauses_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leads where the first one did, also if that is done only in the midst of it."""
    visitor = signed_in(site)
    for _ in range(2):
        assert press(visitor, "pause", words="once", seen="0.0").status_code == 303
    press(visitor, "reopen")
    data = {"change": change_in(visitor.get(OFFICE + _PAGE)), "words": "at once", "seen": "0.0"}

    def click() -> TestResponse:
        return visitor.post(f"{OFFICE}{_PAGE}/pause", data=data)

    first = overtaken(site.parts.store, "pause_form", click, monkeypatch)
    assert {one.status_code for one in (click(), *first)} == {303}
    entries = site.parts.store.entries(EntryFilter(events=("form.paused",)), limit=99)
    assert [one.entry.note for one in entries].count("at once") == 1


def test_a_sentence_that_is_too_long_is_sent_back(site: Site) -> None:
    """With what was typed, and nothing is paused."""
    refused = press(signed_in(site), "pause", words="x" * 301)
    assert (refused.status_code, "x" * 301 in refused.text) == (422, True)
    assert "at most 300 fit on the page." in refused.text
    assert site.visitor().get(DOOR).status_code == 200


def test_settings_are_shown(site: Site) -> None:
    """Those that decide, as the site reads them."""
    page = signed_in(site).get(OFFICE + _PAGE).text
    rows = dict(
        re.findall(
            r'<th scope="row"><code dir="ltr">(\w+)</code></th><td><bdi>(?:<code dir="ltr">)?([^<]*)<', page
        )
    )
    assert (rows["mode"], rows["access"]) == ("enforce", "code, app")
    assert rows["capacity"] == "40 places, 0 of them taken"
    assert rows["show_fields"] == "name"


def previews(visitor: Visitor) -> list[str]:
    """Return the address of every preview that the page shows."""
    return re.findall(r'<iframe src="([^"]+)"', visitor.get(OFFICE + _PAGE).text)


def test_every_page_is_previewed_and_can_do_nothing(site: Site) -> None:
    """The real templates: no script, no post, no address of the door's; nothing is written, nobody is let in."""
    visitor = signed_in(site)
    addresses = previews(visitor)
    assert len(addresses) >= 18
    for address in addresses:
        answer = visitor.get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status_code == 200, address
        assert "sandbox allow-same-origin" in policy
        assert "script-src 'none'" in policy
        assert "form-action 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "<script" not in answer.text
        assert not re.search(r'(?:href|action|src|url)="[^"]*/jotgate/f/', answer.text), address
        assert "Set-Cookie" not in answer.headers
    assert "Access code" in visitor.get(addresses[0]).text


def test_a_preview_shows_the_owners_own_words(site: Site) -> None:
    """What visitors would read now where the form is paused."""
    visitor = signed_in(site)
    press(visitor, "pause", words="Back at noon.")
    assert "Back at noon." in visitor.get(f"{OFFICE}{_PAGE}/preview/paused").text
    assert visitor.get(f"{OFFICE}{_PAGE}/preview/nothing").status_code == 404


def test_who_may_not_changes_nothing(site: Site) -> None:
    """A stranger and a teacher of one batch see nothing; who only looks has no button, and no post of theirs works."""
    for visitor in site.visitor(), signed_in(site, batches=["7b"]):
        for path in _PAGE, f"{_PAGE}/preview/door":
            assert visitor.get(OFFICE + path).status_code == 403
    looker = signed_in(site, may_change=False)
    assert "Pause the form" not in looker.get(OFFICE + _PAGE).text
    assert post(looker, f"{_PAGE}/pause", words="no", seen="0.0").status_code == 403
    assert site.visitor().get(DOOR).status_code == 200
