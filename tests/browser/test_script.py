"""What the pages do by themselves, in a real browser, under the door's content policy, over three origins."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from jotgate.outcomes import Reason
from jotgate.policy import FormPolicy
from tests.browser import gallery
from tests.browser.stage import COUNT_MESSAGES, DOOR, FORM_ID, Stage, say, shown_form, wrong_code

pytestmark = pytest.mark.browser

CODE = "ABCD-EFGH-JKMN"
COUNT_WAITS = """window.waits = []; const real = setTimeout;
  setTimeout = (then, wait) => { waits.push(wait); return real(then, wait); }"""


def height(page: Page) -> float:
    box = page.locator("iframe").first.bounding_box()
    assert box is not None
    return box["height"]


def test_a_code_is_grouped_while_it_is_typed(page: Page, site: tuple[str, Stage]) -> None:
    """Any way of typing a code ends in groups of four capitals."""
    page.goto(site[0] + DOOR)
    field = page.get_by_label("Access code")
    for typed in ("abcdefghjkmn", "abcd efgh jkmn", "ABCD-EFGH-JKMN", " abcd–efgh.jkmn "):
        field.fill("")
        field.press_sequentially(typed)
        expect(field).to_have_value(CODE)


def test_grouping_leaves_the_caret_where_the_typist_put_it(page: Page, site: tuple[str, Stage]) -> None:
    """Corrections in the middle of a code land where they are made; a hyphen never blocks Backspace."""
    page.goto(site[0] + DOOR)
    field = page.get_by_label("Access code")
    field.press_sequentially("abcefghjkmn")
    expect(field).to_have_value("ABCE-FGHJ-KMN")
    field.press("Home")
    for _ in range(3):
        field.press("ArrowRight")
    field.press_sequentially("dx")
    field.press("Backspace")
    expect(field).to_have_value(CODE)
    assert field.evaluate("field => field.selectionStart") == 4
    field.press("End")
    for _ in range(CODE.count("") - 1):
        field.press("Backspace")
    expect(field).to_have_value("")


def test_a_code_in_the_fragment_is_taken_and_removed(page: Page, site: tuple[str, Stage]) -> None:
    """A printed QR code fills the field; the address keeps no code, whichever page it meets."""
    origin, stage = site
    page.goto(f"{origin}{DOOR}?left=1#code=abcdefgh%20jkmn")
    expect(page.get_by_label("Access code")).to_have_value(CODE)
    assert page.url == f"{origin}{DOOR}?left=1"
    stage.admitted = True
    page.goto(f"{origin}/done#code=abcdefghjkmn")
    expect(page).to_have_url(f"{origin}/done")
    page.go_back()
    assert "code" not in page.url
    assert all("abcd" not in path.lower() for path in stage.requests)


def test_a_refused_code_stays_to_be_corrected(page: Page, site: tuple[str, Stage]) -> None:
    """The page says what is wrong, keeps what was typed though the server never echoes it, and takes the next try."""
    origin, stage = site
    stage.refusals.append(wrong_code(Reason.MISTYPED, 422, hint="check_failed"))
    page.goto(origin + DOOR)
    field = page.get_by_label("Access code")
    field.fill("abcdefghjkmm")
    field.press("Enter")
    expect(page.get_by_text("This code has a typing mistake")).to_be_visible()
    expect(field).to_have_value("ABCD-EFGH-JKMM")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("This code has a typing mistake"))
    assert page.title().startswith("This code has a typing mistake")
    field.press("End")
    field.press("Backspace")
    field.press_sequentially("n")
    page.get_by_role("button", name="Open the form").click()
    expect(page.locator("iframe")).to_be_visible()
    assert stage.codes == ["ABCD-EFGH-JKMM", CODE]


def test_an_unknown_code_is_replaced_by_typing(page: Page, site: tuple[str, Stage]) -> None:
    """What was refused for good is selected, so that the next person simply types."""
    origin, stage = site
    stage.refusals.append(wrong_code(Reason.UNKNOWN_CODE, 403))
    page.goto(origin + DOOR)
    field = page.get_by_label("Access code")
    field.fill("zzzzzzzzzzzz")
    field.press("Enter")
    expect(page.get_by_text("We do not know this code")).to_be_visible()
    expect(page.get_by_text(gallery.REF)).to_be_visible()
    page.keyboard.type("abcdefghjkmn")
    expect(field).to_have_value(CODE)


def test_a_throttled_code_is_tried_again_by_the_page(page: Page, site: tuple[str, Stage]) -> None:
    """After a visible countdown the same code goes out again, and nothing is left behind in the browser."""
    origin, stage = site
    stage.refusals.append(wrong_code(Reason.THROTTLED, 429, retry_after_seconds=2))
    page.goto(origin + DOOR)
    page.get_by_label("Access code").fill("abcdefghjkmn")
    page.get_by_label("Access code").press("Enter")
    expect(page.get_by_text("This page tries again by itself")).to_be_visible()
    expect(page.get_by_label("Access code")).to_have_value(CODE)
    expect(page.locator("iframe")).to_be_visible()
    assert stage.codes == [CODE, CODE]
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]


def test_a_form_open_elsewhere_offers_the_move(page: Page, site: tuple[str, Stage]) -> None:
    """The answer 409 is read out, and its button carries the signed right to move."""
    origin, stage = site
    stage.refusals.append((409, gallery.move()))
    page.goto(origin + DOOR)
    page.get_by_label("Access code").fill("abcdefghjkmn")
    page.get_by_label("Access code").press("Enter")
    expect(page.get_by_role("heading", name="The form is open somewhere else")).to_be_focused()
    assert page.title().startswith("The form is open somewhere else")
    button = page.get_by_role("button", name="Move it here")
    assert button.evaluate("button => button.form.elements.move.value") == "signed"


def test_a_form_that_closed_meanwhile_says_so(page: Page, site: tuple[str, Stage]) -> None:
    """A refusal that asks for no code takes the place of the field, and is read out."""
    origin, stage = site
    stage.refusals.append((403, gallery.notice(gallery.refused(Reason.CLOSED))))
    page.goto(origin + DOOR)
    page.get_by_label("Access code").fill("abcdefghjkmn")
    page.get_by_label("Access code").press("Enter")
    expect(page.get_by_role("heading", name="This form is closed")).to_be_focused()
    expect(page.get_by_label("Access code")).to_have_count(0)
    assert stage.codes == [CODE]


def test_an_answer_that_is_no_page_of_ours_is_shown_as_it_is(page: Page, site: tuple[str, Stage]) -> None:
    """Where something between browser and site answers instead, the browser shows that, as without a script."""
    origin, stage = site
    stage.refusals += [(502, {}), (502, {})]
    page.goto(origin + DOOR)
    page.get_by_label("Access code").fill("abcdefghjkmn")
    page.get_by_label("Access code").press("Enter")
    expect(page.get_by_text("out of order")).to_be_visible()
    assert stage.codes == [CODE, CODE]


def test_without_a_connection_the_code_stays(
    page: Page, context: BrowserContext, site: tuple[str, Stage]
) -> None:
    """A device that fell off the network says so, and the next try goes through."""
    page.goto(site[0] + DOOR)
    page.get_by_label("Access code").fill("abcdefghjkmn")
    context.set_offline(True)
    page.get_by_label("Access code").press("Enter")
    expect(page.get_by_text("Try again when this device is online")).to_be_visible()
    expect(page.get_by_label("Access code")).to_have_value(CODE)
    context.set_offline(False)
    page.get_by_role("button", name="Open the form").click()
    expect(page.locator("iframe")).to_be_visible()


def test_the_form_sets_its_height_within_bounds(page: Page, site: tuple[str, Stage]) -> None:
    """JotForm's own message resizes the frame; absurd heights are bounded, nonsense changes nothing."""
    frame = shown_form(page, *site)
    for value, expected in (("731", 731), ("5", 200), ("999999", 20000), ("640.5", 640.5)):
        say(frame, f"setHeight:{value}:{FORM_ID}")
        assert height(page) == expected
    for value in ("", "-3", "1e9", "NaN", "700px", "12:34", "99999999999"):
        say(frame, f"setHeight:{value}:{FORM_ID}")
        assert height(page) == 640.5


@pytest.mark.parametrize("kind", ["door", "embed"])
def test_a_height_that_is_told_before_the_page_is_whole_is_heard(
    page: Page, site: tuple[str, Stage], kind: str
) -> None:
    """A form that comes at once tells its height once, however long the site's own script takes to come."""
    origin, stage = site
    stage.admitted, stage.script_seconds = True, 0.8
    stage.fragments = [stage.form_context() | {"kind": "form"}]
    speaks = f"<!doctype html><title>form</title><script>parent.postMessage('setHeight:731:{FORM_ID}', '*')</script>"
    page.route(f"{stage.jotform}/form", lambda route: route.fulfill(body=speaks, content_type="text/html"))
    page.goto(origin + (DOOR if kind == "door" else "/site"))
    expect(page.locator("iframe")).to_have_css("height", "731px")


def test_messages_of_others_change_nothing(page: Page, site: tuple[str, Stage]) -> None:
    """Another form's id, another frame of the same origin, another origin in the same frame: all ignored."""
    origin, stage = site
    frame = shown_form(page, origin, stage)
    say(frame, f"setHeight:700:{FORM_ID}")
    orders = [
        f"setHeight:900:{FORM_ID}",
        {"action": "submission-completed", "formID": FORM_ID},
        {"jotgate": "done"},
    ]
    say(
        frame,
        "setHeight:900:1",
        {"action": "submission-completed", "formID": "1"},
        orders[2],
        None,
        7,
        [],
        {},
    )
    with page.expect_event("framenavigated") as navigated:
        page.evaluate(
            "url => document.body.append(Object.assign(document.createElement('iframe'), {src: url}))",
            f"{stage.jotform}/other",
        )
    sibling = navigated.value
    assert sibling.url == f"{stage.jotform}/other"
    say(sibling, *orders)
    page.evaluate("orders => orders.forEach(order => postMessage(order, '*'))", orders)
    frame.goto(f"{stage.stranger}/form")
    say(frame, *orders)
    assert height(page) == 700
    assert stage.asked(f"POST {DOOR}/sent") == 0
    assert page.locator("[data-jotgate=state] *").count() == 0


def test_loading_a_script_is_refused(page: Page, site: tuple[str, Stage]) -> None:
    """`loadScript` and names that merely exist on objects are never obeyed."""
    origin, stage = site
    frame = shown_form(page, origin, stage)
    scripts = page.locator("script").count()
    orders = [
        f"{name}:{stage.jotform}/evil.js:{FORM_ID}"
        for name in ("loadScript", "constructor", "__proto__", "toString")
    ]
    say(frame, *orders, f"setHeight:800:{FORM_ID}")
    assert height(page) == 800
    assert page.locator("script").count() == scripts


def test_the_other_orders_of_a_form_are_obeyed(page: Page, site: tuple[str, Stage]) -> None:
    """The frame comes into view, an error page shrinks to the window, and a reload reloads the frame alone."""
    frame = shown_form(page, *site)
    say(frame, f"setHeight:3000:{FORM_ID}")
    page.evaluate("scrollTo(0, 1500)")
    say(frame, f"scrollIntoView::{FORM_ID}")
    assert page.locator("iframe").evaluate("frame => Math.round(frame.getBoundingClientRect().top)") == 0
    say(frame, f"collapseErrorPage::{FORM_ID}")
    assert height(page) == 844
    with page.expect_event("framenavigated") as navigated:
        say(frame, f"reloadPage::{FORM_ID}")
    assert navigated.value == frame
    assert page.evaluate("window.heard") > 0


def test_a_submission_is_reported_and_followed_to_its_verdict(page: Page, site: tuple[str, Stage]) -> None:
    """The page says it was sent, tries again when the site stumbles, and tells the verdict beside JotForm's page."""
    origin, stage = site
    stage.sent_statuses.append(503)
    stage.states.clear()
    stage.states += [
        {"state": "sent", "expected_by": "2026-01-01T08:00:00Z"},
        {"state": "verified", "expected_by": None},
    ]
    frame = shown_form(page, origin, stage)
    panel = page.locator("[data-jotgate=state]")
    say(frame, *[{"action": "submission-completed", "formID": int(FORM_ID)}] * 3)
    expect(panel).to_contain_text("Sent, being confirmed")
    expect(panel).to_be_in_viewport()
    expect(panel).to_contain_text("Answer expected: Thu")
    expect(panel).to_contain_text("Confirmed")
    expect(panel).to_have_attribute("aria-live", "polite")
    expect(page.locator("iframe")).to_be_visible()
    expect(page.get_by_role("button", name="Not you? Use another code")).to_be_visible()
    assert stage.asked(f"POST {DOOR}/sent") == 2
    assert stage.asked(f"GET {DOOR}/state") == 2


def test_the_thank_you_page_reports_the_submission(page: Page, site: tuple[str, Stage]) -> None:
    """JotForm redirects the frame to our thank-you page, which tells the page around it and makes way for it."""
    origin, stage = site
    stage.states[0]["state"] = "replayed"
    frame = shown_form(page, origin, stage)
    page.locator("iframe").focus()
    frame.goto(f"{origin}{DOOR}/done")
    expect(page.locator("[data-jotgate=state]")).to_contain_text("This form was already sent")
    expect(page.locator("iframe")).to_have_count(0)
    expect(page.locator("[data-jotgate=state]")).to_be_focused()
    assert stage.asked_once(f"POST {DOOR}/sent")


def test_asking_for_the_verdict_is_polite(page: Page, site: tuple[str, Stage]) -> None:
    """The page asks after 1, 2, 4, 8 and then every 15 seconds, not while hidden, and stops at the verdict."""
    origin, stage = site
    path = f"GET {DOOR}/state"
    page.clock.install()
    page.add_init_script(COUNT_WAITS)
    page.goto(f"{origin}/received-sent")
    for asked, seconds in enumerate((1, 2, 4, 8, 15, 15)):
        page.wait_for_function("count => waits.length > count", arg=asked)
        wait = page.evaluate("waits[waits.length - 1]")
        assert 900 * seconds <= wait <= 1000 * seconds
        assert stage.asked(path) == asked
        page.clock.run_for(int(wait) + 1)
    page.wait_for_function("() => waits.length > 6")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.run_for(60_000)
    assert stage.asked(path) == 6
    stage.states[0]["state"] = "verified"
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmed")
    assert page.title() == f"Confirmed · {gallery.POLICY.title}"
    page.clock.run_for(60_000)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(1_000)
    assert stage.asked(path) == 7


def test_several_doors_share_a_page_of_the_site(page: Page, site: tuple[str, Stage]) -> None:
    """Each embed answers for itself and in place: the visitor stays on the site's own page."""
    origin, stage = site
    consent = FormPolicy(form="consent", form_id="2", title="Consent")
    stage.fragments = [
        gallery.door() | {"kind": "door", "form": consent},
        gallery.door() | {"kind": "door"},
        stage.form_context() | {"kind": "form"},
    ]
    stage.refusals.append(wrong_code(Reason.UNKNOWN_CODE, 403))
    page.goto(f"{origin}/site")
    page.evaluate(COUNT_MESSAGES)
    second = page.get_by_role("region", name=gallery.POLICY.title).first
    second.get_by_label("Access code").fill("zzzzzzzzzzzz")
    second.get_by_label("Access code").press("Enter")
    expect(second.get_by_text("We do not know this code")).to_be_visible()
    expect(page.get_by_role("region", name="Consent").get_by_text("We do not know")).to_have_count(0)
    assert page.url == f"{origin}/site"
    assert page.title() == "A school"
    frame = page.frame(url=f"{stage.jotform}/form")
    assert frame is not None
    say(frame, f"setHeight:555:{FORM_ID}", {"action": "submission-completed", "formID": FORM_ID})
    assert height(page) == 555
    expect(page.locator("[data-jotgate=state]")).to_contain_text("Sent, being confirmed")
    assert stage.asked_once(f"POST {DOOR}/sent")
