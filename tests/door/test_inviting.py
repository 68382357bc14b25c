"""Invitations at the door: a personal link that opens nothing, and what it leads to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from jotgate.admission.grants import IssuedCode, Terms, people
from jotgate.outcomes import Verdict
from jotgate.speaking import IN_ENGLISH
from tests.door.site import DOOR, SITE_URL, Site, Visitor, embedded_ticket, running_site, ticket_in
from tests.door.test_cookies import set_cookies

JSON = {"Accept": "application/json"}
ACCEPT = f"{DOOR}/invitation"


def page_of_the_site(environ: Any, start_response: Any) -> list[bytes]:
    """Be a page that embeds the form."""
    body = environ["jotgate.visit"].embed("students").encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [body]


@pytest.fixture(scope="module")
def plain_site() -> Iterator[Site]:
    """Return a site without a login of its own."""
    with running_site(page_of_the_site) as running:
        yield running


@pytest.fixture(scope="module")
def site(plain_site: Site) -> Site:
    """Return the same site with a login."""
    return plain_site.restarted(subject_loader=lambda environ: environ.get("REMOTE_USER"))


@pytest.fixture(scope="module")
def app_only(plain_site: Site) -> Site:
    """Return the site with its login, where the form takes no codes."""
    forms = {"students": plain_site.mapping["forms"]["students"] | {"access": "app"}}
    return plain_site.restarted(forms=forms, subject_loader=lambda environ: environ.get("REMOTE_USER"))


def link(site: Site, subject: str, **terms: Any) -> str:
    """Return the path of a personal link."""
    return site.parts.invitations.link("students", subject=subject, **terms).removeprefix(SITE_URL)


def come(visitor: Visitor, path: str, *, user: str = "", method: str = "GET", **options: Any) -> TestResponse:
    """Ask for *path* as somebody whom the site's login calls *user*."""
    return visitor.open(path, method=method, environ_overrides={"REMOTE_USER": user}, **options)


def issued(site: Site, subject: str) -> list[IssuedCode]:
    """Return a new code of *subject*."""
    return list(site.parts.grants.create(Terms(form="students"), people(subjects=[subject])))


def invitation_in(page: TestResponse) -> str:
    """Return what the page's button posts."""
    return unescape(re.findall(r'name="invitation" value="([^"]*)"', page.text)[0])


def test_it_leads_to_the_page_that_asks_for_the_code(plain_site: Site) -> None:
    """Nothing is open by it, and the right code opens the form as ever."""
    visitor = plain_site.visitor()
    page = visitor.get(link(plain_site, "s-1"))
    assert page.status_code == 200
    assert "You are invited" in page.text
    assert "sign in" not in page.text
    assert 'name="code"' in page.text
    assert set_cookies(page).keys() == {"jotgate"}
    assert visitor.enter(plain_site.code()).status_code == 303


def test_the_person_invited_opens_the_form_with_one_button(site: Site) -> None:
    """Signed in: a page with a button, which leads to a pass and a clean address in one step, on one clock."""
    visitor = site.visitor()
    page = come(visitor, link(site, "s-1"), user="s-1")
    assert page.status_code == 200
    assert 'name="code"' not in page.text
    assert f'action="{ACCEPT}"' in page.text
    given = {"data": {"invitation": invitation_in(page)}}
    answer = come(visitor, ACCEPT, user="s-1", method="POST", **given)
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
    shown = visitor.get(DOOR).text
    assert ticket_in(shown)
    assert "Opened for <bdi>s-1</bdi>" in shown


def test_the_link_may_be_opened_again_and_elsewhere(site: Site) -> None:
    """It is durable: on another device of the same person it leads to the same ticket."""
    tickets = []
    for visitor in site.visitor(), site.visitor():
        page = come(visitor, link(site, "s-2"), user="s-2")
        answer = come(visitor, ACCEPT, user="s-2", method="POST", data={"invitation": invitation_in(page)})
        assert answer.status_code == 303
        tickets.append(ticket_in(visitor.get(DOOR).text))
    assert len(set(tickets)) == 1


def test_somebody_else_is_told_so(site: Site) -> None:
    """Signed in as another person: 403, without the name of who was invited; the button's post is refused, too."""
    path = link(site, "s-one-of-a-kind")
    answer = come(site.visitor(), path, user="s-9")
    assert answer.status_code == 403
    assert "This invitation is for somebody else" in answer.text
    assert "s-one-of-a-kind" not in answer.text
    assert 'name="code"' in answer.text
    text = path.partition("invitation=")[2]
    posted = come(site.visitor(), ACCEPT, user="s-9", method="POST", data={"invitation": text})
    assert posted.status_code == 403
    error = json.loads(come(site.visitor(), path, user="s-9", headers=JSON).text)["error"]
    assert error["reason"] == "not_invited"


def test_who_is_not_signed_in_posts_in_vain(site: Site) -> None:
    """401: the signed text alone is worth nothing, which is why it may be mailed."""
    text = link(site, "s-1").partition("invitation=")[2]
    answer = come(site.visitor(), ACCEPT, method="POST", data={"invitation": text}, headers=JSON)
    assert answer.status_code == 401
    assert json.loads(answer.text)["error"]["reason"] == "not_signed_in"
    assert set_cookies(answer) == {}


def test_a_form_without_codes_asks_for_the_sites_login(app_only: Site, plain_site: Site) -> None:
    """401 with what to do; signed in, the form opens; and a site without a login says that it opens from the app."""
    path = link(app_only, "s-3")
    answer = come(app_only.visitor(), path)
    assert answer.status_code == 401
    assert "Please sign in first" in answer.text
    assert 'name="code"' not in answer.text
    visitor = app_only.visitor()
    page = come(visitor, path, user="s-3")
    answer = come(visitor, ACCEPT, user="s-3", method="POST", data={"invitation": invitation_in(page)})
    visitor.get(answer.headers["Location"])
    assert ticket_in(visitor.get(DOOR).text)
    forms = {"students": plain_site.mapping["forms"]["students"] | {"access": "app"}}
    without = plain_site.restarted(forms=forms)
    assert "This form opens only from the app" in without.visitor().get(path).text


def test_an_invitation_ends(site: Site) -> None:
    """After its end: 403, with the moment, and with the field for a code; its button is refused, too."""
    path = link(site, "s-4", until=site.clock.now() + 60)
    visitor = site.visitor()
    text = invitation_in(come(visitor, path, user="s-4"))
    site.clock.ahead_seconds += 61
    answer = come(visitor, path, user="s-4")
    assert answer.status_code == 403
    assert "This invitation has expired" in answer.text
    assert "This one stopped working" in answer.text
    assert 'name="code"' in answer.text
    posted = come(visitor, ACCEPT, user="s-4", method="POST", data={"invitation": text})
    assert posted.status_code == 403


@pytest.mark.parametrize("text", ["", "garbage", "A" * 40, "%ff", "x" * 5_000])
def test_what_is_no_invitation_of_ours_opens_nothing_and_is_told(site: Site, text: str) -> None:
    """The page says so and asks for a code, and the post leads there."""
    page = come(site.visitor(), f"{DOOR}?invitation={text}", user="s-1")
    assert page.status_code == 200
    assert "You are invited" not in page.text
    assert (IN_ENGLISH.say("code.spoilt_invitation") in unescape(page.text)) == bool(text)
    assert 'name="code"' in page.text
    answer = come(site.visitor(), ACCEPT, user="s-1", method="POST", data={"invitation": text})
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_another_sites_page_cannot_press_the_button(site: Site, headers: dict[str, str]) -> None:
    """403, and no token is made."""
    text = link(site, "s-1").partition("invitation=")[2]
    answer = come(
        site.visitor(), ACCEPT, user="s-1", method="POST", data={"invitation": text}, headers=headers
    )
    assert answer.status_code == 403
    assert "Location" not in answer.headers


def accept(site: Site, visitor: Visitor, subject: str, path: str) -> TestResponse:
    """Come by an invitation, press its button; return the answer."""
    page = come(visitor, path, user=subject)
    return come(visitor, ACCEPT, user=subject, method="POST", data={"invitation": invitation_in(page)})


def test_one_invitation_is_one_submission_whichever_way_its_person_comes(site: Site) -> None:
    """A link that was used opens nothing more, nor does a code; the page says what to do, and when it was sent."""
    path, visitor = link(site, "s-11"), site.visitor()
    accept(site, visitor, "s-11", path)
    [code] = [one.code for one in issued(site, "s-11")]
    by_code = site.visitor()
    assert by_code.enter(code).status_code == 303
    sent = [
        site.sandbox.submit(site.form_id, {"jotgate": ticket_in(who.get(DOOR).text)})
        for who in (visitor, by_code)
    ]
    site.sweep()
    assert [site.verdict(one) for one in sent] == [Verdict.VERIFIED, Verdict.OVER_LIMIT]
    assert "This form was one too many" in by_code.get(DOOR).text
    again = accept(site, site.visitor(), "s-11", path)
    assert again.status_code == 403
    assert "You already sent this form" in again.text
    assert (
        "If you need to send it again, or if that was not you, ask the person who sent you here" in again.text
    )
    [late] = [one.code for one in issued(site, "s-11")]
    refused = site.visitor().enter(late)
    assert refused.status_code == 403
    assert "You already sent this form" in refused.text
    assert 'name="code"' in refused.text
    newer = accept(site, site.visitor(), "s-11", link(site, "s-11", uses=2))
    assert newer.status_code == 303


def test_an_invitation_that_was_revoked_opens_nothing(site: Site) -> None:
    """The page says that it was cancelled, and one that is made later is good."""
    path = link(site, "s-12")
    assert site.parts.inviting.revoke("students", "s-12", actor="the tests")
    page = accept(site, site.visitor(), "s-12", path)
    assert page.status_code == 403
    assert "This invitation was cancelled" in page.text
    site.clock.ahead_seconds += 1
    assert accept(site, site.visitor(), "s-12", link(site, "s-12")).status_code == 303


def test_a_form_with_a_page_of_its_own_is_invited_to_there(plain_site: Site) -> None:
    """The page that embeds the form shows the same, and the form in the end."""
    forms = {"students": plain_site.mapping["forms"]["students"] | {"page": "/members"}}
    site = plain_site.restarted(forms=forms, subject_loader=lambda environ: environ.get("REMOTE_USER"))
    path = link(site, "s-5")
    assert path.startswith("/members?invitation=")
    assert 'name="code"' in come(site.visitor(), path).text
    assert "for somebody else" in come(site.visitor(), path, user="s-9").text
    visitor = site.visitor()
    page = come(visitor, path, user="s-5")
    answer = come(visitor, ACCEPT, user="s-5", method="POST", data={"invitation": invitation_in(page)})
    assert answer.headers["Location"] == "/members"
    assert embedded_ticket(visitor, come(visitor, path, user="s-5").text)
