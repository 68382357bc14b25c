"""The contract about apps: their keys, and tokens that open a form once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Reason, Refuse, Verdict
from jotgate.protocols import (
    SITE_APP,
    App,
    AppCounts,
    AppFault,
    AppKeyState,
    Grant,
    GrantFilter,
    Redemption,
    StoredAppKey,
)
from jotgate.signed.passes import Pass, new_pass_id
from jotgate.signed.tickets import FilledIn, OnPage, TicketState
from jotgate.stores import Store
from tests.stores.contract.material import (
    DAY,
    FORM,
    HOUR,
    KEY_ID,
    MINUTE,
    OTHER_FORM,
    T0,
    TTL_SECONDS,
    Contract,
    a_reading,
    digest,
    grant,
    opening,
    pass_of,
    reason,
    sent_in,
    used,
    verdicts,
    written,
)

APP, SUBJECT = "ios", "u-7"
BOUNDLESS = 10**9


class RedeemingContract(Contract):
    """What a store promises to apps, and to whoever comes with their tokens."""

    def test_a_token_gives_a_ticket_and_a_pass(self, store: Store) -> None:
        """The ticket knows its app, its subject, and what the app filled in and locked."""
        create(store)
        admit = let_in(store, token(prefill={"name": "Ann", "room": "7"}, locked=("room",)))
        assert (admit.form, admit.subject) == (FORM, SUBJECT)
        ticket = store.ticket(admit.ticket_id)
        assert ticket is not None
        assert (ticket.app, ticket.subject) == (APP, SUBJECT)
        assert ticket.openings == (FilledIn(0, {"name": "Ann", "room": "7"}, ("room",)),)
        changed = replace(sent_in(1, admit), answers=written({"name": "Bob", "room": "8"}))
        honest = replace(sent_in(2, admit), answers=written({"name": "Bob", "room": "7"}))
        assert verdicts(store, changed, honest) == [Verdict.TAMPERED, Verdict.VERIFIED]

    def test_who_comes_from_an_app_is_spoken_to_as_their_code_says(self, store: Store) -> None:
        """By the newest of their codes for the form; who has none, or one that says nothing, is not."""
        create(store)
        assert let_in(store, token("1")).language is None
        store.create_grants([grant("old", subject=SUBJECT, language="tr"), grant("hers", subject="u-8")], T0)
        assert let_in(store, token("2")).language == "tr"
        store.create_grants([grant("new", subject=SUBJECT, language="pt")], T0 + 1)
        assert let_in(store, token("3")).language == "pt"
        assert let_in(store, token("4", subject="u-8")).language is None

    def test_a_token_is_good_once(self, store: Store) -> None:
        """Whoever shows it again is refused; the owner sees the tries from other browsers, and an entry for each."""
        create(store)
        first = let_in(store, token("t", browser="one"))
        for browser in ("one", "two", "three"):
            again = store.redeem_token(token("t", browser=browser))
            assert isinstance(again, Refuse)
            assert again.reason is Reason.TOKEN_USED
            entry = explained(store, again)
            assert (entry.event, entry.reason, entry.subject) == ("token.refused", "token_used", SUBJECT)
            assert entry.about == f"app {APP}, key {key().key_id}"
        assert app_grant(store).foreign_tries == 2
        assert first.pass_id not in dict(store.revocations().passes)
        assert store.app_keys()[0].used == 1

    def test_its_own_browser_may_show_a_token_again(self, store: Store) -> None:
        """With a pass of the same subject nothing is counted or written; with anybody else's it is a replay."""
        create(store)
        held = pass_of(let_in(store, token("t", browser="one")))
        again = store.redeem_token(token("t", browser="one", holds=held))
        assert isinstance(again, Refuse)
        assert (again.reason, again.ref) == (Reason.TOKEN_USED, "TOKEN_USED")
        other = store.redeem_token(token("t", browser="two", holds=held._replace(subject="u-8")))
        assert isinstance(other, Refuse)
        assert explained(store, other).reason == "token_used"
        assert app_grant(store).foreign_tries == 1

    def test_a_fresh_token_takes_the_open_ticket_over_without_asking(self, store: Store) -> None:
        """In whatever browser: the old pass ends, the owner sees the move, and a new page shows the newest opening."""
        create(store)
        for uses, subject in ((1, "once"), (BOUNDLESS, "often")):
            first = let_in(store, token(subject=subject, uses=uses, browser="one", prefill={"a": "1"}))
            second = let_in(store, token(subject=subject, uses=uses, browser="two", prefill={"a": "2"}))
            assert second.ticket_id == first.ticket_id
            assert second.pass_id != first.pass_id
            assert first.pass_id in dict(store.revocations().passes)
            ticket = store.ticket(first.ticket_id)
            assert ticket is not None
            assert (ticket.moves, ticket.openings[-1].prefill) == (1, {"a": "2"})
            assert app_grant(store, subject=subject).moves == 1
            third = let_in(store, token(subject=subject, uses=uses, browser="two"))
            assert third.ticket_id == first.ticket_id
            assert app_grant(store, subject=subject).moves == 1

    def test_what_is_locked_belongs_to_the_opening_whose_page_was_sent(self, store: Store) -> None:
        """Whichever of them is sent first counts, by its own values; all openings share one use."""
        create(store)
        for uses, subject in ((1, "once"), (BOUNDLESS, "often")):
            wish = {"uses": uses, "subject": subject, "locked": ("place",)}
            first = let_in(store, token(**wish, browser="one", prefill={"place": "1"}))
            let_in(store, token(**wish, browser="two", prefill={"place": "2"}))
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
        create(store)
        ticket = None
        for place in ("1", "2"):
            ticket = let_in(store, token(prefill={"place": place, "room": place}, locked=("place", "room")))
        mixed = replace(sent_in(1, ticket), answers=written({"place": "1", "room": "2"}))
        honest = replace(sent_in(2, ticket), answers=written({"place": "1", "room": "1"}))
        assert verdicts(store, mixed, honest) == [Verdict.TAMPERED, Verdict.VERIFIED]

    def test_opening_the_same_again_is_no_other_opening(self, store: Store) -> None:
        """So a person may come back as often as they like; their old pages stay good, and a new one shows the same."""
        create(store)
        for place in ("1", "2", "1"):
            admit = let_in(store, token(prefill={"place": place}, locked=("place",)))
        ticket = store.ticket(admit.ticket_id)
        assert ticket is not None
        assert [(one.number, one.prefill["place"]) for one in ticket.openings] == [(1, "2"), (0, "1")]

    def test_one_person_cannot_fill_the_store_by_opening_a_form(self, store: Store) -> None:
        """The sixteen newest openings are good; a page of an older one is over, and not judged by another's values."""
        create(store)
        for place in range(300):
            admit = let_in(store, token(prefill={"place": str(place)}, locked=("place",)))
        ticket = store.ticket(admit.ticket_id)
        assert ticket is not None
        assert [one.prefill["place"] for one in ticket.openings] == [str(place) for place in range(284, 300)]
        assert len({one.number for one in ticket.openings}) == 16
        gone = next(number for number in range(256) if ticket.has_ended(number))
        late = replace(sent_in(1, admit), opening=gone, answers=written({"place": "299"}))
        good = ticket.openings[0].number
        honest = replace(sent_in(2, admit), opening=good, answers=written({"place": "284"}))
        assert verdicts(store, late, honest) == [Verdict.EXPIRED, Verdict.VERIFIED]

    def test_a_fresh_token_changes_nothing_of_what_was_sent(self, store: Store) -> None:
        """Whoever comes with it is shown what was sent; that is judged by what it was given."""
        create(store)
        wish = {"uses": 1, "locked": ("place",)}
        first = let_in(store, token(**wish, prefill={"place": "1"}))
        store.mark_sent(ticket_id=first.ticket_id, now=T0 + MINUTE)
        let_in(store, token(**wish, prefill={"place": "2"}))
        ticket = store.ticket(first.ticket_id)
        assert ticket is not None
        assert ticket.openings == (FilledIn(0, {"place": "1"}, ("place",)),)
        honest = replace(sent_in(1, first), opening=0, answers=written({"place": "1"}))
        assert verdicts(store, honest) == [Verdict.VERIFIED]

    def test_each_page_that_sent_hears_of_its_own_submission(self, store: Store) -> None:
        """Of one opening in the order in which they were sent; a page that sent nothing hears of the ticket."""
        create(store)
        for place in ("1", "2"):
            admit = let_in(store, token(prefill={"place": place}, locked=("place",)))
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
        create(store)
        admit = let_in(store, token())
        pages = [OnPage(admit.ticket_id, 0, number.to_bytes(4, "big")) for number in range(40)]
        told = [store.mark_sent(ticket_id=admit.ticket_id, now=T0 + MINUTE, on_page=one) for one in pages]
        assert told == [True] * 16 + [False] * 24

    def test_the_pass_that_the_browser_held_ends(self, store: Store) -> None:
        """Also when it was somebody else's."""
        create(store)
        held = pass_of(let_in(store, token(subject="u-8")))
        let_in(store, token(holds=held))
        assert held.pass_id in dict(store.revocations().passes)

    def test_a_subject_may_submit_as_often_as_the_form_says(self, store: Store) -> None:
        """A settled ticket is followed by a new one, until the uses are gone; each app and subject has its own."""
        create(store)
        create(store, "android")
        tickets = []
        for number in (1, 2):
            tickets.append(let_in(store, token(uses=2)))
            assert verdicts(store, sent_in(number, tickets[-1])) == [Verdict.VERIFIED]
        assert tickets[0].ticket_id != tickets[1].ticket_id
        refusal = store.redeem_token(token("t", uses=2))
        assert isinstance(refusal, Refuse)
        assert (refusal.reason, refusal.at) == (Reason.USED_UP, T0 + MINUTE)
        assert why(store, token("t", uses=2)) is Reason.USED_UP
        assert app_grant(store).used == 2
        let_in(store, token(uses=2, subject="u-8"))
        let_in(store, token(uses=2, app="android"))

    def test_the_settings_decide_anew_how_often_a_subject_may_submit(self, store: Store) -> None:
        """More uses open the form again; fewer than were taken stop at what was taken."""
        create(store)
        verdicts(store, sent_in(1, let_in(store, token(uses=1))))
        verdicts(store, sent_in(2, let_in(store, token(uses=3))))
        assert why(store, token(uses=1)) is Reason.USED_UP
        assert (app_grant(store).uses, app_grant(store).used) == (2, 2)

    def test_a_sent_ticket_is_not_filled_in_twice(self, store: Store) -> None:
        """Where a subject has one use, a fresh token leads to what was sent; where it has several, to a new ticket."""
        create(store)
        once, often = token(subject="once", uses=1), token(subject="often", uses=5)
        for wish, same in ((once, True), (often, False)):
            first = let_in(store, wish)
            store.mark_sent(ticket_id=first.ticket_id, now=T0 + MINUTE)
            again = let_in(store, replace(wish, token_key=digest("again" + wish.subject), browser=digest(2)))
            assert (again.ticket_id == first.ticket_id) is same
            ticket = store.ticket(first.ticket_id)
            assert ticket is not None
            assert ticket.state.value == "sent"

    def test_a_token_whose_minute_is_over_opens_nothing(self, store: Store) -> None:
        """It leaves no grant behind; one that was used before is still told so."""
        create(store)
        assert why(store, token("late", expired=True)) is Reason.TOKEN_EXPIRED
        assert list(store.grants(GrantFilter(app=APP))) == []
        let_in(store, token("t"))
        assert why(store, token("t", expired=True)) is Reason.TOKEN_USED

    def test_a_proof_is_good_once(self, store: Store) -> None:
        """A second token that comes with the same proof is refused, and stays good."""
        create(store)
        let_in(store, token("a", proof="p"))
        assert fault(store, token("b", proof="p")) is AppFault.PROOF_USED
        let_in(store, token("b", proof="q"))

    def test_a_reading_forgets_tokens_two_days_after_they_are_over(self, store: Store) -> None:
        """A clock that is set back by an hour or a day revives none."""
        create(store)
        let_in(store, token("t"))
        store.finish_reading(a_reading(read_at=T0 + 2 * DAY))
        assert why(store, token("t", now=T0 - HOUR)) is Reason.TOKEN_USED
        store.finish_reading(a_reading(read_at=T0 + 2 * DAY + 3 * MINUTE))
        assert why(store, token("t", expired=True, now=T0 + 3 * DAY)) is Reason.TOKEN_EXPIRED

    def test_a_key_lives_from_next_to_revoked(self, store: Store) -> None:
        """The new key is good at once; its first token makes it active, and the old one goes on until it is revoked."""
        create(store)
        assert store.add_app_key(key("new", state=AppKeyState.NEXT, at=T0 + 1), actor="owner")
        assert states(store) == {"first": "active", "new": "next"}
        let_in(store, token())
        assert states(store) == {"first": "active", "new": "next"}
        let_in(store, token(signed_by="new", now=T0 + MINUTE))
        assert states(store) == {"first": "retiring", "new": "active"}
        let_in(store, token(signed_by="first"))
        let_in(store, token(signed_by="new", now=T0 + HOUR))
        assert states(store) == {"first": "retiring", "new": "active"}
        first, new = store.app_keys()
        assert (first.used, first.last_used_at, new.used, new.last_used_at) == (2, T0, 2, T0 + HOUR)
        assert store.revoke_app_key(APP, key("first").key_id, now=T0, actor="owner")
        assert fault(store, token(signed_by="first")) is AppFault.KEY_REVOKED
        let_in(store, token(signed_by="new"))

    def test_an_unused_next_key_gives_way_to_another(self, store: Store) -> None:
        """There is never more than one; a token of the one before is refused."""
        create(store)
        for name in ("a", "b"):
            assert store.add_app_key(key(name, state=AppKeyState.NEXT), actor="owner")
            assert store.add_app_key(key(name, state=AppKeyState.NEXT), actor="owner") is None
            assert (
                store.add_app_key(key("late", state=AppKeyState.NEXT), actor="owner", seen=["other"]) is None
            )
        assert states(store) == {"first": "active", "a": "revoked", "b": "next"}
        assert fault(store, token(signed_by="a")) is AppFault.KEY_REVOKED

    def test_a_revoked_key_ends_nothing_but_itself(self, store: Store) -> None:
        """Passes live on; it cannot be revoked twice, nor under another app's name."""
        create(store)
        create(store, "android")
        admit, key_id = let_in(store, token()), key("first").key_id
        assert not store.revoke_app_key("android", key_id, now=T0, actor="owner")
        assert store.revoke_app_key(APP, key_id, now=T0, actor="owner")
        assert not store.revoke_app_key(APP, key_id, now=T0, actor="owner")
        assert admit.pass_id not in dict(store.revocations().passes)

    def test_a_revoked_app_ends_with_all_that_was_opened_for_it(self, store: Store) -> None:
        """Keys, tickets and passes; other apps and codes live on, and the name is never another's."""
        create(store)
        create(store, "android")
        store.create_grants([grant("code", subject=SUBJECT)], T0)
        admit, other = let_in(store, token()), let_in(store, token(app="android"))
        assert store.revoke_app(APP, now=T0 + MINUTE, actor="owner")
        assert not store.revoke_app(APP, now=T0 + MINUTE, actor="owner")
        assert not store.revoke_app("nobody", now=T0, actor="owner")
        assert {app.name: app.revoked_at for app in store.apps()} == {"android": None, APP: T0 + MINUTE}
        assert fault(store, token()) is AppFault.KEY_REVOKED
        ended = dict(store.revocations().passes)
        assert (admit.pass_id in ended, other.pass_id in ended) == (True, False)
        assert verdicts(store, sent_in(1, admit, at=T0 + HOUR)) == [Verdict.REVOKED]
        assert isinstance(store.open_ticket(opening("code")), Admit)
        assert not store.add_app_key(key("late", state=AppKeyState.NEXT), actor="owner")
        assert not store.create_app(an_app(APP), key("late"), actor="owner")

    def test_an_app_gets_other_forms_or_another_address(self, store: Store) -> None:
        """Each without the other; an unknown app and a revoked one stay as they are."""
        create(store)
        create(store, "android")
        given = {"now": T0, "actor": "owner"}
        assert store.change_app(APP, forms=None, return_url="fieldapp://done", **given)
        assert store.change_app(APP, forms=[OTHER_FORM], return_url=None, **given)
        found = {app.name: app for app in store.apps()}
        assert (found[APP].forms, found[APP].return_url) == ((OTHER_FORM,), "fieldapp://done")
        assert found["android"] == an_app("android")
        assert store.change_app(APP, forms=None, return_url="", **given)
        assert {app.name: app.return_url for app in store.apps()}[APP] is None
        store.revoke_app(APP, now=T0, actor="owner")
        for app in (APP, "nobody"):
            assert not store.change_app(app, forms=[FORM], return_url=None, **given)
        assert {app.name: app.forms for app in store.apps()}[APP] == (OTHER_FORM,)

    def test_one_subject_of_an_app_can_be_ended(self, store: Store) -> None:
        """Its pass and ticket are revoked, and its later tokens are told so; others go on."""
        create(store)
        admit = let_in(store, token())
        mine = GrantFilter(app=APP, form=FORM, subject=SUBJECT)
        assert store.revoke_grants(mine, now=T0 + MINUTE, actor="owner", note=None) == 1
        assert admit.pass_id in dict(store.revocations().passes)
        assert why(store, token(now=T0 + HOUR)) is Reason.REVOKED
        let_in(store, token(subject="u-8"))

    def test_what_a_subject_has_open_can_be_ended_alone(self, store: Store) -> None:
        """Pass and ticket end, also those of what was sent before, which counts; a later token opens the form anew."""
        create(store)
        sent, mine = let_in(store, token()), GrantFilter(app=APP, subject=SUBJECT)
        assert verdicts(store, sent_in(1, sent)) == [Verdict.VERIFIED]
        elsewhere = replace(token(), form=OTHER_FORM, fingerprint=digest("elsewhere"))
        lost, other = let_in(store, elsewhere), let_in(store, token(subject="u-8"))
        assert store.end_tickets(replace(mine, form=OTHER_FORM), now=T0 + MINUTE, actor="owner") == 1
        assert store.end_tickets(mine, now=T0 + MINUTE, actor="owner") == 1
        assert store.end_tickets(mine, now=T0 + MINUTE, actor="owner") == 0
        assert store.end_tickets(GrantFilter(), now=T0 + MINUTE, actor="owner") == 0
        ended = dict(store.revocations().passes)
        assert {sent.pass_id, lost.pass_id} <= set(ended)
        assert other.pass_id not in ended
        ticket = store.ticket(lost.ticket_id)
        assert ticket is not None
        assert ticket.revoked_at == T0 + MINUTE
        again = replace(token(now=T0 + 2 * MINUTE), form=OTHER_FORM, fingerprint=digest("elsewhere"))
        found = let_in(store, again)
        assert found.ticket_id != lost.ticket_id

    def test_the_site_itself_needs_no_key_in_the_store(self, store: Store) -> None:
        """Its tokens are taken by their id alone, once."""
        let_in(store, token("t", app=SITE_APP))
        assert why(store, token("t", app=SITE_APP)) is Reason.TOKEN_USED

    def test_what_tokens_entitle_to_is_no_code(self, store: Store) -> None:
        """Codes are listed and revoked without them, by whatever filter; they are found by their app only."""
        create(store)
        store.create_grants([grant("code", subject=SUBJECT)], T0)
        let_in(store, token())
        by_code, by_app = GrantFilter(form=FORM, subject=SUBJECT), GrantFilter(app=APP)
        for which in (None, by_code, GrantFilter(form=FORM)):
            assert [kept.fingerprint for kept in store.grants(which)] == [digest("code")]
        assert [kept.app for kept in store.grants(by_app)] == [APP]
        assert [kept.app for kept in store.grants(replace(by_code, app=APP))] == [APP]
        assert list(store.grants(replace(by_app, form=OTHER_FORM))) == []
        assert store.revoke_grants(by_code, now=T0, actor="owner", note=None) == 1
        assert app_grant(store).revoked_at is None
        assert reason(store, opening("code")) is Reason.REVOKED
        assert used(store, "code") == 0

    def test_a_form_opened_by_a_token_takes_its_use_back_like_any_other(self, store: Store) -> None:
        """`give_back_use` lets the subject in once more."""
        create(store)
        verdicts(store, sent_in(1, let_in(store, token(uses=1))))
        assert why(store, token(uses=1)) is Reason.USED_UP
        mine = GrantFilter(app=APP, form=FORM, subject=SUBJECT)
        assert store.give_back_use(mine, now=T0, actor="owner") is not None
        again = let_in(store, token(uses=1))
        assert verdicts(store, sent_in(2, again)) == [Verdict.VERIFIED]

    def test_missing_app_keys_counts_the_keys_that_would_be_lost(self, store: Store) -> None:
        """Public keys need none, and revoked ones no more; app grants are no codes that a key is missing for."""
        create(store)
        store.add_app_key(key("new", state=AppKeyState.NEXT), actor="owner")
        public = replace(key("public", app="android"), algorithm="EdDSA", code_key=None, public_key=bytes(32))
        store.create_app(an_app("android"), public, actor="owner")
        let_in(store, token())
        assert store.missing_app_keys([KEY_ID]) == {}
        assert store.missing_app_keys([]) == {KEY_ID: 2}
        assert store.missing_code_keys([]) == {}
        store.revoke_app(APP, now=T0, actor="owner")
        assert store.missing_app_keys([]) == {}

    def test_counts_tell_what_came_of_an_apps_tokens(self, store: Store) -> None:
        """Subjects, submissions, moves, tries from elsewhere; an app that nobody used has none."""
        create(store)
        create(store, "android")
        verdicts(store, sent_in(1, let_in(store, token("t"))))
        let_in(store, token(subject="u-8", browser="one"))
        let_in(store, token(subject="u-8", browser="two"))
        store.redeem_token(token("t", browser="three"))
        assert store.app_counts() == {APP: AppCounts(subjects=2, used=1, moves=1, foreign_tries=1)}

    def test_a_key_is_found_with_its_app(self, store: Store) -> None:
        """As it was registered; an unknown id finds nothing."""
        app = replace(an_app(APP), forms=(FORM, OTHER_FORM), return_url="fieldapp://done", needs_proof=True)
        kept = replace(key(), algorithm="EdDSA", code_key=None, public_key=bytes(range(32)))
        assert store.create_app(app, kept, actor="owner")
        assert store.app_of_key(kept.key_id) == (app, kept)
        assert (store.apps(), store.app_keys()) == ([app], [kept])
        assert store.app_of_key("nobodys0") is None

    def test_keys_are_found_by_their_app(self, store: Store) -> None:
        """All that it has or had, the newest first; of an app that there is not, none."""
        create(store)
        create(store, "android")
        store.add_app_key(key("new", state=AppKeyState.NEXT, at=T0 + 1), actor="owner")
        store.revoke_app_key(APP, key().key_id, now=T0, actor="owner")
        found = [(app.name, kept.key_id, kept.state) for app, kept in store.keys_of_app(APP)]
        new, first = key("new").key_id, key().key_id
        assert found == [(APP, new, AppKeyState.NEXT), (APP, first, AppKeyState.REVOKED)]
        assert store.keys_of_app("nobody") == []

    def test_what_an_owner_does_to_apps_is_signed_in_the_ledger(self, store: Store) -> None:
        """Creating, rotating, revoking; each entry names the app, the key and the actor."""
        create(store)
        before = store.record(Entry(at=T0, event="site.moved"))
        store.add_app_key(key("new", state=AppKeyState.NEXT), actor="mrs. k")
        store.revoke_app_key(APP, key("new").key_id, now=T0, actor="mrs. k")
        store.revoke_app(APP, now=T0, actor="mrs. k")
        found = [(entry.event, entry.actor, entry.about) for entry in entries_after(store, before)]
        about = f"app {APP}, key {key('new').key_id}"
        assert found == [
            ("app.key_added", "mrs. k", about),
            ("app.key_revoked", "mrs. k", about),
            ("app.revoked", "mrs. k", f"app {APP}"),
        ]


def an_app(name: str) -> App:
    """Return an app for one form."""
    return App(name=name, forms=(FORM,), created_at=T0)


def key(
    name: str = "first", *, app: str = APP, state: AppKeyState = AppKeyState.ACTIVE, at: float = T0
) -> StoredAppKey:
    """Return a key whose id stands for *app* and *name*."""
    return StoredAppKey(
        key_id=digest(f"{app} {name}").hex()[:8],
        app=app,
        algorithm="HS256",
        code_key=KEY_ID,
        state=state,
        created_at=at,
    )


def create(store: Store, app: str = APP) -> None:
    """Register an app with its first key."""
    assert store.create_app(an_app(app), key(app=app), actor="owner")


def token(
    name: str | None = None,
    *,
    app: str = APP,
    signed_by: str = "first",
    subject: str = SUBJECT,
    browser: str | int = "a browser",
    uses: int = BOUNDLESS,
    holds: Pass | None = None,
    proof: str | None = None,
    prefill: Mapping[str, str] | None = None,
    locked: tuple[str, ...] = (),
    expired: bool = False,
    now: float = T0,
) -> Redemption:
    """Return the wish to be let in with an authentic token: the one called *name*, or a fresh one."""
    pass_id = new_pass_id()
    return Redemption(
        form=FORM,
        app=app,
        key_id=None if app == SITE_APP else key(signed_by, app=app).key_id,
        token_key=pass_id if name is None else digest(f"token {app} {name}"),
        proof_key=None if proof is None else digest(f"proof {proof}"),
        remember_until=T0 + 2 * MINUTE,
        expired=expired,
        fingerprint=digest(f"app grant {app} {subject}"),
        subject=subject,
        uses=uses,
        prefill=prefill or {},
        locked=locked,
        browser=digest(browser),
        network="192.0.2.1/32",
        holds=holds,
        now=now,
        ticket_expires_at=now + TTL_SECONDS,
        pass_id=pass_id,
        pass_expires_at=now + TTL_SECONDS,
    )


def let_in(store: Store, wish: Redemption) -> Admit:
    """Redeem a token, which has to work."""
    decision = store.redeem_token(wish)
    assert isinstance(decision, Admit), decision
    return decision


def why(store: Store, wish: Redemption) -> Reason:
    """Return why the token is refused, which it has to be."""
    decision = store.redeem_token(wish)
    assert isinstance(decision, Refuse), decision
    return decision.reason


def fault(store: Store, wish: Redemption) -> AppFault:
    """Return the exact fault of a token that is refused as bad."""
    decision = store.redeem_token(wish)
    assert isinstance(decision, Refuse), decision
    assert decision.reason is Reason.BAD_TOKEN
    return AppFault(explained(store, decision).reason)


def explained(store: Store, refusal: Refuse) -> Entry:
    """Return the entry that a refusal left."""
    entry = store.explain(refusal.ref)
    assert entry is not None
    return entry


def entries_after(store: Store, ref: str) -> list[Entry]:
    """Return the entries that were added after the one under *ref*."""
    references = store.driver.references
    first = references.seq_of(ref)
    assert first is not None
    found = (store.explain(references.ref_of(seq)) for seq in range(first + 1, first + 20))
    return [entry for entry in found if entry is not None]


def app_grant(store: Store, *, subject: str = SUBJECT) -> Grant:
    """Return what the app's tokens for *subject* entitle to."""
    [found] = store.grants(GrantFilter(app=APP, form=FORM, subject=subject))
    return found


def states(store: Store) -> dict[str, str]:
    """Return the states of the app's keys, by the names that the tests call them."""
    names = {key(name).key_id: name for name in ("first", "new", "a", "b")}
    return {names[kept.key_id]: kept.state.value for kept in store.app_keys()}
