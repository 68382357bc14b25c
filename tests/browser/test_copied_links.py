"""Two real browsers, each with its own profile: whatever one copies from the other opens nothing, or is marked.

One is the phone on which the app opened the form; the other belongs to whoever got hold of something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Response, expect

from jotgate import mint_token
from jotgate.protocols import SubmissionFilter
from jotgate.speaking import IN_ENGLISH
from tests.browser.gallery import served
from tests.door.site import DOOR, Site, running_site
from tests.patience import BROWSER_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RETURN_URL = "fieldapp://forms/done"
QUESTIONS = (
    {"type": "textbox", "name": "place", "text": "Place", "readonly": True},
    {"type": "textbox", "name": "seen", "text": "What did you see?", "required": True},
)
#: What the app's native side gives the page: the handlers of iOS, Android and React Native.
WEB_VIEW = """
window.told = [];
const hear = view => ({ postMessage: text => window.told.push([view, text]) });
window.webkit = { messageHandlers: { jotgate: hear("ios") } };
window.jotgate = hear("android");
window.ReactNativeWebView = hear("react");
"""


class Late:
    """An application that is known only once its origin is."""

    application: WSGIApplication

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.application(environ, start_response)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSite:
    """A site that is served, whose form opens from an app, and the app's backend."""

    origin: str
    site: Site
    secret: str

    @property
    def door(self) -> str:
        """Return the address of the door."""
        return self.origin + DOOR

    def token(self, subject: str, place: str = "Row 3") -> str:
        """Mint a token."""
        prefill = {"place": place}
        return mint_token(
            self.secret, app="ios", form="students", subject=subject, prefill=prefill, locked=["place"]
        )

    def link(self, subject: str) -> str:
        """Return what the app opens."""
        return f"{self.door}/enter?token={self.token(subject)}"

    def verdicts(self, subject: str) -> list[str]:
        """Read what was submitted, and return the verdicts on what came with this subject's ticket, or one like it."""
        self.site.sweep()
        records = self.site.parts.store.submissions(SubmissionFilter(form="students", subject=subject))
        return sorted(record.verdict.value for record in records)


@contextmanager
def field_site(**form: Any) -> Iterator[FieldSite]:
    """Serve a site whose form opens from an app only, unless *form* says otherwise."""
    late = Late()
    with served(late) as origin, running_site(site_url=origin, form={"access": "app", **form}) as first:
        form_id = first.sandbox.add_form("Report", QUESTIONS, thank_you=f"{origin}{DOOR}/done")
        forms = {"students": first.mapping["forms"]["students"] | {"id": form_id}}
        site = first.restarted(forms=forms)
        site.sweep()
        late.application = site.gate
        yield FieldSite(origin=origin, site=site, secret=site.app_secret(return_url=RETURN_URL))


@pytest.fixture(scope="module")
def field() -> Iterator[FieldSite]:
    """Return a site whose form opens from the app only."""
    with field_site() as running:
        yield running


@pytest.fixture(scope="module")
def payment() -> Iterator[FieldSite]:
    """Return a site whose form is shown at JotForm's own address, and opens from the app or with a code."""
    with field_site(display="redirect", access=["app", "code"]) as running:
        yield running


@contextmanager
def browser(chromium: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Give a browser with a profile of its own, which shares nothing with any other."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce", **options)
    context.set_default_timeout(BROWSER_MS)
    yield context
    context.close()


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """Return the web view of the app."""
    with browser(chromium) as context:
        context.add_init_script(WEB_VIEW)
        yield context.new_page()


@pytest.fixture
def other(chromium: Browser) -> Iterator[Page]:
    """Return the browser of somebody else."""
    with browser(chromium) as context:
        yield context.new_page()


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> str:
    """Return a user of the app who has no form open yet."""
    return f"u-{abs(hash(request.node.nodeid))}"


def go(page: Page, address: str) -> Response:
    """Open an address, and return the answer."""
    answer = page.goto(address)
    assert answer is not None
    return answer


def form_frame(page: Page) -> Frame:
    """Return the form's frame once the form is in it."""
    page.frame_locator("iframe").get_by_role("button", name="Submit").wait_for()
    return page.frames[1]


def send(form: Frame | Page) -> None:
    """Answer the question, and press the form's own button."""
    form.get_by_label("What did you see?").fill("A hedgehog")
    form.get_by_role("button", name="Submit").click()


def told(page: Page) -> list[tuple[str, str]]:
    """Return what each kind of web view has heard: the view, and the state."""
    heard = page.evaluate("window.told")
    for _, text in heard:
        assert json.loads(text).keys() == {"state", "ref", "form"}
    return [(view, json.loads(text)["state"]) for view, text in heard]


def expect_refused(page: Page, title: str) -> None:
    """Expect a page that says why, without a form and without a field for a code, with the way back to the app."""
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)
    expect(page.get_by_label("Access code")).to_have_count(0)
    back = page.get_by_role("link", name="Back to the app").get_attribute("href") or ""
    assert back.startswith(f"{RETURN_URL}?state=refused&ref=")


def test_the_copied_token_address(field: FieldSite, phone: Page, other: Page, subject: str) -> None:
    """It leads the phone to the form, again and again; the other browser is told that it was opened before."""
    link = field.link(subject)
    assert go(phone, link).status == 200
    assert phone.url == field.door
    form_frame(phone)
    answer = go(other, link)
    assert answer.status == 403
    expect_refused(other, "This link was already used")
    go(phone, link)
    form_frame(phone)
    send(form_frame(phone))
    expect(phone.get_by_text(IN_ENGLISH.say("state.sent.title"), exact=True)).to_be_visible()
    assert field.verdicts(subject) == ["verified"]


def test_the_copied_clean_address(field: FieldSite, phone: Page, other: Page, subject: str) -> None:
    """What stands in the phone's address line opens the form there only."""
    go(phone, field.link(subject))
    form_frame(phone)
    assert go(other, phone.url).status == 403
    expect_refused(other, "This form opens only from the app")


def test_the_copied_address_of_the_frame(field: FieldSite, phone: Page, other: Page, subject: str) -> None:
    """It is JotForm's own, so it opens there; of what both send, one counts and the other is marked."""
    go(phone, field.link(subject))
    own = form_frame(phone)
    go(other, own.url)
    send(own)
    expect(phone.get_by_text(IN_ENGLISH.say("state.sent.title"), exact=True)).to_be_visible()
    send(other)
    expect(other.get_by_text("Thank you")).to_be_visible()
    assert field.verdicts(subject) == ["replayed", "verified"]


def test_the_request_without_its_cookies(field: FieldSite, phone: Page, other: Page, subject: str) -> None:
    """Each address of the phone's session, asked for by a browser that holds nothing, opens nothing."""
    go(phone, field.link(subject))
    form_frame(phone)
    assert go(other, f"{field.door}/enter").status == 403
    assert go(other, f"{field.door}/state").status == 401
    sent = other.request.post(f"{field.door}/sent")
    assert sent.status == 401
    expect(phone.locator("iframe")).to_have_count(1)
    assert field.verdicts(subject) == []


def test_the_captured_header(field: FieldSite, phone: Page, other: Page, subject: str) -> None:
    """A web view sends the token in a header, once; the same header from another browser is refused."""
    header = {"Authorization": f"Bearer {field.token(subject)}"}
    phone.set_extra_http_headers(header)
    assert go(phone, f"{field.door}/enter").status == 200
    phone.set_extra_http_headers({})
    form_frame(phone)
    # As after the system ended the app: the first address, without the header.
    assert go(phone, f"{field.door}/enter").status == 200
    form_frame(phone)
    other.set_extra_http_headers(header)
    assert go(other, f"{field.door}/enter").status == 403
    expect_refused(other, "This link was already used")


def test_a_browser_that_fetches_ahead_spends_nothing(field: FieldSite, phone: Page, subject: str) -> None:
    """A prefetch of the link by Chromium itself leaves it good."""
    link = field.link(subject)
    with phone.expect_request(lambda request: request.url == link) as asked:
        phone.goto(f"{field.origin}/somewhere")
        phone.evaluate(
            """link => {
              const element = document.createElement("link");
              Object.assign(element, { rel: "prefetch", href: link });
              document.head.append(element);
            }""",
            link,
        )
    answer = asked.value.response()
    assert answer is not None
    assert answer.status == 204
    assert go(phone, link).status == 200
    form_frame(phone)


def test_the_web_view_hears_what_became_of_the_form(field: FieldSite, phone: Page, subject: str) -> None:
    """On iOS, Android and React Native: `sent`, then the verdict, once each; the link back says the same."""
    go(phone, field.link(subject))
    own = form_frame(phone)
    assert told(phone) == []
    expect(phone.get_by_role("link", name="Back to the app")).to_be_hidden()
    send(own)
    expect(phone.get_by_text(IN_ENGLISH.say("state.sent.title"), exact=True)).to_be_visible()
    back = phone.get_by_role("link", name="Back to the app")
    expect(back).to_have_attribute("href", re.compile(r"\?state=sent&ref=[0-9a-f]{12}$"))
    assert field.verdicts(subject) == ["verified"]
    expect(phone.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()
    expect(back).to_have_attribute("href", re.compile(rf"^{RETURN_URL}\?state=verified&ref=[0-9a-f]{{12}}$"))
    views = ("ios", "android", "react")
    assert told(phone) == [(view, state) for state in ("sent", "verified") for view in views]


def test_the_web_view_hears_that_it_was_refused(
    field: FieldSite, phone: Page, other: Page, subject: str
) -> None:
    """The app learns it at once, with the reference that the page shows."""
    link = field.link(subject)
    go(other, link)
    go(phone, link)
    assert told(phone) == [("ios", "refused"), ("android", "refused"), ("react", "refused")]
    reference = json.loads(phone.evaluate("window.told")[0][1])["ref"]
    expect(phone.get_by_text(reference)).to_be_visible()


def test_without_javascript_the_link_leads_back(field: FieldSite, chromium: Browser, subject: str) -> None:
    """The form is sent, and the page, looked at again, has the way back with the state."""
    with browser(chromium, java_script_enabled=False) as context:
        page = context.new_page()
        go(page, field.link(subject))
        send(form_frame(page))
        expect(page.frame_locator("iframe").get_by_text("Thank you")).to_be_visible()
        assert field.verdicts(subject) == ["verified"]
        page.get_by_role("link", name="I have sent the form").click()
        back = page.get_by_role("link", name="Back to the app")
        expect(back).to_have_attribute("href", re.compile(r"\?state=verified&ref="))


class TestRedirect:
    """A form at JotForm's own address, from the app to the verdict."""

    def test_from_the_app_and_back(self, payment: FieldSite, phone: Page, other: Page, subject: str) -> None:
        """To JotForm without a frame, and by its thank-you page to the door, which confirms it and tells the app.

        The address at JotForm, copied, is marked as ever.
        """
        go(phone, payment.link(subject))
        assert phone.url.startswith(payment.site.sandbox.api)
        go(other, phone.url)
        assert phone.get_by_label("Place").input_value() == "Row 3"
        send(phone)
        expect(phone.get_by_text(IN_ENGLISH.say("state.sent.title"), exact=True)).to_be_visible()
        assert phone.url == payment.door
        send(other)
        # The other one holds no pass, so it hears only that something was received.
        expect(other.get_by_text("Thank you")).to_be_visible()
        assert other.url == f"{payment.door}/done"
        assert payment.verdicts(subject) == ["replayed", "verified"]
        expect(phone.get_by_text(IN_ENGLISH.say("state.verified.title"), exact=True)).to_be_visible()
        assert ("android", "verified") in told(phone)

    def test_a_code_leads_there_as_well(self, payment: FieldSite, other: Page) -> None:
        """The browser follows from the posted code to another origin; a mistake is explained before."""
        code = payment.site.code()
        go(other, payment.door)
        other.get_by_label("Access code").fill(code[:-1] + ("0" if code[-1] != "0" else "1"))
        other.get_by_role("button", name="Open the form").click()
        expect(other.get_by_text("This code has a typing mistake")).to_be_visible()
        other.get_by_label("Access code").fill(code)
        other.get_by_role("button", name="Open the form").click()
        expect(other.get_by_role("button", name="Submit")).to_be_visible()
        assert other.url.startswith(payment.site.sandbox.api)

    def test_without_javascript(self, payment: FieldSite, chromium: Browser, subject: str) -> None:
        """A button on the thank-you page leads to what became of it."""
        with browser(chromium, java_script_enabled=False) as context:
            page = context.new_page()
            go(page, payment.link(subject))
            send(page)
            page.get_by_role("button", name="Go on").click()
            expect(page.get_by_text(IN_ENGLISH.say("state.sent.title"), exact=True)).to_be_visible()
        assert payment.verdicts(subject) == ["verified"]
