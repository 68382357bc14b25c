"""What the mirror reads through the client: as JotForm sends it, and paid for by whoever causes the call."""

from __future__ import annotations

import socket

import pytest

from jotgate.errors import InputError, QuotaExhausted, UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.sandbox import Sandbox
from tests.raw_server import RawServer

from .conftest import WINTER_NOON, Clients


class Purse:
    """Pay for a number of tries."""

    def __init__(self, tries: int = 1_000) -> None:
        self.left = tries

    def take(self) -> None:
        if not self.left:
            raise QuotaExhausted("nothing left", until=WINTER_NOON)
        self.left -= 1

    def give_back(self) -> None:
        self.left += 1


@pytest.fixture
def form_id(sandbox: Sandbox) -> str:
    return sandbox.add_form("Students")


def submit(sandbox: Sandbox, form_id: str, count: int) -> list[str]:
    """Submit *count* times in as many seconds; return the ids."""
    return [
        sandbox.submit(form_id, {"jotgate": f"x{number}"}, at=WINTER_NOON - count + number, webhook=False)
        for number in range(count)
    ]


def test_rows_between_two_ids_come_as_they_were_sent(
    client: JotFormClient, sandbox: Sandbox, form_id: str
) -> None:
    """Both ids excluded, ascending, with everything that JotForm says; other forms' are not in it."""
    ids = submit(sandbox, form_id, 6)
    submit(sandbox, sandbox.add_form("Others"), 3)
    purse = Purse()
    page = client.raw_rows(form_id, above=ids[0], below=ids[4], toll=purse)
    assert [row["id"] for row in page.rows] == ids[1:4]
    assert page.last
    assert page.rows[0]["ip"] == "192.0.2.1"
    assert (purse.left, sandbox.calls) == (999, 1)
    form = client.raw_form(form_id, toll=purse)
    assert (form["id"], form["title"], form["url"]) == (form_id, "Students", f"{sandbox.api}/{form_id}")
    assert client.raw_questions(form_id, toll=purse)["3"]["labelAlign"] == "Auto"


def test_rows_that_were_not_asked_for_are_dropped(
    client: JotFormClient, sandbox: Sandbox, form_id: str
) -> None:
    """JotForm ignores filters at times."""
    ids = submit(sandbox, form_id, 6)
    sandbox.add_fault("ignore_filter")
    assert [
        row["id"] for row in client.raw_rows(form_id, above=ids[2], below=ids[4], toll=Purse()).rows
    ] == ids[3:4]


def test_every_try_is_paid_for(clients: Clients, sandbox: Sandbox, form_id: str) -> None:
    """By the quota and by the cause of the call, and neither pays for what the other refuses."""
    client, purse = clients(sandbox.api, sandbox.read_key), Purse(4)
    sandbox.add_fault("html", times=2)
    assert client.raw_form(form_id, toll=purse)
    assert (purse.left, clients.used) == (1, 3)
    clients.quota.discovered(limit=100, used=100)
    with pytest.raises(QuotaExhausted):
        client.raw_form(form_id, toll=purse)
    assert purse.left == 1
    clients.quota.discovered(limit=1_000, used=0)
    sandbox.add_fault("html", times=None)
    with pytest.raises(QuotaExhausted, match="nothing left"):
        client.raw_questions(form_id, toll=purse)
    assert (purse.left, clients.used) == (0, 1)


def test_a_try_that_was_never_sent_is_given_back(clients: Clients) -> None:
    """To both."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        unused_port = closing.getsockname()[1]
    client, purse = clients(f"http://127.0.0.1:{unused_port}"), Purse()
    with pytest.raises(UpstreamError) as failure:
        client.raw_rows("260010000000001", above="0", below="9", toll=purse)
    assert failure.value.reason is UpstreamReason.UNREACHABLE
    assert (purse.left, clients.used) == (1_000, 0)


def test_a_submission_that_is_too_large_comes_without_its_answers(
    clients: Clients, raw_server: RawServer
) -> None:
    """Nobody stops a list by one of them."""
    row = b'{"id":"7","form_id":"260010000000001","created_at":"2026-01-15 12:00:00","status":"ACTIVE","answers":{"3":"'
    raw_server.answer(b'{"responseCode":200,"content":[' + row + b"x" * 2_100_000 + b'"}}]}')
    client = clients(raw_server.url, page_rows=1)
    page = client.raw_rows("260010000000001", above="6", below="9", toll=Purse())
    assert [(one["id"], "answers" in one) for one in page.rows] == [("7", False)]
    assert not page.last


@pytest.mark.parametrize("text", ["", "x", "1\n", "١", "9" * 21, "../user"])
def test_what_is_no_id_reaches_no_address(client: JotFormClient, sandbox: Sandbox, text: str) -> None:
    """Neither as a form nor as a bound."""
    purse = Purse()
    for call in (
        lambda: client.raw_form(text, toll=purse),
        lambda: client.raw_questions(text, toll=purse),
        lambda: client.raw_rows(text, above="0", below="9", toll=purse),
        lambda: client.raw_rows("1", above=text, below="9", toll=purse),
        lambda: client.raw_rows("1", above="0", below=text, toll=purse),
    ):
        with pytest.raises(InputError):
            call()
    assert (purse.left, sandbox.log) == (1_000, [])
