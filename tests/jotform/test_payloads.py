"""From recorded answers to records: right answers, right times, and a value or one error for anything else."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform import payloads
from jotgate.jotform.envelope import read_envelope
from jotgate.jotform.times import Wall
from jotgate.protocols import Account, FormInfo, Question
from jotgate.submissions import Submission

from .conftest import PAYLOADS, outcome, payload

WALL = Wall(is_known=True)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**20, -(10**20)]).map(lambda number: number**300)
    | st.floats()
    | st.text(max_size=20)
    | st.text("0123456789", max_size=25)
    | st.text("\ud800\udfffa", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "form_id",
                    "created_at",
                    "answers",
                    "answer",
                    "status",
                    "qid",
                    "name",
                    "api",
                    "account_type",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


def submission(row: Any) -> Submission:
    read = payloads.read_submission(row, WALL)
    assert read is not None
    return read


def utc(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone.utc).timestamp()


def test_a_submission_of_many_types_keeps_every_answer_in_its_shape() -> None:
    """Texts, maps and lists come through as they were, unanswered questions stay, and the time is right."""
    read = submission(payload("submission-of-many-types")["content"])

    assert (read.submission_id, read.form_id, read.status) == (
        "5141380755815289484",
        "213335607234147",
        "ACTIVE",
    )
    assert read.created_earliest == read.created_latest == utc("2021-12-01T03:21:15")
    assert read.answers["3"]["answer"] == {"first": "Ada", "last": "Example"}
    assert read.answers["4"]["answer"] == "Gardener"
    assert read.answers["6"]["answer"] == {"full": "(555) 010-0199"}
    assert read.answers["9"]["answer"] == ["Elementary"]
    assert "answer" not in read.answers["12"]
    assert not read.empty


def test_a_list_of_submissions_gives_each_its_answers_and_time() -> None:
    """Both rows of a recorded list are read, each with its own ids, hidden fields and second."""
    first, second = (submission(row) for row in payloads.read_rows(payload("submissions")["content"]))

    assert [first.submission_id, second.submission_id] == ["6410095903544943563", "6441197313548135134"]
    assert first.answers["4"]["answer"] == "11111111-2222-4333-8444-555555555555"
    assert first.created_earliest == first.created_latest == utc("2025-12-08T13:26:30")
    assert second.created_earliest == second.created_latest == utc("2026-01-13T13:22:11")
    assert first == submission(payload("submission")["content"])


@pytest.mark.parametrize("answers", [[], None, "", 0, "text", [{"answer": "x"}], {"3": None, "4": []}])
def test_odd_answers_are_no_answers(answers: object) -> None:
    """An empty map may come as a list, and right after a webhook as null: the submission is read, and is empty."""
    (row,) = payload("submissions-with-list-for-answers")["content"]

    read = submission({**row, "answers": answers})
    assert read.submission_id == "6600000000000000002"
    assert read.answers == {}
    assert read.empty


def test_numbers_serve_as_ids() -> None:
    """Ids that come as numbers are the same ids."""
    row = {**payload("submission")["content"], "id": 6410095903544943563, "form_id": 253343950262051}

    assert submission(row) == submission(payload("submission")["content"])


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": ""},
        {"id": "12a"},
        {"id": True},
        {"id": -1},
        {"id": 1.5},
        {"id": "٣"},
        {"id": "1\n"},
        {"form_id": None},
        {"form_id": "x"},
        {"id": "4711", "created_at": "soon"},
    ],
)
def test_a_row_without_id_form_or_time_is_not_a_submission(change: dict[str, object]) -> None:
    """What cannot be told apart, or cannot be judged, is left out."""
    assert payloads.read_submission({**payload("submission")["content"], **change}, WALL) is None


def test_a_form_is_read_alone_and_as_a_list_of_one() -> None:
    """Both shapes of the answer about one form give the same record; the count is a number."""
    content = payload("form")["content"]
    expected = FormInfo(form_id="240000000000001", title="Sample form", status="ENABLED", count=1)

    assert payloads.read_form(content, "240000000000001") == expected
    assert payloads.read_form([content], "240000000000001") == expected


@pytest.mark.parametrize("form_id", ["240000000000002", "24000000000000", "0240000000000001"])
def test_an_answer_about_another_form_is_refused(form_id: str) -> None:
    """The form that comes must be the form that was asked for."""
    with pytest.raises(UpstreamError) as caught:
        payloads.read_form(payload("form")["content"], form_id)
    assert caught.value.reason is UpstreamReason.MALFORMED


def test_questions_may_lack_a_name() -> None:
    """A question without a unique name is read with an empty one."""
    questions = payloads.read_questions(payload("questions-without-names")["content"])

    assert [question.qid for question in questions] == ["3", "5", "7", "9"]
    assert questions[2] == Question(
        qid="7", name="", type="control_textbox", text="Ticket text", hidden=False, required=False
    )
    assert questions[1].required


def test_questions_may_hold_numbers() -> None:
    """Ids and orders that are numbers, and absent names, do no harm."""
    questions = payloads.read_questions(payload("questions-with-numbers")["content"])

    assert {question.qid: question.name for question in questions} == {
        "1": "header",
        "4": "name",
        "3": "email",
        "9": "",
    }


def test_a_form_without_questions_has_none() -> None:
    """An empty map comes as a list."""
    assert payloads.read_questions(payload("questions-none")["content"]) == ()


@pytest.mark.parametrize("content", [None, "", 0, "text"])
def test_no_answer_about_questions_is_not_an_answer_without_questions(content: object) -> None:
    """A door must not close because JotForm sent nothing where a map belongs."""
    with pytest.raises(UpstreamError):
        payloads.read_questions(content)


@pytest.mark.parametrize(
    ("said", "hidden"), [("Yes", True), ("No", False), (True, True), (None, False), ("", False)]
)
def test_hidden_is_said_in_words(said: object, hidden: bool) -> None:
    """JotForm says Yes and No where others say true and false."""
    (question,) = payloads.read_questions({"7": {"qid": "7", "name": "jotgate", "hidden": said}})
    assert question.hidden is hidden


def test_the_account_is_read_with_its_plan() -> None:
    """The plan is the last part of an address."""
    assert payloads.read_account(payload("user")["content"]) == Account(
        username="sample_owner", plan="INTERN", time_zone="Europe/Istanbul", eu_only=False
    )


def test_an_account_without_zone_and_region_has_none() -> None:
    """A zone that is null or absent is None, and euOnly is read in any spelling."""
    account = payloads.read_account({"time_zone": None, "euOnly": "1", "account_type": {"name": "Free"}})

    assert account == Account(username="", plan="FREE", time_zone=None, eu_only=True)


@pytest.mark.parametrize(
    ("content", "webhooks"),
    [
        ([], ()),
        ({}, ()),
        ({"0": "http://a.example/x"}, ("http://a.example/x",)),
        (["b", None, "a"], ("b", "a")),
    ],
)
def test_webhooks_come_as_a_map_or_a_list(content: object, webhooks: tuple[str, ...]) -> None:
    """Only addresses are kept, in JotForm's order."""
    assert payloads.read_webhooks(content) == webhooks


@pytest.mark.parametrize("used", [17, "17"])
def test_calls_used_are_a_number_in_either_spelling(used: object) -> None:
    """The count of calls may be a text."""
    assert payloads.read_calls_used({"api": used}) == 17


@pytest.mark.parametrize("content", [{}, {"api": None}, {"api": -1}, {"api": "many"}, []])
def test_usage_without_a_count_is_malformed(content: object) -> None:
    """No count is not a count of zero."""
    with pytest.raises(UpstreamError):
        payloads.read_calls_used(content)


def test_the_newest_id_is_the_highest_of_the_form_before_that_moment() -> None:
    """Ids are compared as numbers, rows of other forms do not count, and doubtful times are not "before"."""
    noon = utc("2026-06-10T16:00:00")
    rows = [
        {"id": submission_id, "form_id": form_id, "created_at": created_at}
        for submission_id, form_id, created_at in [
            ("9", "1", "2026-06-10 11:00:00"),
            ("10", "1", "2026-06-10 11:59:59"),
            ("11", "1", "2026-06-10 12:00:00"),
            ("99", "2", "2026-06-10 10:00:00"),
        ]
    ]

    assert payloads.newest_before(rows, "1", noon, WALL) == "10"
    assert payloads.newest_before(rows, "1", noon - 7_200, WALL) is None
    assert payloads.newest_before([], "1", noon, WALL) is None
    with pytest.raises(UpstreamError):
        payloads.newest_before(rows, "3", noon, WALL)


def test_the_first_row_of_a_list_too_large_is_read_up_to_its_answers() -> None:
    """What stands before the answers is enough to know whose submission it is, and when it was made."""
    body = json.dumps(payload("submissions"), separators=(",", ":")).encode()

    row = payloads.read_first_row(body[: body.index(b'"answers"') + 20])
    read = submission(row)
    assert (read.submission_id, read.form_id) == ("6410095903544943563", "253343950262051")
    assert read.created_earliest == utc("2025-12-08T13:26:30")
    assert read.empty


@pytest.mark.parametrize("head", [b"", b'{"content":"aaaaaaa', b"<html>", b'{"content":[', b"\xff" * 10])
def test_what_is_not_a_list_has_no_first_row(head: bytes) -> None:
    """Other large answers tell nothing about a submission."""
    assert not payloads.read_first_row(head)


#: One answer in each file, but for the table of what is said at the limit.
RECORDED = sorted(set(PAYLOADS.glob("*.json")) - {PAYLOADS / "error-over-limit-variants.json"})


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_recorded_answer_is_understood(path: Path) -> None:
    """Recorded successes have a content, and recorded errors their reason."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    answer = read_envelope(recorded["responseCode"], path.read_bytes(), secret="k" * 32)

    if recorded["responseCode"] == 200:
        assert answer.problem is None
        assert answer.content == recorded["content"]
        assert answer.limit_left == recorded.get("limit-left")
    else:
        expected = {401: UpstreamReason.UNAUTHORIZED, 404: UpstreamReason.NOT_FOUND}[recorded["responseCode"]]
        assert answer.problem is not None
        assert answer.problem.reason is expected


@given(JSON, st.sampled_from(["4711", "6410095903544943563"]))
def test_any_json_is_a_record_or_malformed(value: object, form_id: str) -> None:
    """Every parser is total: a record, nothing, or the one error with the reason MALFORMED."""
    assert payloads.read_submission(value, WALL) is None or isinstance(value, dict)
    parsers = [
        payloads.read_account,
        payloads.read_calls_used,
        lambda content: payloads.read_form(content, form_id),
        payloads.read_questions,
        payloads.read_webhooks,
        payloads.read_properties,
        payloads.read_rows,
        lambda content: payloads.newest_before(payloads.read_rows(content), form_id, 0.0, WALL),
        lambda content: payloads.read_raw_form(content, form_id),
        payloads.read_raw_questions,
        lambda content: payloads.rows_between(payloads.read_rows(content), form_id, 0, 10**20),
    ]
    for parse in parsers:
        answer = outcome(lambda parse=parse: parse(value))
        if isinstance(answer, UpstreamError):
            assert answer.reason is UpstreamReason.MALFORMED
            assert len(str(answer)) < 200


@given(st.dictionaries(st.sampled_from(["id", "form_id", "created_at", "answers", "status"]), JSON))
def test_any_row_is_a_submission_with_digits_for_ids_or_none(row: dict[str, Any]) -> None:
    """Whatever stands in a row, what is read from it has ids of digits, times in order and maps for answers."""
    read = payloads.read_submission(row, WALL)
    if read is not None:
        assert read.submission_id.isascii()
        assert read.submission_id.isdigit()
        assert read.created_earliest <= read.created_latest
        assert all(isinstance(answer, dict) for answer in read.answers.values())
