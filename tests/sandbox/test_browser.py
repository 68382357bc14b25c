"""The embedded form in a real browser: what its page tells the page around it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jotgate.sandbox import Sandbox
from jotgate.sandbox.samples import STUDENTS

from .conftest import Asker

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install playwright"
)

_SITE = """<!doctype html><title>site</title>
<script>
var told = [];
window.addEventListener("message", function (event) { told.push([event.origin, event.data]); });
</script>
<iframe title="form" width="600" height="900"></iframe>
<script>document.querySelector("iframe").src = new URLSearchParams(location.search).get("form");</script>
"""
_DONE = "<!doctype html><title>done</title><h1>The site's own thanks</h1>"


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = (_DONE if self.path.startswith("/done") else _SITE).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    """A site on an origin of its own, which embeds the form that its address names."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium(shell_path: Path) -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shell_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context()
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def embed(page: Any, site: str, sandbox: Sandbox, form_id: str) -> Any:
    """Open the site with the form in it and return the frame."""
    page.goto(f"{site}/?form={sandbox.api}/{form_id}?isIframeEmbed=1%26jotgate=TICKET")
    frame = page.frame_locator("iframe")
    frame.locator("button").wait_for()
    return frame


def told(page: Any, word: str) -> list[Any]:
    """Return the messages that hold a word, once there is one."""
    page.wait_for_function("word => told.some(each => JSON.stringify(each).includes(word))", arg=word)
    found: list[Any] = page.evaluate("word => told.filter(each => JSON.stringify(each).includes(word))", word)
    return found


def fill_in(frame: Any) -> None:
    frame.get_by_label("First Name").fill("Ada")
    frame.get_by_label("Last Name").fill("Lovelace")
    frame.get_by_label("Class").fill("7b")
    frame.get_by_label("Not sure yet").check()
    frame.get_by_role("button", name="Submit").click()


def test_an_embedded_form_tells_its_height_and_its_completion(
    sandbox: Sandbox, reader: Asker, page: Any, site: str
) -> None:
    """Height from the first origin, completion from the second, to a page of any third one; the ticket arrives."""
    form_id = sandbox.add_form("Students", STUDENTS)
    frame = embed(page, site, sandbox, form_id)

    origin, height = told(page, "setHeight")[0]
    assert origin == sandbox.api
    name, pixels, of_form = height.split(":")
    assert (name, of_form) == ("setHeight", form_id)
    assert 300 < int(pixels) < 2_000

    fill_in(frame)
    completed = told(page, "submission-completed")
    assert completed == [[sandbox.submit_origin, {"action": "submission-completed", "formID": form_id}]]
    assert frame.get_by_role("heading").inner_text() == "Thank You!"
    (row,) = reader.content(f"/form/{form_id}/submissions")
    assert row["answers"]["9"]["answer"] == "TICKET"
    assert row["answers"]["6"]["answer"] == "Not sure yet"


def test_the_script_embeds_the_form_where_it_stands(
    sandbox: Sandbox, reader: Asker, page: Any, site: str
) -> None:
    """Its query prefills the form, the frame takes the form's height, and what is sent arrives."""
    form_id = sandbox.add_form("Students", STUDENTS)
    page.goto(site)
    page.evaluate(
        "url => document.body.appendChild(Object.assign(document.createElement('script'), {src: url}))",
        f"{sandbox.api}/jsform/{form_id}?jotgate=TICKET",
    )
    frame = page.frame_locator(f"#JotFormIFrame-{form_id}")
    frame.locator("button").wait_for()
    height = told(page, "setHeight")[-1][1].split(":")[1]
    page.wait_for_function(
        "([id, height]) => document.getElementById(id).style.height === height + 'px'",
        arg=[f"JotFormIFrame-{form_id}", height],
    )

    fill_in(frame)
    told(page, "submission-completed")
    (row,) = reader.content(f"/form/{form_id}/submissions")
    assert row["answers"]["9"]["answer"] == "TICKET"


def test_completion_is_told_before_the_browser_goes_to_a_custom_thank_you_page(
    sandbox: Sandbox, page: Any, site: str
) -> None:
    """The message reaches the parent, and the frame ends on the owner's address."""
    form_id = sandbox.add_form("Students", STUDENTS, thank_you=f"{site}/done")
    frame = embed(page, site, sandbox, form_id)
    fill_in(frame)

    assert told(page, "submission-completed")[0][0] == sandbox.submit_origin
    frame.get_by_text("The site's own thanks").wait_for()


def test_a_card_form_never_tells_its_height(sandbox: Sandbox, page: Any, site: str) -> None:
    """From loading to completion, no `setHeight`."""
    form_id = sandbox.add_form("Students", STUDENTS, layout="CARD")
    fill_in(embed(page, site, sandbox, form_id))
    told(page, "submission-completed")
    assert not page.evaluate("told.some(each => JSON.stringify(each).includes('setHeight'))")


def test_the_overview_orders_and_clears_faults_by_clicks(sandbox: Sandbox, reader: Asker, page: Any) -> None:
    """Plain forms, in a browser that sends `Sec-Fetch-Site`."""
    page.goto(f"{sandbox.api}/sandbox/")
    page.get_by_label("Options").fill("code=504")
    page.get_by_label("Times").fill("")
    page.get_by_role("button", name="Order").click()
    page.get_by_role("cell", name="always").wait_for()
    assert reader.get("/user").status_code == 504
    page.get_by_role("button", name="Clear all faults").click()
    page.get_by_text("everything works").wait_for()
    assert reader.get("/user").status_code == 200


def test_the_time_of_a_date_arrives_in_its_parts(
    sandbox: Sandbox, reader: Asker, page: Any, site: str
) -> None:
    """People type it into one field, and the page takes it apart, as recorded webhooks show."""
    question = {"qid": "3", "type": "datetime", "name": "visited", "text": "Visited", "allowTime": "Yes"}
    form_id = sandbox.add_form("Visits", [question])
    frame = embed(page, site, sandbox, form_id)
    for label, text in (("Year", "2024"), ("Month", "06"), ("Day", "18"), ("Hour Minutes", "01:29")):
        frame.get_by_label(label, exact=True).fill(text)
    frame.get_by_label("AM/PM Option").select_option("PM")
    frame.get_by_role("button", name="Submit").click()
    told(page, "submission-completed")

    (row,) = reader.content(f"/form/{form_id}/submissions")
    assert row["answers"]["3"]["answer"] == {
        "year": "2024",
        "month": "06",
        "day": "18",
        "timeInput": "01:29",
        "hour": "01",
        "min": "29",
        "ampm": "PM",
        "datetime": "2024-06-18 13:29:00",
    }
    assert row["answers"]["3"]["prettyFormat"] == "2024-06-18 01:29 PM"
