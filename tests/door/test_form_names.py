"""Next year's form under this year's name: nobody has submitted it, no old pass opens it, and apps begin anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jotgate import mint_token
from jotgate.admission.grants import Person, Terms
from jotgate.outcomes import Verdict
from jotgate.records.standing import State
from tests.door.site import DOOR, Site, Visitor, running_site, ticket_in

JSON = {"Accept": "application/json"}
FORM = {"access": ["code", "app"], "uses": 1, "lookup_fields": ["name"]}


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site of which everybody has submitted this year's form."""
    with running_site(form=FORM) as running:
        yield running


def with_form(site: Site, form_id: str, name: str = "students") -> Site:
    """Return the site with another form of JotForm's under that name."""
    return site.restarted(forms={name: {**site.mapping["forms"]["students"], "id": form_id}})


def code_of(subject: str, site: Site) -> str:
    """Create a code for somebody."""
    [issued] = site.parts.grants.create(Terms(form="students"), [Person(subject=subject)])
    return issued.code


def from_app(site: Site, secret: str, form: str = "students") -> Visitor:
    """Open the form from the app, and return the browser."""
    visitor = site.visitor()
    token = mint_token(secret, app="ios", form=form, subject="u-7")
    answer = visitor.get(f"/jotgate/f/{form}/enter?token={token}", headers={"Sec-Fetch-Mode": "navigate"})
    assert answer.status_code == 303, answer.text
    return visitor


def submitted(site: Site, visitor: Visitor, form: str = "students") -> Verdict | None:
    """Submit what the visitor has open, and return its verdict."""
    ticket = ticket_in(visitor.get(f"/jotgate/f/{form}").text)
    submission = site.sandbox.submit(site.parts.gate.policy(form).form_id, {"jotgate": ticket, "name": "Ada"})
    site.parts.sweep.run([form], operator=True)
    return site.verdict(submission)


def test_next_years_form_knows_nothing_of_this_years(site: Site) -> None:
    """And this year's form has all of it back when the name stands for it again."""
    secret, code = site.app_secret(), code_of("s-1", site)
    visitor = site.visitor()
    visitor.enter(code)
    assert submitted(site, visitor) is Verdict.VERIFIED
    assert submitted(site, from_app(site, secret)) is Verdict.VERIFIED

    new = with_form(site, site.sandbox.add_form("Students, next year"))
    new.parts.sweep.run(["students"], operator=True)
    records = new.parts.standings
    assert records.has_submitted("students", subject="s-1").state is State.NONE
    assert records.has_submitted("students", lookup={"name": "ada"}).state is State.NONE
    asked = new.visitor()
    assert asked.enter(code, headers=JSON).json["error"]["reason"] == "wrong_form"  # type: ignore[index]
    for name, value in (
        ("jotgate", visitor.cookie("jotgate")),
        ("jotgate-students", visitor.cookie("jotgate-students")),
    ):
        asked.set_cookie(name, value, domain="127.0.0.1")
    assert "Access code" in asked.get(DOOR).text
    assert submitted(new, from_app(new, secret)) is Verdict.VERIFIED

    old = with_form(site, site.form_id)
    assert old.parts.standings.has_submitted("students", subject="s-1").state is State.VERIFIED
    assert old.parts.standings.has_submitted("students", lookup={"name": "ada"}).state is State.VERIFIED
    assert old.visitor().enter(code, headers=JSON).json["error"]["reason"] == "used_up"  # type: ignore[index]


def test_a_form_with_a_new_name_keeps_its_codes_and_records(site: Site) -> None:
    """An unused code opens it, and what was sent counts and is found."""
    used, unused = code_of("s-1", site), site.code()
    visitor = site.visitor()
    visitor.enter(used)
    assert submitted(site, visitor) is Verdict.VERIFIED
    renamed = with_form(site, site.form_id, "pupils")
    records = renamed.parts.standings
    assert records.has_submitted("pupils", subject="s-1").state is State.VERIFIED
    assert records.has_submitted("pupils", lookup={"name": "ada"}).state is State.VERIFIED
    assert renamed.visitor().enter(unused, "/jotgate/f/pupils").status_code == 303
