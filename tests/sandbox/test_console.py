"""The sandbox's own pages and orders by HTTP, and the command that starts it."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import jotgate.sandbox
from jotgate.sandbox import Sandbox
from tests.patience import until

from .conftest import Asker

COMMAND = [sys.executable, "-m", "jotgate.sandbox"]


def test_the_overview_shows_what_the_sandbox_holds(sandbox: Sandbox, reader: Asker) -> None:
    """Forms, fields, submissions with their ticket, webhooks, calls, faults; and it says what it is."""
    form_id = sandbox.add_form("Students & co", webhooks=["http://127.0.0.1:1/hook"])
    submission_id = sandbox.submit(form_id, {"message": "<script>alert(1)</script>", "jotgate": "TICKET-9"})
    sandbox.drain_webhooks()
    reader.get("/user")
    sandbox.add_fault("latency", times=None, path="/form/*", seconds=2)

    text = requests.get(f"{sandbox.api}/", timeout=5).text

    for part in (
        "Students &amp; co",
        form_id,
        submission_id,
        "TICKET-9",
        "http://127.0.0.1:1/hook",
        "seconds=2",
    ):
        assert part in text
    assert "local JotForm for trying and testing" in text
    assert "GET /user" in text
    assert "<script>alert" not in text
    assert sandbox.read_key not in text
    assert sandbox.full_key not in text


def test_the_state_is_json(sandbox: Sandbox, reader: Asker) -> None:
    """For programs: the same, with times in UTC."""
    form_id = sandbox.add_form("Students")
    submission_id = sandbox.submit(form_id, {"jotgate": "TICKET-9"})
    reader.get("/user")

    state = requests.get(f"{sandbox.api}/sandbox/state", timeout=5).json()

    assert (state["api"], state["submit_origin"]) == (sandbox.api, sandbox.submit_origin)
    assert state["calls"] == {"day": "2026-01-15", "plan": "FREE", "used": 1, "limit": 1_000, "left": 999}
    (form,) = state["forms"]
    assert form["id"] == form_id
    (submission,) = form["submissions"]
    assert (submission["id"], submission["ticket"]) == (submission_id, "TICKET-9")
    assert submission["created_at"] == "2026-01-15T17:00:00Z"
    assert state["log"][0]["path"] == "/user"


def test_faults_are_ordered_and_taken_back_by_http(sandbox: Sandbox, reader: Asker) -> None:
    """POST orders, DELETE takes back one or all."""
    address = f"{sandbox.api}/sandbox/faults"
    first = requests.post(address, json={"kind": "status", "code": 502, "times": None}, timeout=5).json()[
        "fault"
    ]
    requests.post(address, json={"kind": "html", "times": None, "path": "/form/*"}, timeout=5)
    assert reader.get("/user").status_code == 502

    requests.delete(f"{address}/{first['id']}", timeout=5)
    assert reader.get("/user").status_code == 200
    assert len(requests.get(address, timeout=5).json()["faults"]) == 1
    requests.delete(address, timeout=5)
    assert requests.get(address, timeout=5).json() == {"faults": []}


def test_the_overviews_form_orders_and_clears(sandbox: Sandbox, reader: Asker) -> None:
    """Fields of a plain HTML form, and back to the overview."""
    fields = {"kind": "status", "times": "", "path": "", "options": "code=504 retry_after=7"}
    answer = requests.post(f"{sandbox.api}/sandbox/faults", data=fields, timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sandbox/")
    assert reader.get("/user").headers["Retry-After"] == "7"

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    requests.post(f"{sandbox.api}/sandbox/faults/clear", headers=headers, timeout=5)

    assert reader.get("/user").status_code == 200


def test_a_webhook_is_added_on_the_overview(sandbox: Sandbox) -> None:
    """As at JotForm under Settings, Integrations; what is no address is refused."""
    address = "http://127.0.0.1:5000/jotgate/hook/secret"
    form_id = sandbox.add_form("Trip")
    added = requests.post(
        f"{sandbox.api}/sandbox/webhooks",
        data={"form_id": form_id, "webhookURL": f" {address}\n"},
        timeout=5,
        allow_redirects=False,
    )
    assert (added.status_code, added.headers["Location"]) == (303, "/sandbox/")
    assert address in requests.get(f"{sandbox.api}/sandbox/", timeout=5).text
    again = requests.post(
        f"{sandbox.api}/sandbox/webhooks", json={"form_id": form_id, "webhookURL": address}, timeout=5
    )
    assert again.json() == {"webhooks": [address, address]}
    for order in ({"form_id": form_id, "webhookURL": "hook"}, {"form_id": "1", "webhookURL": address}, {}):
        assert requests.post(f"{sandbox.api}/sandbox/webhooks", json=order, timeout=5).status_code == 400


def test_calls_are_used_up_by_http(sandbox: Sandbox, reader: Asker) -> None:
    """Another integration, played from outside."""
    answer = requests.post(f"{sandbox.api}/sandbox/calls", json={"calls": 400}, timeout=5)
    assert answer.json()["calls"]["left"] == 600
    assert reader.get("/user").json()["limit-left"] == 599


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/sandbox/faults", b"["),
        ("POST", "/sandbox/faults", b'"status"'),
        ("POST", "/sandbox/faults", b'{"kind": "status", "times": "two"}'),
        ("POST", "/sandbox/calls", b'{"calls": -1}'),
        ("POST", "/sandbox/calls", b"{}"),
    ],
)
def test_an_unusable_order_is_a_400_that_says_why(
    sandbox: Sandbox, method: str, path: str, body: bytes
) -> None:
    """JSON with one sentence."""
    answer = requests.request(method, sandbox.api + path, data=body, timeout=5)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Host": "evil.example"}]
)
def test_pages_of_other_sites_cannot_give_orders(sandbox: Sandbox, headers: dict[str, str]) -> None:
    """Neither across sites nor through a name that leads here."""
    address = f"{sandbox.api}/sandbox/faults"
    answer = requests.post(address, json={"kind": "down"}, headers=headers, timeout=5)
    assert answer.status_code == 403
    assert requests.get(address, timeout=5).json() == {"faults": []}


def test_only_this_machine_is_listened_to(sandbox: Sandbox) -> None:
    """The port is free on every address but the loopback ones."""
    port = int(sandbox.api.rsplit(":", 1)[1])
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))
    assert requests.get(f"{sandbox.submit_origin}/sandbox/state", timeout=5).status_code == 200


@pytest.fixture
def command() -> Iterator[subprocess.Popen[str]]:
    """`python -m jotgate.sandbox --json` on a free port, with keys of our choice, one from the environment."""
    started = subprocess.Popen(
        [
            *COMMAND,
            "--port",
            "0",
            "--json",
            "--read-key",
            "r" * 32,
            "--odd",
            "form_as_list",
            "--odd",
            "usage_as_text",
        ],
        env=os.environ | {"JOTGATE_SANDBOX_FULL_KEY": "f" * 32},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        yield started
        if started.poll() is None:
            started.kill()


def first_line(command: subprocess.Popen[str]) -> dict[str, Any]:
    assert command.stdout is not None
    line: dict[str, Any] = json.loads(command.stdout.readline())
    return line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_one_line_of_json_and_serves_until_told_to_stop(
    command: subprocess.Popen[str], number: signal.Signals
) -> None:
    """Address and keys first, two sample forms, exit 0 on a signal, nothing else on either stream."""
    line = first_line(command)
    reader = Asker(line["api"], line["read_key"])
    with reader.session:
        titles = [form["title"] for form in reader.content("/user/forms", orderby="id", direction="ASC")]
        odd = (type(reader.content("/form/260010000000001")), type(reader.content("/user/usage")["api"]))
    command.send_signal(number)
    out, err = command.communicate(timeout=10)

    assert odd == (list, str)
    assert (line["read_key"], line["full_key"], list(line)) == (
        "r" * 32,
        "f" * 32,
        ["api", "read_key", "full_key"],
    )
    assert titles == ["Students", "Field report"]
    assert (command.returncode, out, err) == (0, "", "")


def test_a_busy_port_is_one_sentence_and_exit_2(sandbox: Sandbox) -> None:
    """It names the port and what to do."""
    port = sandbox.api.rsplit(":", 1)[1]
    done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: Port {port} is taken by another program; choose one with --port.\n"


def test_without_json_the_command_tells_people_where_to_look() -> None:
    """Addresses, keys and forms in a few lines."""
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as friendly:
        assert friendly.stdout is not None
        first = friendly.stdout.readline()
        friendly.terminate()
        text = first + friendly.stdout.read()
    for part in (r"http://127\.0\.0\.1:\d+/sandbox/", r"Read key +[0-9a-f]{32}", r"\(Students\)", r"Ctrl\+C"):
        assert re.search(part, text), part


_STOPPED_AGAIN_AND_AGAIN = """
import signal, sys
from jotgate.sandbox.cli import _stop_on_signals

stopping = _stop_on_signals()
sys.setprofile(lambda *_: signal.raise_signal(signal.SIGTERM))
signal.raise_signal(signal.SIGTERM)
sys.setprofile(None)
print(bool(stopping))
"""


def test_a_signal_may_come_while_another_is_noted() -> None:
    """At every step of it: nothing on the way waits for a lock that the interrupted step has."""
    command = [sys.executable, "-c", _STOPPED_AGAIN_AND_AGAIN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n")


def test_equal_or_malformed_keys_are_refused() -> None:
    """A key decides what may be done, so the two must differ."""
    for keys, words in ((["k" * 32, "k" * 32], "differ"), (["short", "f" * 32], "16 to 64")):
        words_given = ["--port", "0", "--read-key", keys[0], "--full-key", keys[1]]
        done = subprocess.run(
            [*COMMAND, *words_given], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 2
        assert words in done.stderr


def test_the_sandbox_knows_nothing_of_the_gate() -> None:
    """It imports jotgate's clock and errors only, so that it cannot agree with the code it tests by sharing it."""
    package = Path(jotgate.sandbox.__file__).parent
    seen: set[str] = set()
    for module in package.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level:
                seen.add(str(node.module))
            elif isinstance(node, ast.Import):
                seen.update(name.name for name in node.names)
    assert {name for name in seen if name.split(".")[0] == "jotgate"} <= {"jotgate.clock", "jotgate.errors"}


def test_keep_alive_answers_come_without_delay(reader: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is one write, so none waits for the acknowledgement of another, which clients may delay by 40 ms."""
    sent: list[bytes] = []
    send = socket.socket.sendall

    def sendall(self: socket.socket, data: Any, *flags: int) -> None:
        if bytes(data[:5]) == b"HTTP/" or not bytes(data[:4]).isupper():
            sent.append(bytes(data))
        send(self, data, *flags)

    monkeypatch.setattr(socket.socket, "sendall", sendall)
    answers = [reader.get("/user") for _ in range(10)]
    assert len(sent) == 10
    assert all(one.endswith(answer.content) for one, answer in zip(sent, answers, strict=True))


def test_two_sandboxes_live_side_by_side(sandbox: Sandbox) -> None:
    """Each has its own port, keys and forms."""
    with Sandbox() as other:
        assert other.api != sandbox.api
        assert {other.read_key, other.full_key}.isdisjoint({sandbox.read_key, sandbox.full_key})
        assert other.forms() == {}
    until(lambda: requests.get(f"{sandbox.api}/sandbox/state", timeout=5).ok)


def test_a_submission_is_edited_by_order(sandbox: Sandbox) -> None:
    """From the page or as JSON: its answers are others, and it says when that was."""
    form_id = sandbox.add_form("Students")
    one = sandbox.submit(form_id, {"message": "before"}, webhook=False)
    address = f"{sandbox.api}/sandbox/submissions/{one}"
    by_page = requests.post(
        address, data={"field": "message", "value": "after"}, allow_redirects=False, timeout=5
    )
    assert by_page.status_code == 303
    said = requests.post(
        address, json={"answers": {"message": "later"}, "status": "ARCHIVED"}, timeout=5
    ).json()
    assert said["submission"]["answers"] == {"message": "later"}
    assert said["submission"]["status"] == "ARCHIVED"
    assert said["submission"]["updated_at"] is not None
    for order in ({"answers": []}, {"answers": {"nobody": "x"}}, {"status": 1}):
        assert requests.post(address, json=order, timeout=5).status_code == 400
    assert requests.post(f"{sandbox.api}/sandbox/submissions/1", json={}, timeout=5).status_code == 400
