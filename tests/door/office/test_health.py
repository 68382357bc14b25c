"""Health as a page: what runs late is there at once, a checkup on a button, and each fault with its clicks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jotgate.checkup.examination import calls_of
from jotgate.errors import StoreUnavailable
from tests.door.office.operators import OFFICE, change_in, post, signed_in
from tests.door.site import HOOK_SECRET, Site, running_site

CHECKUP = "Look now"


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site without a login of its own."""
    with running_site() as site:
        yield site


def test_to_look_at_health_costs_no_call(site: Site) -> None:
    """When each form was read, and what the day's calls are; the button says what it will cost."""
    visitor, before = signed_in(site), site.sandbox.calls
    page = visitor.get(f"{OFFICE}/health").text
    assert site.sandbox.calls == before
    assert "Nothing runs late" in page
    assert f"Everything (up to {calls_of(site.parts)} calls)" in page
    assert "Student form (up to 4 calls)" in page


def test_what_runs_late_is_told_with_what_starts_it_again(site: Site) -> None:
    """A form that a delivery made due, and that nobody reads."""
    site.parts.store.note_delivery(site.form_id, site.clock.now())
    site.clock.ahead_seconds += 600
    page = signed_in(site).get(f"{OFFICE}/health").text
    assert "students has been due for 10 min" in page
    assert 'Start <code dir="ltr">jotgate sweep --loop</code> on the server again' in page


def test_a_checkup_shows_each_fault_with_its_clicks(site: Site) -> None:
    """The whole examination on one button, within the calls that it named; no secret is shown with it."""
    questions = site.parts.service.questions(site.form_id)
    qid = next(question.qid for question in questions if question.name == "jotgate")
    site.sandbox.delete_question(site.form_id, qid)
    visitor, before = signed_in(site), site.sandbox.calls
    answer = post(visitor, "/health", page="/health", what="*")
    assert answer.status_code == 200
    assert 0 < site.sandbox.calls - before <= calls_of(site.parts)
    assert "1 fault found." in answer.text
    assert "set the &#34;Unique Name&#34; to jotgate." in answer.text
    assert HOOK_SECRET not in answer.text
    assert site.parts.settings.api_key not in answer.text


def test_one_form_can_be_looked_at_alone(site: Site) -> None:
    """For four calls."""
    visitor, before = signed_in(site), site.sandbox.calls
    answer = post(visitor, "/health", page="/health", what="students")
    assert site.sandbox.calls - before == 4
    assert "No fault found." in answer.text
    assert "bare address" in answer.text


def test_a_checkup_of_nothing_is_refused(site: Site) -> None:
    """With a sentence, and without a call."""
    visitor, before = signed_in(site), site.sandbox.calls
    answer = post(visitor, "/health", page="/health", what="nobody")
    assert (answer.status_code, site.sandbox.calls) == (400, before)
    assert "Choose what to look at." in answer.text


def test_health_is_for_who_looks_after_the_whole_site(site: Site) -> None:
    """Who looks after a part is shut out; who only looks sees it, and spends no calls."""
    for limits in {"forms": ["students"]}, {"batches": ["7b"]}:
        assert signed_in(site, **limits).get(f"{OFFICE}/health").status_code == 403
    looker, before = signed_in(site, may_change=False), site.sandbox.calls
    page = looker.get(f"{OFFICE}/health")
    assert CHECKUP not in page.text
    answer = looker.post(f"{OFFICE}/health", data={"change": change_in(page), "what": "*"})
    assert (answer.status_code, site.sandbox.calls) == (403, before)


def test_a_store_that_is_down_is_told_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the site's own login lets in, the page of health is there when it is needed most."""
    with running_site(admin_check=lambda environ: True) as site:

        def fail(*_: object) -> None:
            raise StoreUnavailable("the disk is full")

        monkeypatch.setattr(site.parts.store, "form_states", fail)
        answer = site.visitor().get(f"{OFFICE}/health")
        assert answer.status_code == 200
        assert "The disk is full: nobody is let in until it answers." in answer.text
