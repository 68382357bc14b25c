"""A page tells the truth about its own form: sent elsewhere, sent twice, out of time, handed on, never loaded."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from jotgate.speaking import language
from tests.browser.stage import DOOR, FORM_ID, Stage, say, shown_form

pytestmark = pytest.mark.browser

COMPLETED = {"action": "submission-completed", "formID": FORM_ID}
SEEN = "document.dispatchEvent(new Event('visibilitychange'))"


def expect_title(page: Page, name: str) -> None:
    """Wait for what the page says of a state."""
    title = language("en").say(f"state.{name}.title")
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def test_a_form_that_was_sent_in_another_tab_is_withdrawn(page: Page, site: tuple[str, Stage]) -> None:
    """Whoever comes back to a duplicated tab sees that it was sent, and no form that looks as if it could be."""
    shown_form(page, *site)
    site[1].states[0] = {"state": "verified", "expected_by": None}
    page.evaluate(SEEN)
    expect_title(page, "verified")
    expect_title(page, "withdrawn")
    expect(page.locator("iframe")).to_have_count(0)


def test_a_page_from_the_browsers_memory_asks_again(page: Page, site: tuple[str, Stage]) -> None:
    """Back and forward bring the page back as it was; it looks again before anybody uses it."""
    shown_form(page, *site)
    site[1].states[0] = {"state": "sent", "expected_by": None}
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect_title(page, "sent")
    expect(page.locator("iframe")).to_have_count(0)


def test_looking_again_leaves_an_open_form_alone(page: Page, site: tuple[str, Stage]) -> None:
    """What was filled in stays."""
    frame = shown_form(page, *site)
    site[1].states[0] = {"state": "open", "expected_by": None, "expires_in": 3600}
    frame.evaluate("window.filled = 'in'")
    with page.expect_response(f"**{DOOR}/state"):
        page.evaluate(SEEN)
    assert frame.evaluate("window.filled") == "in"
    expect(page.locator("[data-jotgate=limit]")).to_be_hidden()


@pytest.mark.parametrize("status", [404, *(pytest.param(one, marks=pytest.mark.slow) for one in (401, 403))])
def test_a_refused_question_leaves_an_open_form_alone(
    page: Page, site: tuple[str, Stage], status: int
) -> None:
    """A filter, a site that is being changed, a lost cookie: nobody sent the form, and its ticket may well be good."""
    origin, stage = site
    frame = shown_form(page, origin, stage)
    frame.evaluate("window.filled = 'in'")
    stage.state_statuses.append(status)
    with page.expect_response(f"**{DOOR}/state"):
        page.evaluate(SEEN)
    say(frame, f"setHeight:777:{FORM_ID}")
    assert frame.evaluate("window.filled") == "in"
    say(frame, COMPLETED)
    expect_title(page, "sent")


def test_a_form_that_was_cancelled_is_not_said_to_be_sent(page: Page, site: tuple[str, Stage]) -> None:
    """The office revoked its code while it was filled in: it is taken away, and the page says why, and no more."""
    origin, stage = site
    shown_form(page, origin, stage)
    stage.states[0] = {"state": "revoked", "expected_by": None}
    page.locator("iframe").focus()
    page.evaluate(SEEN)
    expect_title(page, "revoked")
    expect(page.locator("iframe")).to_have_count(0)
    expect(page.locator("[data-jotgate=state]")).to_be_focused()
    expect(page.get_by_text(language("en").say("state.withdrawn.title"))).to_have_count(0)


def test_a_second_form_in_the_same_frame_is_told_that_it_does_not_count(
    page: Page,
    site: tuple[str, Stage],
) -> None:
    """After the thank-you page, a form that is filled in again and sent is the second one on one code."""
    origin, stage = site
    frame = shown_form(page, origin, stage)
    frame.goto(f"{stage.jotform}/thanks")
    say(frame, COMPLETED)
    expect_title(page, "sent")
    frame.goto(f"{stage.jotform}/form")
    frame.goto(f"{stage.jotform}/thanks")
    page.locator("iframe").focus()
    say(frame, COMPLETED)
    expect_title(page, "again")
    expect(page.locator("iframe")).to_have_count(0)
    # Who was in the form reads on from here.
    expect(page.get_by_role("heading", name="The second form does not count")).to_be_focused()
    expect(page.get_by_role("button", name="Not you? Use another code")).to_be_visible()
    assert stage.asked_once(f"POST {DOOR}/sent")


def test_a_second_sending_is_noticed_before_its_page_has_loaded(page: Page, site: tuple[str, Stage]) -> None:
    """What is said twice within moments is said of one sending; said later and after a load, it is the second."""
    origin, stage = site
    page.clock.install()
    frame = shown_form(page, origin, stage)
    frame.goto(f"{stage.jotform}/thanks")
    say(frame, COMPLETED)
    expect_title(page, "sent")
    frame.goto(f"{stage.jotform}/form")
    say(frame, COMPLETED)
    say(frame, f"setHeight:777:{FORM_ID}")
    expect(page.locator("iframe")).to_have_css("height", "777px")
    page.clock.run_for(6_000)
    say(frame, COMPLETED)
    expect_title(page, "again")


def test_the_thank_you_page_stays_and_a_form_after_it_goes(page: Page, site: tuple[str, Stage]) -> None:
    """The pages that follow a sending by themselves are shown; whatever is loaded later is withdrawn."""
    origin, stage = site
    page.clock.install()
    frame = shown_form(page, origin, stage)
    frame.goto(f"{stage.jotform}/onward")
    say(frame, COMPLETED)
    page.clock.run_for(10_000)
    frame.goto(f"{stage.jotform}/thanks")
    page.clock.run_for(60_000)
    expect(page.locator("iframe")).to_be_visible()
    page.locator("iframe").evaluate("(frame, url) => { frame.src = url }", f"{stage.jotform}/form")
    expect_title(page, "withdrawn")
    expect(page.locator("iframe")).to_have_count(0)


def test_pages_before_a_form_is_completed_are_never_cut_off(page: Page, site: tuple[str, Stage]) -> None:
    """A payment leads through several pages, for as long as it takes."""
    origin, stage = site
    page.clock.install()
    frame = shown_form(page, origin, stage)
    for number in range(4):
        page.clock.run_for(60_000)
        frame.goto(f"{stage.jotform}/pay{number}")
    expect(page.locator("iframe")).to_be_visible()


#: Counts what a live region has to read aloud.
COUNT_CHANGES = """() => {
  window.changes = 0;
  new MutationObserver(found => { window.changes += found.length; }).observe(
    document.querySelector('[role=status]'), {subtree: true, childList: true, characterData: true});
}"""


@pytest.fixture
def short(site: tuple[str, Stage]) -> tuple[str, Stage]:
    """Return a site whose form may be sent for an hour more."""
    origin, stage = site
    stage.changes = {"left_seconds": 3600, "warn_seconds": 600}
    return origin, stage


def test_a_page_warns_before_its_time_is_over_and_gets_more(page: Page, short: tuple[str, Stage]) -> None:
    """Ten minutes before the end it says so; a button gives the whole time again, and the form stays as it is."""
    origin, stage = short
    page.clock.install()
    frame = shown_form(page, origin, stage)
    frame.evaluate("window.filled = 'in'")
    limit = page.locator("[data-jotgate=limit]")
    page.clock.run_for(49 * 60_000)
    expect(limit).to_be_hidden()
    page.clock.run_for(2 * 60_000)
    expect(limit).to_contain_text("Minutes left to send this form: 9")
    page.get_by_role("button", name="Give me more time").press("Enter")
    expect(limit.get_by_text("You have more time now")).to_be_visible()
    expect(limit.get_by_role("button")).to_be_hidden()
    expect(page.locator("iframe")).to_be_focused()
    assert frame.evaluate("window.filled") == "in"
    page.clock.run_for(3600_000)
    expect(limit.get_by_text("Minutes left")).to_be_hidden()
    page.clock.run_for(86_400_000 - 3600_000 - 599_000)
    expect(limit).to_contain_text("Minutes left to send this form: 10")


def test_what_is_told_in_time_is_told_aloud_and_each_number_once(
    page: Page, short: tuple[str, Stage]
) -> None:
    """The words come into a live region that was there before; a screen reader hears one change each minute."""
    origin, stage = short
    page.clock.install()
    shown_form(page, origin, stage)
    region = page.locator("[role=status]:has([data-jotgate=limit])")
    expect(region).to_have_count(1)
    assert region.evaluate("region => region.checkVisibility()")
    page.clock.run_for(51 * 60_000)
    page.evaluate(COUNT_CHANGES)
    page.clock.run_for(4 * 60_000)
    expect(region).to_contain_text("Minutes left to send this form: 5")
    assert page.evaluate("window.changes") == 4


def test_a_page_whose_time_is_over_says_so(page: Page, short: tuple[str, Stage]) -> None:
    """Where there is no more time, pressing the button says that, too."""
    origin, stage = short
    stage.renewed = {"state": "open", "expires_in": 120}
    page.clock.install()
    shown_form(page, origin, stage)
    limit = page.locator("[data-jotgate=limit]")
    page.clock.run_for(58 * 60_000)
    expect(limit).to_contain_text("Minutes left to send this form: 2")
    page.get_by_role("button", name="Give me more time").click()
    expect(limit.get_by_text("We cannot give you more time")).to_be_visible()
    page.clock.run_for(3 * 60_000)
    expect(limit.get_by_text("The time for this form is over")).to_be_visible()
    expect(limit.get_by_text("Minutes left")).to_be_hidden()


def test_a_clock_that_is_set_changes_nothing(page: Page, short: tuple[str, Stage]) -> None:
    """A phone whose owner turns its clock by a day is warned neither sooner nor later."""
    origin, stage = short
    page.clock.install()
    shown_form(page, origin, stage)
    page.evaluate("Date.now = () => 86400000 * 30000")
    page.clock.run_for(40 * 60_000)
    expect(page.locator("[data-jotgate=limit]")).to_be_hidden()
    page.clock.run_for(12 * 60_000)
    expect(page.locator("[data-jotgate=limit]")).to_be_visible()


def test_what_was_sent_is_in_no_hurry(page: Page, short: tuple[str, Stage]) -> None:
    """After sending, no page asks for more time."""
    origin, stage = short
    page.clock.install()
    frame = shown_form(page, origin, stage)
    say(frame, COMPLETED)
    expect_title(page, "sent")
    page.clock.run_for(7200_000)
    expect(page.locator("[data-jotgate=limit]")).to_be_hidden()


@pytest.mark.parametrize(
    "status", [404, *(pytest.param(one, marks=pytest.mark.slow) for one in (401, 403, 410))]
)
def test_a_page_that_the_site_no_longer_knows_says_so(
    page: Page,
    site: tuple[str, Stage],
    status: int,
) -> None:
    """It does not stay at "being confirmed" for good, whichever of its questions is refused."""
    origin, stage = site
    frame = shown_form(page, origin, stage)
    stage.sent_statuses.append(status)
    say(frame, COMPLETED)
    expect_title(page, "unknown")
    stage.state_statuses.append(status)
    page.goto(f"{origin}/received-sent")
    expect_title(page, "unknown")


def test_a_form_that_does_not_load_is_noticed(page: Page, site: tuple[str, Stage]) -> None:
    """A filter's page in the frame says nothing to us: within ten seconds the page says what to try."""
    origin, stage = site
    page.clock.install()
    page.route(f"{stage.jotform}/form", lambda route: route.abort("blockedbyclient"))
    stage.admitted = True
    page.goto(origin + DOOR)
    silent = page.locator("[data-jotgate=silent]")
    page.clock.run_for(9_000)
    expect(silent).to_be_hidden()
    page.clock.run_for(1_500)
    expect(silent).to_contain_text("Is the space below empty?")
    expect(silent).to_contain_text("Load this page again")


def test_a_form_that_speaks_late_takes_the_notice_away(page: Page, site: tuple[str, Stage]) -> None:
    """A slow network is not a filter."""
    page.clock.install()
    frame = shown_form(page, *site)
    page.clock.run_for(11_000)
    expect(page.locator("[data-jotgate=silent]")).to_be_visible()
    say(frame, f"setHeight:700:{FORM_ID}")
    expect(page.locator("[data-jotgate=silent]")).to_be_hidden()
