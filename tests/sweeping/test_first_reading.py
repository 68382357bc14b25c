"""A form's first reading starts where the gate began, however much was sent before and since."""

from __future__ import annotations

import pytest

from jotgate.outcomes import Verdict
from tests.standin.account import Mishaps
from tests.standin.gated import Gated, gated

_HOUR = 3_600.0


def _sent_since(site: Gated, count: int) -> set[str]:
    code = site.code(uses=count)
    rows = set()
    for _ in range(count):
        rows.add(site.submit(ticket=site.enter(code), webhook=False))
        site.clock.at += 2
    return rows


@pytest.mark.parametrize(
    "since", [1_521, *(pytest.param(one, marks=pytest.mark.slow) for one in (1_519, 2_600))]
)
def test_a_sweep_that_starts_late_judges_all_that_was_sent_since(since: int) -> None:
    """The API was down on the first day, or the sweep's process started late."""
    with gated() as site:
        site.account.add_row(site.forms["form-0"], made_at=site.clock.at - 60)
        rows = _sent_since(site, since)
        site.wait(10 * 60, step=5)
        assert site.verdicts() == dict.fromkeys(rows, Verdict.VERIFIED)
        assert site.account.calls <= 12


@pytest.mark.slow
def test_100000_earlier_submissions_cost_a_handful_of_calls() -> None:
    """None of them is judged, and those sent since all are."""
    with gated() as site:
        form_id, began_at = site.forms["form-0"], site.clock.at
        for number in range(100_000):
            site.account.add_row(form_id, made_at=began_at - 10 - (100_000 - number) * 3)
        rows = _sent_since(site, 30)
        for _ in range(60):
            site.clock.at += 2
            site.parts.sweep.run()
        assert site.verdicts() == dict.fromkeys(rows, Verdict.VERIFIED)
        assert site.account.calls <= 8


def test_a_day_of_outage_before_the_first_reading_loses_nothing() -> None:
    """The gate let people in for a day while JotForm's API was down."""
    with gated() as site:
        site.account.mishaps = Mishaps(status=502)
        code, rows = site.code(uses=2_000), set()
        for number in range(2_000):
            rows.add(site.submit(ticket=site.enter(code), webhook=False))
            site.clock.at += 40
            if number % 10 == 0:
                site.look()
        site.account.mishaps = Mishaps()
        site.wait(_HOUR, step=10)
        assert site.verdicts() == dict.fromkeys(rows, Verdict.VERIFIED)
