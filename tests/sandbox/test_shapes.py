"""The API's answers have the shapes that clients recorded from JotForm, oddities included."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import requests

from jotgate.sandbox import Sandbox

from .conftest import Asker, StillClock

#: A submission as JotForm gave it in December 2025: its fields, and the kinds of their values.
SUBMISSION_FIELDS: dict[str, type | None] = {
    "id": str,
    "form_id": str,
    "ip": str,
    "created_at": str,
    "status": str,
    "new": str,
    "flag": str,
    "notes": str,
    "updated_at": None,
    "answers": dict,
}
FORM_FIELDS = [
    "id",
    "username",
    "title",
    "height",
    "status",
    "created_at",
    "updated_at",
    "last_submission",
    "new",
    "count",
    "type",
    "favorite",
    "archived",
    "url",
]
MANY_KINDS: list[dict[str, Any]] = [
    {"qid": "3", "type": "fullname", "name": "nameOf3", "text": "Name of Applicant"},
    {"qid": "4", "type": "textbox", "name": "occupation", "text": "Occupation"},
    {"qid": "6", "type": "phone", "name": "phoneNumber", "text": "Phone Number"},
    {"qid": "7", "type": "email", "name": "email", "text": "Email"},
    {"qid": "8", "type": "address", "name": "address", "text": "Address"},
    {"qid": "9", "type": "checkbox", "name": "name9", "text": "Age", "options": ["Elementary", "Middle"]},
    {"qid": "11", "type": "datetime", "name": "dateOfBirth", "text": "Date Of Birth"},
    {"qid": "12", "type": "radio", "name": "daysAvailable", "text": "Days", "options": ["Mon", "Tue"]},
]


def test_an_answer_is_wrapped_as_jotform_wraps_it(reader: Asker) -> None:
    """Code, message, content, duration, info, and the calls that are left as a number."""
    body = reader.get("/user").json()

    assert list(body) == ["responseCode", "message", "content", "duration", "info", "limit-left"]
    assert (body["responseCode"], body["message"], body["info"]) == (200, "success", None)
    assert body["duration"].endswith("ms")
    assert body["limit-left"] == 999


def test_a_list_echoes_what_was_asked_for(sandbox: Sandbox, reader: Asker) -> None:
    """`resultSet` holds offset, limit, orderby and filter as sent, and the page's number of rows."""
    form_id = sandbox.add_form("Students")
    sandbox.submit(form_id, {"message": "one"})
    path = f"/form/{form_id}/submissions"

    asked = reader.get(path, limit="100", orderby="-id", filter='{"id:gt":"0"}').json()
    plain = reader.get(path).json()

    echo = {"offset": 0, "limit": 100, "orderby": "-id", "filter": {"id:gt": "0"}, "count": 1}
    assert asked["resultSet"] == echo
    assert plain["resultSet"] == {"offset": 0, "limit": 20, "count": 1}


def test_a_submission_has_the_recorded_fields(sandbox: Sandbox, reader: Asker) -> None:
    """Every scalar is a string but `updated_at`, which is null until someone edits."""
    form_id = sandbox.add_form("Students")
    submission_id = sandbox.submit(form_id, {"message": "one", "jotgate": "ticket"})

    alone = reader.content(f"/submission/{submission_id}")
    listed = reader.content(f"/form/{form_id}/submissions")

    assert list(alone) == list(SUBMISSION_FIELDS)
    for name, kind in SUBMISSION_FIELDS.items():
        assert alone[name] is None if kind is None else isinstance(alone[name], kind), name
    assert listed == [alone]
    sandbox.edit_submission(submission_id, {"message": "two"})
    assert reader.content(f"/submission/{submission_id}")["updated_at"] == "2026-01-15 12:00:00"


def test_each_kind_of_question_answers_in_its_own_shape(sandbox: Sandbox, reader: Asker) -> None:
    """Texts are strings, names and addresses maps, choices lists; unanswered questions have no `answer`."""
    form_id = sandbox.add_form("Many kinds", MANY_KINDS, ticket_field=None)
    submission_id = sandbox.submit(
        form_id,
        {
            "nameOf3": {"first": "Dummy", "last": "User"},
            "occupation": "Teacher",
            "phoneNumber": {"full": "(123) 123-1234"},
            "address": {"addr_line1": "123 Reading Rd"},
            "name9": ["Elementary", "Middle"],
            "dateOfBirth": {"year": "1988", "month": "11", "day": "22"},
        },
    )

    answers = reader.content(f"/submission/{submission_id}")["answers"]

    assert answers["1"] == {"name": "heading", "order": "1", "text": "Many kinds", "type": "control_head"}
    assert answers["2"] == {"name": "submit2", "order": "10", "text": "Submit", "type": "control_button"}
    assert answers["4"] == {
        "name": "occupation",
        "order": "3",
        "text": "Occupation",
        "type": "control_textbox",
        "answer": "Teacher",
    }
    assert (answers["3"]["answer"], answers["3"]["prettyFormat"]) == (
        {"first": "Dummy", "last": "User"},
        "Dummy User",
    )
    assert (answers["6"]["answer"], answers["6"]["prettyFormat"]) == (
        {"full": "(123) 123-1234"},
        "(123) 123-1234",
    )
    assert answers["8"]["prettyFormat"] == "Street Address: 123 Reading Rd"
    assert (answers["9"]["answer"], answers["9"]["prettyFormat"]) == (
        ["Elementary", "Middle"],
        "Elementary; Middle",
    )
    assert answers["11"]["answer"]["datetime"] == "1988-11-22 00:00:00"
    assert answers["11"]["prettyFormat"] == "1988-11-22"
    assert answers["11"]["timeFormat"] == "AM/PM"
    assert list(json.loads(answers["11"]["sublabels"])) == [
        "day",
        "month",
        "year",
        "last",
        "hour",
        "minutes",
        "litemode",
    ]
    assert list(json.loads(answers["3"]["sublabels"])) == ["prefix", "first", "middle", "last", "suffix"]
    assert "answer" not in answers["12"]
    assert "answer" not in answers["7"]


def test_a_form_has_the_recorded_fields(sandbox: Sandbox, reader: Asker) -> None:
    """Counts are strings; deleted submissions do not count, deleted forms are still listed."""
    form_id = sandbox.add_form("Students", layout="CARD")
    sandbox.submit(form_id, {"message": "one"})
    sandbox.delete_submission(sandbox.submit(form_id, {"message": "two"}))

    form = reader.content(f"/form/{form_id}")
    assert list(form) == FORM_FIELDS
    assert (form["count"], form["new"], form["type"]) == ("1", "1", "CARD")
    assert form["url"] == f"{sandbox.api}/{form_id}"
    sandbox.set_form_status(form_id, "DELETED")
    assert [(each["id"], each["status"]) for each in reader.content("/user/forms")] == [(form_id, "DELETED")]


def test_a_form_comes_as_a_list_of_one_where_that_is_asked_for(sandbox: Sandbox, reader: Asker) -> None:
    """The documentation's shape is one switch away."""
    form_id = sandbox.add_form("Students")
    sandbox.oddities = replace(sandbox.oddities, form_as_list=True)

    assert [form["id"] for form in reader.content(f"/form/{form_id}")] == [form_id]


def test_questions_are_a_map_by_qid_with_strings(sandbox: Sandbox, reader: Asker) -> None:
    """A hidden field is an ordinary question whose `hidden` is "Yes"; layout rows have no such settings."""
    form_id = sandbox.add_form("Students")

    questions = reader.content(f"/form/{form_id}/questions")

    ticket = next(each for each in questions.values() if each["name"] == "jotgate")
    assert (ticket["type"], ticket["hidden"], ticket["required"]) == ("control_textbox", "Yes", "No")
    assert all(qid == each["qid"] for qid, each in questions.items())
    assert "hidden" not in questions["2"]


def test_some_forms_number_their_questions_with_numbers(sandbox: Sandbox, reader: Asker) -> None:
    """`qid` and `order` may be numbers, while the map's keys stay strings."""
    form_id = sandbox.add_form("Students", numeric_ids=True)

    assert reader.content(f"/form/{form_id}/questions")["3"]["qid"] == 3
    assert reader.content(f"/form/{form_id}/questions")["3"]["order"] == 2


def test_empty_maps_are_lists(sandbox: Sandbox, reader: Asker) -> None:
    """No questions, no webhooks, no answers: `[]`, as PHP writes an empty array."""
    form_id = sandbox.add_form("Empty", [], ticket_field=None)
    sandbox.submit(form_id, {})

    assert reader.content(f"/form/{form_id}/questions") == []
    assert reader.content(f"/form/{form_id}/webhooks") == []
    assert reader.content(f"/form/{form_id}/submissions")[0]["answers"] == []


def test_a_read_key_sees_the_settings_with_their_secret(sandbox: Sandbox, reader: Asker) -> None:
    """What must never be logged or mirrored is there to be leaked."""
    form_id = sandbox.add_form("Students", thank_you="https://school.example/thanks")

    properties = reader.content(f"/form/{form_id}/properties")

    assert len(properties["password"]) == 16
    assert (properties["activeRedirect"], properties["thankurl"]) == (
        "thankurl",
        "https://school.example/thanks",
    )


def test_limit_left_can_be_absent(sandbox: Sandbox, reader: Asker) -> None:
    """One switch leaves it out everywhere."""
    sandbox.oddities = replace(sandbox.oddities, tells_limit_left=False)

    assert "limit-left" not in reader.get("/user").json()


def test_an_encrypted_form_gives_nothing_to_read(sandbox: Sandbox, reader: Asker) -> None:
    """Its answers are there, and none of them can be read back."""
    form_id = sandbox.add_form("Sealed", encrypted=True)
    submission_id = sandbox.submit(form_id, {"message": "a plain secret", "jotgate": "tk-canary"})

    text = reader.get(f"/submission/{submission_id}").text

    assert "secret" not in text
    assert "canary" not in text
    assert reader.content(f"/form/{form_id}/properties")["isEncrypted"] == "Yes"


def test_renaming_keeps_answers_by_qid_and_deleting_hides_them(sandbox: Sandbox, reader: Asker) -> None:
    """A renamed ticket field is found by its qid; a deleted one is gone from old submissions, too."""
    form_id = sandbox.add_form("Students")
    submission_id = sandbox.submit(form_id, {"jotgate": "ticket"})
    questions = reader.content(f"/form/{form_id}/questions")
    qid = next(qid for qid, each in questions.items() if each["name"] == "jotgate")

    sandbox.rename_question(form_id, qid, "input274")
    renamed = reader.content(f"/submission/{submission_id}")["answers"][qid]
    sandbox.delete_question(form_id, qid)

    assert (renamed["name"], renamed["answer"]) == ("input274", "ticket")
    assert qid not in reader.content(f"/submission/{submission_id}")["answers"]
    assert sandbox.add_question(form_id, name="jotgate", hidden=True) == qid


def test_usage_counts_this_month_and_todays_calls(sandbox: Sandbox, reader: Asker, clock: StillClock) -> None:
    """`api` and `limit-left` of one call add up to the plan's ceiling."""
    form_id = sandbox.add_form("Students")
    sandbox.submit(form_id, {"message": "December"}, at=clock.at - 20 * 86_400)
    sandbox.submit(form_id, {"message": "January"})

    body = reader.get("/user/usage").json()

    assert (body["content"]["submissions"], body["content"]["form_count"]) == ("1", "1")
    assert body["content"]["api"] + body["limit-left"] == 1_000


def test_only_accounts_of_the_eu_say_eu_only(clock: StillClock, reader: Asker) -> None:
    """PHP's client goes to the EU's host wherever the word is, even with false."""
    assert "euOnly" not in reader.content("/user")
    with Sandbox(clock=clock, region="EU") as european:
        assert Asker(european.api, european.read_key).content("/user")["euOnly"] is True


def test_a_form_names_its_owner_in_its_settings(sandbox: Sandbox, reader: Asker) -> None:
    """By account and by name, which follows the account's settings."""
    form_id = sandbox.add_form("Students")
    requests.post(
        f"{sandbox.api}/user/settings",
        data={"name": "A School", "status": "SUSPENDED"},
        headers={"APIKEY": sandbox.full_key},
        timeout=5,
    )
    properties = reader.content(f"/form/{form_id}/properties")
    assert (properties["owner"], properties["formOwnerName"]) == ("sandbox_owner", "A School")
    assert reader.content("/user/settings/name") == {"name": "A School"}
    assert reader.content("/user")["status"] == "ACTIVE"


def test_a_question_is_made_with_a_number_and_edited_as_a_list(sandbox: Sandbox) -> None:
    """As others' live tests found it: the new `qid` is a number, and an edit answers a list of one."""
    form_id = sandbox.add_form("Students")
    writer = Asker(sandbox.api, sandbox.full_key)
    with writer.session as session:
        base = f"{sandbox.api}/form/{form_id}"
        made = session.post(f"{base}/questions", data={"question[type]": "control_textbox"}, timeout=5).json()
        qid = made["content"]["qid"]
        edit = session.post(f"{base}/question/{qid}", data={"question[hidden]": "Yes"}, timeout=5).json()
        many = session.put(
            f"{base}/questions", json={"questions": [{"type": "control_head"}]}, timeout=5
        ).json()

    assert type(qid) is int
    assert (made["content"]["type"], made["content"]["order"]) == ("control_textbox", "7")
    assert [(each["qid"], each["hidden"]) for each in edit["content"]] == [(str(qid), "Yes")]
    assert [type(each["qid"]) for each in many["content"]] == [int]


def test_a_submission_without_answers_is_refused(sandbox: Sandbox, reader: Asker) -> None:
    """400 with the recorded words and an empty list; nothing is kept."""
    form_id = sandbox.add_form("Students")
    answer = requests.post(
        f"{sandbox.api}/form/{form_id}/submissions", headers={"APIKEY": sandbox.full_key}, timeout=5
    )
    assert answer.status_code == 400
    body = answer.json()
    assert body["message"] == "Bad request (/form-id-submissions) - Submissions couldn't inserted"
    assert (body["content"], body["info"]) == ([], "https://api.jotform.com/docs#form-id-submissions")
    assert reader.content(f"/form/{form_id}/submissions") == []


def test_forms_and_submissions_are_made_from_json_lists(sandbox: Sandbox, reader: Asker) -> None:
    """Of a list of forms one is told; submissions may stand inside `submission`."""
    writer = Asker(sandbox.api, sandbox.full_key)
    with writer.session as session:
        made = session.put(
            f"{sandbox.api}/user/forms", json=[{"title": "One", "questions": []}], timeout=5
        ).json()
        form_id = made["content"]["id"]
        assert made["content"]["title"] == "One"
        session.put(f"{sandbox.api}/form/{form_id}/questions", json=[{"type": "textbox"}], timeout=5)
        sent = session.put(
            f"{sandbox.api}/form/{form_id}/submissions", json=[{"submission": {"1": "Test value"}}], timeout=5
        ).json()
    row = reader.content(f"/submission/{sent['content'][0]['submissionID']}")
    assert row["answers"]["1"]["answer"] == "Test value"


def test_the_history_tells_what_was_done_to_forms(sandbox: Sandbox, reader: Asker, clock: StillClock) -> None:
    """Newest first, by action or upwards where that is asked for; another account's is not in it."""
    form_id = sandbox.add_form("Students")
    clock.at += 60
    key = {"APIKEY": sandbox.full_key}
    requests.delete(f"{sandbox.api}/form/{form_id}", headers=key, timeout=5)

    events = reader.content("/user/history")

    assert [(each["type"], each["formID"]) for each in events] == [
        ("formDelete", form_id),
        ("formCreation", form_id),
    ]
    assert events[0]["timestamp"] == clock.at
    assert (events[0]["formStatus"], events[1]["formTitle"]) == ("DELETED", "Students")
    assert reader.content("/user/history", sortBy="ASC") == events[::-1]
    assert reader.content("/user/history", action="formCreation") == events[1:]
