"""The door inside a page of the site's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Request

from jotgate.errors import UnknownForm
from tests.door.site import DOOR, Site, running_site, ticket_in
from tests.door.test_endpoints import Outage

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def school(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Be a site that embeds the form, in every order in which an application may go about it."""
    visit = environ["jotgate"]
    headers = [("Content-Type", "text/html"), ("Cache-Control", "public, max-age=60")]
    path = environ["PATH_INFO"]
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


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(school) as running:
        yield running


@pytest.mark.parametrize("path", ["/students", "/first", "/written", "/passes"])
def test_a_page_that_depends_on_the_visitor_is_private(site: Site, path: str) -> None:
    """`private, no-store` in place of what the page said, even if it started its response before it embedded."""
    for visitor in site.visitor(), site.admitted():
        answer = visitor.get(path)
        assert answer.headers.getlist("Cache-Control") == ["private, no-store"]


def test_a_page_that_asks_nothing_stays_as_public_as_it_was(site: Site) -> None:
    """Only who touches the visit pays for it."""
    assert site.visitor().get("/other").headers.getlist("Cache-Control") == ["public, max-age=60"]


def test_embedding_never_reads_the_body_that_the_page_was_sent(site: Site) -> None:
    """A page that takes a POST of its own still finds it after it has embedded the door."""
    answer = site.visitor().post("/posted", data={"answer": "forty-two", "next": "x"})
    assert answer.text.startswith("forty-two")
    assert 'name="code"' in answer.text


def test_through_the_door_in_place_and_back_to_the_same_page(site: Site) -> None:
    """The code posted from the page leads back to it, where the form is; "use another code" does, too."""
    visitor = site.visitor()
    page = visitor.get("/students?year=2026")
    assert f'action="{DOOR}"' in page.text
    signed = page.text.partition('name="next" value="')[2].partition('"')[0]
    answer = visitor.enter(site.code(), data={"next": signed})
    assert answer.headers["Location"] == "/students?year=2026"
    page = visitor.get("/students?year=2026")
    assert ticket_in(page.text)
    leave = page.text.partition('class="jotgate-leave" method="post" action="')[2].partition('"')[0]
    assert visitor.post(leave).headers["Location"] == "/students?year=2026"
    assert 'name="code"' in visitor.get("/students").text


def test_a_wrong_code_from_an_embedding_page_keeps_the_way_back(site: Site) -> None:
    """The page that asks again carries the signed path on, and the next try returns by it."""
    visitor = site.visitor()
    signed = visitor.get("/students").text.partition('name="next" value="')[2].partition('"')[0]
    again = visitor.enter("0000-0000-0001", data={"next": signed})
    assert again.status_code == 422
    kept = again.text.partition('name="next" value="')[2].partition('"')[0]
    assert visitor.enter(site.code(), data={"next": kept}).headers["Location"] == "/students"


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
        assert "We cannot check codes just now" in answer.text
    assert 'name="code"' in own.visitor().get("/students").text


def test_after_the_submission_the_page_says_that_it_was_received(site: Site) -> None:
    """Sent, then verified: the form is shown no more."""
    visitor = site.admitted()
    ticket = ticket_in(visitor.get("/students").text)
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
        environ["jotgate"].embed("nobody")
        return []

    own = Site(site.sandbox, site.mapping, application=mistaken)
    with pytest.raises(UnknownForm, match="students"):
        own.visitor().get("/")
