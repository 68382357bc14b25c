"""Who has submitted, and what they see of it: from the ledger alone, and never anybody else's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jotgate.answers import FormAnswers, Kept, fingerprints, keep
from jotgate.clock import Clock
from jotgate.errors import InputError, UnknownForm
from jotgate.outcomes import Admit, ToldField, Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import SubmissionFilter
from jotgate.quota import Quota
from jotgate.records.standing import Answer, OwnSubmission, ShownField, Standings, State
from jotgate.signed.keyring import CodeKeys
from jotgate.stores import Store, open_store
from tests.stores.contract.material import (
    FORM,
    FORM_ID,
    FORMS,
    HOUR,
    MINUTE,
    OTHER_FORM,
    OTHER_FORM_ID,
    T0,
    a_reading,
    admitted,
    grant,
    opening,
    sent_in,
    settled,
)

OLD, NEW = CodeKeys([b"o" * 32]), CodeKeys([b"o" * 32, b"n" * 32])
STUDENTS = FormPolicy(
    form=FORM,
    form_id=FORM_ID,
    title="Students",
    lookup_fields=("document", "mail"),
    show_fields=("name", "files"),
)
POLICIES = {
    FORM: STUDENTS,
    OTHER_FORM: FormPolicy(form=OTHER_FORM, form_id=OTHER_FORM_ID, title="Teachers", show_fields=("name",)),
}


@dataclass
class Standing(Clock):
    """A clock that stands until it is told."""

    at: float = T0

    def now(self) -> float:
        """Return the simulated time."""
        return self.at


@dataclass
class Office:
    """A store, and the standings on it."""

    store: Store
    clock: Standing

    @property
    def standings(self) -> Standings:
        """Return the standings, as a process with the newest keys has them."""
        return self.under(NEW)

    def under(self, keys: CodeKeys, **changes: Any) -> Standings:
        """Return the standings, as a process with other keys or settings of the students' form has them."""
        quota = Quota(self.store, account="a", limit=None, clock=self.clock)
        policies = POLICIES | {FORM: replace(STUDENTS, **changes)}
        return Standings(policies, store=self.store, code_keys=keys, quota=quota, clock=self.clock)

    def admit(self, code: str, subject: str | None = None, **terms: Any) -> Admit:
        """Let somebody in with a fresh code."""
        self.store.create_grants([grant(code, subject=subject, **terms)], T0)
        return admitted(self.store, opening(code, form=terms.get("form", FORM)))

    def receive(
        self, submission_id: int, admit: Admit | None, *, keys: CodeKeys = NEW, **written: str
    ) -> None:
        """Settle a submission with something in its lookup fields."""
        lookups = tuple((name, fingerprints(keys, FORM_ID, name, text)[0]) for name, text in written.items())
        kept = Kept(digest=bytes(16), lookups=lookups)
        settled(self.store, replace(sent_in(submission_id, admit), kept=kept))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Return an office with an empty store."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.prepare(FORMS, T0)
    yield Office(store, Standing())
    store.close()


def test_the_four_answers_in_their_order(office: Office) -> None:
    """None, pending, verified, accepted; only what counts is true, and each says of when it is."""
    assert office.standings.has_submitted(FORM, subject="s-1") == Answer(State.NONE)
    admit = office.admit("code", "s-1")
    office.store.finish_reading(a_reading(read_at=T0 + 1))
    assert office.standings.has_submitted(FORM, subject="s-1") == Answer(State.NONE, T0 + 1)
    office.store.mark_sent(ticket_id=admit.ticket_id, now=T0 + 2)
    pending = office.standings.has_submitted(FORM, subject="s-1")
    assert pending == Answer(State.PENDING, T0 + 1, T0 + 10)
    office.receive(1, admit)
    verified = office.standings.has_submitted(FORM, subject="s-1")
    assert verified == Answer(State.VERIFIED, T0 + 1)
    office.store.rule("1", accept=False, actor="owner", reason="test", now=T0)
    rejected = office.standings.has_submitted(FORM, subject="s-1")
    office.store.rule("1", accept=True, actor="owner", reason="test", now=T0)
    accepted = office.standings.has_submitted(FORM, subject="s-1")
    assert (rejected.state, accepted.state) == (State.NONE, State.ACCEPTED)
    assert [bool(one) for one in (pending, verified, rejected, accepted)] == [False, True, False, True]


def test_the_site_reads_what_it_lists(office: Office) -> None:
    """By the submission's number, in the order of the setting; of one that does not count only the verdict."""
    name, document = ToldField(text="Ada L", parts={"first": "Ada"}), ToldField(text="AB 12")
    kept = Kept(digest=bytes(16), told={"name": name, "document": document})
    for number, admit in ((1, office.admit("code")), (2, None)):
        settled(office.store, replace(sent_in(number, admit), kept=kept))
    listed = office.under(NEW, tell_fields=("document", "other", "name"))
    told = listed.submission(FORM, "1")
    assert told is not None
    assert list(told.fields.items()) == [("document", document), ("name", name)]
    assert (told.submission_id, told.form, told.subject, told.verdict) == ("1", FORM, None, Verdict.VERIFIED)
    fewer = office.under(NEW, tell_fields=("name",)).submission(FORM, "1")
    assert fewer is not None
    assert dict(fewer.fields) == {"name": name}
    bare = listed.submission(FORM, "2")
    assert bare is not None
    assert (bare.verdict, bare.fields) == (Verdict.UNTICKETED, {})
    for form, unknown in ((FORM, "3"), (FORM, ""), (FORM, "\0"), (OTHER_FORM, "1")):
        assert listed.submission(form, unknown) is None
    with pytest.raises(UnknownForm):
        listed.submission("nobody", "1")


def test_a_state_is_the_text_that_it_prints_as() -> None:
    """In comparisons, in templates and in JSON."""
    assert State.VERIFIED == "verified" == str(State.VERIFIED) == f"{State.VERIFIED}"


def test_what_never_came_is_not_pending_for_ever(office: Office) -> None:
    """A browser that says it sent is believed until a reading long after shows nothing."""
    admit = office.admit("code", "s-1")
    office.store.mark_sent(ticket_id=admit.ticket_id, now=T0)
    for read_at, state in ((T0 + 19 * MINUTE, State.PENDING), (T0 + 20 * MINUTE, State.NONE)):
        office.store.finish_reading(a_reading(read_at=read_at))
        assert office.standings.has_submitted(FORM, subject="s-1").state is state


def test_who_asks_while_calls_are_short_hears_when_to_ask_again(office: Office) -> None:
    """With the day's calls used up, the verdict comes after the reset."""
    admit = office.admit("code", "s-1")
    office.store.mark_sent(ticket_id=admit.ticket_id, now=T0)
    quota = Quota(office.store, account="a", limit=10, clock=office.clock)
    quota.discovered(limit=10, used=10)
    standings = Standings(POLICIES, store=office.store, code_keys=NEW, quota=quota, clock=office.clock)
    expected_by = standings.has_submitted(FORM, subject="s-1").expected_by
    assert expected_by is not None
    assert expected_by > T0 + HOUR


def test_a_lookup_forgives_spelling_and_outlives_a_new_key(office: Office) -> None:
    """What was kept under an older code key is found under the newer ones, and all fields must agree."""
    office.receive(1, office.admit("code"), keys=OLD, document="AB 12", mail="ada@school.example")
    standings = office.standings
    assert standings.has_submitted(FORM, lookup={"document": " ab  12"})
    assert standings.has_submitted(FORM, lookup={"document": "ab 12", "mail": "ADA@school.example"})
    assert not standings.has_submitted(FORM, lookup={"document": "ab 12", "mail": "eve@school.example"})
    assert not standings.has_submitted(FORM, lookup={"document": "ab12"})
    assert not standings.has_submitted(FORM, lookup={"document": " "})
    assert not office.under(CodeKeys([b"x" * 32])).has_submitted(FORM, lookup={"document": "AB 12"})


def test_what_was_kept_as_it_was_spelled_before_is_found_by_that_spelling(office: Office) -> None:
    """Rows from before texts were compared as they are now; to the letter means to the letter."""
    office.receive(1, office.admit("a"))
    before = "\0".join((FORM_ID, "document", "123.456.789-09")).encode()
    kept = Kept(digest=bytes(16), lookups=(("document", NEW.macs("lookup", before)[0][:16]),))
    settled(office.store, replace(sent_in(2, office.admit("b")), kept=kept))
    asked = {"document": "123.456.789-09"}
    assert office.standings.has_submitted(FORM, lookup=asked)
    assert not office.standings.has_submitted(FORM, lookup={"document": "12345678909"})
    to_the_letter = office.under(NEW, lookup_kinds={"document": "exact"})
    assert to_the_letter.has_submitted(FORM, lookup=asked)
    assert not to_the_letter.has_submitted(FORM, lookup={"document": "123.456.789-09 X"})


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("2016-07-04", True),
        ("07-04-2016", True),
        ("July 4, 2016", True),
        ("04-07-2016", False),
        ("2016-04-07", False),
    ],
)
def test_a_date_is_found_as_the_form_spells_it(office: Office, asked: str, is_found: bool) -> None:
    """Beside another field, too; nobody who takes the day for the month is found in somebody else's place."""
    rows = {
        "3": {
            "name": "document",
            "type": "control_datetime",
            "answer": {"month": "07", "day": "04", "year": "2016"},
            "prettyFormat": "07-04-2016",
        },
        "4": {"name": "mail", "type": "control_email", "answer": "ada@mail.example"},
    }
    fields = STUDENTS.lookup_fields
    kept = keep(
        FormAnswers(rows),
        form_id=FORM_ID,
        ticket_qid="7",
        lookup_fields=fields,
        show_fields=(),
        code_keys=NEW,
    )
    settled(office.store, replace(sent_in(1, office.admit("a")), kept=kept))
    assert bool(office.standings.has_submitted(FORM, lookup={"document": asked})) is is_found
    both = {"document": asked, "mail": "ADA@mail.example"}
    assert bool(office.standings.has_submitted(FORM, lookup=both)) is is_found


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("O'Brien", "O\u2019Brien"),
        ("O\u2019Brien", "O'Brien"),
        ("O'Brien", "O&#039;Brien"),
        ("1042", "\ufeff1042 "),
        ("1042", "10\u200b42"),
        ("1042", "\uff11\uff10\uff14\uff12"),
        ("Zo\u00eb M", "Zoe\u0308\u00a0M"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("ada@mail.example", "Ada@Mail.example"),
    ],
)
def test_a_person_is_found_however_the_name_is_spelled(office: Office, known: str, asked: str) -> None:
    """By who asks about them; a visitor has to be named to the letter, as two accounts are two people."""
    office.receive(1, office.admit("a", known))
    assert office.standings.has_submitted(FORM, subject=asked)
    assert [one.answer.state for one in office.standings.who(FORM, [asked])] == [State.VERIFIED]
    assert office.standings.has_submitted_as(FORM, known)
    assert not office.standings.has_submitted_as(FORM, asked)
    assert not office.standings.submissions(FORM, asked)
    assert not office.standings.has_submitted(FORM, subject=asked + "x")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "a subject"),
        ({"subject": ""}, "a subject"),
        ({"subject": "s-1\0"}, "no store takes"),
        ({"subject": "\ud800"}, "no store takes"),
        ({"lookup": {}}, "lookup_fields of students are: document, mail"),
        ({"lookup": {"name": "Ada"}}, "'name' cannot be looked up"),
        ({"subject": "s-1", "lookup": {"mail": "a"}}, "not both"),
    ],
)
def test_a_question_that_makes_no_sense_is_an_error(office: Office, asked: Any, words: str) -> None:
    """Never a silent no."""
    with pytest.raises(InputError, match=words):
        office.standings.has_submitted(FORM, **asked)


def test_an_unknown_form_is_an_error(office: Office) -> None:
    """For every verb, before anything is answered."""
    for ask in (
        lambda: office.standings.has_submitted("nowhere", subject="s-1"),
        lambda: office.standings.who("nowhere"),
        lambda: office.standings.submissions("nowhere", "s-1"),
        lambda: office.standings.submission_of_ticket("nowhere", bytes(16)),
    ):
        with pytest.raises(UnknownForm, match="known forms: students, teachers"):
            ask()


def test_who_has_and_who_has_not(office: Office) -> None:
    """All that have a code, or the list that was given, in its order."""
    office.receive(1, office.admit("one", "s-1"))
    office.admit("two", "s-2")
    answers = {one.subject: one.answer.state for one in office.standings.who(FORM)}
    assert answers == {"s-1": State.VERIFIED, "s-2": State.NONE}
    listed = [(one.subject, bool(one.answer)) for one in office.standings.who(FORM, ["s-9", "s-1"])]
    assert listed == [("s-9", False), ("s-1", True)]


def test_numbers_name_people_and_answers(office: Office) -> None:
    """As databases have them: a whole number is its digits; anything else but a text is a mistake, never a no."""
    office.receive(1, office.admit("code", "1042"), document="55", mail="x")
    standings = office.under(NEW, tell_fields=())
    assert standings.has_submitted(FORM, subject=1042)
    assert standings.has_submitted(FORM, lookup={"document": 55})
    assert [bool(one.answer) for one in standings.who(FORM, [1042, 7])] == [True, False]
    assert len(standings.submissions(FORM, 1042)) == 1
    assert standings.submission(FORM, 1) is not None
    assert not standings.has_submitted(FORM, subject=0)
    wrong: list[Any] = [1.5, True, b"1042", ["1042"]]
    for one in wrong:
        for ask in (
            lambda: standings.has_submitted(FORM, subject=one),  # noqa: B023
            lambda: standings.has_submitted(FORM, lookup={"document": one}),  # noqa: B023
            lambda: list(standings.who(FORM, [one])),  # noqa: B023
            lambda: standings.submissions(FORM, one),  # noqa: B023
            lambda: standings.submission(FORM, one),  # noqa: B023
        ):
            with pytest.raises(InputError, match="a text or a whole number"):
                ask()


def test_they_are_named_as_on_their_codes(office: Office) -> None:
    """With the batch, among all and in a list; whoever has no code has no name."""
    office.store.create_grants(
        [grant("code", subject="s-1", batch="7a", label="Ada", email="a@b.example", language="de")], T0
    )
    assert [one[2:] for one in office.standings.who(FORM)] == [("Ada", "7a", "a@b.example", "de")]
    listed = [one[2:] for one in office.standings.who(FORM, ["s-9", "s-1"])]
    assert listed == [(None, None, None, None), ("Ada", "7a", "a@b.example", "de")]


def test_one_question_is_one_statement(office: Office) -> None:
    """Whatever the answer; only how long a verdict takes may be looked up beside it, every few seconds."""
    office.receive(1, office.admit("code", "s-1"), document="1")
    standings, counted = office.standings, []
    [connection] = office.store.driver._connections._pool().idle  # type: ignore[attr-defined]
    connection.set_trace_callback(counted.append)
    standings.has_submitted(FORM, subject="s-1")
    standings.has_submitted(FORM, subject="s-2")
    standings.has_submitted(FORM, lookup={"document": "1"})
    connection.set_trace_callback(None)
    assert len(counted) == 3


def test_only_what_is_listed_now_is_shown(office: Office) -> None:
    """In the order of the setting; a field that is no longer listed is gone at once."""
    shown = {
        "files": {"label": "Files", "value": ["https://a", "https://b"]},
        "name": {"label": "N", "value": "A"},
    }
    kept = Kept(digest=bytes(16), shown=shown)
    settled(office.store, replace(sent_in(7, office.admit("code", "s-1")), kept=kept))
    [own] = office.standings.submissions(FORM, "s-1")
    files = ShownField(name="files", label="Files", value=("https://a", "https://b"))
    assert own == OwnSubmission(
        ref=own.ref,
        verdict=Verdict.VERIFIED,
        created_at=T0 + MINUTE,
        fields=(ShownField(name="name", label="N", value="A"), files),
    )
    assert own.values == {"name": "A", "files": ("https://a", "https://b")}
    [less] = office.under(NEW, show_fields=("files",)).submissions(FORM, "s-1")
    assert less.fields == (files,)
    assert less.ref == own.ref


SUBJECTS = ("s-1", "s-2", "s-", "S-1", "s-1 ", None)
#: A submission: whose code of which form, how often it is sent, what a person rules.
RECEIVED = st.tuples(
    st.sampled_from(SUBJECTS),
    st.sampled_from((FORM, OTHER_FORM)),
    st.integers(0, 2),
    st.sampled_from((None, True, False)),
)


@settings(max_examples=max(60, settings().max_examples // 10), deadline=None)
@given(received=st.lists(RECEIVED, max_size=12), asked=st.sampled_from(SUBJECTS[:-1]))
def test_nobody_ever_sees_anothers(
    received: list[tuple[str | None, str, int, bool | None]], asked: str
) -> None:
    """Whatever the ledger holds, every verb gives a subject exactly what is theirs and counts."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/store.db")
        store.prepare(FORMS, T0)
        office, number = Office(store, Standing()), 0
        for at, (subject, form, times, ruled) in enumerate(received):
            admit = office.admit(f"code {at}", subject, form=form)
            for _ in range(times):
                number += 1
                shown = {"name": {"label": "Name", "value": f"{subject} in {form}"}}
                kept = Kept(digest=bytes(16), shown=shown)
                settled(store, replace(sent_in(number, admit, form=form), kept=kept))
                if ruled is not None:
                    store.rule(str(number), accept=ruled, actor="owner", reason="test", now=T0)
        for form in (FORM, OTHER_FORM):
            standings = office.under(NEW)
            theirs = [
                one
                for one in store.submissions(SubmissionFilter())
                if one.form == form and one.subject == asked and one.verdict.counts
            ]
            own = standings.submissions(form, asked)
            assert [one.verdict for one in own] == [one.verdict for one in theirs]
            texts = {value for one in own for value in one.values.values()}
            assert texts <= {f"{asked} in {form}"}
            assert bool(standings.has_submitted_as(form, asked)) is bool(theirs)
        store.close()
