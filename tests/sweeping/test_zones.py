"""Accounts whose clock hangs anywhere, forms that were filled in offline, and ids that count nothing."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from jotgate.outcomes import Verdict
from jotgate.protocols import GrantFilter
from tests.standin.gated import Gated, gated

_HOUR = 3_600.0
_ZONES = ["America/New_York", "America/Los_Angeles", "UTC", "Europe/Berlin", "Asia/Kolkata"]


def _odd_id(number: int) -> str:
    """Return an id that counts nothing."""
    return str(700_000 + number)


def _account(zone: str, told: str | None) -> dict[str, object]:
    return {"zone": ZoneInfo(zone), "told_zone": told}


def _revoke(site: Gated) -> None:
    site.parts.grants.revoke(GrantFilter(form="form-0"), actor="the test")


def _learnt(site: Gated, make_id: Callable[[int], str | None]) -> None:
    """Let ten submissions show where the account's clock hangs."""
    for number in range(10):
        site.submit(ticket=site.ticket(), row_id=make_id(number))
        site.wait(20)


def _no_id(number: int) -> None:
    return None


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("make_id", [_odd_id, _no_id])
@pytest.mark.parametrize("zone", _ZONES)
def test_what_was_sent_in_time_is_never_expired(
    zone: str, make_id: Callable[[int], str | None], told: bool
) -> None:
    """From the first submission on, whatever the ids look like and whether or not the account names its zone."""
    with gated(account=_account(zone, zone if told else None), ticket_ttl="10m") as site:
        site.wait(10)
        rows = []
        for number in range(12):
            ticket = site.ticket()
            site.wait(9 * 60, step=30)
            rows.append(site.submit(ticket=ticket, row_id=make_id(number)))
        site.wait(120)
        assert site.verdicts() == dict.fromkeys(rows, Verdict.VERIFIED)


@pytest.mark.parametrize("make_id", [_odd_id, _no_id])
@pytest.mark.parametrize("zone", _ZONES)
def test_what_was_sent_too_late_is_expired_once_the_zone_is_known(
    zone: str, make_id: Callable[[int], str | None]
) -> None:
    """The doubt is the visitor's only as long as there is one."""
    with gated(account=_account(zone, zone), ticket_ttl="10m") as site:
        site.wait(10)
        _learnt(site, make_id)
        ticket = site.ticket()
        site.wait(11 * 60, step=30)
        late = site.submit(ticket=ticket, row_id=make_id(99))
        site.wait(60)
        assert site.verdicts()[late] is Verdict.EXPIRED


@pytest.mark.parametrize("make_id", [_odd_id, _no_id])
@pytest.mark.parametrize("zone", _ZONES)
def test_what_was_sent_after_the_revocation_is_revoked(
    zone: str, make_id: Callable[[int], str | None]
) -> None:
    """Even on the first submission of an account: no reading of its time saves it."""
    with gated(account=_account(zone, None)) as site:
        site.wait(10)
        ticket = site.ticket()
        site.wait(_HOUR, step=60)
        _revoke(site)
        site.wait(_HOUR, step=60)
        row = site.submit(ticket=ticket, row_id=make_id(1))
        site.wait(60)
        assert site.verdicts() == {row: Verdict.REVOKED}


@pytest.mark.parametrize("make_id", [_odd_id, _no_id])
@pytest.mark.parametrize("zone", _ZONES)
def test_what_was_read_before_the_revocation_was_sent_before_it(
    zone: str, make_id: Callable[[int], str | None]
) -> None:
    """A submission without answers yet is judged after the revocation, but it was seen before."""
    with gated(account=_account(zone, None)) as site:
        site.wait(10)
        row = site.submit(ticket=site.ticket(), row_id=make_id(1), answers_at=site.clock.at + 300)
        site.wait(30)
        _revoke(site)
        site.wait(20 * 60, step=10)
        assert site.verdicts() == {row: Verdict.VERIFIED}


@pytest.mark.parametrize("hours", [0.25, 1, 3, 5.5, 30])
def test_a_form_that_was_filled_in_offline_in_time_counts(hours: float) -> None:
    """Its ticket ran out before the tablet came back, a whole number of hours after the form was filled in."""
    with gated(ticket_ttl="10m") as site:
        site.wait(10)
        _learnt(site, _no_id)
        ticket, made_at = site.ticket(), site.clock.at + 60
        site.wait(60 + hours * _HOUR, step=120)
        row = site.account.add_row(
            site.forms["form-0"], ticket=ticket, made_at=made_at, row_id=site.account.free_id(site.clock.at)
        )
        site.deliver("form-0", row)
        site.wait(60)
        record = site.records()[row]
        assert record.verdict is Verdict.VERIFIED
        assert record.created_at == made_at
        assert record.created_from == "created_at in America/New_York"


def test_an_account_asks_for_its_zone_at_most_once_a_day() -> None:
    """And an account in New York never does."""
    for zone, most in (("America/New_York", 0), ("Asia/Kolkata", 1)):
        with gated(account=_account(zone, None)) as site:
            site.wait(10)
            _learnt(site, _no_id)
            assert sum(call.path == "/user" for call in site.account.log) == most
