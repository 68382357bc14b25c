"""A form that only reports, in a real browser: whoever comes fills it in, and whoever has a code is admitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from jotgate.outcomes import Verdict
from jotgate.protocols import SubmissionFilter
from tests.browser import gallery
from tests.door.site import DOOR, Site, running_site, unknown_code

pytestmark = pytest.mark.browser


class Asked:
    """The site, and the paths that were asked for."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.paths: list[str] = []

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.paths.append(environ["PATH_INFO"])
        return self.site.gate(environ, start_response)


@pytest.fixture
def asked() -> Iterator[Asked]:
    with running_site(form={"mode": "report"}) as site:
        yield Asked(site)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Return an empty page of a fresh browser, in which no script fails."""
    faults: list[str] = []
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(10_000)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert faults == []


def send(page: Page) -> None:
    """Send the form in the frame, and wait for the thank-you page in it."""
    frame = page.frame_locator("iframe")
    frame.get_by_label("Message").fill("hello")
    frame.get_by_role("button", name="Submit").click()
    expect(frame.get_by_role("button", name="Submit")).to_have_count(0)


def verdicts(site: Site) -> list[Verdict]:
    """Read what was submitted, and return the verdicts."""
    site.sweep()
    return [one.verdict for one in site.parts.store.submissions(SubmissionFilter())]


def test_a_stranger_sees_the_form_and_sends_it(asked: Asked, page: Page) -> None:
    """The page neither polls nor reports anything, and the submission is not counted."""
    with gallery.served(asked) as origin:
        page.goto(origin + DOOR)
        send(page)
        expect(page.locator("[data-state-url], [data-sent-url]")).to_have_count(0)
        assert [path for path in asked.paths if path.endswith(("/state", "/sent"))] == []
    assert verdicts(asked.site) == [Verdict.UNTICKETED]


def test_a_code_is_taken_beside_the_form(asked: Asked, page: Page) -> None:
    """A wrong one changes nothing, a right one admits: now the form carries a ticket."""
    with gallery.served(asked) as origin:
        for code in unknown_code(), asked.site.code():
            page.goto(origin + DOOR)
            page.get_by_text("I have an access code").click()
            page.get_by_label("Access code").fill(code)
            with page.expect_navigation():
                page.get_by_role("button", name="Open the form").click()
        expect(page.get_by_role("button", name="Not you? Use another code")).to_be_visible()
        send(page)
    assert verdicts(asked.site) == [Verdict.VERIFIED]


def test_a_code_in_the_fragment_is_filled_in(asked: Asked, page: Page) -> None:
    """A printed QR code leads here, too: the field is shown with the code in it."""
    code = asked.site.code()
    with gallery.served(asked) as origin:
        page.goto(f"{origin}{DOOR}#code={code}")
        expect(page.get_by_label("Access code")).to_have_value(code)
        expect(page.get_by_label("Access code")).to_be_visible()
