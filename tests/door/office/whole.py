"""A site with everything in its office: two forms, people, submissions, refusals, apps and keys, by whatever names."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from jotgate.admission.grants import Person, Terms
from jotgate.door.office.previewing import STAND_IN
from jotgate.door.office.routes import PAGES, Page
from jotgate.mirroring.scoped_keys import Scope
from jotgate.protocols import EntryFilter, GrantFilter, SubmissionFilter
from tests.door.office.operators import OFFICE
from tests.door.site import Site, running_site, ticket_in, unknown_code

#: The form that limited operators see, and the one that they do not.
OWN, OTHER = "trip", "students"
BATCH = "7b"
#: Asks for texts whose answers people see.
QUESTIONS = (
    {"qid": "3", "type": "textbox", "name": "name", "text": "Name"},
    {"qid": "4", "type": "textarea", "name": "remarks", "text": "Remarks"},
    {"qid": "9", "type": "textbox", "name": "jotgate", "text": "Ticket", "hidden": True},
)
#: What changes by being looked at, or by itself.
_RESTLESS = ("usage", "lease", "trials", "guesses", "sqlite_sequence")
#: What a page is asked for besides, where it shows nothing otherwise.
QUERIES = {"/f/<form>/submissions/export": "kind=csv"}
#: Parts of a rule that mean something else than in others.
_OF_RULES = {
    "/f/<form>/chart/<name>.svg": {"name": "funnel"},
    "/f/<form>/form/preview/<name>": {"name": STAND_IN},
}
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")

#: Names things: is given a field's name, and returns what stands there.
Naming = Callable[[str], str]


def plainly(field_name: str) -> str:
    """Return a name that nobody minds."""
    return f"the {field_name}"


@dataclass
class Whole:
    """The site, and what stands for the parts that the rules of its pages name, for each form."""

    site: Site
    arguments: dict[str, dict[str, str]] = field(default_factory=dict)

    def address(self, page: Page, form: str = OWN) -> str:
        """Return the address of a page about things of *form* that are there."""
        names = self.arguments[form] | _OF_RULES.get(page.rule, {})
        missing = set(_ARGUMENT.findall(page.rule)) - set(names)
        assert not missing, f"tests/door/office/whole.py has nothing to put for {missing} of {page.rule}"
        query = f"?{QUERIES[page.rule]}" if page.rule in QUERIES else ""
        return OFFICE + _ARGUMENT.sub(lambda found: names[found[1]], page.rule) + query

    def pages(self) -> Iterator[Page]:
        """Iterate over the pages that are looked at."""
        return (page for page in PAGES if not page.changes)

    def changes(self) -> Iterator[Page]:
        """Iterate over the pages that are posted to."""
        return (page for page in PAGES if page.changes)

    def content(self) -> dict[str, list[Any]]:
        """Return everything that is stored and changes only when somebody changes it."""
        with closing(sqlite3.connect(self.site.store_path)) as store:
            tables = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                table: sorted(store.execute(f"SELECT * FROM {table}"), key=repr)
                for table in tables
                if table not in _RESTLESS
            }


@contextmanager
def whole_site(named: Naming = plainly, **changes: Any) -> Iterator[Whole]:
    """Give the site; *named* names people, batches, titles and whatever else is somebody's own text."""
    form = {"title": named("title"), "show_fields": ["name", "remarks"]}
    with running_site(questions=QUESTIONS, form=form, **changes) as site:
        second = site.sandbox.add_form(named("title at JotForm"), QUESTIONS)
        own = {**form, "id": second, "access": ["code", "app"]}
        site = site.restarted(forms={OTHER: {**site.mapping["forms"][OTHER]}, OWN: own})
        site.sweep()
        whole = Whole(site)
        for name in OTHER, OWN:
            _fill(site, name, named)
        site.clock.ahead_seconds += 1000
        site.sweep()
        for name in OTHER, OWN:
            whole.arguments[name] = _arguments(whole, name, named)
        yield whole
        site.parts.store.close()


def _fill(site: Site, form: str, named: Naming) -> None:
    """Hand out codes, let somebody send the form, somebody else go around the gate, and somebody guess."""
    people = [
        Person(subject=f"{named('subject')} {form}", label=named("label"), batch=BATCH),
        Person(subject=f"{named('subject')} 2 {form}", label=named("label"), batch=BATCH),
        Person(label=named("label without a subject"), batch=named("batch")),
    ]
    issued = list(site.parts.grants.create(Terms(form=form), people))
    door, form_id = f"/jotgate/f/{form}", str(site.mapping["forms"][form]["id"])
    visitor = site.visitor()
    assert visitor.enter(issued[0], door=door).status_code == 303
    answers: Mapping[str, object] = {"name": named("answer"), "remarks": named("long answer")}
    site.sandbox.submit(form_id, {"jotgate": ticket_in(visitor.get(door).text), **answers})
    site.sandbox.submit(form_id, answers)
    site.visitor().enter(unknown_code(), door=door)
    site.app_secret(f"app-{form}", forms=(OWN,))
    site.parts.scoped_keys.create(Scope(forms=(form,), label=named("key")), actor=named("actor"))


def _arguments(whole: Whole, form: str, named: Naming) -> dict[str, str]:
    """Return what there is on a form, by the names that rules have for it; a person rules on what went around."""
    store = whole.site.parts.store
    counted, around = sorted(
        store.submissions(SubmissionFilter(form=form)), key=lambda one: not one.verdict.counts
    )
    ruled = store.rule(
        around.submission_id,
        accept=True,
        actor=named("actor"),
        reason=named("reason"),
        now=whole.site.clock.now(),
    )
    assert ruled
    [newest] = store.entries(EntryFilter(forms=(form,)), limit=1)
    return {
        "form": form,
        "submission_id": counted.submission_id,
        "ref": newest.ref,
        # By its batch: a name may be another one each time.
        "code_id": next(store.grants(GrantFilter(form=form, batch=BATCH))).fingerprint.hex(),
        "app": f"app-{form}",
        "key_id": next(key.key_id for key in whole.site.parts.scoped_keys.list() if key.forms == (form,)),
    }
