"""What a store that was restored from an old copy must not let anybody do: use once more what was used since."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from jotgate.frozen import frozen
from jotgate.protocols import Grant, GrantFilter
from jotgate.stores import Store

_PAGE_ROWS = 500
_NOTE = "store void"


@frozen
class Voided:
    """How much is, or was, still good."""

    #: Codes that open a form, or will.
    codes: int
    #: Codes beyond those, and subjects of apps, whose tickets or passes may be in somebody's browser.
    others: int


def count_open(store: Store, *, before: float, now: float) -> Voided:
    """Return what `void` would void at most."""
    codes = others = 0
    for grant in _all(store, before):
        if _is_open(grant, now):
            codes += 1
        else:
            others += 1
    return Voided(codes=codes, others=others)


def void(store: Store, *, before: float, now: float, actor: str) -> Voided:
    """Revoke every open code made until *before*, and end the tickets and passes of all others and of apps' subjects.

    Apps' subjects stay welcome: their next token opens the form with a ticket of its own.

    Raises:
        StoreUnavailable: what was done by then stays done; do it again.
    """
    codes = others = 0
    found = _all(store, before)
    while page := list(islice(found, _PAGE_ROWS)):
        opened = tuple(grant.fingerprint for grant in page if _is_open(grant, now))
        if opened:
            codes += store.revoke_grants(GrantFilter(fingerprints=opened), now=now, actor=actor, note=_NOTE)
        for app in {grant.app for grant in page}:
            rest = tuple(one.fingerprint for one in page if one.app == app and not _is_open(one, now))
            if rest:
                others += store.end_tickets(GrantFilter(fingerprints=rest, app=app), now=now, actor=actor)
    return Voided(codes=codes, others=others)


def _all(store: Store, before: float) -> Iterator[Grant]:
    """Iterate over what is not revoked, codes first."""
    for app in (None, *(one.name for one in store.apps())):
        for grant in store.grants(GrantFilter(app=app)):
            if grant.revoked_at is None and grant.created_at <= before:
                yield grant


def _is_open(grant: Grant, now: float) -> bool:
    is_over = grant.valid_until is not None and now >= grant.valid_until
    return grant.app is None and grant.used < grant.uses and not is_over
