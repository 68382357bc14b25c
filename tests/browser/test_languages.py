"""Every page in every language, in a real browser: nothing left in English, nothing too long, in both directions.

With `JOTGATE_TEST_PICTURES` naming a folder, pictures of the pages are left there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from jotgate.languages import known_languages
from jotgate.speaking import language
from tests.browser import gallery
from tests.browser.exhibition import exhibition, page_of
from tests.browser.test_flow import fill_in, form_frame, send
from tests.example_site import ExampleSite, example_site
from tests.patience import BROWSER_MS
from tests.translating import PSEUDO, plain_words

#: What belongs to the site or to nobody: names, answers, references, signs.
NOT_OURS = re.compile(
    r"Riverside School|riverside-school\.example|office@|Students’ questionnaire|JotForm|XXXX|Ada Lovelace|s-1042"
    r"|Your name|Which lessons would you like to take\?|Mathematics|Poetry|A drawing of your engine|drawing\.png"
    r"|7KQ2-M9|ABCD-EFGH-JKMN|Deutsch|English|Español"
)
PICTURES = os.environ.get("JOTGATE_TEST_PICTURES")
#: How much wider than its window a page is, and what reaches beyond its side.
WIDE = """() => [document.documentElement.scrollWidth - innerWidth,
  [...document.querySelectorAll("main *, section *, nav *")].filter(one => {
    if (one.closest("iframe, svg, template")) return false;
    const box = one.getBoundingClientRect();
    return box.width && (box.left < -0.5 || box.right > innerWidth + 0.5);
  }).map(one => one.outerHTML.slice(0, 80))]"""


@pytest.mark.parametrize("name", gallery.pictures())
def test_no_page_holds_plain_english(name: str) -> None:
    """In the language that nobody speaks, every word that is not the site's own is strange."""
    html = unescape(page_of(name, PSEUDO))
    assert plain_words(html, lambda text: NOT_OURS.sub("", text)) == []


@pytest.mark.parametrize(
    "tag", ["eo", *(pytest.param(tag, marks=pytest.mark.slow) for tag in known_languages(None))]
)
def test_every_page_fits_a_small_phone(chromium: Browser, tag: str) -> None:
    """At 320 pixels nothing scrolls sideways or is cut off, with everything unfolded; so it is with longer words."""
    context = chromium.new_context(viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    context.set_default_timeout(BROWSER_MS)
    page = context.new_page()
    with gallery.served(exhibition) as origin:
        for name in gallery.pictures():
            page.goto(f"{origin}/{tag}/{name}", wait_until="domcontentloaded")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            assert page.evaluate(WIDE) == [0, []], name
            if PICTURES:
                folder = Path(PICTURES) / tag
                folder.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=folder / f"{name}.png", full_page=True)
    context.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleSite]:
    """Return the running demo."""
    with example_site(tmp_path_factory.mktemp("demo")) as running:
        yield running


#: What the keyboards of a language make of a code.
TYPED = {"ar": str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"), "tr": str.maketrans("01", "oı")}


@pytest.mark.parametrize("tag", [tag for tag in ("ar", "de", "es", "tr") if tag in known_languages(None)])
def test_from_code_to_confirmed(chromium: Browser, site: ExampleSite, tag: str) -> None:
    """A browser of that language goes all the way, and reads its own language on every page."""
    said, typed = language(tag).say, TYPED.get(tag, {})
    context = chromium.new_context(
        locale=tag, viewport={"width": 390, "height": 844}, reduced_motion="reduce"
    )
    context.set_default_timeout(BROWSER_MS)
    page = context.new_page()
    page.goto(f"{site.url}/jotgate/f/students")
    expect(page.locator("html")).to_have_attribute("lang", tag)
    code, field = site.new_code(), page.get_by_label(said("access_code"))
    expect(field).to_have_attribute("dir", "ltr")
    field.fill(code[:-1])
    page.get_by_role("button", name=said("form.open")).click()
    expect(page.get_by_text(said("refused.mistyped.too_short.title"))).to_be_visible()
    field.fill(code.lower().translate(typed))
    page.get_by_role("button", name=said("form.open")).click()
    form = form_frame(page)
    expect(page.get_by_role("button", name=said("form.leave_code"))).to_be_visible()
    fill_in(form)
    send(form)
    expect(page.get_by_text(said("state.verified.title"), exact=True)).to_be_visible()
    context.close()
