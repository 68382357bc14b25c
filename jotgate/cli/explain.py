"""`jotgate explain REF`: what happened, why, and what to tell the visitor; or all that became of one submission."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import click

from jotgate.checkup.changes import Change, changes_of
from jotgate.cli.faults import Failed
from jotgate.cli.output import emit, json_option, plain, say
from jotgate.cli.site import open_parts
from jotgate.clock import iso
from jotgate.door.stories import Story, find_story, story_of
from jotgate.errors import JotgateError
from jotgate.protocols import Notice, SubmissionFilter, SubmissionRecord
from jotgate.records.wording import details, tell_notice, tell_submission
from jotgate.wiring import Parts

#: JotForm's ids have 15 digits or more; a reference has 8 symbols.
_SUBMISSION_ID = re.compile(r"[0-9]{9,20}")


@click.command(
    help="Explain what happened: REF is a reference that a visitor reads out, a reason in capitals, or JotForm's"
    " number of a submission."
)
@click.argument("ref")
@json_option
@click.pass_context
def explain(ctx: click.Context, ref: str, as_json: bool) -> None:
    """Print the story behind a reference."""
    parts = open_parts(ctx)
    if _SUBMISSION_ID.fullmatch(ref.strip()):
        _tell_submission(parts, ref.strip(), as_json)
        return
    story = find_story(parts, ref)
    if story is None:
        raise Failed(
            f"Nothing is known about {plain(ref)}. A reference has eight letters and digits, such as 7QK2-M4XD; only"
            " the site that showed it knows it."
        )
    if as_json:
        emit(_record(ref, story))
        return
    for line in _lines(story):
        say(line)


def _tell_submission(parts: Parts, submission_id: str, as_json: bool) -> None:
    """Print a submission as it stands, and its history, oldest first.

    Raises:
        Failed: we know nothing of it.
    """
    which = SubmissionFilter(submission_ids=(submission_id,))
    submission = next(iter(parts.store.submissions(which)), None)
    if submission is None:
        raise Failed(_unknown(parts, submission_id))
    stories = [story_of(parts, entry, submission_id) for entry in parts.store.history(submission_id)]
    changes = _changes(parts, submission)
    if as_json:
        for story in stories:
            emit(_record(submission_id, story))
        for change in changes:
            emit({"ref": submission_id, **change._asdict()})
        return
    for line in _history(submission, stories, parts.store.notices_about(submission_id)):
        say(line)
    for change in changes:
        came = f"came back as {change.came!r}" if change.came else "came back empty"
        say(plain(f"{change.field} was locked as {change.locked!r}, and {came}."))


def _changes(parts: Parts, submission: SubmissionRecord) -> list[Change]:
    try:
        return changes_of(parts, submission)
    except JotgateError as problem:
        say(f"JotForm did not say what came: {plain(str(problem))}", err=True)
        return []


def _unknown(parts: Parts, submission_id: str) -> str:
    if not parts.store.unsettled([submission_id]):
        return f"The submission {submission_id} was deleted by its form's setting keep; nothing more is known about it."
    return (
        f"No submission {submission_id} is known here. A sweep has to read a new one first; one from before its"
        " form was gated is not judged."
    )


def _history(
    submission: SubmissionRecord, stories: Sequence[Story], notices: Sequence[Notice]
) -> Iterator[str]:
    yield from map(plain, tell_submission(submission))
    for story in stories:
        yield from _lines(story, leave_out=("form", "subject", "about"))
    yield from (plain(tell_notice(notice)) for notice in notices)


def _lines(story: Story, *, leave_out: Collection[str] = ()) -> list[str]:
    entry, meaning, message = story.entry, story.meaning, story.message
    lines = [meaning.happened if entry is None else f"{iso(entry.at)}  {meaning.happened}"]
    if entry is not None:
        lines += [
            f"  {name:<8} {plain(value)}" for name, value in details(entry).items() if name not in leave_out
        ]
    if meaning.why:
        lines.append(f"Why: {meaning.why}")
    if message and not leave_out:
        lines.append(f"Tell the visitor: {message.title}. {message.remedy}")
    return lines


def _record(ref: str, story: Story) -> dict[str, object]:
    entry, message = story.entry, story.message
    known: dict[str, object] = {}
    if entry is not None:
        known = {
            "at": iso(entry.at),
            "event": entry.event,
            "form": entry.form,
            "reason": entry.reason,
            "subject": entry.subject,
            "actor": entry.actor,
            "about": entry.about,
            "note": entry.note,
            "count": entry.count,
            "last_at": None if entry.last_at is None else iso(entry.last_at),
        }
    said = f"{message.title}. {message.remedy}" if message else None
    return {"ref": ref, **known, "happened": story.meaning.happened, "why": story.meaning.why, "tell": said}
