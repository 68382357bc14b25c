"""Handing out access codes: create, list, revoke, re-issue, give back a use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress, islice, repeat

from jotgate.clock import Clock
from jotgate.codes import (
    BYTES_PER_CODE,
    CodeText,
    fingerprint,
    generate,
    generate_many,
    made_of,
    parse,
    printed,
)
from jotgate.errors import InputError, StoreError, UnknownForm
from jotgate.frozen import frozen
from jotgate.phrases import phrase
from jotgate.protocols import Grant, GrantFilter, NewGrant
from jotgate.signed.keyring import CodeKeys
from jotgate.signed.repeats import draw, may_be_shown
from jotgate.signed.tokens import MAX_SUBJECT_CHARS, as_text, can_be_subject
from jotgate.stores import Store
from jotgate.stores.forgetting import is_tombstone

#: Codes made together; bounds the memory. They are stored in the order of their fingerprints, so that each page of
#: the store is written once for all of them.
_BATCH = 250_000
#: Codes stored in one transaction; bounds how long the door waits meanwhile.
_CHUNK = 50_000


@frozen
class Person:
    """Whom a code is for."""

    subject: str | None = None
    label: str | None = None
    #: Where to mail them.
    email: str | None = None
    #: If it is another than that of the terms.
    batch: str | None = None
    #: The tag of what they read.
    language: str | None = None


class IssuedCode(str):
    """A code that was just created, as printed: XXXX-XXXX-XXXX. It is shown now and never again.

    A string that also names its person.
    """

    __slots__ = ("batch", "email", "label", "language", "subject")

    subject: str | None
    label: str | None
    email: str | None
    batch: str | None
    language: str | None

    def __new__(
        cls,
        code: str,
        *,
        subject: str | None,
        label: str | None,
        email: str | None,
        batch: str | None,
        language: str | None,
    ) -> IssuedCode:
        """Return *code* with whom it is for."""
        issued = super().__new__(cls, code)
        issued.subject, issued.label, issued.email = subject, label, email
        issued.batch, issued.language = batch, language
        return issued

    def __repr__(self) -> str:
        return "IssuedCode(<hidden>)"

    @property
    def code(self) -> str:
        """The code itself."""
        return str(self)


@frozen
class Terms:
    """What the codes of one batch have in common."""

    form: str
    uses: int = 1
    batch: str | None = None
    #: Seconds since the epoch, UTC.
    valid_from: float | None = None
    valid_until: float | None = None


class Grants:
    """The office that hands out codes."""

    def __init__(self, forms: Sequence[str], *, store: Store, code_keys: CodeKeys, clock: Clock) -> None:
        self._forms = tuple(forms)
        self._store = store
        self._code_keys = code_keys
        self._clock = clock

    def create(
        self, terms: Terms, people: Iterable[Person], *, actor: str | None = None
    ) -> Iterator[IssuedCode]:
        """Create a code for each of *people*, in their order; each is stored before it is yielded.

        *actor* stands in the ledger as who did it.

        Raises, before the first code:
            UnknownForm: the settings have no such form.
            InputError: the terms make no sense.
        """
        self._check(terms)
        return self._create(terms, iter(people), actor)

    def create_once(
        self,
        terms: Terms,
        people: Iterable[Person],
        *,
        seed: bytes,
        actor: str,
        known: Collection[bytes] | None = None,
    ) -> tuple[list[IssuedCode], int]:
        """Create a code for each of *people*; with the same *seed* again, as by a second click, they are the same.

        With *known*, the codes that were looked at, people who got another since get none: two who give the same list
        at once give each person one. Returns the codes, and how many are none of them: made more than ten minutes ago,
        replaced since, or given by another.

        Raises:
            UnknownForm, InputError: as `create`.
        """
        self._check(terms)
        now, meant, issued = self._clock.now(), [*people], []
        codes = _drawn(meant, seed)
        replaced = self._store.replaced_codes(self._code_keys.newest_fingerprints(codes))
        pairs = list(zip(codes, meant, self._code_keys.newest_fingerprints(codes), strict=True))
        left = [pair for pair in pairs if pair[2] not in replaced]
        taken = self._store_all(
            terms, [one[0] for one in left], [one[1] for one in left], bytearray(len(left)), actor, known
        )
        before = {left[place][2] for place in taken}
        for code, person, made in pairs:
            if made in before:
                held = next(self._store.grants(GrantFilter(fingerprints=(made,))), None)
                if held is not None and not _is_of(held, terms, person):
                    code = self._another(terms, person, actor)
                elif held is None or not may_be_shown(held.created_at, now):
                    continue
            if made not in replaced:
                issued.append(_issued(terms, person, code))
        return issued, len(meant) - len(issued)

    def own(self, people: Iterable[Person], seed: bytes) -> frozenset[bytes]:
        """Return the fingerprints of the codes that `create_once` makes of *seed*."""
        return frozenset(self._code_keys.newest_fingerprints(_drawn([*people], seed)))

    def _check(self, terms: Terms) -> None:
        problems = list(_problems(terms))
        if terms.form not in self._forms:
            raise UnknownForm(terms.form, self._forms)
        if problems:
            raise InputError(problems)

    def _create(self, terms: Terms, people: Iterator[Person], actor: str | None) -> Iterator[IssuedCode]:
        while batch := list(islice(people, _BATCH)):
            codes, stored, problem = list(generate_many(len(batch))), bytearray(len(batch)), None
            try:
                for place in self._store_all(terms, codes, batch, stored, actor):
                    codes[place] = self._another(terms, batch[place], actor)
                    stored[place] = True
            except StoreError as error:
                problem = error
            for code, person in compress(zip(codes, batch, strict=True), stored):
                yield _issued(terms, person, code)
            if problem is not None:
                raise problem

    def _store_all(
        self,
        terms: Terms,
        codes: Sequence[CodeText],
        people: Sequence[Person],
        stored: bytearray,
        actor: str | None,
        known: Collection[bytes] | None = None,
    ) -> list[int]:
        """Store the codes, mark each that is, and return the places of those that exist already."""
        code_key, _ = self._code_keys.newest
        fingerprints = self._code_keys.newest_fingerprints(codes)
        in_order = sorted(range(len(codes)), key=fingerprints.__getitem__)
        taken: list[int] = []
        for at in range(0, len(codes), _CHUNK):
            places = in_order[at : at + _CHUNK]
            grants = (_new_grant(terms, code_key, fingerprints[place], people[place]) for place in places)
            found = self._store.create_grants(grants, self._clock.now(), actor=actor, known=known)
            existing = {places[number] for number in found}
            for place in places:
                stored[place] = place not in existing
            taken += existing
        return taken

    def _another(self, terms: Terms, person: Person, actor: str | None) -> CodeText:
        """Replace a code that exists already, which happens once in many millions."""
        while True:
            code = generate()
            if not self._store_all(terms, [code], [person], bytearray(1), actor):
                return code

    def list(self, which: GrantFilter | None = None) -> Iterator[Grant]:
        """Iterate over the grants meant, or all."""
        return self._store.grants(which)

    def revoke(self, which: GrantFilter, *, actor: str, note: str | None = None) -> int:
        """Revoke the grants meant, with their tickets and passes; return how many were not revoked before."""
        return self._store.revoke_grants(which, now=self._clock.now(), actor=actor, note=note)

    def reissue(self, which: GrantFilter, *, actor: str) -> IssuedCode | None:
        """Give the one grant meant a new code; the old one and its tickets end. None: not exactly one."""
        found = [grant for grant in self._store.grants(which) if grant.revoked_at is None]
        if len(found) != 1:
            return None
        code = generate()
        code_key, key = self._code_keys.newest
        fresh = NewGrant(fingerprint=fingerprint(code, key), code_key=code_key, form=found[0].form)
        exactly = GrantFilter(fingerprints=(found[0].fingerprint,))
        grant = self._store.reissue_grant(exactly, fresh, now=self._clock.now(), actor=actor)
        if grant is None:
            return None
        return IssuedCode(
            printed(code),
            subject=grant.subject,
            label=grant.label,
            email=grant.email,
            batch=grant.batch,
            language=grant.language,
        )

    def give_back(self, which: GrantFilter, *, actor: str) -> Grant | None:
        """Give the one grant meant a use back, or free its sent ticket; None: not exactly one, or nothing to give."""
        return self._store.give_back_use(which, now=self._clock.now(), actor=actor)

    def by_code(self, text: str) -> GrantFilter | None:
        """Return the filter for the code in *text*, or None if it is none."""
        code = parse(text)
        if not isinstance(code, CodeText):
            return None
        return GrantFilter(fingerprints=self._code_keys.fingerprints(code))


def _drawn(people: Sequence[Person], seed: bytes) -> list[CodeText]:
    """Return a code for each of *people*, also for those who get none for now."""
    names = [
        f"code {place}" if one.subject is None else f"code of {one.subject}"
        for place, one in enumerate(people)
    ]
    return [made_of(draw(seed, name, BYTES_PER_CODE)) for name in names]


def _issued(terms: Terms, person: Person, code: CodeText) -> IssuedCode:
    batch = person.batch or terms.batch
    return IssuedCode(
        printed(code),
        subject=person.subject,
        label=person.label,
        email=person.email,
        batch=batch,
        language=person.language,
    )


def _is_of(held: Grant, terms: Terms, person: Person) -> bool:
    """Say whether a code is the one that was made for somebody, not by chance another's."""
    # Nothing names a person any more who is forgotten.
    is_theirs = held.subject == person.subject or is_tombstone(held.subject)
    return is_theirs and (held.form, held.batch) == (terms.form, person.batch or terms.batch)


def _new_grant(terms: Terms, code_key: str, fingerprint: bytes, person: Person) -> NewGrant:
    batch = person.batch or terms.batch
    # By their places, in half the time.
    return NewGrant(
        fingerprint,
        code_key,
        terms.form,
        person.subject,
        person.label,
        person.email,
        batch,
        terms.uses,
        terms.valid_from,
        terms.valid_until,
        person.language,
    )


def _problems(terms: Terms) -> Iterator[str]:
    if not 1 <= terms.uses <= 1_000_000:
        yield phrase("uses must be between 1 and 1,000,000, not {uses}", uses=str(terms.uses))
    if (
        terms.valid_from is not None
        and terms.valid_until is not None
        and terms.valid_from >= terms.valid_until
    ):
        yield phrase("the codes would end before they begin: valid-until must be after valid-from")
    if terms.batch is not None and not 1 <= len(terms.batch) <= MAX_SUBJECT_CHARS:
        yield phrase("a batch's name has 1 to {most} characters", most=MAX_SUBJECT_CHARS)


def people(
    *,
    count: int | None = None,
    subjects: Sequence[str | int] | None = None,
    label: str | None = None,
) -> Iterator[Person]:
    """Return the people to make codes for: *count* unnamed ones, or one for each of *subjects*; *label* is for all.

    Raises:
        InputError: neither is given, they disagree, a subject is empty, too long or there twice, or the label
            is empty or too long.
    """
    if label is not None and not can_be_subject(label):
        raise InputError([phrase("a label has 1 to {most} characters", most=MAX_SUBJECT_CHARS)])
    if count is None and subjects is None:
        raise InputError(["give a number of codes, or subjects"])
    if subjects is None:
        if count is None or count < 1:
            raise InputError([f"the number of codes must be at least 1, not {count}"])
        return repeat(Person(label=label), count)
    named = [as_text(subject) for subject in subjects]
    problems = [
        f"{subject!r} cannot be a subject: it is empty, too long, or has characters that no store takes"
        for subject in named
        if not can_be_subject(subject)
    ]
    if len({repr(subject) for subject in named}) != len(named):
        problems.append("a subject is named twice")
    if count is not None and count != len(subjects):
        problems.append(f"{count} codes were asked for, but {len(subjects)} subjects are named")
    if problems:
        raise InputError(problems)
    return (Person(subject=subject, label=label) for subject in named)
