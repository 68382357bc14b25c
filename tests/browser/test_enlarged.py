"""Pages that are enlarged: by zoom, by larger letters, by wider spacing. All of it fits, and nothing covers anything.

A window of 1,280 pixels that is zoomed to 400 % has the room of a small phone: 320 pixels. With
`JOTGATE_TEST_PICTURES` naming a folder, pictures of the pages are left there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from jotgate.languages import known_languages
from tests.browser import gallery
from tests.browser.exhibition import Wall, wall
from tests.browser.rooms import rooms

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PICTURES = os.environ.get("JOTGATE_TEST_PICTURES")
#: What WCAG 1.4.12 lets people set for themselves.
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
p { margin-bottom: 2em !important }"""
#: How wide the window is, and what the visitor's own style is.
WAYS = {
    "zoomed to 400 %": (320, ""),
    "letters twice as large": (390, "html { font-size: 200% !important }"),
    "spaced": (320, SPACED),
    "zoomed to 200 %": (640, ""),
    "spaced at 200 %": (640, SPACED),
    "letters twice as large at 640 pixels": (640, "html { font-size: 200% !important }"),
}
#: What is wrong with the page that is shown: what makes it scroll sideways, is cut off, or covers something else.
AMISS = """() => {
  const shown = [...document.querySelectorAll('body *')].filter(one =>
    one.checkVisibility() && !one.closest('iframe, template, .office-unseen, .office-skip, thead, optgroup, option')
    && (one.tagName === 'svg' || !one.closest('svg')));
  const label = one => one.outerHTML.slice(0, 90);
  const found = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) found.push(`${wide} pixels too wide`);
  const box = one => one.getBoundingClientRect();
  for (const one of shown) {
    const {left, right, width} = box(one), style = getComputedStyle(one);
    // A table may be scrolled: it has a meaning in two directions.
    const isBeyond = left < -0.5 || right > innerWidth + 0.5;
    if (width && isBeyond && !one.closest('table')) found.push(`beyond: ${label(one)}`);
    const hides = [style.overflowX, style.overflowY].some(way => way !== 'visible');
    const isCut = one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
    const mayScroll = one.matches('input, textarea, select, pre') || one.querySelector('iframe, table');
    if (hides && isCut && one.clientWidth && !mayScroll) found.push(`cut: ${label(one)}`);
  }
  const said = shown.filter(one => one.matches('svg, input, select, textarea') && !one.closest('label') ||
    [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  const flowsBeside = (one, two) => getComputedStyle(one).display === 'inline' && one.parentNode.contains(two);
  for (const [at, one] of said.entries()) for (const two of said.slice(at + 1)) {
    if (one.contains(two) || flowsBeside(one, two) || flowsBeside(two, one)) continue;
    const a = box(one), b = box(two);
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 1) found.push(`covered: ${label(one)} by ${label(two)}`);
  }
  return found;
}"""


@pytest.fixture(
    scope="module",
    params=list(WAYS),
)
def enlarged(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Wall]:
    """Return a wall for pages that are looked at in this way."""
    width, style = WAYS[request.param]
    with wall(chromium, viewport={"width": width, "height": 512}) as shown:
        if style:
            shown.page.add_style_tag(content=style)
        yield shown


#: With every change each language where there is least room, and long words in every way; at night each in every way.
in_each_language = pytest.mark.parametrize(
    ("enlarged", "tag"),
    [
        pytest.param(
            way,
            tag,
            id=f"{way}-{tag}",
            marks=() if way == "spaced" or tag == "de" else pytest.mark.nightly,
        )
        for way in WAYS
        for tag in known_languages(None)
    ],
    indirect=["enlarged"],
    scope="module",
)


def amiss(page: Page, name: str) -> list[str]:
    """Return what is wrong with the page that is shown; leave a picture of it where that is wished for."""
    if PICTURES:
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
    found: list[str] = page.evaluate(AMISS)
    return found


def amiss_on(shown: Wall, pictures: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what is wrong with pages that are given by name and language, with all that their script shows."""
    found = {
        f"{tag}-{name}": amiss(shown.hang(name, tag, with_all=True), f"{tag}-{name}")
        for name, tag in pictures.items()
    }
    return {name: wrong for name, wrong in found.items() if wrong}


def test_pages_fit_when_they_are_enlarged(enlarged: Wall) -> None:
    """With everything unfolded, in the language that nobody speaks, whose words are longer than any."""
    assert amiss_on(enlarged, dict.fromkeys(gallery.pictures(), "eo")) == {}


@in_each_language
def test_pages_fit_in_every_language(enlarged: Wall, tag: str) -> None:
    """Everything unfolded, with everything that the script shows."""
    assert amiss_on(enlarged, dict.fromkeys(gallery.pictures(), tag)) == {}


@in_each_language
def test_the_office_fits_when_it_is_enlarged(enlarged: Wall, tag: str) -> None:
    """Every page and state; only tables may be scrolled."""
    found = {
        name: amiss(enlarged.put(html), f"{tag}-{name.replace('/', '_')}")
        for name, html in rooms(tag).items()
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_what_is_amiss_would_be_found(enlarged: Wall) -> None:
    """A box that is too wide, one that hides its end, and one on top of another."""
    page = enlarged.hang("door", "en")
    assert page.evaluate(AMISS) == []
    for selector, style in {
        ".jotgate-lead": "width: 3000px",
        ".jotgate-hint": "height: 9px; overflow: hidden",
        ".jotgate-label": "margin-bottom: -2em",
    }.items():
        page.eval_on_selector(selector, "(one, style) => { one.style.cssText = style; }", style)
    assert {wrong.partition(":")[0] for wrong in page.evaluate(AMISS)} >= {"beyond", "cut", "covered"}
