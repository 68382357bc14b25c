"""The table that new codes go out in: a class list with all its columns, or just the people and their codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import click

from jotgate import classlist
from jotgate.admission.grants import IssuedCode, Person
from jotgate.cli.lists import checked_list

by_class_option = click.option(
    "--by-class", is_flag=True, help="Let the class that the list (--from) names be each person's batch."
)
#: What ours are called in a list that has such a column already.
_OTHERWISE = {"code": "access code", "link": "access link"}


class CodeTable:
    """What a file says beside each new code."""

    def __init__(
        self,
        class_list: BinaryIO | None,
        *,
        by_class: bool,
        named: bool,
        door: str,
        languages: tuple[str, ...],
    ) -> None:
        """Check a class list as a whole; codes that come from none say whom they are for if they are *named*.

        *languages* are those that its people may have.

        Raises:
            InputError: as `classlist.checked`.
        """
        self._list = (
            None if class_list is None else checked_list(class_list, by_class=by_class, languages=languages)
        )
        self._named = named
        self._door = door
        self._lines: dict[str | None, classlist.Row] = {}

    @property
    def columns(self) -> list[str]:
        """What stands above its columns."""
        ours = ["code", *(["link"] if self._door else [])]
        if self._list is not None:
            theirs = list(self._list.headings)
            taken = {heading.casefold() for heading in theirs}
            return theirs + [_OTHERWISE[one] if one in taken else one for one in ours]
        return [ours[0], *(["subject", "label"] if self._named else []), *ours[1:]]

    def people(self) -> Iterator[Person]:
        """Give the people of the list."""
        assert self._list is not None
        for row in self._list.rows:
            self._lines[row.subject] = row
            yield Person(
                subject=row.subject,
                label=row.label or None,
                email=row.email or None,
                batch=row.group or None,
                language=row.language or None,
            )

    def group_of(self, issued: IssuedCode) -> str:
        """Return the class that the list says somebody is in; empty if it does not."""
        if self._list is None or not (places := classlist.class_places(self._list.headings)):
            return ""
        return classlist.texts(self._lines[issued.subject], self._list.headings)[places[0]]

    def row(self, issued: IssuedCode) -> list[str]:
        """Return what the table says of a code and its person."""
        link = [link_of(self._door, issued.code)] if self._door else []
        if self._list is not None:
            line = self._lines[issued.subject]
            return [*classlist.texts(line, self._list.headings), issued.code, *link]
        named = [issued.subject or "", issued.label or ""] if self._named else []
        return [issued.code, *named, *link]


def link_of(door: str, code: str) -> str:
    """Return a link that fills the code in: what is behind the mark never leaves the browser."""
    return f"{door}#code={code}"
