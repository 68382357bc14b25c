"""axe-core finds nothing on any page that visitors see, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser import gallery
from tests.browser.axe import violations
from tests.browser.stage import Stage, staged

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = [name for name in gallery.pictures() if not name.startswith("embed")]


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[str, Stage]]:
    """Return the origin of a site with a door, and the site."""
    with staged() as served:
        yield served


def test_axe_finds_nothing_on_the_pages_of_visitors(
    site: tuple[str, Stage], page: Page, axe_source: str
) -> None:
    """Each in every look that differs."""
    # A thank-you page goes on to the door as soon as this is answered; here pages are looked at.
    page.route("**/sent", lambda route: None)
    found = {}
    for name in PAGES:
        page.goto(f"{site[0]}/{name}")
        found[name] = violations(page, axe_source)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
