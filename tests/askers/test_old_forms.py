"""A form that was in use long before: programs read it, and its submissions come to those who sent them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from werkzeug.serving import WSGIRequestHandler, make_server

from jotgate.cli import main
from jotgate.config import Settings
from jotgate.sandbox import Sandbox
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import plain

jotform = pytest.importorskip("jotform", reason="the official client is not installed: pip install jotform")
jotformextended = pytest.importorskip(
    "jotformextended", reason="another client is not installed: pip install jotform-extended"
)

SETTINGS = {
    "site_url": "http://127.0.0.1",
    "secret_keys": ["a-secret-for-trying-and-for-nothing-else"],
    "code_keys": ["another-secret-for-trying-and-nothing-else"],
    "hook_secrets": ["a-third-secret-for-trying"],
    "sweeper": "external",
}
DAY = 86_400.0


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def served(settings: Mapping[str, Any]) -> Iterator[str]:
    """Serve a site whose visitors are logged in as the header `X-User` says; give its address."""
    login = {"subject_loader": lambda environ: environ.get("HTTP_X_USER")}
    gate = JotGateMiddleware(plain, Settings.from_mapping({**settings, **login}))
    server = make_server("127.0.0.1", 0, gate, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        gate.parts.store.close()


def run(folder: Path, settings: Mapping[str, Any], *args: str) -> str:
    """Run a command on a site with these settings, and return what it printed."""
    forms = settings["forms"]
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items() if key != "forms" or not forms]
    for form, table in forms.items():
        lines += [f"[forms.{form}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    file = folder / "jotgate.toml"
    file.write_text("\n".join(lines).replace("forms = {}", "[forms]"), "utf-8")
    done = CliRunner().invoke(main, ["--config", str(file), *args])
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def mine(site: str, user: str | None) -> list[str]:
    """Return what the page of all of a person's submissions shows of what they wrote."""
    headers = {"Accept": "application/json"} | ({"X-User": user} if user else {})
    answer = requests.get(f"{site}/jotgate/mine", headers=headers, timeout=10)
    if answer.status_code != 200:
        return [str(answer.status_code)]
    sent = [one for form in answer.json()["forms"] for one in form["submissions"]]
    assert {one["verdict"] for one in sent} <= {"accepted"}
    return [field["value"] for one in sent for field in one["fields"]]


def test_an_ordinary_form_is_read_and_its_submissions_find_their_owners(tmp_path: Path) -> None:
    """300 old ones, by two clients with a key for its number, in three calls; three are given to their owners."""
    with Sandbox() as sandbox:
        form_id = sandbox.add_form("Catering")
        now = time.time()
        ids = [
            sandbox.submit(form_id, {"message": f"order {n}"}, at=now - 30 * DAY + n * 60, webhook=False)
            for n in range(300)
        ]
        store = f"sqlite:///{tmp_path}/jotgate.db"
        settings = SETTINGS | {
            "api_key": sandbox.read_key,
            "api_host": sandbox.api,
            "store": store,
            "forms": {},
        }
        key = run(tmp_path, settings, "keys", "create", "--form", form_id, "--all-submissions").strip()
        before = sandbox.calls
        with served(settings) as site:
            assert read_by_both(site, key, form_id) == dict.fromkeys(ids[::-1])
        # The form, its first 100 submissions, and the rest of them.
        assert sandbox.calls - before == 3

        settings["forms"] = {"catering": {"id": form_id, "show_fields": ["message"]}}
        run(tmp_path, settings, "sweep", "--form", "catering", "--from", "2000-01-01")
        owners = {ids[3]: "s-1", ids[77]: "s-2", ids[299]: "s-2"}
        for submission_id, subject in owners.items():
            run(tmp_path, settings, "submissions", "accept", submission_id, "--subject", subject)
        with served(settings) as site:
            assert mine(site, "s-1") == ["order 3"]
            assert sorted(mine(site, "s-2")) == ["order 299", "order 77"]
            assert mine(site, "s-3") == []
            assert mine(site, None) == ["401"]
            told = read_by_both(site, key, form_id)
        assert {one: verdict for one, verdict in told.items() if verdict == "accepted"} == dict.fromkeys(
            owners, "accepted"
        )
        assert [*told.values()].count("unticketed") == 297
        assert sum("/properties" in call.path for call in sandbox.log) == 0


def read_by_both(site: str, key: str, form_id: str) -> dict[str, str | None]:
    """Read the form with two clients that know JotForm only; return the verdicts, newest first."""
    client = jotform.JotformAPIClient(key, baseUrl=f"{site}/jotgate/")
    assert [form["id"] for form in client.get_forms()] == [form_id]
    pages = [client.get_form_submissions(form_id, offset=str(n), limit="100") for n in (0, 100, 200, 300)]
    assert [len(page) for page in pages] == [100, 100, 100, 0]
    rows = [row for page in pages for row in page]
    extended = jotformextended.JotformExtendedClient(key)
    extended._JotformExtendedClient__base_url = f"{site}/jotgate/v1"
    assert extended.get_form_submissions(form_id, limit=1000)["content"] == rows
    assert client.get_submission(rows[7]["id"]) == rows[7]
    assert rows[0]["answers"]["5"]["answer"] == "order 299"
    return {row["id"]: row["jotgate_verdict"] for row in rows}
