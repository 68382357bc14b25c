"""Outgoing webhooks: signed as the convention says, sent where they may go, and never for longer than allowed."""

from __future__ import annotations

import base64
import datetime as dt
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from jotgate.outcomes import Cause, ToldField, Verdict, VerdictEvent
from jotgate.telling import webhooks
from jotgate.telling.webhooks import check_url, headers, payload, post, secret_text, signature
from tests.patience import PATIENCE_SECONDS
from tests.raw_server import Drip, RawServer, running
from tests.receiver import Receiver, receiving
from tests.servers.tls import certificate

KEY = bytes(range(32))
EVENT = VerdictEvent(
    message_id="msg_0123",
    submission_id="5900000000000000001",
    form="students",
    subject="s-1042 é",
    verdict=Verdict.VERIFIED,
    created_at=1_790_000_000.0,
    judged_at=1_790_000_060.9,
    cause=Cause.JUDGED,
    fields={"name": ToldField(text="Ada é", parts={"first": "Ada é"}), "note": ToldField(text="x", cut=True)},
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver on this machine."""
    with receiving() as running:
        yield running


def sent(url: str, *, private: bool = False, seconds: float = 10.0) -> tuple[int | None, str | None]:
    """Post something."""
    return post(url, b"{}", {}, private=private, ends_at=time.monotonic() + seconds)


class TestSignatures:
    """What receivers check."""

    def test_the_published_vector(self) -> None:
        """The example that the convention's own libraries are tested with."""
        key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        made = signature(
            key,
            message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp=1_614_265_330,
            body=b'{"test": 2432232314}',
        )
        assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def test_the_convention_s_own_library_verifies_ours(self) -> None:
        """With the secret as it is shown; a changed body, id or time is refused."""
        body, now = payload(EVENT), int(time.time())
        hook = standardwebhooks.Webhook(secret_text(KEY))
        signed = headers(KEY, message_id=EVENT.message_id, timestamp=now, body=body)
        assert hook.verify(body, signed) == json.loads(body)
        for changed in (
            (body + b" ", signed),
            (body, {**signed, "webhook-id": "msg_other"}),
            (body, {**signed, "webhook-timestamp": str(now - 1)}),
        ):
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                hook.verify(*changed)

    @given(
        st.binary(min_size=1, max_size=64), st.text("abc_123", min_size=1), st.integers(0, 2**33), st.text()
    )
    def test_every_signature_is_the_library_s(self, key: bytes, message: str, at: int, said: str) -> None:
        """Whatever the key, the id, the time and the body."""
        moment = dt.datetime.fromtimestamp(at, dt.timezone.utc)
        body = said.encode("utf-8", "replace")
        theirs = standardwebhooks.Webhook(key).sign(message, moment, body.decode())
        assert signature(key, message_id=message, timestamp=at, body=body) == theirs

    def test_the_payload(self) -> None:
        """It says what a callback is told, with times as everywhere in JSON, and answers in the same shape."""
        assert json.loads(payload(EVENT)) == {
            "type": "submission.verdict",
            "timestamp": "2026-09-21T14:14:20Z",
            "data": {
                "submission_id": "5900000000000000001",
                "form": "students",
                "subject": "s-1042 é",
                "verdict": "verified",
                "created_at": "2026-09-21T14:13:20Z",
                "judged_at": "2026-09-21T14:14:20Z",
                "cause": "judged",
                "fields": {
                    "name": {"text": "Ada é", "parts": {"first": "Ada é"}, "cut": False},
                    "note": {"text": "x", "parts": {}, "cut": True},
                },
            },
        }


class TestAddresses:
    """Where webhooks may go."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://site.example",
            "https://site.example:8443/hook?a=b&c=%20",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "http://127.0.0.1:8000/hook",
            "http://localhost/hook",
            "http://[::1]:9/",
        ],
    )
    def test_allowed(self, url: str) -> None:
        """Over https anywhere public; in the clear only within this machine."""
        assert check_url(url, private=False) == url

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "site.example",
            "ftp://site.example",
            "http://site.example/",
            "http://10.0.0.1/",
            "https://user:word@site.example/",
            "https://site.example/#part",
            "https://site.example/a b",
            "https://site.example/\n",
            "https://site.example:0/",
            "https://site.example:65536/",
            "https://sité.example/",
            "http\N{LATIN SMALL LETTER LONG S}://site.example/",
            "https://\N{KELVIN SIGN}.example/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::ffff:10.0.0.1]/",
            "https://[fe80::1]/",
            "https://[64:ff9b:1::a9fe:a9fe]/",
            "https://[::a9fe:a9fe]/",
            "https://168.63.129.16/metadata",
            "https://0.0.0.0/",
            "https://site.example/" + "a" * 2_000,
        ],
    )
    def test_refused(self, url: str) -> None:
        """With a sentence that does not repeat it."""
        with pytest.raises(ValueError) as refused:
            check_url(url, private=False)
        assert len(url) < 20 or url not in str(refused.value)

    @given(st.text())
    def test_total(self, text: str) -> None:
        """Any text is allowed or refused, and nothing else happens."""
        with suppress(ValueError):
            assert check_url(text, private=True) == text

    def test_a_name_that_leads_inside_is_refused(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever it led to when the webhook was created: what is looked up is what is connected to."""
        here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.server_port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
        url = f"http://site.example:{receiver.server_port}/"
        status, problem = sent(url)
        assert (status, receiver.sent) == (None, [])
        assert problem is not None
        assert "private" in problem
        assert sent(url, private=True) == (204, None)
        assert receiver.sent[0].headers["Host"] == f"site.example:{receiver.server_port}"


class TestPosts:
    """One POST, whatever the other side does."""

    @pytest.mark.parametrize("status", [200, 201, 299])
    def test_any_2xx_is_delivered(self, receiver: Receiver, status: int) -> None:
        """The request arrives as it was made."""
        receiver.status = status
        told = post(
            f"{receiver.url}/hook?a=1",
            b'{"a":1}',
            {"webhook-id": "x"},
            private=False,
            ends_at=time.monotonic() + 10,
        )
        assert told == (status, None)
        [request] = receiver.sent
        assert (request.path, request.body, request.headers["webhook-id"]) == ("/hook?a=1", b'{"a":1}', "x")

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_redirects_are_not_followed(self, receiver: Receiver, status: int) -> None:
        """They are failures like any other."""
        receiver.status = status
        assert sent(receiver.url) == (status, f"it answered with the status {status}")
        assert len(receiver.sent) == 1

    def test_silence_ends(self, receiver: Receiver) -> None:
        """A receiver that says nothing costs the time that was given, and no more."""
        receiver.status = 0
        assert sent(receiver.url, seconds=0.3) == (None, "it gave no answer in time")

    @pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n"])
    def test_a_receiver_that_drips_is_left(self, head: bytes) -> None:
        """Each byte comes in time, and the whole answer never does."""
        with running(RawServer()) as server:
            server.reply = drip = Drip(head, b"x")
            assert sent(server.url, seconds=0.3) == (None, "it gave no answer in time")
            assert drip.was_left.wait(PATIENCE_SECONDS)

    def test_a_host_s_other_addresses_are_tried_while_there_is_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One after the other until one answers, and none once the time is over."""
        now, tried = [100.0], []

        def send(pool: Any, *_: object) -> webhooks.Posted:
            tried.append(pool.host)
            now[0] += 6.0
            return webhooks.Posted(None, "it cannot be reached, or the connection broke")

        addresses = [ip_address(f"8.8.8.{number}") for number in range(3)]
        monkeypatch.setattr("jotgate.telling.webhooks._addresses", lambda *_: addresses)
        monkeypatch.setattr("jotgate.telling.webhooks.monotonic", lambda: now[0])
        monkeypatch.setattr("jotgate.telling.webhooks._send", send)
        told = post("https://site.example/", b"", {}, private=False, ends_at=110.0)
        assert told == (None, "it cannot be reached, or the connection broke")
        assert tried == ["8.8.8.0", "8.8.8.1"]

    def test_nobody_there(self) -> None:
        """A port that nobody listens on, and a name that nobody has."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        refused = (None, "it cannot be reached, or the connection broke")
        assert sent(f"http://127.0.0.1:{port}/") == refused
        assert sent("https://nobody.invalid/") == (None, "the name of its host is not known here")

    def test_the_receiver_proves_its_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Over TLS by the name that was asked for, whatever address it has, and by a certificate that is trusted."""
        trusted = certificate(tmp_path, "DNS:site.example")
        with receiving(trusted) as receiver:
            here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.server_port))]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
            url = f"https://site.example:{receiver.server_port}/"
            assert sent(url, private=True) == (None, "its certificate is not valid")
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
            assert sent(url, private=True) == (204, None)
            other = f"https://other.example:{receiver.server_port}/"
            assert sent(other, private=True) == (None, "its certificate is not valid")
            assert len(receiver.sent) == 1

    def test_plain_http_behind_https_is_refused(self, receiver: Receiver) -> None:
        """No TLS, no delivery."""
        status, problem = sent(f"https://127.0.0.1:{receiver.server_port}/")
        assert status is None
        assert problem in ("its certificate is not valid", "it cannot be reached, or the connection broke")
        assert receiver.sent == []
