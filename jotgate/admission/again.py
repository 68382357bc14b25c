"""A list that is given once more: people who have a code keep it, those who came late get theirs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from enum import Enum

from jotgate.admission.grants import Grants, Person
from jotgate.phrases import phrase
from jotgate.protocols import Grant, GrantFilter
from jotgate.spelling import folded

#: Codes revoked in one transaction.
_CHUNK = 1_000


class How(str, Enum):
    """What becomes of people who have a code; a text, printed as it is spelled."""

    SKIP = "skip"  #: they keep it, and get no other.
    REPLACE = "replace"  #: they get another one in its place, unless it was used.
    ADD = "add"  #: they get another one beside it.

    __str__ = str.__str__


class Again:
    """Which people get a code, seeing that some have one."""

    def __init__(self, grants: Grants, form: str, how: How, now: float, own: Collection[bytes] = ()) -> None:
        """Look up who has a code to *form* that is neither revoked nor over at *now*, nor one of the list's *own*."""
        self._grants = grants
        self._how = how
        self._have: dict[str, list[Grant]] = defaultdict(list)
        self._replaced: list[bytes] = []
        #: The codes that were looked at, and those to come; None: it does not matter who has one.
        self.known: set[bytes] | None = None if how is How.ADD else {*own}
        #: How many people keep what they have.
        self.kept = 0
        #: What is said of the first of those whose code seems to be somebody else's; None: of nobody.
        self.mix_up: str | None = None
        for grant in grants.list(GrantFilter(form=form)) if how is not How.ADD else ():
            is_over = grant.valid_until is not None and now >= grant.valid_until
            if self.known is not None:
                self.known.add(grant.fingerprint)
            is_own = grant.fingerprint in own
            if grant.subject is not None and grant.revoked_at is None and not (is_over or is_own):
                self._have[grant.subject].append(grant)

    @property
    def replaced(self) -> int:
        """How many codes others replace."""
        return len(self._replaced)

    def gets_one(self, subject: str | None) -> bool:
        """Say whether somebody gets a code."""
        have = self._have.get(subject or "", ())
        return not have or (self._how is not How.SKIP and not any(grant.used for grant in have))

    def look_at_name(self, subject: str | None, label: str | None) -> None:
        """Note if somebody's code has a name of which no word is in theirs, as where each class counts from 1."""
        known = next((grant.label for grant in self._have.get(subject or "", ()) if grant.label), None)
        if self.mix_up is None and known and label and _words(known).isdisjoint(_words(label)):
            self.mix_up = phrase(
                "some have a code that is under another name: the number {subject} is that of {known}, and on this list"
                " that of {label}; a number has to be one person's on all lists",
                subject=subject or "",
                known=known,
                label=label,
            )

    def those(self, people: Iterable[Person]) -> Iterator[Person]:
        """Give those who get a code."""
        for person in people:
            self.look_at_name(person.subject, person.label)
            if not self.gets_one(person.subject):
                self.kept += 1
                continue
            self._replaced += [grant.fingerprint for grant in self._have.get(person.subject or "", ())]
            yield person

    def conclude(self, *, actor: str) -> None:
        """Revoke the codes that were replaced, now that the new ones exist."""
        for at in range(0, len(self._replaced), _CHUNK):
            meant = GrantFilter(fingerprints=tuple(self._replaced[at : at + _CHUNK]))
            self._grants.revoke(meant, actor=actor, note="replaced")


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", folded(name)))
