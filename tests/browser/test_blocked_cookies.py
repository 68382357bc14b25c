"""A chromium that keeps no cookies, or none inside another site's page: it is told so, or there is a way round it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect, sync_playwright
from werkzeug.wrappers import Request, Response

from jotgate.speaking import IN_ENGLISH
from tests.browser.gallery import served
from tests.browser.test_copied_links import QUESTIONS, FieldSite, Late, field_site, go
from tests.door.site import DOOR, running_site
from tests.patience import BROWSER_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: As the browser's settings have them.
ALL = {"profile": {"default_content_setting_values": {"cookies": 2}}}
OF_THIRD_PARTIES = {"profile": {"block_third_party_cookies": True, "cookie_controls_mode": 1}}

Blocking = Callable[[dict[str, Any]], BrowserContext]


@pytest.fixture
def blocking(chromium_path: Path, tmp_path: Path) -> Iterator[Blocking]:
    """Return what starts a browser whose owner has set which cookies it blocks."""
    expect.set_options(timeout=BROWSER_MS)
    with sync_playwright() as playwright:
        started = []

        def start(preferences: dict[str, Any]) -> BrowserContext:
            (tmp_path / "Default").mkdir()
            (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences), "utf-8")
            arguments = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
            context = playwright.chromium.launch_persistent_context(
                tmp_path, executable_path=chromium_path, args=arguments
            )
            context.set_default_timeout(BROWSER_MS)
            started.append(context)
            return context

        yield start
        for context in started:
            context.close()


@contextmanager
def framed_site(*, secure: bool) -> Iterator[tuple[FieldSite, str]]:
    """Serve a site that another one may frame; give it, and the other's page that shows what its fragment says."""

    @Request.application
    def parent(request: Request) -> Response:
        script = "onload = () => { document.querySelector('iframe').src = location.hash.slice(1); }"
        frame = '<iframe width="600" height="900"></iframe>'
        html = f"<!doctype html><title>Parent</title>{frame}<script>{script}</script>"
        return Response(html, mimetype="text/html")

    late = Late()
    with served(parent) as page, served(late) as served_at:
        origin = served_at.replace("127.0.0.1", "localhost")
        # Chromium trusts this machine as it trusts a site with TLS, but for the cookies of a site without.
        site_url = origin.replace("http:", "https:") if secure else origin
        with running_site(site_url=site_url, form={"access": "app"}, frame_parents=[page]) as first:
            form_id = first.sandbox.add_form("Report", QUESTIONS, thank_you=f"{origin}{DOOR}/done")
            forms = {"students": first.mapping["forms"]["students"] | {"id": form_id}}
            site = first.restarted(forms=forms)
            site.sweep()
            late.application = site.gate
            yield FieldSite(origin=origin, site=site, secret=site.app_secret()), page


def framed(page: Page) -> Frame:
    """Return the door inside the other site's page, once it shows something."""
    page.frame_locator("iframe").locator("main").wait_for()
    return page.frames[1]


def test_blocked_cookies_are_named_whichever_way_one_comes(blocking: Blocking) -> None:
    """From the app and with a code: what is wrong, and how to allow them; no page leads round in a circle."""
    with field_site(access=["app", "code"]) as field:
        page = blocking(ALL).new_page()
        title = page.get_by_role("heading", name=IN_ENGLISH.say("refused.cookies_blocked.title"))
        assert go(page, field.link("u-1")).status == 403
        expect(title).to_be_visible()
        expect(page.get_by_text(IN_ENGLISH.say("refused.cookies_blocked.remedy"))).to_be_visible()
        page.get_by_role("link", name=IN_ENGLISH.say("form.open")).click()
        page.get_by_label("Access code").fill(field.site.code())
        page.get_by_role("button", name=IN_ENGLISH.say("form.open")).click()
        expect(title).to_be_visible()
        expect(page.get_by_label("Access code")).to_have_count(0)


def test_inside_another_site_the_cookies_are_that_pages_own(blocking: Blocking) -> None:
    """Partitioned (CHIPS): with third-party cookies blocked, the form opens and is sent, and its page hears of it."""
    with framed_site(secure=True) as (field, parent):
        context = blocking(OF_THIRD_PARTIES)
        page = context.new_page()
        page.goto(f"{parent}#{field.link('u-1')}")
        door = framed(page)
        inner = door.frame_locator("iframe")
        inner.get_by_label("What did you see?").fill("A hedgehog")
        assert {cookie.get("partitionKey") for cookie in context.cookies()} == {"http://127.0.0.1"}
        inner.get_by_role("button", name="Submit").click()
        expect(door.get_by_role("heading", name=IN_ENGLISH.say("state.sent.title"))).to_be_visible()
        assert field.verdicts("u-1") == ["verified"]
        expect(door.get_by_role("heading", name=IN_ENGLISH.say("state.verified.title"))).to_be_visible()


@pytest.mark.parametrize(("secure", "preferences"), [(True, ALL), (False, OF_THIRD_PARTIES)])
def test_inside_another_site_blocked_cookies_are_named(
    blocking: Blocking, secure: bool, preferences: dict[str, Any]
) -> None:
    """Where the owner blocks all of them, and where a site without TLS can set none that a browser keeps there."""
    with framed_site(secure=secure) as (field, parent):
        page = blocking(preferences).new_page()
        page.goto(f"{parent}#{field.link('u-1')}")
        title = IN_ENGLISH.say("refused.cookies_blocked.framed.title")
        expect(framed(page).get_by_role("heading", name=title)).to_be_visible()
