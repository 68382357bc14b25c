"""A list of submissions and whose they are: read as a whole or not at all, and what would become of each line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from jotgate.classlist import MAX_PROBLEMS, Passed, Refused
from jotgate.classlist.cells import AS_TEXT, clean, faults, on_one_line
from jotgate.classlist.columns import MAX_ABOVE, columns
from jotgate.classlist.people import WITH_DECIMALS
from jotgate.classlist.sheets import sheet_in
from jotgate.errors import InputError
from jotgate.frozen import frozen
from jotgate.protocols import GrantFilter, Handover, SubmissionFilter, SubmissionRecord
from jotgate.signed.tokens import can_be_subject
from jotgate.stores import Store

#: More lines than this are given in parts: they are in memory while the list is checked.
MAX_LINES = 100_000
_SUBMISSION = {
    "submission",
    "submission id",
    "submission no",
    "submission number",
    "submissionid",
    "unique submission id",
}
_PUNCTUATION = re.compile("[-_.:*#]")
_ID = re.compile(r"[0-9]{1,20}")
_NEEDS_HEADINGS = (
    'no line names the columns: put "submission" above the numbers and "subject" above whose they are'
)


@frozen
class Claim:
    """One line of the list: whose a submission is."""

    line_number: int
    submission_id: str
    subject: str


class Foreseen(NamedTuple):
    """What would become of a claim."""

    claim: Claim
    #: The submission as it is now; None: it is not known here.
    record: SubmissionRecord | None
    #: What it means to give it to the claim's subject.
    handover: Handover | None
    #: Whether there is a code of that subject for the submission's form.
    has_code: bool


@frozen
class OwnersList:
    """A list that was looked through."""

    #: What there is to say about the file as a whole; one sentence each, without a full stop.
    remarks: tuple[str, ...]
    #: What becomes of each line that is not blank, in their order; the line of headings apart.
    lines: tuple[Claim | Refused | Passed, ...]

    @property
    def claims(self) -> Iterator[Claim]:
        """The lines that say whose a submission is."""
        return (one for one in self.lines if isinstance(one, Claim))

    def check(self) -> None:
        """Return if the list can be taken.

        Raises:
            InputError: a line has to be corrected first, each with its sentence; or no line says anything.
        """
        refused = [one for one in self.lines if isinstance(one, Refused)]
        if refused:
            raise InputError(
                [f"line {one.line_number}: {one.sentence}" for one in refused[:MAX_PROBLEMS]]
                + (["there may be more problems than these"] if len(refused) > MAX_PROBLEMS else [])
            )
        if not any(self.claims):
            raise InputError(["the list says of no submission whose it is"])


class _Shape(NamedTuple):
    """Which cells of a line matter."""

    submission: int
    #: Of the subject: a number, or the parts of a name.
    subject: tuple[int, ...]


def read_owners(source: bytes | BinaryIO) -> OwnersList:
    """Look through a list with a column of submissions' numbers, and one of subjects as class lists have them.

    A line without a subject is passed over: who makes such a list may know only some.

    Raises:
        InputError: it is of no kind that can be read, its columns are not named, or it is too long.
    """
    sheet = sheet_in(source)
    shape: _Shape | None = None
    lines: list[Claim | Refused | Passed] = []
    for record in sheet.records():
        if len(lines) >= MAX_LINES:
            raise InputError([f"the list has more than {MAX_LINES:,} lines; give it in parts"])
        if isinstance(record, Refused):
            lines.append(record)
        elif shape is not None:
            lines.append(_line(*record, shape))
        elif (shape := _shape(record[1])) is None:
            lines.append(Passed(line_number=record[0], sentence="stands above the headings"))
        if shape is None and len(lines) > MAX_ABOVE:
            break
    if shape is None:
        raise InputError([_NEEDS_HEADINGS])
    return OwnersList(remarks=tuple(sheet.remarks), lines=tuple(_once(lines)))


def foresee(store: Store, claim: Claim) -> Foreseen:
    """Say what would become of *claim*, from the store alone."""
    which = SubmissionFilter(submission_ids=(claim.submission_id,))
    record = next(store.submissions(which), None)
    if record is None:
        return Foreseen(claim, None, None, has_code=False)
    codes = store.grants(GrantFilter(form=record.form, subject=claim.subject))
    # A list says whose submissions are, and exports name that: what is refused and theirs already stays refused.
    is_theirs = record.subject == claim.subject
    handover = Handover.THEIRS if is_theirs else record.handover(claim.subject)
    return Foreseen(claim, record, handover, has_code=any(codes))


def _shape(cells: Sequence[str]) -> _Shape | None:
    """Return which columns a line names; None if it does not.

    Raises:
        InputError: it names the submissions only, or two columns that could both be meant.
    """
    places = [place for place, cell in enumerate(cells) if _heading(cell) in _SUBMISSION]
    if not places:
        return None
    if len(places) > 1:
        raise InputError([f"two columns are called {cells[places[0]].strip()!r}; rename one"])
    others = ["" if place == places[0] else cell for place, cell in enumerate(cells)]
    if not any(map(str.strip, others)):
        raise InputError([_NEEDS_HEADINGS])
    found = columns(others)
    if isinstance(found, str):
        raise InputError([found])
    subject = found.names if found.number is None else (found.number,)
    if not subject:
        raise InputError([_NEEDS_HEADINGS])
    return _Shape(places[0], subject)


def _heading(cell: str) -> str:
    return " ".join(_PUNCTUATION.sub(" ", clean(cell)).casefold().split())


def _line(line_number: int, cells: Sequence[str], shape: _Shape) -> Claim | Refused | Passed:
    number = cells[shape.submission] if shape.submission < len(cells) else ""
    parts = [cells[place] for place in shape.subject if place < len(cells)]
    submission_id, subject = clean(number), on_one_line(" ".join(map(clean, parts)))
    if not subject:
        return Passed(line_number=line_number, sentence="it says of nobody that it is theirs")
    found = [*faults("submission", number, submission_id)]
    found += [one for part in parts for one in faults("subject", part, clean(part))]
    if not found and not _ID.fullmatch(submission_id):
        found.append(
            f"the submission {submission_id!r} is not a number of 1 to 20 digits"
            if submission_id
            else "the submission's number is missing"
        )
    if not found and (whole := WITH_DECIMALS.fullmatch(subject)):
        found.append(f"the subject {subject} may be the number {whole[1]}; {AS_TEXT}")
    if not found and not can_be_subject(subject):
        found.append("the subject is too long")
    if found:
        return Refused(line_number=line_number, sentence="; ".join(found))
    return Claim(line_number=line_number, submission_id=submission_id, subject=subject)


def _once(lines: Sequence[Claim | Refused | Passed]) -> Iterator[Claim | Refused | Passed]:
    """Refuse the lines about a submission that an earlier line is about."""
    first_lines: dict[str, int] = {}
    for one in lines:
        if isinstance(one, Claim):
            first = first_lines.setdefault(one.submission_id, one.line_number)
            if first != one.line_number:
                sentence = f"the submission {one.submission_id} is already in line {first}"
                yield Refused(line_number=one.line_number, sentence=sentence)
                continue
        yield one
