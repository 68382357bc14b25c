"""The headers of every answer, as a browser enforces them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.door.site import DOOR, HOOK_SECRET, Site, running_site, unknown_code

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
    "base-uri 'none'",
}
ALWAYS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}
EVERY_ROUTE = [
    ("GET", DOOR),
    ("HEAD", DOOR),
    ("POST", DOOR),
    ("POST", f"{DOOR}/move"),
    ("POST", f"{DOOR}/leave"),
    ("POST", f"{DOOR}/sent"),
    ("GET", f"{DOOR}/enter"),
    ("HEAD", f"{DOOR}/enter"),
    ("POST", f"{DOOR}/enter"),
    ("GET", f"{DOOR}/enter?token=garbage"),
    ("POST", f"{DOOR}/invitation"),
    ("GET", f"{DOOR}/invitation"),
    ("GET", f"{DOOR}?invitation=garbage"),
    ("GET", f"{DOOR}/state"),
    ("GET", f"{DOOR}/form"),
    ("GET", f"{DOOR}/mine"),
    ("GET", "/jotgate/mine"),
    ("GET", f"{DOOR}/done"),
    ("POST", f"{DOOR}/done"),
    ("POST", f"/jotgate/hook/{HOOK_SECRET}"),
    ("POST", "/jotgate/hook/a-secret-of-nobody"),
    ("GET", "/jotgate/health"),
    ("GET", "/jotgate/metrics"),
    ("GET", "/jotgate/f/nobody"),
    ("GET", "/jotgate/nothing"),
    ("PUT", DOOR),
    ("GET", f"{DOOR}/move"),
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def policy_of(header: str) -> dict[str, set[str]]:
    """Return a Content-Security-Policy as its directives."""
    parts = [part.split() for part in header.split(";")]
    return {name: set(values) for name, *values in parts}


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
def test_every_answer_carries_the_same_headers(site: Site, method: str, path: str, accept: str) -> None:
    """Honest or refused, page or JSON: never kept, never sniffed, framed by nobody else, no inline script."""
    answer = site.visitor().open(path, method=method, headers={"Accept": accept})
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert answer.headers.getlist("Cache-Control") == ["no-store"]
    directives = {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}
    frames = f"frame-src 'self' {site.sandbox.api} {site.sandbox.submit_origin}"
    assert directives == POLICY | {frames}
    assert answer.mimetype != "text/html" or "<script>" not in answer.text


def test_static_files_may_be_kept_and_are_asked_for_by_version(site: Site) -> None:
    """The address in the page holds the version, the answer may be kept for a year, and 304 works."""
    page = site.visitor().get(DOOR).text
    address = page.partition('<script src="')[2].partition('"')[0]
    assert "/jotgate/static/jotgate.js?v=" in address
    answer = site.visitor().get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    again = site.visitor().get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("api_host", "frames"),
    [
        ("us", {"https://*.jotform.com"}),
        ("eu", {"https://*.jotform.com"}),
        ("school.jotform.com", {"https://*.jotform.com"}),
        ("own:https://forms.school.example/API", {"https://*.jotform.com", "https://forms.school.example"}),
    ],
)
def test_the_frame_may_show_the_form_the_submit_address_and_the_page_of_thanks(
    site: Site, api_host: str, frames: set[str]
) -> None:
    """All of JotForm's hosts and those that the settings name: a narrower policy stops the submission itself."""
    own = site.restarted(api_host=api_host, frame_hosts=["https://thanks.example"])
    policy = policy_of(own.visitor().get(DOOR).headers["Content-Security-Policy"])
    assert policy["frame-src"] == {"'self'", "https://thanks.example"} | frames


def test_the_sites_that_the_settings_name_may_frame_the_door(site: Site) -> None:
    """`frame_parents` are added to `frame-ancestors`, and nobody else."""
    own = site.restarted(frame_parents=["https://portal.example"])
    policy = policy_of(own.visitor().get(DOOR).headers["Content-Security-Policy"])
    assert policy["frame-ancestors"] == {"'self'", "https://portal.example"}


def test_the_form_is_framed_without_a_sandbox_attribute(site: Site) -> None:
    """A sandboxed frame would lose submissions silently (DESIGN, two origins)."""
    page = site.admitted().get(DOOR).text
    frame = page.partition("<iframe")[2].partition(">")[0]
    assert frame
    assert "sandbox" not in frame.replace(site.sandbox.api, "")


def test_a_code_never_comes_back_in_a_page_or_a_header(site: Site) -> None:
    """Neither a right code nor a wrong one is repeated anywhere."""
    for code in site.code(), unknown_code():
        answer = site.visitor().enter(code)
        for spelling in code, code.replace("-", ""), code.lower():
            assert spelling not in answer.text
            assert spelling not in str(answer.headers)
