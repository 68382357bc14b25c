"""One person, several screens: two tabs, two devices, a device that is handed on; by app tokens and with codes.

Every verdict is right, and every page says the truth about what was sent from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from jotgate.admission.grants import Person, Terms
from jotgate.speaking import IN_ENGLISH
from tests.browser.test_copied_links import (
    WEB_VIEW,
    FieldSite,
    browser,
    field_site,
    form_frame,
    go,
    send,
    told,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CONFIRMED = IN_ENGLISH.say("state.verified.title")
SENT_ALREADY = IN_ENGLISH.say("state.replayed.title")
CHANGED = IN_ENGLISH.say("state.tampered.title")


@pytest.fixture(scope="module")
def field() -> Iterator[FieldSite]:
    """Return a site whose form opens from an app or with a code."""
    with field_site(access=["app", "code"]) as running:
        yield running


@pytest.fixture
def devices(chromium: Browser) -> Iterator[list[BrowserContext]]:
    """Return two browsers that share nothing."""
    with ExitStack() as stack:
        yield [stack.enter_context(browser(chromium)) for _ in range(2)]


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> str:
    """Return a user of the app who has no form open yet."""
    return f"u-{abs(hash(request.node.nodeid))}"


def tabs_on(devices: list[BrowserContext], screens: str) -> tuple[Page, Page]:
    """Return two pages: two tabs of one browser, or one on each of two devices."""
    tabs = devices[0].new_page(), devices[screens == "two devices"].new_page()
    for tab in tabs:
        tab.add_init_script(WEB_VIEW)
    return tabs


def tap(field: FieldSite, tab: Page, subject: str, place: str) -> None:
    """Open the form from the app, for a place; it is filled in and locked."""
    go(tab, f"{field.door}/enter?token={field.token(subject, place=place)}")
    assert form_frame(tab).get_by_label("Place").input_value() == place


def code_for(field: FieldSite, person: str) -> str:
    """Return a new code, which is about *person*."""
    [issued] = field.site.parts.grants.create(Terms(form="students"), [Person(subject=person)])
    return issued.code


def submit(tab: Page) -> None:
    """Send the form, until the page says that it is being confirmed."""
    send(form_frame(tab))
    expect(tab.get_by_role("heading", name=IN_ENGLISH.say("state.sent.title"))).to_be_visible()


def expect_told(tab: Page, title: str) -> None:
    """Expect a page to say what became of its form, and nothing else beside it."""
    expect(tab.get_by_role("heading", name=title)).to_be_visible()
    expect(tab.locator("[data-jotgate=state] .jotgate-strong")).to_have_text([title])


@pytest.mark.parametrize("screens", ["two tabs", "two devices"])
@pytest.mark.parametrize("first", [0, 1])
def test_one_place_on_each_screen(
    field: FieldSite, devices: list[BrowserContext], subject: str, screens: str, first: int
) -> None:
    """Either may be sent; the other one, sent as well, does not count, and says so, to the app, too."""
    tabs = tabs_on(devices, screens)
    for tab, place in zip(tabs, ("Row 3", "The pond"), strict=True):
        tap(field, tab, subject, place)
    submit(tabs[first])
    assert field.verdicts(subject) == ["verified"]
    expect_told(tabs[first], CONFIRMED)
    submit(tabs[1 - first])
    assert field.verdicts(subject) == ["replayed", "verified"]
    expect_told(tabs[1 - first], SENT_ALREADY)
    expect_told(tabs[first], CONFIRMED)
    assert [told(tab)[-1][1] for tab in (tabs[first], tabs[1 - first])] == ["verified", "replayed"]


def test_a_place_that_was_changed_spoils_no_other_screen(
    field: FieldSite, devices: list[BrowserContext], subject: str
) -> None:
    """Not even by the other screen's own value."""
    tabs = tabs_on(devices, "two tabs")
    for tab, place in zip(tabs, ("Row 3", "The pond"), strict=True):
        tap(field, tab, subject, place)
    place = form_frame(tabs[0]).get_by_label("Place")
    place.evaluate("input => { input.readOnly = false; input.value = 'The pond'; }")
    submit(tabs[0])
    assert field.verdicts(subject) == ["tampered"]
    expect_told(tabs[0], CHANGED)
    submit(tabs[1])
    assert field.verdicts(subject) == ["tampered", "verified"]
    expect_told(tabs[1], CONFIRMED)
    expect_told(tabs[0], CHANGED)


@pytest.mark.parametrize("screens", ["two tabs", "two devices"])
def test_one_code_on_two_screens(field: FieldSite, devices: list[BrowserContext], screens: str) -> None:
    """Which share one ticket: the form that is sent first counts, and each page says whether its own does."""
    code = code_for(field, screens)
    tabs = tabs_on(devices, screens)
    for tab in tabs:
        go(tab, field.door)
        if tab.get_by_label("Access code").count():
            tab.get_by_label("Access code").fill(code)
            tab.get_by_role("button", name=IN_ENGLISH.say("form.open")).click()
            move = tab.get_by_role("button", name=IN_ENGLISH.say("form.move"))
            expect(move.or_(tab.locator("iframe"))).to_be_visible()
            if move.count():
                move.click()
        form_frame(tab)
    for number, verdicts in enumerate((["verified"], ["replayed", "verified"])):
        submit(tabs[number])
        assert field.verdicts(screens) == verdicts
        expect_told(tabs[number], (CONFIRMED, SENT_ALREADY)[number])
    expect_told(tabs[0], CONFIRMED)


@pytest.mark.parametrize("way", ["by app tokens", "with codes"])
def test_a_device_that_is_handed_on(
    field: FieldSite, devices: list[BrowserContext], subject: str, way: str
) -> None:
    """Two people at one device: what the first one left open, and sent last, is the first one's, as is its verdict."""
    people = [f"{subject}-{way}-{number}" for number in range(2)]
    tabs = tabs_on(devices, "two tabs")
    for tab, person in zip(tabs, people, strict=True):
        if way == "by app tokens":
            tap(field, tab, person, "Row 3")
            continue
        go(tab, field.door)
        leave = tab.get_by_role("button", name=IN_ENGLISH.say("form.leave_code"))
        if leave.count():
            leave.click()
        tab.get_by_label("Access code").fill(code_for(field, person))
        tab.get_by_role("button", name=IN_ENGLISH.say("form.open")).click()
        form_frame(tab)
    for tab, person in reversed([*zip(tabs, people, strict=True)]):
        submit(tab)
        assert field.verdicts(person) == ["verified"]
        expect_told(tab, CONFIRMED)
