"""Pages that show a secret once: sent twice, by a second click or a reload, they show it again, to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from werkzeug.test import TestResponse

from jotgate.admission.grants import Person, Terms
from jotgate.errors import StoreUnavailable
from jotgate.protocols import EntryFilter
from jotgate.signed.repeats import SHOWN_SECONDS
from jotgate.stores.driver import Transaction
from tests.door.office.operators import OFFICE, change_in, link_of, overtaken, signed_in
from tests.door.site import Site, Visitor, running_site

PEOPLE = f"{OFFICE}/f/students/people"
_FORM = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]+)".*?</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_SECRETS = re.compile(r'office-code">([^<]+)<|<textarea id="secret"[^>]*>([^<]+)<')

#: An address and what a page posts there, as a browser sends it.
Post = tuple[str, dict[str, Any]]


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site with a class of three, and an app."""
    with running_site(form={"access": ["code", "app"]}) as site:
        persons = [Person(subject=f"s-{n}", label=name) for n, name in enumerate(("Özlem", "Ada", "Grace"))]
        list(site.parts.grants.create(Terms(form="students", batch="7a"), persons))
        site.parts.apps.create("ios", ["students"], actor="the tests")
        yield site


def filled(page: TestResponse, address: str, action: str = "", **fields: Any) -> Post:
    """Return what a page's form to *address* posts, with its visible fields filled in."""
    assert page.status_code == 200, page.text
    for form in _FORM.finditer(page.text):
        found: dict[str, Any] = {}
        for name, value in _HIDDEN.findall(form[0]):
            found.setdefault(name, []).append(unescape(value))
        if form[1].endswith(address) and found.get("action", [action]) == [action]:
            return form[1], found | fields
    raise AssertionError(f"no form to {address}: {page.text}")


def _looked_at(visitor: Visitor, **fields: Any) -> Post:
    page = visitor.get(f"{PEOPLE}/new")
    data = {"change": change_in(page), "uses": "1", **fields}
    return filled(visitor.post(f"{PEOPLE}/check", data=data), "/create")


def by_name(site: Site, visitor: Visitor) -> Post:
    """New codes for two new pupils, and one who has a code."""
    return _looked_at(visitor, names="Ada Lovelace\nAlan\nEmmy", again="skip")


def in_place(site: Site, visitor: Visitor) -> Post:
    """New codes in place of those that three pupils have."""
    return _looked_at(visitor, names="number;name\ns-0;Özlem\ns-1;Ada\ns-2;Grace", again="replace")


def by_number(site: Site, visitor: Visitor) -> Post:
    """Three codes for whoever gets them."""
    return _looked_at(visitor, count="3")


def _path_of(site: Site, subject: str) -> str:
    return f"{PEOPLE}/{site.parts.people.codes_of('students', subject)[0].fingerprint.hex()}"


def one_lost(site: Site, visitor: Visitor) -> Post:
    """Another code for one pupil."""
    return filled(visitor.get(_path_of(site, "s-1")), "/change", "reissue")


def all_lost(site: Site, visitor: Visitor) -> Post:
    """Another code for all whom a list shows."""
    data = {"change": change_in(visitor.get(PEOPLE)), "action": "reissue", "which": "all", "batch": "7a"}
    return filled(visitor.post(f"{PEOPLE}/choose", data=data), "/change", "reissue")


def new_app(site: Site, visitor: Visitor) -> Post:
    """An app."""
    page = visitor.get(f"{OFFICE}/apps")
    return filled(page, "/apps/create", name="android", form=["students"], return_url="")


def new_app_key(site: Site, visitor: Visitor) -> Post:
    """Another secret for an app."""
    return filled(visitor.get(f"{OFFICE}/apps"), "/rotate")


def new_key(site: Site, visitor: Visitor) -> Post:
    """A scoped key."""
    return filled(visitor.get(f"{OFFICE}/keys"), "/keys/create", form=["students"], share="5%/day", label="x")


EVERY = [by_name, in_place, by_number, one_lost, all_lost, new_app, new_app_key, new_key]
each_page = pytest.mark.parametrize("asked", EVERY, ids=lambda one: one.__name__)


def secrets_in(page: TestResponse) -> list[str]:
    """Return the codes, or the secret, that a page shows."""
    return [unescape(code or secret) for code, secret in _SECRETS.findall(page.text)]


def made(site: Site) -> list[object]:
    """Return everything that exists, and what the ledger says of it."""
    store = site.parts.store
    entries = [one.entry for one in store.entries(EntryFilter(), limit=99)]
    return [list(store.grants()), store.app_keys(), site.parts.scoped_keys.list(), entries]


@each_page
def test_a_page_that_is_sent_again_shows_the_same_secrets(
    site: Site, asked: Callable[[Site, Visitor], Post]
) -> None:
    """By a reload, or by pressing the button twice: nothing more is made, and the ledger tells it once."""
    visitor = signed_in(site)
    address, fields = asked(site, visitor)
    first = secrets_in(visitor.post(address, data=fields))
    assert first
    before = made(site)
    assert secrets_in(visitor.post(address, data=fields)) == first
    assert made(site) == before


@each_page
def test_many_clicks_at_once_make_one(site: Site, asked: Callable[[Site, Visitor], Post]) -> None:
    """Whichever answer the browser shows in the end has the secrets, and all of them."""
    visitor = signed_in(site)
    address, fields = asked(site, visitor)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: visitor.post(address, data=fields), range(8)))
    assert {one.status_code for one in answers} == {200}
    assert len({tuple(secrets_in(one)) for one in answers}) == 1
    before = made(site)
    assert secrets_in(visitor.post(address, data=fields)) == secrets_in(answers[0]) != []
    assert made(site) == before


@each_page
def test_the_secrets_are_shown_again_to_nobody_else(
    site: Site, asked: Callable[[Site, Visitor], Post]
) -> None:
    """Not to another operator in the same browser, nor to the same one in another, whatever they have seen of it."""
    visitor, elsewhere = signed_in(site), signed_in(site)
    address, fields = asked(site, visitor)
    shown = secrets_in(visitor.post(address, data=fields))
    before = made(site)
    assert elsewhere.post(address, data=fields).status_code == 403
    link = link_of(site, "Mr Otieno")
    assert visitor.post(link.partition("?")[0], data={"link": link.partition("link=")[2]}).status_code == 303
    refused = visitor.post(address, data=fields)
    assert refused.status_code == 403
    assert not set(secrets_in(refused)) & set(shown)
    assert made(site)[:3] == before[:3]


@each_page
def test_after_ten_minutes_the_page_shows_and_makes_nothing(
    site: Site, asked: Callable[[Site, Visitor], Post]
) -> None:
    """Somebody who comes back to a tab finds no secrets in it, and no second ones that nobody wanted."""
    visitor = signed_in(site)
    address, fields = asked(site, visitor)
    shown = secrets_in(visitor.post(address, data=fields))
    before = made(site)
    site.clock.ahead_seconds += SHOWN_SECONDS
    late = visitor.post(address, data=fields)
    assert shown
    assert not set(secrets_in(late)) & set(shown)
    assert late.status_code < 500
    assert made(site)[:3] == before[:3]
    assert not [one for one in before[3] if one not in made(site)[3]]  # type: ignore[attr-defined]
    assert len(made(site)[3]) == len(before[3])  # type: ignore[arg-type]


def test_another_wish_of_the_same_page_makes_something_else(site: Site) -> None:
    """Somebody who goes back and fills in another name gets another key, not the first one under a wrong name."""
    visitor = signed_in(site)
    address, fields = new_key(site, visitor)
    first = secrets_in(visitor.post(address, data=fields))
    second = secrets_in(visitor.post(address, data=fields | {"label": "y"}))
    assert first != second
    assert [one.label for one in site.parts.scoped_keys.list()] == ["x", "y"]


@pytest.mark.parametrize("asked", [by_name, in_place], ids=lambda one: one.__name__)
def test_the_same_list_given_twice_at_once_gives_each_person_one_code(
    site: Site, asked: Callable[[Site, Visitor], Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague gives it, too, between the look at who has a code and the codes: theirs stay the only ones."""
    late, quick = signed_in(site), signed_in(site, "Mr Otieno")
    (address, fields), (_, other) = asked(site, late), asked(site, quick)
    answers = overtaken(
        site.parts.store, "create_grants", lambda: quick.post(address, data=other), monkeypatch
    )
    told = late.post(address, data=fields)
    [shown] = map(secrets_in, answers)
    assert (secrets_in(told), len(shown)) == ([], 3)
    assert "3 codes were made before" in told.text
    live = [one.subject for one in site.parts.store.grants() if one.revoked_at is None]
    assert sorted(live) == sorted(set(live))
    assert {site.visitor().enter(code).status_code for code in shown} == {303}


def test_a_code_that_was_replaced_is_not_made_again(site: Site) -> None:
    """A colleague gave the pupil another one meanwhile: the page neither shows the old one nor brings it back."""
    visitor = signed_in(site)
    address, fields = by_number(site, visitor)
    first = secrets_in(visitor.post(address, data=fields))
    lost = next(one for one in site.parts.store.grants() if one.subject is None)
    there, changed = filled(visitor.get(f"{PEOPLE}/{lost.fingerprint.hex()}"), "/change", "reissue")
    assert len(secrets_in(visitor.post(there, data=changed))) == 1
    before = made(site)
    again = visitor.post(address, data=fields)
    assert len(set(secrets_in(again)) & set(first)) == len(secrets_in(again)) == 2
    assert "1 code was made before" in again.text
    assert made(site) == before


def test_a_list_with_a_person_who_is_forgotten_makes_no_more_codes_when_it_is_sent_again(site: Site) -> None:
    """Their code stands under no name, and is still the one that the page has made."""
    site.parts.retention.forget("n-1", form=None, actor="the tests")
    visitor = signed_in(site)
    address, fields = _looked_at(visitor, names="Number\tName\nn-1\tMary Jackson\nn-2\tKatherine Johnson")
    first, before = secrets_in(visitor.post(address, data=fields)), made(site)
    assert len(first) == 2
    assert secrets_in(visitor.post(address, data=fields)) == first
    assert made(site) == before


def test_what_was_undone_is_not_done_again_by_a_reload(site: Site) -> None:
    """The page that made new codes says so, and the old ones stay good."""
    visitor = signed_in(site)
    address, fields = all_lost(site, visitor)
    page = visitor.post(address, data=fields)
    undo, data = filled(page, "/undo")
    assert "3 codes as before" in visitor.get(visitor.post(undo, data=data).location).text
    before = list(site.parts.store.grants())
    assert not secrets_in(visitor.post(address, data=fields))
    assert list(site.parts.store.grants()) == before


def test_a_change_that_was_cut_off_is_finished_by_the_same_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went away after 500 of 1,203 codes: sent again, the page revokes the rest, and tells of them all."""
    monkeypatch.setattr("jotgate.stores.changing._CHUNK", 500)
    list(site.parts.grants.create(Terms(form="students", batch="8a"), [Person()] * 1_200))
    visitor = signed_in(site)
    data = {"change": change_in(visitor.get(PEOPLE)), "action": "revoke", "which": "all"}
    address, fields = filled(visitor.post(f"{PEOPLE}/choose", data=data), "/change", "revoke")
    with monkeypatch.context() as cut:
        cut_off_after(cut, 1)
        failed = visitor.post(address, data=fields)
        assert (failed.status_code, "send the same page again" in failed.text) == (503, True)
    assert sum(one.revoked_at is not None for one in site.parts.store.grants()) == 500
    answer = visitor.post(address, data=fields)
    assert "Revoked 1,203 codes." in told(visitor, answer)
    assert all(one.revoked_at for one in site.parts.store.grants())
    assert "Revoked 1,203 codes." in told(visitor, visitor.post(address, data=fields))
    undo, undoing = filled(visitor.get(answer.location), "/undo")
    assert "Undone: 1,203 codes as before." in told(visitor, visitor.post(undo, data=undoing))


def told(visitor: Visitor, answer: TestResponse) -> str:
    """Return the page that a change leads to."""
    assert answer.status_code == 303, unquote(answer.text)
    return visitor.get(answer.location).text


def cut_off_after(monkeypatch: pytest.MonkeyPatch, chunks: int) -> None:
    """Let the database go away once it has changed so many lots of codes."""
    from jotgate.stores import changing

    left, begin = [chunks], changing._grants

    def grants(tx: Transaction, fingerprints: Any) -> Any:
        if not left[0]:
            raise StoreUnavailable("the database was restarted")
        left[0] -= 1
        return begin(tx, fingerprints)

    monkeypatch.setattr(changing, "_grants", grants)
