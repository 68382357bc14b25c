"""The contract about a ticket that was opened several times: what each opening fills in, and what each page hears."""

from __future__ import annotations

from dataclasses import replace

from jotgate.outcomes import Verdict
from jotgate.signed.tickets import FilledIn, OnPage, TicketState
from jotgate.stores import Store
from tests.stores.contract.material import (
    BOUNDLESS,
    MINUTE,
    T0,
    Contract,
    admitted,
    app_grant,
    register,
    sent_in,
    ticket_of,
    token,
    verdicts,
    written,
)


class OpeningsContract(Contract):
    """What a store promises to whoever has a form open in more than one page."""

    def test_what_is_locked_belongs_to_the_opening_whose_page_was_sent(self, store: Store) -> None:
        """Whichever of them is sent first counts, by its own values; all openings share one use."""
        register(store)
        for uses, subject in ((1, "once"), (BOUNDLESS, "often")):
            wish = {"uses": uses, "subject": subject, "locked": ("place",)}
            first = admitted(store, token(**wish, browser="one", prefill={"place": "1"}))
            admitted(store, token(**wish, browser="two", prefill={"place": "2"}))
            ids = iter(range(uses % 7 * 10, 10**9))
            sheets = [(0, "2"), (1, "1"), (0, "1"), (1, "2")]
            sent = [
                replace(sent_in(next(ids), first), opening=opening, answers=written({"place": place}))
                for opening, place in sheets
            ]
            tampered, replayed = Verdict.TAMPERED, Verdict.REPLAYED
            assert verdicts(store, *sent) == [tampered, tampered, Verdict.VERIFIED, replayed]
            notes = [store.history(one.submission_id)[0].note for one in sent]
            assert notes == ["changed: place", "changed: place", None, None]
            assert app_grant(store, subject=subject).used == 1

    def test_a_text_that_names_no_opening_is_of_any(self, store: Store) -> None:
        """As texts from before did not: it is tampered with if no opening filled that in."""
        register(store)
        ticket = None
        for place in ("1", "2"):
            ticket = admitted(store, token(prefill={"place": place, "room": place}, locked=("place", "room")))
        mixed = replace(sent_in(1, ticket), answers=written({"place": "1", "room": "2"}))
        honest = replace(sent_in(2, ticket), answers=written({"place": "1", "room": "1"}))
        assert verdicts(store, mixed, honest) == [Verdict.TAMPERED, Verdict.VERIFIED]

    def test_opening_the_same_again_is_no_other_opening(self, store: Store) -> None:
        """So a person may come back as often as they like; their old pages stay good, and a new one shows the same."""
        register(store)
        for place in ("1", "2", "1"):
            admit = admitted(store, token(prefill={"place": place}, locked=("place",)))
        ticket = ticket_of(store, admit)
        assert [(one.number, one.prefill["place"]) for one in ticket.openings] == [(1, "2"), (0, "1")]

    def test_one_person_cannot_fill_the_store_by_opening_a_form(self, store: Store) -> None:
        """The sixteen newest openings are good; a page of an older one is over, and not judged by another's values."""
        register(store)
        for place in range(300):
            admit = admitted(store, token(prefill={"place": str(place)}, locked=("place",)))
        ticket = ticket_of(store, admit)
        assert [one.prefill["place"] for one in ticket.openings] == [str(place) for place in range(284, 300)]
        assert len({one.number for one in ticket.openings}) == 16
        gone = next(number for number in range(256) if ticket.has_ended(number))
        late = replace(sent_in(1, admit), opening=gone, answers=written({"place": "299"}))
        good = ticket.openings[0].number
        honest = replace(sent_in(2, admit), opening=good, answers=written({"place": "284"}))
        assert verdicts(store, late, honest) == [Verdict.EXPIRED, Verdict.VERIFIED]

    def test_a_fresh_token_changes_nothing_of_what_was_sent(self, store: Store) -> None:
        """Whoever comes with it is shown what was sent; that is judged by what it was given."""
        register(store)
        wish = {"uses": 1, "locked": ("place",)}
        first = admitted(store, token(**wish, prefill={"place": "1"}))
        store.mark_sent(ticket_id=first.ticket_id, now=T0 + MINUTE)
        admitted(store, token(**wish, prefill={"place": "2"}))
        ticket = ticket_of(store, first)
        assert ticket.openings == (FilledIn(0, {"place": "1"}, ("place",)),)
        honest = replace(sent_in(1, first), opening=0, answers=written({"place": "1"}))
        assert verdicts(store, honest) == [Verdict.VERIFIED]

    def test_each_page_that_sent_hears_of_its_own_submission(self, store: Store) -> None:
        """Of one opening in the order in which they were sent; a page that sent nothing hears of the ticket."""
        register(store)
        for place in ("1", "2"):
            admit = admitted(store, token(prefill={"place": place}, locked=("place",)))
        pages = [
            OnPage(admit.ticket_id, opening, name) for opening, name in ((0, b"a"), (1, b"b"), (1, b"c"))
        ]
        told = [store.mark_sent(ticket_id=admit.ticket_id, now=T0 + MINUTE, on_page=one) for one in pages * 2]
        assert told == [True] * 3 + [False] * 3

        def heard() -> list[object]:
            tickets = [store.ticket(one.ticket_id, one) for one in (*pages, OnPage(admit.ticket_id, 1, b"d"))]
            return [ticket and (ticket.verdict or ticket.state) for ticket in tickets]

        sent = TicketState.SENT
        assert heard() == [sent] * 4
        verdicts(store, replace(sent_in(3, admit), opening=1, answers=written({"place": "7"})))
        assert heard() == [sent, Verdict.TAMPERED, sent, Verdict.TAMPERED]
        verdicts(store, replace(sent_in(5, admit), opening=1, answers=written({"place": "2"})))
        assert heard() == [sent, Verdict.TAMPERED, Verdict.VERIFIED, Verdict.VERIFIED]
        verdicts(store, replace(sent_in(6, admit), opening=0, answers=written({"place": "1"})))
        assert heard() == [Verdict.REPLAYED, Verdict.TAMPERED, Verdict.VERIFIED, Verdict.VERIFIED]

    def test_as_many_pages_are_told_apart_as_anybody_has_open(self, store: Store) -> None:
        """Whoever says it of ever more pages writes nothing; they hear of the ticket."""
        register(store)
        admit = admitted(store, token())
        pages = [OnPage(admit.ticket_id, 0, number.to_bytes(4, "big")) for number in range(40)]
        told = [store.mark_sent(ticket_id=admit.ticket_id, now=T0 + MINUTE, on_page=one) for one in pages]
        assert told == [True] * 16 + [False] * 24
