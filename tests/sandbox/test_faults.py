"""Each fault that can be ordered, as a real HTTP client meets it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from jotgate.sandbox import FaultKind, Sandbox
from tests.patience import PATIENCE_SECONDS, until

from .conftest import Asker, StillClock


@pytest.fixture
def form_id(sandbox: Sandbox) -> str:
    return sandbox.add_form("Students")


@pytest.fixture
def wire(sandbox: Sandbox) -> Iterator[http.client.HTTPConnection]:
    """A connection that shows what is sent, byte by byte."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(sandbox.api).port or 0, timeout=10)
    yield connection
    connection.close()


def begin(
    wire: http.client.HTTPConnection, sandbox: Sandbox, path: str = "/user"
) -> http.client.HTTPResponse:
    wire.request("GET", path, headers={"APIKEY": sandbox.read_key})
    return wire.getresponse()


@pytest.mark.parametrize("code", [301, 401, 403, 429, 500, 502, 503, 504])
def test_any_status_can_be_ordered(sandbox: Sandbox, reader: Asker, code: int) -> None:
    """It comes once, is counted as a call, and then all is well again."""
    sandbox.add_fault("status", code=code, location="https://evil.example/" if code == 301 else None)

    spoiled, good = reader.get("/user"), reader.get("/user")

    assert (spoiled.status_code, good.status_code) == (code, 200)
    assert spoiled.headers.get("Location") == ("https://evil.example/" if code == 301 else None)
    assert sandbox.calls == 2
    assert [call.status for call in sandbox.log] == [code, 200]


def test_a_retry_after_can_be_ordered(sandbox: Sandbox, reader: Asker) -> None:
    """Hours of it, to tempt a client into waiting."""
    sandbox.add_fault("status", code=429, retry_after=86_400)
    assert reader.get("/user").headers["Retry-After"] == "86400"


def test_a_maintenance_page_is_html(sandbox: Sandbox, reader: Asker) -> None:
    """Even with status 200."""
    sandbox.add_fault("html", code=200)
    answer = reader.get("/user")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "maintenance" in answer.text


def test_a_timeout_says_nothing_until_the_client_gives_up(sandbox: Sandbox, reader: Asker) -> None:
    """The call is counted; the log shows that no answer was begun."""
    sandbox.add_fault("timeout")
    with pytest.raises(requests.exceptions.ReadTimeout):
        reader.session.get(f"{sandbox.api}/user", timeout=0.2)
    assert sandbox.calls == 1
    assert sandbox.log[0].status == 0


def test_stopping_does_not_wait_for_clients_that_hang(clock: StillClock) -> None:
    """A sandbox with a hanging answer and an idle connection stops at once."""
    sandbox = Sandbox(clock=clock).start()
    idle = Asker(sandbox.api, sandbox.read_key)
    with idle.session:
        idle.get("/user")
        sandbox.add_fault("timeout")
        wire = http.client.HTTPConnection("127.0.0.1", urlsplit(sandbox.api).port or 0, timeout=10)
        wire.request("GET", "/user", headers={"APIKEY": sandbox.read_key})
        until(lambda: len(sandbox.log) == 2)
        stopping = threading.Thread(target=sandbox.stop, daemon=True)
        stopping.start()
        # The answer hangs for a day.
        stopping.join(PATIENCE_SECONDS)
        wire.close()
    assert not stopping.is_alive()


def test_a_reset_breaks_the_connection_off(sandbox: Sandbox, wire: http.client.HTTPConnection) -> None:
    """A TCP reset, not an orderly close."""
    sandbox.add_fault("reset")
    with pytest.raises(ConnectionResetError):
        begin(wire, sandbox)


def test_down_closes_at_once_and_counts_nothing(sandbox: Sandbox, wire: http.client.HTTPConnection) -> None:
    """As if nobody were there, again and again until it is cleared."""
    sandbox.add_fault("down", times=None)
    for _ in range(3):
        with pytest.raises(http.client.RemoteDisconnected):
            begin(wire, sandbox)
        wire.close()
    assert sandbox.calls == 0
    sandbox.clear_faults()
    assert begin(wire, sandbox).status == 200


def test_a_stopped_sandbox_refuses_and_comes_back_with_what_it_held(sandbox: Sandbox, form_id: str) -> None:
    """`stop` and `start` are an outage: same port, same keys, same submissions."""
    submission_id = sandbox.submit(form_id, {"message": "kept"})
    sandbox.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(sandbox.api).port or 0), timeout=5)

    sandbox.start()

    reader = Asker(sandbox.api, sandbox.read_key)
    with reader.session:
        assert reader.content(f"/submission/{submission_id}")["id"] == submission_id


def test_a_drip_sends_byte_after_byte(sandbox: Sandbox, wire: http.client.HTTPConnection) -> None:
    """Each byte comes within any time-out of a single read, the whole never does."""
    sandbox.add_fault("drip", seconds=0.01)
    answer = begin(wire, sandbox)
    first = [answer.read1(100) for _ in range(5)]
    assert [len(each) for each in first] == [1] * 5


def test_a_gzip_bomb_is_small_on_the_wire(sandbox: Sandbox, wire: http.client.HTTPConnection) -> None:
    """What unpacks to 20 MB arrives as some kilobytes."""
    sandbox.add_fault("gzip_bomb", size_bytes=20_000_000)
    answer = begin(wire, sandbox)
    packed = answer.read()
    assert answer.getheader("Content-Encoding") == "gzip"
    assert len(packed) < 100_000
    assert len(zlib.decompress(packed, 31)) == 20_000_000


def test_a_huge_body_is_streamed(sandbox: Sandbox, wire: http.client.HTTPConnection) -> None:
    """200 MB are announced, and a client that leaves early costs nothing."""
    sandbox.add_fault("huge")
    answer = begin(wire, sandbox)
    assert answer.getheader("Content-Length") == "200000000"
    assert answer.read(20).startswith(b'{"responseCode":200')


def test_a_huge_body_is_json_if_somebody_reads_it_all(sandbox: Sandbox, reader: Asker) -> None:
    """The size is exact, and only the size is wrong with it."""
    sandbox.add_fault("huge", size_bytes=300_000)
    answer = reader.get("/user")
    assert len(answer.content) == 300_000
    assert answer.json()["responseCode"] == 200


def test_json_can_be_cut(sandbox: Sandbox, reader: Asker) -> None:
    """A whole HTTP answer that holds half a JSON text."""
    sandbox.add_fault("cut_json")
    answer = reader.get("/user")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(answer.text)


def test_any_body_can_be_ordered(sandbox: Sandbox, reader: Asker) -> None:
    """For JSON that no server should send."""
    sandbox.add_fault("body", body='{"responseCode": NaN}', code=200)
    assert reader.get("/user").text == '{"responseCode": NaN}'


def test_the_response_code_can_contradict_the_status(sandbox: Sandbox, reader: Asker) -> None:
    """HTTP 200 around a refusal."""
    sandbox.add_fault("code_mismatch", code=401)
    answer = reader.get("/user")
    assert (answer.status_code, answer.json()["responseCode"]) == (200, 401)


@pytest.mark.parametrize(("variant", "status"), [("403", 403), ("429", 429), ("200", 200), ("503", 503)])
def test_the_limit_can_seem_reached(sandbox: Sandbox, reader: Asker, variant: str, status: int) -> None:
    """In each of the reported ways, with calls still left."""
    sandbox.add_fault("over_limit", variant=variant)
    assert reader.get("/user").status_code == status
    assert reader.get("/user").status_code == 200


def test_limit_left_can_be_missing_once(sandbox: Sandbox, reader: Asker) -> None:
    """The answer is right but for it."""
    sandbox.add_fault("no_limit_left")
    assert "limit-left" not in reader.get("/user").json()
    assert "limit-left" in reader.get("/user").json()


def test_the_region_can_be_wrong_for_once(sandbox: Sandbox, reader: Asker) -> None:
    """JSON without `content`."""
    sandbox.add_fault("wrong_region")
    assert "content" not in reader.get("/user").json()
    assert "content" in reader.get("/user").json()


@pytest.mark.parametrize("shape", ["null", "each", "empty"])
def test_answers_can_be_missing_at_first(
    sandbox: Sandbox, reader: Asker, clock: StillClock, form_id: str, shape: str
) -> None:
    """Young submissions have no answers yet, older ones do, and the young ones get theirs."""
    old = sandbox.submit(form_id, {"message": "old"}, at=clock.at - 60)
    young = sandbox.submit(form_id, {"message": "young"})
    sandbox.add_fault("null_answers", times=None, seconds=30, shape=shape)

    def message(submission_id: str) -> Any:
        answers = reader.content(f"/submission/{submission_id}")["answers"]
        return answers["5"]["answer"] if answers else answers

    assert message(old) == "old"
    assert message(young) == ([] if shape == "empty" else None)
    rows = reader.content(f"/form/{form_id}/submissions")
    assert [bool(row["answers"] and row["answers"]["5"]["answer"]) for row in rows] == [False, True]
    clock.at += 30
    assert message(young) == "young"


def test_a_known_filter_can_be_ignored(sandbox: Sandbox, reader: Asker, form_id: str) -> None:
    """Echoed, and all rows come."""
    ids = [sandbox.submit(form_id, {"message": "x"}) for _ in range(3)]
    sandbox.add_fault("ignore_filter")
    wish = json.dumps({"id:gt": ids[1]})

    spoiled = reader.get(f"/form/{form_id}/submissions", filter=wish).json()

    assert len(spoiled["content"]) == 3
    assert spoiled["resultSet"]["filter"] == {"id:gt": ids[1]}
    assert len(reader.content(f"/form/{form_id}/submissions", filter=wish)) == 1


@pytest.mark.parametrize("one", [True, False])
def test_a_list_can_leave_a_form_out(sandbox: Sandbox, reader: Asker, form_id: str, one: bool) -> None:
    """Its rows, or all rows, are missing from an answer that looks whole."""
    other_id = sandbox.add_form("Trip")
    for each in (form_id, other_id):
        sandbox.submit(each, {"message": "x"}, webhook=False)
    sandbox.add_fault("leave_out", form_id=form_id if one else "")

    rows = reader.content("/user/submissions")

    assert [row["form_id"] for row in rows] == ([other_id] if one else [])
    assert len(reader.content("/user/submissions")) == 2


@pytest.mark.parametrize("how", ["504", "cut"])
def test_large_pages_can_fail_where_small_ones_do_not(
    sandbox: Sandbox, reader: Asker, form_id: str, how: str
) -> None:
    """Halving the limit until it fits is rewarded."""
    for _ in range(20):
        sandbox.submit(form_id, {"message": "x"})
    sandbox.add_fault("page_504_above", times=None, rows=5, how=how)
    path = f"/form/{form_id}/submissions"

    large = reader.get(path, limit="6")

    assert large.status_code == (504 if how == "504" else 200)
    with pytest.raises(ValueError, match=r".+"):
        large.json()
    assert len(reader.content(path, limit="5")) == 5


def test_an_answer_can_come_late(clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right, but after the ordered time."""
    waited: list[float | None] = []

    class Pauses(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout)
            return False

    with monkeypatch.context() as patched:
        patched.setattr("jotgate.sandbox.server.threading.Event", Pauses)
        sandbox = Sandbox(clock=clock)
    with sandbox:
        reader = Asker(sandbox.api, sandbox.read_key)
        sandbox.add_fault("latency", seconds=90.0)
        with reader.session:
            assert reader.get("/user").status_code == 200
    assert waited == [90.0]


def test_a_fault_concerns_the_paths_it_names(sandbox: Sandbox, reader: Asker, form_id: str) -> None:
    """A glob over paths, with or without `/v1`; without one only API calls are met, never pages."""
    sandbox.add_fault("status", times=None, path="/v1/form/*/submissions", code=504)
    assert reader.get(f"/form/{form_id}/submissions").status_code == 504
    assert reader.get(f"/v1/form/{form_id}/submissions").status_code == 504
    assert reader.get(f"/form/{form_id}").status_code == 200
    sandbox.clear_faults()
    sandbox.add_fault("status", times=None, code=500)
    assert requests.get(f"{sandbox.api}/{form_id}", timeout=5).status_code == 200
    sandbox.add_fault("status", times=None, path="/submit/*", code=502)
    assert requests.post(f"{sandbox.submit_origin}/submit/{form_id}", timeout=5).status_code == 502


def test_faults_come_in_the_order_they_were_ordered(sandbox: Sandbox, reader: Asker) -> None:
    """A script of failures plays one by one."""
    sandbox.add_fault("status", times=2, code=503)
    sandbox.add_fault("code_mismatch")
    sandbox.add_fault("html", code=502)
    assert [reader.get("/user").status_code for _ in range(5)] == [503, 503, 200, 502, 200]


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"kind": "meteor"}, "there is no fault 'meteor'; there are: status, html"),
        ({"kind": "status", "colour": "red"}, "has no option 'colour'; it has: code"),
        ({"kind": "status", "code": "many"}, "must be a number"),
        ({"kind": "latency", "seconds": "inf"}, "must be a number"),
        ({"kind": "status", "times": 0}, "times must be a number from 1 up"),
        ({"kind": "over_limit", "variant": "418"}, "must be one of 403, 429, 200, 503"),
    ],
)
def test_an_impossible_order_is_refused_with_what_is_possible(
    sandbox: Sandbox, order: dict[str, Any], sentence: str
) -> None:
    """From Python and by HTTP alike."""
    with pytest.raises(ValueError, match=sentence):
        sandbox.add_fault(**order)
    answer = requests.post(f"{sandbox.api}/sandbox/faults", json=order, timeout=5)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]


def test_every_kind_of_fault_is_tried_in_these_tests() -> None:
    """A new kind needs a test that names it."""
    names = {kind.value for kind in FaultKind}
    tried = set()
    for module in (__file__, __file__.replace("test_faults", "test_webhooks")):
        with open(module, encoding="utf-8") as source:
            text = source.read()
        tried |= {name for name in names if f'add_fault("{name}"' in text}
    assert tried == names
