"""A list that is given once more: people who have a code keep it, those who came late get theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import click

from jotgate.admission.grants import Grants, Person
from jotgate.cli.output import counted, say
from jotgate.protocols import Grant, GrantFilter

#: Codes revoked in one transaction.
_CHUNK = 1_000
_SKIP, _REPLACE, _ADD = "skip", "replace", "add"

again_option = click.option(
    "--again",
    type=click.Choice([_SKIP, _REPLACE, _ADD]),
    default=_SKIP,
    show_default=True,
    help="For people who have a code to this form: skip them, replace a code that was not used, or add another one.",
)


class Again:
    """Which people get a code, seeing that some have one."""

    def __init__(self, grants: Grants, form: str, how: str, now: float) -> None:
        """Look up who has a code to *form* that is neither revoked nor over at *now*."""
        self._grants = grants
        self._how = how
        self._have: dict[str, list[Grant]] = defaultdict(list)
        self._replaced: list[bytes] = []
        self._kept = 0
        for grant in grants.list(GrantFilter(form=form)) if how != _ADD else ():
            is_over = grant.valid_until is not None and now >= grant.valid_until
            if grant.subject is not None and grant.revoked_at is None and not is_over:
                self._have[grant.subject].append(grant)

    def those(self, people: Iterable[Person]) -> Iterator[Person]:
        """Give those who get a code."""
        for person in people:
            have = self._have.get(person.subject or "", ())
            if have and (self._how == _SKIP or any(grant.used for grant in have)):
                self._kept += 1
                continue
            self._replaced += [grant.fingerprint for grant in have]
            yield person

    def conclude(self, *, actor: str) -> None:
        """Revoke the codes that were replaced, now that the new ones exist, and say what became of whom."""
        for at in range(0, len(self._replaced), _CHUNK):
            meant = GrantFilter(fingerprints=tuple(self._replaced[at : at + _CHUNK]))
            self._grants.revoke(meant, actor=actor, note="replaced")
        if self._replaced:
            say(f"Revoked {counted(len(self._replaced), 'code')} that the new ones replace.", err=True)
        if self._kept:
            kept = counted(self._kept, "person", "people")
            say(f"{kept} had a code already: it stays as it is, and there is no new one.", err=True)
