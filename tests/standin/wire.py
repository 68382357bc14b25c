"""Two ways to an account: beneath `requests`, without a socket, and over HTTP on the loopback."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import requests
import requests.adapters
import urllib3

from .account import Account, Hangs


class Wire(requests.adapters.BaseAdapter):
    """Carries the calls of a `requests.Session` straight to an account."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self._account = account

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        """Answer one prepared request."""
        assert request.url is not None
        assert request.method is not None
        parts = urlsplit(request.url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            status, headers, body = self._account.answer(request.method, parts.path, query, request.headers)
        except Hangs:
            raise requests.exceptions.ReadTimeout(request=request) from None
        return _response(request, status, headers, body)

    def close(self) -> None:
        """Hold nothing open."""


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, request.url or ""
    response.headers.update(headers)
    response.raw = urllib3.HTTPResponse(
        io.BytesIO(body), headers=dict(headers), status=status, preload_content=False
    )
    return response


@contextmanager
def served(account: Account) -> Iterator[str]:
    """Serve the account over HTTP; gives the address of its API."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            try:
                status, headers, body = account.answer("GET", parts.path, query, self.headers)  # type: ignore[arg-type]
            except Hangs:
                # A connection that ends without an answer: nobody has to wait for it.
                return
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing beside the tests' own output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
