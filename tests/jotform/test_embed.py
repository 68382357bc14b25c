"""The address of a form's iframe."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.errors import InputError
from jotgate.jotform.embed import frame_address


def test_the_ticket_travels_by_field_name() -> None:
    """The address is the form's own, with the fields by name and JotForm's word for iframes."""
    address = frame_address("https://form.jotform.com", "240000000000001", {"jotgate": "abc-123"})

    assert address == "https://form.jotform.com/240000000000001?jotgate=abc-123&isIframeEmbed=1"


def test_nested_names_and_special_characters_are_percent_encoded() -> None:
    """Nothing in a name or value can end the query or become another field; blanks are %20, not plus."""
    address = frame_address("https://form.jotform.com/", "1", {"name87[first]": "Ada & Ö=1#x?"})

    assert (
        address
        == "https://form.jotform.com/1?name87%5Bfirst%5D=Ada%20%26%20%C3%96%3D1%23x%3F&isIframeEmbed=1"
    )


@pytest.mark.parametrize("form_id", ["", "12a", "1/../2", "٣", "1\n", "1" * 21])
def test_no_address_is_made_of_anything_but_an_id(form_id: str) -> None:
    """Only 1 to 20 ASCII digits become a path."""
    with pytest.raises(InputError):
        frame_address("https://form.jotform.com", form_id, {})


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_any_prefill_comes_out_as_it_went_in(prefill: dict[str, str]) -> None:
    """Host and path stay the same, and a reader of the query finds the very fields; JotForm's own parameter is ours."""
    parts = urlsplit(frame_address("https://form.jotform.com", "1", prefill))

    assert (parts.netloc, parts.path, parts.fragment) == ("form.jotform.com", "/1", "")
    assert parse_qsl(parts.query, keep_blank_values=True) == [*(prefill | {"isIframeEmbed": "1"}).items()]
