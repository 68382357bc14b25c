"""`jotgate submissions accept --from`: whose many submissions are, and what would become of each line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO

from jotgate.classlist import Passed, Refused
from jotgate.cli.faults import Failed, Misused
from jotgate.cli.lists import remark
from jotgate.cli.output import counted, say
from jotgate.cli.table import Column, Table
from jotgate.protocols import Handover, SubmissionRecord
from jotgate.records.owners import Foreseen, OwnersList, foresee, read_owners
from jotgate.stores import Store
from jotgate.wiring import Parts

_Line = Foreseen | Refused | Passed


class _Outcome(Enum):
    """What becomes of a line, as scripts read it, beside the outcomes of a `Handover`."""

    UNKNOWN = "unknown"  #: no such submission is known here.
    REFUSED = "refused"
    PASSED = "passed_over"


def give(parts: Parts, owners: BinaryIO, *, reason: str, actor: str, dry_run: bool, as_json: bool) -> None:
    """Give the submissions of a list to their owners, or only show what would become of each line.

    Raises:
        InputError: the list has to be corrected first; nothing was done.
        Failed: some lines were not done; all the others were.
    """
    listed = read_owners(owners)
    for one in listed.remarks:
        remark(one)
    outcomes: Counter[str] = Counter()
    if dry_run:
        _TABLE.print(_noted(_foreseen(parts.store, listed), outcomes), as_json=as_json)
        if refused := outcomes[_Outcome.REFUSED.value]:
            raise Misused(
                f"Dry run: the list would be refused as a whole, for {counted(refused, 'line')} of it."
            )
    listed.check()
    if not dry_run:
        _TABLE.print(_noted(_given(parts, listed, reason, actor), outcomes), as_json=as_json)
    _conclude(outcomes, dry_run=dry_run)


def _foreseen(store: Store, listed: OwnersList) -> Iterator[_Line]:
    return (one if isinstance(one, Refused | Passed) else foresee(store, one) for one in listed.lines)


def _given(parts: Parts, listed: OwnersList, reason: str, actor: str) -> Iterator[_Line]:
    """Do what is foreseen, line by line; to do a line once more changes nothing."""
    for one in _foreseen(parts.store, listed):
        if not isinstance(one, Foreseen) or one.handover is None or not one.handover.is_done:
            yield one
            continue
        ruled = parts.store.rule(
            one.claim.submission_id,
            accept=True,
            subject=one.claim.subject,
            actor=actor,
            reason=reason,
            now=parts.clock.now(),
        )
        # Somebody else may have ruled on it meanwhile.
        yield one if isinstance(ruled, SubmissionRecord) else foresee(parts.store, one.claim)


def _noted(lines: Iterator[_Line], outcomes: Counter[str]) -> Iterator[_Line]:
    for one in lines:
        outcomes[_outcome(one)] += 1
        yield one


def _conclude(outcomes: Counter[str], *, dry_run: bool) -> None:
    done = outcomes[Handover.GIVEN.value] + outcomes[Handover.MOVED.value]
    told = [counted(done, "submission") + (" would be given" if dry_run else " given") + " to their owners"]
    if theirs := outcomes[Handover.THEIRS.value]:
        told.append(f"{theirs:,} theirs already")
    if passed := outcomes[_Outcome.PASSED.value]:
        told.append(f"{counted(passed, 'line')} passed over")
    sentence = ", ".join(told) + "."
    say(f"Dry run: {sentence} Nothing was done." if dry_run else f"{sentence}", err=True)
    unknown, others = outcomes[_Outcome.UNKNOWN.value], outcomes[Handover.ANOTHERS.value]
    problems = [f"{counted(unknown, 'submission')} not known here: a sweep has to read them first."] * bool(
        unknown
    )
    if others:
        problems.append(
            f"{counted(others, 'submission')} with a ticket that proves them another's: reject them first."
        )
    if problems:
        raise Failed(" ".join(problems))


def _outcome(one: _Line) -> str:
    match one:
        case Refused():
            return _Outcome.REFUSED.value
        case Passed():
            return _Outcome.PASSED.value
        case Foreseen(handover=handover):
            return _Outcome.UNKNOWN.value if handover is None else handover.value


def _reason(one: _Line) -> str | None:
    match one:
        case Refused() | Passed():
            return one.sentence
        case Foreseen(handover=None):
            return "no such submission is known here"
        case Foreseen(handover=Handover.ANOTHERS):
            return "its ticket proves that it is another's"
        case _:
            return None


def _line_number(one: _Line) -> int:
    return one.claim.line_number if isinstance(one, Foreseen) else one.line_number


def _before(one: _Line) -> str | None:
    return one.record.subject if isinstance(one, Foreseen) and one.record else None


_TABLE = Table[_Line](
    Column("line", "line", _line_number),
    Column("outcome", "outcome", _outcome, cell=lambda one: _outcome(one).replace("_", " ")),
    Column(
        "submission_id",
        "submission",
        lambda one: one.claim.submission_id if isinstance(one, Foreseen) else None,
    ),
    Column("form", "form", lambda one: one.record.form if isinstance(one, Foreseen) and one.record else None),
    Column("subject", "subject", lambda one: one.claim.subject if isinstance(one, Foreseen) else None),
    Column(
        "has_code",
        "has a code",
        lambda one: one.has_code if isinstance(one, Foreseen) else None,
        cell=lambda one: "yes" if isinstance(one, Foreseen) and one.has_code else "-",
    ),
    Column(
        "verdict_before",
        "was",
        lambda one: one.record.verdict.value if isinstance(one, Foreseen) and one.record else None,
    ),
    Column("subject_before", "whose", _before),
    Column("reason", "reason", _reason),
)
