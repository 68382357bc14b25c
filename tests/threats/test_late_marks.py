"""Webhooks and browsers tell of a submission late, twice and in the wrong order: it is judged once, whoever tells."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from jotgate.outcomes import Verdict, VerdictEvent
from tests.door.site import DOOR, HOOK_SECRET, Site, Visitor, running_site, ticket_in
from tests.servers.serving import JSON

_HOUR_SECONDS = 3_600.0
_SUBMISSIONS = 12


@pytest.fixture
def site() -> Iterator[Site]:
    """Give a site that sweeps when it is told to."""
    with running_site(form={"ticket_ttl": "1h"}) as running:
        yield running


def deliver(site: Site, submission_id: str) -> None:
    """Let a webhook come, as JotForm sends it."""
    fields = {"formID": site.form_id, "submissionID": submission_id, "rawRequest": "{}"}
    assert site.visitor().post(f"/jotgate/hook/{HOOK_SECRET}", data=fields).status_code == 200


def sent(site: Site) -> tuple[Visitor, str]:
    """Let somebody send the form, and tell nobody; return the browser, and the submission's id."""
    visitor = site.admitted()
    ticket = ticket_in(visitor.get(DOOR).text)
    return visitor, site.sandbox.submit(site.form_id, {"jotgate": ticket}, webhook=False)


def test_f11_marks_that_come_days_late_judge_everything_once(site: Site) -> None:
    """A fifth of the webhooks is lost, a fifth comes twice, all 48 hours late and in any order; so do the browsers."""
    told: list[VerdictEvent] = []
    site.parts.on_verdict(told.append, name="tests.hear")
    site.parts.callbacks.register()
    people = [sent(site) for _ in range(_SUBMISSIONS)]
    lost, doubled = _SUBMISSIONS // 5, _SUBMISSIONS // 5
    webhooks = [submission_id for _, submission_id in people[lost:]]
    webhooks += webhooks[:doubled]
    random.Random(11).shuffle(webhooks)

    site.clock.ahead_seconds += 48 * _HOUR_SECONDS
    for submission_id in webhooks:
        deliver(site, submission_id)
        site.parts.sweep.run()
        site.clock.ahead_seconds += 90.0
    for visitor, _ in people:
        visitor.post(f"{DOOR}/sent", headers=JSON)
    site.clock.ahead_seconds += 10 * 60.0
    site.parts.sweep.run()
    site.parts.callbacks.deliver()

    ids = [submission_id for _, submission_id in people]
    assert Counter(site.verdict(one) for one in ids) == {Verdict.VERIFIED: _SUBMISSIONS}
    assert Counter(event.submission_id for event in told) == Counter(ids)


def test_f11_a_browser_that_tells_late_makes_nothing_pending_again(site: Site) -> None:
    """Its report comes after the verdict: the page hears the verdict, and the form is not read for it."""
    visitor, submission_id = sent(site)
    deliver(site, submission_id)
    site.clock.ahead_seconds += 90.0
    site.parts.sweep.run()
    assert site.verdict(submission_id) is Verdict.VERIFIED
    answer = visitor.post(f"{DOOR}/sent", headers=JSON)
    assert answer.json["state"] == "verified"
    assert visitor.get(f"{DOOR}/state").json["state"] == "verified"
