"""`jotgate doctor`: what is set up wrongly is told with what to do, and no secret is told with it."""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any

import pytest

from jotgate.checkup.findings import Level
from jotgate.checkup.site import address, guessing

from .conftest import CANARIES, Site

HOOK = f"https://school.example/jotgate/hook/{CANARIES['hook_secrets']}"


def _checks(site: Site) -> dict[tuple[str | None, str], dict[str, Any]]:
    """Return the checks by form and topic."""
    result = site.run("doctor", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == int(any(line["level"] == "fail" for line in lines))
    return {(line["form"], line["topic"]): line for line in lines}


def _told(site: Site, form: str | None, topic: str) -> tuple[str, str]:
    check = _checks(site)[form, topic]
    return check["level"], check["message"]


def test_a_site_in_order_has_no_failure(site: Site) -> None:
    """With everything set up each check is ok, and the calls it costs are told and kept to."""
    site.configure(trusted_proxies=1)
    site.config.chmod(0o600)
    for form_id in (site.students, site.trip):
        site.sandbox.set_webhooks(form_id, [HOOK])
    site.run("sweep")
    before = site.sandbox.calls
    result = site.run("doctor")
    assert result.exit_code == 0
    assert "up to 11 calls" in result.stderr
    assert site.sandbox.calls - before == 11
    # The site itself does not run, and says so.
    assert [line[:13] for line in result.stdout.splitlines() if not line.startswith("ok  ")] == [
        "warn  outside"
    ]


def test_a_refused_key_is_told_and_nothing_more_is_asked(site: Site) -> None:
    """401 on /user: the key check fails and names the region as another cause; the forms are left alone."""
    site.configure(api_key="0" * 32)
    before = len(site.sandbox.log)
    checks = _checks(site)
    assert checks[None, "key"]["level"] == "fail"
    assert "region" in checks[None, "key"]["message"]
    assert not [form for form, _ in checks if form]
    assert len(site.sandbox.log) - before == 1


def test_an_unreachable_jotform_is_told(site: Site) -> None:
    """Closed connections end in a failed check, not in a traceback."""
    site.sandbox.add_fault("down", times=None)
    level, words = _told(site, None, "key")
    assert level == "fail"
    assert "try again later" in words


def test_another_accounts_form_is_told_as_unknown(site: Site) -> None:
    """401 on one form names the causes, not the region of a key that works; the other form is still looked at."""
    text = site.config.read_text("utf-8").replace(site.trip, site.sandbox.foreign_form_id)
    site.config.write_text(text, encoding="utf-8")
    checks = _checks(site)
    assert checks["trip", "form"]["level"] == "fail"
    for cause in ("id is wrong", "another account"):
        assert cause in checks["trip", "form"]["message"]
    assert "region" not in checks["trip", "form"]["message"]
    assert checks["students", "ticket field"]["level"] == "ok"


@pytest.mark.parametrize("status", ["DISABLED", "DELETED"])
def test_a_form_that_nobody_can_fill_in_fails(site: Site, status: str) -> None:
    """A form that is not ENABLED fails by its status."""
    site.sandbox.set_form_status(site.trip, status)
    level, words = _told(site, "trip", "form")
    assert level == "fail"
    assert status.lower() in words


@pytest.mark.parametrize(
    ("field", "level", "said"),
    [
        (None, "fail", "missing"),
        ({"name": "Jotgate", "hidden": True}, "fail", "unique name Jotgate"),
        ({"name": "input9", "text": "jotgate", "hidden": True}, "fail", "unique name input9"),
        ({"name": "jotgate", "hidden": False}, "warn", "visible"),
        ({"name": "jotgate", "hidden": True, "required": True}, "fail", "required"),
        ({"name": "jotgate", "hidden": True, "type": "textarea"}, "fail", "Short Text"),
        ({"name": "jotgate", "hidden": True}, "ok", "hidden, not required"),
    ],
)
def test_the_ticket_field_has_to_be_as_it_must(
    site: Site, field: dict[str, object] | None, level: str, said: str
) -> None:
    """Missing, misnamed, visible, required or of another type: each is told with what to do."""
    form = site.sandbox.add_form("Bare", ticket_field=None)
    if field is not None:
        site.sandbox.add_question(form, **field)
    text = site.config.read_text("utf-8").replace(site.trip, form)
    site.config.write_text(text, encoding="utf-8")
    found, words = _told(site, "trip", "ticket field")
    assert found == level
    assert said in words


def test_a_renamed_ticket_field_is_still_found(site: Site) -> None:
    """Known by its number, the field is found under its new name, which is to be put into the settings."""
    site.run("sweep")
    form = site.students
    questions = site.parts().service.questions(form)
    qid = next(question.qid for question in questions if question.name == "jotgate")
    site.sandbox.rename_question(form, qid, "renamed")
    level, words = _told(site, "students", "ticket field")
    assert level == "warn"
    assert 'ticket_field = "renamed"' in words


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"inputTextMask": "###-###"}, "input mask"),
        ({"validation": "Numeric"}, r"validation \(Numeric\)"),
        ({"maxsize": "30"}, "takes 30 characters, and a ticket has 35"),
    ],
)
def test_what_would_spoil_a_ticket_is_told(site: Site, changed: dict[str, object], said: str) -> None:
    """A mask, a validation or a limit on the ticket field fails, with what to change; room enough does not."""
    questions = site.parts().service.questions(site.students)
    qid = next(question.qid for question in questions if question.name == "jotgate")
    site.sandbox.change_question(site.students, qid, maxsize="35", validation="None", inputTextMask="")
    assert _told(site, "students", "ticket field")[0] == "ok"
    site.sandbox.change_question(site.students, qid, **changed)
    level, words = _told(site, "students", "ticket field")
    assert level == "fail"
    assert re.search(said, words)


def test_a_second_field_of_the_name_is_told(site: Site) -> None:
    """With the numbers of both."""
    site.run("sweep")
    other = site.sandbox.add_question(site.students, name="jotgate", hidden=True)
    level, words = _told(site, "students", "ticket field")
    assert level == "fail"
    assert f"field {other} has the unique name jotgate as well" in words


@pytest.mark.parametrize("spelled", ["text", "list"])
def test_a_condition_that_hides_the_ticket_field_is_told(site: Site, spelled: str) -> None:
    """JotForm would empty it. Conditions about other fields are the owner's business."""
    questions = site.parts().service.questions(site.students)
    qid = next(question.qid for question in questions if question.name == "jotgate")
    for field, is_told in (("3", False), (qid, True)):
        condition = {
            "action": [{"visibility": "Hide", "field": field}],
            "link": "Any",
            "terms": [],
            "type": "field",
        }
        conditions: object = [condition] if spelled == "list" else json.dumps([condition])
        site.sandbox.set_property(site.students, "conditions", conditions)
        assert ("hides or shows jotgate" in site.run("doctor", "--json").stdout) is is_told


def test_an_open_copy_of_a_form_is_told(site: Site) -> None:
    """By its title, as JotForm names copies; a copy that is disabled, or in the settings itself, is not."""
    assert ("students", "copies") not in _checks(site)
    title = site.sandbox.forms()[site.students]
    copy = site.sandbox.add_form(f"Clone of {title}")
    assert copy in _told(site, "students", "copies")[1]
    site.sandbox.set_form_status(copy, "DISABLED")
    assert ("students", "copies") not in _checks(site)


@pytest.mark.parametrize(
    ("listed", "level", "words"),
    [
        ('locked_fields = ["klass"]', "fail", "locked_fields names klass, .* judged tampered"),
        ('owner_field = "nummer"', "fail", "owner_field names nummer, .* judged tampered"),
        ('lookup_fields = ["Name"]', "warn", "nobody is found by it .* has the unique name name"),
        ('show_fields = ["99"]', "warn", "show_fields names 99"),
        ('show_fields = ["name[first]", "3"]', None, ""),
        ('tell_fields = ["document"]', "warn", "tell_fields names document, .* nobody is told it"),
    ],
)
def test_a_listed_field_that_the_form_lacks_is_told(
    site: Site, listed: str, level: str | None, words: str
) -> None:
    """By unique name, in part, or by number; a slip in a name would otherwise do nothing, silently."""
    text = site.config.read_text("utf-8")
    site.config.write_text(text.replace("[forms.students]", f"[forms.students]\n{listed}"), encoding="utf-8")
    check = _checks(site).get(("students", "fields"))
    assert (check["level"] if check else None) == level
    assert check is None or re.search(words, check["message"])


def test_an_encrypted_form_fails_and_its_properties_are_not_shown(site: Site) -> None:
    """Encryption is told; what else the form's settings hold is in no line."""
    form = site.sandbox.add_form("Secret", encrypted=True)
    text = site.config.read_text("utf-8").replace(site.trip, form)
    site.config.write_text(text, encoding="utf-8")
    assert _told(site, "trip", "encryption")[0] == "fail"
    hidden = site.parts().service.properties(form)["password"]
    assert hidden not in site.run("doctor").output


@pytest.mark.parametrize(
    ("unique", "level"), [("IP", "fail"), ("CookieAndIP", "fail"), ("Cookie", "warn"), ("None", None)]
)
def test_unique_submission_must_be_off(site: Site, unique: str, level: str | None) -> None:
    """By IP it turns a whole school away; by cookie it stops those who share a tablet."""
    body = {"responseCode": 200, "message": "success", "content": {"unique": unique}, "limit-left": 900}
    path = f"/form/{site.trip}/properties"
    site.sandbox.add_fault("body", times=None, path=path, body=json.dumps(body))
    check = _checks(site).get(("trip", "unique"))
    assert (check["level"] if check else None) == level


def test_the_webhook_is_compared_without_showing_its_secret(site: Site) -> None:
    """Set, missing, another secret's, an older secret's: each is told apart, none of them in full."""
    level, words = _told(site, "trip", "webhook")
    assert level == "warn"
    assert f"on {site.sandbox.api}/sandbox/" in words
    site.sandbox.set_webhooks(site.trip, [HOOK + "/", "https://other.example/x"])
    assert _told(site, "trip", "webhook")[0] == "ok"
    site.sandbox.set_webhooks(site.trip, ["https://school.example/jotgate/hook/somebodys-own-secret"])
    level, words = _told(site, "trip", "webhook")
    assert level == "warn"
    assert "not in hook_secrets" in words
    assert "somebodys-own" not in words
    site.configure(hook_secrets=[CANARIES["hook_secrets"], "canary-hook-secret-02"])
    site.sandbox.set_webhooks(site.trip, [HOOK])
    assert "older secret" in _told(site, "trip", "webhook")[1]


def test_more_codes_than_the_plan_takes_in_a_month_are_told(site: Site) -> None:
    """101 uses on a plan of 100 submissions a month: a warning; used and revoked ones do not count."""
    site.run("codes", "create", "students", "--count", "1", "--uses", "100")
    assert _told(site, None, "month")[0] == "ok"
    site.run("codes", "create", "students", "--count", "1", "--batch", "more")
    level, words = _told(site, None, "month")
    assert level == "warn"
    assert "2 live codes for 101 more submissions" in words
    site.run("codes", "revoke", "--batch", "more")
    assert _told(site, None, "month")[0] == "ok"


def test_the_odds_of_guessing_are_those_published(site: Site) -> None:
    """One live code: all that a busy site can answer in a day; a million: 1 in 100,000, and what a computer works."""
    assert _told(site, None, "guessing") == ("ok", "to guess one of 0 live codes: impossible")
    site.run("codes", "create", "students", "--count", "1")
    level, words = _told(site, None, "guessing")
    assert level == "ok"
    assert "1 live code: 1 in 43,437,496 a day at worst" in words
    assert "works for each further try, 1 in 1,750,032,642" in words
    many = guessing(1_000_000)
    assert many.level is Level.WARN
    assert "1,000,000 live codes: 1 in 100,009 a day at worst" in many.words
    assert "works for each further try, 1 in 1,750" in many.words


def test_a_plan_that_is_set_wrongly_is_told(site: Site) -> None:
    """The sandbox's account is on the free plan, whatever the settings say."""
    site.configure(plan="gold")
    level, words = _told(site, None, "plan")
    assert level == "warn"
    assert 'plan = "free"' in words


def test_a_sweep_that_does_not_run_is_told(site: Site) -> None:
    """A form that is due for over 3 minutes fails the check, which names uWSGI's setting."""
    site.run("sweep")
    assert _told(site, None, "sweep")[0] == "ok"
    site.parts().store.note_delivery(site.students, time.time() - 300)
    level, words = _told(site, None, "sweep")
    assert level == "fail"
    assert "enable-threads" in words


def test_proxies_and_addresses_are_told(site: Site) -> None:
    """An https site without trusted proxies is warned; one on this machine cannot be reached by JotForm."""
    assert _told(site, None, "proxies")[0] == "warn"
    site.configure(site_url="http://localhost:8700")
    assert _told(site, None, "proxies")[0] == "ok"
    assert _told(site, None, "address")[0] == "ok"
    # Not the sandbox, so that this check is asked for by itself: the others would reach out.
    site.configure(site_url="http://localhost:8700", api_host="us")
    assert address(site.parts()).level is Level.WARN


def test_the_bare_address_is_named_for_each_form(site: Site) -> None:
    """What a stranger sees is told with JotForm's own address of the form."""
    level, words = _told(site, "students", "bare address")
    assert level == "ok"
    assert f"{site.sandbox.api}/{site.students}" in words
    assert "unticketed" in words


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_files_that_others_can_read_are_told(site: Site) -> None:
    """Settings and store readable by others: a warning each, with the command that mends it."""
    site.run("status")
    site.store.chmod(0o644)
    site.config.chmod(0o644)
    checks = _checks(site)
    for topic in ("settings", "store"):
        assert checks[None, topic]["level"] == "warn"
        assert "chmod 600" in checks[None, topic]["message"]


def test_a_store_that_is_down_is_a_failed_check(site: Site) -> None:
    """Without its store the site still gets its other checks, and JotForm is not asked."""
    site.configure(store=f"sqlite:///{site.folder}/no/such/folder/jotgate.db")
    before = site.sandbox.calls
    checks = _checks(site)
    assert checks[None, "store"]["level"] == "fail"
    assert checks[None, "key"]["level"] == "fail"
    assert site.sandbox.calls == before


def test_used_up_calls_are_told(site: Site) -> None:
    """With no call left for anybody the key cannot be tried, and the check says why."""
    site.parts().quota.discovered(limit=10, used=10)
    level, words = _told(site, None, "key")
    assert level == "fail"
    assert "used up" in words


def test_what_is_to_be_mended_at_jotform_comes_with_its_clicks(site: Site) -> None:
    """Scripts and the office get each step; what the settings name is in it, and of the hook's secret its beginning."""
    questions = site.parts().service.questions(site.students)
    qid = next(question.qid for question in questions if question.name == "jotgate")
    site.sandbox.delete_question(site.students, qid)
    found = {where: check["steps"] for where, check in _checks(site).items()}
    assert any("Unique Name" in step and "jotgate" in step for step in found["students", "ticket field"])
    assert any("Thank You Page" in step for step in found["trip", "thank-you"])
    assert CANARIES["hook_secrets"] not in str(found)
    assert found[None, "store"] == []
