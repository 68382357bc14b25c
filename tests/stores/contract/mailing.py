"""The contract about mails: one process sends each, at its turn, and nobody gets one twice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from jotgate.protocols import ClaimedMail, EntryFilter, MailRecord, MailState, NewMail, SubmissionFilter
from jotgate.stores import Store
from tests.stores.contract.forgetting import tombstones
from tests.stores.contract.material import DAY, FORM, HOUR, MINUTE, OTHER_FORM, T0, Contract, Opener
from tests.stores.contract.races import together

CLAIM_SECONDS = 300.0


def mail(
    person: str = "s-1", *, purpose: str = "invitation", form: str = FORM, address: str = "a@b.example"
) -> NewMail:
    """Return a mail."""
    return NewMail(
        form=form, purpose=purpose, person=person, address=address, message_id=f"{purpose}-{person}@x"
    )


def claim(store: Store, one: NewMail, *, now: float = T0, **options: Any) -> MailRecord | None:
    """Claim a mail; return it if it is ours."""
    options = {"gap_seconds": 0.0} | options
    claimed = store.claim_mail(one, now=now, until=now + CLAIM_SECONDS, **options)
    return claimed.record if claimed.is_ours else None


def settle(
    store: Store, one: MailRecord, state: MailState, *, now: float = T0, said: str | None = None
) -> None:
    """Note what came of a mail; who put it off wants to see it an hour later."""
    next_try_at = now + HOUR
    store.settle_mail(
        one, state, now=now, next_try_at=next_try_at, said=said, subject=one.person, actor="office"
    )


class MailingContract(Contract):
    """What a store promises to who gets mails."""

    def test_a_mail_is_claimed_once_until_it_is_settled(self, store: Store) -> None:
        """Then never again; another purpose, person or form is another mail."""
        first = claim(store, mail())
        assert first is not None
        assert (first.state, first.tries, first.message_id) == (MailState.SENDING, 1, "invitation-s-1@x")
        assert claim(store, mail()) is None
        settle(store, first, MailState.SENT)
        assert claim(store, mail(), now=T0 + DAY, again=True) is None
        for other in (mail(purpose="reminder"), mail("s-2"), mail(form=OTHER_FORM)):
            assert claim(store, other) is not None
        known = store.mail(FORM, "invitation", "s-1")
        assert known is not None
        assert (known.state, known.sent_at) == (MailState.SENT, T0)

    def test_who_comes_second_is_told_how_far_the_mail_is(self, store: Store) -> None:
        """On its way, put off, refused or sent: as the store has it, with what the server said, and not to be sent."""
        first = claim(store, mail())
        assert first is not None
        assert (first.claimed_at, first.next_try_at) == (T0, T0 + CLAIM_SECONDS)
        for number, state in enumerate((MailState.WAITING, MailState.REFUSED, MailState.SENT)):
            second = store.claim_mail(mail(), now=T0 + 1, until=T0 + HOUR, gap_seconds=0.0)
            assert second == ClaimedMail(record=first)
            settle(store, first, state, now=T0 + number, said=f"said {number}")
            told = replace(first, state=state, next_try_at=T0 + number + HOUR, said=f"said {number}")
            told = replace(told, sent_at=T0 + number if state is MailState.SENT else None)
            assert store.claim_mail(mail(), now=T0 + 3, until=T0 + HOUR, gap_seconds=0.0).record == told
            assert store.mail(FORM, "invitation", "s-1") == told
            if state is not MailState.SENT:
                again = claim(store, mail(), now=T0 + number, again=True)
                assert again is not None
                first = again
        assert store.mail(FORM, "invitation", "s-2") is None

    def test_what_came_of_a_mail_is_noted_once(self, store: Store) -> None:
        """Nothing is settled or given back that is not on its way, and the ledger does not say it twice."""
        first = claim(store, mail())
        assert first is not None
        settle(store, first, MailState.SENT)
        sent = store.mail(FORM, "invitation", "s-1")
        settle(store, first, MailState.REFUSED, said="550 late")
        store.give_mail_back(first, now=T0, said="late")
        assert store.mail(FORM, "invitation", "s-1") == sent
        assert len(store.entries(EntryFilter(), before=None, limit=9)) == 1

    def test_who_dies_with_a_mail_leaves_it_to_others(self, store: Store) -> None:
        """When the claim is over, and under the same name, so that a second copy is known as one."""
        first = claim(store, mail())
        again = claim(store, mail(address="new@b.example"), now=T0 + CLAIM_SECONDS)
        assert first is not None
        assert again is not None
        assert (again.tries, again.message_id) == (2, first.message_id)
        assert again.address == "new@b.example"

    @pytest.mark.parametrize("state", [MailState.WAITING, MailState.REFUSED, None])
    def test_a_claim_that_is_over_settles_nothing(self, store: Store, state: MailState | None) -> None:
        """A slow process comes back when another has the mail: what it was told then is not what the other is."""
        slow = claim(store, mail())
        quick = claim(store, mail(), now=T0 + CLAIM_SECONDS)
        assert slow is not None
        assert quick is not None
        if state is None:
            store.give_mail_back(slow, now=T0 + CLAIM_SECONDS, said="down")
        else:
            settle(store, slow, state, now=T0 + CLAIM_SECONDS)
        assert store.mail(FORM, "invitation", "s-1") == quick
        settle(store, quick, MailState.SENT, now=T0 + CLAIM_SECONDS)
        assert claim(store, mail(), now=T0 + DAY, again=True) is None

    def test_what_was_sent_late_was_sent(self, store: Store) -> None:
        """Also when another has claimed it since, who then says so as well; the ledger has it once."""
        slow = claim(store, mail())
        quick = claim(store, mail(), now=T0 + CLAIM_SECONDS)
        assert slow is not None
        assert quick is not None
        settle(store, slow, MailState.SENT, now=T0 + CLAIM_SECONDS)
        settle(store, quick, MailState.WAITING, now=T0 + CLAIM_SECONDS)
        settle(store, quick, MailState.SENT, now=T0 + CLAIM_SECONDS)
        known = store.mail(FORM, "invitation", "s-1")
        assert known is not None
        assert (known.state, known.sent_at) == (MailState.SENT, T0 + CLAIM_SECONDS)
        assert claim(store, mail(), now=T0 + DAY, again=True) is None

    def test_what_was_sent_to_a_forgotten_person_is_no_other_mail(self, store: Store) -> None:
        """Its number may be that of another by then, which is still under way and may fail."""
        store.use_tombstones(tombstones)
        slow = claim(store, mail("s-1"))
        store.forget("s-1", form=None, now=T0, actor="owner")
        other = claim(store, mail("s-2"))
        assert slow is not None
        assert other is not None
        settle(store, slow, MailState.SENT)
        store.give_mail_back(slow, now=T0, said="down")
        assert store.mail(FORM, "invitation", "s-2") == other

    def test_what_is_put_off_waits_for_its_time(self, store: Store) -> None:
        """Or for somebody who wants it tried again now."""
        first = claim(store, mail())
        assert first is not None
        settle(store, first, MailState.WAITING, said="450 later")
        assert claim(store, mail(), now=T0 + MINUTE) is None
        assert claim(store, mail(), now=T0 + MINUTE, again=True) is not None
        second = claim(store, mail(), now=T0 + MINUTE + CLAIM_SECONDS)
        assert second is not None
        settle(store, second, MailState.WAITING, now=T0 + HOUR)
        assert claim(store, mail(), now=T0 + 2 * HOUR) is not None

    @pytest.mark.parametrize("state", [MailState.SENDING, MailState.WAITING])
    def test_a_clock_that_was_set_back_puts_no_mail_off(self, store: Store, state: MailState) -> None:
        """What waits for longer than a day does so by a clock that was wrong then."""
        first = claim(store, mail(), now=T0 + 365 * DAY)
        assert first is not None
        assert first.is_put_off(T0 + 365 * DAY)
        assert not first.is_put_off(T0)
        if state is MailState.WAITING:
            settle(store, first, state, now=T0 + 365 * DAY)
        assert claim(store, mail(), now=T0) is not None

    def test_what_was_refused_is_tried_at_another_address_only(self, store: Store) -> None:
        """Or again, if somebody asks for it; the address is known as refused until a mail to it is taken."""
        first = claim(store, mail())
        assert first is not None
        settle(store, first, MailState.REFUSED, said="550 unknown")
        assert store.refused_address("a@b.example") == "550 unknown"
        assert store.refused_address("c@b.example") is None
        assert claim(store, mail(), now=T0 + DAY) is None
        other = claim(store, mail(address="c@b.example"), now=T0 + DAY)
        assert other is not None
        settle(store, other, MailState.REFUSED, said="550 unknown")
        back = claim(store, mail(address="c@b.example"), now=T0 + 2 * DAY, again=True)
        assert back is not None
        settle(store, back, MailState.SENT, now=T0 + 2 * DAY)
        assert store.refused_address("c@b.example") is None

    def test_what_was_not_handed_over_is_tried_at_once(self, store: Store) -> None:
        """It does not count as a try."""
        first = claim(store, mail())
        assert first is not None
        store.give_mail_back(first, now=T0 + 1, said="down")
        waiting = store.mail(FORM, "invitation", "s-1")
        assert waiting is not None
        assert (waiting.state, waiting.next_try_at, waiting.said) == (MailState.WAITING, T0 + 1, "down")
        assert claim(store, mail()) is None
        again = claim(store, mail(), now=T0 + 1)
        assert again is not None
        assert again.tries == 1

    def test_mails_go_out_one_after_the_other(self, store: Store) -> None:
        """However many send them; a clock that was set back lets nobody wait for longer than a turn."""
        assert claim(store, mail("s-1"), gap_seconds=10.0) is not None
        waiting = store.claim_mail(mail("s-2"), now=T0 + 4.0, until=T0 + HOUR, gap_seconds=10.0)
        assert (waiting.record, waiting.wait_seconds) == (None, pytest.approx(6.0))
        assert store.claim_mail(
            mail("s-2"), now=T0 - DAY, until=T0, gap_seconds=10.0
        ).wait_seconds == pytest.approx(10.0)
        assert claim(store, mail("s-2"), now=T0 + 10.0, gap_seconds=10.0) is not None

    def test_processes_race_for_the_same_mails(self, store: Store, opener: Opener) -> None:
        """Each mail is sent by one of them."""
        outcomes = together(opener, [partial(_send_all, mails=20) for _ in range(4)])
        assert sorted(person for sent in outcomes for person in sent) == sorted(f"s-{n}" for n in range(20))

    def test_each_mail_stands_in_the_ledger(self, store: Store) -> None:
        """That it was sent or refused, for whom, by whom, and no address; that it waits does not."""
        for person, state in (
            ("s-1", MailState.SENT),
            ("s-2", MailState.REFUSED),
            ("s-3", MailState.WAITING),
        ):
            one = claim(store, mail(person))
            assert one is not None
            settle(store, one, state, said="550 no" if state is MailState.REFUSED else None)
        store.driver.learn(
            {"told": "SELECT event, form, subject, actor, about, note FROM ledger ORDER BY seq"}
        )
        with store.driver.read() as tx:
            told = [row for row in tx.all("told") if row[0].startswith("mail.")]
        assert told == [
            ("mail.sent", FORM, "s-1", "office", "mail invitation", None),
            ("mail.refused", FORM, "s-2", "office", "mail invitation", "550 no"),
        ]

    def test_mails_are_listed_by_form_and_state(self, store: Store) -> None:
        """In the order in which they were begun."""
        for person in ("s-2", "s-1"):
            assert claim(store, mail(person)) is not None
        one = claim(store, mail("s-3", form=OTHER_FORM))
        assert one is not None
        settle(store, one, MailState.SENT)
        assert [one.person for one in store.mails(FORM)] == ["s-2", "s-1"]
        assert [one.person for one in store.mails(state=MailState.SENT)] == ["s-3"]
        assert len(list(store.mails())) == 3

    @pytest.mark.parametrize("mails", [0, 5, 6, 7])
    def test_a_long_list_is_read_page_by_page(
        self, store: Store, mails: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each mail once, wherever a page ends."""
        monkeypatch.setattr("jotgate.stores.mails._PAGE_ROWS", 3)
        names = [f"s-{n}" for n in range(mails)]
        for name in names:
            assert claim(store, mail(name)) is not None
        assert [one.person for one in store.mails()] == names

    def test_nobody_mails_a_forgotten_person(self, store: Store) -> None:
        """The address goes with the person, and the same list mails them no more."""
        store.use_tombstones(tombstones)
        for person in ("s-1", "s-2"):
            one = claim(store, mail(person))
            assert one is not None
            settle(store, one, MailState.SENT)
        done = store.forget("s-1", form=None, now=T0 + HOUR, actor="owner")
        assert done.counts["mails"] == 1
        assert [one.person for one in store.mails()] == ["s-2"]
        assert store.claim_mail(
            mail("s-1", purpose="reminder"), now=T0 + DAY, until=T0 + DAY, gap_seconds=0.0
        ).is_forgotten
        assert not list(store.submissions(SubmissionFilter()))

    def test_who_is_forgotten_on_one_form_gets_mails_of_the_others(self, store: Store) -> None:
        """There they are known as before."""
        store.use_tombstones(tombstones)
        assert claim(store, mail("s-1")) is not None
        store.forget("s-1", form=FORM, now=T0 + HOUR, actor="owner")
        again = store.claim_mail(mail("s-1"), now=T0 + DAY, until=T0 + DAY, gap_seconds=0.0)
        assert again == ClaimedMail(is_forgotten=True)
        assert claim(store, mail("s-1", form=OTHER_FORM), now=T0 + DAY) is not None

    @pytest.mark.parametrize("delete", [True, False])
    def test_old_mails_go_with_the_rest(self, store: Store, delete: bool) -> None:
        """Whatever becomes of other records."""
        assert claim(store, mail("s-1")) is not None
        assert claim(store, mail("s-2"), now=T0 + 2 * DAY) is not None
        before = T0 + DAY
        assert store.count_beyond(FORM, before=before, delete=delete)["mails"] == 1
        assert store.retain(FORM, before=before, delete=delete, now=T0 + 3 * DAY).counts["mails"] == 1
        assert [one.person for one in store.mails()] == ["s-2"]


def _send_all(store: Store, *, mails: int) -> list[str]:
    """Send what nobody else has; return whom."""
    sent = []
    for n in range(mails):
        one = claim(store, mail(f"s-{n}"))
        if one is not None:
            settle(store, one, MailState.SENT)
            sent.append(one.person)
    return sent
