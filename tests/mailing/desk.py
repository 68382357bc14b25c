"""A site with people whom it mails, on a real mail server; its clock moves when it waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jotgate.admission.grants import IssuedCode, Person, Terms
from jotgate.config import Settings
from jotgate.mailing.mailing import Mailing, Planned
from jotgate.mailing.recipients import Recipients
from jotgate.testing.clock import FrozenClock
from jotgate.wiring import Parts, build
from tests.config.test_settings import usable


@dataclass
class Desk:
    """The office of a site."""

    folder: Path
    port: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    clock: FrozenClock = field(default_factory=FrozenClock)
    #: For how long it waited between two mails.
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        mail = {
            "mail_server": f"127.0.0.1:{self.port}",
            "mail_tls": "none",
            "mail_from": "Riverside School <office@school.example>",
            "store": f"sqlite:///{self.folder}/store.db",
            "site_name": "Riverside School",
            "contact": "office@school.example",
        }
        self.parts: Parts = build(
            Settings.from_mapping(usable() | mail | dict(self.settings)), clock=self.clock
        )
        self.mailing = Mailing(
            self.parts.settings, store=self.parts.store, clock=self.clock, pause=self._wait
        )

    @property
    def recipients(self) -> Recipients:
        """Who gets mails."""
        return self.parts.recipients

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds)

    def codes(self, *people: Person, **terms: Any) -> list[IssuedCode]:
        """Create codes."""
        return list(self.parts.grants.create(Terms(form="students", **terms), people))

    def pupils(self, number: int) -> list[IssuedCode]:
        """Create a code for each of so many pupils."""
        return self.codes(*(person(n) for n in range(number)))

    def send(self, mails: Any, **options: Any) -> list[Planned]:
        """Send, by default without waiting."""
        return list(self.mailing.send(mails, **({"actor": "office", "rate": 6_000} | options)))

    def events(self) -> list[tuple[Any, ...]]:
        """Return what the ledger says about mails."""
        self.parts.store.driver.learn(
            {"all_told": "SELECT event, subject, about, note FROM ledger ORDER BY seq"}
        )
        with self.parts.store.driver.read() as tx:
            return [row for row in tx.all("all_told") if row[0].startswith("mail.")]


def person(n: int, **changes: Any) -> Person:
    """Return a pupil."""
    return Person(**({"subject": f"s-{n}", "label": f"Pupil {n}", "email": f"p{n}@school.example"} | changes))
