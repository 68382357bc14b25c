"""`owner_field`: a field that the site filled in and locked says whose a submission is; a visitor never does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jotgate.outcomes import Verdict
from jotgate.signed.tokens import mint_token
from tests.door.site import DOOR, Site, Visitor, running_site, ticket_in
from tests.door.test_all_mine import JSON, as_user, code_for, names
from tests.door.test_inviting import ACCEPT, come, invitation_in, link

FORM = {"access": ["code", "app"], "owner_field": "number", "show_fields": ["name"]}
PERSON, OTHER = "s-1042", "s-7"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site with a login of its own, whose form has the field `number`."""
    questions = [
        {"type": "control_fullname", "text": "Name", "name": "name"},
        {"type": "control_textbox", "text": "Number", "name": "number"},
    ]
    with running_site(
        form=FORM, questions=questions, subject_loader=lambda environ: environ.get("REMOTE_USER")
    ) as running:
        yield running


def sends(site: Site, visitor: Visitor, first: str, number: str) -> str:
    """Send the form that is open in *visitor*, with that number in the field; return the submission's id."""
    answers = {
        "jotgate": ticket_in(visitor.get(DOOR).text),
        "number": number,
        "name": {"first": first, "last": "L"},
    }
    sent = site.sandbox.submit(site.form_id, answers)
    site.sweep()
    return sent


def from_tablet(site: Site, secret: str, person: str) -> Visitor:
    """Open the form on the school's tablet, with the number of *person* filled in."""
    visitor = site.visitor()
    text = mint_token(
        secret,
        app="ios",
        form="students",
        subject="tablet-3",
        prefill={"number": person},
        now=site.clock.now(),
    )
    assert visitor.get(f"{DOOR}/enter", headers={"Authorization": f"Bearer {text}"}).status_code == 303
    return visitor


def test_the_person_in_the_locked_field_sees_and_has_sent_it(site: Site) -> None:
    """By an app that is signed in as a tablet, and by an invitation; no lock needs to be asked for."""
    site.sweep()
    secret, standings = site.app_secret(), site.parts.standings
    tablet = from_tablet(site, secret, PERSON)
    assert "number=s-1042" in tablet.get(DOOR).text
    assert site.verdict(sends(site, tablet, "Ada", PERSON)) is Verdict.VERIFIED
    assert standings.has_submitted("students", subject=PERSON).state == "verified"
    assert standings.has_submitted("students", subject="tablet-3").state == "none"
    assert names(site.visitor(), **as_user(PERSON)) == {"students": ["Ada L"]}
    assert tablet.get(f"{DOOR}/mine", headers=JSON).json["submissions"] == []
    assert PERSON in [one.subject for one in standings.who("students", [PERSON]) if one.answer]
    invited = site.visitor()
    page = come(invited, link(site, "s-8"), user="s-8")
    invited.get(
        come(invited, ACCEPT, user="s-8", method="POST", data={"invitation": invitation_in(page)}).location
    )
    assert "number=s-8" in invited.get(DOOR).text
    assert site.verdict(sends(site, invited, "Bea", "s-9")) is Verdict.TAMPERED
    assert standings.has_submitted("students", subject="s-9").state == "none"


def test_who_types_another_s_number_never_becomes_its_owner(site: Site) -> None:
    """With a code of their own, with a class code, and over what an app had locked."""
    site.sweep()
    secret = site.app_secret("android")
    own, of_class = site.visitor(), site.visitor()
    assert own.enter(code_for(site, "students", "s-6")).status_code == 303
    assert of_class.enter(site.code(uses=9)).status_code == 303
    text = mint_token(
        secret, app="android", form="students", subject="u-1", prefill={"number": "s-6"}, now=site.clock.now()
    )
    locked = site.visitor()
    locked.get(f"{DOOR}/enter", headers={"Authorization": f"Bearer {text}"})
    found = [site.verdict(sends(site, one, "Eve", OTHER)) for one in (own, of_class, locked)]
    assert found == [Verdict.VERIFIED, Verdict.VERIFIED, Verdict.TAMPERED]
    assert site.parts.standings.has_submitted("students", subject=OTHER).state == "none"
    assert names(site.visitor(), **as_user(OTHER)) == {"students": []}
    assert names(site.visitor(), **as_user("s-6")) == {"students": ["Eve L"]}
