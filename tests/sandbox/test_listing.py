"""Lists: limits, order and filters, with what JotForm ignores."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from jotgate.sandbox import Sandbox

from .conftest import WINTER_NOON, Asker


@pytest.fixture
def filled(sandbox: Sandbox) -> tuple[str, list[str]]:
    """A form with 30 submissions, one a second, oldest first."""
    form_id = sandbox.add_form("Students")
    ids = [
        sandbox.submit(form_id, {"message": f"word{number}"}, at=WINTER_NOON + number) for number in range(30)
    ]
    return form_id, ids


def ids_of(reader: Asker, form_id: str, wish: dict[str, Any] | None = None, **query: Any) -> list[str]:
    if wish is not None:
        query["filter"] = json.dumps(wish)
    return [row["id"] for row in reader.content(f"/form/{form_id}/submissions", **query)]


def test_twenty_rows_come_newest_first_unless_asked_otherwise(
    reader: Asker, filled: tuple[str, list[str]]
) -> None:
    """The defaults of a list."""
    form_id, ids = filled
    assert ids_of(reader, form_id) == ids[:9:-1]


def test_a_limit_beyond_a_thousand_is_a_thousand(sandbox: Sandbox, reader: Asker) -> None:
    """However many rows are asked for, a page has at most 1,000."""
    form_id = sandbox.add_form("Crowded")
    for number in range(1_001):
        sandbox.submit(form_id, {"message": str(number)})

    body = reader.get(f"/form/{form_id}/submissions", limit="5000").json()

    assert len(body["content"]) == 1_000
    assert body["resultSet"]["limit"] == 1_000


@pytest.mark.parametrize("limit", ["0", "-5", "abc", "", "1e3"])
def test_an_unusable_limit_is_the_default(reader: Asker, filled: tuple[str, list[str]], limit: str) -> None:
    """Nothing is refused for its limit."""
    assert len(ids_of(reader, filled[0], limit=limit)) == 20


def test_pages_follow_each_other_in_order(reader: Asker, filled: tuple[str, list[str]]) -> None:
    """Ascending by id, page by page, every row comes once."""
    form_id, ids = filled
    pages = [
        ids_of(reader, form_id, orderby="id", direction="ASC", limit="12", offset=str(offset))
        for offset in (0, 12, 24)
    ]
    assert [len(page) for page in pages] == [12, 12, 6]
    assert [*pages[0], *pages[1], *pages[2]] == ids


@pytest.mark.parametrize(
    ("query", "ascending"),
    [
        ({"orderby": "id", "direction": "ASC"}, True),
        ({"orderby": "id", "direction": "desc"}, False),
        ({"orderby": "created_at", "direction": "asc"}, True),
        ({"orderby": "-id"}, False),
        ({"orderby": "id"}, False),
    ],
)
def test_order_follows_orderby_and_direction(
    reader: Asker, filled: tuple[str, list[str]], query: dict[str, Any], ascending: bool
) -> None:
    """A minus means descending; `direction` is read in any case."""
    form_id, ids = filled
    assert ids_of(reader, form_id, limit="30", **query) == (ids if ascending else ids[::-1])


def test_the_order_without_a_direction_is_a_switch(
    sandbox: Sandbox, reader: Asker, filled: tuple[str, list[str]]
) -> None:
    """Nobody wrote down which way a bare `orderby` goes, so both can be had."""
    sandbox.oddities = replace(sandbox.oddities, direction="ASC")
    assert ids_of(reader, filled[0], orderby="id", limit="3") == filled[1][:3]


def test_filters_narrow_and_are_anded(reader: Asker, filled: tuple[str, list[str]]) -> None:
    """Bounds are exclusive; every condition must hold."""
    form_id, ids = filled
    assert ids_of(reader, form_id, {"id:gt": ids[26]}) == [ids[29], ids[28], ids[27]]
    assert ids_of(reader, form_id, {"id:lt": ids[2]}) == [ids[1], ids[0]]
    assert ids_of(reader, form_id, {"id:gt": ids[3], "id:lt": ids[5]}) == [ids[4]]
    assert ids_of(reader, form_id, {"created_at:gt": "2026-01-15 12:00:27"}) == [ids[29], ids[28]]
    assert ids_of(reader, form_id, {"created_at:lt": "2026-01-15 12:00:01"}) == [ids[0]]
    assert ids_of(reader, form_id, {"fullText": "WORD17"}) == [ids[17]]
    assert ids_of(reader, form_id, {"q5:matches": "ord17"}) == [ids[17]]
    assert ids_of(reader, form_id, {"formIDs": ["1234567890"]}) == []


def test_a_filter_may_be_written_in_brackets(reader: Asker, filled: tuple[str, list[str]]) -> None:
    """As the client from npm does; the echo is the same as for JSON."""
    form_id, ids = filled
    body = reader.get(
        f"/form/{form_id}/submissions", **{"filter[id:gt]": ids[26], "filter[id:lt]": ids[28]}
    ).json()
    assert [row["id"] for row in body["content"]] == [ids[27]]
    assert body["resultSet"]["filter"] == {"id:gt": ids[26], "id:lt": ids[28]}


def test_searches_look_at_answers_only(sandbox: Sandbox, reader: Asker) -> None:
    """The names, labels and types of questions, and the form's id, are in every row and found in none."""
    form_id = sandbox.add_form("Students")
    sandbox.submit(form_id, {"message": "nothing"})
    one = sandbox.submit(form_id, {"name": {"first": "Ada", "last": "Lovelace"}})

    for word in ("textarea", "message", "answer", form_id, "prettyFormat"):
        assert ids_of(reader, form_id, {"fullText": word}) == []
    assert ids_of(reader, form_id, {"q3:matches": "first"}) == []
    assert ids_of(reader, form_id, {"fullText": "ada love"}) == [one]
    assert ids_of(reader, form_id, fullText="lovelace") == [one]
    assert ids_of(reader, form_id, {"q3:matches": "lovelace"}) == [one]
    assert ids_of(reader, form_id, {"q3:matches:answer": "lovelace"}) == [one]


def test_forms_come_newest_first_and_counts_are_ordered_as_numbers(sandbox: Sandbox, reader: Asker) -> None:
    """Ten submissions are more than nine; the random part of a form's id decides nothing."""
    forms = [sandbox.add_form(title) for title in ("nine", "ten", "none", "two")]
    for form_id, count in zip(forms, (9, 10, 0, 2), strict=True):
        for _ in range(count):
            sandbox.submit(form_id, {"message": "x"})
    sandbox.set_form_status(forms[2], "DISABLED")

    def titles(**query: str) -> list[str]:
        return [form["title"] for form in reader.content("/user/forms", **query)]

    assert titles() == ["two", "none", "ten", "nine"]
    assert titles(orderby="count", direction="DESC") == ["ten", "nine", "two", "none"]
    assert titles(orderby="count", direction="ASC") == ["none", "two", "nine", "ten"]
    assert titles(filter=json.dumps({"status": "ENABLED"})) == ["two", "ten", "nine"]


def test_addresses_are_ordered_under_the_documented_name(sandbox: Sandbox, reader: Asker) -> None:
    """`IP` in the documentation is `ip` in the rows."""
    form_id = sandbox.add_form("Students")
    ids = {
        ip: sandbox.submit(form_id, {"message": "x"}, ip=ip) for ip in ("192.0.2.7", "192.0.2.9", "192.0.2.8")
    }
    assert ids_of(reader, form_id, orderby="IP", direction="ASC") == [ids[ip] for ip in sorted(ids)]


def test_status_and_new_can_be_filtered(
    sandbox: Sandbox, reader: Asker, filled: tuple[str, list[str]]
) -> None:
    """Deleted submissions still come back, unless the filter leaves them out."""
    form_id, ids = filled
    sandbox.delete_submission(ids[29])

    first = reader.content(f"/form/{form_id}/submissions", limit="1")[0]

    assert (first["id"], first["status"]) == (ids[29], "DELETED")
    assert ids_of(reader, form_id, {"status:ne": "DELETED"}, limit="1") == [ids[28]]
    assert ids_of(reader, form_id, {"new": "0"}) == []
    assert ids_of(reader, form_id, {"status": "DELETED"}) == [ids[29]]


@pytest.mark.parametrize(
    "wish",
    [{"id:above": "9"}, {"stati": "DELETED"}, {"answers:gt": "x"}, {"id:gt": "abc"}, {"formIDs": "x"}],
)
def test_an_unknown_filter_is_echoed_and_ignored(
    reader: Asker, filled: tuple[str, list[str]], wish: dict[str, str]
) -> None:
    """The whole list comes back, and only the echo shows that something was asked."""
    body = reader.get(f"/form/{filled[0]}/submissions", limit="100", filter=json.dumps(wish)).json()
    assert len(body["content"]) == 30
    assert body["resultSet"]["filter"] == wish


@pytest.mark.parametrize("text", ["{", "[]", "null", "7", "[" * 5_000, "{'id:gt': 1}"])
def test_a_filter_that_is_not_an_object_is_ignored(
    reader: Asker, filled: tuple[str, list[str]], text: str
) -> None:
    """Whatever stands in `filter`, the answer is a list."""
    assert len(reader.content(f"/form/{filled[0]}/submissions", limit="100", filter=text)) == 30


def test_the_account_lists_submissions_of_the_forms_that_are_named(sandbox: Sandbox, reader: Asker) -> None:
    """`/user/submissions` covers every form of the account, `formIDs` some of them, and never foreign ones."""
    forms = [sandbox.add_form(title) for title in ("one", "two", "three")]
    ids = [sandbox.submit(form_id, {"message": "x"}) for form_id in forms]

    def listed(**query: Any) -> list[str]:
        return [row["id"] for row in reader.content("/user/submissions", **query)]

    assert listed() == ids[::-1]
    assert listed(filter=json.dumps({"formIDs": forms[:2], "id:gt": ids[0]})) == [ids[1]]
    assert listed(filter=json.dumps({"formIDs": [sandbox.foreign_form_id]})) == []
