"""A proxy that ends TLS in front of a site, as nginx with its defaults would, and a certificate for it."""

from __future__ import annotations

import http.client
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "te", "upgrade"}


class _Proxy(BaseHTTPRequestHandler):
    """Hand a request on in plain http, under the site's own name, with the visitor's address appended."""

    server: TlsProxy

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        before = self.headers.get("X-Forwarded-For")
        headers["X-Forwarded-For"] = ", ".join(filter(None, [before, self.server.visitor_address]))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.site_port, timeout=10)
        upstream.request(self.command, self.path, body or None, headers)
        answer = upstream.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        upstream.close()

    do_GET = do_POST = do_HEAD = _hand_on

    def log_message(self, format: str, *args: object) -> None:
        pass


class TlsProxy(ThreadingHTTPServer):
    """The proxy; it names the site's port once that is known."""

    daemon_threads = True

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Proxy)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.site_port = 0
        self.visitor_address = "203.0.113.1"

    @property
    def url(self) -> str:
        """The address that visitors know."""
        return f"https://127.0.0.1:{self.server_port}"


def certificate(folder: Path, name: str = "IP:127.0.0.1") -> Path:
    """Make a certificate of our own for *name*, and return the file with it and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate with: `apt install openssl`")
    file, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", f"subjectAltName={name}"),
            *("-keyout", str(key), "-out", str(file)),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + key.read_text())
    return file


@contextmanager
def tls_proxy(folder: Path) -> Iterator[tuple[TlsProxy, Path]]:
    """Run the proxy; give it and the certificate that visitors trust."""
    trusted = certificate(folder)
    with TlsProxy(trusted) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,))
        thread.start()
        yield proxy, trusted
        proxy.shutdown()
        thread.join()
