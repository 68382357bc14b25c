"""The contract about looking through the ledger: newest first, page by page, by whatever is known."""

from __future__ import annotations

import pytest

from jotgate.ledger import Entry
from jotgate.protocols import EntryFilter
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

_WRITTEN = (
    Entry(at=T0, event="codes.created", form=FORM, note="1"),
    Entry(at=T0 + HOUR, event="code.revoked", form=FORM, subject="ann", actor="head", note="2"),
    Entry(at=T0 + 2 * HOUR, event="code.revoked", form=OTHER_FORM, subject="ann", actor="owner", note="3"),
    Entry(at=T0 + 3 * HOUR, event="key.created", actor="owner", about="key abcd", note="4"),
    Entry(at=T0 + 4 * HOUR, event="code.revoked", form=FORM, about="code 0a0a0a, ticket 01", note="5"),
    Entry(at=T0 + 5 * HOUR, event="code.revoked", about="code 0a0a0b", actor="head", note="6"),
)


def _notes(store: Store, which: EntryFilter, *, before: str | None = None, limit: int = 50) -> str:
    return "".join(one.entry.note or "" for one in store.entries(which, before=before, limit=limit))


class EntriesContract(Contract):
    """What a store promises to whoever asks what happened."""

    @pytest.mark.parametrize(
        ("which", "notes"),
        [
            (EntryFilter(), "654321"),
            (EntryFilter(forms=(FORM,)), "521"),
            (EntryFilter(forms=(FORM, OTHER_FORM, FORM)), "5321"),
            (EntryFilter(forms=()), ""),
            (EntryFilter(events=("code.revoked",)), "6532"),
            (EntryFilter(events=("code.revoked", "key.created")), "65432"),
            (EntryFilter(events=("code.revoked", "key.created"), forms=(FORM,)), "52"),
            (EntryFilter(events=("no.such_event",)), ""),
            (EntryFilter(subject="ann"), "32"),
            (EntryFilter(subject="ann", forms=(FORM,)), "2"),
            (EntryFilter(subject="ann", actor="owner"), "3"),
            (EntryFilter(actor="head"), "62"),
            (EntryFilter(actor="owner", events=("key.created",)), "4"),
            (EntryFilter(code="0a0a0a"), "5"),
            (EntryFilter(since=T0 + HOUR, until=T0 + 4 * HOUR), "432"),
            (EntryFilter(since=T0 + 2 * HOUR, events=("code.revoked",)), "653"),
            (EntryFilter(until=T0 + 4 * HOUR, forms=(FORM,)), "21"),
            (EntryFilter(until=T0), ""),
            (EntryFilter(since=T0 + 9 * HOUR), ""),
        ],
    )
    def test_entries_are_found_by_whatever_is_known(
        self, store: Store, which: EntryFilter, notes: str
    ) -> None:
        """Each wish narrows the list, forms and events are alternatives, and the newest come first."""
        assert _notes(store, which) == ""
        for entry in _WRITTEN:
            store.record(entry)
        assert _notes(store, which) == notes

    @pytest.mark.parametrize(
        "which", [EntryFilter(), EntryFilter(forms=(FORM, OTHER_FORM)), EntryFilter(subject="ann")]
    )
    def test_pages_follow_each_other_without_a_gap(self, store: Store, which: EntryFilter) -> None:
        """Page by page comes what comes at once, each entry under the reference that `explain` takes."""
        for entry in _WRITTEN:
            store.record(entry)
        whole = store.entries(which, limit=50)
        assert [store.explain(one.ref) for one in whole] == [one.entry for one in whole]
        paged, before = [], None
        while page := store.entries(which, before=before, limit=1):
            paged += page
            before = page[-1].ref
        assert paged == whole
        assert store.entries(which, before="no reference", limit=50) == whole

    def test_a_submissions_history_is_found(self, store: Store) -> None:
        """Its own entries and no other's, and only to who may see its form."""
        store.create_grants([grant(1, subject="ann")], T0)
        settled(store, sent_in(1, admitted(store, opening(1))), sent_in(2, None))
        found = store.entries(EntryFilter(submission_id="1"), limit=50)
        assert [one.entry for one in found] == store.history("1")
        assert found
        assert store.entries(EntryFilter(submission_id="1", forms=(OTHER_FORM,)), limit=50) == []
