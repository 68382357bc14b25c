"""What a visitor sees of a form: one decision, at the door and inside a page of the site's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest

from tests.door.site import DOOR, SITE_URL, Site, Visitor, running_site, unknown_code


def page_of_the_site(environ: Any, start_response: Any) -> list[bytes]:
    """Be a page that embeds the form."""
    body = environ["jotgate.visit"].embed("students").encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [body]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(page_of_the_site) as running:
        yield running


def admitted(site: Site) -> Visitor:
    return site.admitted()


def stranger(site: Site) -> Visitor:
    return site.visitor()


def sent(site: Site) -> Visitor:
    visitor = site.admitted()
    visitor.post(f"{DOOR}/sent")
    return visitor


def moved_away(site: Site) -> Visitor:
    """Have a form open that was opened from the app in another browser since."""
    first, text = site.admitted(), site.code()
    first.enter(text)
    site.visitor().post(f"{DOOR}/move", data={"code": text})
    return first


def words(html: str) -> str:
    """Return the visible words of the one part of a page that is about the form."""
    part = re.search(r"(?s)<(main|section)\b.*?data-jotgate-root>(.*)</\1>", html)
    assert part, html
    shown = re.sub(r"(?s)<template.*?</template>|<[^>]+>", " ", part[2])
    return " ".join(unescape(shown).split())


@pytest.mark.parametrize(
    ("form", "visitor"),
    [
        ({}, stranger),
        ({}, admitted),
        ({}, sent),
        ({}, moved_away),
        ({"access": "app"}, stranger),
        ({"access": "app"}, moved_away),
        ({"access": "app"}, admitted),
        ({"opens_at": "2999-01-01T08:00"}, stranger),
        ({"capacity": 1}, admitted),
        ({"mode": "report"}, stranger),
        ({"ticket_field": "99"}, stranger),
    ],
    ids=lambda value: getattr(value, "__name__", None) or "-".join(map(str, value.values())) or "plain",
)
def test_the_door_and_a_page_that_embeds_it_say_the_same(
    site: Site, form: dict[str, Any], visitor: Callable[[Site], Visitor]
) -> None:
    """Word for word, whoever comes and whatever the form's settings are."""
    browser = visitor(site)
    own = site.restarted(forms={"students": site.mapping["forms"]["students"] | form})
    browser.application = own.gate
    at_the_door, embedded = browser.get(DOOR), browser.get("/students")
    assert words(embedded.text) == words(at_the_door.text)
    assert len(words(embedded.text)) > 20


def test_an_invitation_that_is_over_says_so_in_both_places(site: Site) -> None:
    """And asks for a code in both, since the form takes one."""
    own = site.restarted(subject_loader=lambda environ: None)
    now = own.clock.now()
    link = own.parts.invitations.link("students", subject="s-1", until=now + 60).removeprefix(SITE_URL)
    own.clock.ahead_seconds += 120
    try:
        pages = [own.visitor().get(path).text for path in (link, link.replace(DOOR, "/students"))]
    finally:
        own.clock.ahead_seconds -= 120
    assert "This invitation has expired" in pages[0]
    assert 'name="code"' in pages[0]
    assert words(pages[0]) == words(pages[1])


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("office@school.example", '<a href="mailto:office@school.example">'),
        ("https://school.example/office", '<a href="https://school.example/office">'),
        ("Room 12, or 0123 456", "You can ask here: <bdi>Room 12, or 0123 456</bdi></p>"),
        ('<script>"@', "&lt;script&gt;&#34;@"),
    ],
)
def test_the_site_says_who_it_is_and_whom_to_ask(contact: str, link: str) -> None:
    """Its name and logo stand at the top of every page, and whom to ask where somebody has no code or is refused."""
    about = {"site_name": "Hillside & Sons", "site_logo": "/static/crest.svg", "contact": contact}
    with running_site(**about) as site:
        for path in ("/jotgate/f/students", "/jotgate/f/nothing"):
            page = site.visitor().get(path).text
            assert "<bdi>Hillside &amp; Sons</bdi></a>" in page
            assert '<img class="jotgate-logo" src="/static/crest.svg" alt="">' in page
            assert link in page


def test_a_reference_is_one_that_the_office_can_look_up(site: Site) -> None:
    """A refusal without an entry in the ledger shows none, where the reason's own name could only puzzle people."""
    assert "Reference" in site.visitor().enter(unknown_code()).text
    for page in (site.visitor().get("/jotgate/f/nothing"), site.visitor().enter("AAAA-AAAA-AAAA")):
        assert page.status_code in (404, 422)
        assert "Reference" not in page.text


def test_a_paused_form_says_what_its_owner_says(site: Site) -> None:
    """At the door and in a page, to a stranger, to a right code and to who had it open; escaped, and until reopened.

    Every process follows at once: the one that paused it is another than the one that answers.
    """
    owner, admitted_before, code = site.restarted().parts, site.admitted(), site.code()
    said = 'Back at noon. <b>Sorry</b> & "thanks"'
    owner.store.pause_form("students", words=said, actor="mrs. k", now=owner.clock.now())
    shown = f"This form is paused {said}"
    try:
        for visitor in site.visitor(), admitted_before:
            for path in (DOOR, "/page"):
                page = visitor.get(path)
                assert page.status_code == (403 if path == DOOR else 200)
                assert words(page.text).endswith(shown) or shown in words(page.text)
                assert "<b>Sorry" not in page.text
                assert 'name="code"' not in page.text
        refused = site.visitor().enter(code, headers={"Accept": "application/json"})
        assert refused.status_code == 403
        assert refused.json["error"] == {
            "reason": "paused",
            "message": f"This form is paused. {said}",
            "ref": "PAUSED",
        }
    finally:
        owner.store.reopen_form("students", actor="mrs. k", now=owner.clock.now())
    assert "<iframe" in admitted_before.get(DOOR).text
    assert site.visitor().enter(code).status_code == 303
