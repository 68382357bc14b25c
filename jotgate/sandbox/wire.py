"""HTTP on loopback: connections that stay open, answers in one write, and misbehaviour down to the socket."""

from __future__ import annotations

import io
import logging
import re
import select
import selectors
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

LARGEST_BODY_BYTES = 32 * 1024 * 1024
#: A line that tells the size of a chunk, or one that follows the last.
_CHUNK_LINE_BYTES = 8_192
_CHUNK_BYTES = 64 * 1024
_log = logging.getLogger(__name__)


class Connection:
    """A client's socket, for faults that a well-formed response cannot express."""

    def __init__(self, client: socket.socket, stopping: threading.Event) -> None:
        self._client = client
        self._stopping = stopping

    def pause(self, seconds: float) -> bool:
        """Wait; return False as soon as the client leaves or the server stops."""
        waited = 0.0
        while waited < seconds:
            step = min(0.05, seconds - waited)
            readable, _, _ = select.select([self._client], [], [], step)
            if self._stopping.is_set() or (readable and not self._client.recv(1, socket.MSG_PEEK)):
                return False
            if readable and self._stopping.wait(step):
                return False
            waited += step
        return True

    def send(self, text: bytes) -> None:
        """Send bytes as they are."""
        self._client.sendall(text)

    def reset(self) -> None:
        """Break the connection off with a TCP reset."""
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._client.close()


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What the sandbox does to a connection instead of answering; it closes it afterwards."""

    act: Callable[[Connection], None]
    #: The HTTP status that is sent, or 0 if no answer is begun.
    status: int = 0


Application = Callable[[Request], "Response | Misbehaviour"]


def head_of(response: Response, length: int | None = None) -> bytes:
    """Return a response's status line and headers; `length` replaces the body's own."""
    lines = [f"HTTP/1.1 {response.status}"]
    size = len(response.get_data()) if length is None else length
    headers = [(name, text) for name, text in response.headers if name.lower() != "content-length"]
    lines += [f"{name}: {text}" for name, text in headers]
    return "\r\n".join([*lines, f"Content-Length: {size}", "", ""]).encode("latin-1", "replace")


def drip(response: Response, seconds: float) -> Misbehaviour:
    """Send the response one byte of its body at a time."""

    def act(connection: Connection) -> None:
        connection.send(head_of(response))
        for byte in response.get_data():
            if not connection.pause(seconds):
                return
            connection.send(bytes([byte]))

    return Misbehaviour(act, response.status_code)


def hang(seconds: float) -> Misbehaviour:
    """Send nothing for so long, then close; at once with 0 seconds."""

    def act(connection: Connection) -> None:
        connection.pause(seconds)

    return Misbehaviour(act)


def flood(size_bytes: int) -> Misbehaviour:
    """Send a JSON text of so many bytes; nothing is held in memory."""

    def act(connection: Connection) -> None:
        connection.send(head_of(Response(mimetype="application/json"), size_bytes))
        for chunk in _long_json(size_bytes):
            connection.send(chunk)

    return Misbehaviour(act, 200)


@lru_cache(maxsize=4)
def gzip_bomb(size_bytes: int) -> bytes:
    """Return a gzip body that unpacks to a JSON text of so many bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(chunk) for chunk in _long_json(size_bytes)), packer.flush()])


def _long_json(size_bytes: int) -> Iterator[bytes]:
    start, end = b'{"responseCode":200,"message":"success","content":"', b'"}'
    left = max(size_bytes - len(start) - len(end), 0)
    yield start
    chunk = b"a" * _CHUNK_BYTES
    while left > 0:
        yield chunk[:left]
        left -= len(chunk)
    yield end


class Listener(ThreadingHTTPServer):
    """One listening socket; its threads end when it is closed."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(
        self, family: socket.AddressFamily, address: str, port: int, application: Application
    ) -> None:
        self.address_family = family
        self.application = application
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._woken, self._wake = socket.socketpair()
        super().__init__((address, port), _Handler)
        self.socket.setblocking(False)
        self._thread = threading.Thread(target=self._accept, name="sandbox", daemon=True)

    def start(self) -> None:
        """Take connections, in a thread of its own."""
        self._thread.start()

    def _accept(self) -> None:
        # Not `serve_forever`: it looks twenty times a second whether to stop, and a site may leave a sandbox running.
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self.stopping.is_set():
                selector.select()
                # A client that has left again, or the call to stop, leaves nothing to take.
                with suppress(OSError):
                    self.process_request(*self.get_request())

    def server_bind(self) -> None:
        """Bind without asking the network for the machine's name."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that closing does not wait for idle clients."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what broke; clients that leave early are nobody's error."""
        _log.debug("connection.broke", exc_info=True)

    def stop(self) -> None:
        """Stop listening, end every connection, and wait for their threads."""
        self.stopping.set()
        self._wake.send(b"!")
        self._thread.join()
        with self._open_lock:
            for client in self._open:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def server_close(self) -> None:
        """Close the listening socket and wait for the connections' threads."""
        super().server_close()
        self._wake.close()
        self._woken.close()


class _Request(Request):
    def _get_file_stream(self, *args: object, **kwargs: object) -> io.BytesIO:
        """Keep uploads in memory, where a body that breaks off leaves nothing to close."""
        return io.BytesIO()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75

    def _serve(self) -> None:
        listener = cast(Listener, self.server)
        body = self._body()
        if body is None:
            return
        try:
            outcome = listener.application(_Request(self._environ(body)))
        except HTTPException as refusal:
            outcome = refusal.get_response()
        except Exception:
            _log.exception("request.failed", extra={"path": self.path})
            outcome = Response("The sandbox failed; its log says why.", 500)
        if isinstance(outcome, Response):
            self._send(outcome)
            return
        self.close_connection = True
        outcome.act(Connection(self.connection, listener.stopping))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _serve

    def _body(self) -> bytes | None:
        if "Transfer-Encoding" in self.headers:
            return self._chunked_body()
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > LARGEST_BODY_BYTES:
            self._refuse(413)
            return None
        return self.rfile.read(int(length))

    def _chunked_body(self) -> bytes | None:
        """Read a body of unknown length, as clients send that make it while they send it."""
        body = bytearray()
        if self.headers.get("Transfer-Encoding", "").strip().lower() != "chunked":
            self._refuse(501)
            return None
        while True:
            size = self.rfile.readline(_CHUNK_LINE_BYTES).partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
                self._refuse(400)
                return None
            if not int(size, 16):
                break
            if len(body) + int(size, 16) > LARGEST_BODY_BYTES:
                self._refuse(413)
                return None
            body += self.rfile.read(int(size, 16))
            self.rfile.readline(_CHUNK_LINE_BYTES)
        while self.rfile.readline(_CHUNK_LINE_BYTES).strip():
            pass
        return bytes(body)

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self._send(Response("", status))

    def _send(self, response: Response) -> None:
        if self.close_connection:
            response.headers["Connection"] = "close"
        body = b"" if self.command == "HEAD" else response.get_data()
        self.wfile.write(head_of(response) + body)

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": cast(Listener, self.server).server_name,
            "SERVER_PORT": str(cast(Listener, self.server).server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": str(self.client_address[0]),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
        }
        for name, text in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = text
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent on the terminal; the sandbox keeps its own log."""
