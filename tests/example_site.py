"""The example site as a process of its own, as `make demo` starts it, and what is done with it from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar

import requests

from tests.patience import until

ROOT = Path(__file__).parents[1]
START_SECONDS = 30.0

T = TypeVar("T")

#: What a parent writes into the enrolment form, by the form's own unique names.
ANSWERS = {
    "name[first]": "Ada",
    "name[last]": "Lindqvist",
    "born[year]": "2013",
    "born[month]": "04",
    "born[day]": "30",
    "class": "7b",
    "guardian": "lindqvist@families.example",
    "notes": "Ada sings.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleSite:
    """One run of the example site."""

    process: subprocess.Popen[bytes]
    instance: Path
    environment: Mapping[str, str]
    #: What was printed so far is here.
    log: Path
    #: As in demo.json.
    demo: dict[str, Any]

    @property
    def url(self) -> str:
        """Return the site's address; no slash at the end."""
        return str(self.demo["site"])

    @property
    def door(self) -> str:
        """Return the address of the students' door."""
        return f"{self.url}/jotgate/f/students"

    def printed(self) -> str:
        """Return all that the process printed so far."""
        return self.log.read_text("utf-8")

    def command(self, *arguments: str) -> list[dict[str, Any]]:
        """Run ``flask jotgate ...`` on the running site, and return the objects that it prints."""
        run = flask_jotgate(self.environment, *arguments, "--json")
        assert run.returncode == 0, run.stderr
        return [json.loads(line) for line in run.stdout.splitlines()]

    def new_code(self, uses: int = 1) -> str:
        """Create a code, as the school's office does."""
        return str(self.command("codes", "create", "students", "--count=1", f"--uses={uses}")[0]["code"])

    def verdicts(self) -> dict[str, str]:
        """Return the verdict on each submission by its id."""
        found = self.command("submissions", "list")
        return {str(one["submission_id"]): str(one["verdict"]) for one in found}

    def stop(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=START_SECONDS)


@contextmanager
def example_site(instance: Path, *options: str, **environment: str) -> Iterator[ExampleSite]:
    """Run ``python -m example_app`` on free ports, with its files in *instance*, until the end of the block."""
    instance.mkdir(parents=True, exist_ok=True)
    whole = clean_environment() | {"JOTGATE_INSTANCE": str(instance)} | environment
    log = instance / f"printed-{time.monotonic_ns()}.txt"
    command = [
        sys.executable,
        "-m",
        "example_app",
        *(options or ("--port=0", "--sandbox-port=0", "--pupils=0")),
    ]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=whole, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            until(lambda: "Stop with Ctrl-C" in log.read_text("utf-8") or process.poll() is not None)
            assert process.poll() is None, log.read_text("utf-8")
            demo = json.loads((instance / "demo.json").read_text("utf-8"))
            yield ExampleSite(process=process, instance=instance, environment=whole, log=log, demo=demo)
        finally:
            process.kill()


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would turn the site into another."""
    return {name: value for name, value in os.environ.items() if not name.startswith("JOTGATE_")}


def flask_jotgate(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``flask --app example_app jotgate ...`` from the checkout."""
    command = [sys.executable, "-m", "flask", "--app", "example_app", "jotgate", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


class Page(HTMLParser):
    """What a browser finds in a page: the frame, the form, and the addresses that it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.frame = ""
        self.action = ""
        #: The form's fields with their values, by name.
        self.fields: dict[str, str] = {}
        self.loaded: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take note of one element."""
        given = {name: value or "" for name, value in attributes}
        if tag == "iframe":
            self.frame = given["src"]
        elif tag == "form":
            self.action = given["action"]
        elif tag in ("input", "select", "textarea") and given.get("type") not in ("radio", "checkbox"):
            self.fields[given["name"]] = given.get("value", "")
        if tag in ("img", "script", "link"):
            self.loaded.append(given.get("src") or given.get("href", ""))


def open_form(visitor: requests.Session, site: ExampleSite, code: str) -> Page:
    """Enter the code at the door, and return JotForm's page out of the frame."""
    admitted = visitor.post(site.door, data={"code": code}, timeout=10)
    assert admitted.status_code == 200, admitted.text
    return Page(requests.get(Page(admitted.text).frame, timeout=10).text)


def send(form: Page, **changes: str) -> requests.Response:
    """Fill the form in and submit it as a browser does, to the address that the form names."""
    fields = dict(form.fields)
    for field in fields:
        # JotForm writes q3_name[first] for the field "name[first]" of question 3.
        unique_name = field.partition("_")[2]
        fields[field] = changes.get(unique_name, ANSWERS.get(unique_name, fields[field]))
    parts = {name: (None, value) for name, value in fields.items()}
    return requests.post(form.action, files=parts, timeout=10, allow_redirects=False)


def state(visitor: requests.Session, site: ExampleSite) -> str:
    """Return what the door says about the visitor's ticket."""
    return str(visitor.get(f"{site.door}/state", timeout=10).json()["state"])
