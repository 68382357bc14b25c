"""Every page in every language: nothing is left in English, and a browser gets through, in both directions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from playwright.sync_api import Browser, expect

from jotgate.speaking import language
from tests.browser import gallery
from tests.browser.exhibition import page_of
from tests.browser.test_flow import ANSWERS, fill_in, form_frame, send
from tests.example_site import ExampleSite, example_site
from tests.patience import BROWSER_MS
from tests.translating import PSEUDO, plain_words

#: What belongs to the site or to nobody: names, answers, references, signs.
NOT_OURS = re.compile(
    r"Riverside School|riverside-school\.example|office@|Students’ questionnaire|JotForm|XXXX|Ada Lovelace|s-1042"
    r"|Your name|Which lessons would you like to take\?|Mathematics|Poetry|A drawing of your engine|drawing\.png"
    r"|7KQ2-M9|ABCD-EFGH-JKMN|Deutsch|English|Español"
)


@pytest.mark.parametrize("name", gallery.pictures())
def test_no_page_holds_plain_english(name: str) -> None:
    """In the language that nobody speaks, every word that is not the site's own is strange."""
    html = unescape(page_of(name, PSEUDO))
    assert plain_words(html, lambda text: NOT_OURS.sub("", text)) == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleSite]:
    """Return the running demo."""
    with example_site(tmp_path_factory.mktemp("demo")) as running:
        yield running


#: What the keyboards of a language make of a code.
TYPED = {"ar": str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"), "tr": str.maketrans("01", "oı")}


@pytest.mark.parametrize(
    "tag", ["ar", *(pytest.param(tag, marks=pytest.mark.slow) for tag in ("de", "es", "tr"))]
)
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


def test_from_code_to_confirmed_by_keyboard(chromium: Browser, site: ExampleSite) -> None:
    """Tab, letters, the space bar and Enter are all it takes, in the form as well."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(BROWSER_MS)
    page = context.new_page()
    page.goto(f"{site.url}/jotgate/f/students?lang=en")
    focus = "document.activeElement.name || document.activeElement.textContent.trim()"

    def go_to(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            inside = page.evaluate("document.activeElement.tagName") == "IFRAME"
            if str((page.frames[1] if inside else page).evaluate(focus)).endswith(name):
                return
        raise AssertionError(f"Tab does not lead to {name}")

    go_to("code")
    page.keyboard.type(site.new_code().lower())
    page.keyboard.press("Enter")
    form_frame(page)
    for name, text in ANSWERS.items():
        go_to(f"_{name}")
        page.keyboard.type(text)
    go_to("Send")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    context.close()
