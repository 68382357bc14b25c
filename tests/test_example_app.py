"""The example site, started as its users start it, and visited by plain HTTP."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from example_app.phone import PLACES
from jotgate.codes import generate, printed
from jotgate.sandbox import Sandbox
from tests.example_site import (
    ANSWERS,
    ROOT,
    ExampleSite,
    Page,
    clean_environment,
    example_site,
    flask_jotgate,
    open_form,
    send,
    state,
)
from tests.patience import until


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleSite]:
    """Return the running demo."""
    with example_site(tmp_path_factory.mktemp("demo")) as running:
        yield running


OPENS_A_PAGE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def visitor() -> Iterator[requests.Session]:
    """Return a browser without JavaScript, which says that it opens pages."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(OPENS_A_PAGE)
        yield session


def test_it_tells_where_everything_is(site: ExampleSite) -> None:
    """The addresses and codes that are printed are those of demo.json, which has just the keys agreed upon."""
    assert sorted(site.demo) == ["admin", "api_key", "app_page", "class_code", "codes", "sandbox", "site"]
    told = [site.url, site.demo["sandbox"], site.demo["app_page"], site.demo["class_code"]]
    told += site.demo["codes"]["students"]
    assert [one for one in told if one not in site.printed()] == []
    assert len(set(site.demo["codes"]["students"])) == 3


def test_its_key_reads_the_sandbox(site: ExampleSite) -> None:
    """demo.json's key opens the sandbox's API, where both forms stand, each with its webhook."""
    key = {"APIKEY": site.demo["api_key"]}
    forms = requests.get(f"{site.demo['sandbox']}/user/forms", headers=key, timeout=10).json()["content"]
    assert {form["title"] for form in forms} == {"Enrolment", "Field report"}
    for form in forms:
        hooks = requests.get(
            f"{site.demo['sandbox']}/form/{form['id']}/webhooks", headers=key, timeout=10
        ).json()["content"]
        assert all(url.startswith(f"{site.url}/jotgate/hook/") for url in hooks.values())
        assert len(hooks) == 1


@pytest.mark.parametrize("path", ["/", "/students", "/jotgate/f/students", "/app"])
def test_a_page_loads_nothing_from_elsewhere(site: ExampleSite, visitor: requests.Session, path: str) -> None:
    """Every page is there, has a strict content policy, and brings all that it loads along, colours included."""
    answer = visitor.get(site.url + path, timeout=10)
    loaded = Page(answer.text).loaded
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert [address for address in loaded if urlsplit(address).netloc] == []
    assert "/static/colours.css" in loaded
    assert [visitor.get(site.url + one, timeout=10).status_code for one in loaded] == [200] * len(loaded)


def test_an_unknown_code_is_refused(site: ExampleSite, visitor: requests.Session) -> None:
    """A code that nobody was given: 403."""
    answer = visitor.post(site.door, data={"code": printed(generate())}, timeout=10)
    assert answer.status_code == 403
    assert "do not know this code" in answer.text
    assert "visitor.refused form=students reason=unknown_code ref=" in site.printed()


def test_a_typing_mistake_is_recognised(site: ExampleSite, visitor: requests.Session) -> None:
    """A code with one wrong sign: 422 and a sentence that helps, and the right one works right after."""
    code = site.new_code()
    mistyped = ("3" if code[0] != "3" else "4") + code[1:]
    answer = visitor.post(site.door, data={"code": mistyped}, timeout=10)
    assert answer.status_code == 422
    assert "Compare it with your card or letter" in answer.text
    assert visitor.post(site.door, data={"code": code}, timeout=10).status_code == 200


def test_a_right_code_opens_the_form(site: ExampleSite, visitor: requests.Session) -> None:
    """The right code: 303 with a pass, then the form in its frame, on the door and on the school's own page."""
    answer = visitor.post(site.door, data={"code": site.new_code()}, timeout=10, allow_redirects=False)
    assert answer.status_code == 303
    for address in (site.url + answer.headers["Location"], f"{site.url}/students"):
        page = visitor.get(address, timeout=10)
        shown = visitor.get(urljoin(address, Page(page.text).frame), timeout=10)
        assert shown.url.startswith(site.demo["sandbox"])
        assert "no-store" in page.headers["Cache-Control"]


def test_every_submission_gets_its_verdict(site: ExampleSite, visitor: requests.Session) -> None:
    """Through the form: verified. The same once more: replayed. Straight to the submit address: unticketed.

    Each within ten seconds, and printed as one line; the form is sent where the page itself says.
    """
    form = open_form(visitor, site, site.new_code())
    before = site.verdicts()
    assert send(form).headers["Location"] == f"{site.door}/done"
    assert until(lambda: state(visitor, site) == "verified")
    send(form)
    send(form, jotgate="")

    def new_verdicts() -> list[str]:
        found = site.verdicts()
        return sorted(found[one] for one in found.keys() - before.keys())

    expected = ["replayed", "unticketed", "verified"]
    assert until(lambda: new_verdicts() == expected)
    assert "submission.judged form=students" in site.printed()


def test_the_codes_of_the_demo_have_names(site: ExampleSite, visitor: requests.Session) -> None:
    """A code that was printed for a pupil opens the form, and says for whom."""
    page = visitor.post(site.door, data={"code": site.demo["codes"]["students"][0]}, timeout=10)
    assert "Ada Lindqvist" in page.text


def test_the_notes_need_a_pass(site: ExampleSite, visitor: requests.Session) -> None:
    """The protected page leads to the door, and the door back to it; without a browser it is 401."""
    door = visitor.get(f"{site.url}/notes", timeout=10)
    assert urlsplit(door.url).path == "/jotgate/f/students"
    back = visitor.post(site.door, data=Page(door.text).fields | {"code": site.new_code()}, timeout=10)
    assert urlsplit(back.url).path == "/notes"
    assert "The first weeks" in back.text
    script = requests.get(f"{site.url}/notes", headers={"Accept": "application/json"}, timeout=10)
    assert script.status_code == 401


def test_the_notes_know_who_has_enrolled(site: ExampleSite, visitor: requests.Session) -> None:
    """Missing at first; once it is verified the page says so, and leads to what was sent, and to nothing else of it."""
    form = open_form(visitor, site, site.new_code())
    assert "still missing" in visitor.get(f"{site.url}/notes", timeout=10).text
    send(form)
    assert until(lambda: state(visitor, site) == "verified")
    notes = visitor.get(f"{site.url}/notes", timeout=10).text
    assert "Your enrolment is in." in notes
    assert f'href="{urlsplit(site.door).path}/mine"' in notes
    own = visitor.get(f"{site.door}/mine", timeout=10).text
    assert ANSWERS["class"] in own
    assert ANSWERS["notes"] not in own


class TestApp:
    """The form that opens from an app only, and the page that plays the app."""

    def link(self, site: ExampleSite) -> str:
        """Tap on a place, and return the address that the app's web view opens."""
        page = requests.post(site.demo["app_page"], data={"place": PLACES[0]}, timeout=10)
        assert page.status_code == 200
        link = Page(page.text).frame
        assert link.startswith(f"{site.url}/jotgate/f/field-report/enter?token=")
        assert f'value="{link}"' in page.text
        return link

    def test_the_app_opens_the_form_and_its_answers_count(
        self, site: ExampleSite, visitor: requests.Session
    ) -> None:
        """Prefilled, verified, and back in the app with what became of it."""
        page = visitor.get(self.link(site), timeout=10)
        assert page.url == f"{site.url}/jotgate/f/field-report"
        form = Page(requests.get(Page(page.text).frame, timeout=10).text)
        assert PLACES[0] in form.fields.values()
        send(form, species="Hedgehog", count="2")
        assert until(lambda: visitor.get(f"{page.url}/state", timeout=10).json()["state"] == "verified")
        done = visitor.get(page.url, timeout=10).text
        back = unescape(done.partition('class="jotgate-button" href="')[2].partition('"')[0])
        assert back.startswith(f"{site.demo['app_page']}?state=verified&ref=")
        assert "Your report is confirmed" in visitor.get(back, timeout=10).text

    @pytest.mark.slow
    def test_a_place_that_was_changed_is_tampered(self, site: ExampleSite, visitor: requests.Session) -> None:
        """The app locked it: the answer is marked, and the one with the right place still counts."""
        page = visitor.get(self.link(site), timeout=10)
        form = Page(requests.get(Page(page.text).frame, timeout=10).text)
        before = site.verdicts()

        def new_verdicts() -> list[str]:
            found = site.verdicts()
            return sorted(found[one] for one in found.keys() - before.keys())

        send(form, species="Hedgehog", count="2", place="My own garden")
        assert until(lambda: new_verdicts() == ["tampered"])
        send(form, species="Hedgehog", count="2")
        assert until(lambda: new_verdicts() == ["tampered", "verified"])

    def test_the_copied_link_opens_nothing(self, site: ExampleSite, visitor: requests.Session) -> None:
        """In another browser: 403 for the link and for the form's own address, and no code opens it."""
        link = self.link(site)
        visitor.get(link, timeout=10)
        with requests.Session() as thief:
            thief.headers.update(OPENS_A_PAGE)
            for address in (link, f"{site.url}/jotgate/f/field-report"):
                answer = thief.get(address, timeout=10)
                assert answer.status_code == 403
                assert Page(answer.text).frame == ""
                assert "Go" in answer.text
                assert "the app" in answer.text
            code = {"code": site.new_code()}
            posted = thief.post(f"{site.url}/jotgate/f/field-report", data=code, timeout=10)
            assert posted.status_code == 403

    def test_the_apps_secret_is_told_nowhere(self, site: ExampleSite) -> None:
        """Its backend has it; no page and no line that is printed shows it."""
        secret = json.loads((site.instance / "app-secret.json").read_text("utf-8"))["secret"]
        page = requests.post(site.demo["app_page"], data={"place": PLACES[0]}, timeout=10).text
        assert secret.partition(".")[2] not in page + site.printed() + json.dumps(site.demo)

    def test_no_token_is_printed(self, site: ExampleSite, visitor: requests.Session) -> None:
        """Neither a good one nor one that was refused."""
        link = self.link(site)
        for _ in range(2):
            requests.get(link, timeout=10)
        assert link.partition("token=")[2] not in site.printed()


@pytest.mark.slow
def test_a_restart_keeps_codes_and_verdicts(tmp_path: Path, visitor: requests.Session) -> None:
    """Ctrl-C ends it cleanly; started again, it knows its codes, passes and verdicts, and makes fresh codes."""
    with example_site(tmp_path) as first:
        visitor.post(first.door, data={"code": first.demo["class_code"]}, timeout=10)
        with requests.Session() as other:
            send(open_form(other, first, first.demo["codes"]["students"][0]))
            assert until(lambda: state(other, first) == "verified")
        verdicts = first.verdicts()
        assert first.stop() == 0
        assert first.printed().endswith("Stopped.\n")
        assert "Traceback" not in first.printed()
    with example_site(tmp_path) as second, requests.Session() as another:
        assert second.verdicts() == verdicts
        assert Page(visitor.get(second.door, timeout=10).text).frame
        send(open_form(another, second, first.demo["codes"]["students"][1]))
        assert until(lambda: state(another, second) == "verified")
        assert second.demo["api_key"] == first.demo["api_key"]
        assert not {*second.demo["codes"]["students"]} & {*first.demo["codes"]["students"]}
    kept = ("secrets.json", "demo.json", "app-secret.json")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in kept}
    assert modes == {0o600}


@pytest.mark.parametrize(
    ("option", "others", "remedy"),
    [("--port", ["--sandbox-port=0"], "make demo PORT="), ("--sandbox-port", ["--port=0"], "SANDBOX_PORT=")],
)
def test_a_busy_port_is_said_in_a_sentence(
    tmp_path: Path, option: str, others: list[str], remedy: str
) -> None:
    """Where a port is taken, one sentence says what to do, and the exit code is 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-m", "example_app", f"{option}={port}", *others],
            cwd=ROOT, env=clean_environment() | {"JOTGATE_INSTANCE": str(tmp_path)},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert f"Port {port} is taken by another program" in run.stderr
    assert remedy in run.stderr


@pytest.mark.parametrize(
    ("environment", "remedy"),
    [
        ({}, "make demo"),
        ({"JOTGATE_API_KEY": "0123456789abcdef"}, "set both"),
        ({"JOTGATE_FORM_ID": "1"}, "both"),
    ],
)
def test_a_site_without_its_form_says_what_to_do(
    tmp_path: Path, environment: dict[str, str], remedy: str
) -> None:
    """A command before the first `make demo`, or with half of a form in the environment: a sentence, exit 2."""
    whole = clean_environment() | {"JOTGATE_INSTANCE": str(tmp_path / "new")} | environment
    run = flask_jotgate(whole, "status")
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert remedy in run.stderr


class TestRealForm:
    """With a key and a form's number in the environment; a sandbox plays the real JotForm."""

    @pytest.fixture
    def named(self) -> Iterator[dict[str, str]]:
        """Return what names a form of a running JotForm."""
        with Sandbox() as jotform:
            form_id = jotform.add_form("Enrolment")
            yield {
                "JOTGATE_API_KEY": jotform.read_key,
                "JOTGATE_FORM_ID": form_id,
                "JOTGATE_API_HOST": jotform.api,
            }

    def test_it_starts_no_sandbox(
        self, tmp_path: Path, visitor: requests.Session, named: dict[str, str]
    ) -> None:
        """The same site shows that form, and the key stands in no file of its own."""
        with example_site(tmp_path, "--port=0", **named) as site:
            form = open_form(visitor, site, site.demo["codes"]["students"][0])
            send(form)
            visitor.post(f"{site.door}/sent", timeout=10)
            assert until(lambda: state(visitor, site) == "verified")
        assert site.demo["sandbox"] is None
        assert site.demo["app_page"] is None
        texts = [path.read_bytes() for path in tmp_path.iterdir()]
        assert [text for text in texts if named["JOTGATE_API_KEY"].encode() in text] == []

    def test_it_runs_under_gunicorn(
        self, tmp_path: Path, visitor: requests.Session, named: dict[str, str]
    ) -> None:
        """`gunicorn "example_app:create_app()"` serves it with two workers that share their secrets."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        whole = clean_environment() | named | {"JOTGATE_INSTANCE": str(tmp_path), "JOTGATE_SITE_URL": url}
        command = [sys.executable, "-m", "gunicorn", "--workers=2", f"--bind=127.0.0.1:{port}"]
        with subprocess.Popen(
            [*command, "example_app:create_app()"], cwd=ROOT, env=whole, stderr=subprocess.DEVNULL
        ) as server:
            try:
                until(lambda: _answers(port))
                run = flask_jotgate(whole, "codes", "create", "students", "--count=1", "--json")
                code = json.loads(run.stdout)["code"]
                opened = visitor.post(f"{url}/jotgate/f/students", data={"code": code}, timeout=10)
                pages = [visitor.get(f"{url}/students", timeout=10) for _ in range(10)]
            finally:
                server.terminate()
        assert Page(opened.text).frame
        assert all(Page(page.text).frame for page in pages)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


def test_the_office_begins_with_a_school_in_the_middle_of_its_week(tmp_path: Path) -> None:
    """The link in demo.json leads in; the pupils came through the gate, and all of it is said on one page."""
    options = ("--port=0", "--sandbox-port=0", "--pupils=40")
    with example_site(tmp_path, *options) as site, requests.Session() as office:
        office.trust_env = False
        verdicts = Counter(site.verdicts().values())
        assert (verdicts["replayed"], verdicts["unticketed"]) == (1, 3)
        assert 20 < verdicts["verified"] < 40
        link = site.demo["admin"]
        assert "Sign in" in office.get(link, timeout=10).text
        sent = {"link": link.partition("link=")[2]}
        home = office.post(link.partition("?")[0], data=sent, timeout=10)
        assert home.url == f"{site.url}/jotgate/admin/"
        page = office.get(f"{home.url}f/students", timeout=10).text
        assert f"<dt>Count</dt><dd>{verdicts['verified']}</dd>" in page
        assert "Came by the bare address" in page
        batches = Counter(one["batch"] for one in site.command("codes", "list"))
        cards = (site.instance / "cards.html").read_text("utf-8")
        assert stat.S_IMODE((site.instance / "cards.html").stat().st_mode) == 0o600
        assert [code for code in site.demo["codes"]["students"] if code not in cards] == []
        assert batches == {"7a": 10, "7b": 10, "8a": 10, "8b": 10, "demo": 4}
