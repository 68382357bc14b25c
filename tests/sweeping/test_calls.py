"""Calls are not wasted: on forms that JotForm does not show, and where it ignores filters."""

from __future__ import annotations

import pytest

from jotgate.outcomes import Reason, Refuse, Verdict
from tests.sweeping.school import School, school

_MINUTE = 60.0
_HOUR = 3_600.0


def _refuse(site: School, form: str) -> None:
    for path in (f"/form/{site.forms[form]}", f"/form/{site.forms[form]}/*"):
        site.sandbox.add_fault("status", None, path, code=401)


def test_a_form_that_is_gone_costs_a_few_calls_and_closes_its_door() -> None:
    """One of three answers 401 for ever: a few tries in six hours, and the key is not blamed for it."""
    with school(3) as site:
        site.wait(70)
        _refuse(site, "form-1")
        site.sandbox.add_fault("status", None, "/user/submissions", code=401)
        for form in site.forms:
            site.submit(form, site.ticket(form))
        site.wait(4)
        site.sandbox.clear_faults()
        _refuse(site, "form-1")
        before = len(site.sandbox.log)
        site.wait(6 * _HOUR, step=10)
        asked = [call for call in site.sandbox.log[before:] if site.forms["form-1"] in call.path]
        assert len(asked) <= 12
        match site.parts.gate.doorway("form-1"):
            case Refuse(reason=reason):
                assert reason is Reason.FIELD_MISSING
            case other:
                pytest.fail(f"the door is open: {other}")
        assert site.parts.gate.doorway("form-0") is None
        site.sandbox.clear_faults()
        site.sweep(forms=["form-1"], operator=True)
        assert site.parts.gate.doorway("form-1") is None
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 3


def test_a_bad_key_closes_no_door() -> None:
    """JotForm answers 401 for that, too; asked whose key it is, it says so, and that is not the form's fault."""
    with school() as site:
        site.wait(70)
        site.sandbox.add_fault("status", None, code=401)
        site.parts.intake.take(site.forms["form-0"])
        site.wait(_HOUR, step=10)
        assert site.state().tries >= 3
        assert site.parts.gate.doorway("form-0") is None


def test_another_key_is_tried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form that was refused hours ago does not rest once JotForm is asked with another key."""
    with school() as site:
        site.wait(70)
        _refuse(site, "form-0")
        site.parts.intake.take(site.forms["form-0"])
        site.wait(2 * _HOUR, step=10)
        site.sandbox.clear_faults()
        before = len(site.sandbox.log)
        site.wait(10)
        assert len(site.sandbox.log) == before
        monkeypatch.setattr(type(site.parts.service), "asked_with", "another")
        site.wait(4)
        assert site.state().tries == 0


def test_ignored_filters_cost_one_call_for_all_forms() -> None:
    """Twelve forms are covered by one list, newest first, down to what is known; all are judged within minutes."""
    with school(12) as site:
        site.sandbox.add_fault("ignore_filter", None)
        foreign = site.sandbox.add_form("Not gated")
        site.wait(70)
        for form in site.forms:
            site.submit(form, site.ticket(form))
            site.sandbox.submit(foreign, {}, webhook=False)
        site.wait(20 * _MINUTE, step=10)
        before = len(site.sandbox.log)
        for form in site.forms:
            site.submit(form, site.ticket(form))
        site.wait(4)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED] * 24
        lists = [call for call in site.sandbox.log[before:] if call.path.endswith("/submissions")]
        assert len(lists) <= 2


def test_a_first_reading_among_many_is_a_handful_of_calls() -> None:
    """More than 1,520 submissions were made before it: the form starts, and judges what came since it is gated."""
    with school(plan="bronze", configured_plan="bronze") as site:
        made = [site.submit(ticket=site.ticket(), webhook=False) for _ in range(3)]
        for _ in range(1_600):
            site.submit(webhook=False)
        site.clock.at += _HOUR
        site.sweep()
        assert site.sandbox.calls <= 8
        assert len(site.verdicts()) == 1_603
        assert {site.verdicts()[one] for one in made} == {Verdict.VERIFIED}
