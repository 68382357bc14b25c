"""A server with a thread for each request, as `flask run` has: ``python -m tests.servers.a_thread_each PORT``."""

from __future__ import annotations

import sys

from werkzeug.serving import run_simple

from tests.servers.school import application

if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
