"""Apps and scoped keys in the office: made, replaced and ended, by who looks after the whole site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from jotgate.clock import iso
from jotgate.errors import InputError
from jotgate.mirroring.scoped_keys import Scope
from jotgate.protocols import AppKeyState
from jotgate.signed.tokens import mint_token
from tests.door.office.operators import OFFICE, post, signed_in
from tests.door.site import Site, Visitor, running_site

_ATTACK = '"><script>alert(1)</script>'


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site(form={"access": ["code", "app"]}) as site:
        yield site


def secret_in(answer: TestResponse) -> str:
    """Return the secret that a page shows, and see that it is in nothing that is kept."""
    found = re.search(r'<textarea id="secret"[^>]*>([^<]+)<', answer.text)
    assert found, answer.text
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert found[1] not in str(answer.headers)
    return unescape(found[1])


def make_key(visitor: Visitor, **fields: Any) -> TestResponse:
    """Press the button of the page about scoped keys."""
    given = {"form": ["students"], "share": "100/day", **fields}
    return post(visitor, "/keys/create", page="/keys", **given)


def test_an_app_is_registered_and_its_secret_is_shown_once(site: Site) -> None:
    """What it mints opens the form; no other page, no address, no cookie and no entry holds the secret."""
    visitor = signed_in(site)
    answer = post(
        visitor, "/apps/create", page="/apps", name="ios", form=["students"], return_url="https://a.example/x"
    )
    secret = secret_in(answer)
    token = mint_token(secret, app="ios", form="students", subject="u-1", now=site.clock.now())
    assert site.visitor().post("/jotgate/f/students/enter", data={"token": token}).status_code == 303
    page = visitor.get(f"{OFFICE}/apps").text
    assert "Opens students. Leads back to https://a.example/x." in page
    assert secret not in page
    assert secret.rpartition(".")[2] not in site.store_path.read_bytes().decode("latin-1")
    again = post(visitor, "/apps/create", page="/apps", name="ios", form=["students"])
    assert (again.status_code, 'value="ios"' in again.text) == (422, True)


def test_an_app_gets_another_key_and_the_old_one_is_ended(site: Site) -> None:
    """By one person: the second, and a second click, is told that there is a new one."""
    old = site.parts.apps.create("ios", ["students"], actor="t")
    first, second = signed_in(site), signed_in(site, "Mr Lund")
    secret_in(post(first, "/apps/ios/rotate", page="/apps", seen=old.key_id))
    late = post(second, "/apps/ios/rotate", page="/apps", seen=old.key_id)
    assert (late.status_code, "since you looked: nothing was changed" in late.text) == (422, True)
    [registered] = site.parts.apps.list()
    assert len(registered.keys) == 2
    unsure = post(first, "/apps/ios/revoke", page="/apps", key=old.key_id)
    assert (unsure.status_code, "Tick that you are sure" in unsure.text) == (422, True)
    assert post(first, "/apps/ios/revoke", page="/apps", key=old.key_id, sure="on").status_code == 303
    states = {key.key_id: key.state for key in site.parts.apps.list()[0].keys}
    assert states.pop(old.key_id) is AppKeyState.REVOKED
    assert list(states.values()) == [AppKeyState.NEXT]
    assert post(first, "/apps/ios/revoke", page="/apps", key="", sure="on").status_code == 303
    assert site.parts.apps.list()[0].app.revoked_at is not None
    assert post(first, "/apps/nobody/revoke", page="/apps", key="", sure="on").status_code == 422


def test_a_scoped_key_is_made_shown_once_and_ended(site: Site) -> None:
    """It reads through the mirror until it is revoked; the page keeps only its public name."""
    visitor = signed_in(site)
    key = secret_in(make_key(visitor, label=f"the board {_ATTACK}"))
    ask = {"headers": {"APIKEY": key}}
    assert site.visitor().get(f"/jotgate/v1/form/{site.form_id}", **ask).status_code == 200
    page = visitor.get(f"{OFFICE}/keys").text
    key_id = key.split("_")[1]
    assert key_id in page
    assert key not in page
    assert _ATTACK not in page
    assert post(visitor, f"/keys/{key_id}/revoke", page="/keys").status_code == 422
    assert post(visitor, f"/keys/{key_id}/revoke", page="/keys", sure="on").status_code == 303
    assert site.visitor().get(f"/jotgate/v1/form/{site.form_id}", **ask).status_code == 401


def test_a_key_ends_with_the_day_that_was_chosen() -> None:
    """By the clocks of the form that it reads, as the page says before and after."""
    with running_site(form={"timezone": "Pacific/Auckland"}) as site:
        visitor = signed_in(site)
        secret_in(make_key(visitor, expires="2037-07-31"))
        [key] = site.parts.scoped_keys.list()
        assert iso(key.expires_at) == "2037-07-31T12:00:00Z"
        assert "1 August 2037 at 00:00" in visitor.get(f"{OFFICE}/keys").text


def test_a_key_that_is_not_shown_any_more_is_named(site: Site) -> None:
    """Ten minutes after the page has made it, or once it is revoked, so that nobody's key is left about."""
    keys, scope, seed = site.parts.scoped_keys, Scope(forms=("students",)), b"s" * 32
    issued = keys.create(scope, actor="t", seed=seed)
    assert keys.create(scope, actor="t", seed=seed) == issued
    keys.revoke(issued.key_id, actor="t")
    with pytest.raises(InputError, match=issued.key_id):
        keys.create(scope, actor="t", seed=seed)
    assert len(keys.list()) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"form": []}, "A key needs at least one form."),
        ({"share": "lots"}, "A share is a part of the day&#39;s calls"),
        ({"fields": "nothing"}, "&#39;nothing&#39; is not a field of students."),
        ({"fields": "jotgate"}, "is the ticket field, which no key sees."),
        ({"expires": "2020-01-01"}, "would have expired before its first use."),
        ({"expires": "soon"}, "soon"),
        ({"others": "12"}, "form"),
    ],
)
def test_what_makes_no_sense_is_sent_back(site: Site, fields: dict[str, Any], said: str) -> None:
    """With what was typed, and no key is made."""
    answer = make_key(signed_in(site), label="the board", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="the board"' in answer.text
    assert site.parts.scoped_keys.list() == []


@pytest.mark.parametrize("path", ["/apps", "/keys"])
def test_they_are_for_who_looks_after_the_whole_site(site: Site, path: str) -> None:
    """Not for who looks after some forms or one batch; who only looks has no button."""
    for limits in {"forms": ["students"]}, {"batches": ["7b"]}:
        limited = signed_in(site, **limits)
        assert limited.get(OFFICE + path).status_code == 403
        assert f'href="{OFFICE}{path}"' not in limited.get(f"{OFFICE}/").text
    looker = signed_in(site, may_change=False)
    page = looker.get(OFFICE + path)
    assert (page.status_code, f"{OFFICE}{path}/" in page.text) == (200, False)
    assert post(looker, f"{path}/create", name="ios", form=["students"], share="1").status_code == 403
    assert site.visitor().get(OFFICE + path).status_code == 403
    assert (site.parts.apps.list(), site.parts.scoped_keys.list()) == ((), [])
