"""The official Python client (PyPI `jotform`) works against the sandbox with only its base address changed."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError

import pytest

from jotgate.sandbox import Sandbox

jotform = pytest.importorskip("jotform", reason="the official client is not installed: pip install jotform")


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    return jotform.JotformAPIClient(sandbox.full_key, baseUrl=sandbox.api + "/")


def test_every_reading_call_of_the_client_is_answered(sandbox: Sandbox, client: Any) -> None:
    """A program written for JotForm reads accounts, forms, questions, settings and submissions unchanged."""
    form_id = sandbox.add_form("Students", webhooks=["http://127.0.0.1:9/hook"])
    submission_id = sandbox.submit(form_id, {"name": {"first": "Ada", "last": "L"}}, webhook=False)

    assert client.get_user()["account_type"].endswith("/system/plan/FREE")
    assert int(client.get_usage()["api"]) == 2
    assert [form["id"] for form in client.get_forms()] == [form_id]
    assert client.get_form(form_id)["title"] == "Students"
    assert client.get_form_questions(form_id)["3"]["type"] == "control_fullname"
    assert client.get_form_question(form_id, "3")["name"] == "name"
    assert client.get_form_properties(form_id)["title"] == "Students"
    assert client.get_form_property(form_id, "title") == {"title": "Students"}
    assert client.get_form_webhooks(form_id) == {"0": "http://127.0.0.1:9/hook"}
    assert client.get_form_files(form_id) == []
    assert client.get_submission(submission_id)["answers"]["3"]["prettyFormat"] == "Ada L"
    assert [row["id"] for row in client.get_submissions()] == [submission_id]
    assert client.get_submissions(filterArray={"formIDs": ["1"]}) == []
    assert client.get_settings()["time_zone"] == "America/New_York"
    assert client.get_folders()["subfolders"] == []
    assert [event["type"] for event in client.get_history()] == ["formCreation"]
    for empty in (client.get_subusers, client.get_reports):
        assert empty() == []
    assert client.get_plan("FREE")["name"] == "FREE"


def test_the_client_lists_with_limit_filter_and_order(sandbox: Sandbox, client: Any) -> None:
    """The client's own way to write conditions reaches the list."""
    form_id = sandbox.add_form("Students")
    ids = [sandbox.submit(form_id, {"message": str(number)}) for number in range(5)]

    assert [row["id"] for row in client.get_form_submissions(form_id, limit="2")] == ids[:2:-1]
    newer = client.get_form_submissions(form_id, filterArray={"id:gt": ids[2]}, order_by="-id")
    assert [row["id"] for row in newer] == [ids[4], ids[3]]


def test_the_client_writes_with_a_full_key(sandbox: Sandbox, client: Any) -> None:
    """Creating, editing and deleting forms, questions, webhooks and submissions leaves what a reader then sees."""
    form_id = client.create_form(
        {
            "questions": {
                "1": {"type": "control_textbox", "text": "Your class", "order": "1", "name": "class"}
            },
            "properties": {"title": "Made by a client"},
        }
    )["id"]
    assert client.get_form(form_id)["title"] == "Made by a client"
    made = client.create_form_question(form_id, {"type": "control_fullname", "text": "Name", "name": "who"})
    qid = str(made["qid"])
    assert client.edit_form_question(form_id, qid, {"text": "Your name"})[0]["text"] == "Your name"
    assert client.set_form_properties(form_id, {"title": "Renamed"}) == {
        "title": "Renamed",
        "formID": form_id,
    }

    made = client.create_form_submission(form_id, {"1": "7b", f"{qid}_first": "Ada", f"{qid}_last": "L"})
    answers = client.get_submission(made["submissionID"])["answers"]
    assert (answers["1"]["answer"], answers[qid]["answer"]) == ("7b", {"first": "Ada", "last": "L"})
    client.edit_submission(made["submissionID"], {"1": "8b"})
    edited = client.get_submission(made["submissionID"])
    assert edited["answers"]["1"]["answer"] == "8b"
    assert edited["updated_at"] is not None
    many = client.create_form_submissions(form_id, json.dumps([{"1": {"text": "7c"}}, {"1": {"text": "7d"}}]))
    assert len(many) == 2

    assert client.create_form_webhook(form_id, "http://127.0.0.1:9/a") == {"0": "http://127.0.0.1:9/a"}
    assert client.delete_form_webhook(form_id, "0") == []
    sentence = client.delete_submission(made["submissionID"])
    assert sentence == f"Submission #{made['submissionID']} deleted successfully."
    assert client.get_submission(made["submissionID"])["status"] == "DELETED"
    assert client.delete_form_question(form_id, qid) == f"QuestionID #{qid} successfully deleted."
    assert client.clone_form(form_id)["title"] == "Clone of Renamed"
    assert client.delete_form(form_id)["status"] == "DELETED"


def test_the_client_keeps_folders_reports_and_settings(sandbox: Sandbox, client: Any) -> None:
    """What it makes is listed, changes when it says so, and is gone when it deletes it."""
    form_id = sandbox.add_form("Students")

    folder = client.create_folder({"name": "School", "color": "#FF0000"})
    client.add_form_to_folder(folder["id"], form_id)
    [listed] = client.get_folders()["subfolders"]
    assert (listed["id"], listed["name"], list(listed["forms"])) == (folder["id"], "School", [form_id])
    client.update_folder(folder["id"], json.dumps({"name": "Schools"}))
    assert client.get_folder(folder["id"])["name"] == "Schools"
    assert client.delete_folder(folder["id"]) == "Folder deleted successfully"
    assert client.get_folders()["subfolders"] == []

    report = client.create_report(form_id, {"title": "All", "list_type": "csv", "fields": "ip,dt,3"})
    assert (report["form_id"], report["list_type"], report["fields"]) == (form_id, "csv", "ip,dt,3")
    assert client.get_reports() == client.get_form_reports(form_id) == [report]
    assert client.get_report(report["id"]) == report
    assert client.delete_report(report["id"]) is True
    assert client.get_reports() == []

    assert client.update_settings({"company": "A school", "username": "thief"})["company"] == "A school"
    assert client.get_settings()["username"] == client.get_user()["username"] == "sandbox_owner"
    assert client.get_user()["company"] == "A school"


def test_the_client_meets_a_refusal_as_an_error(sandbox: Sandbox) -> None:
    """A read key that deletes gets 401, and nothing is deleted."""
    form_id = sandbox.add_form("Students")
    submission_id = sandbox.submit(form_id, {"message": "stays"})
    reader = jotform.JotformAPIClient(sandbox.read_key, baseUrl=sandbox.api + "/")

    with pytest.raises(HTTPError) as refusal:
        reader.delete_submission(submission_id)

    refusal.value.close()
    assert refusal.value.code == 401
    assert reader.get_submission(submission_id)["status"] == "ACTIVE"
