"""Whoever follows the README: its settings, its page and its commands, counted, on a site that is really served."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape

import requests

from tests.patience import until
from tests.servers.serving import free_port
from tests.test_documentation import API_KEY, FORM_ID, Desk, answers, blocks, submit

#: More than that and nobody follows.
MOST_STEPS = 10


@dataclass
class Reader:
    """Somebody at an empty desk, with a form at JotForm."""

    desk: Desk
    steps: list[str] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    @property
    def site(self) -> str:
        """The address of the site."""
        return f"http://127.0.0.1:{self.port}"

    def does(self, step: str) -> None:
        """Count a step."""
        self.steps.append(step)
        assert len(self.steps) <= MOST_STEPS, self.steps

    def install(self) -> None:
        """Have what the environment of the tests has."""
        self.does("install jotgate")
        assert "usage" in self.desk.run("jotgate", "--help").lower()

    def write_settings(self) -> None:
        """Let `init` ask for everything; press Enter at the time zone."""
        self.does("jotgate init")
        _, _, init, *_ = (block.text for block in blocks("README.md", "sh"))
        said = [self.site, self.desk.sandbox.api, FORM_ID, "", "students"]
        self.desk.run(*shlex.split(init), answered="\n".join([*said, ""]), JOTGATE_API_KEY=API_KEY)

    def set_for_form(self, **settings: object) -> None:
        """List settings in the form's entry of gate.cfg."""
        self.does(f"set {', '.join(settings)}")
        path = self.desk.folder / "gate.cfg"
        more = "".join(f", {name!r}: {value!r}" for name, value in settings.items())
        text, places = re.subn(r"(?<=[^}])\}\}", f"{more}}}}}", path.read_text("utf-8"))
        assert places == 1
        path.write_text(text, "utf-8")

    def write_site(self, *, told: bool, settings: str = "", after: str = "") -> None:
        """Save the README's page, and what hears of submissions if the site is to be *told*.

        The site's own *settings* are before the gate, and what it has besides is *after* it.
        """
        self.does("save school.py")
        page, hears = (block.text for block in blocks("README.md", "python"))
        page = page.replace("gate = JotGate(app)", f"{settings}gate = JotGate(app)")
        self.desk.write("school.py", "\n\n".join([page, *([hears] if told else ()), after]))

    def run(self, command: str) -> str:
        """Run a command that the pages show; return all that it says."""
        self.does(command)
        return self.desk.run("sh", "-ec", f"{command.strip()} 2>&1")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve the site as the README says; what it prints goes into site.log."""
        self.does("flask run")
        *_, serve = (block.text for block in blocks("README.md", "sh"))
        with (self.desk.folder / "site.log").open("w") as log:
            command = [*shlex.split(serve), "--port", str(self.port)]
            started = subprocess.Popen(
                command, cwd=self.desk.folder, env=self.desk.environment(), stdout=log, stderr=log
            )
            try:
                until(lambda: answers(f"{self.site}/students"))
                yield
            finally:
                started.terminate()
                started.wait(10)

    def printed(self) -> str:
        """Return what the site has printed so far."""
        return (self.desk.folder / "site.log").read_text("utf-8")

    def enter(self, visitor: requests.Session, code: str) -> int:
        """Type a code at the door; return the status of the answer."""
        door = f"{self.site}/jotgate/f/students"
        return visitor.post(door, data={"code": code}, allow_redirects=False, timeout=10).status_code

    def send(self, visitor: requests.Session, wrote: Mapping[str, str]) -> None:
        """Fill in the form on the page, send it, and wait until the page says that it is confirmed."""
        shown = visitor.get(f"{self.site}/students", timeout=10).text
        frame = re.search(r'<iframe[^>]* src="([^"]+)"', shown)
        assert frame, shown
        submit(visitor.get(self.site + unescape(frame[1]), timeout=10).url, wrote)
        visitor.post(f"{self.site}/jotgate/f/students/sent", timeout=10)
        state = f"{self.site}/jotgate/f/students/state"
        until(lambda: visitor.get(state, timeout=10).json()["state"] == "verified")
