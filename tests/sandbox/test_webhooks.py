"""Webhooks, as a receiver sees them."""

from __future__ import annotations

import io
import json
from typing import Any

import requests
from werkzeug.wrappers import Request

from jotgate.sandbox import Sandbox
from tests.patience import until

from .conftest import Receiver, StillClock

#: The fields of a body that was captured in December 2025, in its order.
CAPTURED_FIELDS = [
    "action",
    "webhookURL",
    "username",
    "formID",
    "type",
    "customParams",
    "product",
    "formTitle",
    "customTitle",
    "submissionID",
    "event",
    "documentID",
    "teamID",
    "subject",
    "isSilent",
    "customBody",
    "rawRequest",
    "fromTable",
    "appID",
    "pretty",
    "unread",
    "parent",
    "ip",
]


def parsed(received: tuple[dict[str, str], bytes]) -> list[tuple[str, str]]:
    """Read a delivery as a site on werkzeug would."""
    headers, body = received
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": headers["Content-Type"],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    return list(Request(environ).form.items(multi=True))


def ids(receiver: Receiver) -> list[str]:
    return [dict(parsed(each))["submissionID"] for each in list(receiver.received)]


def test_a_delivery_has_the_23_captured_fields_in_order(sandbox: Sandbox, receiver: Receiver) -> None:
    """Multipart, as werkzeug reads it; what is not used is empty."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    submission_id = sandbox.submit(form_id, {"name": {"first": "bob", "last": "example"}, "message": "a/b"})
    until(lambda: len(receiver.received) == 1)

    assert receiver.received[0][0]["Content-Type"].startswith("multipart/form-data; boundary=")
    fields = parsed(receiver.received[0])
    assert [name for name, _ in fields] == CAPTURED_FIELDS
    values = {name: text for name, text in fields if text}
    raw = values.pop("rawRequest")
    assert values == {
        "webhookURL": receiver.url,
        "username": "sandbox_owner",
        "formID": form_id,
        "type": "WEB",
        "formTitle": "Training",
        "submissionID": submission_id,
        "pretty": "Name:bob example, Message:a/b",
        "ip": "192.0.2.1",
    }
    assert r"submit\/" in raw


def test_the_raw_request_holds_the_answers_by_field(sandbox: Sandbox, receiver: Receiver) -> None:
    """JSON text with slug, times, event id and `q{qid}_{name}`, composite answers as maps."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    sandbox.submit(form_id, {"name": {"first": "bob", "last": "example"}, "jotgate": "ticket"})
    until(lambda: len(receiver.received) == 1)

    raw = json.loads(dict(parsed(receiver.received[0]))["rawRequest"])

    assert raw["slug"] == f"submit/{form_id}"
    assert raw["path"] == f"/submit/{form_id}"
    assert raw["submitDate"] == "1768496400000"
    assert raw["event_id"].split("_")[1] == form_id
    assert raw["q3_name"] == {"first": "bob", "last": "example"}
    assert raw["q6_jotgate"] == "ticket"


def test_a_submission_by_http_is_delivered_to_every_address(sandbox: Sandbox, receiver: Receiver) -> None:
    """The browser's hidden inputs come through, and the record shows each try."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url, receiver.url + "?second"])
    answer = requests.post(
        f"{sandbox.submit_origin}/submit/{form_id}",
        files=[("q5_message", (None, "hello")), ("jsExecutionTracker", (None, "build-date-1"))],
        timeout=5,
    )
    assert answer.status_code == 200
    assert sandbox.drain_webhooks()

    assert len(receiver.received) == 2
    raw = json.loads(dict(parsed(receiver.received[0]))["rawRequest"])
    assert (raw["jsExecutionTracker"], raw["q5_message"]) == ("build-date-1", "hello")
    assert sorted(sent.url for sent in sandbox.webhooks_sent) == [receiver.url, receiver.url + "?second"]
    assert {sent.status for sent in sandbox.webhooks_sent} == {200}


def test_a_receiver_that_is_not_there_is_recorded_and_not_tried_again(sandbox: Sandbox) -> None:
    """The submission is kept whatever becomes of its webhook."""
    form_id = sandbox.add_form("Training", webhooks=["http://127.0.0.1:1/hook"])
    submission_id = sandbox.submit(form_id, {"message": "x"})
    assert sandbox.drain_webhooks()

    (sent,) = sandbox.webhooks_sent
    assert (sent.submission_id, sent.status) == (submission_id, None)
    assert "Connection" in str(sent.error)


def test_a_slow_receiver_delays_neither_the_visitor_nor_others(sandbox: Sandbox, receiver: Receiver) -> None:
    """Deliveries have threads of their own."""
    # The sandbox itself plays the receiver that does not answer.
    sandbox.add_fault("timeout", times=None, path="/deaf", seconds=1)
    deaf = sandbox.add_form("Deaf", webhooks=[f"{sandbox.api}/deaf"])
    quick = sandbox.add_form("Quick", webhooks=[receiver.url])

    sandbox.submit(deaf, {"message": "x"})
    prompt = sandbox.submit(quick, {"message": "y"})

    until(lambda: bool(sandbox.webhooks_sent))
    assert sandbox.webhooks_sent[0].submission_id == prompt
    assert sandbox.drain_webhooks()
    assert (sandbox.webhooks_sent[1].url, sandbox.webhooks_sent[1].status) == (f"{sandbox.api}/deaf", None)


def test_encrypted_forms_and_silent_submissions_send_nothing(sandbox: Sandbox, receiver: Receiver) -> None:
    """No webhook for either, while an ordinary one arrives."""
    sealed = sandbox.add_form("Sealed", webhooks=[receiver.url], encrypted=True)
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    sandbox.submit(sealed, {"message": "x"})
    sandbox.submit(form_id, {"message": "x"}, webhook=False)
    last = sandbox.submit(form_id, {"message": "x"})
    assert sandbox.drain_webhooks()
    assert ids(receiver) == [last]


def test_webhooks_can_be_lost(sandbox: Sandbox, receiver: Receiver) -> None:
    """The first two never leave, the third does."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    sandbox.add_fault("webhook_lost", times=2)
    sent = [sandbox.submit(form_id, {"message": "x"}) for _ in range(3)]
    assert sandbox.drain_webhooks()
    assert ids(receiver) == sent[2:]


def test_webhooks_can_be_lost_at_random(sandbox: Sandbox, receiver: Receiver) -> None:
    """A share of them, and the rest arrive."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    sandbox.add_fault("webhook_lost", times=None, probability=0.5)
    for _ in range(60):
        sandbox.submit(form_id, {"message": "x"})
    assert sandbox.drain_webhooks()
    assert 5 < len(receiver.received) < 55


def test_webhooks_can_be_doubled(sandbox: Sandbox, receiver: Receiver) -> None:
    """The same submission comes twice, then once."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    sandbox.add_fault("webhook_doubled")
    first, second = (sandbox.submit(form_id, {"message": "x"}) for _ in range(2))
    assert sandbox.drain_webhooks()
    assert sorted(ids(receiver)) == [first, first, second]


def test_webhooks_can_be_late_by_the_sandboxs_clock(
    sandbox: Sandbox, receiver: Receiver, clock: StillClock
) -> None:
    """Two days pass in no time at all."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    sandbox.add_fault("webhook_late", seconds=172_800)
    late = sandbox.submit(form_id, {"message": "x"})
    prompt = sandbox.submit(form_id, {"message": "x"})
    assert sandbox.drain_webhooks()
    assert ids(receiver) == [prompt]

    clock.at += 172_800

    assert sandbox.drain_webhooks()
    assert ids(receiver) == [prompt, late]


def test_webhooks_can_be_reordered(sandbox: Sandbox, receiver: Receiver) -> None:
    """Three are held and come last first."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    sandbox.add_fault("webhook_reordered", times=3, batch=3)
    sent = [sandbox.submit(form_id, {"message": "x"}) for _ in range(3)]
    assert sandbox.drain_webhooks()
    assert ids(receiver) == sent[::-1]


def test_held_webhooks_are_let_go_in_time(sandbox: Sandbox, receiver: Receiver, clock: StillClock) -> None:
    """A batch that never fills is sent after its time."""
    form_id = sandbox.add_form("Training", webhooks=[receiver.url])
    sandbox.add_fault("webhook_reordered", batch=2, seconds=5)
    held = sandbox.submit(form_id, {"message": "x"})
    assert sandbox.drain_webhooks()
    assert ids(receiver) == []

    clock.at += 5

    assert sandbox.drain_webhooks()
    assert ids(receiver) == [held]
