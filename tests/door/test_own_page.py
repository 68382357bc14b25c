"""What a page reports and asks is about its own ticket, whoever else uses the same browser since."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from jotgate.clock import iso
from jotgate.outcomes import Verdict
from jotgate.protocols import GrantFilter
from tests.door.site import DOOR, Site, Visitor, running_site, ticket_in

JSON = {"Accept": "application/json"}
HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site whose form is open."""
    with running_site() as running:
        yield running


class Tab:
    """One page with the form in it, as its browser got it."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        html = visitor.get(DOOR).text
        self.ticket = ticket_in(html)
        self.urls = {
            verb: unescape(found[1])
            for verb in ("state", "sent", "renew", "leave")
            if (found := re.search(rf'="([^"]*/{verb}\b[^"]*)"', html))
        }
        assert len(self.urls) == 4, html

    def state(self) -> Any:
        """Return what the page is told."""
        return self.visitor.get(self.urls["state"], headers=JSON).json

    def post(self, verb: str) -> Any:
        """Do what the page does by itself, or whose button was pressed."""
        return self.visitor.post(self.urls[verb], headers=JSON)


def test_two_tabs_of_one_browser_speak_for_their_own_tickets(site: Site) -> None:
    """A's form is open in one tab, "Not you?" and B's code in another; A sends: A is confirmed, B is still open."""
    visitor, first_code, second_code = site.visitor(), site.code(), site.code()
    visitor.enter(first_code)
    first = Tab(visitor)
    assert visitor.post(first.urls["leave"]).status_code == 303
    visitor.enter(second_code)
    second = Tab(visitor)

    submission = site.sandbox.submit(site.form_id, {"jotgate": first.ticket})
    assert first.post("sent").json["state"] == "sent"
    assert second.state()["state"] == "open"
    assert "<iframe" in visitor.get(DOOR).text
    site.sweep()
    assert site.verdict(submission) is Verdict.VERIFIED
    assert (first.state()["state"], second.state()["state"]) == ("verified", "open")
    elsewhere = site.visitor()
    assert elsewhere.enter(second_code).status_code == 409, "the second code is open in the first browser"
    assert visitor.get(f"{DOOR}/state", headers=JSON).json["state"] == "open"


def test_an_older_page_does_not_end_the_next_persons_pass(site: Site) -> None:
    """ "Not you?" in A's tab leads to the door, where B is still let in."""
    visitor = site.admitted()
    first = Tab(visitor)
    first.post("leave")
    visitor.enter(site.code())
    first.post("leave")
    assert "<iframe" in visitor.get(DOOR).text
    Tab(visitor).post("leave")
    assert "<iframe" not in visitor.get(DOOR).text


def test_the_name_of_a_page_is_worth_nothing_elsewhere(site: Site) -> None:
    """In another browser, for another form, or with a letter changed, it opens no ticket: 401."""
    tab = Tab(site.admitted())
    stranger, admitted = site.visitor(), site.admitted()
    changed = tab.urls["state"][:-1] + ("A" if tab.urls["state"][-1] != "A" else "B")
    for visitor, url in (
        (stranger, tab.urls["state"]),
        (admitted, tab.urls["state"]),
        (tab.visitor, changed),
    ):
        assert visitor.get(url, headers=JSON).status_code == 401
        for verb in ("sent", "renew"):
            assert visitor.post(url.replace("/state", f"/{verb}"), headers=JSON).status_code == 401
    assert tab.state()["state"] == "open"


def test_a_page_outlives_its_pass() -> None:
    """With a pass of an hour, a page that is a day old still reports, and hears the verdict."""
    with running_site(form={"pass_ttl": "1h", "ticket_ttl": "3d"}) as site:
        tab = Tab(site.admitted())
        site.clock.ahead_seconds += DAY
        assert "<iframe" not in tab.visitor.get(DOOR).text
        submission = site.sandbox.submit(site.form_id, {"jotgate": tab.ticket}, at=site.clock.now())
        assert tab.post("sent").json["state"] == "sent"
        site.sweep()
        assert site.verdict(submission) is Verdict.VERIFIED
        assert tab.state()["state"] == "verified"


def test_a_form_that_never_came_is_missing() -> None:
    """A page that said that it sent does not wait for good; the code opens the form again."""
    with running_site() as site:
        visitor, code = site.visitor(), site.code()
        visitor.enter(code)
        tab = Tab(visitor)
        assert tab.post("sent").json["state"] == "sent"
        site.sweep()
        assert tab.state()["state"] == "sent"
        site.clock.ahead_seconds += 25 * 60
        assert tab.state()["state"] == "sent", "the form has not been read since"
        site.sweep()
        assert tab.state() == {
            "state": "missing",
            "form": "students",
            "expected_by": None,
            "expires_in": None,
        }
        page = visitor.get(DOOR).text
        assert "We have not received this form" in page
        assert "being confirmed" not in page.split("<template")[0]
        visitor.enter(code)
        again = Tab(visitor)
        submission = site.sandbox.submit(site.form_id, {"jotgate": again.ticket}, at=site.clock.now())
        assert again.post("sent").json["state"] == "sent"
        site.clock.ahead_seconds += 60
        site.sweep()
        assert site.verdict(submission) is Verdict.VERIFIED
        assert again.state()["state"] == "verified"


def test_the_truth_reaches_a_page_whose_time_is_over() -> None:
    """Sent an hour too late, the page does not stay at "being confirmed": it hears `expired`."""
    with running_site() as site:
        tab = Tab(site.admitted())
        assert DAY - 60 < tab.state()["expires_in"] <= DAY
        site.clock.ahead_seconds += DAY + 6 * HOUR
        assert -6 * HOUR - 60 < tab.state()["expires_in"] <= -6 * HOUR
        submission = site.sandbox.submit(site.form_id, {"jotgate": tab.ticket}, at=site.clock.now())
        assert tab.post("sent").json["state"] == "sent"
        site.sweep()
        assert site.verdict(submission) is Verdict.EXPIRED
        assert tab.state()["state"] == "expired"


def test_a_page_gets_its_whole_time_again() -> None:
    """Before its end and after it, with what was filled in; the pass that the browser holds lives as long."""
    with running_site() as site:
        tab = Tab(site.admitted())
        for waited in (DAY - HOUR, DAY + 6 * HOUR):
            site.clock.ahead_seconds += waited
            renewed = tab.post("renew")
            assert (renewed.status_code, renewed.json["state"]) == (200, "open")
            assert DAY - 60 < renewed.json["expires_in"] <= DAY
        submission = site.sandbox.submit(
            site.form_id, {"jotgate": tab.ticket}, at=site.clock.now() + 23 * HOUR
        )
        assert tab.post("sent").json["state"] == "sent"
        site.clock.ahead_seconds += 24 * HOUR
        site.sweep()
        assert site.verdict(submission) is Verdict.VERIFIED


def test_renewing_gives_the_browser_no_pass_that_it_did_not_hold() -> None:
    """Whoever comes back to a tablet whose pass ended, or that was handed on, enters a code as before."""
    with running_site(form={"pass_ttl": "1h"}) as site:
        over = Tab(site.admitted())
        handed_on = Tab(site.admitted())
        handed_on.post("leave")
        handed_on.visitor.enter(site.code())
        site.clock.ahead_seconds += 2 * HOUR
        for tab in (over, handed_on):
            answer = tab.post("renew")
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers
            assert "<iframe" not in tab.visitor.get(DOOR).text


@pytest.mark.parametrize("ended", ["closes_at", "code ends", "code revoked", "sent"])
def test_there_is_no_more_time_than_the_form_and_the_code_have(ended: str) -> None:
    """What is renewed ends half an hour after the form or the code does; what was revoked or sent is not renewed."""
    with running_site() as plain:
        now = plain.clock.now()
        closes = {"closes_at": iso(now + HOUR)} if ended == "closes_at" else {}
        site = plain.restarted(forms={"students": {**plain.mapping["forms"]["students"], **closes}})
        terms: dict[str, Any] = {"valid_until": now + HOUR} if ended == "code ends" else {}
        tab = Tab(site.admitted(**terms))
        before = tab.state()["expires_in"]
        site.clock.ahead_seconds += 600
        if ended == "code revoked":
            site.parts.grants.revoke(GrantFilter(form="students"), actor="the tests")
        elif ended == "sent":
            tab.post("sent")
        renewed = tab.post("renew").json
        if ended in ("closes_at", "code ends"):
            assert before == pytest.approx(1.5 * HOUR, abs=60)
            assert renewed["expires_in"] == pytest.approx(before - 600, abs=60)
        else:
            assert renewed["expires_in"] is None
            assert renewed["state"] == ("revoked" if ended == "code revoked" else "sent")
