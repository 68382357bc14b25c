"""A query is read as PHP reads it, and nothing in it is passed over in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.mirroring.queries import read_query


@pytest.mark.parametrize(
    ("pairs", "filter"),
    [
        ([("filter[id:gt]", "1")], {"id:gt": "1"}),
        ([("filter[id:gt]", "1"), ("filter[id:gt]", "2")], {"id:gt": "2"}),
        ([("filter[formIDs][]", "1"), ("filter[formIDs][]", "2")], {"formIDs": ["1", "2"]}),
        ([("filter[formIDs][0]", "1"), ("filter[formIDs][1]", "2")], {"formIDs": ["1", "2"]}),
        ([("filter[id:gt]", "")], {"id:gt": ""}),
    ],
)
def test_a_filter_in_brackets_becomes_json(pairs: list[tuple[str, str]], filter: dict[str, Any]) -> None:
    """As axios and PHP write an object."""
    read = read_query(pairs)
    assert (json.loads(read.values["filter"]), read.problems) == (filter, ())


def test_the_last_of_a_name_counts() -> None:
    """Programs that go through pages add an offset to the address that already has one."""
    assert read_query([("offset", "0"), ("limit", "5"), ("offset", "5")]).values == {
        "offset": "5",
        "limit": "5",
    }


@pytest.mark.parametrize("name", ["apiKey", "apikey", "APIKEY"])
def test_a_key_is_found_in_any_case(name: str) -> None:
    """Clients do not agree on it."""
    assert read_query([("limit", "5"), (name, "jgk_1")]).key == "jgk_1"
    assert read_query([("api_key", "jgk_1")]).key == ""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        (
            [("filter", "{}"), ("filter[id:gt]", "1")],
            "there is a filter= and a filter[...]=: use one of them",
        ),
        ([("filter[id:gt][x]", "1")], 'parameter "filter[id:gt][x]" is not a filter such as filter[id:gt]'),
        ([("filter[", "1")], 'parameter "filter[" is not a filter'),
        ([("_", "1")] * 200 + [("filter", "{}")], "the query has more than 200 parameters"),
    ],
)
def test_what_cannot_be_meant_is_said(pairs: list[tuple[str, str]], problem: str) -> None:
    """Otherwise part of a filter would be lost, and the list be longer than what was asked for."""
    [told] = read_query(pairs).problems
    assert told.startswith(problem)


@given(
    st.lists(st.tuples(st.text(max_size=12) | st.just("filter[formIDs][]"), st.text(max_size=12)), max_size=8)
)
def test_any_query_is_read(pairs: list[tuple[str, str]]) -> None:
    """Into texts, of which a filter in brackets is JSON."""
    read = read_query(pairs)
    assert all(isinstance(value, str) for value in read.values.values())
    assert all(problem.isascii() for problem in read.problems)
