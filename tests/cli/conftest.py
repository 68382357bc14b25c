"""A site with two forms on a running sandbox, and the commands run on it, in process."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jotgate.admission.gate import Seen
from jotgate.admission.grants import Person, Terms
from jotgate.cli import main
from jotgate.config import Settings
from jotgate.outcomes import Admit
from jotgate.sandbox import Sandbox
from jotgate.signed.browsers import Browser
from jotgate.signed.tickets import OnPage, ticket_text
from jotgate.wiring import Parts, build

#: Values that no output may show, but for the key of the sandbox, which each test run makes anew.
CANARIES = {
    "secret_keys": "canary-secret-key-0123456789abcdef",
    "code_keys": "canary-code-key-0123456789abcdefgh",
    "hook_secrets": "canary-hook-secret-01",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A settings file, and the sandbox that its forms are on."""

    folder: Path
    sandbox: Sandbox
    students: str
    trip: str
    #: Everything that was printed, for the canaries.
    printed: list[str] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "jotgate.toml"

    @property
    def store(self) -> Path:
        return self.folder / "jotgate.db"

    def configure(self, **changes: object) -> None:
        """Write the settings anew, with *changes* to the top level."""
        settings: dict[str, object] = {
            "site_url": "https://school.example",
            "api_key": self.sandbox.read_key,
            "api_host": self.sandbox.api,
            "secret_keys": [CANARIES["secret_keys"]],
            "code_keys": [CANARIES["code_keys"]],
            "hook_secrets": [CANARIES["hook_secrets"]],
            "store": f"sqlite:///{self.store}",
        } | changes
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items() if value is not None]
        lines += ["[forms.students]", f'id = "{self.students}"', 'timezone = "Europe/Berlin"']
        lines += ["[forms.trip]", f'id = "{self.trip}"']
        self.config.write_text("\n".join(lines), encoding="utf-8")

    def run(self, *args: str, input: str | None = None) -> Result:
        """Run a command on this site; a traceback fails the test."""
        result = CliRunner().invoke(main, ["--config", str(self.config), *args], input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.printed.append(result.output)
        return result

    def lines(self, *args: str) -> list[dict[str, Any]]:
        """Run a command that succeeds, and read its lines of JSON."""
        result = self.run(*args, "--json")
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def parts(self) -> Parts:
        """Return the site's own parts, as its web process would have them."""
        return build(Settings.from_toml(self.config))

    def ticket(self, form: str = "students", subject: str | None = None) -> str:
        """Let a browser in with a new code; return the text of its ticket."""
        parts = self.parts()
        (issued,) = parts.grants.create(Terms(form=form), [Person(subject=subject)])
        browser = Browser(browser_id=secrets.token_bytes(16), since=0.0)
        decision = parts.gate.admit(
            issued.code, form=form, seen=Seen(browser=browser, network="192.0.2.1/32")
        )
        assert isinstance(decision, Admit)
        parts.store.close()
        return ticket_text(OnPage(decision.ticket_id), parts.keys)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def site(running_sandbox: Sandbox, tmp_path: Path) -> Iterator[Site]:
    """Give a site of its own forms and store; whatever is printed about it shows no secret."""
    running_sandbox.clear_faults()
    # One sandbox serves all tests of a worker: each has a day's calls.
    running_sandbox._account.used.clear()
    made = Site(
        folder=tmp_path,
        sandbox=running_sandbox,
        students=running_sandbox.add_form("Students"),
        trip=running_sandbox.add_form("Trip"),
    )
    made.configure()
    yield made
    everything = "\n".join(made.printed)
    for secret in (*CANARIES.values(), running_sandbox.read_key, running_sandbox.full_key):
        assert secret not in everything
