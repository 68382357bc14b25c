"""What clients are pointed at: a sandbox with a full key, and a gated site with a scoped key, of the same form."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from jotgate.mirroring.scoped_keys import Scope
from jotgate.outcomes import Verdict
from jotgate.sandbox import Sandbox
from tests.clients.catalogue import SANDBOX, SCOPED
from tests.door.mirrored import School, served
from tests.door.site import Site, settings_of

TITLE = "Class trip"
_QUESTIONS = (
    {"qid": "3", "type": "fullname", "name": "name", "text": "Name"},
    {"qid": "4", "type": "textbox", "name": "class", "text": "Class"},
    {"qid": "5", "type": "checkbox", "name": "meals", "text": "Meals", "options": ["Lunch", "Dinner"]},
    {"qid": "6", "type": "datetime", "name": "visit", "text": "Visit", "allowTime": "Yes"},
    {"qid": "9", "type": "textbox", "name": "jotgate", "text": "Ticket", "hidden": True},
)
_CLASSES = ("7a", "7b", "7c")


@dataclass(frozen=True, slots=True)
class Refused:
    """What a call finds that has to be refused."""


REFUSED = Refused()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of the two, ready."""

    #: The API's, without a slash at its end.
    address: str
    key: str
    #: Where visitors submit the form.
    submit: str
    form_id: str
    #: A form that the key does not open.
    foreign: str
    #: The form's submissions, oldest first.
    ids: tuple[str, ...]
    #: What each call should find.
    expected: Mapping[str, object]


def _answers(of_class: str) -> dict[str, object]:
    visit = {"year": "2026", "month": "06", "day": "18", "hour": "01", "min": "29", "ampm": "PM"}
    return {"3": {"first": "Ada", "last": "Byron"}, "4": of_class, "5": ["Lunch"], "6": visit}


def _fill(sandbox: Sandbox) -> tuple[str, tuple[str, ...]]:
    form_id = sandbox.add_form(TITLE, _QUESTIONS)
    began = time.time() - 1_000
    ids = [
        sandbox.submit(form_id, _answers(text), webhook=False, at=began + 60 * at)
        for at, text in enumerate(_CLASSES)
    ]
    return form_id, tuple(ids)


def _found_by_all(form_id: str, ids: tuple[str, ...]) -> dict[str, object]:
    answers = _answers(_CLASSES[0])
    visit = "2026-06-18 13:29:00"
    newest_first = list(ids[::-1])
    return {
        "account": "ACTIVE",
        "forms": [form_id],
        "form": TITLE,
        "submissions": newest_first,
        "all submissions": newest_first,
        "newer": newest_first[:2],
        "search": [ids[1]],
        "newest": ids[-1],
        "new submissions": newest_first,
        "new entries": True,
        "submission": answers | {"6": {**_visit_of(answers), "datetime": visit}},
        "read answers": visit,
        "names": {"Class": "7e"},
        "folders": [],
        "reports": [],
        "foreign": REFUSED,
    }


def _visit_of(answers: Mapping[str, object]) -> dict[str, str]:
    visit = answers["6"]
    assert isinstance(visit, dict)
    return visit


@contextmanager
def _sandbox() -> Iterator[Place]:
    with Sandbox() as sandbox:
        form_id, ids = _fill(sandbox)
        yield Place(
            address=sandbox.api,
            key=sandbox.full_key,
            submit=f"{sandbox.submit_origin}/submit/{form_id}",
            form_id=form_id,
            foreign=sandbox.foreign_form_id,
            ids=ids,
            expected=_found_by_all(form_id, ids)
            | {
                "questions": ["1", "2", "3", "4", "5", "6", "9"],
                "history": ["formCreation"],
                "write": 1,
                "webhook": "7d",
            },
        )


@contextmanager
def _site() -> Iterator[Place]:
    with TemporaryDirectory() as folder, Sandbox() as sandbox:
        form_id, ids = _fill(sandbox)
        other = sandbox.add_form("Staff", _QUESTIONS)
        forms = {"students": {"id": form_id}, "staff": {"id": other}}
        site = Site(sandbox, settings_of(sandbox, form_id, Path(folder), forms=forms))
        school = School(site, {"students": form_id, "staff": other})
        site.sweep()
        school.settle("students", ids, Verdict.VERIFIED)
        key = site.parts.scoped_keys.create(Scope(forms=("students",)), actor="owner")
        with served(school) as origin:
            yield Place(
                address=f"{origin}/jotgate/v1",
                key=str(key),
                submit=f"{sandbox.submit_origin}/submit/{form_id}",
                form_id=form_id,
                foreign=other,
                ids=ids,
                expected=_found_by_all(form_id, ids)
                | {
                    # All but the ticket field, which no key sees.
                    "questions": ["1", "2", "3", "4", "5", "6"],
                    "history": [],
                    "write": REFUSED,
                    "webhook": REFUSED,
                },
            )
        site.parts.store.close()


#: By the name of the place.
OPEN = {SANDBOX: _sandbox, SCOPED: _site}
