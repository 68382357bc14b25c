"""`/jotgate/mine`: one page for a person over all forms, who sees no more of each than on its own page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jotgate.admission.grants import Terms, people
from tests.door.site import DOOR, Site, Visitor, running_site, ticket_in

ALL = "/jotgate/mine"
TRIP = "/jotgate/f/trip"
JSON = {"Accept": "application/json"}


def _with_trip(site: Site, **changes: Any) -> Site:
    """Return the site started anew with a second form."""
    trip = {"id": site.sandbox.add_form("Trip"), "title": "Class trip", "show_fields": ["name"]}
    both = site.restarted(forms=site.mapping["forms"] | {"trip": trip}, **changes)
    both.sweep()
    return both


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site with two forms whose visitors are known by their pass."""
    with running_site(form={"show_fields": ["name"]}) as running:
        yield _with_trip(running)


@pytest.fixture(scope="module")
def login() -> Iterator[Site]:
    """Return such a site with a login of its own."""
    with running_site(
        form={"show_fields": ["name"]}, subject_loader=lambda environ: environ.get("REMOTE_USER")
    ) as running:
        yield _with_trip(running)


def code_for(site: Site, form: str, subject: str) -> str:
    """Return a code about somebody."""
    [issued] = site.parts.grants.create(Terms(form=form), people(subjects=[subject]))
    return issued.code


def sends(site: Site, form: str, subject: str, first: str, visitor: Visitor | None = None) -> Visitor:
    """Let somebody in and submit a form, and read it; return the browser."""
    visitor = visitor or site.visitor()
    door = f"/jotgate/f/{form}"
    assert visitor.enter(code_for(site, form, subject), door).status_code == 303
    answers = {"jotgate": ticket_in(visitor.get(door).text), "name": {"first": first, "last": "L"}}
    site.sandbox.submit(site.mapping["forms"][form]["id"], answers, webhook=False)
    site.sweep()
    return visitor


def came_bare(site: Site, form: str, first: str) -> str:
    """Let somebody submit by the form's bare address, and read it; return its id."""
    answers = {"name": {"first": first, "last": "L"}}
    sent = site.sandbox.submit(site.mapping["forms"][form]["id"], answers, webhook=False)
    site.sweep()
    return sent


def given(site: Site, submission_id: str, subject: str) -> None:
    """Say whose a submission is."""
    site.parts.store.rule(
        submission_id, accept=True, subject=subject, actor="office", reason="r", now=site.clock.now()
    )


def names(visitor: Visitor, **options: Any) -> dict[str, list[str]]:
    """Return form -> what the page has of it, in JSON."""
    forms = visitor.get(ALL, headers=JSON, **options).json["forms"]
    return {one["form"]: [own["fields"][0]["value"] for own in one["submissions"]] for one in forms}


def as_user(subject: str) -> dict[str, Any]:
    """Return what a request of somebody carries who is logged in at the site."""
    return {"environ_overrides": {"REMOTE_USER": subject}}


def test_a_login_sees_what_it_sent_on_every_form(login: Site) -> None:
    """And what the office gave to them since, each form under its title; another login sees nothing of it."""
    sends(login, "students", "s-1", "Ada")
    given(login, came_bare(login, "trip", "Augusta"), "s-1")
    visitor = login.visitor()
    assert names(visitor, **as_user("s-1")) == {"students": ["Ada L"], "trip": ["Augusta L"]}
    assert names(visitor, **as_user("s-2")) == {"students": [], "trip": []}
    page = visitor.get(ALL, **as_user("s-1"))
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    for shown in (
        "Student form",
        "Class trip",
        "Ada L",
        "Augusta L",
        "Accepted, sent",
        f'href="{TRIP}/mine"',
    ):
        assert shown in page.text
    nothing = visitor.get(ALL, **as_user("s-2")).text
    assert "Nothing here yet" in nothing
    assert "Class trip" not in nothing


def test_a_pass_opens_its_own_form_only(site: Site) -> None:
    """Whoever has one code of somebody was not given the other; with both codes the browser sees both."""
    sends(site, "trip", "s-3", "Trip")
    visitor = sends(site, "students", "s-3", "Ada")
    assert names(visitor) == {"students": ["Ada L"]}
    sends(site, "trip", "s-4", "Another", visitor)
    assert names(visitor) == {"students": ["Ada L"], "trip": ["Another L"]}
    visitor.post(f"{DOOR}/leave")
    assert names(visitor) == {"trip": ["Another L"]}


def test_a_login_is_not_who_held_the_browser_before(login: Site) -> None:
    """What the browser's passes name is not looked at."""
    visitor = sends(login, "students", "s-5", "Eve")
    assert names(visitor, **as_user("s-6")) == {"students": [], "trip": []}


def test_strangers_learn_nothing(site: Site) -> None:
    """401, and no name of a form."""
    answer = site.visitor().get(ALL)
    assert answer.status_code == 401
    assert "Class trip" not in answer.text
    assert site.visitor().get(ALL, headers=JSON).status_code == 401


def test_what_waits_is_said(site: Site) -> None:
    """Of a form that was sent just now, without its answers."""
    visitor = site.visitor()
    visitor.enter(code_for(site, "trip", "s-8"), TRIP)
    visitor.get(TRIP)
    visitor.post(f"{TRIP}/sent")
    page = visitor.get(ALL).text
    assert "Class trip" in page
    assert "Being confirmed" in page


def test_the_page_says_as_of_when(login: Site) -> None:
    """Of new forms by the last full reading; an edit shows once the audit has seen it, with the time of that."""
    sends(login, "students", "s-9", "Ada")
    visitor = login.visitor()
    own = "/jotgate/f/students/mine"
    for path in (ALL, own):
        page = visitor.get(path, **as_user("s-9")).text
        assert "We last looked for new forms" in page
        assert "looked for changes" not in page
    [kept] = login.parts.standings.submissions("students", "s-9")
    entry = login.parts.store.explain(kept.ref)
    assert entry is not None
    assert entry.submission_id is not None
    login.sandbox.edit_submission(entry.submission_id, {"name": {"first": "Edited", "last": "L"}})
    assert names(visitor, **as_user("s-9"))["students"] == ["Ada L"]
    login.parts.audit.run()
    assert names(visitor, **as_user("s-9"))["students"] == ["Edited L"]
    for path in (ALL, own):
        assert "We last looked for changes to sent forms" in visitor.get(path, **as_user("s-9")).text
    content = visitor.get(own, headers=JSON, **as_user("s-9")).json
    assert content["edits_as_of"].endswith("Z")
