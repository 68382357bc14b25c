"""T37: a link from an app in a browser that does not say what it opens, as web views did before they told it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from jotgate import mint_token
from tests.browser.gallery import served
from tests.door.site import DOOR, running_site
from tests.patience import BROWSER_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.browser


@dataclass
class Older:
    """A site as older browsers ask it: without what they do not say. It notes what it was asked."""

    #: Known only once its origin is.
    application: WSGIApplication | None = None
    #: Method and path, in order.
    asked: list[str] = field(default_factory=list)
    #: Every address that a browser said it came from.
    referrers: set[str] = field(default_factory=set)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert self.application is not None
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        self.referrers.add(environ.get("HTTP_REFERER", ""))
        said = {name: value for name, value in environ.items() if not name.startswith("HTTP_SEC_FETCH")}
        return self.application(said, start_response)


@dataclass
class School:
    """A site whose form opens from an app."""

    origin: str
    secret: str
    log: Older

    def link(self, subject: str) -> str:
        """Return what the app opens."""
        token = mint_token(self.secret, app="ios", form="students", subject=subject)
        return f"{self.origin}{DOOR}/enter?token={token}"


@pytest.fixture
def school() -> Iterator[School]:
    """Serve the site to browsers that say nothing."""
    log = Older()
    with served(log) as origin, running_site(site_url=origin, form={"access": "app"}) as site:
        log.application = site.gate
        yield School(origin, site.app_secret(), log)


@contextmanager
def view(chromium: Browser, *, script: bool = True) -> Iterator[Page]:
    """Give a web view with a profile of its own."""
    context = chromium.new_context(java_script_enabled=script)
    context.set_default_timeout(BROWSER_MS)
    yield context.new_page()
    context.close()


def expect_form(page: Page, school: School) -> None:
    """Expect the form, at the door's clean address."""
    expect(page).to_have_url(school.origin + DOOR)
    expect(page.locator("iframe")).to_have_count(1)


def test_the_page_posts_the_token_by_itself(school: School, chromium: Browser) -> None:
    """The form opens with one page more; the token is in no entry of the history and was told to nobody."""
    link = school.link("u-1")
    with view(chromium) as page:
        page.goto(link)
        expect_form(page, school)
        pages = [one for one in school.log.asked if "/static/" not in one]
        assert pages[:3] == [f"GET {DOOR}/enter", f"POST {DOOR}/enter", f"GET {DOOR}"]
        entries = page.evaluate("navigation.entries().map(entry => entry.url)")
        assert entries
        assert not [address for address in [*entries, *school.log.referrers] if "token" in address]
        # As after the system ended the app: the same link, with what the web view kept.
        page.goto(link)
        expect_form(page, school)


def test_a_page_that_nobody_sees_spends_nothing(school: School, chromium: Browser) -> None:
    """Some previewers run scripts: the token stays good, and the page goes on when somebody looks at it."""
    link = school.link("u-2")
    with view(chromium) as unseen, view(chromium) as person, view(chromium) as late:
        for page in unseen, late:
            page.add_init_script(
                "window.unseen = true; Object.defineProperty(document, 'hidden', { get: () => unseen })"
            )
        unseen.goto(link)
        # Its script has run.
        expect(unseen).to_have_url(f"{school.origin}{DOOR}/enter")
        person.goto(link)
        expect_form(person, school)
        expect(unseen.get_by_role("button", name="Open the form")).to_be_visible()
        late.goto(school.link("u-3"))
        expect(late).to_have_url(f"{school.origin}{DOOR}/enter")
        late.evaluate("window.unseen = false; document.dispatchEvent(new Event('visibilitychange'))")
        expect_form(late, school)


def test_without_a_script_the_button_opens_the_form(school: School, chromium: Browser) -> None:
    """And its post tells nobody where it came from."""
    with view(chromium, script=False) as page:
        page.goto(school.link("u-4"))
        page.get_by_role("button", name="Open the form").click()
        expect_form(page, school)
    assert not [address for address in school.log.referrers if "token" in address]
