"""One GET request: where it goes, what it carries, and when it ends."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.sandbox import Sandbox
from tests.patience import PATIENCE_SECONDS
from tests.raw_server import Drip, RawServer, running

from .conftest import CANARY_KEY, Clients, outcome

OK = b'{"responseCode":200,"content":{"username":"ada"}}'
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxy_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the proxies of the machine that runs the tests."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_only_what_is_needed_is_sent(clients: Clients, raw_server: RawServer) -> None:
    """The request is a GET with the key in its header, without cookies and login, and asks for gzip at most."""
    raw_server.answer(OK, headers="Set-Cookie: guest=1; Path=/\r\n")
    client = clients(raw_server.url)
    client.account()
    client.account()

    for head in raw_server.heads:
        lines = head.splitlines()
        assert lines[0] == "GET /user HTTP/1.1"
        names = {line.partition(":")[0].lower() for line in lines[1:] if line}
        assert names == {"host", "apikey", "accept", "accept-encoding", "user-agent"}
        assert "Accept-Encoding: gzip" in lines
        assert f"APIKEY: {CANARY_KEY}" in lines


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_a_redirect_is_not_followed(clients: Clients, raw_server: RawServer, status: str) -> None:
    """The key goes to no other address, and the body of a redirect is not even read."""
    with running(RawServer()) as elsewhere:
        head = f"HTTP/1.1 {status}\r\nLocation: {elsewhere.url}/user\r\nContent-Length: 900000000\r\n\r\n"
        raw_server.reply = drip = Drip(head.encode(), b"x" * 65_536)
        problem = outcome(clients(raw_server.url).account)
    assert problem.reason is UpstreamReason.REDIRECTED
    assert problem.status == int(status[:3])
    assert drip.was_left.wait(PATIENCE_SECONDS)
    assert elsewhere.connections == 0


def test_netrc_is_never_read(
    clients: Clients, raw_server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login for every host in `.netrc` is not sent, neither directly nor where proxies are looked for."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login ada password canary-login\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", raw_server.url)
    raw_server.answer(OK)

    clients(raw_server.url).account()
    clients("http://api.jotform.example").account()
    assert len(raw_server.heads) == 2
    assert not any("authorization" in head.lower() for head in raw_server.heads)


@pytest.mark.parametrize("how", ["environment", "settings"])
def test_a_proxy_is_honoured(
    clients: Clients, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whether the environment or the settings name it, the proxy is the one that is asked."""
    raw_server.answer(OK)
    options = {}
    if how == "environment":
        monkeypatch.setenv("http_proxy", raw_server.url)
    else:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
        options["proxy"] = raw_server.url

    assert clients("http://api.jotform.example", **options).account().username == "ada"
    assert raw_server.paths == ["http://api.jotform.example/user"]


def test_no_proxy_is_honoured(
    clients: Clients, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that the environment exempts is asked directly."""
    monkeypatch.setenv("http_proxy", raw_server.url)
    monkeypatch.setenv("no_proxy", "jotform.example")

    assert outcome(clients("http://api.jotform.example").account).reason is UpstreamReason.UNREACHABLE
    assert raw_server.heads == []


def test_this_machine_is_not_looked_for_behind_a_proxy(
    clients: Clients, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox on this machine is asked directly, whatever proxy the environment names."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    raw_server.answer(OK)

    assert clients(raw_server.url).account().username == "ada"


def test_the_key_is_not_shown_to_the_proxy_of_an_encrypted_call(
    clients: Clients, raw_server: RawServer
) -> None:
    """Through a proxy the call is a tunnel; one that the proxy refuses never left, and is given back."""
    raw_server.answer(b"", status="407 Proxy Authentication Required")

    problem = outcome(clients("https://api.jotform.example", proxy=raw_server.url).account)
    assert problem.reason is UpstreamReason.UNREACHABLE
    assert not problem.sent
    assert all(head.startswith("CONNECT api.jotform.example:443 ") for head in raw_server.heads)
    assert not any(CANARY_KEY in head for head in raw_server.heads)
    assert clients.used == 0


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": "http://127.0.0.1:{port}"},
        {"proxy": "socks5://127.0.0.1:{port}"},
        {"proxy": "http://"},
        {"base": "http://127.0.0.1:{port}"},
        {"base": "http://no-such-host.invalid"},
        {"base": "http://192.0.2.1"},
        {"base": "http://127.0.0.1:99999"},
    ],
    ids=lambda options: next(iter(options.values())),
)
def test_what_never_left_is_given_back(clients: Clients, options: dict[str, str]) -> None:
    """A name that is not known, a port that is closed, a proxy that cannot be used: no call was made, none counts."""
    given = {name: text.format(port=closed_port()) for name, text in options.items()}
    client = clients(given.pop("base", "http://api.jotform.example"), deadline_seconds=2.0, **given)

    problem = outcome(client.account)
    assert isinstance(problem, UpstreamError)
    assert not problem.sent
    assert problem.reason in (UpstreamReason.UNREACHABLE, UpstreamReason.TIMEOUT)
    assert clients.used == 0


def test_what_left_counts_even_without_an_answer(clients: Clients, raw_server: RawServer) -> None:
    """A connection that is closed after the request may have cost a call, so it does."""
    assert outcome(clients(raw_server.url).account).sent
    assert clients.used == 3


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(OK)[:10], b"\x00"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "name", "header", "body", "chunks", "chunk-size", "gzip", "continue"],
)
def test_a_server_that_drips_is_left_at_the_deadline(
    clients: Clients, raw_server: RawServer, head: bytes, drop: bytes
) -> None:
    """Every byte starts a socket's time-out anew; the call ends all the same, in whatever part it is."""
    raw_server.reply = drip = Drip(head, drop)
    problem = outcome(clients(raw_server.url, deadline_seconds=0.3).account)
    assert isinstance(problem, UpstreamError)
    assert drip.was_left.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    "encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip, gzip, gzip, gzip, gzip, gzip"]
)
def test_what_cannot_be_unpacked_is_malformed(clients: Clients, raw_server: RawServer, encoding: str) -> None:
    """A body that is not what its header says is one more kind of nonsense."""
    raw_server.answer(b"\xffnot packed at all", headers=f"Content-Encoding: {encoding}\r\n")

    assert outcome(clients(raw_server.url).account).reason is UpstreamReason.MALFORMED


def test_a_packed_answer_is_unpacked(clients: Clients, raw_server: RawServer) -> None:
    """JotForm may pack what it sends."""
    raw_server.answer(gzip.compress(OK), headers="Content-Encoding: gzip\r\n")

    assert clients(raw_server.url).account().username == "ada"


def test_a_connection_is_used_again(
    clients: Clients, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call after the other, in whatever threads: a server may start one for each request."""
    made: list[Any] = []
    real_connect = socket.socket.connect

    def counted(self: socket.socket, address: Any) -> None:
        made.append(address)
        real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", counted)
    client = clients(sandbox.api)
    for _ in range(5):
        client.account()
        thread = threading.Thread(target=client.account)
        thread.start()
        thread.join()
    assert len(made) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_its_own_connection(sandbox: Sandbox) -> None:
    """After a fork parent and child each get their own answers."""
    form_ids = [sandbox.add_form(f"Form {number}") for number in range(2)]
    program = textwrap.dedent(
        """
        import os, sys
        from tests.jotform.conftest import Clients, StillClock
        base, key, mine, childs = sys.argv[1:]
        client = Clients(StillClock())(base, key)
        client.account()
        child = os.fork()
        form_id = mine if child else childs
        for _ in range(30):
            assert client.form(form_id).form_id == form_id
        if not child:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """
    )
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program, sandbox.api, sandbox.read_key, *form_ids],
        check=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert sandbox.calls == 61


def test_requests_is_loaded_with_the_first_call_only() -> None:
    """A process that never asks JotForm does not pay for the library that would."""
    program = "import jotgate.jotform.client, jotgate.jotform.embed, sys; sys.exit('requests' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_no_traceback_shows_the_key(clients: Clients, raw_server: RawServer) -> None:
    """Neither the error nor what it came from is printed with the key, even where the server echoes it."""
    raw_server.reply = f"HTTP/9.9 {CANARY_KEY}\r\n\r\n".encode()
    told = "".join(traceback.format_exception(outcome(clients(raw_server.url).account)))
    raw_server.answer(b"{}", headers=f"Content-Length: {CANARY_KEY}\r\n")
    told += "".join(traceback.format_exception(outcome(clients(raw_server.url).account)))

    assert "UpstreamError" in told
    assert CANARY_KEY not in told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["responseCode", "content", "message", "limit-left", "resultSet", "id", "api", "limit"]
                ),
                inner,
                max_size=6,
            )
        ),
    ).map(lambda value: json.dumps(value).encode()),
    status=st.sampled_from(["200 OK", "200 OK", "401 No", "404 No", "429 No", "500 No", "999 ?", "0", "abc"]),
    headers=st.sampled_from(
        [
            "",
            "",
            "Content-Encoding: gzip\r\n",
            "Content-Length: 7\r\n",
            "Transfer-Encoding: chunked\r\n",
            "X\r\n",
            "\0\r\n",
        ]
    ),
    verb=st.sampled_from(
        ["account", "usage", "form", "questions", "webhooks", "properties", "list", "newest"]
    ),
)
def test_any_answer_gives_a_record_or_the_one_error(
    clients: Clients, raw_server: RawServer, body: bytes, status: str, headers: str, verb: str
) -> None:
    """Whatever a server sends, only `UpstreamError` escapes, and nothing but the one address is asked for."""
    raw_server.answer(body, status=status, headers=headers)
    raw_server.heads.clear()
    clients.quota.discovered(limit=1_000, used=0)
    client = clients(raw_server.url, deadline_seconds=5.0)
    calls: dict[str, Callable[[], object]] = {
        "account": client.account,
        "usage": client.usage,
        "form": lambda: client.form("12"),
        "questions": lambda: client.questions("12"),
        "webhooks": lambda: client.webhooks("12"),
        "properties": lambda: client.properties("12"),
        "list": lambda: client.submissions(["12", "13"], above="0"),
        "newest": lambda: client.newest_submission_id("12", before=0.0),
    }
    try:
        outcome(calls[verb])
    finally:
        client.close()
    assert 1 <= len(raw_server.paths) <= 4
    assert {path.partition("?")[0] for path in raw_server.paths} <= {
        "/user",
        "/user/usage",
        "/user/submissions",
        "/form/12",
        "/form/12/questions",
        "/form/12/webhooks",
        "/form/12/properties",
        "/form/12/submissions",
    }
