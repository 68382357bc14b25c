"""A form of a team is read by itself, in its team's name; the account's own forms share their calls as ever."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from jotgate.config import Settings
from jotgate.outcomes import Verdict
from jotgate.sandbox import Sandbox
from jotgate.wiring import build
from tests.sweeping.school import School, Ticking

TEAM = "240001112223334"


@pytest.fixture
def one(tmp_path: Path) -> Iterator[School]:
    """Return a school with two forms of its own and one of its team's."""
    clock = Ticking()
    with Sandbox(port=0, clock=clock, plan="free") as sandbox:
        forms = {f"form-{number}": sandbox.add_form(f"Form {number}") for number in range(2)}
        forms["team"] = sandbox.add_form("Team", team_id=TEAM)
        clock.at += 5
        settings = {
            "site_url": "http://127.0.0.1:8700",
            "api_key": sandbox.read_key,
            "api_host": sandbox.api,
            "secret_keys": [secrets.token_urlsafe(32)],
            "code_keys": [secrets.token_urlsafe(32)],
            "hook_secrets": [secrets.token_urlsafe(24)],
            "store": f"sqlite:///{tmp_path}/jotgate.db",
            "forms": {form: {"id": form_id} for form, form_id in forms.items()},
        }
        settings["forms"]["team"]["team_id"] = TEAM  # type: ignore[index]
        parts = build(Settings.from_mapping(settings), clock=clock)
        yield School(clock, sandbox, parts, forms)
        parts.store.close()
        parts.service.close()


def test_what_is_sent_to_a_form_of_a_team_is_judged(one: School) -> None:
    """With the others, by a call of its own that names the team; the others are not asked for in its name."""
    one.sweep()
    sent = [one.submit(form, one.ticket(form)) for form in one.forms]
    one.wait(60)
    assert one.verdicts() == dict.fromkeys(sent, Verdict.VERIFIED)
    assert not one.parts.store.form_state("team").last_error  # type: ignore[union-attr]


def test_without_its_team_such_a_form_is_refused(one: School) -> None:
    """So the test above would fail if nobody named the team."""
    del one.parts.service._teams[one.forms["team"]]  # type: ignore[attr-defined]
    one.sweep(forms=["team"], operator=True)
    assert one.parts.store.form_state("team").last_error  # type: ignore[union-attr]
