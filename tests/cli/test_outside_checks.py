"""What `doctor` gets from a site that runs: its door and its webhook, or what is in front of them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import flask
import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from jotgate.config import Settings
from jotgate.flask import JotGate
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import plain
from tests.servers.serving import free_port

from .conftest import CANARIES, Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _Named(WSGIRequestHandler):
    """A server behind another, whose name visitors see."""

    server_name = ""

    def version_string(self) -> str:
        return self.server_name or super().version_string()

    def log(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(port: int, application: WSGIApplication, name: str) -> Iterator[None]:
    """Serve *application* at a real address, by a server that calls itself *name*."""
    handler = type("Handler", (_Named,), {"server_name": name})
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def told(site: Site) -> list[tuple[str, str, str]]:
    """Return what `doctor` says of the outside."""
    lines = [json.loads(line) for line in site.run("doctor", "--json").stdout.splitlines()]
    topics = ("outside", "slow clients")
    return [(one["level"], one["topic"], one["message"]) for one in lines if one["topic"] in topics]


def gate(site: Site) -> JotGateMiddleware:
    """Return the site itself."""
    mapping = Settings.from_toml(site.config)
    return JotGateMiddleware(plain, mapping)


@pytest.fixture
def port(site: Site) -> int:
    """Return where the site is to be, as its settings say."""
    port = free_port()
    site.configure(site_url=f"http://127.0.0.1:{port}", sweeper="external")
    return port


@pytest.mark.parametrize(("name", "level"), [("nginx/1.26", "ok"), ("", "warn"), ("gunicorn", "warn")])
def test_a_site_that_answers_for_itself_is_in_order(site: Site, port: int, name: str, level: str) -> None:
    """Door and webhook answer; a server that waits for slow clients is told from a proxy by its name."""
    application = gate(site)
    with served(port, application, name):
        *both, slow = told(site)
    application.parts.store.close()
    assert both == [("ok", "outside", "the door answers"), ("ok", "outside", "the webhook answers")]
    assert slow[:2] == (level, "slow clients")


def leading_away(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Lead everybody to a login, which is told the whole address."""
    start_response("302 Found", [("Location", f"/login?next={environ['PATH_INFO']}")])
    return [b""]


def limiting(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Have no room for anybody."""
    start_response("429 Too Many Requests", [("Retry-After", "60")])
    return [b"too many"]


@pytest.mark.parametrize(
    ("front", "got"), [(leading_away, "302 Found to /login"), (limiting, "429 Too Many")]
)
def test_what_is_in_front_is_told_by_what_it_answers(
    site: Site, port: int, front: WSGIApplication, got: str
) -> None:
    """A failure each for door and webhook, with the status and where it leads, and without the secret."""
    with served(port, front, "nginx"):
        door, hook, _ = told(site)
    for level, _, words in (door, hook):
        assert level == "fail"
        assert got in words
        assert CANARIES["hook_secrets"] not in words


def test_a_policy_that_replaces_the_doors_is_told(site: Site, port: int) -> None:
    """A proxy or a wrapper that sets its own Content-Security-Policy would block the form."""
    application = gate(site)

    def replacing(environ: WSGIEnvironment, start_response: StartResponse) -> object:
        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            kept = [header for header in headers if header[0] != "Content-Security-Policy"]
            return start_response(status, [*kept, ("Content-Security-Policy", "default-src 'self'")])

        return application(environ, start)  # type: ignore[arg-type]

    with served(port, replacing, "nginx"):  # type: ignore[arg-type]
        door, _, _ = told(site)
    application.parts.store.close()
    assert door[0] == "fail"
    assert "replaces the headers" in door[2]


def test_a_login_for_people_leaves_the_webhook_open(site: Site, port: int) -> None:
    """In a Flask site the door is told to be closed, and the webhook to be taken."""
    app, jotgate = flask.Flask("school"), JotGate()
    app.before_request(lambda: flask.redirect("/login"))
    parts = site.parts()
    jotgate.init_app(app, parts=parts)
    with served(port, app, "nginx"):
        door, hook, _ = told(site)
    parts.store.close()
    assert (door[0], hook[0]) == ("fail", "ok")


def test_a_site_that_does_not_run_is_only_warned_of(site: Site, port: int) -> None:
    """Doctor is often asked before the site starts."""
    [(level, topic, words)] = told(site)
    assert (level, topic) == ("warn", "outside")
    assert "is the site running?" in words


def test_a_site_that_takes_its_time_is_only_warned_of(
    site: Site, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server with one worker cannot answer while it makes the office's page of health, which is said."""
    monkeypatch.setattr("jotgate.checkup.outside._SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", port)):
        [(level, topic, words)] = told(site)
    assert (level, topic) == ("warn", "outside")
    assert "run `jotgate doctor` on the server" in words
