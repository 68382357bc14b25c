"""What a request tells about who makes it, and how little of that is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from jotgate.door.visitors import (
    cookie_values,
    is_cross_site,
    own_path,
    prefers_json,
    query_value,
    quoted_path,
)

SITE = "https://school.example"


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("", []),
        ("jotgate=a", ["a"]),
        ("other=x; jotgate=a; jotgate=b", ["a", "b"]),
        ("jotgate=a;jotgate= b ", ["a", "b"]),
        ("notjotgate=a; jotgate-students=b", []),
        ("x=jotgate=a", []),
        ("jotgate=", [""]),
        ('jotgate="a"', ['"a"']),
    ],
)
def test_every_cookie_of_a_name_is_looked_at(header: str, values: list[str]) -> None:
    """In their order: the first one may be another's, from a wider domain."""
    assert list(cookie_values(header, "jotgate")) == values


@given(st.text(max_size=60) | st.text("jotgae=; x", max_size=60))
def test_any_header_has_cookies_or_none(header: str) -> None:
    """Without an exception."""
    assert all(";" not in value for value in cookie_values(header, "jotgate"))


@pytest.mark.parametrize(
    ("headers", "cross"),
    [
        ({}, False),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, False),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": SITE}, False),
        ({"Origin": SITE + ":8443"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": ""}, True),
    ],
)
def test_a_post_of_another_site_is_told_by_its_headers(headers: dict[str, str], cross: bool) -> None:
    """Browsers send one or the other; a program sends neither, and has nobody's cookies."""
    assert is_cross_site(Request(EnvironBuilder(headers=headers).get_environ()), SITE) is cross


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("application/json", True),
        ("application/json, text/html;q=0.9", True),
        ("text/html;q=0.9, application/json;q=0.8", False),
        ("text/plain", False),
        (";;;,,,=", False),
    ],
)
def test_json_is_for_those_who_ask_for_it(accept: str, json: bool) -> None:
    """A page for everybody else."""
    assert prefers_json(accept) is json


@pytest.mark.parametrize(
    ("root", "path", "query", "own"),
    [
        ("", "/a b/ü?%", "", "/a%20b/%C3%BC%3F%25"),
        ("/school/", "/notes", "a=%20&b=ü", "/school/notes?a=%20&b=%C3%BC"),
        ("", "/", "", "/"),
        ("", "//evil.example", "", "//evil.example"),
    ],
)
def test_a_browser_can_ask_for_the_path_again(root: str, path: str, query: str, own: str) -> None:
    """Percent-encoded where an address requires it; what came encoded in the query stays so."""
    environ = {
        "SCRIPT_NAME": root,
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query.encode().decode("latin-1"),
    }
    assert own_path(environ) == own


@given(st.text(max_size=20))
def test_any_path_can_be_spelled(path: str) -> None:
    """In ASCII without blanks."""
    assert quoted_path(path).isascii()
    assert " " not in quoted_path(path)


def test_a_query_that_is_no_text_says_nothing() -> None:
    """And one that is says what it says."""
    environ = EnvironBuilder(query_string="next=%2Fnotes").get_environ()
    assert query_value(Request(environ), "next") == "/notes"
    assert query_value(Request(environ), "nobody") == ""
    assert query_value(Request({**environ, "QUERY_STRING": "next=\xff"}), "next") == ""
