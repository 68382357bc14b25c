"""axe-core finds nothing on any page of visitors and of the office: in every state and language, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle

import pytest
from playwright.sync_api import Browser, Page

from jotgate.languages import known_languages
from tests.browser import gallery
from tests.browser.axe import OF_COLOURS, violations, wrong_in
from tests.browser.exhibition import Wall, wall
from tests.browser.rooms import rooms
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
    """Each in every look that differs, as the door serves it and with its script."""
    # A thank-you page goes on to the door as soon as this is answered; here pages are looked at.
    page.route("**/sent", lambda route: None)
    found = {}
    for name in PAGES:
        page.goto(f"{site[0]}/{name}")
        found[name] = violations(page, axe_source)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@dataclass(frozen=True)
class Lit:
    """A wall to show pages on, in light or in dark, with axe-core in it."""

    wall: Wall
    #: The rules that are looked at there; None: all.
    rules: list[str] | None

    def wrong_on(self, pictures: Mapping[str, str]) -> dict[str, list[str]]:
        """Return what is wrong with pages that are given by name and language, with all that their script shows."""
        found = {
            f"{name} {tag}": wrong_in(self.wall.hang(name, tag, with_all=True), self.rules)
            for name, tag in pictures.items()
        }
        return {name: wrong for name, wrong in found.items() if wrong}


LIGHT, DARK = ("light", None), ("dark", OF_COLOURS)


@pytest.fixture(
    scope="module",
    params=[pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")],
)
def lit(request: pytest.FixtureRequest, chromium: Browser, axe_source: str) -> Iterator[Lit]:
    """Return a wall in light for everything, and one in dark for the colours."""
    scheme, rules = request.param
    with wall(chromium, color_scheme=scheme) as shown:
        shown.page.evaluate(axe_source)
        yield Lit(shown, rules)


def test_axe_finds_nothing_in_either_direction(lit: Lit) -> None:
    """Each page once, by turns in English and, from the right, in Arabic."""
    names = gallery.pictures()
    assert lit.wrong_on(dict(zip(names, cycle(["en", "ar"]), strict=False))) == {}


#: In dark it is the colours that are looked at, which no language changes: two languages for a change, all at night.
in_each_language = pytest.mark.parametrize(
    ("lit", "tag"),
    [
        pytest.param(
            look,
            tag,
            id=f"{look[0]}-{tag}",
            marks=pytest.mark.nightly if look is DARK and tag not in ("en", "ar") else (),
        )
        for look in (LIGHT, DARK)
        for tag in known_languages(None)
    ],
    indirect=["lit"],
    scope="module",
)


@in_each_language
def test_axe_finds_nothing_in_any_language(lit: Lit, tag: str) -> None:
    """Each page, with everything that the script may show."""
    assert lit.wrong_on(dict.fromkeys(gallery.pictures(), tag)) == {}


@in_each_language
def test_axe_finds_nothing_in_the_office_in_any_language(lit: Lit, tag: str) -> None:
    """Every page and state, reminders under way among them; a real browser goes through it in `test_office.py`."""
    pages = rooms(tag)
    assert [name for name, html in pages.items() if f'<html lang="{tag}"' not in html] == []
    found = {name: wrong_in(lit.wall.put(html), lit.rules) for name, html in pages.items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_axe_would_find_something(lit: Lit) -> None:
    """On a page whose field lost its name, and whose text is too close to what is behind it."""
    page = lit.wall.hang("door", "en")
    page.evaluate("document.querySelector('label').remove()")
    for name in ("placeholder", "aria-describedby"):
        page.evaluate("name => document.querySelector('[name=code]').removeAttribute(name)", name)
    page.evaluate("document.querySelector('.jotgate-lead').style.color = '#808080'")
    found = {wrong.partition(":")[0] for wrong in wrong_in(page, lit.rules)}
    assert found == {"color-contrast"} | ({"label"} if lit.rules is None else set())
