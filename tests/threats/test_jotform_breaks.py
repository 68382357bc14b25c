"""JotForm fails in every way that is known: the door stays open, nobody gets a wrong answer, all get their verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jotgate.outcomes import Verdict
from tests.door.site import DOOR, Site, running_site, ticket_in
from tests.jotform.test_faults import CASES, Case
from tests.servers.serving import JSON

#: Longer than any form rests after a failure, and than any day of calls.
_LONG_AFTER_SECONDS = 25 * 3_600.0
#: Enough for a change, one of a kind each; all of them take half a minute and more.
_QUICK = ("status-503", "status-401", "over_limit-429", "cut_json", "down")
_EACH = [pytest.param(case, marks=() if str(case) in _QUICK else pytest.mark.slow) for case in CASES]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Give a site whose client does not pause between its tries."""
    with running_site() as running:
        monkeypatch.setattr(running.parts.service, "_sleep", lambda seconds: None)
        yield running


@pytest.mark.parametrize("case", _EACH, ids=str)
def test_f9_a_fault_delays_a_verdict_and_changes_none(site: Site, case: Case) -> None:
    """What was sent meanwhile is pending, somebody else is let in, and afterwards both are judged as always."""
    sent = site.admitted()
    honest = site.sandbox.submit(site.form_id, {"jotgate": ticket_in(sent.get(DOOR).text)}, webhook=False)
    bare = site.sandbox.submit(site.form_id, {"message": "by the bare address"}, webhook=False)
    assert sent.post(f"{DOOR}/sent", headers=JSON).status_code == 200
    site.parts.intake.take(site.form_id, honest)

    site.sandbox.add_fault(case.kind, times=None, **case.options)
    # The form was read a moment ago, when the site began.
    site.clock.ahead_seconds += 60.0
    used = site.parts.quota.usage().used
    site.parts.sweep.run(deadline_seconds=1.0)
    assert site.parts.quota.usage().used > used
    assert [site.verdict(one) for one in (honest, bare)] == [None, None]
    assert sent.get(f"{DOOR}/state").json["state"] == "sent"
    assert site.admitted().get(DOOR).status_code == 200

    site.sandbox.clear_faults()
    site.clock.ahead_seconds += _LONG_AFTER_SECONDS
    site.parts.sweep.run()
    assert [site.verdict(one) for one in (honest, bare)] == [Verdict.VERIFIED, Verdict.UNTICKETED]


def test_f9_thirty_faults_are_tried() -> None:
    """As many as the page says, some of them for every change."""
    assert len(CASES) >= 30
    assert set(_QUICK) <= set(map(str, CASES))
