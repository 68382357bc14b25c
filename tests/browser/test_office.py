"""The office in a real browser: whatever people are called, its pages run nothing, fit on a phone, and are for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.exceptions import NotFound

from jotgate.door.office.routes import page_at
from tests.browser import gallery
from tests.browser.axe import violations
from tests.door.office.hostile import CANARY, TEXTS, Hostile, asked_with, looked_through
from tests.door.office.operators import OFFICE, link_of, signed_in
from tests.door.office.whole import BATCH, OTHER, OWN, Whole, whole_site
from tests.patience import BROWSER_MS

pytestmark = pytest.mark.browser

#: Calls of what nobody may call, and what the content policy had to stop.
_WATCH = f"""window.heard = [];
window.{CANARY} = field => {{ window.heard.push(`called by ${{field}}`); }};
addEventListener('securitypolicyviolation', event => window.heard.push(
  `${{event.violatedDirective}} at ${{event.sourceFile}}:${{event.lineNumber}} ${{event.sample}}`));"""
_TEACHER: dict[str, Any] = {"forms": [OWN], "batches": [BATCH]}


class Opened:
    """The office with hostile names in it, at its address."""

    def __init__(self, whole: Whole, origin: str) -> None:
        self.whole = whole
        self.origin = origin

    def addresses(self, **limits: Any) -> list[str]:
        """Return all addresses that the office leads to."""
        starts = (self.whole.address(page, form) for page in self.whole.pages() for form in (OWN, OTHER))
        return [address for address, _ in looked_through(signed_in(self.whole.site, **limits), starts)]

    def enter(self, page: Page, **limits: Any) -> None:
        """Sign in."""
        page.goto(self.origin + link_of(self.whole.site, Hostile()("operator"), **limits))
        page.get_by_role("button").click()
        page.wait_for_url(f"{self.origin}{OFFICE}/")


@pytest.fixture(scope="module")
def office() -> Iterator[Opened]:
    """Return an office in which everything has a name that tries to be more."""
    named, behind = Hostile(), list[Callable[..., Any]]()
    with (
        gallery.served(lambda environ, start: behind[0](environ, start)) as origin,
        whole_site(named, site_url=origin, site_name=named("site name")) as whole,
    ):
        behind.append(whole.site.gate)
        yield Opened(whole, origin)


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """Return a page on a small phone that notes what it must not do."""
    context = chromium.new_context(viewport={"width": 375, "height": 740}, reduced_motion="reduce")
    context.set_default_timeout(BROWSER_MS)
    context.add_init_script(_WATCH)
    yield context.new_page()
    context.close()


def some_of_each(addresses: list[str], most: int) -> list[str]:
    """Return *most* addresses, the longest, for each rule of the route table, with and without a query."""
    kinds: dict[object, list[str]] = {}
    for address in sorted(addresses, key=len, reverse=True):
        path, _, query = address.removeprefix(f"{OFFICE}/").partition("?")
        try:
            rule = page_at(path, "GET")[0].rule
        except NotFound:
            rule = "nothing"
        which = path.rpartition("/")[2] if "preview" in rule else ""
        kinds.setdefault((rule, bool(query), which), []).append(address)
    return [address for kind in kinds.values() for address in kind[:most]]


@pytest.mark.parametrize("limits", [pytest.param({}, id="owner"), pytest.param(_TEACHER, id="teacher")])
@pytest.mark.slow
def test_no_name_runs_and_no_page_is_wider_than_a_phone(
    office: Opened, phone: Page, limits: dict[str, Any]
) -> None:
    """On every page that the office leads to: nothing is called, the policy has nothing to stop, all of it fits."""
    office.enter(phone, **limits)
    addresses = some_of_each(office.addresses(**limits), 3)
    kinds = [address for address in some_of_each(addresses, 1) if "preview" not in address]
    addresses += [asked_with(address, text) for address in kinds for text in TEXTS]
    heard, wide = {}, {}
    for address in addresses:
        phone.goto(office.origin + address)
        # What a page shows as visitors see it runs no script at all.
        found = phone.evaluate("window.heard || []")
        heard |= {address: found} if found else {}
        width = phone.evaluate("document.documentElement.scrollWidth")
        wide |= {address: width} if width > 375 else {}
    assert heard == {}
    assert wide == {}
    assert len(addresses) > (5 if limits else 30)


def test_the_office_works_without_a_script(office: Opened, chromium: Browser) -> None:
    """Sign in, look for a person, read an entry's story, and run a checkup, by keyboard."""
    with chromium.new_context(java_script_enabled=False, viewport={"width": 375, "height": 740}) as context:
        context.set_default_timeout(BROWSER_MS)
        page = context.new_page()
        office.enter(page)
        page.get_by_role("link", name="What happened").press("Enter")
        page.get_by_text("Look for a person, a form, a day").press("Enter")
        page.get_by_role("combobox", name="What happened").select_option("refusals")
        page.get_by_role("button", name="Look").press("Enter")
        page.locator(".office-ref").first.press("Enter")
        expect(page.get_by_role("heading", name="What the visitor reads")).to_be_visible()
        page.get_by_role("link", name="Health").press("Enter")
        page.get_by_role("button", name="Look now").press("Enter")
        expect(page.get_by_role("heading", name="What was found")).to_be_visible()


def test_the_canary_would_be_heard(office: Opened, phone: Page) -> None:
    """A page that let the texts out would be noticed here, by the call or by the policy that stopped it."""
    phone.route("**/leaky", lambda route: route.fulfill(body=f"<p>{TEXTS[0]}</p>", content_type="text/html"))
    phone.goto(f"{office.origin}/leaky")
    phone.wait_for_function("window.heard.length")
    policy = {"Content-Security-Policy": "script-src 'self'"}
    phone.route(
        "**/held",
        lambda route: route.fulfill(body=f"<p>{TEXTS[0]}</p>", content_type="text/html", headers=policy),
    )
    phone.goto(f"{office.origin}/held")
    phone.wait_for_function("window.heard.some(one => one.startsWith('script-src'))")


@pytest.mark.slow
def test_axe_finds_nothing_in_the_office(office: Opened, phone: Page, axe_source: str) -> None:
    """On one page of each kind, those that say no among them, in light and in dark."""
    phone.goto(office.origin + link_of(office.whole.site))
    found = {"enter": violations(phone, axe_source)}
    phone.goto(f"{office.origin}{OFFICE}/")
    found["shut"] = violations(phone, axe_source)
    office.enter(phone)
    # No script runs in what is shown as visitors see it: those pages are looked through for themselves.
    kinds = [address for address in some_of_each(office.addresses(), 1) if "/preview/" not in address]
    for address in [*kinds, f"{OFFICE}/nothing", f"{OFFICE}/ledger?form={OWN}&event=refusals&person=x"]:
        phone.goto(office.origin + address)
        found[address] = violations(phone, axe_source)
    # A link of the switch of languages was among them.
    phone.goto(f"{office.origin}{OFFICE}/health?lang=en")
    phone.get_by_role("button", name="Look now").click()
    phone.wait_for_selector("#office-found")
    found["checkup"] = violations(phone, axe_source)
    people = f"{office.origin}{OFFICE}/f/{OWN}/people"
    phone.goto(people)
    phone.locator("[name=code]").first.check()
    phone.locator("[name=action]").first.select_option("revoke")
    phone.locator("form[action$=choose] button").last.click()
    phone.wait_for_url("**/choose")
    found["choose"] = violations(phone, axe_source)
    phone.goto(f"{people}/new")
    phone.locator("[name=count]").fill("2")
    phone.locator("form[action$=check] button").last.click()
    phone.wait_for_url("**/check")
    found["dry run"] = violations(phone, axe_source)
    phone.locator("form[action$=create] button").last.click()
    phone.wait_for_url("**/create")
    found["new codes"] = violations(phone, axe_source)
    assert {address: wrong for address, wrong in found.items() if wrong} == {}
