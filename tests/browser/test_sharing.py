"""A page of another origin reads with a scoped key, or is not let: a real browser decides it by our headers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.door.mirrored import School, noise, school, served

pytestmark = pytest.mark.browser

#: What a page finds out: the status and the content, or that the browser kept the answer from it.
READ = """async ([address, headers]) => {
  try {
    const answer = await fetch(address, {headers: headers, credentials: "omit"});
    const body = await answer.json();
    return [answer.status, body.content === undefined ? body : body.content];
  } catch (error) { return [0, error.name]; }
}"""
#: The same with the visitor's cookies.
READ_WITH_COOKIES = READ.replace('"omit"', '"include"')


class _Board(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>board</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def boards() -> Iterator[tuple[str, str]]:
    """Return the origin that the settings name, and another one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Board) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        port = server.server_port
        yield f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def site(boards: tuple[str, str]) -> Iterator[tuple[str, School]]:
    """Return where the mirror of a site with two counted submissions is served, and the site."""
    with school() as made:
        made.add("students", 2)
        named = School(made.site.restarted(scoped_key_origins=[boards[0]]), made.forms)
        with served(named) as origin:
            yield f"{origin}/jotgate/v1", named


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Return a page whose console may say what the browser refused."""
    return context.new_page()


def test_a_page_of_a_named_origin_reads_answers_and_refusals(
    page: Page, boards: tuple[str, str], site: tuple[str, School]
) -> None:
    """With the key in a header, for which the browser asks first, and with the key in the query."""
    address, made = site
    key = str(made.key())
    page.goto(boards[0])
    in_header = page.evaluate(READ, [f"{address}/user/forms", {"APIKEY": key}])
    in_query = page.evaluate(READ, [f"{address}/user/forms?apiKey={key}", {}])
    assert in_header[0] == 200
    assert [form["id"] for form in in_header[1]] == [made.forms["students"]]
    assert in_query == in_header
    rows = page.evaluate(READ, [address + made.path("/submissions"), {"APIKEY": key}])[1]
    assert len(rows) == 2
    for path, one, status in (
        (made.path("/submissions?fitler=x"), key, 400),
        ("/user/forms", noise(), 401),
        ("/nothing", key, 404),
    ):
        assert page.evaluate(READ, [address + path, {"APIKEY": one}])[0] == status
    about = page.evaluate(READ, [f"{address}/jotgate/students/submitted?subject=s-1", {"APIKEY": key}])
    assert about[1]["state"] == "none"


def test_no_other_page_reads_anything(page: Page, boards: tuple[str, str], site: tuple[str, School]) -> None:
    """Not one of another origin, even of the same machine; and no page with its visitor's cookies."""
    address, made = site
    key = str(made.key())
    page.goto(boards[1])
    assert page.evaluate(READ, [f"{address}/user/forms", {"APIKEY": key}]) == [0, "TypeError"]
    assert page.evaluate(READ, [f"{address}/user/forms?apiKey={key}", {}]) == [0, "TypeError"]
    page.goto(boards[0])
    assert page.evaluate(READ_WITH_COOKIES, [f"{address}/user/forms?apiKey={key}", {}]) == [0, "TypeError"]
