"""Who looks after a form accepts with a reason, pauses and looks at previews, in a real browser; a visitor sees it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from werkzeug.serving import make_server

from jotgate.outcomes import Verdict
from tests.door.office.operators import link_of
from tests.door.site import DOOR, Site, running_site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_OFFICE = "/jotgate/admin/f/students"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Site]]:
    """Return where a site is, and the site; a stranger sent its form at the bare address."""
    with running_site(form={"show_fields": ["name"]}) as site:
        site.sandbox.submit(site.form_id, {"name": {"first": "Ada", "last": "Lovelace"}})
        site.clock.ahead_seconds = 3600.0
        site.sweep()
        server = make_server("127.0.0.1", 0, site.gate, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", site
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def office(context: BrowserContext, served: tuple[str, Site]) -> Iterator[Page]:
    """Return a page of somebody who has come by a link; it must raise no error and break no policy."""
    origin, site = served
    page, faults = context.new_page(), []

    def note(said: ConsoleMessage) -> None:
        # What a sandbox holds back is the point of one test, and playwright itself asks for it in others.
        if said.type == "error" and "sandboxed" not in said.text:
            faults.append(said.text)

    page.on("console", note)
    page.goto(origin + link_of(site))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Forms", exact=True)).to_be_visible()
    yield page
    assert faults == []


def test_a_submission_is_accepted_with_a_reason(office: Page, served: tuple[str, Site]) -> None:
    """From the list to the history, by keyboard; without a reason the browser asks for one."""
    origin, site = served
    office.goto(f"{origin}{_OFFICE}/submissions?verdict=unticketed")
    [number] = [one.record.submission_id for one in site.parts.store.submission_page("students", rows=9)]
    office.get_by_role("link", name=number).press("Enter")
    reason = office.get_by_label("Why").first
    office.get_by_role("button", name="Accept").press("Enter")
    assert site.verdict(number) is Verdict.UNTICKETED
    expect(reason).to_be_focused()
    reason.fill("Her mother called")
    reason.press("Enter")
    expect(office.get_by_role("status")).to_have_text("It counts from now on.")
    expect(office.get_by_text("By Ms Vega: “Her mother called”")).to_be_visible()
    assert site.verdict(number) is Verdict.ACCEPTED


def test_a_pause_is_seen_by_a_visitor(office: Page, served: tuple[str, Site], chromium: Browser) -> None:
    """At once, in the office's words; and the door is back when the form is reopened."""
    origin, _ = served
    visitor = chromium.new_page()
    office.goto(f"{origin}{_OFFICE}/form")
    office.get_by_label("What visitors read while it is paused").fill("Back on Monday at 8.")
    office.get_by_role("button", name="Pause the form").click()
    expect(office.get_by_role("heading", name="Paused", exact=True)).to_be_visible()
    visitor.goto(origin + DOOR)
    expect(visitor.get_by_role("heading", name="This form is paused")).to_be_visible()
    expect(visitor.get_by_text("Back on Monday at 8.")).to_be_visible()
    office.get_by_role("button", name="Reopen the form").click()
    expect(office.get_by_role("status")).to_have_text("The form is open again.")
    visitor.reload()
    expect(visitor.get_by_label("Access code")).to_be_visible()
    visitor.close()


def test_a_preview_looks_like_the_page_and_does_nothing(office: Page, served: tuple[str, Site]) -> None:
    """In its frame and by itself: it has the door's style, and its button sends nothing."""
    origin, _ = served
    posted: list[str] = []
    office.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    office.goto(f"{origin}{_OFFICE}/form")
    frame = office.frame_locator("iframe[title='Asking for the code']")
    expect(frame.get_by_role("heading", name="Student form")).to_be_attached()
    office.get_by_role("link", name="Asking for the code").click()
    field = office.get_by_label("Access code")
    width = field.evaluate("field => getComputedStyle(field).fontFamily")
    assert "mono" in width.lower()
    field.fill("0000-0000-0000")
    office.get_by_role("button", name="Open the form").click(no_wait_after=True)
    office.wait_for_timeout(200)
    assert posted == []
    assert office.url.endswith("/preview/door")
