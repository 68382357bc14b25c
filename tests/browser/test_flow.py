"""The example site in a real browser on a phone's screen: from the code to the verdict, as pupils and parents go it.

Pictures of the steps are left in pytest's temporary folder.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Frame, FrameLocator, Page, expect
from werkzeug.wrappers import Response

from jotgate.codes import generate, printed
from jotgate.outcomes import Reason
from jotgate.speaking import IN_ENGLISH
from tests.browser import gallery
from tests.example_site import ANSWERS, ExampleSite, example_site
from tests.patience import BROWSER_MS, until

pytestmark = pytest.mark.browser

#: The door's own page, and the school's page that embeds the form.
#: Where pictures of the pages go, if somebody wants to look at them.
PICTURES = os.environ.get("JOTGATE_TEST_PICTURES")
PLACES = ("/jotgate/f/students", "/students")
#: The same in a page of the site's own takes as long again.
DOOR_FIRST = (PLACES[0], pytest.param(PLACES[1], marks=pytest.mark.slow))

NewBrowser = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleSite]:
    """Return the running demo."""
    with example_site(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
def new_browser(chromium: Browser) -> Iterator[NewBrowser]:
    """Return what makes a phone that was here never before; its pages must log no error and break no policy."""
    made: list[BrowserContext] = []
    faults: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # Chromium logs every answer of 400 and more; those are the point of some tests.
        if said.type == "error" and "Failed to load resource" not in said.text:
            faults.append(said.text)

    def make(*, java_script: bool = True) -> BrowserContext:
        context = chromium.new_context(
            viewport={"width": 390, "height": 844},
            device_scale_factor=2 if PICTURES else 1,
            reduced_motion="reduce",
            java_script_enabled=java_script,
        )
        context.set_default_timeout(BROWSER_MS)
        context.on("console", note)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    assert faults == []


@pytest.fixture
def page(new_browser: NewBrowser) -> Page:
    """Return an empty page on a fresh phone."""
    return new_browser().new_page()


def enter(page: Page, code: str) -> None:
    """Type a code and press the button."""
    page.get_by_label("Access code").fill(code)
    page.get_by_role("button", name="Open the form").click()


def framed(page: Page) -> FrameLocator:
    """Return what is in the form's frame."""
    return page.frame_locator("iframe")


def form_frame(page: Page) -> Frame:
    """Return the form's frame once the form is in it."""
    framed(page).get_by_role("button", name="Send").wait_for()
    return page.frames[1]


def fill_in(form: Frame | Page) -> None:
    """Answer the school's questions."""
    for name, text in ANSWERS.items():
        field = form.locator(f'[name$="_{name}"]')
        if name == "class":
            field.select_option(text)
        else:
            field.fill(text)
    form.get_by_label("Some days").check()


def send(form: Frame | Page) -> None:
    """Press the form's own button."""
    form.get_by_role("button", name="Send").click()


def look(page: Page, folder: Path, name: str) -> None:
    """Take a picture of the whole page, where somebody wants to look at it."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{folder.name}-{name}.png", full_page=True)


@pytest.mark.parametrize("place", PLACES)
def test_from_the_code_to_the_verdict(site: ExampleSite, page: Page, tmp_path: Path, place: str) -> None:
    """A wrong code and a typing mistake are explained; the right code opens the form, whose sending is confirmed.

    The form is shown and sent on two other origins, without a scroll bar of its own, and the
    visitor stays on the page where the code was typed.
    """
    code = site.new_code()
    page.goto(site.url + place)
    look(page, tmp_path, "1-door")
    enter(page, printed(generate()))
    expect(page.get_by_text("We do not know this code")).to_be_visible()
    look(page, tmp_path, "2-unknown")
    enter(page, ("3" if code[0] != "3" else "4") + code[1:])
    expect(page.get_by_text("This code has a typing mistake")).to_be_visible()
    look(page, tmp_path, "3-mistyped")

    enter(page, code.lower().replace("-", " "))
    form = form_frame(page)
    # Not by wait_for_function, which evaluates text in the page: the door's own policy forbids that.
    expect(page.locator("iframe")).to_have_attribute("style", re.compile("height"))
    assert form.evaluate("document.documentElement.scrollHeight <= innerHeight")
    look(page, tmp_path, "4-form")
    fill_in(form)
    look(page, tmp_path, "5-filled")
    send(form)
    expect(page.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()
    # One card: the frame with its thanks has gone.
    expect(page.locator("iframe")).to_have_count(0)
    look(page, tmp_path, "6-verified")
    assert page.url == site.url + place

    page.reload()
    expect(page.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)
    look(page, tmp_path, "7-later")


@pytest.mark.parametrize("place", DOOR_FIRST)
def test_the_next_person_uses_another_code(site: ExampleSite, page: Page, tmp_path: Path, place: str) -> None:
    """ "Not you? Use another code" leads back to the same page, which asks for a code and gives another ticket."""
    page.goto(site.url + place)
    addresses = []
    for _ in range(2):
        enter(page, site.new_code())
        addresses.append(form_frame(page).url)
        page.get_by_role("button", name="Not you? Use another code").click()
        expect(page.get_by_label("Access code")).to_be_visible()
        assert page.url.partition("?")[0] == site.url + place
    look(page, tmp_path, "left")
    assert addresses[0] != addresses[1]


@pytest.mark.slow
@pytest.mark.parametrize("place", DOOR_FIRST)
def test_two_tabs_of_one_browser_tell_the_truth_about_two_people(
    site: ExampleSite, page: Page, new_browser: NewBrowser, place: str
) -> None:
    """A's form is open in the first tab, B's code is entered in the second; A sends: only A is confirmed.

    B still fills in the form, and on another device B's code is not "used" but open in the first browser.
    """
    first, second = site.new_code(), site.new_code()
    page.goto(site.url + place)
    enter(page, first)
    form = form_frame(page)
    other = page.context.new_page()
    other.goto(site.url + place)
    other.get_by_role("button", name="Not you? Use another code").click()
    enter(other, second)
    form_frame(other)

    fill_in(form)
    send(form)
    expect(page.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()
    other.reload()
    elsewhere = new_browser().new_page()
    elsewhere.goto(site.url + place)
    enter(elsewhere, second)
    expect(elsewhere.get_by_text(gallery.refused(Reason.OPEN_ELSEWHERE).title)).to_be_visible()
    fill_in(form_frame(other))
    send(other.frames[1])
    expect(other.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()


@pytest.mark.slow
def test_a_frame_that_is_handed_on_says_what_does_not_count(site: ExampleSite, page: Page) -> None:
    """While the owner's thank-you page may still be read, what is sent after going back is said not to count."""
    # However busy this machine is: a form that loads later than that is withdrawn at once.
    page.add_init_script("window.moment = 1; performance.now = () => moment")
    page.route("**/done", lambda route: route.fulfill(body="Thanks from the owner"))
    page.goto(site.url + PLACES[0])
    enter(page, site.new_code())
    form = form_frame(page)
    address = form.url
    fill_in(form)
    send(form)
    expect(page.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()
    form.goto(address)
    fill_in(form)
    page.evaluate("moment = 6000")
    send(form)
    expect(page.get_by_text(IN_ENGLISH.say("state.again.title"))).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)
    expect(page.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()


@pytest.mark.parametrize("pupils", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_a_class_shares_a_tablet_and_a_code(page: Page, tmp_path: Path, pupils: int) -> None:
    """Pupil after pupil, one browser, one code of thirty uses, no sweep in between: every one is verified."""
    with example_site(tmp_path / "demo", JOTGATE_SWEEPER="external") as site:
        page.goto(site.door)
        for _ in range(pupils):
            enter(page, site.demo["class_code"])
            form = form_frame(page)
            fill_in(form)
            send(form)
            expect(page.get_by_text(IN_ENGLISH.say("state.sent.title"), exact=True)).to_be_visible()
            page.get_by_role("button", name="Not you? Use another code").click()
        expect(page.get_by_label("Access code")).to_be_visible()
        assert site.verdicts() == {}
        site.command("sweep")
        assert Counter(site.verdicts().values()) == {"verified": pupils}


def test_it_works_without_javascript(site: ExampleSite, new_browser: NewBrowser, tmp_path: Path) -> None:
    """Plain pages: a mistake is explained, the form is sent, and coming back by the link shows the verdict."""
    page = new_browser(java_script=False).new_page()
    code = site.new_code()
    page.goto(site.door)
    enter(page, ("3" if code[0] != "3" else "4") + code[1:])
    expect(page.get_by_text("This code has a typing mistake")).to_be_visible()
    enter(page, code)
    form = form_frame(page)
    look(page, tmp_path, "1-form")
    fill_in(form)
    send(form)
    expect(framed(page).get_by_text("Thank you")).to_be_visible()

    def confirmed() -> bool:
        page.get_by_role("link", name="I have sent the form").or_(
            page.get_by_role("link", name="Look again now")
        ).click()
        return page.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True).is_visible()

    assert until(confirmed)
    look(page, tmp_path, "2-verified")


def test_a_copied_address_counts_once(
    site: ExampleSite, page: Page, new_browser: NewBrowser, tmp_path: Path
) -> None:
    """Who copies the form's own address out of the frame can send it, too: one is verified, the other replayed."""
    before = site.verdicts()
    page.goto(site.door)
    enter(page, site.new_code())
    form = form_frame(page)
    thief = new_browser().new_page()
    thief.goto(form.url)
    for each in (form, thief):
        fill_in(each)
        send(each)
    expect(page.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()
    expect(thief.get_by_text("Thank you")).to_be_visible()
    look(thief, tmp_path, "thief")

    def new_verdicts() -> list[str]:
        found = site.verdicts()
        return sorted(found[one] for one in found.keys() - before.keys())

    assert until(lambda: new_verdicts() == ["replayed", "verified"])


@pytest.mark.slow
@pytest.mark.parametrize("place", DOOR_FIRST)
def test_a_code_moves_to_another_browser(
    site: ExampleSite, page: Page, new_browser: NewBrowser, tmp_path: Path, place: str
) -> None:
    """A code that is open in another browser is offered to be moved; then the form is here, and soon not there."""
    code = site.new_code()
    page.goto(site.url + place)
    enter(page, code)
    first_address = form_frame(page).url
    second = new_browser().new_page()
    second.goto(site.url + place)
    with second.expect_response(site.door) as answered:
        enter(second, code)
    assert answered.value.status == 409
    look(second, tmp_path, "1-elsewhere")
    second.get_by_role("button", name="Move it here").click()
    assert form_frame(second).url == first_address
    assert second.url == site.url + place
    look(second, tmp_path, "2-moved")

    def ended() -> bool:
        page.reload()
        return page.get_by_label("Access code").is_visible()

    assert until(ended)
    expect(page.locator("iframe")).to_have_count(0)


def test_the_notes_lead_through_the_door(site: ExampleSite, page: Page, tmp_path: Path) -> None:
    """A protected page asks for the code and then shows itself; the form is one link away."""
    page.goto(f"{site.url}/notes")
    enter(page, site.new_code())
    expect(page.get_by_role("heading", name="The first weeks")).to_be_visible()
    look(page, tmp_path, "notes")
    page.get_by_role("link", name="Back to the enrolment form").click()
    assert "jotgate=" in form_frame(page).url


@pytest.mark.parametrize("path", [*PLACES, "/"])
def test_a_strangers_frame_stays_blank(site: ExampleSite, chromium: Browser, path: str) -> None:
    """A page of somebody else that frames the door or the school's page shows nothing of it."""
    html = f'<!doctype html><title>A stranger</title><iframe src="{site.url}{path}"></iframe>'
    with gallery.served(Response(html, mimetype="text/html")) as origin, chromium.new_context() as context:
        page = context.new_page()
        with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            page.goto(origin)
        (frame,) = page.main_frame.child_frames
        expect(frame.get_by_label("Access code")).to_have_count(0)
        assert "Hillside" not in frame.content()
