"""A site with forms, submissions that count and others that do not, and programs that read it with scoped keys."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from jotgate.admission.grants import Terms, people
from jotgate.jotform.times import id_reading
from jotgate.mirroring.scoped_keys import IssuedScopedKey, Scope
from jotgate.outcomes import Verdict
from jotgate.protocols import Share
from jotgate.sandbox import Sandbox
from jotgate.submissions import Candidate
from tests.door.site import Site, settings_of, ticket_in

#: What stands in every answer, so that it is known wherever it turns up.
_CANARY = re.compile(r"canary-([a-z]+)-([0-9]+)-([0-9]+)")
QUESTIONS = (
    {"qid": "3", "type": "textbox", "name": "class", "text": "Class"},
    {"qid": "4", "type": "textbox", "name": "remarks", "text": "Remarks"},
    {"qid": "5", "type": "textbox", "name": "allergies", "text": "Allergies", "hidden": True},
    {"qid": "9", "type": "textbox", "name": "jotgate", "text": "Ticket", "hidden": True},
)
#: JotForm's refusals, to the byte.
NO_FORM = (
    '{"responseCode":401,"message":"You\'re not authorized to use (/form-id) ","content":"",'
    '"info":"https://api.jotform.com/docs#form-id"}'
)
NO_SUBMISSION = (
    '{"responseCode":401,"message":"You\'re not authorized to use (/submission-id)","content":"",'
    '"info":"https://api.jotform.com/docs#submission-id"}'
)
MANY = Share(calls=100_000)


@dataclass
class School:
    """The site, its forms by name, and what was submitted."""

    site: Site
    forms: Mapping[str, str]

    def __post_init__(self) -> None:
        self.number = 0
        #: By form: the ids of what counts, and of what does not.
        self.counted: dict[str, list[str]] = {form: [] for form in self.forms}
        self.others: dict[str, list[str]] = {form: [] for form in self.forms}
        #: The number in the canaries of each submission.
        self.numbers: dict[str, int] = {}
        self.tickets: list[str] = []

    @property
    def sandbox(self) -> Sandbox:
        return self.site.sandbox

    @property
    def calls(self) -> int:
        """How many calls JotForm has counted."""
        return self.sandbox.calls

    def answers(self, form: str) -> dict[str, str]:
        """Return answers that tell of which form, question and submission they are."""
        self.number += 1
        return {qid: f"canary-{form}-{qid}-{self.number}" for qid in ("3", "4", "5")}

    def send(self, form: str, *, at: float | None = None, **more: str) -> str:
        """Submit at the bare address; nobody has looked at it yet."""
        submission_id = self.sandbox.submit(self.forms[form], self.answers(form) | more, at=at)
        self.numbers[submission_id] = self.number
        return submission_id

    def add(self, form: str, count: int = 1, *, counts: bool = True) -> list[str]:
        """Submit, and have a person accept it, or leave it as it came."""
        ids = [self.send(form) for _ in range(count)]
        self.settle(form, ids, Verdict.UNTICKETED)
        if counts:
            self.others[form] = [one for one in self.others[form] if one not in ids]
            self.counted[form] += ids
            for one in ids:
                self.site.parts.store.rule(
                    one, accept=True, actor="owner", reason="seen", now=self.site.clock.now()
                )
        return ids

    def settle(self, form: str, ids: Iterable[str], verdict: Verdict) -> None:
        """Give submissions their verdict."""
        ids = list(ids)
        candidates = []
        for one in ids:
            at = id_reading(one)
            assert at is not None
            candidates.append(
                Candidate(
                    submission_id=one, form=form, created_earliest=at, created_latest=at, verdict=verdict
                )
            )
        self.site.parts.store.settle(candidates, capacity=None, now=self.site.clock.now())
        (self.counted if verdict.counts else self.others)[form] += ids

    def come_through(self, form: str, subject: str | None = None) -> str:
        """Submit through the door, on a ticket, and have it verified."""
        door = f"/jotgate/f/{form}"
        visitor = self.site.visitor()
        persons = people(count=1, subjects=[subject] if subject else None)
        [issued] = self.site.parts.grants.create(Terms(form=form), persons)
        visitor.enter(issued.code, door)
        self.tickets.append(ticket_in(visitor.get(door).text))
        submission_id = self.send(form, jotgate=self.tickets[-1])
        self.site.sweep()
        assert self.site.verdict(submission_id) is Verdict.VERIFIED
        self.counted[form].append(submission_id)
        return submission_id

    def key(self, *forms: str, **scope: Any) -> IssuedScopedKey:
        """Create a key for *forms*, which may cost as much as it likes."""
        return self.site.parts.scoped_keys.create(
            Scope(forms=forms or ("students",), **{"share": MANY} | scope), actor="owner"
        )

    def ask(self, key: str, path: str, *, method: str = "GET", **query: Any) -> TestResponse:
        """Make a call with a key in the header."""
        return self.site.visitor().open(asked(path, query), method=method, headers={"APIKEY": key})

    def content(self, key: str, path: str, **query: Any) -> Any:
        """Make a call that succeeds, and return what it is about."""
        answer = self.ask(key, path, **query)
        assert answer.status_code == 200, answer.text
        envelope: Any = answer.json
        assert envelope["responseCode"] == 200
        return envelope["content"]

    def ids(self, key: str, form: str = "students", **query: Any) -> list[str]:
        """List the submissions of a form."""
        return [row["id"] for row in self.content(key, f"/form/{self.forms[form]}/submissions", **query)]

    def path(self, what: str = "", form: str = "students") -> str:
        """Return a path below a form."""
        return f"/form/{self.forms[form]}{what}"

    def forgotten(self) -> School:
        """Return the same site as another process serves it: with nothing kept in memory."""
        other = School(self.site.restarted(), self.forms)
        other.counted, other.others, other.numbers = self.counted, self.others, self.numbers
        other.number, other.tickets = self.number, self.tickets
        return other


def asked(path: str, query: Mapping[str, Any]) -> str:
    """Return the address of a call; a filter may be given as what its JSON stands for."""
    texts = {name: one if isinstance(one, (str, int)) else json.dumps(one) for name, one in query.items()}
    return f"/jotgate/v1{path}" + (f"?{urlencode(texts)}" if texts else "")


def canaries(text: str) -> set[tuple[str, str, int]]:
    """Return every form, question and submission of which something stands in *text*."""
    return {(form, qid, int(number)) for form, qid, number in _CANARY.findall(text)}


@contextmanager
def school() -> Iterator[School]:
    """Give a site with three forms; each has submissions that count and one that does not."""
    with TemporaryDirectory() as folder, Sandbox(plan="enterprise") as sandbox:
        forms = {name: sandbox.add_form(name.title(), QUESTIONS) for name in ("students", "trip", "staff")}
        table = {
            name: {"id": form_id, "title": name.title(), "lookup_fields": ["class"]}
            for name, form_id in forms.items()
        }
        mapping = settings_of(sandbox, forms["students"], Path(folder), plan="gold", forms=table)
        made = School(Site(sandbox, mapping), forms)
        made.site.sweep()
        yield made
        made.site.parts.store.close()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def served(school: School) -> Iterator[str]:
    """Serve the site over HTTP; give its address."""
    server = make_server("127.0.0.1", 0, school.site.gate, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def noise() -> str:
    """Return what looks like a key and is none."""
    return f"jgk_{secrets.token_hex(4).upper()}_{secrets.token_hex(16).upper()}"
