"""Pages without a mouse, without their colours, and without motion: for visitors, and in the office."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import gallery
from tests.browser.exhibition import Wall, wall
from tests.browser.rooms import rooms

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: The first page of each template, which hold every kind of thing that one presses.
FIRST = {picture.template: name for name, picture in reversed(gallery.pictures().items())}
#: Where the focus is, and what is wrong with it: it is not seen, or stands before the one before it. None: at the end.
FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  if (one === document.body || one === window.first) return null;
  window.first ||= one;
  one.dataset.reached = '';
  const wrong = [], label = one.outerHTML.slice(0, 90), rtl = document.documentElement.dir === 'rtl';
  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) wrong.push(`no outline: ${label}`);
  if (box.bottom < 1 || box.top > innerHeight - 1) wrong.push(`out of the window: ${label}`);
  const at = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
  if (at && !one.contains(at) && !at.contains(one)) wrong.push(`covered: ${label}`);
  // Columns are read one after the other; within one, and within a line, the order is the one that is seen.
  const column = one.closest('form, section, nav, details, tr, main, body');
  const top = box.top + scrollY, {left, right, height} = box, before = window.before;
  if (before && before.column === column) {
    const isBelow = top > before.top + 1 && top + height > before.top + before.height;
    const isBeside = Math.abs(top - before.top) < height && (rtl ? right <= before.right : left >= before.left);
    if (!isBelow && !isBeside) wrong.push(`out of order: ${label}`);
  }
  window.before = {top, left, right, height, column};
  return wrong;
}"""
#: What no turn was had by; one of a group of radio buttons is enough.
LEFT_OUT = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter(one => one.checkVisibility() && !one.closest('[inert]') && !('reached' in one.dataset))
  .filter(one => one.type !== 'radio' || !document.querySelector(`[name="${one.name}"][data-reached]`))
  .map(one => one.outerHTML.slice(0, 90))"""
#: What cannot be told apart where the system chooses the colours: buttons and fields without a border.
BORDERLESS = """() => [...document.querySelectorAll(
    '.jotgate-button, .office-button, .jotgate-input, .office-field :is(input, select, textarea)')]
  .filter(one => one.checkVisibility() && one.type !== 'hidden').filter(one => {
    const style = getComputedStyle(one);
    return style.borderTopStyle === 'none' || parseFloat(style.borderTopWidth) < 1
      || style.borderTopColor === style.backgroundColor;
  }).map(one => one.outerHTML.slice(0, 90))"""
#: What moves.
MOVING = """() => [...document.querySelectorAll('*')].filter(one => {
  const style = getComputedStyle(one);
  return style.animationName !== 'none' || style.transitionDuration.split(', ').some(one => parseFloat(one) > 0);
}).map(one => one.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def shown(chromium: Browser) -> Iterator[Wall]:
    """Return a wall on a phone whose owner wants less motion, and whose system chooses the colours."""
    with wall(chromium, forced_colors="active") as found:
        yield found


def walked(page: Page) -> list[str]:
    """Walk through the page by Tab, and return what is wrong on the way."""
    # An empty frame takes the focus as well, and then has nothing in it.
    page.evaluate("document.querySelectorAll('iframe').forEach(one => one.remove())")
    page.evaluate("window.before = window.first = null")
    wrong: list[str] = []
    for _ in range(300):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is None:
            break
        wrong += found
    return [*wrong, *(f"left out: {one}" for one in page.evaluate(LEFT_OUT))]


def borderless(page: Page) -> list[str]:
    """Return what cannot be told apart on the page that is shown, or moves."""
    found: list[str] = page.evaluate(BORDERLESS)
    moving: list[str] = page.evaluate(MOVING)
    return [*found, *(f"moves: {one}" for one in moving)]


@pytest.mark.parametrize("tag", ["en", "ar"])
def test_the_keyboard_goes_through_a_page_as_it_is_read(shown: Wall, tag: str) -> None:
    """One page of each kind: each thing has its turn, is seen, is not covered, and shows that it has the focus."""
    found = {name: walked(shown.hang(name, tag, with_all=True)) for name in FIRST.values()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("tag", ["en", "ar"])
def test_every_page_needs_neither_mouse_nor_colours_nor_motion(shown: Wall, tag: str) -> None:
    """Of visitors, in every look that differs."""
    found = {}
    for name in gallery.pictures():
        page = shown.hang(name, tag, with_all=True)
        found[name] = borderless(page) + walked(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("tag", ["en", "ar"])
def test_the_keyboard_goes_through_the_office(shown: Wall, tag: str) -> None:
    """Every page and state."""
    found = {name: walked(shown.put(html)) for name, html in rooms(tag).items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_nothing_is_told_by_our_colours_alone_and_nothing_moves(shown: Wall) -> None:
    """One page of each kind: buttons and fields have a border, and less motion means none."""
    found = {name: borderless(shown.hang(name, "en", with_all=True)) for name in FIRST.values()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_office_needs_neither_our_colours_nor_motion(shown: Wall) -> None:
    """Every page and state; what is current in a menu has another line below it than the rest."""
    found = {name: borderless(shown.put(html)) for name, html in rooms().items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    page = shown.put(rooms()["/f/<form>"])
    line = "one => getComputedStyle(one).borderBottomColor"
    current = page.locator(".office-tabs a[aria-current]").evaluate(line)
    assert current != page.locator(".office-tabs a:not([aria-current])").first.evaluate(line)


def test_what_is_wrong_would_be_found(shown: Wall) -> None:
    """A field without an outline that moves, and a button without a border that is seen before it."""
    page = shown.hang("door", "en")
    assert walked(page) == borderless(page) == []
    page = shown.hang("door", "en")
    page.eval_on_selector("[name=code]", "one => { one.style.cssText = 'outline: none; transition: 1s'; }")
    page.eval_on_selector(".jotgate-button", "one => { one.style.cssText = 'border: 0; order: -1'; }")
    assert {wrong.partition(":")[0] for wrong in walked(page)} == {"no outline", "out of order"}
    assert len(borderless(page)) == 2
