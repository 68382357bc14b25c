"""A server that starts a process for each request, as Apache does with CGI: ``python -m tests.servers.as_cgi PORT``."""

from __future__ import annotations

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from wsgiref.handlers import CGIHandler

#: What tells a process that it is to answer one request.
_ONE = "answer-one"


class _Front(BaseHTTPRequestHandler):
    """Hands each request to a process of its own (RFC 3875)."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        environ = {
            **os.environ,
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()},
        }
        command = [sys.executable, "-m", "tests.servers.as_cgi", _ONE]
        done = subprocess.run(command, input=body, env=environ, stdout=subprocess.PIPE, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        self.send_response(int(headers.pop("Status").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET


if __name__ == "__main__":
    if sys.argv[1] == _ONE:
        from tests.servers.school import application

        CGIHandler().run(application)
    else:
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Front).serve_forever()
