"""Claims about `jotgate.wiring`: parts are made, and their modules loaded, when they are first asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread

import pytest

from jotgate.config import Settings
from jotgate.errors import StoreUnavailable
from jotgate.stores import open_store
from jotgate.wiring import Parts, _Part, build

_SETTINGS = {
    "site_url": "https://school.example",
    "api_key": "0123456789abcdef0123456789abcdef",
    "secret_keys": ["the-key-for-signing-0123456789abcdef"],
    "code_keys": ["the-key-for-codes-0123456789abcdef"],
    "hook_secrets": ["the-secret-of-the-hook-0123456789abcdef"],
    "sweeper": "external",
    "forms": {"students": {"id": "241234567890123", "protect": ["/inside"]}},
}
#: What is loaded for who asks for it, and never because a site starts: whole folders, or single modules.
_NOT_AT_THE_START = {
    "cachetools",
    "jotgate.admission.apps",
    "jotgate.admission.grants",
    "jotgate.admission.people",
    "jotgate.cards",
    "jotgate.checkup",
    "jotgate.classlist",
    "jotgate.cli",
    "jotgate.door.mirror",
    "jotgate.door.office",
    "jotgate.jotform.client",
    "jotgate.jotform.envelope",
    "jotgate.jotform.payloads",
    "jotgate.jotform.times",
    "jotgate.mailboxes",
    "jotgate.mailing",
    "jotgate.mirroring",
    "jotgate.records.exporting",
    "jotgate.records.overview",
    "jotgate.records.owners",
    "jotgate.records.wording",
    "jotgate.sandbox",
    "jotgate.signed.jwts",
    "jotgate.signed.proofs",
    "jotgate.stores.postgres",
    "jotgate.sweeping",
    "jotgate.telling",
    "jotgate.testing",
    "requests",
    "smtplib",
    "sqlite3",
    "tomllib",
    "urllib3",
}
#: What no page of the site's own needs, whether it is guarded or embeds nothing.
_NOT_NEEDED = {
    "requests",
    "urllib3",
    "jotgate.admission.apps",
    "jotgate.cli",
    "jotgate.jotform.client",
    "jotgate.mirroring.mirror",
    "jotgate.mirroring.scoped_keys",
    "jotgate.sandbox",
    "jotgate.sweeping.audit",
    "jotgate.sweeping.sweep",
    "jotgate.sweeping.sweeper",
    "jotgate.telling.callbacks",
    "jotgate.telling.webhooks",
}
_SERVED = """
import json, sys
from werkzeug.test import Client
from jotgate.config import Settings

def page(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]

settings = json.loads(sys.argv[1])
{}
visitor = Client(site)
statuses = [visitor.get(path).status_code for path in sys.argv[2:]]
print(json.dumps([statuses, sorted(sys.modules)]))
"""
_MIDDLEWARE = """
from jotgate.wsgi import JotGateMiddleware
site = JotGateMiddleware(page, Settings.from_mapping(settings))
"""
_EXTENSION = """
import flask
from jotgate.flask import JotGate
site = flask.Flask("school")
site.config.from_mapping({f"JOTGATE_{name.upper()}": value for name, value in settings.items()})
gate = JotGate(site)
site.add_url_rule("/", view_func=lambda: "hello")
site.add_url_rule("/inside", endpoint="inside", view_func=lambda: "hello")
"""


def _settings(folder: Path) -> dict[str, object]:
    return _SETTINGS | {"store": f"sqlite:///{folder}/jotgate.db"}


def _served_by(site: str, folder: Path, paths: Sequence[str]) -> tuple[list[int], set[str]]:
    """Ask for *paths* in a process of its own; return how they were answered, and the modules that it has loaded."""
    words = [sys.executable, "-c", _SERVED.format(site), json.dumps(_settings(folder)), *paths]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    statuses, modules = json.loads(done.stdout)
    return statuses, set(modules)


@pytest.mark.parametrize("face", ["jotgate.wsgi", "jotgate.flask"])
def test_an_import_loads_what_any_request_may_need(face: str) -> None:
    """Neither the office, mails, cards and class lists nor the command line, the sweep and JotForm's client."""
    program = f"import json, sys, {face}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = set(json.loads(done.stdout))
    assert {face, "jotgate.door.routes", "jotgate.wiring"} <= modules
    assert {name for name in modules if _is_within(name, _NOT_AT_THE_START)} == set()


def _is_within(name: str, folders: Iterable[str]) -> bool:
    return any(name == folder or name.startswith(f"{folder}.") for folder in folders)


def test_a_site_that_is_swept_from_outside_loads_no_sweep(tmp_path: Path) -> None:
    """Its process answers at the door, in a page and to a webhook, and leaves the rest to the one that sweeps."""
    settings = Settings.from_mapping(_settings(tmp_path))
    parts = build(settings)
    parts.attend(sweep_now=True)
    parts.wake()
    assert "sweeper" not in vars(parts)
    inside = build(replace(settings, sweeper="request"))
    inside.wake()
    assert "sweeper" in vars(inside)
    parts.store.close()
    inside.store.close()


@pytest.mark.parametrize("site", [_MIDDLEWARE, _EXTENSION], ids=["middleware", "extension"])
def test_a_process_loads_what_its_request_needs(site: str, tmp_path: Path) -> None:
    """One that serves the site's own pages, guarded or not, loads neither JotForm's client nor what sweeps or tells."""
    statuses, modules = _served_by(site, tmp_path, ["/", "/inside"])
    assert statuses == [200, 303]
    assert "jotgate.admission.gate" in modules
    assert not _NOT_NEEDED & modules


@pytest.mark.parametrize("site", [_MIDDLEWARE, _EXTENSION], ids=["middleware", "extension"])
def test_the_first_request_of_a_process_can_be_any(site: str, tmp_path: Path) -> None:
    """The door, its health, a scoped key's path and a hook are answered by a process that did nothing before."""
    hook = f"/jotgate/hook/{_SETTINGS['hook_secrets'][0]}"  # type: ignore[index]
    for path, status in {
        "/jotgate/f/students": 200,
        "/jotgate/health": 200,
        "/jotgate/v1/user/forms": 401,
        hook: 405,
    }.items():
        assert _served_by(site, tmp_path, [path])[0] == [status], path


def test_threads_that_make_a_part_at_once_get_the_same() -> None:
    """Callbacks that one of them registers are there for all others, and no two threads sweep."""
    both_make, got = Barrier(2), []

    class Site:
        @_Part
        def sweeper(self) -> object:
            both_make.wait()
            return object()

    site = Site()
    threads = [Thread(target=lambda: got.append(site.sweeper)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got[0] is got[1]
    assert vars(site) == {"sweeper": got[0]}


@pytest.mark.parametrize("name", [name for name, value in vars(Parts).items() if isinstance(value, _Part)])
def test_a_part_is_made_once(name: str, tmp_path: Path) -> None:
    """Whoever asks, and whatever else is made of it."""
    parts = build(Settings.from_mapping(_settings(tmp_path)))
    made = getattr(parts, name)
    assert type(made).__name__.lower() in {name.replace("_", ""), "jotformclient"}
    assert parts.sweeper is parts.sweeper
    assert getattr(parts, name) is made
    parts.store.close()


def test_a_store_that_goes_down_at_the_start_keeps_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may fork after it, and each of its processes tries the store by connections of its own."""
    settings = Settings.from_mapping(_settings(tmp_path))
    store, closed = open_store(settings.store), []

    def go_down(_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(store, "missing_code_keys", go_down)
    monkeypatch.setattr(store, "close", lambda: closed.append(True))
    build(settings, store=store)
    assert closed == [True]
