"""The way back to an app leads to its registered address, with the outcome, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from jotgate.door.returning import REFUSED, only_app, outcome, return_address
from jotgate.protocols import App


def app(**known: Any) -> App:
    """Return an app for the form students."""
    return App(**{"name": "ios", "forms": ("students",), "created_at": 0.0, "return_url": None} | known)


@pytest.mark.parametrize(
    ("registered", "address"),
    [
        ("fieldapp://done", "fieldapp://done?state=verified&ref=A%20B"),
        ("https://app.example/", "https://app.example/?state=verified&ref=A%20B"),
        ("https://app.example/?", "https://app.example/?state=verified&ref=A%20B"),
        ("https://app.example/?a=b", "https://app.example/?a=b&state=verified&ref=A%20B"),
        ("https://app.example/?a=b&", "https://app.example/?a=b&state=verified&ref=A%20B"),
    ],
)
def test_the_outcome_is_added_to_the_query(registered: str, address: str) -> None:
    """Whatever the address has already."""
    assert return_address(registered, state="verified", ref="A B") == address


@pytest.mark.parametrize("known", [None, app(), app(return_url="https://app.example/", revoked_at=1.0)])
def test_without_an_address_there_is_no_way_back(known: App | None) -> None:
    """Nor for an app that was revoked; the page still says what happened."""
    told = outcome(known, form="students", state=REFUSED, ref="R")
    assert (told.form, told.state, told.ref, told.url, told.origin) == ("students", REFUSED, "R", "", "")


@pytest.mark.parametrize(
    ("registered", "origin"),
    [
        ("https://app.example/back?x=1", "https://app.example"),
        ("https://app.example:8443/back", "https://app.example:8443"),
        ("https://app.example?x=/y", "https://app.example"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
        ("fieldapp://forms/done", ""),
        ("HTTPS://app.example/", "https://app.example"),
    ],
)
def test_messages_go_to_the_origin_of_the_address_if_it_is_a_site(registered: str, origin: str) -> None:
    """An app's own scheme has none; its web view hears by other means."""
    told = outcome(app(return_url=registered), form="students", state="verified", ref="R")
    assert told.origin == origin
    assert told.url.startswith(registered)


def test_a_form_that_several_apps_open_leads_back_to_none_of_them() -> None:
    """Unless all but one are revoked, or open other forms."""
    ios, android = app(), app(name="android")
    assert only_app([], "students") is None
    assert only_app([ios, android], "students") is None
    assert only_app([ios, app(name="android", revoked_at=1.0)], "students") == ios
    assert only_app([ios, app(name="android", forms=("trip",))], "students") == ios
    assert only_app([ios], "trip") is None
