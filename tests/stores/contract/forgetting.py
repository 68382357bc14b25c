"""The contract about forgetting: nothing names the person any more, and nothing that is read later does."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pkgutil import resolve_name
from typing import Any

import pytest

import jotgate.stores.forgetting
from jotgate.answers import Kept
from jotgate.ledger import Entry
from jotgate.outcomes import Reason, Verdict
from jotgate.protocols import Consumer, Failed, Grant, GrantFilter, SubmissionFilter, Told
from jotgate.stores import Store
from jotgate.stores.driver import Transaction
from jotgate.submissions import Candidate
from tests.stores.contract.audit import edit
from tests.stores.contract.material import (
    DAY,
    FORM,
    HOUR,
    KEY_ID,
    OTHER_FORM,
    T0,
    Contract,
    admitted,
    digest,
    grant,
    opening,
    reason,
    records,
    register,
    sent_in,
    settled,
    token,
    verdicts,
)

PERSON = "s-1042"
LATER = T0 + 30 * DAY


def tombstones(subject: str) -> Sequence[str]:
    """Return a tombstone, as the site's keys would make it."""
    digest = hashlib.sha256(b"a key of the test" + subject.encode()).hexdigest()
    return (f"forgotten:{KEY_ID}:{digest[:32]}",)


def tombstones_after_rotation(subject: str) -> Sequence[str]:
    """Return the tombstones of a site whose code keys have a newer one."""
    digest = hashlib.sha256(b"a newer key of the test" + subject.encode()).hexdigest()
    return (f"forgotten:bbbb0002:{digest[:32]}", *tombstones(subject))


TOMBSTONE = tombstones(PERSON)[0]


class Counted:
    """A transaction that counts the rows it changes."""

    def __init__(self, transaction: Transaction) -> None:
        self.changed = 0
        self._transaction = transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)

    def run(self, name: str, **values: Any) -> int:
        """Run a statement."""
        rows = self._transaction.run(name, **values)
        self.changed += rows
        return rows

    def many(self, name: str, values: Iterable[Mapping[str, Any]]) -> int:
        """Run a statement for each."""
        rows = self._transaction.many(name, values)
        self.changed += rows
        return rows


def changes_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that is to hold how many rows each transaction of the store changes from now on."""
    changes: list[int] = []
    write = store.driver.write

    @contextmanager
    def counting(**options: Any) -> Iterator[Any]:
        with write(**options) as transaction:
            counted = Counted(transaction)
            yield counted
        changes.append(counted.changed)

    monkeypatch.setattr(store.driver, "write", counting)
    return changes


@contextmanager
def beside(
    before_writing: str, write: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Run the block while a thread is about to *write*; that goes on once the block is done, or waits for it."""
    at = f"jotgate.stores.{before_writing}"
    has_looked, block_is_done = threading.Event(), threading.Event()
    go_on = resolve_name(at)

    def about_to_write(*values: Any) -> Any:
        has_looked.set()
        block_is_done.wait(1.0)
        return go_on(*values)

    monkeypatch.setattr(at, about_to_write)
    writer = threading.Thread(target=write)
    writer.start()
    has_looked.wait()
    yield
    block_is_done.set()
    writer.join()


def shown(number: int, ticket: object, **changes: object) -> Candidate:
    """Return a submission of which something is kept."""
    kept = Kept(
        digest=b"1" * 16,
        lookups=(("document", str(number).encode().ljust(16)),),
        shown={"name": {"label": "Name", "value": "Ada Lovelace"}},
    )
    return replace(sent_in(number, ticket), kept=kept, **changes)  # type: ignore[arg-type]


def submitted(store: Store, number: int, *, form: str = FORM, subject: str = PERSON) -> Candidate:
    """Let a person in with a code, and judge what they submit."""
    person = {"subject": subject, "label": "Ada Lovelace", "email": "ada@school.example"}
    store.create_grants([grant(number, form=form, batch="b", **person)], T0)
    candidate = shown(number, admitted(store, opening(number, form=form)), form=form)
    settled(store, candidate)
    return candidate


def addressed(store: Store) -> set[tuple[str | None, str | None, str | None]]:
    """Return how codes name people: subject, label, e-mail address."""
    return {(one.subject, one.label, one.email) for one in store.grants()}


def names(store: Store) -> set[str | None]:
    """Return whom anything is about."""
    found = {one.subject for one in store.submissions(SubmissionFilter())}
    found |= {one.subject for one in store.grants()}
    for one in store.submissions(SubmissionFilter()):
        found |= {entry.subject for entry in store.history(one.submission_id)}
    return found


class ForgettingContract(Contract):
    """What a store promises to who asks to be forgotten."""

    @pytest.fixture(autouse=True)
    def with_tombstones(self, store: Store) -> None:
        """Let the store know what stands for whom."""
        store.use_tombstones(tombstones)

    def test_nothing_is_about_a_forgotten_person(self, store: Store) -> None:
        """Rows and counts stay, under a tombstone; what is shown and looked up is gone; others are left alone."""
        store.add_consumer(Consumer(consumer="a", kind="python"), now=T0)
        submitted(store, 1)
        submitted(store, 2, form=OTHER_FORM)
        submitted(store, 3, subject="s-7")
        counts = store.counts()
        done = store.forget(PERSON, form=None, now=T0 + HOUR, actor="owner")
        assert done.submissions == {FORM: ["1"], OTHER_FORM: ["2"]}
        assert (done.counts["submissions"], done.counts["tickets"], done.counts["grants"]) == (2, 2, 2)
        assert done.counts["outbox"] == 2
        assert done.counts["ledger"] >= 4
        assert store.counts() == counts
        assert names(store) == {TOMBSTONE, "s-7"}
        assert addressed(store) == {
            (TOMBSTONE, None, None),
            ("s-7", "Ada Lovelace", "ada@school.example"),
        }
        assert store.standing(FORM, PERSON).verdict is None
        assert store.own_submissions(FORM, PERSON) == []
        assert store.standing_of_lookup(FORM, [[b"1".ljust(16)]]).verdict is None
        assert store.standing(FORM, "s-7").verdict is Verdict.VERIFIED
        assert [dict(one.shown) for one in store.own_submissions(FORM, TOMBSTONE)] == [{}]
        told = store.claim_notices("a", now=LATER, until=LATER + 1, rows=9)
        assert [one.event.subject for one in told] == [TOMBSTONE, TOMBSTONE, "s-7"]
        again = store.forget(PERSON, form=None, now=T0 + HOUR, actor="owner")
        assert set(again.counts.values()) == {0}
        assert again.submissions == done.submissions

    def test_no_subject_can_be_tried_on_what_is_left_of_a_refusal(self, store: Store) -> None:
        """What repeated refusals are counted by is made of the subject, without a key; it goes with the subject."""
        store.create_grants([grant("code", subject=PERSON, valid_until=T0)], T0)
        assert reason(store, opening("code")) is Reason.EXPIRED
        store.driver.learn(
            {"likenesses": "SELECT count(*), count(again) FROM ledger WHERE reason = 'expired'"}
        )
        store.forget(PERSON, form=None, now=T0, actor="owner")
        with store.driver.read() as tx:
            assert tx.one("likenesses") == (1, 0)

    def test_a_person_is_forgotten_on_one_form_only(self, store: Store) -> None:
        """The others still know them."""
        submitted(store, 1)
        submitted(store, 2, form=OTHER_FORM)
        assert store.forget(PERSON, form=FORM, now=T0, actor="owner").submissions == {FORM: ["1"]}
        assert store.standing(OTHER_FORM, PERSON).verdict is Verdict.VERIFIED
        assert store.standing(FORM, PERSON).verdict is None
        store.create_grants([grant("new", subject=PERSON, form=OTHER_FORM)], T0)
        store.forget(PERSON, form=OTHER_FORM, now=T0, actor="owner")
        assert names(store) == {TOMBSTONE}
        forms = (FORM, OTHER_FORM, "third")
        store.create_grants([grant(form, subject=PERSON, form=form) for form in forms], T0)
        assert {one.form for one in store.grants() if one.subject == PERSON} == {"third"}

    def test_a_ticket_that_was_issued_while_they_were_forgotten_is_about_nobody(self, store: Store) -> None:
        """Whatever it ends in, only the digest of what they wrote is kept, and their limit holds; on that form only."""
        submitted(store, 1)
        submitted(store, 2, form=OTHER_FORM)
        late = [admitted(store, opening(self._code(store, n))) for n in (3, 4, 5)]
        other = admitted(store, opening(self._code(store, 6, form=OTHER_FORM), form=OTHER_FORM))
        store.forget(PERSON, form=FORM, now=T0, actor="owner")
        store.driver.learn({"name": "UPDATE tickets SET subject = :subject WHERE ticket_id = :ticket_id"})
        with store.driver.write() as tx:
            for one in (*late, other):
                tx.run("name", subject=PERSON, ticket_id=one.ticket_id)
        sent = [
            shown(3, late[0], in_all=1),
            shown(4, late[1]),
            shown(5, late[2], created_earliest=LATER, created_latest=LATER),
            shown(6, other, form=OTHER_FORM),
        ]
        assert verdicts(store, sent[0]) == [Verdict.OVER_LIMIT]
        assert verdicts(store, *sent[1:]) == [Verdict.VERIFIED, Verdict.EXPIRED, Verdict.VERIFIED]
        found = {one.submission_id: one.subject for one in store.submissions(SubmissionFilter())}
        assert found == dict.fromkeys("1345", TOMBSTONE) | dict.fromkeys("26", PERSON)
        assert {one.digest for one in store.kept_answers(["3", "4", "5"]).values()} == {b"1" * 16}
        assert [dict(one.shown) for one in store.own_submissions(FORM, TOMBSTONE)] == [{}] * 2

    def _code(self, store: Store, name: int, form: str = FORM) -> int:
        store.create_grants([grant(name, form=form, subject=f"holder of {name}")], T0)
        return name

    def test_each_form_tells_what_is_still_at_jotform(self, store: Store) -> None:
        """Also when a person is forgotten once more: of the form that is asked about, or of all."""
        submitted(store, 1)
        submitted(store, 2, form=OTHER_FORM)
        assert store.forget(PERSON, form=None, now=T0, actor="owner").submissions == {
            FORM: ["1"],
            OTHER_FORM: ["2"],
        }
        assert store.forget(PERSON, form=FORM, now=T0, actor="owner").submissions == {FORM: ["1"]}

    def test_what_was_forgotten_stands_in_the_ledger(self, store: Store) -> None:
        """By whom, on which form and how much, about the tombstone; what retention did as well."""
        submitted(store, 1)
        submitted(store, 2, subject="s-7")
        forgotten = store.forget(PERSON, form=FORM, now=T0 + HOUR, actor="owner").counts
        removed = store.retain(FORM, before=T0 + HOUR, delete=True, now=T0 + HOUR).counts
        store.driver.learn(
            {
                "told": "SELECT form, subject, actor, note FROM ledger"
                " WHERE event IN ('subject.forgotten', 'retention.applied') ORDER BY seq"
            }
        )
        with store.driver.read() as tx:
            first, second = tx.all("told")
        told = f"1 submissions, 1 tickets, 1 grants, {forgotten['ledger']} ledger, 0 outbox, 0 mails"
        assert first == (FORM, TOMBSTONE, "owner", told)
        assert second[:3] == (FORM, None, None)
        assert second[3] == "deleted: " + ", ".join(f"{number} {table}" for table, number in removed.items())

    def test_the_ticket_of_a_deleted_submission_goes_with_it(self, store: Store) -> None:
        """However long it would have been good; nobody else's does."""
        known = submitted(store, 1)
        store.create_grants([grant("out")], T0)
        out = admitted(store, opening("out"))
        store.retain(FORM, before=T0 + HOUR, delete=True, now=T0 + HOUR)
        assert known.ticket_id is not None
        assert store.ticket(known.ticket_id) is None
        assert store.ticket(out.ticket_id) is not None

    def test_no_later_reading_restores_the_person(self, store: Store) -> None:
        """Neither a form that was out, nor an edit, nor a new token or code in their name."""
        store.create_grants([grant("out", subject=PERSON)], T0)
        out = admitted(store, opening("out"))
        known = submitted(store, 1)
        register(store)
        first = admitted(store, token("a", subject=PERSON, uses=2, prefill={"name": PERSON}))
        store.forget(PERSON, form=None, now=T0 + HOUR, actor="owner")
        settled(store, shown(2, out))
        later = replace(edit(known, {"name": PERSON}, b"2" * 16, known=b"1" * 16).candidate, kept=known.kept)
        changed = replace(edit(known, {}, b"2" * 16, known=b"1" * 16), candidate=later)
        store.judge_edits([changed], capacity=None, now=T0 + HOUR)
        admit = admitted(store, token("b", subject=PERSON, uses=2))
        assert (admit.subject, admit.ticket_id) == (TOMBSTONE, first.ticket_id)
        settled(store, shown(3, admit))
        store.create_grants([grant("new", subject=PERSON)], T0)
        settled(store, shown(4, admitted(store, opening("new"))))
        assert {one.subject for one in records(store)} == {TOMBSTONE}
        assert {one.submission_id: dict(one.shown) for one in store.own_submissions(FORM, TOMBSTONE)} == {
            str(number): {} for number in range(1, 5)
        }
        again = store.forget(PERSON, form=None, now=T0 + HOUR, actor="owner")
        assert sorted(again.submissions[FORM]) == ["1", "2", "3", "4"]
        for number in range(1, 5):
            assert store.standing_of_lookup(FORM, [[str(number).encode().ljust(16)]]).verdict is None
        assert store.standing(FORM, PERSON).verdict is None

    def test_what_a_forgotten_person_sent_is_handed_on_to_no_key(self, store: Store) -> None:
        """On the forms where they are forgotten; what retention made nobody's is, since it is about nobody."""
        submitted(store, 1)
        submitted(store, 2, form=OTHER_FORM)
        submitted(store, 3, subject="s-7")
        store.forget(PERSON, form=FORM, now=T0, actor="owner")
        store.retain(FORM, before=LATER, delete=False, now=LATER)
        for descending in (True, False):
            assert [one.submission_id for one in store.counted(FORM, descending=descending)] == ["3"]
        assert [one.submission_id for one in store.counted(OTHER_FORM)] == ["2"]
        assert store.counted_submission("1") is None
        assert store.counted_submission("2") is not None
        store.forget(PERSON, form=None, now=LATER, actor="owner")
        assert list(store.counted(OTHER_FORM)) == []

    def test_nothing_new_names_a_forgotten_person(self, store: Store) -> None:
        """A code made in their name, what is let in with it, and refusals of tokens in their name, name nobody."""
        store.create_grants([grant("other", subject="s-7")], T0)
        store.forget(PERSON, form=FORM, now=T0, actor="owner")
        new = grant("new", subject=PERSON, label="Ada Lovelace", email="ada@school.example")
        batch = [new, grant("class"), grant("else", subject="s-8")]
        store.create_grants([*batch, grant("elsewhere", subject=PERSON, form=OTHER_FORM)], T0)
        assert store.create_grants([grant("again", subject=PERSON), grant("other", subject="s-7")], T0) == [1]
        subjects = {(one.form, one.subject) for one in store.grants()}
        assert subjects == {(FORM, one) for one in (TOMBSTONE, None, "s-7", "s-8")} | {(OTHER_FORM, PERSON)}
        assert (TOMBSTONE, None, None) in addressed(store)
        assert "Ada Lovelace" not in {one.label for one in store.grants()}
        assert "ada@school.example" not in {one.email for one in store.grants()}
        assert admitted(store, opening("new")).subject == TOMBSTONE
        assert admitted(store, opening("again", browser="b")).subject == TOMBSTONE
        for form, told in ((FORM, TOMBSTONE), (OTHER_FORM, PERSON)):
            entry = store.explain(
                store.record(Entry(at=T0, event="token.refused", form=form, reason="x", subject=PERSON))
            )
            assert entry is not None
            assert entry.subject == told

    @pytest.mark.parametrize("work", ["create", "redeem", "reject"])
    def test_who_is_writing_about_a_person_meanwhile_names_nobody(
        self, store: Store, work: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A code made, a token redeemed or a word said by somebody who looked just before: it is changed, too."""
        register(store)
        submitted(store, 1)
        store.rule("1", accept=False, actor="owner", reason="another's", now=T0)
        store.rule("1", accept=True, actor="owner", reason="another's", now=T0, subject="s-7")
        before_writing, write = {
            "create": ("grants._values", lambda: store.create_grants([grant(2, subject=PERSON)], T0)),
            "redeem": ("redeeming._redeem", lambda: store.redeem_token(token("a", subject=PERSON))),
            "reject": (
                "ruling._write",
                lambda: store.rule("1", accept=False, actor="owner", reason="theirs", now=T0),
            ),
        }[work]
        store.driver.learn({"whose": "SELECT subject FROM grants UNION SELECT subject FROM tickets"})
        with beside(before_writing, write, monkeypatch):
            store.forget(PERSON, form=None, now=T0, actor="owner")
        with store.driver.read() as tx:
            assert tx.all("whose") == [(TOMBSTONE,)]
        assert PERSON not in names(store)

    def test_a_code_that_is_replaced_meanwhile_names_nobody(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also where it then lies among those that were looked through already."""
        before, behind = sorted([1, 2], key=digest)
        store.create_grants([grant(behind, subject=PERSON)], T0)
        forget_some = jotgate.stores.forgetting._forget_grants

        def later(tx: Transaction, **values: Any) -> None:
            if rows := [row for row in values["rows"] if bytes(row[0]) == digest(behind)]:
                tx.run("replace_fingerprint", fingerprint=rows[0][0], fresh=digest(before), code_key=KEY_ID)
            forget_some(tx, **values)

        monkeypatch.setattr(jotgate.stores.forgetting, "_forget_grants", later)
        store.forget(PERSON, form=None, now=T0, actor="owner")
        assert {(one.fingerprint, one.subject) for one in store.grants()} == {(digest(before), TOMBSTONE)}

    @pytest.mark.parametrize("work", ["revoke_grants", "end_tickets"])
    def test_a_code_that_was_found_before_names_nobody(
        self, store: Store, work: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Revoked by somebody who had read it just before the person was forgotten."""
        store.create_grants([grant(1, subject=PERSON)], T0)
        admitted(store, opening(1))
        find = store.grants

        def found_before(which: GrantFilter) -> Iterator[Grant]:
            found = list(find(which))
            store.forget(PERSON, form=None, now=T0, actor="owner")
            return iter(found)

        monkeypatch.setattr(store, "grants", found_before)
        options = {"note": None} if work == "revoke_grants" else {}
        which = GrantFilter(fingerprints=(digest(1),))
        assert getattr(store, work)(which, now=LATER, actor="owner", **options) == 1
        store.driver.learn({"whose": "SELECT DISTINCT subject FROM ledger WHERE subject IS NOT NULL"})
        with store.driver.read() as tx:
            assert tx.all("whose") == [(TOMBSTONE,)]

    def test_a_callback_that_is_under_way_names_nobody(self, store: Store) -> None:
        """The ledger says that it was given up, of the person's tombstone."""
        store.add_consumer(Consumer(consumer="a", kind="python"), now=T0)
        submitted(store, 1)
        [notice] = store.claim_notices("a", now=LATER, until=LATER + 1, rows=1)
        store.forget(PERSON, form=None, now=LATER, actor="owner")
        given_up = Failed(notice=notice, error="no", next_try_at=None)
        store.cross_off("a", Told(failed=[given_up]), now=LATER)
        assert {entry.subject for entry in store.history("1")} == {TOMBSTONE}

    @pytest.mark.parametrize("work", ["forget", "pseudonymise", "delete"])
    def test_a_notice_that_takes_the_number_of_another_stays(
        self, store: Store, work: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The one that was found was told meanwhile, and its number given anew to one about somebody else."""
        store.add_consumer(Consumer(consumer="a", kind="python"), now=T0)
        submitted(store, 1)
        store.create_grants([grant(2, subject="s-7")], LATER)
        admit = admitted(store, opening(2, now=LATER))
        candidate = shown(2, admit, created_earliest=LATER, created_latest=LATER)
        change = Store._change

        def later(self: Store, some: Any) -> None:
            if "notice" in str(some):
                told = store.claim_notices("a", now=LATER, until=LATER, rows=1)
                store.cross_off("a", Told(told=told), now=LATER)
                settled(store, candidate, now=LATER)
            change(self, some)

        monkeypatch.setattr(Store, "_change", later)
        if work == "forget":
            store.forget(PERSON, form=None, now=LATER, actor="owner")
        else:
            store.retain(FORM, before=LATER - DAY, delete=work == "delete", now=LATER)
        [left] = store.claim_notices("a", now=LATER, until=LATER, rows=9)
        assert (left.event.submission_id, left.event.subject) == ("2", "s-7")

    def test_a_newer_code_key_brings_nobody_back(self, store: Store) -> None:
        """Who was forgotten under an older key is nobody in all that comes later, and found when forgotten again."""
        store.create_grants([grant("out", subject=PERSON)], T0)
        out = admitted(store, opening("out"))
        register(store)
        store.forget(PERSON, form=None, now=T0, actor="owner")
        store.use_tombstones(tombstones_after_rotation)
        settled(store, shown(1, out))
        store.create_grants([grant("new", subject=PERSON)], T0)
        admits = (admitted(store, opening("new")), admitted(store, token("a", subject=PERSON)))
        assert [admit.subject for admit in admits] == [TOMBSTONE, TOMBSTONE]
        settled(store, *(shown(number, admit) for number, admit in enumerate(admits, 2)))
        assert names(store) == {TOMBSTONE}
        again = store.forget(PERSON, form=None, now=T0 + HOUR, actor="owner")
        assert sorted(again.submissions[FORM]) == ["1", "2", "3"]

    def test_their_passes_end(self, store: Store) -> None:
        """A cookie that names the person opens nothing any more."""
        store.create_grants([grant("out", subject=PERSON)], T0)
        out = admitted(store, opening("out"))
        store.forget(PERSON, form=None, now=T0 + 1, actor="owner")
        assert out.pass_id in dict(store.revocations().passes)

    def test_whoever_is_forgotten_is_not_among_those_who_have_a_code(self, store: Store) -> None:
        """A list of who has submitted, and who has not, names people only."""
        submitted(store, 1)
        submitted(store, 2, subject="s-7")
        store.forget(PERSON, form=None, now=T0, actor="owner")
        assert [one.subject for one in store.subjects(FORM)] == ["s-7"]

    @pytest.mark.parametrize("work", ["forget", "pseudonymise", "delete"])
    def test_long_work_changes_few_rows_at_a_time(
        self, store: Store, work: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever comes to the door meanwhile waits for one short transaction at most; all is done in the end."""
        monkeypatch.setattr(jotgate.stores.forgetting, "_READ_ROWS", 7)
        monkeypatch.setattr(jotgate.stores.forgetting, "_WRITTEN_ROWS", 5)
        for number in range(20):
            submitted(store, number)
        changed = changes_of(store, monkeypatch)
        if work == "forget":
            done = store.forget(PERSON, form=None, now=LATER, actor="owner")
        else:
            done = store.retain(FORM, before=LATER, delete=work == "delete", now=LATER)
        assert (done.counts["submissions"], done.counts["grants"]) == (20, 20)
        assert PERSON not in names(store)
        # Of five submissions: as many lookups, entries, tickets and notes of what was removed.
        assert max(changed) <= 5 * 6
        assert len(changed) >= 5 * 4
