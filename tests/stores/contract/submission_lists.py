"""The contract about submissions as people look through them."""

from __future__ import annotations

from dataclasses import replace

from jotgate.answers import Kept
from jotgate.outcomes import Verdict
from jotgate.protocols import Coded, ListedSubmission
from jotgate.stores import Store
from tests.stores.contract.material import (
    FORM,
    HOUR,
    OTHER_FORM,
    T0,
    Contract,
    admitted,
    grant,
    opening,
    sent_in,
    settled,
)


class SubmissionListsContract(Contract):
    """What a store promises to whoever looks through submissions."""

    def test_pages_are_newest_first_and_leave_none_out(self, store: Store) -> None:
        """Of one verdict, of several and of all; longer ids are newer; another form's are not among them."""
        ids = [8, 9, 10, 11, 10**18, 10**19]
        settled(store, *(sent_in(one, None if one % 2 else bytes(16)) for one in ids))
        settled(store, sent_in(12, None, form=OTHER_FORM))
        assert _paged(store, 2) == [10**19, 10**18, 11, 10, 9, 8]
        assert _paged(store, 1, Verdict.UNTICKETED) == [11, 9]
        assert _paged(store, 3, Verdict.UNTICKETED, Verdict.ORPHANED) == sorted(ids, reverse=True)
        assert _paged(store, 3, Verdict.VERIFIED) == []

    def test_verdicts_are_counted_for_one_form(self, store: Store) -> None:
        """As they stand: a person's word moves one from the one count to the other."""
        settled(store, sent_in(1, None), sent_in(2, None), sent_in(3, bytes(16)))
        settled(store, sent_in(4, None, form=OTHER_FORM))
        assert store.count_verdicts(FORM) == {Verdict.UNTICKETED: 2, Verdict.ORPHANED: 1}
        store.rule("1", accept=True, actor="owner", reason="seen", now=T0)
        assert store.count_verdicts(FORM) == {
            Verdict.ACCEPTED: 1,
            Verdict.UNTICKETED: 1,
            Verdict.ORPHANED: 1,
        }
        assert store.count_verdicts("nowhere") == {}

    def test_a_submission_is_found_by_its_number_its_subject_and_the_name_on_the_code(
        self, store: Store
    ) -> None:
        """Whatever part of a subject or a name, in capitals or not; what stands for any letter stands for itself."""
        people = {1: ("s-1", "Áda Lovelace"), 2: ("s-22", "Grace Hopper"), 3: ("100%", None)}
        store.create_grants([grant(n, subject=who, label=name) for n, (who, name) in people.items()], T0)
        settled(store, *(sent_in(n, admitted(store, opening(n))) for n in people))
        settled(store, sent_in(40, None), sent_in(50, None, form=OTHER_FORM))
        wanted = {
            "40": ["40"],
            " 2 ": ["2"],
            "S-2": ["2"],
            "s-": ["2", "1"],
            "lOVE": ["1"],
            "lovelace ADÁ": ["1"],
            "hopper": ["2"],
            "%": ["3"],
            "_": [],
            "50": [],
            "\\": [],
        }
        assert {text: _ids(store.find_submissions(FORM, text, rows=9)) for text in wanted} == wanted
        assert _ids(store.find_submissions(FORM, "s-", rows=1)) == ["2"]
        assert store.find_submissions(FORM, "hopper", rows=9)[0].label == "Grace Hopper"

    def test_whom_a_submission_may_be_given_to_is_found_by_their_code(self, store: Store) -> None:
        """By a part of their number or name, each once, whether or not they have sent anything."""
        people = {1: ("s-1", "Ada Lovelace"), 2: ("s-22", "Grace Hopper"), 3: (None, "Class 7b")}
        store.create_grants([grant(n, subject=who, label=name) for n, (who, name) in people.items()], T0)
        store.create_grants([grant(4, subject="s-1", label="Ada Lovelace"), grant(5, form=OTHER_FORM)], T0)
        assert store.coded_people(FORM, "LOVE", rows=9) == [Coded("s-1", "Ada Lovelace")]
        assert {one.subject for one in store.coded_people(FORM, "s-", rows=9)} == {"s-1", "s-22"}
        assert store.coded_people(FORM, "7b", rows=9) == []
        assert store.coded_people(OTHER_FORM, "s-1", rows=9) == []

    def test_a_submission_is_opened_with_what_is_kept_of_it(self, store: Store) -> None:
        """Its name, its machine's verdict beside a person's, what may be shown; none of another form's."""
        store.create_grants([grant(1, subject="s-1", label="Ada", batch="7b")], T0)
        shown = {"room": {"label": "Room", "value": "7"}}
        candidate = replace(sent_in(1, admitted(store, opening(1))), status="ACTIVE")
        settled(store, replace(candidate, kept=Kept(digest=bytes(16), shown=shown)))
        store.rule("1", accept=False, actor="owner", reason="not hers", now=T0)
        opened = store.open_submission(FORM, "1")
        assert opened is not None
        assert (opened.listed.label, opened.listed.batch) == ("Ada", "7b")
        assert (opened.listed.record.verdict, opened.judged) == (Verdict.REVOKED, Verdict.VERIFIED)
        assert (opened.listed.record.actor, opened.listed.record.reason) == ("owner", "not hers")
        assert (opened.shown, opened.status) == (shown, "ACTIVE")
        assert store.open_submission(OTHER_FORM, "1") is None
        assert store.open_submission(FORM, "2") is None

    def test_of_two_people_who_rule_the_second_is_told(self, store: Store) -> None:
        """What they saw is no more, so nothing is changed: the first one's word and reason stand."""
        settled(store, sent_in(1, None))
        seen = (Verdict.UNTICKETED, None)
        for actor, accept in (("mrs. k", True), ("mr. l", True), ("mr. l", False)):
            store.rule("1", accept=accept, actor=actor, reason=actor, now=T0 + HOUR, seen=seen)
        [listed] = store.submission_page(FORM, rows=9)
        assert (listed.record.verdict, listed.record.actor) == (Verdict.ACCEPTED, "mrs. k")
        given = {"accept": True, "actor": "mr. l", "reason": "hers", "now": T0, "subject": "s-1"}
        assert store.rule("1", seen=seen, **given) is Verdict.ACCEPTED
        store.rule("1", seen=(Verdict.ACCEPTED, None), **given)
        again = store.rule("1", seen=(Verdict.ACCEPTED, None), **given | {"subject": "s-2"})
        assert again is Verdict.ACCEPTED
        assert [listed.record.subject for listed in store.submission_page(FORM, rows=9)] == ["s-1"]


def _ids(listed: list[ListedSubmission]) -> list[str]:
    return [one.record.submission_id for one in listed]


def _paged(store: Store, rows: int, *verdicts: Verdict) -> list[int]:
    """Return all ids, page by page; pages that never end are cut off."""
    found: list[str] = []
    for _ in range(20):
        before = found[-1] if found else None
        found += _ids(store.submission_page(FORM, verdicts=verdicts, before=before, rows=rows))
    return [int(one) for one in found]
