"""The contract about counters for monitoring: each entry counts once, whatever becomes of it."""

from __future__ import annotations

from functools import partial

from jotgate.ledger import Entry
from jotgate.protocols import MailState
from jotgate.stores import Store
from tests.stores.contract.mailing import claim, mail, settle
from tests.stores.contract.material import FORM, HOUR, MINUTE, T0, Contract, Opener
from tests.stores.contract.races import together


def totals(store: Store, now: float) -> dict[tuple[str, str, str], int]:
    """Return what is counted, by event, form and reason."""
    return {(one.event, one.form, one.reason): one.times for one in store.totals(now)}


def refuse(store: Store, at: float, times: int = 1) -> None:
    """Refuse somebody again and again."""
    for _ in range(times):
        store.record(Entry(at=at, event="code.refused", form=FORM, reason="expired"))


KEY = ("code.refused", FORM, "expired")


class TotalsContract(Contract):
    """What a store promises to monitoring."""

    def test_what_happened_before_anybody_asked_is_not_counted(self, store: Store) -> None:
        """The first answer begins at nothing."""
        refuse(store, T0 - HOUR)
        assert totals(store, T0) == {}
        store.record(Entry(at=T0, event="browser.admitted"))
        assert totals(store, T0) == {("browser.admitted", "", ""): 1}

    def test_a_refusal_that_repeats_counts_each_time(self, store: Store) -> None:
        """Although it has one entry, also when others were added up meanwhile."""
        store.totals(T0)
        at = T0
        for n in range(1, 30):
            refuse(store, at, times=3)
            assert totals(store, at)[KEY] == 3 * n
            at += 11 * MINUTE
        assert totals(store, at + 5 * HOUR)[KEY] == 87

    def test_what_leaves_the_ledger_stays_counted(self, store: Store) -> None:
        """Once it was added up, which is after an hour and a bit."""
        store.totals(T0)
        refuse(store, T0, times=2)
        assert totals(store, T0 + 3 * HOUR)[KEY] == 2
        store.retain(FORM, before=T0 + HOUR, delete=True, now=T0 + 3 * HOUR)
        refuse(store, T0 + 3 * HOUR)
        assert totals(store, T0 + 3 * HOUR)[KEY] == 3

    def test_entries_count_after_all_earlier_ones_have_gone(self, store: Store) -> None:
        """SQLite numbers them from the beginning then."""
        store.totals(T0)
        refuse(store, T0 + MINUTE, times=2)
        later = T0 + 3 * HOUR
        assert totals(store, later)[KEY] == 2
        store.driver.learn({"empty": "DELETE FROM ledger"})
        with store.driver.write() as tx:
            tx.run("empty")
        refuse(store, later, times=3)
        assert totals(store, later)[KEY] == 5
        assert totals(store, later + 3 * HOUR)[KEY] == 5

    def test_processes_that_ask_at_once_count_once(self, store: Store, opener: Opener) -> None:
        """Whoever adds up takes turns."""
        store.totals(T0)
        refuse(store, T0, times=5)
        outcomes = together(opener, [partial(totals, now=T0 + n * HOUR) for n in range(3, 7)])
        assert [one[KEY] for one in outcomes] == [5] * 4

    def test_mails_are_counted_by_state(self, store: Store) -> None:
        """And by form."""
        for person in ("s-1", "s-2"):
            one = claim(store, mail(person))
            assert one is not None
            settle(store, one, MailState.SENT)
        assert claim(store, mail("s-3")) is not None
        assert store.mail_counts() == {(FORM, MailState.SENT): 2, (FORM, MailState.SENDING): 1}
