"""The contract about counters: what forms that only report would have refused, and which keys signed."""

from __future__ import annotations

from collections.abc import Sequence

from jotgate.outcomes import Reason
from jotgate.protocols import SigningKey, StillSigned, WouldBeRefusal
from jotgate.stores import Store
from tests.stores.contract.material import (
    DAY,
    FORM,
    HOUR,
    MINUTE,
    OTHER_FORM,
    T0,
    Contract,
    Opener,
    admitted,
    exactly,
    grant,
    opening,
    pass_of,
    sent_in,
    settled,
)

#: At most so many programs are told apart at one form on one day.
_FEW_HUNDRED = 400


def note(
    store: Store,
    reason: Reason = Reason.NO_PASS,
    *,
    form: str = FORM,
    app: str = "",
    version: str = "",
    now: float = T0,
) -> None:
    """Count one would-be refusal."""
    store.note_would_be_refusal(form, reason, app=app, version=version, now=now)


def told(found: Sequence[WouldBeRefusal]) -> list[tuple[str, str, str, str, int]]:
    """Return what was counted, without when."""
    return [(one.form, one.reason.value, one.app, one.version, one.count) for one in found]


class CountingContract(Contract):
    """What a store promises to who introduces the gate, and to who replaces its keys."""

    def test_each_reason_and_program_has_its_counter(self, store: Store) -> None:
        """By form, the most frequent first; with the time of the last one."""
        for second in range(3):
            note(store, app="FieldApp", version="3.2", now=T0 + second)
        note(store, app="FieldApp", version="3.1")
        note(store, Reason.EXPIRED, form=OTHER_FORM)
        found = store.would_be_refusals(T0)
        assert told(found) == [
            (FORM, "no_pass", "FieldApp", "3.2", 3),
            (FORM, "no_pass", "FieldApp", "3.1", 1),
            (OTHER_FORM, "expired", "", "", 1),
        ]
        assert [one.last_at for one in found] == [T0 + 2, T0, T0]
        assert told(store.would_be_refusals(T0, OTHER_FORM)) == [(OTHER_FORM, "expired", "", "", 1)]

    def test_days_add_up_and_a_clock_set_back_makes_nothing_earlier(self, store: Store) -> None:
        """What is asked for begins with a day; the last time stays the last."""
        for now in (T0, T0 + DAY, T0 + DAY, T0 + DAY - MINUTE):
            note(store, now=now)
        [both] = store.would_be_refusals(T0)
        assert (both.count, both.last_at) == (4, T0 + DAY)
        assert [one.count for one in store.would_be_refusals(T0 + DAY)] == [3]
        assert store.would_be_refusals(T0 + 2 * DAY) == []

    def test_no_flood_of_invented_programs_is_kept(self, store: Store) -> None:
        """Some hundred a day are told apart, the rest is counted as "other", and nobody is lost."""
        for number in range(_FEW_HUNDRED):
            note(store, app=f"Invented{number}", version="1")
        note(store)
        note(store, Reason.EXPIRED, app="Invented1", version="1")
        note(store, app="Tomorrow", now=T0 + DAY)
        found = store.would_be_refusals(T0)
        assert sum(one.count for one in found) == _FEW_HUNDRED + 3
        assert len(found) < _FEW_HUNDRED
        by_program = {(one.app, one.reason.value): one.count for one in found}
        assert by_program["other", "no_pass"] > 50
        assert by_program["", "no_pass"] == 1
        assert by_program["Invented1", "expired"] == 1
        assert by_program["Tomorrow", "no_pass"] == 1

    def test_strangers_words_are_cut(self, store: Store) -> None:
        """However long they are, and whatever signs are in them."""
        note(store, app="a" * 10_000, version="1\n\0" * 10_000)
        note(store, app="a" * 10_001, version="1\n\0" * 10_001)
        [one] = store.would_be_refusals(T0)
        assert one.count == 2
        assert len(one.app + one.version) < 200
        assert one.version.isprintable()

    def test_admissions_are_the_tickets_issued(self, store: Store) -> None:
        """From the beginning of the day; opening the same ticket again is no further one."""
        store.create_grants([grant(n) for n in range(3)], T0)
        admitted(store, opening(0, now=T0))
        admitted(store, opening(0, now=T0 + MINUTE))
        admitted(store, opening(1, browser="b", now=T0 + 2 * DAY))
        assert store.admissions(T0) == {FORM: 2}
        assert store.admissions(T0 + 2 * DAY + HOUR) == {FORM: 1}
        assert store.admissions(T0 + 4 * DAY) == {}

    def test_a_key_is_known_from_its_first_to_its_last_note(self, opener: Opener, store: Store) -> None:
        """Whichever process noted it, in any order."""
        for key_id, now in (("bbbb", T0 + 9), ("aaaa", T0 + 5), ("aaaa", T0 + 8), ("aaaa", T0 + 6)):
            store.note_signing(key_id, now)
        other = opener()
        assert other.signing_keys() == [
            SigningKey(key_id="aaaa", first_at=T0 + 5, last_at=T0 + 8),
            SigningKey(key_id="bbbb", first_at=T0 + 9, last_at=T0 + 9),
        ]
        other.close()

    def test_what_was_signed_is_counted_while_it_is_of_use(self, store: Store) -> None:
        """Open and sent tickets until some time after their expiry, passes until they end or are revoked."""
        store.create_grants([grant(n) for n in range(6)], T0)
        admits = [admitted(store, opening(n, browser=n, pass_ttl_seconds=HOUR)) for n in range(5)]
        later = admitted(store, opening(5, browser=5, now=T0 + HOUR))
        settled(store, sent_in(1, admits[0]))
        store.mark_sent(ticket_id=admits[1].ticket_id, now=T0 + MINUTE)
        store.leave(pass_of(admits[2]), T0 + MINUTE)
        store.revoke_grants(exactly(3), now=T0 + MINUTE, actor="owner", note=None)

        def still(now: float, before: float = T0 + MINUTE) -> StillSigned:
            return store.still_signed(before=before, now=now, unread_seconds=HOUR)

        assert still(T0 + 2 * MINUTE) == StillSigned(
            tickets=3, tickets_until=T0 + DAY, passes=3, passes_until=T0 + HOUR
        )
        after_passes = still(T0 + 2 * HOUR)
        assert (after_passes.tickets, after_passes.passes, after_passes.passes_until) == (3, 0, None)
        assert still(T0 + DAY + HOUR - 1).tickets == 3
        assert still(T0 + DAY + HOUR) == StillSigned(
            tickets=0, tickets_until=None, passes=0, passes_until=None
        )
        both = still(T0 + 2 * HOUR, before=T0 + HOUR)
        assert (both.tickets, both.tickets_until) == (4, later.expires_at)
        assert still(T0 + MINUTE, before=T0 - 1).tickets == 0
