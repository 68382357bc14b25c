"""A school in the middle of its week, for the office to show: 120 pupils, most of whom have filled in their form.

Nothing is put into the store by hand: the pupils come to the gate one after the other, with a clock that runs through
the last days, and send their forms to the sandbox, where the gate's own sweep finds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from werkzeug.test import Client

from example_app.settings import SANDBOX_FORM_ID
from jotgate.admission.grants import IssuedCode, Person, Terms
from jotgate.clock import SystemClock
from jotgate.codes import generate, printed
from jotgate.config import Settings
from jotgate.sandbox import Sandbox
from jotgate.wiring import Parts, build
from jotgate.wsgi import JotGateMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FORM = "students"
CLASSES = ("7a", "7b", "8a", "8b")
_FIRST = (
    "Ada", "Amir", "Beatriz", "Bilal", "Chiara", "Daan", "Elif", "Emre", "Fatima", "Finn", "Greta", "Hana", "Ibrahim",
    "Ines", "Jakub", "Jun", "Kofi", "Lina", "Luca", "Maya", "Mia", "Mateo", "Nadia", "Noah", "Olena", "Omar", "Priya",
    "Rosa", "Sami", "Tomás",
)  # fmt: skip
_LAST = ("Haddad", "Lindqvist", "Moretti", "Okafor", "Pereira", "Schäfer", "Yıldız", "Zielińska")
_DAY_SECONDS = 86_400.0
_DAYS = 4
#: How many of a hundred pupils have opened their form by now, and how many of these have not sent it.
_OPENED, _STILL_OPEN = 78, 7
_SWEEPS_A_DAY = 6
_TICKET = re.compile(r"[?&]jotgate=([^&\"]+)")


class _Turned:
    """The time that the school is at."""

    def __init__(self, now: float) -> None:
        self.at = now

    def now(self) -> float:
        return self.at


class _Visit(NamedTuple):
    """Somebody who comes at some time, and sends the form after some seconds, if ever."""

    at: float
    code: str
    pupil: Person | None
    seconds: float | None


def replay(settings: Mapping[str, Any], sandbox: Sandbox, pupils: int) -> list[IssuedCode]:
    """Let the last days pass, and return the codes, if nobody has one yet; each was shown to its pupil only."""
    # The same people come at every first start.
    now, dice = SystemClock().now(), Random(7)  # noqa: S311
    clock = _Turned(now - _DAYS * _DAY_SECONDS)
    parts = build(Settings.from_flask_config({**settings, "JOTGATE_SWEEPER": "external"}), clock=clock)
    try:
        if next(parts.grants.list(), None) is not None:
            return []
        # It finds where judging begins.
        parts.sweep.run([FORM], operator=True)
        codes = [code for name, people in _classes(pupils) for code in _hand_out(parts, name, people)]
        visits = sorted(_visits(dice, codes, clock.at, now))
        _let_pass(parts, sandbox, clock, visits, dice, now)
    finally:
        parts.store.close()
    return codes


def _classes(pupils: int) -> Iterator[tuple[str, list[Person]]]:
    names = [f"{first} {last}" for last in _LAST for first in _FIRST]
    people = [Person(subject=f"s-{1001 + n}", label=names[n % len(names)]) for n in range(pupils)]
    size = -(-pupils // len(CLASSES))
    for at, name in enumerate(CLASSES):
        yield name, people[at * size : (at + 1) * size]


def _hand_out(parts: Parts, name: str, people: list[Person]) -> Iterator[IssuedCode]:
    return iter(parts.grants.create(Terms(form=FORM, batch=name), people))


def _visits(dice: Random, codes: list[IssuedCode], began: float, now: float) -> Iterator[_Visit]:
    """Yield who comes: pupils in the evenings, some who mistype or guess, and the last ones in these minutes."""
    for code in codes:
        if dice.randrange(100) >= _OPENED:
            continue
        at = min(began + dice.triangular(0, _DAYS * _DAY_SECONDS, 2.6 * _DAY_SECONDS), now - 60)
        seconds = None if dice.randrange(100) < _STILL_OPEN else dice.triangular(80, 1_500, 240)
        yield _Visit(at, str(code), Person(subject=code.subject, label=code.label), seconds)
    for _ in range(9):
        yield _Visit(began + dice.random() * _DAYS * _DAY_SECONDS, printed(generate()), None, None)


def _let_pass(
    parts: Parts, sandbox: Sandbox, clock: _Turned, visits: list[_Visit], dice: Random, now: float
) -> None:
    gate = JotGateMiddleware(_nothing, parts.settings, parts=parts)
    sendings: list[tuple[float, str, dict[str, object]]] = []
    for visit in visits:
        clock.at = visit.at
        ticket = _open(gate, visit.code)
        if ticket and visit.seconds is not None and visit.pupil is not None:
            sendings.append((min(visit.at + visit.seconds, now - 5), ticket, _answers(dice, visit.pupil)))
    # One sends it once more, and three know the form's own address.
    for at, ticket, answers in sendings[:1]:
        sendings.append((at + 600, ticket, answers))
    sendings += [(now - dice.random() * 2 * _DAY_SECONDS, "", answers) for _, _, answers in sendings[1:4]]
    due = clock.at = now - _DAYS * _DAY_SECONDS
    for at, ticket, answers in sorted(sendings, key=lambda one: one[0]):
        while due < at:
            due += _DAY_SECONDS / _SWEEPS_A_DAY
            clock.at = min(due, now)
            parts.sweep.run([FORM], operator=True)
        given = answers | ({"jotgate": ticket} if ticket else {})
        sandbox.submit(SANDBOX_FORM_ID, given, at=at, webhook=False)
    clock.at = now
    parts.sweep.run([FORM], operator=True)


def _open(gate: JotGateMiddleware, code: str) -> str:
    """Come to the door with a code; return the ticket of the form, "" if the code does not open it."""
    browser, door = Client(gate), f"{gate.parts.settings.url_prefix}/f/{FORM}"
    browser.post(door, base_url=gate.parts.settings.site_url, data={"code": code})
    page = browser.get(door, base_url=gate.parts.settings.site_url).text
    found = _TICKET.search(unescape(page))
    return unquote(found[1]) if found else ""


def _answers(dice: Random, pupil: Person) -> dict[str, object]:
    first, _, last = (pupil.label or "").partition(" ")
    return {
        "name": {"first": first, "last": last},
        "class": dice.choice(CLASSES),
        "guardian": f"{last.lower()}@parents.example",
        "lunch": dice.choice(("Every day", "Some days", "No lunch")),
    }


def _nothing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b""]
