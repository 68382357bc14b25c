"""Keys, permissions, error texts, regions, and the day's calls."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
import requests

from jotgate.sandbox import Oddities, Sandbox

from .conftest import Asker, StillClock

ABSENT_FORM = "252725624662359"
ABSENT_SUBMISSION = "6410095903544943563"


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


def refusal(answer: requests.Response) -> tuple[int, int, str]:
    body = answer.json()
    return answer.status_code, body["responseCode"], body["message"]


@pytest.mark.parametrize("header", ["APIKEY", "apikey", "ApiKey"])
def test_the_key_is_taken_from_a_header_of_any_case(sandbox: Sandbox, header: str) -> None:
    """Header names have no case."""
    assert (
        requests.get(f"{sandbox.api}/user", headers={header: sandbox.read_key}, timeout=5).status_code == 200
    )


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_the_key_is_taken_from_the_query_and_the_version_is_optional(sandbox: Sandbox, prefix: str) -> None:
    """Both spellings of a call answer alike; the log masks the key."""
    answer = requests.get(f"{sandbox.api}{prefix}/user?apiKey={sandbox.read_key}", timeout=5)

    assert answer.status_code == 200
    assert [(call.path, call.query, call.status) for call in sandbox.log] == [("/user", "apiKey=***", 200)]


def test_unknown_and_foreign_forms_and_bad_keys_share_one_answer(sandbox: Sandbox, reader: Asker) -> None:
    """401 with JotForm's words, trailing blank included."""
    text = (401, 401, "You're not authorized to use (/form-id) ")
    stranger = {"APIKEY": "0" * 32}

    assert refusal(reader.get(f"/form/{ABSENT_FORM}")) == text
    assert refusal(reader.get(f"/form/{sandbox.foreign_form_id}")) == text
    assert refusal(reader.get(f"/form/{sandbox.foreign_form_id}/submissions")) == text
    form_id = sandbox.add_form("Students")
    bad = requests.get(f"{sandbox.api}/form/{form_id}", headers=stranger, timeout=5)
    assert refusal(bad) == text
    assert bad.json()["info"] == "https://api.jotform.com/docs#form-id"
    assert bad.json()["content"] == ""
    assert requests.get(f"{sandbox.api}/user", headers=stranger, timeout=5).status_code == 401
    assert requests.get(f"{sandbox.api}/user", timeout=5).status_code == 401


def test_a_foreign_key_works_on_its_own_account_only(sandbox: Sandbox) -> None:
    """The second account is a real one, with its own key and its own count."""
    form_id = sandbox.add_form("Students")
    foreigner = {"APIKEY": sandbox.foreign_key}

    def status(path: str) -> int:
        return requests.get(sandbox.api + path, headers=foreigner, timeout=5).status_code

    assert status(f"/form/{sandbox.foreign_form_id}") == 200
    assert status(f"/form/{form_id}") == 401
    assert sandbox.calls == 0


def test_an_unknown_submission_is_not_authorized_rather_than_not_found(
    sandbox: Sandbox, reader: Asker
) -> None:
    """401, and no blank at the end."""
    answer = reader.get(f"/submission/{ABSENT_SUBMISSION}")
    assert refusal(answer) == (401, 401, "You're not authorized to use (/submission-id)")


@pytest.mark.parametrize(
    "path", ["/form/1234", "/form/abc/submissions", "/form/{id}/submissions", "/submission/x"]
)
def test_a_malformed_path_is_not_available(reader: Asker, path: str) -> None:
    """404, with the path in the text."""
    assert refusal(reader.get(path)) == (404, 404, f"Requested URL ({path}) is not available!")


def test_a_read_key_cannot_write(sandbox: Sandbox, reader: Asker) -> None:
    """Every writing call gets 401 and changes nothing."""
    form_id = sandbox.add_form("Students", webhooks=["http://127.0.0.1:9/a"])
    submission_id = sandbox.submit(form_id, {"message": "stays"}, webhook=False)
    before = [reader.content(path) for path in (f"/form/{form_id}", f"/submission/{submission_id}")]
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/form/{form_id}/submissions", {"data": {"submission[5]": "x"}}),
        ("PUT", f"/form/{form_id}/submissions", {"json": [{"5": {"text": "x"}}]}),
        ("DELETE", f"/submission/{submission_id}", {}),
        ("POST", f"/submission/{submission_id}", {"data": {"submission[5]": "x"}}),
        ("POST", f"/form/{form_id}/webhooks", {"data": {"webhookURL": "http://127.0.0.1:9/b"}}),
        ("DELETE", f"/form/{form_id}/webhooks/0", {}),
        ("POST", f"/form/{form_id}/questions", {"data": {"question[type]": "control_textbox"}}),
        ("DELETE", f"/form/{form_id}/question/5", {}),
        ("POST", f"/form/{form_id}/properties", {"data": {"properties[title]": "x"}}),
        ("POST", f"/form/{form_id}/clone", {}),
        ("DELETE", f"/form/{form_id}", {}),
        ("POST", "/user/forms", {}),
    ]

    answers = [
        reader.session.request(method, sandbox.api + path, timeout=5, **body) for method, path, body in writes
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].json()["message"] == "You're not authorized to use create submission action."
    after = [reader.content(path) for path in (f"/form/{form_id}", f"/submission/{submission_id}")]
    assert after == before
    assert len(reader.content("/user/forms")) == 1


def test_a_write_may_stand_in_the_query(sandbox: Sandbox, reader: Asker) -> None:
    """Some clients send a POST without a body, its fields beside the key."""
    form_id = sandbox.add_form("Students")
    query = {"apiKey": sandbox.full_key, "submission[5]": "from the query"}
    answer = requests.post(f"{sandbox.api}/form/{form_id}/submissions", params=query, timeout=5)
    made = answer.json()["content"]["submissionID"]
    assert reader.content(f"/submission/{made}")["answers"]["5"]["answer"] == "from the query"


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_body_that_a_write_cannot_use_is_a_bad_request(sandbox: Sandbox, method: str) -> None:
    """Garbage is answered with 400, not with a crash."""
    form_id = sandbox.add_form("Students")
    url = f"{sandbox.api}/form/{form_id}/" + ("submissions" if method == "PUT" else "webhooks")
    key = {"APIKEY": sandbox.full_key}
    assert requests.request(method, url, data=b"\xff{", headers=key, timeout=5).status_code == 400


@pytest.mark.parametrize(
    ("plan", "calls"), [("free", 1_000), ("bronze", 10_000), ("silver", 50_000), ("gold", 100_000)]
)
def test_the_plan_decides_the_calls_of_a_day(clock: StillClock, plan: str, calls: int) -> None:
    """`limit-left` starts at the plan's ceiling, and `account_type` names the plan."""
    with Sandbox(clock=clock, plan=plan) as sandbox:
        body = Asker(sandbox.api, sandbox.read_key).get("/user").json()

    assert body["limit-left"] == calls - 1
    assert body["content"]["account_type"].endswith(f"/system/plan/{plan.upper()}")


def test_an_enterprise_account_has_no_ceiling(clock: StillClock) -> None:
    """Unlimited calls, and no `limit-left` to go by."""
    with Sandbox(clock=clock, plan="enterprise") as sandbox:
        sandbox.use_calls(1_000_000)
        assert "limit-left" not in Asker(sandbox.api, sandbox.read_key).get("/user").json()


@pytest.mark.parametrize(
    ("variant", "status", "code"),
    [("429", 429, 429), ("403", 403, 403), ("200", 200, 403), ("503", 503, None)],
)
def test_an_account_over_its_limit_is_told_in_one_of_four_ways(
    sandbox: Sandbox, reader: Asker, variant: str, status: int, code: int | None
) -> None:
    """Both keys share the count; refused calls are not counted."""
    sandbox.oddities = replace(sandbox.oddities, over_limit=variant)
    sandbox.use_calls(999)
    assert Asker(sandbox.api, sandbox.full_key).get("/user").json()["limit-left"] == 0

    answer = reader.get("/user")

    assert answer.status_code == status
    assert "Retry-After" not in answer.headers
    if code:
        assert (answer.json()["responseCode"], answer.json()["message"]) == (code, "API-Limit exceeded")
    assert sandbox.calls == 1_000


def test_another_integration_can_take_calls_at_once(sandbox: Sandbox, reader: Asker) -> None:
    """The next answer shows how few are left."""
    sandbox.use_calls(500)
    assert reader.get("/user").json()["limit-left"] == 499


def test_the_count_is_exact_under_parallel_calls(clock: StillClock) -> None:
    """Sixteen clients race for the last 50 calls: exactly 50 are served."""
    with Sandbox(clock=clock, daily_calls=50) as sandbox:
        statuses: list[int] = []

        def ask() -> None:
            asker = Asker(sandbox.api, sandbox.read_key)
            with asker.session:
                statuses.extend(asker.get("/user").status_code for _ in range(10))

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert (statuses.count(200), statuses.count(429)) == (50, 110)
    assert sandbox.calls == 50


@pytest.mark.parametrize(
    ("follows", "before", "after"),
    [
        (True, "2026-07-10T03:59:59", "2026-07-10T04:00:00"),
        (False, "2026-07-10T04:59:59", "2026-07-10T05:00:00"),
        (True, "2026-01-10T04:59:59", "2026-01-10T05:00:00"),
        (False, "2026-01-10T04:59:59", "2026-01-10T05:00:00"),
        (True, "2026-03-09T03:59:59", "2026-03-09T04:00:00"),
        (True, "2026-11-02T04:59:59", "2026-11-02T05:00:00"),
    ],
)
def test_calls_come_back_at_new_yorks_midnight(
    sandbox: Sandbox, reader: Asker, clock: StillClock, follows: bool, before: str, after: str
) -> None:
    """With daylight saving or at a fixed UTC-5, as the switch says: not a second earlier."""
    sandbox.oddities = replace(sandbox.oddities, reset_follows_daylight_saving=follows)
    clock.at = utc(before)
    sandbox.use_calls(1_000)
    assert reader.get("/user").status_code == 429

    clock.at = utc(after)

    assert reader.get("/user").json()["limit-left"] == 999


def test_a_clock_that_goes_back_finds_its_day_again(
    sandbox: Sandbox, reader: Asker, clock: StillClock
) -> None:
    """Calls of yesterday are not forgotten, and not given twice."""
    sandbox.use_calls(600)
    clock.at += 86_400
    reader.get("/user")
    clock.at -= 86_400

    assert reader.get("/user").json()["limit-left"] == 399


def test_another_regions_host_has_no_content(clock: StillClock) -> None:
    """A key asked on the wrong host gets JSON that says success and holds nothing."""
    with Sandbox(clock=clock, region="EU", oddities=Oddities(host_region="US")) as sandbox:
        asker = Asker(sandbox.api, sandbox.read_key)
        wrong = asker.get("/user")
        sandbox.oddities = Oddities(host_region="EU")
        right = asker.content("/user")

    assert wrong.status_code == 200
    assert "content" not in wrong.json()
    assert (right["region"], right["euOnly"]) == ("EU", True)


def test_unusable_settings_are_refused_with_what_is_possible() -> None:
    """A wrong plan, region, layout or status is named in the error."""
    with pytest.raises(ValueError, match="free, bronze"):
        Sandbox(plan="platinum")
    with pytest.raises(ValueError, match="US, EU, HIPAA"):
        Sandbox(region="MARS")
    sandbox = Sandbox()
    with pytest.raises(ValueError, match="LEGACY, CARD"):
        sandbox.add_form("Students", layout="ROUND")
    with pytest.raises(ValueError, match="ENABLED"):
        sandbox.set_form_status(sandbox.add_form("Students"), "ASLEEP")
    with pytest.raises(ValueError, match="has no question 'nmae'"):
        sandbox.submit(sandbox.add_form("Students"), {"nmae": "x"})
    with pytest.raises(ValueError, match="already"):
        sandbox.add_form("Students", form_id=sandbox.add_form("Students"))
