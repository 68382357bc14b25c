"""The steps from the names that forms had to those that they have: each name free in time, every form at its place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jotgate.stores.form_names import renamings

NAMES = st.sampled_from(["students", "teachers", "consent"])
NUMBERS = st.sampled_from(["1", "2", "3", "4"])
SETTINGS = st.dictionaries(NAMES, NUMBERS, max_size=3).filter(
    lambda forms: len({*forms.values()}) == len(forms)
)


@given(st.lists(SETTINGS, min_size=1, max_size=6))
def test_every_form_keeps_its_rows_through_any_settings(years: list[dict[str, str]]) -> None:
    """No step lands on a name that is taken, and in the end each name stands for its form and has the rows of it."""
    # Name -> the number of the form whose rows stand under it.
    rows: dict[str, str] = {}
    for wanted in years:
        before = set(rows.values())
        for step in renamings(rows, wanted):
            assert rows[step.form] == step.form_id
            assert step.name not in rows
            rows[step.name] = rows.pop(step.form)
        assert set(rows.values()) == before
        rows = {**wanted, **rows}
        assert {name: rows[name] for name in wanted} == wanted


def test_settings_that_stay_as_they_are_rename_nothing() -> None:
    """Nor does a form that is new, or left out."""
    known = {"students": "1", "teachers": "2"}
    assert renamings(known, known) == []
    assert renamings(known, {"students": "1", "consent": "3"}) == []


def test_a_new_form_under_an_old_name_sets_the_old_one_aside() -> None:
    """Under a name that no settings can have, and that says what it was."""
    [step] = renamings({"students": "1"}, {"students": "2"})
    assert (step.form, step.form_id, step.name) == ("students", "1", "students#1")
