"""F20: after an old copy was restored, nothing that is open in it is good any more, and nothing else is touched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jotgate import mint_token
from jotgate.admission.voiding import Voided, count_open, void
from jotgate.outcomes import Verdict
from jotgate.stores.backup import back_up
from tests.door.site import DOOR, Site, Visitor, running_site, ticket_in


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site whose form opens with a code or from an app."""
    with running_site(form={"access": ["code", "app"]}) as running:
        yield running


def by_app(site: Site, secret: str, subject: str) -> Visitor:
    """Return a web view in which an app has opened the form."""
    token = mint_token(secret, app="ios", form="students", subject=subject, now=site.clock.now())
    visitor = site.visitor()
    assert visitor.get(f"{DOOR}/enter", query_string={"token": token}).status_code == 303
    return visitor


def restored(site: Site, copy: Path) -> Site:
    """Return the site as it runs on *copy*, which is put in its store's place."""
    target = copy.with_name("restored.db")
    shutil.copy(copy, target)
    return site.restarted(store=f"sqlite:///{target}")


def test_an_old_copy_lets_nobody_in_until_there_are_new_codes(site: Site, tmp_path: Path) -> None:
    """Codes and tickets that were used since the backup are worth nothing; by HTTP, and at the verdict."""
    code, class_code, secret = site.code(), site.code(uses=30), site.app_secret()
    pupil, phone = site.visitor(), by_app(site, secret, "u-1")
    assert pupil.enter(class_code).status_code == 303
    ticket = ticket_in(pupil.get(DOOR).text)
    back_up(site.store_path, tmp_path / "copy.db")
    assert site.visitor().enter(code).status_code == 303

    old = restored(site, tmp_path / "copy.db")
    now = old.clock.now()
    counted = count_open(old.parts.store, before=now, now=now)
    assert counted == Voided(codes=2, others=1)
    assert old.visitor().enter(code).status_code == 303
    assert void(old.parts.store, before=now, now=now, actor="the tests") == counted
    again = old.restarted()
    for text in (code, class_code):
        assert again.visitor().enter(text).status_code == 403
    for browser in (pupil, phone):
        browser.application = again.gate
        assert "<iframe" not in browser.get(DOOR).text
    again.clock.ahead_seconds += 5
    sent = site.sandbox.submit(site.form_id, {"jotgate": ticket}, webhook=False)
    again.sweep()
    assert again.verdict(sent) is Verdict.REVOKED
    # What comes new is good.
    assert again.visitor().enter(again.code()).status_code == 303
    assert ticket_in(by_app(again, secret, "u-1").get(DOOR).text)
    again.parts.store.close()
    old.parts.store.close()


def test_what_is_over_stays_as_it_is(site: Site) -> None:
    """A used-up, an expired and a revoked code keep their own reasons; a second run finds nothing."""
    used, over, ended = site.code(), site.code(valid_until=site.clock.now() + 60), site.code()
    visitor = site.visitor()
    visitor.enter(used)
    sent = site.sandbox.submit(site.form_id, {"jotgate": ticket_in(visitor.get(DOOR).text)}, webhook=False)
    site.sweep()
    assert site.verdict(sent) is Verdict.VERIFIED
    which = site.parts.grants.by_code(ended)
    assert which is not None
    site.parts.grants.revoke(which, actor="the tests")
    site.clock.ahead_seconds += 120
    now, store = site.clock.now(), site.parts.store
    before = {one.fingerprint: (one.revoked_at, one.used) for one in site.parts.grants.list()}
    assert void(store, before=now, now=now, actor="the tests").codes == 0
    assert {one.fingerprint: (one.revoked_at, one.used) for one in site.parts.grants.list()} == before
    assert site.verdict(sent) is Verdict.VERIFIED
    assert void(store, before=now, now=now, actor="the tests").codes == 0
    assert [site.visitor().enter(text).status_code for text in (used, over, ended)] == [403] * 3


def test_what_was_made_later_is_spared(site: Site) -> None:
    """With a moment, codes made after it open the form as before; in the ledger, each voided one has its entry."""
    early = site.codes(600)
    moment = site.clock.now()
    site.clock.ahead_seconds += 60
    late, now = site.code(), site.clock.now()
    assert count_open(site.parts.store, before=moment, now=now) == Voided(codes=600, others=0)
    assert void(site.parts.store, before=moment, now=now, actor="ada") == Voided(codes=600, others=0)
    refused = site.visitor().enter(early[0])
    assert refused.status_code == 403
    assert site.visitor().enter(late).status_code == 303
