"""Which addresses the API answers at, for whom, and in which format."""

from __future__ import annotations

import socket
from dataclasses import replace
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import requests

from jotgate.sandbox import Sandbox

from .conftest import Asker


@pytest.mark.parametrize("path", ["/user", "/v1/user", "/API/user", "/API/v1/user", "//user", "/v1//user/"])
def test_a_call_has_many_spellings(sandbox: Sandbox, reader: Asker, path: str) -> None:
    """Enterprise hosts have `/API`, clients add `/v1`, and connectors double slashes; the log knows one spelling."""
    assert reader.content(path)["username"] == "sandbox_owner"
    assert sandbox.log[-1].path.rstrip("/") == "/user"


def test_doubled_slashes_stand_anywhere(sandbox: Sandbox, reader: Asker) -> None:
    """`/form//{id}/questions`, as some connectors ask; no redirect repeats the key."""
    form_id = sandbox.add_form("Students")
    assert "3" in reader.content(f"/form//{form_id}/questions")


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/v1", "/API", "/users", "/12345", "/form/1/x", "/user/x/y"]
)
def test_what_is_no_call_is_refused_in_json(sandbox: Sandbox, reader: Asker, path: str) -> None:
    """404 with the path as it was sent, never a page of HTML, except for the sandbox's own front door."""
    answer = reader.get(path)
    if path == "/":
        assert answer.headers["Location"] == "/sandbox/"
        return
    assert (answer.status_code, answer.json()["responseCode"]) == (404, 404)
    assert answer.json()["message"] == f"Requested URL ({path}) is not available!"


def test_plans_are_told_without_a_key(sandbox: Sandbox) -> None:
    """Their limits are numbers; a plan that does not exist is 404, and nothing is counted."""
    plan = requests.get(f"{sandbox.api}/system/plan/FREE", timeout=5).json()["content"]
    assert (plan["name"], plan["limits"]["api-daily-limit"], plan["limits"]["submissions"]) == (
        "FREE",
        1_000,
        100,
    )
    assert requests.get(f"{sandbox.api}/system/plan/free", timeout=5).json()["content"] == plan
    assert requests.get(f"{sandbox.api}/system/plan/WOOD", timeout=5).status_code == 404
    assert sandbox.calls == 0


def test_browsers_of_any_site_may_ask(sandbox: Sandbox, reader: Asker) -> None:
    """Answers and refusals carry `*`; the question beforehand names the headers that pages send, and is free."""
    before = requests.options(f"{sandbox.api}/user", timeout=5)
    assert before.status_code == 200
    assert {"apikey", "jf-team-id"} <= set(before.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert sandbox.calls == 0
    for path in ("/user", "/form/1", "/form/252725624662359"):
        assert reader.get(path).headers["Access-Control-Allow-Origin"] == "*"


def test_refusals_tell_the_calls_that_are_left(sandbox: Sandbox, reader: Asker) -> None:
    """If the key is known, and unless told otherwise; a stranger learns nothing."""
    for count, path in enumerate(("/nothing", "/form/252725624662359", "/submission/6410095903544943563"), 1):
        assert reader.get(path).json()["limit-left"] == 1_000 - count
    stranger = requests.get(f"{sandbox.api}/user", headers={"APIKEY": "0" * 32}, timeout=5)
    assert "limit-left" not in stranger.json()
    sandbox.oddities = replace(sandbox.oddities, errors_tell_limit_left=False)
    assert "limit-left" not in reader.get("/nothing").json()
    assert "limit-left" in reader.get("/user").json()


def test_an_address_that_ends_in_xml_is_answered_in_xml(sandbox: Sandbox, reader: Asker) -> None:
    """The envelope's parts are elements, rows of a list items; whatever people typed stays well-formed."""
    form_id = sandbox.add_form("Students")
    sandbox.submit(form_id, {"message": "<b>&\x00\x0b\ud800'\""})
    sandbox.submit(form_id, {"message": "two"})

    answer = reader.get(f"/form/{form_id}/submissions.xml")

    assert answer.headers["Content-Type"].startswith("text/xml")
    whole = ElementTree.fromstring(answer.content)
    assert [whole.findtext(name) for name in ("responseCode", "message", "limit-left")] == [
        "200",
        "success",
        "999",
    ]
    newest, oldest = whole.findall("content/item")
    assert newest.findtext("form_id") == form_id
    [text] = [each.findtext("answer") for each in oldest.findall("answers/item") if each.get("key") == "5"]
    assert text is not None
    assert text.startswith("<b>&")
    refused = reader.get("/form/252725624662359.xml")
    assert refused.status_code == 401
    assert ElementTree.fromstring(refused.content).findtext("responseCode") == "401"


def test_a_team_has_its_own_lists(sandbox: Sandbox, reader: Asker) -> None:
    """`jf-team-id` shows the team's forms and submissions and no others; `/team/user/me` names the teams."""
    own, shared = sandbox.add_form("Own"), sandbox.add_form("Shared", team_id="123456789")
    one, two = sandbox.submit(own, {"message": "x"}), sandbox.submit(shared, {"message": "x"})

    def listed(path: str) -> list[str]:
        return [row["id"] for row in reader.content(path)]

    assert (listed("/user/forms"), listed("/user/submissions")) == ([own], [one])
    assert reader.get(f"/form/{shared}").status_code == 401
    assert listed("/team/user/me") == ["123456789"]
    reader.session.headers["jf-team-id"] = "123456789"
    assert (listed("/user/forms"), listed("/user/submissions")) == ([shared], [two])
    assert listed(f"/form/{shared}/submissions") == [two]


def test_a_body_may_come_in_chunks(sandbox: Sandbox, reader: Asker) -> None:
    """As of clients that make it while they send it, in calls and in submitted forms."""
    form_id = sandbox.add_form("Students")
    pieces = [b"webhookURL=", b"http%3A%2F%2F127.0.0.1", b"%3A9%2Fhook"]
    headers = {"APIKEY": sandbox.full_key, "Content-Type": "application/x-www-form-urlencoded"}
    made = requests.post(f"{sandbox.api}/form/{form_id}/webhooks", iter(pieces), headers=headers, timeout=5)
    assert made.json()["content"] == {"0": "http://127.0.0.1:9/hook"}
    del headers["APIKEY"]
    requests.post(f"{sandbox.submit_origin}/submit/{form_id}", iter([b"q5_mess", b"age=x"]), headers=headers)
    assert len(reader.content(f"/form/{form_id}/submissions")) == 1


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("chunked", b"x\r\n", 400),
        ("chunked", b"-1\r\n", 400),
        ("chunked", b"\r\n", 400),
        ("chunked", b"2\r\nab", 400),
        ("chunked", b"7fffffff\r\n", 413),
        ("gzip", b"", 501),
    ],
)
def test_chunks_that_are_none_are_refused(sandbox: Sandbox, encoding: str, body: bytes, status: int) -> None:
    """And the connection ends, since nobody knows where the next request begins."""
    port = urlsplit(sandbox.api).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: %s\r\n\r\n" % encoding.encode())
        client.sendall(body)
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as answer:
            told = answer.read()
    assert told.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in told
