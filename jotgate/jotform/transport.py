"""One GET request to JotForm's API: bounded in time and size, never redirected, and the key in a header only.

Importing this module loads `requests`; the client does so with its first call.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.adapters
import requests.auth
import urllib3
import urllib3.exceptions

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.envelope import MAX_ANSWER_BYTES, CutOff, TooLarge
from jotgate.phrases import phrase
from jotgate.timed import TimedPool, TimedSecurePool, limit

#: For one address of the host; a host has few.
_CONNECT_SECONDS = 4.0
#: How many connections stay open that nobody uses.
_MAX_IDLE_SESSIONS = 4
_CHUNK_BYTES = 64 * 1024
#: How much of an answer that is too large is kept: enough for what stands before a submission's answers.
_HEAD_BYTES = 2_000


class Transport:
    """Sends GET requests with a key; safe to use from every thread, and after a fork.

    Sessions are lent for a call, and not kept by threads: servers may start a thread for each request.
    """

    def __init__(self, base: str, api_key: str, *, proxy: str | None) -> None:
        """Speak to the API under *base*; *proxy* outranks what the environment says about proxies."""
        self._base = base
        self._api_key = api_key
        self._proxies = {"http": proxy, "https": proxy} if proxy else None
        # A proxy of the environment cannot reach the sandbox on this machine.
        self._ask_environment = proxy is not None or not _is_loopback(base)
        # Those that nobody uses, by the process that opened them: a forked one must not share a connection.
        self._idle: dict[int, list[_Session]] = {}

    def get(
        self,
        path: str,
        query: Mapping[str, str],
        *,
        ends_at: float,
        largest_bytes: int = MAX_ANSWER_BYTES,
        team: str | None = None,
    ) -> tuple[int, bytes]:
        """Return the HTTP status and the unpacked body of the answer, of *largest_bytes* at most.

        *team* is the team at JotForm that owns the resource.

        *ends_at* is by `time.monotonic`. Looking up the host's name is the one step that it cannot cut short.

        Raises:
            UpstreamError: TIMEOUT, UNREACHABLE, TOO_LARGE, REDIRECTED, or MALFORMED for a body cut off.
        """
        left = ends_at - monotonic()
        if left <= 0:
            raise UpstreamError(
                UpstreamReason.TIMEOUT, phrase("no time was left for the call to JotForm"), sent=False
            )
        limit(ends_at)
        idle = self._idle.setdefault(os.getpid(), [])
        try:
            session = idle.pop()
        except IndexError:
            session = _Session(ask_environment=self._ask_environment)
        try:
            return self._answer(session, path, query, ends_at, largest_bytes, team)
        finally:
            if len(idle) < _MAX_IDLE_SESSIONS:
                idle.append(session)
            else:
                session.close()

    def _answer(
        self,
        session: _Session,
        path: str,
        query: Mapping[str, str],
        ends_at: float,
        largest_bytes: int,
        team: str | None,
    ) -> tuple[int, bytes]:
        left = ends_at - monotonic()
        try:
            response = session.get(
                self._base + path,
                params=query,
                headers={"APIKEY": self._api_key} | ({"jf-team-id": team} if team else {}),
                timeout=(min(left, _CONNECT_SECONDS), left),
                proxies=self._proxies,
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            raise _unanswered(problem) from None
        with response:
            return response.status_code, self._body(response, ends_at, largest_bytes)

    def close(self) -> None:
        """Close the connections of this process that nobody uses."""
        for session in self._idle.pop(os.getpid(), []):
            session.close()

    def _body(self, response: requests.Response, ends_at: float, largest_bytes: int) -> bytes:
        if 300 <= response.status_code < 400:
            raise UpstreamError(
                UpstreamReason.REDIRECTED,
                phrase(
                    "JotForm sends the call elsewhere ({code}), and the key does not follow; see api_host",
                    code=response.status_code,
                ),
                status=response.status_code,
            )
        read = bytearray()
        try:
            for chunk in response.iter_content(_CHUNK_BYTES):
                read += chunk
                if len(read) > largest_bytes:
                    raise TooLarge(bytes(read[:_HEAD_BYTES]), largest_bytes, response.status_code)
                if monotonic() > ends_at:
                    raise _too_slow()
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            raise _broken_off(problem, response.status_code) from None
        return bytes(read)


class _NoLogin(requests.auth.AuthBase):
    """Leaves the request as it is. Without any auth, requests would look for one in ``.netrc``."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Session(requests.Session):
    """A session that sends the key, and nothing else that it may find on this machine."""

    def __init__(self, *, ask_environment: bool) -> None:
        super().__init__()
        self.trust_env = ask_environment
        self.auth = _NoLogin()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Only the encoding that we surely unpack in bounded pieces.
        self.headers = requests.structures.CaseInsensitiveDict(
            {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "jotgate"}
        )
        adapter = _Adapter(pool_connections=2, pool_maxsize=1, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Find no redirect: requests reads the whole body of one, however large, even where it does not follow it."""
        return


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _use_timed_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        # A SOCKS proxy brings connections of its own; there the time is looked at between the chunks of a body only.
        if isinstance(manager, urllib3.ProxyManager):
            _use_timed_pools(manager)
        return manager


def _use_timed_pools(manager: urllib3.PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": TimedPool, "https": TimedSecurePool}


def _unanswered(problem: Exception) -> UpstreamError:
    """Explain why there was no answer at all, and whether the request can have left this machine.

    What the library says is not repeated: it may hold addresses, and what a server wrote.
    """
    cause = _cause(problem)
    if isinstance(problem, requests.exceptions.ReadTimeout) or isinstance(cause, TimeoutError):
        return _too_slow()
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return UpstreamError(
            UpstreamReason.TIMEOUT, phrase("JotForm could not be reached in time"), sent=False
        )
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return UpstreamError(
            UpstreamReason.UNREACHABLE, phrase("the name of JotForm's host is not known here"), sent=False
        )
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return UpstreamError(
            UpstreamReason.UNREACHABLE, phrase("JotForm cannot be reached from here"), sent=False
        )
    if isinstance(problem, requests.exceptions.ProxyError):
        return UpstreamError(
            UpstreamReason.UNREACHABLE, phrase("the proxy did not let the call through"), sent=False
        )
    if isinstance(problem, requests.exceptions.SSLError) and _is_untrusted(cause):
        return UpstreamError(
            UpstreamReason.UNREACHABLE, phrase("the certificate of JotForm's host is not valid"), sent=False
        )
    if isinstance(problem, ValueError) or not isinstance(problem, requests.RequestException):
        # Addresses, proxies and certificate files that cannot be used are found before anything is sent.
        return UpstreamError(
            UpstreamReason.UNREACHABLE,
            phrase("the address, the proxy or the file of certificates cannot be used"),
            sent=False,
        )
    return UpstreamError(UpstreamReason.UNREACHABLE, phrase("the connection to JotForm broke"))


def _broken_off(problem: Exception, status: int) -> UpstreamError:
    """Explain why the body of an answer could not be read."""
    cause = _cause(problem)
    if isinstance(cause, (urllib3.exceptions.ReadTimeoutError, TimeoutError)):
        return _too_slow()
    if isinstance(problem, requests.exceptions.ContentDecodingError):
        return UpstreamError(
            UpstreamReason.MALFORMED,
            phrase("JotForm's answer was not understood: it cannot be unpacked"),
            status=status,
        )
    return CutOff(status)


def _too_slow() -> UpstreamError:
    return UpstreamError(UpstreamReason.TIMEOUT, phrase("JotForm gave no complete answer in time"))


def _cause(problem: Exception) -> object:
    """Return the library's innermost reason."""
    cause: object = problem.args[0] if problem.args else problem
    return getattr(cause, "reason", None) or cause


def _is_untrusted(cause: object) -> bool:
    inner = cause.args[0] if isinstance(cause, urllib3.exceptions.SSLError) and cause.args else cause
    return isinstance(inner, ssl.SSLCertVerificationError)


def _is_loopback(base: str) -> bool:
    host = urlsplit(base).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
