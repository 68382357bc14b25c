"""What is forgotten: by the settings, once a day and without holding anybody up, or because a person asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jotgate.errors import InputError, UnknownForm
from jotgate.policy import FormPolicy
from jotgate.records.retention import Retention, tombstones_of
from jotgate.signed.keyring import CodeKeys
from jotgate.stores import Store, open_store
from jotgate.stores.forgetting import is_tombstone
from jotgate.testing import FrozenClock
from tests.stores.contract.material import (
    DAY,
    FORM,
    FORMS,
    OTHER_FORM,
    T0,
    admitted,
    grant,
    opening,
    records,
    sent_in,
    settled,
)  # fmt: skip

KEYS = [b"a code key of thirty-two bytes...", b"another key of thirty-two bytes.."]
KEPT = FormPolicy(form=FORM, form_id="1", title="Students", keep_seconds=30 * DAY)
DELETED = FormPolicy(form=OTHER_FORM, form_id="2", title="Trip", keep_seconds=DAY, after_keep="delete")
LATER = T0 + 60 * DAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store with an old submission on each form."""
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    opened.use_tombstones(tombstones_of(CodeKeys(KEYS)))
    opened.prepare(FORMS, T0)
    for number, form in enumerate((FORM, OTHER_FORM), 1):
        opened.create_grants([grant(number, form=form, subject="s-1")], T0)
        settled(opened, sent_in(number, admitted(opened, opening(number, form=form)), form=form))
    yield opened
    opened.close()


def retention(store: Store, *policies: FormPolicy) -> Retention:
    """Return the retention of these forms, sixty days later."""
    return Retention({one.form: one for one in policies}, store=store, clock=FrozenClock(LATER))


def test_each_form_is_kept_as_long_as_its_setting_says(store: Store) -> None:
    """One keeps its rows without names, one keeps none, and one without the setting is left alone."""
    done = retention(store, KEPT, DELETED).run()
    assert [(one.form, one.before, one.after_keep) for one in done] == [
        (FORM, LATER - 30 * DAY, "pseudonymise"),
        (OTHER_FORM, LATER - DAY, "delete"),
    ]
    assert [one.submission_ids for one in done] == [("1",), ("2",)]
    assert [one.submission_id for one in records(store)] == ["1"]
    kept_for_good = FormPolicy(form=FORM, form_id="1", title="Students")
    assert retention(store, kept_for_good).run() == ()


def test_a_dry_run_counts_what_a_run_would_change(store: Store) -> None:
    """And changes nothing."""
    office = retention(store, DELETED)
    [told] = office.run(dry_run=True)
    assert (told.counts["submissions"], told.submission_ids) == (1, ())
    assert {one.submission_id for one in records(store)} == {"1", "2"}
    [done] = office.run()
    assert done.counts["submissions"] == told.counts["submissions"]


def test_only_the_forms_that_are_named_have_their_turn(store: Store) -> None:
    """None: all of them."""
    assert [one.form for one in retention(store, KEPT, DELETED).run([OTHER_FORM])] == [OTHER_FORM]


def test_it_is_done_once_a_day(store: Store) -> None:
    """Whichever process looks first; a command runs it whenever it is wanted."""
    office = retention(store, KEPT)
    assert len(office.daily()) == 1
    assert retention(store, KEPT).daily() == ()
    assert len(office.run()) == 1


def test_after_its_time_it_leaves_the_rest_for_the_next_look(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visitor's request waits for one step at most, and the sweep is let in between two."""
    now, breaths = [100.0], []
    monkeypatch.setattr("jotgate.records.retention.monotonic", lambda: now[0])

    def breathe() -> None:
        breaths.append(now[0])
        now[0] += 5.0

    office = retention(store, KEPT)
    [first] = office.daily(3.0, breathe)
    assert (len(breaths), dict(first.counts)) == (1, {"submissions": 1})
    [second] = office.daily(3.0, breathe)
    assert "submissions" not in second.counts


@pytest.mark.parametrize("subject", ["", "x" * 10_000, "\ud800", "nul\0"])
def test_what_can_be_nobodys_name_is_refused(store: Store, subject: str) -> None:
    """Before anything is looked for."""
    with pytest.raises(InputError, match="a subject must have 1 to"):
        retention(store, KEPT).forget(subject, form=None, actor="owner")


def test_an_unknown_form_is_named(store: Store) -> None:
    """With those that there are."""
    with pytest.raises(UnknownForm, match="nobody"):
        retention(store, KEPT).forget("s-1", form="nobody", actor="owner")


def test_tombstones_are_keyed() -> None:
    """Each key makes another, the newest first; each subject has its own, and none tells the subject."""
    old, both = tombstones_of(CodeKeys(KEYS[:1])), tombstones_of(CodeKeys(KEYS))
    assert both("pupil-1042")[1] == old("pupil-1042")[0]
    made = [*both("pupil-1042"), *both("pupil-1043")]
    assert len(set(made)) == 4
    assert all(is_tombstone(one) and not re.search("1042", one[:10]) for one in made)
