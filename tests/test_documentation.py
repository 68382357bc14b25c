"""What the README and the documentation show is true: their examples run, and what they list is all there is.

Examples are written for `https://school.example` and JotForm's form 241234567890123. Here that form is in a sandbox,
and `/srv/school` is a folder of the test's own; nothing else about an example is changed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from pathlib import Path

import click
import pytest
import requests

from jotgate.cli import main
from jotgate.outcomes import Verdict
from jotgate.sandbox import Sandbox
from tests.patience import until

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).parents[1]
SITE = "https://school.example"
FORM_ID = "241234567890123"
API_KEY = "0123456789abcdef0123456789abcdef"
_BLOCK = re.compile(r"^```(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE_NAME = re.compile(r"# ([\w./-]+\.(?:py|toml))\n")

#: A visitor at `app`, and the form of the page at *path* with its ticket, once the code was taken.
_VISIT = f"""
import html
import re
visitor = app.test_client()
def get(path):
    return visitor.get(path, base_url="{SITE}")
def enter(code):
    return visitor.post("/jotgate/f/students", data={{"code": code}}, base_url="{SITE}").status_code
def ticket_at(path):
    shown = html.unescape(re.search(r'<iframe[^>]* src="([^"]+)"', get(path).text)[1])
    if shown.startswith("/"):
        shown = get(shown).location
    return re.search(r"{FORM_ID}\\?jotgate=([\\w-]{{35}})", shown)[1]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One example."""

    language: str
    text: str
    #: Where its text begins in the page.
    line_number: int

    @property
    def file_name(self) -> str | None:
        """The file that it is to be saved in, if its first line says so."""
        found = _FILE_NAME.match(self.text)
        return found[1] if found else None


def read(page: str) -> str:
    """Return the text of a page."""
    return (ROOT / page).read_text("utf-8")


def blocks(page: str, *languages: str) -> list[Block]:
    """Return the examples of a page in these languages, or in any."""
    text = read(page)
    return [
        Block(language=found[1], text=found[2], line_number=text.count("\n", 0, found.start(2)) + 1)
        for found in _BLOCK.finditer(text)
        if not languages or found[1] in languages
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A folder in which a reader follows the pages."""

    folder: Path
    sandbox: Sandbox

    def meant(self, text: str) -> str:
        """Return an example with the sandbox in JotForm's place, and the folder in that of the site."""
        host = f'JOTGATE_API_HOST="{self.sandbox.api}", '
        text = re.sub(rf'^( +)(JOTGATE_API_KEY="{API_KEY}")', rf"\1{host}\2", text, flags=re.MULTILINE)
        text = re.sub(r"^api_key = ", f'api_host = "{self.sandbox.api}"\n\\g<0>', text, flags=re.MULTILINE)
        if sys.version_info < (3, 11):
            # As the page says.
            text = text.replace("import tomllib\n", "import tomli as tomllib\n")
        return text.replace("/srv/school", str(self.folder))

    def save(self, page: str) -> None:
        """Write the files that the page shows."""
        for block in blocks(page):
            if block.file_name:
                self.write(block.file_name, self.meant(block.text))

    def write(self, name: str, text: str) -> None:
        """Write one file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def environment(self) -> dict[str, str]:
        """Return the environment of the reader's commands."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return {**os.environ, "PATH": path, "PYTHONWARNINGS": "error", "PYTHONUNBUFFERED": "1"}

    def run(self, *command: str, answered: str | None = None, **environment: str) -> str:
        """Run a command as the reader would, expect it to succeed, and return what it printed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment() | environment,
            input=answered,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def run_script(self, page: str, after: str = "") -> str:
        """Run a page's Python examples, one after the other, and then *after*; lines count as in the page."""
        lines: list[str] = []
        for block in blocks(page, "python"):
            lines += [""] * (block.line_number - 1 - len(lines))
            lines += self.meant(block.text).splitlines()
        self.write("page.py", "\n".join([*lines, after]))
        return self.run(sys.executable, "page.py")

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command that lasts, and end it."""
        with subprocess.Popen(command, cwd=self.folder, env=self.environment(), text=True) as process:
            try:
                yield process
            finally:
                process.terminate()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give an empty desk, and a JotForm with the form that the examples are about."""
    with Sandbox(read_key=API_KEY) as sandbox:
        sandbox.add_form("Students", form_id=FORM_ID)
        yield Desk(folder=tmp_path, sandbox=sandbox)


def answers(url: str) -> bool:
    """Say whether somebody answers there."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


class TestExamples:
    """The examples do what the text around them says."""

    def test_readme(self, desk: Desk) -> None:
        """With settings by `init`, its lines ask for a code, take one, and show the form; its command makes codes."""
        story = """
assert "Please enter your access code" in get("/students").text
with app.app_context():
    [code] = gate.create_codes("students", count=1)
assert enter(code) == 303
ticket_at("/students")
"""
        _, _, init, create, _ = (block.text for block in blocks("README.md", "sh"))
        given = f"--site-url {SITE} --api-key {API_KEY} --api-host {desk.sandbox.api} --form {FORM_ID}"
        desk.run("sh", "-ec", init.replace("init", f"init --yes --name students {given}"))
        desk.run_script("README.md", _VISIT + story)
        desk.save("README.md")
        desk.write("7a.csv", blocks("docs/codes.md", "text")[0].text)
        desk.run("sh", "-ec", create)
        lines = (desk.folder / "codes-7a.csv").read_text("utf-8-sig").splitlines()
        assert len(lines) == 1 + 3

    def test_flask(self, desk: Desk) -> None:
        """A page with the form, a page for the admitted, the policy's header, codes and submissions from Python."""
        story = """
assert get("/handouts").status_code == 303
assert get("/whoami").text == "a stranger"
with app.app_context():
    codes = hand_out(["s-1042"])
    assert not has_counted("s-1042")
assert enter(codes["s-1042"]) == 303
assert get("/handouts").text == "Only for those with a code."
assert get("/whoami").text == "s-1042"
assert ticket_at("/long-page") == ticket_at("/students")
assert get("/long-page").headers["Cache-Control"] == "private, no-store"
assert "JOTFORM_FRAMES" in get("/students").headers["Content-Security-Policy"]
print(ticket_at("/students"))
# The next script reads by itself, so this one's sweep has to be over.
import threading
with app.app_context():
    gate.parts.sweeper.stop()
    [thread.join() for thread in threading.enumerate() if thread.name == "jotgate-sweep"]
    gate.parts.sweep.run(["students"], operator=True)
"""
        story = story.replace("JOTFORM_FRAMES", desk.sandbox.submit_origin)
        desk.write("templates/long.html", "<h1>Students</h1>{{ form }}")
        ticket = desk.run_script("docs/flask.md", _VISIT + story).strip()
        desk.sandbox.submit(FORM_ID, {"jotgate": ticket})
        after = """
with app.app_context():
    gate.parts.sweep.run(["students"], operator=True)
    assert has_counted("s-1042")
"""
        desk.run_script("docs/flask.md", after)

    def test_extensions(self, desk: Desk) -> None:
        """A Flask site with a login, a CSRF check and a policy of its own, as shown, has its door open."""
        desk.save("docs/flask.md")
        desk.save("docs/wsgi.md")
        after = """
assert get("/other").status_code == 302
page = get("/jotgate/f/students")
assert page.status_code == 200 and "JOTFORM_FRAMES" in page.headers["Content-Security-Policy"]
assert get("/login").headers["Content-Security-Policy"].count("JOTFORM_FRAMES") == 1
assert enter("0000-0000-0001") == 422
from werkzeug.test import Client
blog = Client(wrapped(app, lambda environ, start: [start("200 OK", []), b"blog"][1:]))
assert blog.get("/jotgate/health", base_url="https://school.example").status_code == 200
"""
        after = after.replace("JOTFORM_FRAMES", desk.sandbox.submit_origin)
        desk.run_script("docs/extensions.md", _VISIT + after)

    def test_sentry(self, desk: Desk) -> None:
        """Told as shown, it sends nothing about the door, and errors of the site's own as before."""
        pytest.importorskip("sentry_sdk", reason="no Sentry here: pip install sentry-sdk")
        desk.save("docs/flask.md")
        after = """
import sys
import sentry_sdk
class Kept(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        sys.stdout.write(envelope.serialize().decode())
told = dict(before_send=without_the_door, before_send_transaction=without_the_door) if TOLD else {}
sentry_sdk.init("http://key@127.0.0.1:1/1", traces_sample_rate=1.0, transport=Kept, **told)
from flask import Flask
app, site = Flask("school"), app
app.config.update(site.config, JOTGATE_SWEEPER="external")
type(gate)(app)
app.add_url_rule("/fault", "fault", lambda: 1 / 0)
_VISIT
enter("0000-0000-0001")
get("/jotgate/hook/and-a-third-for-the-webhook")
get("/jotgate/f/students/enter?token=a-token")
get("/fault")
sentry_sdk.flush()
""".replace("_VISIT", _VISIT)
        secrets = ("0000-0000-0001", "and-a-third-for-the-webhook", "a-token")
        for is_told in (True, False):
            sent = desk.run_script("docs/extensions.md", after.replace("TOLD", str(is_told)))
            assert "ZeroDivisionError" in sent
            assert [secret in sent for secret in secrets] == [not is_told] * 3

    def test_flask_shares_the_settings_of_a_file(self, desk: Desk) -> None:
        """A `jotgate.toml`, read as shown, configures a Flask app."""
        desk.save("docs/wsgi.md")
        after = """
shared = Flask("shared")
shared.config.update(settings_in("jotgate.toml"))
JotGate(shared)
"""
        desk.run_script("docs/flask.md", after)

    def test_records(self, desk: Desk) -> None:
        """A Flask site, as shown, knows who has submitted, opens a page to them, and shows them theirs."""
        story = """
with app.app_context():
    gate.parts.sweep.run(["students"], operator=True)
    [code] = gate.create_codes("students", subjects=["s-1042"])
    assert story("s-1042") == "Please fill in the form." and who_is_missing() == ["s-1042"]
assert get("/results").headers["Location"] == "/jotgate/f/students"
assert enter(code) == 303
print(visitor.get_cookie("__Host-jotgate-students", "school.example").value)
print(ticket_at("/jotgate/f/students"))
"""
        held, ticket = desk.run_script("docs/records.md", _VISIT + story).split()
        answers = {
            "jotgate": ticket,
            "name": {"first": "Ada"},
            "email": "ada@school.example",
            "message": "hello",
        }
        submission_id = desk.sandbox.submit(FORM_ID, answers)
        after = f"""
with app.app_context():
    gate.parts.sweep.run(["students"], operator=True)
    assert story("s-1042") == "It is in." and who_is_missing() == []
    assert has_signed_up("ADA@school.example") and not has_signed_up("eve@school.example")
    assert [one.values["name"] for one in sent_by("s-1042")] == ["Ada"]
    assert wrote("{submission_id}") == {{"name": "Ada", "message": "hello"}} and wrote("1") is None
visitor.set_cookie("__Host-jotgate-students", "{held}", domain="school.example", secure=True)
assert get("/results").text == "Only for those who have filled in the form."
assert get("/mine").json == {{"sent": [{{"name": "Ada", "message": "hello"}}]}}
def is_down(*_):
    raise StoreUnavailable("down")
with app.app_context():
    gate.parts.store.own_submissions = is_down
assert get("/mine").status_code == 503
"""
        desk.run_script("docs/records.md", _VISIT + after)

    def test_callbacks(self, desk: Desk) -> None:
        """A Flask site's function, as shown, is told what a sweep judges; the receiver's reads what is signed."""
        after = """
with app.app_context():
    gate.parts.callbacks.register()
    gate.parts.sweep.run(["students"], operator=True)
import requests, json
from jotgate.telling.webhooks import headers, payload, secret_text
from jotgate import Cause, Verdict, VerdictEvent
from jotgate.outcomes import ToldField
import time
event = VerdictEvent(message_id="msg_1", submission_id="1", form="students", subject="s-1", verdict=Verdict.VERIFIED,
    created_at=1.0, judged_at=2.0, cause=Cause.JUDGED, fields={"name": ToldField(text="Ada")})
body = payload(event)
signed = headers(bytes(32), message_id="msg_1", timestamp=int(time.time()), body=body)
assert verdict_in(secret_text(bytes(32)), body, signed)["subject"] == "s-1"
note(event)
assert registered == {"1": {"name": "Ada"}}
registered.clear()
"""
        script = "docs/callbacks.md"
        desk.run_script(script, after)
        desk.sandbox.submit(FORM_ID, {"message": "by the bare address"})
        again = """
with app.app_context():
    gate.parts.sweep.run(["students"], operator=True)
    assert gate.parts.callbacks.deliver() == 1
assert registered == {}
"""
        desk.run_script(script, again)

    def test_troubleshooting(self, desk: Desk) -> None:
        """The delivery that the page sends by curl is taken, and by another secret it is not."""
        [command] = [
            one.text for one in blocks("docs/troubleshooting.md", "text") if one.text.startswith("curl")
        ]
        *options, address = shlex.split(command.replace("\\\n", " "))
        sent = "&".join(value for flag, value in pairwise(options) if flag == "-d")
        after = f"""
def deliver(path):
    kind = "application/x-www-form-urlencoded"
    return app.test_client().post(path, base_url="{SITE}", data="{sent}", content_type=kind).status_code
path = "{address.removeprefix(SITE)}"
assert (deliver(path), deliver(path[:-1])) == (200, 404)
"""
        desk.run_script("docs/callbacks.md", after)

    def test_flask_commands(self, desk: Desk) -> None:
        """The command of the Flask page runs on the page's app."""
        desk.save("docs/flask.md")
        for block in blocks("docs/flask.md", "sh"):
            assert "students" in desk.run("sh", "-ec", block.text)

    def test_wsgi(self, desk: Desk) -> None:
        """A wrapped application shows the door in its page, and has its protected paths guarded."""
        desk.save("docs/wsgi.md")
        after = f"""
from werkzeug.test import Client
from site_behind import application
visitor = Client(application)
assert "access code" in visitor.get("/students", base_url="{SITE}").text
assert visitor.get("/handouts", base_url="{SITE}").status_code == 303
"""
        desk.write("visit.py", after)
        desk.run(sys.executable, "visit.py")

    def test_django(self, desk: Desk) -> None:
        """A Django site, wrapped and with a view as shown, shows the door in its page."""
        desk.save("docs/wsgi.md")
        desk.write(
            "school_settings.py",
            f"""
from django.urls import path
SECRET_KEY = "a-key-of-django-for-this-test"
ALLOWED_HOSTS = ["{SITE.removeprefix("https://")}"]
ROOT_URLCONF = "school_urls"
""",
        )
        desk.write(
            "school_urls.py",
            "from django.urls import path\nfrom views import students\n"
            "urlpatterns = [path('students', students)]\n",
        )
        after = f"""
from werkzeug.test import Client
from wsgi import application
page = Client(application).get("/students", base_url="{SITE}")
assert "access code" in page.text, page.text
assert page.headers["Cache-Control"] == "private, no-store"
"""
        desk.write("visit.py", after)
        desk.run(sys.executable, "visit.py")

    def test_fastapi(self, desk: Desk) -> None:
        """A FastAPI site, made WSGI and wrapped as shown, shows the door in its page, which no cache may keep."""
        pytest.importorskip("a2wsgi", reason="no a2wsgi here: pip install a2wsgi")
        pytest.importorskip("fastapi", reason="no FastAPI here: pip install fastapi")
        desk.save("docs/wsgi.md")
        after = f"""
from werkzeug.test import Client
from fast_site import application
page = Client(application).get("/students", base_url="{SITE}")
assert "access code" in page.text, page.text
assert page.headers["Cache-Control"] == "private, no-store"
"""
        desk.write("visit.py", after)
        desk.run(sys.executable, "visit.py")

    def test_theming(self, desk: Desk) -> None:
        """A site's own header and style sheet, in the folder named, are on the door's page."""
        desk.save("docs/wsgi.md")
        theme, header = (block.text for block in blocks("docs/theming.md", "html+jinja"))
        desk.write("templates/jotgate/theme.html", theme)
        desk.write("templates/jotgate/header.html", header)
        after = f"""
from werkzeug.test import Client
page = Client(wrap(None)).get("/jotgate/f/students", base_url="{SITE}").text
assert "Term dates" in page and "/static/school.css" in page
assert 'name="code"' in page
"""
        desk.run_script("docs/theming.md", after)

    def test_testing(self, desk: Desk) -> None:
        """The test that users are shown passes, and so do the other examples of its page."""
        desk.save("docs/testing.md")
        told = desk.run(sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "test_school.py")
        assert "1 passed" in told
        desk.run_script("docs/testing.md")

    @pytest.mark.parametrize("page", ["docs/codes.md", "docs/jotform-setup.md", "docs/scoped-keys.md"])
    def test_commands(self, desk: Desk, page: str) -> None:
        """The commands of a page, one after the other, all succeed."""
        desk.save("docs/wsgi.md")
        desk.write("7a.csv", blocks("docs/codes.md", "text")[0].text)
        for block in blocks(page, "sh"):
            desk.run("sh", "-ec", block.text)

    def test_quickstart(self, desk: Desk, free_ports: tuple[int, int]) -> None:
        """From the sandbox to a verdict: the commands and the site of the page, on other ports."""
        site_port, sandbox_port = map(str, free_ports)
        site, jotform = f"http://127.0.0.1:{site_port}", f"http://127.0.0.1:{sandbox_port}"
        desk.save("docs/quickstart.md")
        _, start_jotform, init, start_site, look = (
            block.text.replace(":5000", f":{site_port}").replace(":8701", f":{sandbox_port}")
            for block in blocks("docs/quickstart.md", "sh")
        )
        create, serve = start_site.strip().splitlines()
        [form_id] = re.findall(r"--form (\d+)", init)
        with ExitStack() as running:
            running.enter_context(desk.running(*shlex.split(start_jotform), "--port", sandbox_port))
            until(lambda: answers(f"{jotform}/{form_id}"))
            # The time zone.
            desk.run("sh", "-ec", init, answered="\n")
            running.enter_context(desk.running(*shlex.split(serve), "--port", site_port))
            code, *others = desk.run(*shlex.split(create)).split()
            assert len(others) == 2
            until(lambda: answers(f"{site}/students"))
            with requests.Session() as visitor:
                visitor.post(f"{site}/jotgate/f/students", data={"code": code}, timeout=10)
                address = re.search(
                    r'<iframe[^>]* src="([^"]+)"', visitor.get(f"{site}/students", timeout=10).text
                )
                assert address
                submit(visitor.get(site + unescape(address[1]), timeout=10).url)
                state = f"{site}/jotgate/f/students/state"
                visitor.post(f"{site}/jotgate/f/students/sent", timeout=10)
                until(lambda: visitor.get(state, timeout=10).json()["state"] == "verified")
            submit(f"{jotform}/{form_id}")
            listed = desk.run("sh", "-ec", look)
        assert re.findall(r"\b(verified|unticketed)\b", listed.partition("verdict")[2]) == [
            "unticketed",
            "verified",
        ]


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Return two ports that nobody listens on."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


#: What somebody writes in the sandbox's form for the class trip.
TRIP = {"q3_name[first]": "Ada", "q3_name[last]": "Lindqvist", "q4_class": "7a", "q6_coming": "Yes"}


def submit(form_address: str, answers: Mapping[str, str] = TRIP) -> None:
    """Fill in the sandbox's form at its address, and send it."""
    html = requests.get(form_address, timeout=10).text
    [action] = re.findall(r'<form[^>]* action="([^"]+)"', html)
    filled_in = re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]+)"', html)
    fields = {unescape(name): unescape(value) for name, value in filled_in} | dict(answers)
    sent = requests.post(unescape(action), data=fields, timeout=10)
    assert sent.ok, sent.text


class TestLists:
    """What the pages list is what there is."""

    def test_commands_in_the_readme(self) -> None:
        """The table of commands names every command, every command about codes, apps and submissions, and no other."""
        section = read("README.md").partition("\n## Commands\n")[2].partition("\n## ")[0]
        cells = "".join(re.findall(r"^\| (`[^|]+)", section, re.MULTILINE))
        named = set(re.findall(r"`(?:codes |apps |submissions )?([\w-]+)`", cells))
        context = click.Context(main)
        there = set(main.list_commands(context))
        for group in ("codes", "apps", "submissions"):
            command = main.get_command(context, group)
            assert isinstance(command, click.Group)
            there = there - {group} | set(command.commands)
        assert named == there

    def test_commands_on_their_page(self) -> None:
        """The page about the command line names every command, whether it stands alone or in a group."""
        page = read("docs/cli.md")
        context = click.Context(main)
        for name in main.list_commands(context):
            command = main.get_command(context, name)
            names = command.commands if isinstance(command, click.Group) else [name]
            assert [one for one in names if not re.search(rf"`(?:[\w -]+ )?{one}\b", page)] == [], name

    def test_make_goals_in_the_readme(self) -> None:
        """Each goal of make that the README names is one of the Makefile's."""
        goals = set(
            re.findall(
                r"\bmake ([a-z]+)\b", "".join(re.findall(r"```sh\n.*?```|`[^`\n]+`", read("README.md"), re.S))
            )
        )
        [phony] = re.findall(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
        assert {"demo", "test"} <= goals <= set(phony.split())

    def test_links_in_the_readme(self) -> None:
        """Each link and picture of the README leads to a file."""
        targets = set(re.findall(r"""(?:\]\(|src=")([^)#:"]+)""", read("README.md")))
        assert "docs/quickstart.md" in targets
        assert [target for target in targets if not (ROOT / target).is_file()] == []

    def test_verdicts(self) -> None:
        """The page lists each verdict once, and says rightly which of them count."""
        rows = re.findall(
            r"^\| `(\w+)` \|.*\| (yes|no|not yet) \|$", read("docs/how-it-works.md"), re.MULTILINE
        )
        assert sorted(rows) == sorted(
            (verdict.value, "yes" if verdict.counts else "not yet" if verdict is Verdict.PENDING else "no")
            for verdict in Verdict
        )

    def test_style_variables(self) -> None:
        """The page on looks lists the style sheet's variables, all of them."""
        css = read("jotgate/door/static/jotgate.css").partition("\n}\n")[0]
        rows = "".join(re.findall(r"^\| `--.*$", read("docs/theming.md"), re.MULTILINE))
        assert set(re.findall(r"--jotgate-[\w-]+", rows)) == set(re.findall(r"(--jotgate-[\w-]+):", css))

    def test_templates_and_blocks(self) -> None:
        """The page on looks lists the templates and the blocks that may be overridden, all of them."""
        text = read("docs/theming.md")
        folder = ROOT / "jotgate/door/templates"
        # The office's templates are its own.
        there = {str(path.relative_to(folder)) for path in folder.glob("jotgate/[!_]*.html")}
        assert set(re.findall(r"^\| `(jotgate/\w+\.html)` \|", text, re.MULTILINE)) == there
        blocks_there = re.findall(r"\{% block (\w+) %\}", read("jotgate/door/templates/jotgate/base.html"))
        assert [name for name in blocks_there if f"`{name}`" not in text] == []

    def test_every_page_is_reachable(self) -> None:
        """The README leads to every page but the index."""
        pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
        assert [page for page in pages if f"(docs/{page})" not in read("README.md")] == []
