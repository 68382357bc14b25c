"""What an owner wants for a form: the hours, and how long what was opened may still be sent."""

from __future__ import annotations

from typing import Any

import pytest

from jotgate.outcomes import Reason
from jotgate.policy import CLOSING_GRACE_SECONDS, FormPolicy, shut

OPENS, CLOSES, HOUR = 1_000_000.0, 1_100_000.0, 3_600.0


def policy(**wishes: Any) -> FormPolicy:
    """Return the policy of a form."""
    return FormPolicy(form="students", form_id="1", title="Students", **wishes)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (OPENS - 1, Reason.NOT_YET_OPEN),
        (OPENS, None),
        (CLOSES - 1, None),
        (CLOSES, Reason.CLOSED),
        (CLOSES + 1, Reason.CLOSED),
    ],
)
def test_a_form_is_open_from_its_first_second_to_its_last(now: float, reason: Reason | None) -> None:
    """The moment at which it closes is past the end."""
    assert policy(opens_at=OPENS, closes_at=CLOSES).closed(now) is reason
    assert policy().closed(now) is None


def test_a_ticket_runs_out_with_its_time_or_half_an_hour_after_the_form_closes() -> None:
    """Whichever comes first."""
    limited = policy(closes_at=CLOSES, ticket_ttl_seconds=HOUR)
    assert limited.ticket_expires_at(CLOSES - 2 * HOUR) == CLOSES - HOUR
    assert limited.ticket_expires_at(CLOSES - 60) == CLOSES + CLOSING_GRACE_SECONDS
    assert policy(ticket_ttl_seconds=HOUR).ticket_expires_at(CLOSES - 60) == CLOSES - 60 + HOUR


@pytest.mark.parametrize(("ttl", "expires_at"), [(None, 500.0), (100.0, 200.0), (10_000.0, 500.0)])
def test_a_pass_never_outlives_its_ticket(ttl: float | None, expires_at: float) -> None:
    """It is over with the ticket, or earlier if the owner says so."""
    assert policy(pass_ttl_seconds=ttl).pass_expires_at(100.0, 500.0) == expires_at


@pytest.mark.parametrize(
    ("missing_since", "settled", "capacity", "reason"),
    [
        (None, 5, None, None),
        (None, 4, 5, None),
        (None, 5, 5, Reason.FULL),
        (None, 6, 5, Reason.FULL),
        (0.0, 5, 5, Reason.FIELD_MISSING),
        (12.0, 0, None, Reason.FIELD_MISSING),
    ],
)
def test_a_form_that_is_full_or_without_its_field_takes_nobody(
    missing_since: float | None, settled: int, capacity: int | None, reason: Reason | None
) -> None:
    """A person's pause comes first; then the missing field, which needs the owner."""
    assert shut(missing_since=missing_since, settled=settled, capacity=capacity) is reason
    assert (
        shut(missing_since=missing_since, settled=settled, capacity=capacity, paused_at=0.0) is Reason.PAUSED
    )


@pytest.mark.parametrize(("access", "takes"), [(("code",), True), (("app",), False), (("app", "code"), True)])
def test_codes_open_what_is_open_to_codes(access: tuple[str, ...], takes: bool) -> None:
    """By the setting `access`."""
    assert policy(access=access).takes_codes is takes
