"""Every address of the office, by everybody, by every method: who gets in where, and that nobody else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import TestResponse

from jotgate.door.office.routes import PAGES, Need, Page
from jotgate.protocols import GrantFilter
from tests.door.office.operators import OFFICE, change_in, enter, in_flask, link_of, signed_in
from tests.door.office.whole import BATCH, OTHER, OWN, Whole, whole_site
from tests.door.site import Visitor

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
#: Everybody who looks after something: all of it, all of it by looking, one form, one class of one form.
ROLES = {
    "owner": {},
    "looker": {"may_change": False},
    "operator": {"forms": [OWN]},
    "teacher": {"forms": [OWN], "batches": [BATCH]},
}
_ALL, _FORM, _SITE = "owner looker operator teacher", "owner looker operator", "owner looker"
#: Who may, for each address. A page that is new has to be told here.
WHO = {
    "GET /": _ALL,
    "GET /f/<form>": _FORM,
    "GET /f/<form>/chart/<name>.svg": _FORM,
    "GET /f/<form>/form": _FORM,
    "POST /f/<form>/form/pause": "owner operator",
    "POST /f/<form>/form/reopen": "owner operator",
    "GET /f/<form>/form/preview/<name>": _FORM,
    "GET /f/<form>/submissions": _FORM,
    "GET /f/<form>/submissions/export": _FORM,
    "GET /f/<form>/submissions/<submission_id>": _FORM,
    "POST /f/<form>/submissions/rule": "owner operator",
    "POST /f/<form>/submissions/<submission_id>/rule": "owner operator",
    "GET /f/<form>/people": _ALL,
    "GET /f/<form>/people/<code_id>": _ALL,
    "GET /f/<form>/people/new": _FORM,
    "POST /f/<form>/people/check": "owner operator",
    "POST /f/<form>/people/create": "owner operator",
    "POST /f/<form>/people/choose": "owner operator teacher",
    "POST /f/<form>/people/change": "owner operator teacher",
    "POST /f/<form>/people/undo": "owner operator teacher",
    "POST /f/<form>/people/file": "owner operator teacher",
    "POST /f/<form>/people/cards": "owner operator teacher",
    "POST /f/<form>/people/mail": "owner operator teacher",
    "GET /f/<form>/people/missing": _ALL,
    "POST /f/<form>/people/remind": "owner operator",
    "GET /ledger": _FORM,
    "GET /ledger/<ref>": _FORM,
    "GET /apps": _SITE,
    "POST /apps/create": "owner",
    "POST /apps/<app>/rotate": "owner",
    "POST /apps/<app>/revoke": "owner",
    "GET /keys": _SITE,
    "POST /keys/create": "owner",
    "POST /keys/<key_id>/revoke": "owner",
    "GET /health": _SITE,
    "POST /health": "owner",
}
#: What a page carries to change something: it names its second.
_WORD = re.compile(r'(?<=name="change" value=")[^"]+')
#: What may come of a change that says nothing of what it is to be.
_TAKEN = {200, 303, 400, 409, 422}
#: What is wrong about a post, and its fields and headers; each is tried with everything else right.
FORGED = {
    "without the page's word": ({}, {}),
    "with an empty one": ({"change": ""}, {}),
    "with a made-up one": ({"change": "x" * 40}, {}),
    "from another site": (None, {"Sec-Fetch-Site": "cross-site"}),
    "from a neighbour": (None, {"Sec-Fetch-Site": "same-site"}),
    "by hand": (None, {"Sec-Fetch-Site": "none"}),
    "from another origin": (None, {"Origin": "https://evil.example"}),
    "from a sandbox": (None, {"Origin": "null"}),
}


def key(page: Page) -> str:
    """Return what a page is called here."""
    return f"{page.methods[0]} {page.rule}"


@pytest.fixture(scope="module")
def whole() -> Iterator[Whole]:
    """Return a site with everything in its office."""
    with whole_site() as whole:
        yield whole


def mounted(whole: Whole, mount: str) -> WSGIApplication:
    """Return the site in front of any application, or in Flask."""
    return in_flask(whole.site) if mount == "flask" else whole.site.gate


@pytest.fixture(scope="module", params=["wsgi", "flask"])
def people(whole: Whole, request: pytest.FixtureRequest) -> dict[str, Visitor]:
    """Return everybody, signed in; once for each way in which the office is mounted."""
    application = mounted(whole, request.param)
    return {
        role: signed_in(whole.site, f"the {role}", application, **limits) for role, limits in ROLES.items()
    }


def send(visitor: Visitor, page: Page, address: str, change: str) -> TestResponse:
    """Ask for a page, or post nothing to it but what its own form carries."""
    return visitor.post(address, data={"change": change}) if page.changes else visitor.get(address)


def test_every_page_is_in_the_matrix() -> None:
    """Who adds a page says who may see it."""
    assert sorted(map(key, PAGES)) == sorted(WHO)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", PAGES, ids=key)
def test_everybody_gets_in_where_they_may_and_nowhere_else(
    whole: Whole, people: dict[str, Visitor], page: Page, role: str
) -> None:
    """Who may not is told so, and nothing is changed; another's form is as if it was not there."""
    visitor, may = people[role], role in WHO[key(page)].split()
    change, before = change_in(visitor.get(f"{OFFICE}/")), whole.content()
    own = send(visitor, page, whole.address(page), change)
    if may:
        assert own.status_code in (_TAKEN if page.changes else {200}), own.text
    else:
        assert own.status_code == 403
        assert whole.content() == before
    if "<form>" in page.rule and "forms" in ROLES[role]:
        before = whole.content()
        other = send(visitor, page, whole.address(page, OTHER), change)
        nowhere = send(visitor, page, whole.address(page, OTHER).replace(OTHER, "nothing"), change)
        assert (other.status_code, nowhere.status_code) == (404, 404)
        assert _WORD.sub("", other.text.replace(OTHER, "nothing")) == _WORD.sub("", nowhere.text)
        assert whole.content() == before


@pytest.mark.parametrize("page", PAGES, ids=key)
def test_a_thing_of_another_form_is_found_under_no_address(
    whole: Whole, people: dict[str, Visitor], page: Page
) -> None:
    """A submission, a person, an entry: whoever knows its number gets it neither under their form nor under none."""
    named = [name for name in whole.arguments[OTHER] if f"<{name}>" in page.rule and name != "form"]
    if not named:
        return
    visitor = people["operator"]
    mixed = whole.arguments[OTHER] | {"form": OWN}
    whole.arguments["mixed"] = mixed
    change, before = change_in(visitor.get(f"{OFFICE}/")), whole.content()
    status = 403 if page.need is Need.SITE else 404
    assert send(visitor, page, whole.address(page, "mixed"), change).status_code == status
    assert whole.content() == before


@pytest.mark.parametrize("action", ["revoke", "window", "name", "give_back", "reissue"])
@pytest.mark.parametrize(("role", "form", "mine"), [("teacher", OWN, False), ("operator", OTHER, None)])
def test_a_code_that_is_somebody_elses_is_touched_by_no_list(
    whole: Whole, people: dict[str, Visitor], role: str, form: str, mine: bool | None, action: str
) -> None:
    """Who knows what a page of others would post changes nothing with it, neither a batch nor a form beside theirs."""
    strange = [
        grant
        for grant in whole.site.parts.store.grants(GrantFilter(form=form))
        if mine is None or (grant.batch == BATCH) is mine
    ]
    assert strange
    visitor, before = people[role], whole.content()
    change = change_in(visitor.get(f"{OFFICE}/"))
    for grant in strange:
        seen = f"{grant.fingerprint.hex()}.{grant.version}"
        fields = {
            "change": change,
            "action": action,
            "label": "x",
            "subject": "x",
        }
        for below in "choose", "change":
            answer = visitor.post(f"{OFFICE}/f/{OWN}/people/{below}", data=fields | {"code": seen})
            assert answer.status_code < 500
            assert "new code" not in answer.headers.get("Location", "")
        page = visitor.get(f"{OFFICE}/f/{OWN}/people/{grant.fingerprint.hex()}")
        assert page.status_code == 404
    # That somebody decided something is noted, so that it is not done twice; it came to nothing.
    after = whole.content()
    for content in before, after:
        del content["changes"]
    assert after == before


@pytest.mark.parametrize("page", PAGES, ids=key)
def test_other_methods_do_nothing(whole: Whole, people: dict[str, Visitor], page: Page) -> None:
    """405 for who is signed in, whatever it is that they try."""
    known = {method for one in PAGES if one.rule == page.rule for method in one.methods}
    before = whole.content()
    for method in set(METHODS) - known - ({"HEAD"} if "GET" in known else set()):
        answer = people["owner"].open(whole.address(page), method=method)
        # Servers and frameworks turn some away before it comes to us.
        assert answer.status_code in (405, 404, 501), method
    assert whole.content() == before


@pytest.mark.parametrize("mount", ["wsgi", "flask"])
def test_without_a_session_every_address_is_the_same(whole: Whole, mount: str) -> None:
    """403 and the very same bytes and headers, by every method, for what is there and for what is not."""
    visitor = whole.site.visitor(mounted(whole, mount))
    there = {whole.address(page, form) for page in PAGES for form in (OWN, OTHER)}
    nowhere = {
        f"{OFFICE}{path}" for path in ("", "//", "/x", "/f/", "/f/nobody", "/health/", "/%2e%2e", "/a//b")
    }
    answers = {
        (method == "HEAD", answer.status_code, answer.data, tuple(sorted(answer.headers)))
        for address in there | nowhere
        for method in METHODS[:7]
        for answer in [visitor.open(address, method=method)]
    }
    assert {status for _, status, _, _ in answers} == {403}
    assert len(answers) == 2, "one with a body, and one for HEAD"


def test_an_ended_session_is_none(whole: Whole) -> None:
    """Whoever was signed out gets the same as who never was."""
    visitor, stranger = signed_in(whole.site, "Mr Gone"), whole.site.visitor()
    *_, visit = (one for one in whole.site.parts.sign_ins.listed() if one.operator.name == "Mr Gone")
    whole.site.parts.sign_ins.end(visit.sign_in_id, actor="the tests")
    for page in PAGES:
        address = whole.address(page)
        assert visitor.get(address).data == stranger.get(address).data


@pytest.mark.parametrize("page", [page for page in PAGES if page.changes], ids=key)
def test_nobody_is_made_to_change_anything(whole: Whole, people: dict[str, Visitor], page: Page) -> None:
    """By a page of another site, or one that somebody made up: 403, and the store is as it was."""
    visitor, before, statuses = people["owner"], whole.content(), {}
    right = {"change": change_in(visitor.get(f"{OFFICE}/"))}
    for how, (fields, headers) in FORGED.items():
        given = right if fields is None else fields
        statuses[how] = visitor.post(whole.address(page), data=given, headers=headers).status_code
    assert statuses == dict.fromkeys(FORGED, 403)
    assert whole.content() == before


@pytest.mark.parametrize("page", [page for page in PAGES if page.changes], ids=key)
def test_a_pages_word_is_good_in_its_own_browser_for_its_own_operator(whole: Whole, page: Page) -> None:
    """Not in another's, and not for who signs in after them on the same machine."""
    one, other = signed_in(whole.site, "One"), signed_in(whole.site, "One")
    change = change_in(one.get(f"{OFFICE}/"))
    enter(one, link_of(whole.site, "Other"))
    before = whole.content()
    for visitor in one, other:
        assert visitor.post(whole.address(page), data={"change": change}).status_code == 403
    assert whole.content() == before
