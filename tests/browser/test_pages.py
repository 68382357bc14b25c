"""How the pages meet people: read aloud, by keyboard, small, dark, printed, inside other pages, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from jotgate.outcomes import Reason
from tests.browser import gallery
from tests.browser.stage import DOOR, Stage, staged, wrong_code
from tests.patience import BROWSER_MS

pytestmark = pytest.mark.browser

PAGES = [name for name in gallery.pictures() if not name.startswith("embed")]
#: Every visible text whose contrast with what is behind it is below WCAG 2.2 AA, with the ratio.
FAINT_TEXTS = """() => {
  const dark = getComputedStyle(document.documentElement).colorScheme.includes('dark')
    && matchMedia('(prefers-color-scheme: dark)').matches;
  const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], back) => [r, g, b].map((v, i) => v * a + back[i] * (1 - a));
  const behind = element => {
    if (!element) return dark ? [18, 18, 18] : [255, 255, 255];
    return over(rgba(getComputedStyle(element).backgroundColor), behind(element.parentElement));
  };
  const light = rgb => rgb.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (front, back) => {
    const [low, high] = [light(front), light(back)].sort((a, b) => a - b); return (high + 0.05) / (low + 0.05);
  };
  const texts = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  const shown = (colour, back) => ratio(over(colour, back), back);
  const found = texts.map(e => [e.textContent.trim(), shown(rgba(getComputedStyle(e).color), behind(e)), 4.5]);
  for (const field of document.querySelectorAll('input:not([type=hidden])')) {
    const hint = getComputedStyle(field, '::placeholder'), back = behind(field), [r, g, b, a] = rgba(hint.color);
    found.push(['placeholder', shown([r, g, b, a * hint.opacity], back), 4.5]);
    found.push(['border', shown(rgba(getComputedStyle(field).borderTopColor), back), 3]);
  }
  return found.length ? found.filter(([, seen, least]) => !(seen >= least)) : ['no text at all'];
}"""
OUTLINE = """() => ({
  levels: [...document.querySelectorAll('h1, h2, h3, h4')].map(heading => +heading.tagName[1]),
  language: document.documentElement.getAttribute('lang'),
  mains: document.querySelectorAll('main').length,
  title: document.title,
})"""
SMALL = """() => {
  // What is folded has to fit as well.
  document.querySelectorAll('details').forEach(folded => { folded.open = true; });
  const pressed = [...document.querySelectorAll('button, input:not([type=hidden]), a.jotgate-button')];
  const field = document.querySelector('input[name=code]');
  return {
    width: document.documentElement.scrollWidth,
    heights: pressed.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect().height),
    field_size: field && parseFloat(getComputedStyle(field).fontSize),
  };
}"""
LOOK = """selector => [...document.querySelectorAll(selector)].map(element => {
  const style = getComputedStyle(element);
  const names = element.type === 'hidden' ? [] : [...style].filter(name => !name.startsWith('--jotgate'));
  return element.tagName + names.map(name => `${name}:${style.getPropertyValue(name)}`).join(';');
})"""
RUDE_STYLE = """
h2 { color: red; text-transform: uppercase; margin: 3em; letter-spacing: 0.3em; text-shadow: 1px 1px red }
p, label, summary { margin: 2em; padding: 1em; font: 10px cursive; text-transform: uppercase }
a { color: lime; border-bottom: 3px solid; text-decoration: none }
button, input { appearance: none; cursor: help; min-height: 3px; float: left;
  margin: 9px; padding: 30px; width: 50px; border: 5px dotted; font: 8px cursive;
  background: lime; color: red; box-shadow: 0 0 9px red; text-transform: lowercase; letter-spacing: 1em }
form, details { padding: 3em; background: pink; float: right; border: 3px solid }
"""


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[str, Stage]]:
    """Return the origin of a site with a door, and the site."""
    with staged() as served:
        yield served


def opened(browser: Browser, **options: Any) -> Page:
    """Return a page of a fresh context, which the module's browser closes with itself."""
    page = browser.new_context(**{"viewport": {"width": 390, "height": 844}, **options}).new_page()
    page.set_default_timeout(BROWSER_MS)
    # A thank-you page goes on to the door as soon as this is answered; here pages are looked at.
    page.route("**/sent", lambda route: None)
    return page


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was found on one page, which each test reads for its own claim."""

    name: str
    #: Texts that are too faint in light, and in dark.
    faint: dict[str, list[Any]]
    #: The colour behind all, in light and in dark.
    shades: dict[str, str]
    levels: list[int]
    language: str | None
    mains: int
    title: str
    #: At 320 pixels with everything unfolded: how wide it is, and how high is what one presses.
    width: int
    heights: list[float]
    #: The size of the letters in the field for the code, if there is one.
    field_size: float | None


@pytest.fixture(scope="module")
def errors() -> list[str]:
    """Return what the consoles of all pages said."""
    return []


@pytest.fixture(scope="module")
def looks(chromium: Browser, site: tuple[str, Stage], errors: list[str]) -> list[Look]:
    """Open every page once, and look at it in light, in dark and on a small phone."""
    page = opened(chromium, reduced_motion="reduce", has_touch=True)
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    found = [look_at(page, site[0], name) for name in gallery.pictures()]
    page.context.close()
    return found


def look_at(page: Page, origin: str, name: str) -> Look:
    """Open one page and look at everything that is claimed of all."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{origin}/{name}")
    faint, shades = {}, {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        faint[scheme] = page.evaluate(FAINT_TEXTS)
        shades[scheme] = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    outline = page.evaluate(OUTLINE)
    page.set_viewport_size({"width": 320, "height": 640})
    return Look(name=name, faint=faint, shades=shades, **outline, **page.evaluate(SMALL))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read(looks: list[Look], scheme: str) -> None:
    """Text, placeholders and borders have the contrast of WCAG AA, in light and in dark, and the two differ."""
    assert {look.name: look.faint[scheme] for look in looks if look.faint[scheme]} == {}
    dark = "rgb(20, 23, 27)" in {look.shades[scheme] for look in looks}
    assert dark is (scheme == "dark")


def test_every_page_keeps_the_policy_and_its_outline(looks: list[Look], errors: list[str]) -> None:
    """No console error under the content policy; one h1 first, no level skipped; a language, a title, one main."""
    assert errors == []
    for look in looks:
        if look.name not in PAGES:
            continue
        assert look.levels[0] == 1, look.name
        assert look.levels.count(1) == 1, look.name
        assert all(after - before <= 1 for before, after in pairwise(look.levels)), look.name
        assert (look.language, look.mains, bool(look.title)) == ("en", 1, True), look.name


def test_every_page_fits_a_small_phone_and_a_finger(looks: list[Look]) -> None:
    """At 320 pixels nothing scrolls sideways, and what one presses is at least 44 pixels high."""
    for look in looks:
        assert look.width <= 320, look.name
        assert all(height >= 44 for height in look.heights), look.name
        assert look.field_size is None or look.field_size >= 16, look.name
    assert sum(look.field_size is not None for look in looks) > 3


def test_the_door_is_walked_through_by_keyboard(chromium: Browser, site: tuple[str, Stage]) -> None:
    """Tab reaches every control in reading order, and each shows that it has the focus."""
    page = opened(chromium)
    page.goto(site[0] + DOOR)
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        seen.append(focused.evaluate("element => element.tagName"))
        assert focused.evaluate("element => getComputedStyle(element).outlineWidth") == "3px"
    assert seen == ["A", "INPUT", "BUTTON", "SUMMARY"]
    page.context.close()


def test_a_screen_reader_hears_the_problem_with_the_field(chromium: Browser, site: tuple[str, Stage]) -> None:
    """Field, problem and hint are tied together; a frame has a title; pictures stay silent."""
    page = opened(chromium)
    page.goto(f"{site[0]}/door-used")
    field = page.get_by_role("textbox", name="Access code", exact=True)
    expect(field).to_have_accessible_description(
        re.compile("This code was already used.*Twelve letters and digits")
    )
    expect(field).to_be_focused()
    page.goto(f"{site[0]}/form")
    assert page.locator("iframe").get_attribute("title") == f"Form · {gallery.POLICY.title}"
    assert page.locator("svg:not([aria-hidden=true])").count() == 0
    page.context.close()


def test_motion_is_left_out_for_who_asks(chromium: Browser, site: tuple[str, Stage]) -> None:
    """The panel appears gently, and at once where less motion is wanted."""
    for wish, name in (("no-preference", "jotgate-appear"), ("reduce", "none")):
        page = opened(chromium, reduced_motion=wish)
        page.goto(f"{site[0]}/received-sent")
        panel = page.locator(".jotgate-panel").first
        assert panel.evaluate("panel => getComputedStyle(panel).animationName") == name
        page.context.close()


def test_a_confirmation_prints_without_buttons(chromium: Browser, site: tuple[str, Stage]) -> None:
    """On paper there are words, dark on white, and nothing to press."""
    page = opened(chromium, color_scheme="dark")
    page.goto(f"{site[0]}/received-verified")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.evaluate(FAINT_TEXTS) == []
    page.context.close()


def test_without_javascript_the_whole_way_is_walked(chromium: Browser, site: tuple[str, Stage]) -> None:
    """Code, refusal, form, the link "I have sent the form", and the next person's code: plain pages do."""
    origin, stage = site
    stage.admitted = False
    stage.refusals.append(wrong_code(Reason.MISTYPED, 422, hint="too_short"))
    page = opened(chromium, java_script_enabled=False)
    page.goto(origin + DOOR)
    page.get_by_label("Access code").fill("ABCD")
    page.get_by_role("button", name="Open the form").click()
    expect(page.get_by_text("This code is too short")).to_be_visible()
    expect(page.get_by_label("Access code")).to_have_value("ABCD-EFGH-JKMN")
    page.get_by_label("Access code").fill("abcdefghjkmn")
    page.get_by_role("button", name="Open the form").click()
    expect(page.locator("iframe")).to_be_visible()
    page.get_by_role("link", name="I have sent the form").click()
    assert page.url == origin + DOOR
    page.get_by_role("button", name="Not you? Use another code").click()
    expect(page.get_by_label("Access code")).to_be_visible()
    assert stage.codes[-2:] == ["ABCD", "abcdefghjkmn"]
    page.context.close()


def test_without_javascript_waiting_works_too(chromium: Browser, site: tuple[str, Stage]) -> None:
    """A throttled visitor reads how long, a waiting page looks again by itself and by a link, the rest stays hidden."""
    page = opened(chromium, java_script_enabled=False)
    page.goto(f"{site[0]}/door-throttled")
    expect(page.get_by_text("Please try again in 12 seconds")).to_be_visible()
    expect(page.get_by_text("This page tries again by itself")).to_be_hidden()
    expect(page.get_by_text("Try again when this device is online")).to_be_hidden()
    page.goto(f"{site[0]}/received-sent")
    expect(page.get_by_role("link", name="Look again now")).to_be_visible()
    assert page.locator("noscript meta[http-equiv=refresh]").get_attribute("content") == "10"
    page.goto(f"{site[0]}/received-verified")
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    page.context.close()


def test_an_embed_and_its_page_leave_each_other_alone(chromium: Browser, site: tuple[str, Stage]) -> None:
    """The site's elements look the same with and without an embed, and the embed under a rude style of the site."""
    origin, stage = site
    page = opened(chromium, reduced_motion="reduce")
    stage.fragments, stage.own_style = [], ""
    page.goto(f"{origin}/site")
    own = page.evaluate(LOOK, "#own, #own *")
    stage.fragments = [gallery.door() | {"kind": "door"}]
    page.goto(f"{origin}/site")
    assert page.evaluate(LOOK, "#own, #own *") == own
    ours = page.evaluate(LOOK, ".jotgate, .jotgate *")
    stage.own_style = RUDE_STYLE
    page.goto(f"{origin}/site")
    assert page.evaluate(LOOK, "#own *") != own[1:]
    assert page.evaluate(LOOK, ".jotgate, .jotgate *") == ours
    page.context.close()


def test_a_few_variables_make_a_theme(chromium: Browser, site: tuple[str, Stage]) -> None:
    """A site's own values win wherever its style sheet stands, here before ours."""
    origin, stage = site
    stage.fragments = [gallery.door() | {"kind": "door"}]
    stage.own_style = (
        ":root { --jotgate-accent: rgb(120, 10, 60); --jotgate-radius: 0px; --jotgate-font: serif }"
    )
    page = opened(chromium)
    page.goto(f"{origin}/site")
    button = page.get_by_role("button", name="Open the form")
    look = "(button, name) => getComputedStyle(button)[name]"
    names = ("backgroundColor", "borderTopLeftRadius", "fontFamily")
    assert [button.evaluate(look, name) for name in names] == ["rgb(120, 10, 60)", "0px", "serif"]
    page.context.close()
