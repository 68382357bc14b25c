"""A whole site in a real browser, where guessing costs work: the page works by itself, and whoever cannot waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jotgate.codes import generate, printed
from jotgate.sandbox import Sandbox
from jotgate.speaking import IN_ENGLISH
from jotgate.throttle import EVERYWHERE, LEAST_WORK
from tests.browser import gallery
from tests.door.site import DOOR, Site, settings_of
from tests.patience import BROWSER_MS

pytestmark = pytest.mark.browser

NETWORK = "network 127.0.0.1/32"
#: So many wrong codes came in all, from this network, and every turn of the next hour is taken.
_GUESSED = {EVERYWHERE: 3_000, NETWORK: 60, f"known in {NETWORK}": 0, f"others in {NETWORK}": 0}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site of a million codes, beside whose visitors somebody guesses."""
    with Sandbox() as sandbox:
        form_id = sandbox.add_form("Students")
        found = Site(sandbox, settings_of(sandbox, form_id, tmp_path))
        _guess(found)
        yield found
        found.parts.store.close()


def _guess(site: Site) -> None:
    store = site.parts.store
    store.codes_in_use = lambda: 1_000_000  # type: ignore[method-assign]
    statement = "INSERT INTO guesses (key, count, ends_at, next_try_at) VALUES (:key, :count, {at}, {at})"
    store.driver.learn({"guess": statement.replace("{at}", f"{site.clock.now() + 50}")})
    with store.driver.write() as tx:
        for key, count in _GUESSED.items():
            tx.run("guess", key=key, count=count)


def test_the_page_works_for_a_turn_and_the_form_opens(chromium: Browser, site: Site) -> None:
    """One right code, posted twice: the second time with the work; no error in the console, no policy broken."""
    code = site.code()
    with gallery.served(site.gate) as origin:
        context = chromium.new_context()
        context.set_default_timeout(BROWSER_MS)
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "policy" in said.text.lower() else None)
        statuses = _posts(page)
        page.goto(origin + DOOR)
        page.get_by_label("Access code").fill(code)
        page.get_by_role("button", name="Open the form").click()
        expect(page.locator("iframe")).to_be_visible()
        assert (statuses, faults) == ([429, 303], [])
        context.close()


def test_the_page_works_to_open_a_code_that_is_opened_without_end(
    chromium: Browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who has the code of the class as well posts it all the time; nobody guesses where this pupil is."""
    monkeypatch.setattr("jotgate.stores.codes.MOST_WORK", LEAST_WORK)
    code = site.code(uses=2)
    while site.visitor().enter(code).status_code == 303:
        pass
    visitor = {"REMOTE_ADDR": "192.0.2.7"}
    with gallery.served(lambda environ, start: site.gate(environ | visitor, start)) as origin:
        context = chromium.new_context()
        context.set_default_timeout(BROWSER_MS)
        page = context.new_page()
        statuses = _posts(page)
        page.goto(origin + DOOR)
        page.get_by_label("Access code").fill(code)
        page.get_by_role("button", name="Open the form").click()
        expect(page.locator("iframe")).to_be_visible()
        assert statuses == [429, 303]
        context.close()


def test_a_wrong_code_that_was_worked_for_is_refused_for_good(chromium: Browser, site: Site) -> None:
    """The page says that nobody knows it, and does not work once more by itself."""
    with gallery.served(site.gate) as origin:
        context = chromium.new_context()
        context.set_default_timeout(BROWSER_MS)
        page = context.new_page()
        statuses = _posts(page)
        page.goto(origin + DOOR)
        page.get_by_label("Access code").fill(printed(generate()))
        page.get_by_role("button", name="Open the form").click()
        expect(page.get_by_text(IN_ENGLISH.say("refused.unknown_code.title"))).to_be_visible()
        assert statuses == [429, 403]
        context.close()


def test_without_script_the_page_says_how_long_to_wait(chromium: Browser, site: Site) -> None:
    """It blames the network, since that did guess, and shows nothing of what only a script does."""
    with gallery.served(site.gate) as origin:
        context = chromium.new_context(java_script_enabled=False)
        context.set_default_timeout(BROWSER_MS)
        page = context.new_page()
        page.goto(origin + DOOR)
        page.get_by_label("Access code").fill(site.code())
        page.get_by_role("button", name="Open the form").click()
        expect(page.get_by_text("Many wrong codes came from your network")).to_be_visible()
        expect(page.get_by_text("your device works")).to_be_hidden()
        context.close()


def _posts(page: Page) -> list[int]:
    """Return a list that is to hold the statuses of every code that the page posts."""
    statuses: list[int] = []
    page.on(
        "response", lambda answer: statuses.append(answer.status) if answer.request.method == "POST" else None
    )
    return statuses
