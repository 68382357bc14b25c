"""The door inside a page of the site's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Request

from jotgate.door.embedding import Visit
from jotgate.errors import ResponseStarted, UnknownForm
from tests.door.site import DOOR, Site, Visitor, embedded_ticket, frame_in, running_site, ticket_in
from tests.door.test_endpoints import Outage

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


PUBLIC = ("Cache-Control", "public, max-age=600")


def school(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Be a site that embeds the form, in every order in which an application may go about it."""
    visit = environ["jotgate.visit"]
    headers = [("Content-Type", "text/html"), PUBLIC]
    path = environ["PATH_INFO"]
    if path.startswith("/streamed"):
        return streamed(path, visit, lambda: start_response("200 OK", headers))
    if path == "/first":
        start_response("200 OK", headers)
        return [visit.embed("students").encode()]
    if path == "/written":
        write = start_response("200 OK", headers)
        write(visit.embed("students").encode())
        return []
    if path == "/posted":
        page = visit.embed("students")
        start_response("200 OK", headers)
        return [Request(environ).form["answer"].encode(), page.encode()]
    body = (
        visit.embed("students")
        if path == "/students"
        else repr(sorted(visit.passes))
        if path == "/passes"
        else "x"
    )
    start_response("200 OK", headers)
    return [body.encode()]


def next_in(html: str) -> str:
    """Return what the page's form for the code carries, so that the visitor comes back."""
    return html.partition('name="next" value="')[2].partition('"')[0]


def streamed(path: str, visit: Visit, start: Callable[[], object]) -> Iterator[bytes]:
    """Make a page piece by piece."""
    start()
    if path == "/streamed/late":
        yield b"<h1>School</h1>"
    yield b""
    yield visit.embed("students").encode()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(school) as running:
        yield running


@pytest.mark.parametrize("path", ["/students", "/first", "/written", "/passes", "/streamed"])
def test_a_page_that_depends_on_the_visitor_is_private(site: Site, path: str) -> None:
    """`private, no-store` in place of what the page said, even if it started its response before it embedded."""
    for visitor in site.visitor(), site.admitted():
        answer = visitor.get(path)
        assert answer.headers.getlist("Cache-Control") == ["private, no-store"]


def test_what_begins_without_the_visitor_ends_without_the_visitor(site: Site) -> None:
    """A page whose first bytes are out, for caches to keep, gets no ticket but an error that says what to do."""
    with pytest.raises(ResponseStarted, match=r"before the first part.*Cache-Control: private, no-store"):
        site.admitted().get("/streamed/late")


def test_a_page_that_asks_nothing_stays_as_public_as_it_was(site: Site) -> None:
    """Only who touches the visit pays for it."""
    assert site.visitor().get("/other").headers.getlist("Cache-Control") == [PUBLIC[1]]


def test_embedding_never_reads_the_body_that_the_page_was_sent(site: Site) -> None:
    """A page that takes a POST of its own still finds it after it has embedded the door."""
    answer = site.visitor().post("/posted", data={"answer": "forty-two", "next": "x"})
    assert answer.text.startswith("forty-two")
    assert 'name="code"' in answer.text


@pytest.mark.parametrize(("page", "leads_to"), [(None, DOOR), ("/students", "/students")])
def test_from_a_page_that_was_posted_to_one_is_never_sent_back_there(
    site: Site, page: str | None, leads_to: str
) -> None:
    """Nor by the link that needs no script: to the form's own page, else to the door, and the form is there."""
    own = site.restarted(forms={"students": site.mapping["forms"]["students"] | {"page": page}})
    visitor = own.visitor()
    asked = visitor.post("/posted", data={"answer": "x"}).text
    entered = visitor.enter(own.code(), data={"next": next_in(asked)}, follow_redirects=True)
    assert (entered.status_code, entered.request.path) == (200, leads_to)
    assert "<iframe" in entered.text
    shown = visitor.post("/posted", data={"answer": "x"}).text
    assert f'<a href="{leads_to}">I have sent the form</a>' in shown
    assert re.search(rf'action="{DOOR}/leave\?page=[\w-]+"', shown)


def test_through_the_door_in_place_and_back_to_the_same_page(site: Site) -> None:
    """The code posted from the page leads back to it, where the form is; "use another code" does, too."""
    visitor = site.visitor()
    page = visitor.get("/students?year=2026")
    assert f'action="{DOOR}"' in page.text
    signed = next_in(page.text)
    answer = visitor.enter(site.code(), data={"next": signed})
    assert answer.headers["Location"] == "/students?year=2026"
    page = visitor.get("/students?year=2026")
    assert embedded_ticket(visitor, page.text)
    leave = page.text.partition('class="jotgate-leave" method="post" action="')[2].partition('"')[0]
    assert visitor.post(unescape(leave)).headers["Location"] == "/students?year=2026"
    assert 'name="code"' in visitor.get("/students").text


def test_a_wrong_code_from_an_embedding_page_keeps_the_way_back(site: Site) -> None:
    """The page that asks again carries the signed path on, and the next try returns by it."""
    visitor = site.visitor()
    signed = next_in(visitor.get("/students").text)
    again = visitor.enter("0000-0000-0001", data={"next": signed})
    assert again.status_code == 422
    assert visitor.enter(site.code(), data={"next": next_in(again.text)}).headers["Location"] == "/students"


def test_the_visit_knows_the_passes(site: Site) -> None:
    """By the form's name; a stranger holds none."""
    assert site.visitor().get("/passes").text == "[]"
    assert site.admitted().get("/passes").text == "['students']"


def test_with_the_store_down_a_page_that_embeds_is_still_a_page(site: Site) -> None:
    """A sentence in place of the door, never an exception in the site's own view."""
    own = site.restarted()
    with Outage(own):
        answer = own.visitor().get("/students")
        assert answer.status_code == 200
        assert "We cannot check codes right now" in answer.text
    assert 'name="code"' in own.visitor().get("/students").text


def test_after_the_submission_the_page_says_that_it_was_received(site: Site) -> None:
    """Sent, then verified: the form is shown no more."""
    visitor = site.admitted()
    ticket = embedded_ticket(visitor, visitor.get("/students").text)
    visitor.post(f"{DOOR}/sent")
    assert 'data-state="sent"' in visitor.get("/students").text
    site.sandbox.submit(site.form_id, {"jotgate": ticket})
    site.sweep()
    page = visitor.get("/students").text
    assert 'data-state="verified"' in page
    assert "<iframe" not in page


def test_a_form_that_there_is_not_is_the_pages_mistake(site: Site) -> None:
    """`UnknownForm`, which names the forms that there are."""

    def mistaken(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        environ["jotgate.visit"].embed("nobody")
        return []

    own = Site(site.sandbox, site.mapping, application=mistaken)
    with pytest.raises(UnknownForm, match="students"):
        own.visitor().get("/")


def led_to(visitor: Visitor, address: str) -> str:
    """Return where the address of a page's frame leads *visitor*; no cache keeps the answer."""
    answer = visitor.get(address)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (303, "no-store")
    return answer.headers["Location"]


def test_the_frame_of_a_page_leads_only_the_browser_it_was_made_for_to_jotform(site: Site) -> None:
    """A stranger, and somebody else who was let in, get the door in the frame; the latter's own page shows the form."""
    visitor, other = site.admitted(), site.admitted()
    ours = frame_in(visitor.get("/students").text)
    assert "jotgate=" not in ours
    shown = visitor.get(ours)
    assert shown.headers["Location"].startswith(site.sandbox.api)
    assert shown.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    for somebody in (site.visitor(), other):
        assert led_to(somebody, ours).startswith(f"{DOOR}?next=")
    assert led_to(other, f"{DOOR}/form").startswith(site.sandbox.api)
    assert ticket_in(led_to(other, f"{DOOR}/form")) != ticket_in(shown.headers["Location"])


def test_a_code_entered_in_the_frame_shows_the_form_there_and_not_the_page(site: Site) -> None:
    """A page within itself would show nothing: a code leads back to the door, whatever the form's own page is."""
    own = site.restarted(forms={"students": site.mapping["forms"]["students"] | {"page": "/students"}})
    stranger = own.visitor()
    asked = stranger.get(led_to(stranger, f"{DOOR}/form"))
    assert stranger.enter(own.code(), data={"next": next_in(asked.text)}).headers["Location"] == DOOR
    assert ticket_in(stranger.get(DOOR).text)


def test_an_older_page_of_the_same_browser_shows_nobody_elses_form(site: Site) -> None:
    """After "not you", whether the next person has come or not; and what was sent is not shown again."""
    visitor = site.admitted()
    first = frame_in(visitor.get("/students").text)
    visitor.post(f"{DOOR}/leave")
    assert led_to(visitor, first).startswith(DOOR)
    visitor.enter(site.code())
    assert led_to(visitor, first).startswith(DOOR)
    second = frame_in(visitor.get("/students").text)
    assert led_to(visitor, second).startswith(site.sandbox.api)
    visitor.post(f"{DOOR}/sent")
    assert led_to(visitor, second).startswith(DOOR)
