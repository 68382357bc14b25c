"""Other sites that frame the door or post to it, on a real server with threads: every address, for everybody."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from jotgate.door.handling import Route
from jotgate.door.routes import ROUTES
from tests.door.site import DOOR, HOOK_SECRET, unknown_code
from tests.servers.serving import Served, gunicorn, serving

THREADS = gunicorn("--workers", "2", "--worker-class", "gthread", "--threads", "4")
_PLACES = {
    "<form>": "students",
    "<secret>": HOOK_SECRET,
    "<path:path>": "user/forms",
    "<name>": "jotgate.css",
}
#: Addresses that take a post from anywhere: a token or a secret is worth the same from any sender, JotForm's thank-you
#: page says a fixed text, and nothing can be written through the mirror.
TAKEN_FROM_ANYWHERE = {"enter", "done", "hook", "mirror", "mirror_slashes", "mirror_root"}
#: Answered to proxies, with nothing that could be shown in a frame.
WITHOUT_PAGES = {"check"}
#: The office looks at each of its own pages, and is in nobody's frame; see `test_office_matrix`.
OFFICE = {"admin", "admin_page", "admin_slashes"}
POSTED_TO = [route for route in ROUTES if route.same_site]
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Give a server that sweeps nothing by itself, so that whatever changes was changed by a request."""
    with serving(THREADS, sweeper="external", form={"access": ["code", "app"]}) as running:
        yield running


def admitted(served: Served) -> requests.Session:
    """Return a browser that has entered a right code."""
    visitor = served.visitor()
    assert served.enter(visitor, served.code()).status_code == 303
    return visitor


def address_of(served: Served, route: Route) -> str:
    """Return where a route is, with everything that it leaves open filled in."""
    rule = route.rule
    for place, text in _PLACES.items():
        rule = rule.replace(place, text)
    return f"{served.url}/jotgate{rule}"


def rows_of(served: Served) -> list[str]:
    """Return everything that stands in the store."""
    with closing(sqlite3.connect(served.parts.settings.store_path or "")) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.endpoint)
@pytest.mark.parametrize("who", ["stranger", "admitted"])
def test_t15_nobody_else_frames_any_address(served: Served, route: Route, who: str) -> None:
    """Whatever the method: only this site may frame it, no script is inline, and its kind is not guessed."""
    visitor = admitted(served) if who == "admitted" else served.visitor()
    for method in (*route.methods, "HEAD", "OPTIONS"):
        answer = visitor.request(method, address_of(served, route), allow_redirects=False, timeout=30)
        if route.endpoint in WITHOUT_PAGES:
            assert "html" not in answer.headers.get("Content-Type", ""), method
            continue
        policy = answer.headers["Content-Security-Policy"]
        framed_by = "'none'" if route.endpoint in OFFICE else "'self'"
        assert f"frame-ancestors {framed_by};" in policy + ";", method
        assert "script-src 'self';" in policy + ";", method
        assert "unsafe" not in policy, method
        assert answer.headers["X-Content-Type-Options"] == "nosniff", method


def test_t16_every_address_that_is_posted_to_says_from_where() -> None:
    """From this site only, but for those that nobody's cookies open."""
    posted = {route.endpoint for route in ROUTES if "POST" in route.methods and not route.same_site}
    assert posted - OFFICE == TAKEN_FROM_ANYWHERE


@pytest.mark.parametrize("route", POSTED_TO, ids=lambda route: route.endpoint)
def test_t16_another_sites_post_moves_nothing(served: Served, route: Route) -> None:
    """403 with the visitor's own cookies and a right code; no row of the store is another, and the pass works."""
    visitor, code = admitted(served), served.code()
    before = rows_of(served)
    for headers in FOREIGN:
        for text in (code, unknown_code()):
            answer = visitor.post(
                address_of(served, route),
                data={"code": text},
                headers=headers,
                allow_redirects=False,
                timeout=30,
            )
            assert answer.status_code == 403, headers
            assert "Set-Cookie" not in answer.headers
    assert rows_of(served) == before
    assert visitor.get(f"{served.url}{DOOR}/state", timeout=30).status_code == 200
