"""T37: previewers and scanners spend no app's token, and the web views of apps open the form as before."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import flask
import pytest
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from jotgate import mint_token
from jotgate.door.navigating import is_navigation, is_previewer, is_unasked
from jotgate.flask import JotGate
from tests.door.site import DOOR, Site, Visitor, running_site, ticket_in
from tests.door.test_cookies import set_cookies

ENTER = f"{DOOR}/enter"
_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko)"
_PAGES = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_OPENS_A_PAGE = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

#: What previewers and scanners send, by the names that their makers publish.
PREVIEWERS = {
    "Slack": {
        "User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Accept": "*/*",
        "Range": "bytes=0-32768",
    },
    "Facebook": {
        "User-Agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Accept": "*/*",
        "Range": "bytes=0-524287",
    },
    "WhatsApp": {"User-Agent": "WhatsApp/2.23.20.0 A", "Accept": "*/*"},
    "X": {"User-Agent": "Twitterbot/1.0", "Accept": "*/*"},
    "Teams": {
        "User-Agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
        "Accept": "*/*",
    },
    "Outlook": {
        "User-Agent": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Chrome/120.0.0.0 Safari/537.36",
        "Accept": _PAGES,
    },
    "iMessage": {
        "User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko)"
        " Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "Accept": _PAGES,
        # It is made of the system's own browser.
        **_OPENS_A_PAGE,
    },
    "Discord": {"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"},
    "Telegram": {"User-Agent": "TelegramBot (like TwitterBot)"},
    "LinkedIn": {
        "User-Agent": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"
    },
    "Bing": {
        "User-Agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b"
    },
    "a script": {"User-Agent": "python-requests/2.32.3", "Accept": "*/*"},
    "nobody": {},
}
#: What browsers send that look at an address for other reasons than to open it as a page.
LOOKS = {
    "an image": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "cross-site"},
    "a script's request": {
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Dest": "empty",
        "Sec-Fetch-Site": "same-origin",
    },
    "a service worker": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "serviceworker"},
}
#: Web views and browsers that say that they open a page.
VIEWS = {
    "Android's web view": {
        "User-Agent": f"Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A.240205.002; wv) {_CHROME} Version/4.0"
        " Chrome/121.0.6167.178 Mobile Safari/537.36",
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "X-Requested-With": "org.example.field",
        "Upgrade-Insecure-Requests": "1",
        **_OPENS_A_PAGE,
    },
    "a telephone called CUBOT": {
        "User-Agent": f"Mozilla/5.0 (Linux; Android 9; CUBOT_X19; wv) {_CHROME} Chrome/121.0.0.0 Mobile Safari/537.36",
        **_OPENS_A_PAGE,
    },
    "iOS 17's web view": {
        "User-Agent": f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) {_WEBKIT} Mobile/15E148",
        "Accept": _PAGES,
        **_OPENS_A_PAGE,
    },
    "Safari": {
        "User-Agent": f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/17.3 Safari/605.1.15",
        "Accept": _PAGES,
        **_OPENS_A_PAGE,
    },
    "a frame of another site": {
        "User-Agent": f"Mozilla/5.0 (X11; Linux x86_64) {_CHROME} Chrome/121.0.0.0 Safari/537.36",
        **_OPENS_A_PAGE,
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Dest": "iframe",
    },
}
#: Those that say nothing of it: they are older, or the site is not https to them.
SILENT_VIEWS = {
    "iOS 15's web view": {
        "User-Agent": f"Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) {_WEBKIT} Mobile/15E148",
        "Accept": _PAGES,
    },
    "an old Android's web view": {
        "User-Agent": f"Mozilla/5.0 (Linux; Android 7.0; SM-G920F; wv) {_CHROME} Chrome/70.0.0.0 Mobile Safari/537.36",
        "Accept": _PAGES,
        "X-Requested-With": "org.example.field",
    },
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site whose form opens from an app."""
    with running_site(form={"access": "app"}) as running:
        running.app_secret("ios")
        yield running


@pytest.fixture(scope="module")
def secret(site: Site) -> str:
    """Return what the app's backend mints with."""
    return site.app_secret("android")


@pytest.fixture
def token(site: Site, secret: str) -> str:
    """Return a token that nobody has shown yet."""
    subject = f"u-{secrets.token_hex(4)}"
    return mint_token(secret, app="android", form="students", subject=subject, now=site.clock.now())


def asking(headers: dict[str, str]) -> Request:
    return Request(EnvironBuilder(headers=headers).get_environ())


def silent(site: Site, **options: object) -> Visitor:
    """Return a browser that says no more than a test lets it say."""
    return site.visitor(navigates=False, **options)


def posted_fields(page: TestResponse) -> dict[str, str]:
    """Return what the form on a page posts to `/enter`."""
    assert re.search(rf'<form method="post" action="{ENTER}"', page.text)
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


@pytest.mark.parametrize("name", PREVIEWERS | LOOKS)
def test_a_preview_spends_no_token(site: Site, token: str, name: str) -> None:
    """It sees a page with a button and gets no cookie; whoever opens the link afterwards is let in."""
    headers = (PREVIEWERS | LOOKS)[name]
    seen = silent(site).get(ENTER, query_string={"token": token}, headers=headers)
    assert (seen.status_code, seen.headers["Cache-Control"]) == (200, "no-store")
    assert set_cookies(seen) == {}
    assert "Open the form" in seen.text
    assert seen.headers["Referrer-Policy"] == "no-referrer"
    person = site.visitor()
    assert person.get(ENTER, query_string={"token": token}).headers["Location"] == DOOR
    assert ticket_in(person.get(DOOR).text)


@pytest.mark.parametrize("name", VIEWS)
def test_who_says_that_it_opens_a_page_is_let_in_at_once(site: Site, token: str, name: str) -> None:
    """By 303 with the pass, in Flask as well; a new browser goes by way of the door."""
    app = flask.Flask("school")
    JotGate().init_app(app, parts=site.parts)
    view = silent(site, application=app if "iOS" in name else site.gate)
    answer = view.get(ENTER, query_string={"token": token}, headers=VIEWS[name])
    assert (answer.status_code, urlsplit(answer.headers["Location"]).path) == (303, DOOR)
    assert "jotgate-students" in set_cookies(answer)


@pytest.mark.parametrize("name", SILENT_VIEWS)
def test_an_older_web_view_posts_the_token_by_itself(site: Site, token: str, name: str) -> None:
    """One page more, with the script that does so; loaded anew, it leads to the form again."""
    view = silent(site)
    for _ in "first", "again":
        page = view.get(ENTER, query_string={"token": token}, headers=SILENT_VIEWS[name])
        assert 'data-jotgate="enter"' in page.text
        answer = view.post(ENTER, data=posted_fields(page), headers=SILENT_VIEWS[name] | {"Origin": "null"})
        assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
        assert ticket_in(view.get(DOOR).text)
    assert silent(site).post(ENTER, data=posted_fields(page)).status_code == 403


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "DPoP"])
def test_an_app_that_sets_a_header_means_it(site: Site, token: str, scheme: str) -> None:
    """No previewer has it: let in as ever, whatever else is said."""
    headers = {
        "Authorization": f"{scheme} {token}",
        "User-Agent": "Field/1.0 CFNetwork/1490.0.4 Darwin/23.2.0",
    }
    assert silent(site).get(ENTER, headers=headers).status_code == 303


def test_a_program_that_asks_for_json_is_told_to_post(site: Site, token: str) -> None:
    """405 with `Allow`, and the token stays good."""
    answer = silent(site).get(ENTER, query_string={"token": token}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert json.loads(answer.text)["error"].keys() == {"reason", "message", "ref"}
    assert silent(site).post(ENTER, data={"token": token}).status_code == 303


def test_only_who_may_be_a_person_gets_the_script_that_posts(site: Site, token: str) -> None:
    """Some previewers run scripts; one that names itself has to press a button."""
    for name, headers in PREVIEWERS.items():
        page = silent(site).get(ENTER, query_string={"token": token}, headers=headers)
        assert ('data-jotgate="enter"' in page.text) is (name in ("Outlook", "a script", "nobody")), name


def test_the_page_says_nothing_of_a_token(site: Site, token: str) -> None:
    """Good, used or nonsense: the same page but for the token, which is escaped."""
    site.visitor().get(ENTER, query_string={"token": token})
    pages = set()
    for text in (token, "x", '"><script>alert(1)</script>'):
        page = silent(site).get(ENTER, query_string={"token": text})
        assert posted_fields(page) == {"token": text}
        assert "<script>alert" not in page.text
        pages.add(re.sub(r'name="token" value="[^"]*"', "", page.text))
    assert len(pages) == 1
    assert silent(site).get(ENTER, query_string={"token": "x" * 60_000}).status_code == 403


@pytest.mark.parametrize("kind", ["PREVIEWERS", "LOOKS", "SILENT_VIEWS", "VIEWS"])
def test_the_headers_are_told_apart(kind: str) -> None:
    """Only those that say so open a page, and what is fetched ahead never does."""
    for name, headers in globals()[kind].items():
        assert is_navigation(asking(headers)) is (kind == "VIEWS"), name
        assert not is_unasked(asking(headers)), name
        ahead = asking(headers | {"Sec-Purpose": "prefetch;prerender"})
        assert is_unasked(ahead)
        assert not is_navigation(ahead)
        if kind == "VIEWS":
            assert not is_previewer(asking(headers)), name
