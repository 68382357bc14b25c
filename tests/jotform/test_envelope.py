"""What an answer says before anybody reads its content."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.errors import UpstreamReason
from jotgate.jotform.envelope import CutOff, Envelope, read_envelope

from .conftest import CANARY_KEY, payload


def read(body: object, status: int = 200) -> Envelope:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_envelope(status, raw, secret=CANARY_KEY)


def reason(body: object, status: int = 200) -> UpstreamReason | None:
    problem = read(body, status).problem
    return problem.reason if problem else None


def test_a_success_carries_content_and_calls_left() -> None:
    """Content, calls left and the page's size come from their places."""
    answer = read({"responseCode": 200, "content": [1], "limit-left": 983, "resultSet": {"limit": 20}})

    assert (answer.content, answer.limit_left, answer.page_rows, answer.problem) == ([1], 983, 20, None)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (200, 200, None),
        (200, "200", None),
        (200, None, None),
        (200, 401, UpstreamReason.UNAUTHORIZED),
        (401, 200, UpstreamReason.UNAUTHORIZED),
        (200, 404, UpstreamReason.NOT_FOUND),
        (200, 400, UpstreamReason.REFUSED),
        (200, 500, UpstreamReason.BROKEN),
        (502, 200, UpstreamReason.BROKEN),
        (504, 504, UpstreamReason.BROKEN),
        (200, 301, UpstreamReason.REDIRECTED),
        (200, 0, UpstreamReason.MALFORMED),
        (200, 999, UpstreamReason.MALFORMED),
    ],
)
def test_both_codes_must_say_yes(status: int, code: object, expected: UpstreamReason | None) -> None:
    """An error counts wherever it stands, in HTTP's status or in the envelope."""
    assert reason({"responseCode": code, "message": "x", "content": {}}, status) is expected


@pytest.mark.parametrize(
    "variant", payload("error-over-limit-variants"), ids=lambda variant: str(variant["http"])
)
def test_every_recorded_wording_of_the_limit_is_recognised(variant: dict[str, Any]) -> None:
    """Contradictory reports of the day's limit all mean the same."""
    body = b"" if variant["body"] is None else json.dumps(variant["body"]).encode()

    assert reason(body, variant["http"]) is UpstreamReason.OVER_LIMIT


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
@pytest.mark.parametrize(
    "body", [b"API-Limit exceeded", b"<html>Api limit reached</html>", b'{"message":"API-Limit"}']
)
def test_the_words_for_the_limit_count_with_any_status(status: int, body: bytes) -> None:
    """Where the limit is named it is reached, whatever the code, and nothing is left of the day's calls."""
    answer = read(body, status)

    assert answer.problem is not None
    assert answer.problem.reason is UpstreamReason.OVER_LIMIT
    assert answer.limit_left == 0


@pytest.mark.parametrize(
    ("status", "body"), [(503, b""), (503, b"null"), (403, b""), (429, b"<html>slow down</html>")]
)
def test_a_wordless_refusal_concludes_nothing_about_the_quota(status: int, body: bytes) -> None:
    """A proxy answers like this, too: the call fails, but the day is not over."""
    answer = read(body, status)

    assert answer.problem is not None
    assert answer.problem.reason is UpstreamReason.OVER_LIMIT
    assert answer.limit_left is None


def test_a_form_may_be_named_after_the_limit() -> None:
    """The words count in what JotForm says, not in what people wrote."""
    assert (
        reason({"responseCode": 200, "message": "success", "content": {"title": "API-Limit exceeded"}})
        is None
    )


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_maintenance_page_is_not_the_limit(status: int) -> None:
    """HTML with a 5xx passes by itself."""
    assert reason(b"<html><h1>We will be back</h1></html>", status) is UpstreamReason.BROKEN


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hello</html>",
        b"null",
        b"[]",
        b"1",
        b'"text"',
        b"\xff\xfe{}",
        b'{"content":NaN}',
        b'{"content":-Infinity}',
        b'{"content":' + b"9" * 5_000 + b"}",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        '{"content":"é"}'.encode("latin-1"),
        '{"content":1}'.encode("utf-16"),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_hostile_json_is_malformed(body: bytes) -> None:
    """Whatever is not an object in sane JSON is one and the same error."""
    assert reason(body) is UpstreamReason.MALFORMED


@pytest.mark.parametrize("keep", range(0, 60, 3))
def test_an_answer_that_ends_early_is_told_from_nonsense(keep: int) -> None:
    """A cut answer may come whole at the next try."""
    whole = json.dumps({"responseCode": 200, "content": {"title": "äöü€😀" * 4}}, ensure_ascii=False).encode()

    problem = read(whole[:keep]).problem
    assert isinstance(problem, CutOff)


def test_an_answer_without_content_points_to_the_region() -> None:
    """A key of another region gets JSON without content; the message says where to look."""
    problem = read({"responseCode": 200, "message": "success"}).problem

    assert problem is not None
    assert problem.reason is UpstreamReason.MALFORMED
    assert "region" in str(problem)
    assert "api_host" in str(problem)


@pytest.mark.parametrize(
    ("escaped", "expected"),
    [
        (r"\ud83d\ude00", "😀"),
        (r"\ud83d", "?"),
        (r"a\ude00b", "a?b"),
        (r"\ud83d\ud83d\ude00", "?😀"),
        (r"\\ud83d\udc00", r"\ud83d?"),
        (r"\\ud83d", r"\ud83d"),
        (r"\uD83Dx", "?x"),
    ],
)
def test_half_characters_become_question_marks(escaped: str, expected: str) -> None:
    """What anybody can type must neither stop the reading of a page nor reach a database that refuses it."""
    answer = read(f'{{"responseCode":200,"content":"{escaped}"}}'.encode())

    assert answer.content == expected
    answer.content.encode()


@pytest.mark.parametrize("left", [None, -1, 1.5, "many", True, [], {}, 10**15])
def test_absurd_counts_of_calls_left_are_not_believed(left: object) -> None:
    """Only a number from 0 up is a count."""
    assert read({"responseCode": 200, "content": {}, "limit-left": left}).limit_left is None


def test_a_refused_key_says_nothing_about_our_quota() -> None:
    """A count that comes with 401 may be somebody else's."""
    assert read({"responseCode": 401, "message": "no", "limit-left": 3}, 401).limit_left is None


@pytest.mark.parametrize(
    "message",
    [
        f"bad key {CANARY_KEY}!",
        f"bad key {CANARY_KEY.upper()}!",
        {"apiKey": CANARY_KEY},
        [CANARY_KEY],
        CANARY_KEY * 9,
    ],
)
def test_what_jotform_says_is_quoted_without_the_key(message: object) -> None:
    """An error that echoes the key is quoted without it."""
    problem = read({"responseCode": 400, "message": message, "content": ""}).problem

    assert problem is not None
    assert CANARY_KEY.lower() not in str(problem).lower()


@given(st.text() | st.recursive(st.text() | st.none(), st.lists), st.integers(300, 600))
def test_a_quoted_message_is_short_and_printable(message: object, code: int) -> None:
    """Nothing that JotForm says can put control characters or pages of text into our logs."""
    problem = read({"responseCode": code, "message": message, "content": ""}).problem

    assert problem is not None
    assert str(problem).isprintable()
    assert str(problem).isascii()
    assert len(str(problem)) < 250


def test_a_large_answer_is_read_in_reasonable_time() -> None:
    """2 MB of emoji, which come as escaped pairs, cost no second look at each."""
    body = json.dumps({"responseCode": 200, "content": ["😀" * 1_000] * 160}).encode()
    began = time.process_time()

    assert read(body).problem is None
    assert time.process_time() - began < 1.0


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode), st.integers(200, 599))
def test_any_bytes_give_an_answer_or_a_problem(body: bytes, status: int) -> None:
    """Reading is total on any bytes with any status."""
    answer = read(body, status)

    assert answer.problem is not None or 200 <= status < 300
