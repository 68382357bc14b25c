"""Answers made into text, found by name, and kept as digests and fingerprints that tell nothing without the key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.answers import FormAnswers, digests, fingerprints, keep, normalised
from jotgate.answers.keeping import MAX_TOLD_CHARS, MAX_TOLD_CHARS_IN_ALL
from jotgate.outcomes import ToldField
from jotgate.signed.keyring import CodeKeys
from jotgate.stores.outbox import told_fields, told_text

PAYLOADS = Path(__file__).parent / "jotform" / "payloads"
OLD, NEW = CodeKeys([b"o" * 32]), CodeKeys([b"o" * 32, b"n" * 32])
SIGNATURE = (
    "https://www.jotform.com/uploads/sample_owner/213335607234147/5141380755815289484"
    "/5141380755815289484_signature_22.png"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
ROWS = st.dictionaries(
    st.text(max_size=3),
    st.fixed_dictionaries({}, optional={"name": JSON, "text": JSON, "type": JSON, "answer": JSON}),
    max_size=5,
)


def captured(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the answers of a captured submission, the first if there are several."""
    content = json.loads((PAYLOADS / name).read_text())["content"]
    answers: Mapping[str, Mapping[str, Any]] = (content[0] if isinstance(content, list) else content)[
        "answers"
    ]
    return answers


def kept(rows: Mapping[str, Mapping[str, Any]], *, keys: CodeKeys = NEW, **fields: tuple[str, ...]) -> Any:
    """Keep what is to be kept; the ticket is in question 7."""
    listed: dict[str, tuple[str, ...]] = {"lookup_fields": (), "show_fields": ()} | fields
    return keep(FormAnswers(rows), form_id="students", ticket_qid="7", code_keys=keys, **listed)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("fullName3", "Ada Example"),
        ("3", "Ada Example"),
        ("fullName3[first]", "Ada"),
        ("3[last]", "Example"),
        ("phoneNumber", "(555) 010-0199"),
        ("email", "ada@mail.example"),
        ("address", "1 Sample Street"),
        ("name9", "Elementary"),
        ("bySigning22", SIGNATURE),
    ],
)
def test_captured_answers_read_as_text(field: str, text: str) -> None:
    """Names, telephone numbers, addresses, choices and files, by unique name, by number, and in part."""
    assert FormAnswers(captured("submission-of-many-types.json"))[field] == text


@pytest.mark.parametrize(
    "field", ["daysAvailable", "12", "submit2", "nobody", "", "[", "fullName3[middle]", "work[a]"]
)
def test_what_has_no_answer_is_not_there(field: str) -> None:
    """Unanswered questions, layout, parts that nobody filled in, names that no question has."""
    answers = FormAnswers(captured("submission-of-many-types.json"))
    assert field not in answers
    assert answers.get(field, "nothing") == "nothing"


def test_answers_are_gone_through_by_name() -> None:
    """Each answered question once, by its unique name, or by its number where it has none; never in a repr."""
    answers = FormAnswers({**captured("submission.json"), "90": {"name": "", "answer": "x"}})
    assert list(answers) == ["name", "memberId", "visitId", "allowed", "dateOfBirth", "flag", "90"]
    assert answers["90"] == "x"
    assert answers["dateOfBirth"] == "1990-11-22"
    assert repr(answers) == "<Answers to 7 questions>"


@given(ROWS)
def test_whatever_came_back_can_be_kept(rows: dict[str, dict[str, Any]]) -> None:
    """Never an exception; what is kept of it can be written as JSON."""
    answers = FormAnswers(rows)
    assert len(dict(answers)) == len(answers)
    fields = (*rows, *answers, "name[first]", "7")
    found = kept(rows, lookup_fields=fields, show_fields=fields, tell_fields=fields)
    assert told_fields(told_text(found.told)) == found.told
    assert sum(one.chars for one in found.told.values()) <= MAX_TOLD_CHARS_IN_ALL
    assert json.loads(json.dumps(found.shown)).keys() == found.shown.keys()
    assert len(found.digest) == 16


@pytest.mark.parametrize(
    "written",
    ["AB 12 34", " ab  12 34\n", "Ab\u00a012\u200934", "\uff21\uff22 \uff11\uff12 34"],
)
def test_a_lookup_forgives_case_width_and_spaces(written: str) -> None:
    """All of them are found by any of them."""
    assert fingerprints(NEW, "students", "document", written) == fingerprints(
        NEW, "students", "document", "ab 12 34"
    )


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    """What was normalised is looked up as it is."""
    once = normalised(text)
    assert normalised(once) == once
    assert once == once.strip()


def test_a_fingerprint_is_bound_to_form_and_field() -> None:
    """The same document number tells nothing across fields, forms or keys, and nothing is ever empty."""
    [ours] = fingerprints(OLD, "students", "document", "123")
    for form, field in (("teachers", "document"), ("students", "other"), ("student", "sdocument")):
        assert fingerprints(OLD, form, field, "123") != (ours,)
    newest, oldest = fingerprints(NEW, "students", "document", "123")
    assert oldest == ours != newest
    assert fingerprints(NEW, "students", "document", " \n") == ()


def test_a_digest_changes_with_every_answer_and_with_nothing_else() -> None:
    """Not with the ticket, a label, a name, an order, or an empty answer; under each key it is another."""
    rows = {"3": {"name": "name", "answer": {"first": "A", "last": "B"}}, "7": {"answer": "ticket"}}

    def digest(changed: Mapping[str, Mapping[str, Any]], keys: CodeKeys = OLD) -> bytes:
        return digests({**rows, **changed}, ticket_qid="7", code_keys=keys)[0]

    same = digest({})
    assert digest({"7": {"answer": "another"}}) == same
    assert digest({"3": {"name": "renamed", "text": "Name", "answer": {"last": "B", "first": "A"}}}) == same
    assert digest({"4": {"answer": ""}, "5": {"name": "layout"}, "6": {"answer": []}}) == same
    assert digest({"3": {"answer": {"first": "A", "last": "C"}}}) != same
    assert digest({"4": {"answer": "0"}}) != same
    assert digest({"4": {"answer": 0}}) != same != digest({"4": {"answer": False}})
    assert digest({}, NEW) != same == digests(rows, ticket_qid="7", code_keys=NEW)[1]


def test_listed_fields_are_kept_to_be_told_with_their_parts() -> None:
    """As text, and part by part under JotForm's names; a list's parts are numbered, and empty ones left out."""
    rows = {
        "3": {
            "name": "name",
            "type": "control_fullname",
            "answer": {"first": "Ada", "middle": "", "last": "L"},
        },
        "4": {"name": "clubs", "type": "control_checkbox", "answer": ["Chess", "", "Poetry"]},
        "5": {"name": "document", "type": "control_textbox", "answer": "AB&amp;12"},
        "6": {"name": "secret", "answer": "x"},
    }
    told = kept(rows, tell_fields=("document", "name", "clubs", "name[last]", "absent", "name[middle]")).told
    assert told == {
        "document": ToldField(text="AB&12"),
        "name": ToldField(text="Ada L", parts={"first": "Ada", "last": "L"}),
        "clubs": ToldField(text="Chess; Poetry", parts={"0": "Chess", "2": "Poetry"}),
        "name[last]": ToldField(text="L"),
    }
    assert list(told) == ["document", "name", "clubs", "name[last]"]
    assert "Ada" not in repr(told)


def test_what_is_told_is_cut() -> None:
    """An answer of megabytes is its beginning, one of many parts loses these, and a hundred such ones share a limit."""
    long, many = "x" * 2_500_000, {str(part): "y" * 100 for part in range(50)}
    rows = {"1": {"name": "long", "answer": long}, "2": {"name": "many", "answer": many}}
    rows["3"] = {"name": "short", "answer": "z"}
    told = kept(rows, tell_fields=("long", "many", "short")).told
    assert told["long"] == ToldField(text="x" * MAX_TOLD_CHARS, cut=True)
    assert (len(told["many"].text), told["many"].parts, told["many"].cut) == (MAX_TOLD_CHARS, {}, True)
    assert told["short"] == ToldField(text="z")
    rows = {str(qid): {"name": f"q{qid}", "answer": "w" * MAX_TOLD_CHARS} for qid in range(8, 108)}
    told = kept(rows, tell_fields=tuple(f"q{qid}" for qid in range(8, 108))).told
    assert sum(one.chars for one in told.values()) == MAX_TOLD_CHARS_IN_ALL
    assert [one.cut for one in told.values()] == [False] * 10 + [True] * 90


def test_only_listed_fields_are_kept_in_clear() -> None:
    """With the question as the form puts it; a list stays a list, so that files stay links."""
    rows = {
        "3": {"name": "name", "text": " Full name ", "answer": {"first": "Ada", "last": "L"}},
        "4": {"name": "photo", "text": "", "answer": ["https://www.jotform.com/uploads/a.png", ""]},
        "5": {"name": "document", "text": "Document", "answer": "AB 12"},
        "7": {"name": "jotgate", "answer": "ticket"},
    }
    found = kept(rows, lookup_fields=("document", "absent"), show_fields=("name[first]", "4", "absent"))
    assert found.shown == {
        "name[first]": {"label": "Full name", "value": "Ada"},
        "4": {"label": "4", "value": ["https://www.jotform.com/uploads/a.png"]},
    }
    assert found.lookups == (("document", fingerprints(NEW, "students", "document", "ab 12")[0]),)
    assert "Ada" not in repr(found)
