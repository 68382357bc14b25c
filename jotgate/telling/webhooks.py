"""Outgoing webhooks by the Standard Webhooks convention: what they say, how they are signed, and one POST.

The convention (https://www.standardwebhooks.com): headers ``webhook-id``, ``webhook-timestamp`` and
``webhook-signature``, the last one an HMAC-SHA-256 over id, timestamp and body.

An address is decided on when its name has been looked up, and the connection goes to what was looked at, so that
a name which changes its mind leads nowhere else. No proxy is asked: it would look names up by itself.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import socket
from dataclasses import asdict
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from jotgate.clock import iso
from jotgate.outcomes import VerdictEvent
from jotgate.telling.networks import Address, is_loopback, may_reach

if TYPE_CHECKING:
    from urllib3 import HTTPConnectionPool, HTTPResponse

SECRET_PREFIX = "whsec_"
EVENT_TYPE = "submission.verdict"
_CONNECT_SECONDS = 4.0
_MAX_URL_CHARS = 2_000
_URL = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?(/[!-~]*)?", re.ASCII | re.IGNORECASE
)


class Posted(NamedTuple):
    """What came of one POST."""

    #: The receiver's HTTP status, or None if there was no answer.
    status: int | None
    #: Why it is not delivered, for the operator; None: it is.
    problem: str | None


def secret_text(key: bytes) -> str:
    """Return the secret of a webhook as receivers are given it."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signature(key: bytes, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def payload(event: VerdictEvent) -> bytes:
    """Return the body: the same bytes at every try, as long as the submission counts and its answers are kept."""
    said = {
        "type": EVENT_TYPE,
        "timestamp": iso(event.judged_at),
        "data": {
            "submission_id": event.submission_id,
            "form": event.form,
            "subject": event.subject,
            "verdict": event.verdict.value,
            "created_at": iso(event.created_at),
            "judged_at": iso(event.judged_at),
            "cause": event.cause.value,
            "fields": {name: asdict(one) for name, one in event.fields.items()},
        },
    }
    return json.dumps(said, separators=(",", ":")).encode()


def headers(key: bytes, *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of one try."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "jotgate",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(key, message_id=message_id, timestamp=timestamp, body=body),
    }


def check_url(url: str, *, private: bool) -> str:
    """Return *url* if webhooks may go there, as far as its text tells.

    Raises:
        ValueError: they may not; the message is a sentence.
    """
    found = _URL.fullmatch(url) if len(url) <= _MAX_URL_CHARS else None
    if found is None or "#" in url or not 1 <= int(found[3] or 443) <= 65_535:
        raise ValueError(
            'it must be an address such as "https://site.example/hook": ASCII, without user, "#" or blanks'
        )
    host = found[2].strip("[]").lower()
    if found[1].lower() == "http" and not _is_here(host):
        raise ValueError("it must begin with https://, except on this machine (http://127.0.0.1)")
    address = _literal(host)
    if address is not None and not may_reach(address, here=_is_here(host), private=private):
        raise ValueError(
            "it is in a private or reserved network: --private allows private ones, nothing allows the rest"
        )
    return url


def post(url: str, body: bytes, headers: dict[str, str], *, private: bool, ends_at: float) -> Posted:
    """Send one POST; no redirect is followed, and of the answer only its head is read. Never raises.

    *ends_at* is by `time.monotonic`; looking up the host's name is the one step that it cannot cut short.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = _addresses(host, port)
    except (OSError, ValueError):
        return Posted(None, "the name of its host is not known here")
    allowed = [one for one in found if may_reach(one, here=_is_here(host), private=private)]
    if not allowed:
        return Posted(None, "its host is in a private or reserved network, which this webhook may not reach")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    posted = Posted(None, "no time was left")
    for address in allowed:
        pool = _pool(parts.scheme, str(address), port, host)
        posted = _send(pool, target, body, {**headers, "Host": parts.netloc}, ends_at)
        if posted.status is not None or monotonic() >= ends_at:
            break
    return posted


def _pool(scheme: str, address: str, port: int, host: str) -> HTTPConnectionPool:
    """Return connections to *address*; over TLS it has to prove that it is *host*."""
    # Loaded with the first webhook, not in sites that send none.
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    from jotgate.timed import TimedPool, TimedSecurePool

    if scheme == "http":
        return TimedPool(address, port, maxsize=1)
    return TimedSecurePool(
        address,
        port,
        maxsize=1,
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH,
        server_hostname=host,
        assert_hostname=host,
    )


def _send(
    pool: HTTPConnectionPool, target: str, body: bytes, headers: dict[str, str], ends_at: float
) -> Posted:
    import urllib3

    from jotgate.timed import limit

    left = ends_at - monotonic()
    if left <= 0:
        return Posted(None, "no time was left")
    limit(ends_at)
    options: dict[str, Any] = {"retries": False, "redirect": False, "preload_content": False}
    timeout = urllib3.Timeout(connect=min(left, _CONNECT_SECONDS), read=left)
    try:
        with pool:
            response = pool.urlopen("POST", target, body=body, headers=headers, timeout=timeout, **options)
            return _answered(response)
    except urllib3.exceptions.NewConnectionError:
        # Of the library's timeouts, too, and none: the connection was refused.
        return Posted(None, "it cannot be reached, or the connection broke")
    except (urllib3.exceptions.TimeoutError, TimeoutError):
        return Posted(None, "it gave no answer in time")
    except urllib3.exceptions.SSLError:
        return Posted(None, "its certificate is not valid")
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        # What the library says is not repeated: it may hold what a server wrote.
        return Posted(None, "it cannot be reached, or the connection broke")


def _answered(response: Any) -> Posted:
    answer: HTTPResponse = response
    answer.close()
    if 200 <= answer.status < 300:
        return Posted(answer.status, None)
    return Posted(answer.status, f"it answered with the status {answer.status}")


def _addresses(host: str, port: int) -> list[Address]:
    """Look a name up; each address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found)
    return [ip_address(text) for text in texts]


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_here(host: str) -> bool:
    """Say whether the operator wrote down that the receiver is on this machine."""
    address = _literal(host)
    return host == "localhost" or (address is not None and is_loopback(address))
