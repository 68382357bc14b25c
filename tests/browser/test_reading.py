"""What screen readers are given of every page and state: as it is kept in `tests/browser/spoken`, word for word.

A changed page changes its text. Read the difference aloud, and if it is as it should be, keep it:
`JOTGATE_TEST_RENEW=1 .venv/bin/python -m pytest tests/browser/test_reading.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import gallery
from tests.browser.exhibition import Wall, wall
from tests.browser.rooms import rooms
from tests.browser.spoken import compared, spoken, steady

pytestmark = pytest.mark.browser

TEMPLATES = sorted({picture.template for picture in gallery.pictures().values()})
#: Leaves what stands around every page of the office, and is kept once.
_AROUND = """() => {
  document.querySelector('main').replaceChildren(document.querySelector('.office-tabs'));
}"""
#: Leaves a page without that, and two of many entries.
_WITHOUT_THE_SAME = """() => {
  document.querySelector('.office-tabs')?.remove();
  document.querySelectorAll('.office-told > li:nth-child(n+3), figure tr:nth-child(n+5)').forEach(one => one.remove());
}"""


@pytest.fixture(scope="module")
def shown(chromium: Browser) -> Iterator[Wall]:
    """Return a wall to show pages on, on a desk."""
    with wall(chromium, viewport={"width": 1280, "height": 800}) as found:
        yield found


def said_of(page: Page, part: str) -> str:
    """Return a page's title and what is said of a part of it, with the titles of its frames."""
    frames = [
        f"  - frame: {frame.get_attribute('title')}" for frame in page.locator("iframe:not([inert])").all()
    ]
    return "\n".join([f"- title: {steady(page.title())}", spoken(page.locator(part)), *frames])


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_pages_of_visitors_are_read_as_they_were(shown: Wall, template: str) -> None:
    """In English, unfolded, with everything that the script shows when its moment has come."""
    names = [name for name, picture in gallery.pictures().items() if picture.template == template]
    said = {name: said_of(shown.hang(name, "en", with_all=True), "main") for name in names}
    now, before = compared(template.removesuffix(".html"), said)
    assert now == before


def test_what_stands_around_the_pages_is_read_as_it_was(shown: Wall) -> None:
    """The site's name above and the languages below, in English and from the right."""
    said = {tag: said_of(shown.hang("mine-empty", tag), "body") for tag in ("en", "ar")}
    now, before = compared("around", said)
    assert now == before


@pytest.mark.slow
def test_the_office_is_read_as_it_was(shown: Wall) -> None:
    """Every page and state but the checkup, whose words are the findings' own."""
    pages = {name: html for name, html in rooms().items() if name != "checkup"}
    page = shown.put(pages["/f/<form>"])
    page.evaluate(_AROUND)
    said = {"around": said_of(page, "body")}
    for name, html in pages.items():
        page = shown.put(html)
        page.evaluate(_WITHOUT_THE_SAME)
        said[name] = said_of(page, "main")
    now, before = compared("office", said)
    assert now == before
