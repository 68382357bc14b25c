"""The contract about names: what belongs to a form of JotForm's stays with it, whatever it is called."""

from __future__ import annotations

from jotgate.outcomes import Reason, Verdict
from jotgate.protocols import SubmissionFilter
from jotgate.stores import Store
from tests.stores.contract.material import (
    FORM,
    FORMS,
    HOUR,
    OTHER_FORM,
    T0,
    Contract,
    admitted,
    grant,
    opening,
    reason,
    sent_in,
    verdicts,
)
from tests.stores.contract.sweeping import state_of

NEXT_YEAR = {**FORMS, FORM: "999000999000999"}


class RenamingContract(Contract):
    """What a store promises when names in the settings stand for other forms than before."""

    def test_a_name_that_stands_for_another_form_begins_anew(self, store: Store) -> None:
        """Nobody has submitted the new one, its places are free, and the old one's codes say what they are for."""
        _a_year(store)
        store.prepare(NEXT_YEAR, T0 + HOUR)
        assert _counted(store) == []
        assert state_of(store).settled == 0
        assert reason(store, opening("unused")) is Reason.WRONG_FORM
        store.create_grants([grant("new")], T0 + HOUR)
        assert verdicts(store, sent_in(2, admitted(store, opening("new"))), capacity=1) == [Verdict.VERIFIED]

    def test_rejecting_an_old_submission_frees_no_place_on_the_new_form(self, store: Store) -> None:
        """The place that it took was the old form's."""
        _a_year(store)
        store.prepare(NEXT_YEAR, T0 + HOUR)
        store.create_grants([grant("new")], T0 + HOUR)
        verdicts(store, sent_in(2, admitted(store, opening("new"))))
        store.rule("1", accept=False, actor="owner", reason="a joke", now=T0 + HOUR)
        assert state_of(store).settled == 1

    def test_a_name_that_stands_for_its_form_again_has_all_of_it_back(self, store: Store) -> None:
        """Pointed to a copy by mistake and back: what counted counts, its place is taken, the unused code works."""
        _a_year(store)
        store.prepare(NEXT_YEAR, T0 + HOUR)
        store.prepare(FORMS, T0 + 2 * HOUR)
        assert _counted(store) == ["1"]
        assert state_of(store).settled == 1
        assert reason(store, opening("used")) is Reason.USED_UP
        admitted(store, opening("unused"))

    def test_a_form_with_a_new_name_keeps_all_that_it_had(self, store: Store) -> None:
        """Codes, submissions and places follow JotForm's number."""
        _a_year(store)
        renamed = {"pupils": FORMS[FORM], OTHER_FORM: FORMS[OTHER_FORM]}
        store.prepare(renamed, T0 + HOUR)
        assert _counted(store, "pupils") == ["1"]
        assert state_of(store, "pupils").settled == 1
        admitted(store, opening("unused", form="pupils"))

    def test_two_forms_that_change_names_keep_what_they_had(self, store: Store) -> None:
        """Neither mixes with the other on the way."""
        _a_year(store)
        store.create_grants([grant("other", form=OTHER_FORM)], T0)
        store.prepare({FORM: FORMS[OTHER_FORM], OTHER_FORM: FORMS[FORM]}, T0 + HOUR)
        assert (_counted(store), _counted(store, OTHER_FORM)) == ([], ["1"])
        admitted(store, opening("unused", form=OTHER_FORM))
        admitted(store, opening("other", form=FORM))

    def test_a_form_that_is_left_out_for_a_while_loses_nothing(self, store: Store) -> None:
        """It stays under its name until it is back in the settings."""
        _a_year(store)
        store.prepare({OTHER_FORM: FORMS[OTHER_FORM]}, T0 + HOUR)
        store.prepare(FORMS, T0 + 2 * HOUR)
        assert _counted(store) == ["1"]
        admitted(store, opening("unused"))


def _a_year(store: Store) -> None:
    """Use one of two codes."""
    store.create_grants([grant("used", subject="s-1"), grant("unused")], T0)
    assert verdicts(store, sent_in(1, admitted(store, opening("used")))) == [Verdict.VERIFIED]
    assert reason(store, opening("used")) is Reason.USED_UP


def _counted(store: Store, form: str = FORM) -> list[str]:
    """Return the submissions of the form that count."""
    return [one.submission_id for one in store.submissions(SubmissionFilter(form=form))]
