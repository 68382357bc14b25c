"""How the office's pages are laid out where words are long or run from the right, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.exhibition import Wall, wall
from tests.browser.rooms import rooms

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_TAGS = pytest.mark.parametrize("tag", ["ar", "de", "tr"])
#: Fields that stand beside each other, and not in one line.
_ASKEW = """() => [...document.querySelectorAll('.office-fields')].flatMap(row => {
  const boxes = [...row.querySelectorAll(':scope > .office-field > :is(input, select)')]
    .map(one => [one.id, one.getBoundingClientRect()]);
  return boxes.flatMap(([id, box], place) => boxes.slice(0, place)
    .filter(([, other]) => box.top < other.bottom && other.top < box.bottom && Math.abs(box.top - other.top) > 1)
    .map(([other]) => `${other} and ${id}`));
})"""
#: Two days that no row of a desk holds both of.
_PARTED = """() => {
  const [first, last] = ['from', 'to'].map(id => document.getElementById(id)?.getBoundingClientRect());
  return first && innerWidth > 700 && Math.abs(first.top - last.top) > 1 ? ['from and to'] : [];
}"""
#: Lines of a history that touch the mark before them.
_TOUCHING = """() => [...document.querySelectorAll('.office-entry')].filter(one =>
  parseFloat(getComputedStyle(one).paddingInlineStart) < 8).map(one => one.textContent.trim().slice(0, 40))"""
_SCROLLED = """() => [...document.querySelectorAll('.office-scroll')]
  .filter(one => one.scrollWidth > one.clientWidth + 1)
  .map(one => `${one.scrollWidth} in ${one.clientWidth}: ${one.textContent.trim().slice(0, 40)}`)"""


@pytest.fixture(scope="module", params=[1280, 375])
def shown(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Wall]:
    """Return a wall on a desk, or on a phone."""
    with wall(chromium, viewport={"width": request.param, "height": 900}) as found:
        yield found


def found_on(shown: Wall, tag: str, script: str) -> dict[str, list[str]]:
    """Return what a script finds, by page."""
    found = {name: shown.put(html).evaluate(script) for name, html in rooms(tag).items()}
    return {name: wrong for name, wrong in found.items() if wrong}


@_TAGS
def test_fields_of_a_row_stand_in_one_line(shown: Wall, tag: str) -> None:
    """However many lines their labels and hints take."""
    assert found_on(shown, tag, _ASKEW) == {}


@_TAGS
def test_the_first_day_and_the_last_stand_in_one_row(shown: Wall, tag: str) -> None:
    """Neither is left alone in a row that is all its own."""
    assert found_on(shown, tag, _PARTED) == {}


@_TAGS
def test_a_history_keeps_its_distance_from_its_mark(shown: Wall, tag: str) -> None:
    """On whichever side the mark is."""
    assert found_on(shown, tag, _TOUCHING) == {}


@_TAGS
def test_no_table_has_to_be_scrolled(shown: Wall, tag: str) -> None:
    """Neither on a desk nor on a phone, at the usual size of letters."""
    assert found_on(shown, tag, _SCROLLED) == {}
