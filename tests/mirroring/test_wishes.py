"""What a list call asks for is read like JotForm's, and what JotForm would ignore in silence is said."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.mirroring.queries import Query
from jotgate.mirroring.wishes import FORMS, SUBMISSIONS, Wish, read_wish

ROWS: list[dict[str, Any]] = [
    {
        "id": str(number),
        "form_id": "1",
        "created_at": f"2026-09-0{number} 08:00:00",
        "updated_at": None if number < 3 else f"2026-10-0{9 - number} 08:00:00",
        "status": "ACTIVE" if number % 2 else "ARCHIVED",
        "workflowStatus": "Approve" if number == 4 else "In Progress",
        "answers": {"3": {"name": "class", "answer": f"7{'abcde'[number - 1]}"}},
    }
    for number in range(1, 6)
]


def wish(**query: Any) -> Wish:
    """Read a query for submissions; a filter may be given as an object."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in query.items()}
    return read_wish(Query(values=texts), SUBMISSIONS)


def ids(wanted: Wish) -> str:
    """Return the ids of the rows that are asked for, in order."""
    return "".join(row["id"] for row in wanted.page([dict(row) for row in ROWS]))


@pytest.mark.parametrize(
    ("query", "offset", "limit"),
    [
        ({}, 0, 20),
        ({"limit": "5", "offset": "2"}, 2, 5),
        ({"limit": "0"}, 0, 20),
        ({"limit": " 7", "offset": ""}, 0, 7),
        ({"limit": "99999"}, 0, 1000),
    ],
)
def test_a_page_is_as_jotform_cuts_it(query: dict[str, str], offset: int, limit: int) -> None:
    """Twenty rows unless a number says otherwise, and a thousand at most."""
    read = wish(**query)
    assert (read.offset, read.limit, read.problems) == (offset, limit, ())


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"status": "ACTIVE"}, "531"),
        ({"status:ne": "ACTIVE"}, "42"),
        ({"created_at:gt": "2026-09-02 08:00:00"}, "543"),
        ({"created_at:lt": "2026-09-02T08:00:00"}, "1"),
        ({"created_at:gt": "2026-09-02", "status": "ARCHIVED"}, "42"),
        ({"updated_at:gt": "2026-10-05"}, "43"),
        ({"id:ne": "3"}, "5421"),
        ({"workflowStatus:ne": "Approve"}, "5321"),
        ({"q3:matches": "7C"}, "3"),
        ({"q3:matches:answer": "7C"}, "3"),
        ({"fullText": "7e"}, "5"),
        ({"fullText": "answer"}, ""),
    ],
)
def test_rows_are_chosen_by_what_they_hold(filter: dict[str, str], found: str) -> None:
    """Conditions are joined; a search looks at what was written, and not at the names that JSON gives it."""
    read = wish(filter=filter)
    assert read.problems == ()
    assert ids(read) == found


@pytest.mark.parametrize(
    ("filter", "above", "below"),
    [
        ({"id:gt": "3"}, 3, None),
        ({"id:lt": "3"}, None, 3),
        ({"id": "3"}, 2, 4),
        ({"id:gt": "1", "id:lt": 5}, 1, 5),
        ({"id": "3", "id:gt": "1"}, 2, 4),
    ],
)
def test_bounds_of_ids_need_no_row(filter: dict[str, Any], above: int | None, below: int | None) -> None:
    """They are answered from the ledger; so is the usual order."""
    read = wish(filter=filter)
    assert (read.above, read.below, read.needs_rows) == (above, below, False)


def test_the_narrowest_of_several_bounds_counts() -> None:
    """For times, which are read roughly, since nobody knows the offset."""
    read = wish(filter={"created_at:gt": "2026-09-01", "created_at:lt": "2026-09-03"})
    assert (read.since, read.until) == (1_788_220_800.0, 1_788_393_600.0)
    assert read.needs_rows


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ({}, "54321"),
        ({"direction": "asc"}, "12345"),
        ({"orderby": "created_at"}, "54321"),
        ({"orderby": "updated_at"}, "34521"),
        ({"orderby": "status", "direction": "ASC"}, "13524"),
        ({"orderby": "created_at,ASC"}, "12345"),
        ({"orderby": "status,desc"}, "42531"),
        ({"orderby": "created_at,ASC", "direction": "DESC"}, "54321"),
        ({"orderby": "IP"}, "54321"),
        ({"orderby": "username", "direction": "ASC"}, "12345"),
    ],
)
def test_the_order_is_the_newest_first_unless_it_is_asked_for(query: dict[str, str], order: str) -> None:
    """Rows that are equal there keep the order of their ids, and so they do by what a scoped key does not see."""
    assert ids(wish(**query)) == order


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"filter": "{"}, "filter is not a JSON object"),
        ({"filter": "[1]"}, "filter is not a JSON object"),
        ({"filter": {str(n): "x" for n in range(51)}}, "filter holds more than 50 conditions"),
        ({"filter": {"colour": "red"}}, 'filter "colour" is not known here'),
        ({"filter": {"status:gt": "A"}}, 'filter "status:gt" is not known here'),
        ({"filter": {"status:like": "A"}}, 'filter "status:like" is not known here'),
        ({"filter": {"status": True}}, 'filter "status" needs a text or a number'),
        ({"filter": {"id:gt": "x"}}, 'filter "id:gt" needs a number'),
        ({"filter": {"created_at:gt": "yesterday"}}, 'filter "created_at:gt" needs a time'),
        ({"filter": {"created_at": "2026-13-01"}}, 'filter "created_at" needs a time'),
        ({"filter": {"formIDs": "1"}}, 'filter "formIDs" needs a list of ids'),
        ({"filter": {"fullText": 1}}, 'filter "fullText" needs a text'),
        ({"orderby": "colour"}, 'orderby "colour": use one of'),
        ({"orderby": "id,up"}, 'orderby "id,up": use one of'),
        ({"direction": "sideways"}, 'direction "SIDEWAYS": use ASC or DESC'),
        ({"filter": {"IP": "192.0.2.1"}}, 'filter "IP": a scoped key does not see what it is about'),
        ({"filter": {"username:ne": "school"}}, 'filter "username:ne": a scoped key does not see'),
        ({"limit": "abc"}, 'limit "abc": use a whole number'),
        ({"limit": "١٢"}, "limit "),
        ({"limit": "5.0"}, 'limit "5.0": use a whole number'),
        ({"offset": "-1"}, 'offset "-1": use a whole number'),
        ({"fitler": "{}"}, 'parameter "fitler" is not known here: use direction, filter, limit'),
        ({"status": "ACTIVE"}, 'parameter "status" is not known here'),
    ],
)
def test_what_makes_no_sense_is_said(query: dict[str, Any], problem: str) -> None:
    """One sentence each, in ASCII."""
    [told] = wish(**query).problems
    assert told.startswith(problem)


@pytest.mark.parametrize("filter", ["", " ", "null", "[]", "{}", "%7B%7D"])
def test_no_filter_has_many_spellings(filter: str) -> None:
    """Clients in other languages write their empty map, or nothing at all."""
    assert ids(wish(filter=filter)) == "54321"


def test_a_filter_may_be_encoded_twice() -> None:
    """JotForm's client for PHP encodes it, and then the whole query."""
    assert ids(wish(filter=quote_plus('{"created_at:gt":"2026-09-04 07:00:00"}'))) == "54"


@pytest.mark.parametrize("name", ["apiKey", "APIKEY", "_", "nocache", "cacheBuster", "addWorkflowStatus"])
def test_what_chooses_no_rows_may_be_sent_along(name: str) -> None:
    """The key, and what clients send so that no cache answers."""
    assert ids(wish(**{name: "1"})) == "54321"


def test_forms_know_no_answers() -> None:
    """A list of forms is chosen by the columns of forms only."""
    [told] = read_wish(Query(values={"filter": '{"fullText": "x"}'}), FORMS).problems
    assert told == 'filter "fullText" is not known here'
    assert read_wish(Query(values={"filter": '{"count:gt": "5"}'}), FORMS).problems == ()
    assert "formIDs" not in FORMS.spelled()


def test_forms_are_ordered_and_chosen_by_what_jotform_documents() -> None:
    """By `slug` and `username`, too; how many of a form's submissions nobody has read is not for a key to know."""
    rows: list[dict[str, Any]] = [{"id": "1", "slug": "b", "username": "school"}, {"id": "2", "slug": "a"}]

    def read(**query: str) -> Wish:
        return read_wish(Query(values=query), FORMS)

    assert [row["id"] for row in read(orderby="slug").page(rows)] == ["1", "2"]
    assert [row["id"] for row in read(filter='{"username": "school"}').page(rows)] == ["1"]
    assert [row["id"] for row in read(orderby="new", direction="ASC").page(rows)] == ["1", "2"]
    [told] = read(filter='{"new": "1"}').problems
    assert told == 'filter "new": a scoped key does not see what it is about'


def test_the_echo_says_what_was_asked_for() -> None:
    """As JotForm does, beside the content."""
    read = wish(filter={"id:gt": "3"}, orderby="id", limit="2", offset="1")
    assert read.echo(7) == {"offset": 1, "limit": 2, "orderby": "id", "filter": {"id:gt": "3"}, "count": 7}


TEXTS = st.text(max_size=30)
QUERIES = st.dictionaries(
    st.sampled_from(["filter", "orderby", "direction", "limit", "offset"]),
    TEXTS
    | st.sampled_from(["id", "-created_at", "ASC", "5", "[]", '{"id:gt": 1e400}', '{"formIDs": [null, {}]}'])
    | st.dictionaries(
        st.sampled_from(["id", "id:gt", "created_at:lt", "status", "q3:matches", "fullText", "formIDs"])
        | TEXTS,
        st.none() | st.integers() | st.floats() | TEXTS | st.lists(TEXTS, max_size=2),
        max_size=3,
    ).map(json.dumps),
)


@given(QUERIES)
def test_any_query_is_read(query: dict[str, str]) -> None:
    """And answered from rows of whatever shape."""
    for columns in (SUBMISSIONS, FORMS):
        read = read_wish(Query(values=query), columns)
        page = read.page([*map(dict, ROWS), {}, {"id": None, "answers": [], "created_at": 5}])
        assert len(page) <= read.limit <= 1000
        assert json.dumps(read.echo(len(page)))
        assert all(problem.isascii() and problem.isprintable() for problem in read.problems)
