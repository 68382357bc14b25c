"""Settings that nobody would write: whatever comes in, one documented error comes out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.config import Settings
from jotgate.errors import ConfigError
from tests.config.test_settings import FORM_KEYS, KEYS, problems_of, usable

TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
LIKELY = st.sampled_from(
    (
        "https://school.example",
        "http://localhost:80",
        "us",
        "school.jotform.com",
        "enforce",
        "auto",
        "code",
        "24h",
        "Europe/Berlin",
        "2026-10-25 02:30",
        "2026-09-01T08:00Z",
        "/students",
        "sqlite:///a.db",
        "1" * 17,
        "s" * 32,
    )
)
LEAVES = st.one_of(
    LIKELY,
    TEXT,
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        (10**4000, -(10**4000), float("nan"), float("inf"), Decimal("NaN"), 1j, object(), len, dict)
    ),
    st.floats(),
    st.binary(max_size=40),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.sampled_from((None, dt.timezone.utc, ZoneInfo("Europe/Berlin")))),
    st.timedeltas(),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.sampled_from(KEYS + FORM_KEYS), TEXT, st.integers()), inner, max_size=4),
    ),
    max_leaves=5,
)
FORM = st.one_of(ANYTHING, st.dictionaries(st.one_of(st.sampled_from(FORM_KEYS), TEXT), ANYTHING, max_size=4))
CHANGES = st.dictionaries(st.one_of(st.sampled_from(KEYS), TEXT, st.integers()), ANYTHING, max_size=3)
FORMS = st.dictionaries(st.one_of(st.sampled_from(("students", "a")), TEXT), FORM, max_size=2)


@given(changes=CHANGES, forms=st.none() | FORMS, whole=st.booleans(), flask=st.booleans())
def test_any_mapping_gives_settings_or_the_one_error(
    changes: dict[Any, Any], forms: dict[Any, Any] | None, whole: bool, flask: bool
) -> None:
    """Whatever stands in a mapping, nothing but `ConfigError` comes out, and it can be printed line by line."""
    mapping = {**(usable() if whole else {}), **changes}
    if forms is not None:
        mapping["forms"] = forms
    problems: tuple[str, ...] = ()
    try:
        if flask:
            Settings.from_flask_config({f"JOTGATE_{key}".upper(): value for key, value in mapping.items()})
        else:
            Settings.from_mapping(mapping)
    except ConfigError as error:
        problems = error.problems or ("an error without a problem\n",)
    assert all(problem.isprintable() for problem in problems)


@given(st.one_of(st.binary(), TEXT.map(lambda text: text.encode("utf-8", "replace"))))
def test_any_file_gives_settings_or_the_one_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Bytes that are no TOML, or TOML that is no settings."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    path.write_bytes(content)
    assert problems_of(path, Settings.from_toml)
