"""Handing out codes: shown once, stored as fingerprints, for whom and how often the terms say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jotgate.admission.grants import Grants, Person, Terms, people
from jotgate.codes import CodeText, parse
from jotgate.errors import InputError, UnknownForm
from jotgate.protocols import GrantFilter
from jotgate.signed.keyring import CodeKeys
from jotgate.stores import Store, open_store
from jotgate.testing import FrozenClock

T0 = 1_790_000_000.0
OLD, NEW = b"o" * 32, b"n" * 32
TERMS = Terms(form="students")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty store."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.prepare({"students": "1"}, T0)
    yield store
    store.close()


def office(store: Store, *secrets: bytes) -> Grants:
    """Return the office that hands out codes for students, with these code keys."""
    return Grants(["students"], store=store, code_keys=CodeKeys(secrets or [OLD]), clock=FrozenClock(T0))


@pytest.mark.parametrize(("at_once", "in_one_transaction"), [(250_000, 50_000), (20, 7)])
def test_codes_are_made_for_people_in_their_order(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int, in_one_transaction: int
) -> None:
    """Each is well formed, printed in groups, stored under its fingerprint with the terms of the batch."""
    monkeypatch.setattr("jotgate.admission.grants._BATCH", at_once)
    monkeypatch.setattr("jotgate.admission.grants._CHUNK", in_one_transaction)
    terms = replace(TERMS, uses=2, batch="7b", valid_from=T0, valid_until=T0 + 60)
    pupils = [Person(subject=f"s-{n}", label=f"Pupil {n}") for n in range(50)]
    issued = list(office(store).create(terms, pupils))
    assert [(one.subject, one.label) for one in issued] == [(one.subject, one.label) for one in pupils]
    assert all(isinstance(parse(one.code), CodeText) and len(one.code) == 14 for one in issued)
    for one in issued:
        which = office(store).by_code(one.code)
        assert which is not None
        [kept] = store.grants(which)
        assert (kept.subject, kept.label, kept.uses, kept.batch) == (one.subject, one.label, 2, "7b")
        assert (kept.valid_from, kept.valid_until, kept.created_at) == (T0, T0 + 60, T0)


def test_a_code_is_stored_before_it_is_shown(store: Store) -> None:
    """Whoever reads only the first of many can already use it."""
    shown = office(store).create(TERMS, [Person()] * 10)
    which = office(store).by_code(next(shown).code)
    assert which is not None
    assert len(list(store.grants(which))) == 1


def test_a_code_that_exists_is_replaced_by_another(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance may draw the same code twice; nobody gets a code that another holds."""
    first = next(iter(office(store).create(TERMS, [Person(subject="first")])))
    drawn = CodeText(first.code.replace("-", ""))
    monkeypatch.setattr("jotgate.admission.grants.generate_many", lambda count: iter([drawn] * count))
    later = list(office(store).create(TERMS, [Person(subject=f"s-{n}") for n in range(3)]))
    assert len({one.code for one in [first, *later]}) == 4
    assert {kept.subject for kept in store.grants()} == {"first", "s-0", "s-1", "s-2"}


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        (replace(TERMS, uses=0), "uses"),
        (replace(TERMS, uses=1_000_001), "uses"),
        (replace(TERMS, valid_from=T0, valid_until=T0), "end before they begin"),
        (replace(TERMS, batch=""), "batch"),
        (replace(TERMS, batch="x" * 201), "batch"),
    ],
)
def test_terms_that_make_no_sense_are_refused_before_the_first_code(
    store: Store, terms: Terms, problem: str
) -> None:
    """Nothing is stored then."""
    with pytest.raises(InputError, match=problem):
        office(store).create(terms, [Person()])
    assert list(store.grants()) == []


def test_a_form_that_there_is_not_has_no_codes(store: Store) -> None:
    """The error names the forms there are."""
    with pytest.raises(UnknownForm, match="students"):
        office(store).create(replace(TERMS, form="pupils"), [Person()])


@pytest.mark.parametrize(
    ("count", "subjects", "problem"),
    [
        (None, None, "a number of codes"),
        (1, ["a", "b"], "1 codes were asked for, but 2"),
        (0, None, "at least 1"),
        (-1, None, "at least 1"),
        (None, ["a", " "], "empty"),
        (None, ["a", "x" * 201], "too long"),
        (None, ["a", "b", "a"], "twice"),
    ],
)
def test_it_must_be_clear_for_whom(count: int | None, subjects: list[str] | None, problem: str) -> None:
    """A number, or subjects of sensible length, each once; if both are given they agree."""
    with pytest.raises(InputError, match=problem):
        people(count=count, subjects=subjects)


def test_people_come_by_number_or_by_name() -> None:
    """Unnamed for a number, named for subjects."""
    assert list(people(count=2)) == [Person(), Person()]
    assert list(people(count=1, subjects=["a"])) == [Person(subject="a")]
    assert [one.subject for one in people(subjects=["a", "b", 7])] == ["a", "b", "7"]
    assert {one.label for one in people(count=2, label="7a")} == {"7a"}
    assert list(people(subjects=["a"], label="late")) == [Person(subject="a", label="late")]


def test_a_card_of_an_older_key_is_found_and_replaced_under_the_newest(store: Store) -> None:
    """Adding a code key voids no card; what is re-issued moves to the new key."""
    [issued] = office(store, OLD).create(TERMS, [Person(subject="s-1")])
    after = office(store, OLD, NEW)
    which = after.by_code(issued.code.lower())
    assert which is not None
    fresh = after.reissue(which, actor="owner")
    assert fresh is not None
    assert fresh.subject == "s-1"
    assert fresh.code != issued.code
    [kept] = after.list()
    assert kept.code_key == CodeKeys([NEW]).newest[0]
    assert after.reissue(which, actor="owner") is None


def test_a_person_with_one_living_code_is_enough_to_name_it(store: Store) -> None:
    """A revoked one beside it does not matter; two living ones do."""
    list(office(store).create(TERMS, [Person(subject="s-1")]))
    which = GrantFilter(form="students", subject="s-1")
    assert office(store).revoke(which, actor="owner", note="lost") == 1
    assert office(store).reissue(which, actor="owner") is None
    list(office(store).create(TERMS, [Person(subject="s-1")]))
    assert office(store).reissue(which, actor="owner") is not None
    list(office(store).create(TERMS, [Person(subject="s-1")]))
    assert office(store).reissue(which, actor="owner") is None
    assert office(store).give_back(which, actor="owner") is None


def test_what_is_no_code_names_nothing(store: Store) -> None:
    """A typo is not looked up."""
    assert office(store).by_code("hello") is None
    assert office(store).by_code("") is None


def test_an_issued_code_is_a_secret(store: Store) -> None:
    """It does not stand in what a traceback or a log would show."""
    [issued] = office(store).create(TERMS, [Person(subject="s-1")])
    assert issued.code not in repr(issued)
    assert issued.code not in repr([issued])
    assert issued == f"{issued}" == issued.code
