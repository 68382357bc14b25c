"""`/enter`: how app tokens are taken, and what else is worth nothing there."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from jotgate import mint_token
from jotgate.door.returning import return_address
from jotgate.outcomes import Verdict
from jotgate.signed import segments
from jotgate.signed.proofs import key_thumbprint
from tests.door.site import DOOR, SITE_URL, Site, Visitor, embedded_ticket, frame_in, running_site, ticket_in
from tests.door.test_cookies import set_cookies

JSON = {"Accept": "application/json"}
ENTER = f"{DOOR}/enter"
RETURN_URL = "fieldapp://forms/done?from=students"


class Field:
    """A site whose form opens from an app, and the app's backend."""

    def __init__(self, site: Site, secret: str) -> None:
        self.site = site
        self.secret = secret

    def token(self, subject: str = "u-7", **claims: Any) -> str:
        """Mint a token."""
        given = {"app": "ios", "form": "students", "now": self.site.clock.now()}
        return mint_token(self.secret, subject=subject, **given | claims)

    def visitor(self, **options: Any) -> Visitor:
        """Return a web view that was never here before."""
        return self.site.visitor(**options)

    def opened(self, subject: str) -> Visitor:
        """Return a web view with the form open."""
        visitor = self.visitor()
        assert visitor.get(ENTER, query_string={"token": self.token(subject)}).status_code == 303
        return visitor


@pytest.fixture(scope="module")
def field() -> Iterator[Field]:
    """Return a site whose form opens from an app only."""
    with running_site(form={"access": "app"}) as site:
        yield Field(site, site.app_secret(return_url=RETURN_URL))


@pytest.fixture(scope="module")
def either() -> Iterator[Field]:
    """Return a site whose form opens from an app or with a code."""
    with running_site(form={"access": ["code", "app"]}) as site:
        yield Field(site, site.app_secret())


@pytest.fixture(scope="module")
def payment() -> Iterator[Field]:
    """Return a site whose form runs at JotForm's own address."""
    with running_site(form={"access": ["app", "code"], "display": "redirect"}) as site:
        yield Field(site, site.app_secret())


@pytest.fixture(scope="module")
def school() -> Iterator[Field]:
    """Return a site that embeds an app-only form."""

    def page(environ: Any, start_response: Any) -> list[bytes]:
        body = environ["jotgate.visit"].embed("students").encode()
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [body]

    with running_site(page, form={"access": "app", "page": "/members"}) as site:
        yield Field(site, site.app_secret(return_url=RETURN_URL))


@pytest.fixture(scope="module")
def bound() -> Iterator[Field]:
    """Return a site whose app has to prove a key."""
    with running_site(form={"access": "app"}) as site:
        yield Field(site, site.app_secret("bound", needs_proof=True))


@pytest.fixture
def subject() -> str:
    """Return a user of the app who was never here before."""
    return f"u-{secrets.token_hex(4)}"


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {token}"}


def app_link(answer: TestResponse) -> dict[str, str]:
    """Return the way back to the app in a page: its address, and what the script tells the web view."""
    (line,) = re.findall(r'<p class="jotgate-outcome"[^>]*>.*?</p>', answer.text, re.DOTALL)
    told = dict(re.findall(r'data-(\w+)="([^"]*)"', line))
    href = re.search(r'href="([^"]*)"', line)
    return told | ({"href": unescape(href[1])} if href else {})


@pytest.mark.parametrize("way", ["header", "small header", "address", "post", "post with the address"])
def test_a_token_becomes_a_pass_at_an_address_without_it(field: Field, subject: str, way: str) -> None:
    """By header, address or posted field: 303 with cookies that phones keep; then the form."""
    token, visitor = field.token(subject), field.visitor()
    answer = {
        "header": lambda: visitor.get(ENTER, headers=bearer(token)),
        "small header": lambda: visitor.get(ENTER, headers=bearer(token, "bearer")),
        "address": lambda: visitor.get(ENTER, query_string={"token": token}),
        "post": lambda: visitor.post(ENTER, data={"token": token}),
        "post with the address": lambda: visitor.post(ENTER, query_string={"token": token}),
    }[way]()
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
    assert answer.headers["Cache-Control"] == "no-store"
    cookies = set_cookies(answer)
    assert cookies.keys() == {"jotgate-students", "jotgate"}
    assert all("Max-Age=" in attributes and "HttpOnly" in attributes for attributes in cookies.values())
    assert token not in str(answer.headers)
    page = visitor.get(DOOR)
    assert ticket_in(page.text)
    assert f"Opened for <bdi>{subject}</bdi>" in page.text
    assert "Not you? Leave the form" in page.text


def test_its_cookies_are_those_of_a_code(field: Field, subject: str) -> None:
    """Over TLS bound to the host, HttpOnly and Lax; inside a named parent's frame, partitioned."""
    url = "https://school.example"
    for parents, wanted in (
        ([], {"SameSite=Lax"}),
        (["https://portal.example"], {"SameSite=None", "Partitioned"}),
    ):
        site = field.site.restarted(site_url=url, frame_parents=parents)
        answer = site.visitor(base_url=url).get(ENTER, query_string={"token": field.token(subject)})
        cookies = set_cookies(answer)
        assert cookies.keys() == {"__Host-jotgate-students", "__Host-jotgate"}
        for attributes in cookies.values():
            assert {"Secure", "HttpOnly", "Path=/"} | wanted <= set(attributes.split("; "))
            assert "Domain" not in attributes


def test_a_form_with_a_page_of_its_own_is_opened_there() -> None:
    """303 to the form's `page`, under the path where the site is mounted."""
    with running_site(form={"access": "app", "page": "/members"}) as site:
        field = Field(site, site.app_secret())
        answer = field.visitor().get(
            ENTER, query_string={"token": field.token()}, environ_overrides={"SCRIPT_NAME": "/school"}
        )
        assert answer.headers["Location"] == "/school/members"


def test_the_header_comes_before_the_address(field: Field, subject: str) -> None:
    """With both, the header's token is redeemed and the other stays good; a header that is none counts for nothing."""
    visitor, in_header, in_address = field.visitor(), field.token(subject), field.token(subject)
    given = {"query_string": {"token": in_address}}
    assert visitor.get(ENTER, headers=bearer(in_header), **given).status_code == 303
    assert field.visitor().get(ENTER, headers=bearer(in_header)).status_code == 403
    assert field.visitor().get(ENTER, headers={"Authorization": "Basic eDp5"}, **given).status_code == 303


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_copied_link_opens_nothing_in_another_browser(
    field: Field, subject: str, headers: dict[str, str]
) -> None:
    """The second browser: 403, in plain words, with a reference and the way back to the app; no cookie, no form."""
    token = field.token(subject)
    field.visitor().get(ENTER, query_string={"token": token})
    thief = field.visitor()
    answer = thief.get(ENTER, query_string={"token": token}, headers=headers)
    assert answer.status_code == 403
    assert set_cookies(answer) == {}
    if headers:
        error = json.loads(answer.text)["error"]
        assert error.keys() == {"reason", "message", "ref"}
        assert error["reason"] == "token_used"
        return
    assert "This link was already used" in answer.text
    assert "A copy of it opens nothing" in answer.text
    assert 'name="code"' not in answer.text
    assert token not in answer.text
    told = app_link(answer)
    assert told["state"] == "refused"
    query = parse_qs(urlsplit(told["href"]).query)
    assert query == {"from": ["students"], "state": ["refused"], "ref": [told["ref"]]}
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", told["ref"])
    assert "<iframe" not in thief.get(DOOR).text


def test_a_web_view_that_was_killed_loads_its_first_address_again(field: Field, subject: str) -> None:
    """With its cookies, the used token leads to the form as before, also when its minute is over; without, 403.

    The header that the app set the first time is gone by then: that is a reload without a token.
    """
    token, visitor = field.token(subject), field.visitor()
    visitor.get(ENTER, query_string={"token": token})
    ticket = ticket_in(visitor.get(DOOR).text)
    for again in ({"query_string": {"token": token}}, {"headers": bearer(token)}, {}):
        answer = visitor.get(ENTER, **again)
        assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
        assert set_cookies(answer) == {}
        assert ticket_in(visitor.get(DOOR).text) == ticket
    assert field.visitor().get(ENTER, query_string={"token": token}).status_code == 403
    field.site.clock.ahead_seconds += 600
    assert visitor.get(ENTER, query_string={"token": token}).status_code == 303


def test_without_a_token_and_a_pass_the_door_says_where_the_form_opens(field: Field) -> None:
    """303 to the door, which is 403: from the app only; without a field for a code, with the way back to the app."""
    visitor = field.visitor()
    assert visitor.get(ENTER).headers["Location"] == DOOR
    answer = visitor.get(DOOR)
    assert answer.status_code == 403
    assert "This form opens only from the app" in answer.text
    assert 'name="code"' not in answer.text
    assert app_link(answer)["href"] == f"{RETURN_URL}&state=refused&ref=APP_ONLY"
    assert json.loads(visitor.get(DOOR, headers=JSON).text)["error"]["reason"] == "app_only"


def test_a_fresh_token_takes_the_ticket_over(field: Field, subject: str) -> None:
    """The same user in another browser goes on with the same ticket, without being asked; the first is let go."""
    first = field.opened(subject)
    ticket = ticket_in(first.get(DOOR).text)
    second = field.opened(subject)
    assert ticket_in(second.get(DOOR).text) == ticket
    before = f"jotgate-students={first.cookie('jotgate-students')}"
    elsewhere = field.site.restarted().visitor(keeps_cookies=False)
    told = elsewhere.get(DOOR, headers={"Cookie": before})
    assert told.status_code == 403
    assert "<iframe" not in told.text
    assert "This form is no longer open here" in told.text
    assert app_link(told)["href"] == f"{RETURN_URL}&state=refused&ref=MOVED_AWAY"


class TestSeveralScreens:
    """One person with several pages of one form: each is judged by what it was given, and hears of its own."""

    @staticmethod
    def page(
        field: Field, visitor: Visitor, subject: str, place: str
    ) -> tuple[dict[str, str], Callable[..., str]]:
        """Tap a place in the app; return what its page fills in, and how the page reports or asks."""
        token = field.token(subject, prefill={"name": place}, locked=["name"])
        visitor.get(ENTER, query_string={"token": token})
        html = visitor.get(DOOR).text
        sent_url = unescape(re.findall(r'data-sent-url="([^"]+)"', html)[0])
        state_url = unescape(re.findall(r'data-state-url="([^"]+)"', html)[0])

        def told(*, says_sent: bool = False) -> str:
            ask = partial(visitor.post, sent_url) if says_sent else partial(visitor.get, state_url)
            return str(ask(headers=JSON).get_json()["state"])

        return {"jotgate": ticket_in(html), "name": prefilled(html)["name"]}, told

    @pytest.mark.parametrize("screens", ["two tabs", "two devices"])
    def test_either_page_may_be_sent(self, field: Field, subject: str, screens: str) -> None:
        """Whichever is sent counts, and a second one does not; both pages say so."""
        for first, second in ((0, 1), (1, 0)):
            user, phone = f"{subject}-{first}", field.visitor()
            other = phone if screens == "two tabs" else field.visitor()
            pages = [self.page(field, phone, user, "place 1"), self.page(field, other, user, "place 2")]
            assert [given["name"] for given, _ in pages] == ["place 1", "place 2"]
            ids = [field.site.sandbox.submit(field.site.form_id, pages[first][0])]
            assert pages[first][1](says_sent=True) == "sent"
            field.site.sweep()
            assert [told() for _, told in pages] == ["verified", "verified"]
            ids.append(field.site.sandbox.submit(field.site.form_id, pages[second][0]))
            # What it has sent itself has not been read yet.
            assert pages[second][1](says_sent=True) == "sent"
            field.site.sweep()
            assert [field.site.verdict(one) for one in ids] == [Verdict.VERIFIED, Verdict.REPLAYED]
            assert [pages[number][1]() for number in (first, second)] == ["verified", "replayed"]

    def test_no_page_is_judged_by_another_ones_values(self, field: Field, subject: str) -> None:
        """What was locked at one opening is tampered with by what another filled in."""
        phone = field.visitor()
        (one, told_one), (two, told_two) = (
            self.page(field, phone, subject, place) for place in ("place 1", "place 2")
        )
        mixed = field.site.sandbox.submit(field.site.form_id, one | {"name": "place 2"})
        assert told_one(says_sent=True) == "sent"
        field.site.sweep()
        assert (field.site.verdict(mixed), told_one()) == (Verdict.TAMPERED, "tampered")
        honest = field.site.sandbox.submit(field.site.form_id, two)
        assert told_two(says_sent=True) == "sent"
        field.site.sweep()
        assert (field.site.verdict(honest), told_two(), told_one()) == (
            Verdict.VERIFIED,
            "verified",
            "tampered",
        )

    def test_a_verdict_that_is_not_good_reaches_everybody(self, field: Field, subject: str) -> None:
        """The page, `/state`, the app and the site: nobody goes on waiting for a form that does not count."""
        phone, standings = field.visitor(), field.site.parts.standings
        given, told = self.page(field, phone, subject, "place 1")
        submission = field.site.sandbox.submit(field.site.form_id, given | {"name": "elsewhere"})
        assert told(says_sent=True) == "sent"
        assert standings.has_submitted("students", subject=subject).state == "pending"
        field.site.sweep()
        assert told() == "tampered"
        assert standings.has_submitted("students", subject=subject).state == "none"
        page = phone.get(DOOR)
        assert "A fixed answer was changed" in page.text
        assert "state=tampered" in app_link(page)["href"]
        by_the_owner: dict[str, Any] = {"actor": "the owner", "reason": "seen", "now": field.site.clock.now()}
        field.site.parts.store.rule(submission, accept=True, **by_the_owner)
        assert told() == "accepted"
        assert "state=accepted" in app_link(phone.get(DOOR))["href"]
        assert standings.has_submitted("students", subject=subject).state == "accepted"

    def test_revoking_the_app_ends_every_opening(self, subject: str) -> None:
        """Whatever page is sent afterwards."""
        with running_site(form={"access": "app"}) as site:
            own, phone = Field(site, site.app_secret()), site.visitor()
            pages = [self.page(own, phone, subject, place) for place in ("place 1", "place 2")]
            assert site.parts.apps.revoke("ios", actor="the owner")
            ids = [site.sandbox.submit(site.form_id, given, at=site.clock.now() + 2) for given, _ in pages]
            site.clock.ahead_seconds += 60
            site.sweep()
            assert {site.verdict(one) for one in ids} == {Verdict.REVOKED}
            assert {told() for _, told in pages} == {"revoked"}


class TestBlockedCookies:
    """A browser that keeps no cookies, as one of today says of its requests, and as an old one does not."""

    SAYS: ClassVar = {
        "Sec-Fetch-Site": "none",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }

    def test_it_is_told_what_is_wrong_and_how_to_allow_them(self, field: Field, subject: str) -> None:
        """Not that the form opens only from the app, from which it comes; the app hears the reason."""
        blocked = field.visitor(keeps_cookies=False)
        given = {"query_string": {"token": field.token(subject)}, "headers": self.SAYS}
        told = blocked.get(ENTER, **given, follow_redirects=True)
        assert told.status_code == 403
        assert "This browser keeps no cookies" in told.text
        assert "allow cookies for our site" in told.text
        assert app_link(told)["href"] == f"{RETURN_URL}&state=refused&ref=COOKIES_BLOCKED"
        assert "allow cookies for our site first" in field.visitor().get(DOOR).text

    @pytest.mark.parametrize("way", ["token", "code"])
    def test_one_that_keeps_them_comes_to_a_clean_address(
        self, either: Field, subject: str, way: str
    ) -> None:
        """By way of the door the first time, and at once when it is known."""
        visitor = either.visitor()
        for first in (True, False):
            if way == "token":
                given: dict[str, Any] = {"query_string": {"token": either.token(subject)}}
                answer = visitor.get(ENTER, **given, headers=self.SAYS)
            else:
                says = self.SAYS | {"Sec-Fetch-Site": "same-origin"}
                answer = visitor.enter(either.site.code(), headers=says)
            assert answer.status_code == 303
            assert (answer.headers["Location"] == DOOR) is not first
            led = visitor.get(answer.headers["Location"], headers=self.SAYS)
            if first:
                assert (led.status_code, led.headers["Location"]) == (303, DOOR)
        assert "<iframe" in visitor.get(DOOR).text

    def test_a_page_of_the_sites_own_is_reached_by_way_of_the_door(self, school: Field, subject: str) -> None:
        """The site's page never sees how the browser was looked at."""
        visitor = school.visitor()
        answer = visitor.get(ENTER, query_string={"token": school.token(subject)}, headers=self.SAYS)
        assert urlsplit(answer.headers["Location"]).path == DOOR
        led = visitor.get(answer.headers["Location"], headers=self.SAYS)
        assert (led.status_code, led.headers["Location"]) == (303, "/members")

    def test_a_right_code_in_such_a_browser_is_no_loop(self, either: Field) -> None:
        """The page offers the door again, for when cookies are allowed; inside another page, in a window of its own."""
        for framed in (False, True):
            blocked = either.visitor(keeps_cookies=False, navigates=False)
            says = (
                self.SAYS
                | {"Sec-Fetch-Site": "same-origin"}
                | ({"Sec-Fetch-Dest": "iframe"} if framed else {})
            )
            told = blocked.enter(either.site.code(), headers=says, follow_redirects=True)
            assert told.status_code == 403
            assert "This browser keeps no cookies" in told.text
            assert (f'href="{DOOR}" target="_blank"' in told.text) is framed
            assert f'href="{DOOR}"' in told.text

    def test_the_way_by_the_door_is_nobody_elses(self, field: Field) -> None:
        """What we did not sign leads nowhere."""
        for text in ("", "/members", "https://evil.example/", "x" * 5000):
            answer = field.visitor().get(DOOR, query_string={"keeps": text})
            assert answer.status_code == 403
            assert "This form opens only from the app" in answer.text


def prefilled(html: str) -> dict[str, str]:
    """Return what the form in a page is filled in with, by field."""
    return {name: values[0] for name, values in parse_qs(urlsplit(frame_in(html)).query).items()}


def test_another_user_of_the_same_phone_gets_a_pass_of_their_own(field: Field) -> None:
    """A new pass, a new ticket; what the first one held opens nothing any more (no session is fixed)."""
    phone = field.opened("first-user")
    before, ticket = phone.cookie("jotgate-students"), ticket_in(phone.get(DOOR).text)
    phone.get(ENTER, query_string={"token": field.token("second-user")})
    page = phone.get(DOOR).text
    assert "second-user" in page
    assert ticket_in(page) != ticket
    assert phone.cookie("jotgate-students") != before
    held = {"Cookie": f"jotgate-students={before}"}
    assert "<iframe" not in field.visitor(keeps_cookies=False).get(DOOR, headers=held).text


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("HEAD", {"Authorization": "in the header"}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
        ("GET", {"X-Purpose": "preview"}),
        ("GET", {"X-Moz": "prefetch"}),
    ],
)
def test_what_is_fetched_ahead_never_spends_a_token(
    field: Field, subject: str, method: str, headers: dict[str, str]
) -> None:
    """204, empty, not kept, no cookie; and the token opens the form afterwards."""
    token = field.token(subject)
    if "Authorization" in headers:
        headers = bearer(token)
    answer = field.visitor().open(ENTER, method=method, query_string={"token": token}, headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert set_cookies(answer) == {}
    assert field.visitor().get(ENTER, query_string={"token": token}).status_code == 303


def bad_tokens(field: Field) -> dict[str, str]:
    """Return tokens that open nothing, by what the ledger says of them."""
    now = field.site.clock.now()
    good = field.token()
    others = secrets.token_urlsafe(32)
    return {
        "malformed": "garbage",
        "too_long": "x" * 60_000,
        "wrong_form": field.token(form="teachers"),
        "wrong_app": field.token(app="android"),
        "not_yet_valid": field.token(now=now + 3_600),
        "unknown_key": mint_token(f"zzzzzzzz.{others}", app="ios", form="students", subject="u-7", now=now),
        "bad_signature": good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
    }


def test_every_bad_token_is_refused_in_one_wording(field: Field) -> None:
    """403, the same page but for the reference, whose entry in the ledger holds the exact fault."""
    pages = set()
    for fault, token in bad_tokens(field).items():
        for way in ({"headers": bearer(token)}, {"data": {"token": token}}):
            answer = field.visitor().post(ENTER, **way)
            assert answer.status_code == 403, fault
            ref = app_link(answer)["ref"]
            entry = field.site.parts.store.explain(ref)
            assert entry is not None
            assert (entry.event, entry.reason) == ("token.refused", fault)
            plain = re.sub(r'<p class="jotgate-outcome".*?</p>', "", answer.text, flags=re.DOTALL)
            pages.add(plain.replace(ref, ""))
    assert len(pages) == 1
    assert "This link does not open the form" in pages.pop()


def test_a_body_too_large_is_a_bad_token_and_not_read(field: Field) -> None:
    """5 MB in the field: the same 403, and so is it in the header."""
    huge = "x" * 5_000_000
    for way in ({"data": {"token": huge}}, {"headers": bearer(huge)}):
        answer = field.visitor().post(ENTER, headers=JSON | way.pop("headers", {}), **way)
        assert answer.status_code == 403
        assert json.loads(answer.text)["error"]["reason"] == "bad_token"


def test_a_token_too_large_beside_a_good_header_costs_nobody_the_token(field: Field, subject: str) -> None:
    """The header counts; whatever stands in the body is left unread."""
    answer = field.visitor().post(
        ENTER, headers=bearer(field.token(subject)), data={"token": "x" * 200_000, "next": "/elsewhere"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
    part = '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    answer = field.visitor().post(
        ENTER, headers=bearer(field.token(subject)) | kind, data=part * 1_200 + "--B--\r\n"
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)


def test_a_token_posted_by_another_site_is_taken(field: Field, subject: str) -> None:
    """An app's own page may send it: the token is the credential, and no cookie has a part in it."""
    headers = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    answer = field.visitor().post(ENTER, data={"token": field.token(subject)}, headers=headers)
    assert answer.status_code == 303


def test_a_form_that_takes_no_codes_refuses_every_code(field: Field) -> None:
    """A code of another time, right as it may be: 403, from the app only, in both kinds of answer and by `move`."""
    code = field.site.code()
    for path in (DOOR, f"{DOOR}/move"):
        visitor = field.visitor()
        answer = visitor.enter(code, door=path)
        assert answer.status_code == 403
        assert "This form opens only from the app" in answer.text
        assert json.loads(visitor.enter(code, door=path, headers=JSON).text)["error"]["reason"] == "app_only"
        assert visitor.cookie("jotgate-students") == ""


def test_a_form_that_takes_codes_asks_for_one_beside_a_refused_link(either: Field, subject: str) -> None:
    """The page says why, and has a field for the code, which opens the form."""
    token = either.token(subject)
    either.visitor().get(ENTER, query_string={"token": token})
    visitor = either.visitor()
    answer = visitor.get(ENTER, query_string={"token": token})
    assert answer.status_code == 403
    assert "This link was already used" in answer.text
    assert 'name="code"' in answer.text
    assert "Back to the app" not in answer.text
    assert visitor.enter(either.site.code()).status_code == 303
    assert 'name="code"' in either.visitor().get(DOOR).text


def test_a_minute_later_a_token_is_too_old(field: Field, subject: str) -> None:
    """And the page says so; 60 seconds more are given to clocks that disagree."""
    now = field.site.clock.now()
    late = field.visitor().get(ENTER, query_string={"token": field.token(subject, now=now - 130)})
    assert late.status_code == 403
    assert "This link is too old" in late.text
    in_time = field.visitor().get(ENTER, query_string={"token": field.token(subject, now=now - 100)})
    assert in_time.status_code == 303


def test_an_unknown_form_is_404_for_every_token(field: Field) -> None:
    """Also ahead of need."""
    for method in ("GET", "POST", "HEAD"):
        answer = field.visitor().open(
            "/jotgate/f/nobody/enter", method=method, query_string={"token": field.token()}
        )
        assert answer.status_code == 404


def test_no_token_is_in_our_logs(field: Field, subject: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a good one nor a refused one, at DEBUG, whichever way it came."""
    with caplog.at_level(logging.DEBUG):
        tokens = [field.token(subject), *bad_tokens(field).values()]
        for token in tokens:
            field.visitor().get(ENTER, query_string={"token": token})
            field.visitor().get(ENTER, headers=bearer(token))
    told = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert [token for token in tokens if len(token) > 20 and token[:200] in told] == []


class TestProof:
    """Apps whose tokens are worth nothing without the key that they name (RFC 9449)."""

    def proved(self, bound: Field, subject: str) -> tuple[str, Callable[..., dict[str, str]]]:
        """Return a token bound to a new key, and what makes the headers that prove the key."""
        key = Ed25519PrivateKey.generate()
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": segments.encode(key.public_key().public_bytes_raw())}
        token = bound.token(subject, app="bound", proof_key=key_thumbprint(jwk))

        def headers(method: str = "GET", address: str = SITE_URL + ENTER) -> dict[str, str]:
            claims = {
                "jti": secrets.token_hex(8),
                "htm": method,
                "htu": address,
                "iat": int(bound.site.clock.now()),
                "ath": segments.encode(hashlib.sha256(token.encode()).digest()),
            }
            proof = jwt.encode(claims, key, "EdDSA", headers={"typ": "dpop+jwt", "jwk": jwk})
            return bearer(token, "DPoP") | {"DPoP": proof}

        return token, headers

    def test_a_token_with_its_proof_opens_the_form(self, bound: Field, subject: str) -> None:
        """The header `DPoP` beside `Authorization: DPoP`, made for this method and this address."""
        _, headers = self.proved(bound, subject)
        assert bound.visitor().get(ENTER, headers=headers()).status_code == 303

    def test_a_stolen_token_alone_is_worth_nothing(self, bound: Field, subject: str) -> None:
        """Without the proof, or with one for another method or address: 403; the owner's own still opens the form."""
        token, headers = self.proved(bound, subject)
        stolen = [
            bearer(token),
            bearer(token, "DPoP"),
            headers(method="POST"),
            headers(address="https://elsewhere.example/enter"),
            headers(address=f"{SITE_URL}{DOOR}"),
        ]
        for each in stolen:
            assert bound.visitor().get(ENTER, headers=each).status_code == 403
        assert bound.visitor().get(ENTER, query_string={"token": token}).status_code == 403
        assert bound.visitor().get(ENTER, headers=headers()).status_code == 303

    def test_a_captured_request_is_worth_nothing(self, bound: Field, subject: str) -> None:
        """Token and proof as they went over the line, sent once more by somebody else: 403."""
        _, headers = self.proved(bound, subject)
        captured = headers()
        assert bound.visitor().get(ENTER, headers=captured).status_code == 303
        assert bound.visitor().get(ENTER, headers=captured).status_code == 403


class TestPrefill:
    """What the app fills in beforehand."""

    def test_it_stands_in_the_frames_address(self, field: Field, subject: str) -> None:
        """Percent-encoded, nested names too, beside the ticket; and it comes back in the submission."""
        prefill = {"name[first]": "Ada & Bo", "name[last]": "Ü=1"}
        visitor = field.visitor()
        visitor.get(ENTER, query_string={"token": field.token(subject, prefill=prefill)})
        page = visitor.get(DOOR).text
        frame = unescape(re.findall(r'<iframe[^>]* src="([^"]*)"', page)[0])
        query = parse_qs(urlsplit(frame).query)
        assert query.keys() == {"name[first]", "name[last]", "jotgate", "isIframeEmbed"}
        assert (query["name[first]"], query["name[last]"]) == (["Ada & Bo"], ["Ü=1"])

    def test_it_never_takes_the_tickets_place(self, field: Field, subject: str) -> None:
        """An app that fills in the ticket field itself changes nothing."""
        visitor = field.visitor()
        visitor.get(ENTER, query_string={"token": field.token(subject, prefill={"jotgate": "mine"})})
        ticket = ticket_in(visitor.get(DOOR).text)
        submission = field.site.sandbox.submit(field.site.form_id, {"jotgate": ticket})
        field.site.sweep()
        assert field.site.verdict(submission) is Verdict.VERIFIED


class TestTellingTheApp:
    """How the page tells the app what became of the form."""

    def test_each_state_leads_back_with_it(self, field: Field, subject: str) -> None:
        """Nothing while the form is open; then `sent`, then the verdict, with the same reference."""
        visitor = field.opened(subject)
        page = visitor.get(DOOR)
        told = app_link(page)
        assert told["state"] == ""
        assert "hidden" in page.text.partition('class="jotgate-outcome"')[2].partition(">")[0]
        visitor.post(f"{DOOR}/sent")
        sent = app_link(visitor.get(DOOR))
        field.site.sandbox.submit(field.site.form_id, {"jotgate": ticket_in(page.text)})
        field.site.sweep()
        done = app_link(visitor.get(DOOR))
        assert (sent["state"], done["state"]) == ("sent", "verified")
        assert told["ref"] == sent["ref"] == done["ref"]
        assert done["href"] == f"{RETURN_URL}&state=verified&ref={done['ref']}"
        assert done["form"] == "students"
        assert done["origin"] == ""

    def test_who_came_with_a_code_is_led_to_no_app(self, either: Field) -> None:
        """Neither a link nor a message."""
        visitor = either.visitor()
        visitor.enter(either.site.code())
        assert "jotgate-outcome" not in visitor.get(DOOR).text

    def test_nothing_in_a_request_says_where_it_leads(self, field: Field, subject: str) -> None:
        """Only the registered address does."""
        evil = {"return_url": "https://evil.example", "next": "//evil.example", "state": "x"}
        visitor = field.visitor()
        answer = visitor.get(ENTER, query_string={"token": field.token(subject), **evil})
        assert answer.headers["Location"] == DOOR
        for page in visitor.get(DOOR, query_string=evil), field.visitor().get(DOOR, query_string=evil):
            assert "evil.example" not in page.text

    def test_a_revoked_app_is_led_back_to_no_more(self, field: Field, subject: str) -> None:
        """Its tickets end with it, and so does its address."""
        secret = field.site.app_secret("lost", return_url="lost://done")
        token = mint_token(secret, app="lost", form="students", subject=subject, now=field.site.clock.now())
        field.site.parts.apps.revoke("lost", actor="the tests")
        answer = field.visitor().get(ENTER, query_string={"token": token})
        assert answer.status_code == 403
        assert "lost://" not in answer.text

    @pytest.mark.parametrize(
        ("return_url", "address"),
        [
            ("fieldapp://done", "fieldapp://done?state=sent&ref=7K-2"),
            ("fieldapp:done?a=1", "fieldapp:done?a=1&state=sent&ref=7K-2"),
            ("https://app.example/?", "https://app.example/?state=sent&ref=7K-2"),
            ("https://app.example/x?a=1&", "https://app.example/x?a=1&state=sent&ref=7K-2"),
        ],
    )
    def test_the_outcome_is_added_to_the_address(self, return_url: str, address: str) -> None:
        """Its own query stays."""
        assert return_address(return_url, state="sent", ref="7K-2") == address

    def test_a_site_to_return_to_may_be_sent_a_message(self) -> None:
        """To its exact origin, and to no other."""
        with running_site(form={"access": "app"}) as site:
            field = Field(site, site.app_secret(return_url="https://app.example:8443/back?x=1"))
            visitor = field.opened("u")
            visitor.post(f"{DOOR}/sent")
            assert app_link(visitor.get(DOOR))["origin"] == "https://app.example:8443"


class TestRedirect:
    """Forms that are shown at JotForm's own address."""

    def test_the_door_leads_to_jotform_with_the_ticket(self, payment: Field, subject: str) -> None:
        """303 to the form without a frame, prefilled; the submission counts, and the door says so."""
        visitor = payment.visitor()
        token = payment.token(subject, prefill={"name[first]": "Ada"})
        visitor.get(ENTER, query_string={"token": token})
        answer = visitor.get(DOOR)
        assert answer.status_code == 303
        there = urlsplit(answer.headers["Location"])
        query = parse_qs(there.query)
        assert f"{there.scheme}://{there.netloc}" == payment.site.sandbox.api
        assert query.keys() == {"name[first]", "jotgate"}
        done = visitor.get(f"{DOOR}/done")
        assert f'data-sent-url="{DOOR}/sent"' in done.text
        payment.site.sandbox.submit(payment.site.form_id, {"jotgate": query["jotgate"][0]})
        assert visitor.post(f"{DOOR}/sent").status_code == 303
        assert 'data-state="sent"' in visitor.get(DOOR).text
        payment.site.sweep()
        assert 'data-state="verified"' in visitor.get(DOOR).text

    def test_the_policy_lets_its_forms_lead_there(self, payment: Field, field: Field) -> None:
        """Browsers hold redirects against `form-action`; a site without such forms allows only itself."""
        for one, sources in ((payment, f" {payment.site.sandbox.api}"), (field, "")):
            policy = one.visitor().get(DOOR).headers["Content-Security-Policy"]
            assert re.search(rf"form-action 'self'{re.escape(sources)}", policy)
            assert ("http" in policy.partition("form-action")[2].partition(";")[0]) == bool(sources)

    def test_a_frame_is_told_nothing_of_it(self, field: Field) -> None:
        """The thank-you page of a form in a frame reports nothing by itself: it gets no cookie there."""
        assert "data-sent-url" not in field.visitor().get(f"{DOOR}/done").text


class TestEmbed:
    """The same inside a page of the site's own."""

    def test_a_stranger_is_told_that_it_opens_from_the_app(self, school: Field) -> None:
        """In place of the form, with the way back to the app."""
        page = school.visitor().get("/members")
        assert page.status_code == 200
        assert "This form opens only from the app" in page.text
        assert 'name="code"' not in page.text
        assert app_link(page)["href"].startswith(RETURN_URL)

    def test_the_app_opens_it_there(self, school: Field, subject: str) -> None:
        """By the page, and later with what became of it."""
        visitor = school.visitor()
        answer = visitor.get(ENTER, query_string={"token": school.token(subject)})
        page = visitor.get(answer.headers["Location"])
        assert embedded_ticket(visitor, page.text)
        visitor.post(f"{DOOR}/sent")
        assert app_link(visitor.get("/members"))["state"] == "sent"

    def test_a_form_at_jotforms_own_address_is_a_button(self, school: Field, subject: str) -> None:
        """Which leads there with the ticket, by way of our own address: the page holds no ticket."""
        forms = {"students": school.site.mapping["forms"]["students"] | {"display": "redirect"}}
        other = school.site.restarted(forms=forms)
        visitor = other.visitor()
        visitor.get(ENTER, query_string={"token": school.token(subject)})
        page = visitor.get("/members").text
        assert "<iframe" not in page
        assert "jotgate=" not in page
        [ours] = re.findall(r'<a class="jotgate-button" href="([^"]+)"', page)
        led = visitor.get(unescape(ours)).headers["Location"]
        assert re.match(rf"{other.sandbox.api}/\d+\?jotgate=", led)


@given(text=st.text(max_size=60) | st.text(alphabet="ey.AZ09-_=", max_size=200))
def test_no_text_in_a_tokens_place_breaks_the_door(field: Field, text: str) -> None:
    """Any text, in the address and posted: 403, or 303 where it is empty."""
    answers = [
        field.visitor().get(ENTER, query_string={"token": text}),
        field.visitor().post(ENTER, data={"token": text}),
    ]
    assert {answer.status_code for answer in answers} <= ({303} if not text.strip() else {403})


def test_no_bytes_in_a_tokens_place_break_the_door(field: Field) -> None:
    """Queries, headers and bodies that are no text: 403 or 303."""
    odd = [
        field.visitor().get(f"{SITE_URL}{ENTER}", environ_overrides={"QUERY_STRING": "token=%ff%fe"}),
        field.visitor().get(ENTER, environ_overrides={"HTTP_AUTHORIZATION": "Bearer \xff\xfe"}),
        field.visitor().get(ENTER, environ_overrides={"HTTP_AUTHORIZATION": "Bearer"}),
        field.visitor().post(ENTER, data=b"token=%ff", content_type="application/x-www-form-urlencoded"),
        field.visitor().post(ENTER, data=b"\xff", content_type="multipart/form-data; boundary=x"),
    ]
    assert {answer.status_code for answer in odd} <= {303, 403}
