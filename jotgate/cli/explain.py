"""`jotgate explain REF`: what happened, why, and what to tell the visitor; or all that became of one submission."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

import click

from jotgate.cli.faults import Failed
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import open_parts
from jotgate.cli.token_faults import MEANINGS
from jotgate.clock import iso
from jotgate.door.messages import Message, message_for, message_for_state
from jotgate.frozen import frozen
from jotgate.ledger import Entry
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.protocols import Notice, SubmissionFilter, SubmissionRecord
from jotgate.wiring import Parts

_HAPPENED: Mapping[str, str] = MappingProxyType(
    {
        "browser.admitted": "A browser was let in.",
        "code.refused": "A code was refused.",
        "codes.created": "Codes were created.",
        "code.revoked": "A code was revoked.",
        "code.reissued": "A code was replaced by a new one.",
        "code.use_given_back": "A code got a use back.",
        "token.refused": "An app's token was refused.",
        "token.minted": "A token was minted by hand, to try an app with.",
        "app.created": "An app was registered.",
        "app.changed": "An app's forms or return address were changed.",
        "app.key_added": "An app got a new key.",
        "app.key_activated": "An app began to use its new key.",
        "app.key_revoked": "A key of an app was revoked.",
        "app.revoked": "An app was revoked.",
        "app_grant.revoked": "One subject's right to open forms with an app's tokens was revoked.",
        "tickets.ended": "Somebody's open form was closed; they may open it again.",
        "key.created": "A scoped key was created.",
        "key.revoked": "A scoped key was revoked.",
        "submission.judged": "A submission got its verdict.",
        "submission.accepted": "A person accepted a submission.",
        "submission.rejected": "A person rejected a submission.",
        "submission.edited": "A submission was edited at JotForm, and judged again.",
        "submission.deleted": "A submission was deleted at JotForm, and so, by the form's setting deleted, ended here.",
        "subject.forgotten": "A person was forgotten at their request.",
        "retention.applied": "Records older than the form's setting keep were pseudonymised or deleted.",
        "consumer.created": "A callback was registered, or a webhook created.",
        "consumer.revoked": "A callback was revoked.",
        "consumer.disabled": "A webhook's receiver said that it is gone (410), so nothing more is sent there.",
        "callback.given_up": "A verdict could not be delivered for days; `callbacks replay` tries again.",
        "form.renamed": "The settings gave JotForm's form another name, and its records followed it.",
        "ticket_field.lost": "The ticket field disappeared from the form.",
    }
)

_WHY: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.UNKNOWN_CODE: "The code is well formed, but this site does not have it: it was guessed, belongs to"
        " another site, or was made with a code key that is no longer in the settings.",
        Reason.MISTYPED: "The code contains a typing mistake: its check characters do not fit, or characters are"
        " missing. Typing mistakes are neither counted nor recorded.",
        Reason.WRONG_FORM: "The code exists, but for another form.",
        Reason.NOT_YET_VALID: "The code is not valid yet (valid-from).",
        Reason.EXPIRED: "The code is no longer valid (valid-until).",
        Reason.USED_UP: "Every use of the code is taken, or its form was just sent from another browser."
        " `codes give-back` allows one more.",
        Reason.REVOKED: "The code, or the pass made from it, was revoked or replaced.",
        Reason.THROTTLED: "Too many wrong codes came from this network, or from all networks together, so further"
        " tries wait, or cost the browser some seconds of work. Nobody is locked out, and such tries are not recorded.",
        Reason.CODE_BUSY: "The code was opened much more often than it has uses, so opening it once more costs the"
        " browser some seconds of work, or waits for a turn; such tries are not recorded. If nobody knows why, it has"
        " got about: `codes reissue` gives another one.",
        Reason.APP_ONLY: "The form opens from an app only (access), and the visitor came with a code or with nothing,"
        " or with a browser that keeps no cookies and is too old to say so.",
        Reason.COOKIES_BLOCKED: "The browser was let in, but came back without the cookie that it had been given: it"
        " blocks cookies for this site, by its settings, an extension or its owner's policy, or it blocks them inside"
        " another site's page. The visitor allows cookies for this site, or uses another browser; for a page of another"
        " site that shows the form, list that site in frame_parents.",
        Reason.MOVED_AWAY: "The form has been opened in another browser since, which ended this browser's pass.",
        Reason.NOT_SIGNED_IN: "Somebody opened an invitation without being signed in to the site.",
        Reason.NOT_INVITED: "Somebody opened an invitation while signed in as another person.",
        Reason.INVITATION_OVER: "The invitation had ended; `invitations` makes a new one.",
        Reason.BAD_TOKEN: "The app's token does not open this form: it was forged, revoked, cut off, or made for"
        " another form. So many came in a minute that this one was not recorded; others were, with their exact"
        " reasons.",
        Reason.TOKEN_USED: "The token had been redeemed before: the link was copied, or opened a second time in a"
        " browser without its cookies.",
        Reason.TOKEN_EXPIRED: "The token's minute was over: the link was old, or the clock of the app's backend is"
        " wrong.",
        Reason.OPEN_ELSEWHERE: "The code's one ticket is open in another browser; the visitor can move it here.",
        Reason.NOT_YET_OPEN: "The form opens later (opens_at).",
        Reason.CLOSED: "The form has closed (closes_at).",
        Reason.FULL: "The form already has as many submissions as it takes (capacity).",
        Reason.FIELD_MISSING: "The form has lost its ticket field, so nothing could be proved: the door is closed"
        " until the field is back. `doctor` shows what is missing.",
        Reason.NOT_SUBMITTED: "The page needs a submission that counts, and the visitor has none yet.",
        Reason.NO_PASS: "The page needs a pass, and the browser did not have a valid one.",
        Reason.CROSS_SITE: "Another site's page sent the request, or a proxy changes the site's address: site_url "
        "must be what visitors see in their browser.",
        Reason.STORE_DOWN: "The store could not be used, so nobody was let in. See `status` and `doctor`.",
        Reason.UNKNOWN_FORM: "The settings have no form of this name.",
        Reason.MALFORMED: "The request could not be read.",
    }
)

_MEANING: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PENDING: "It was seen, but is not judged yet: its answers or the ticket field are missing.",
        Verdict.VERIFIED: "It came through the gate, on a good ticket.",
        Verdict.ACCEPTED: "A person let it count.",
        Verdict.UNTICKETED: "It came without a ticket, by the form's bare address at JotForm.",
        Verdict.FORGED: "This site did not make what is in its ticket field.",
        Verdict.ORPHANED: "This site made its ticket, but the store does not know it: somebody restored an older"
        " copy of the store. `submissions accept` lets it count.",
        Verdict.EXPIRED: "It was made after its ticket had run out, or from a page that an app had opened before many"
        " others; what had been filled in there is no longer known.",
        Verdict.REPLAYED: "Another submission had used its ticket before.",
        Verdict.WRONG_FORM: "Its ticket is for another form.",
        Verdict.OVER_LIMIT: "All uses of the code, or all places of the form, were taken before it.",
        Verdict.TAMPERED: "Fields that the app had filled in and locked came back with other values. JotForm shows what"
        " they are now, at the submission's number.",
        Verdict.REVOKED: "Its code or ticket was revoked, or a person rejected it.",
    }
)


#: JotForm's ids have 15 digits or more; a reference has 8 symbols.
_SUBMISSION_ID = re.compile(r"[0-9]{9,20}")


@frozen
class _Story:
    """What a reference stands for."""

    #: None for a refusal that leaves no entry.
    entry: Entry | None
    happened: str
    why: str | None
    #: What the door says about it.
    tell: Message | None


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
    story = _constant(parts, ref) or _recorded(parts, ref)
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
    stories = [_story(parts, entry, submission_id) for entry in parts.store.history(submission_id)]
    if as_json:
        for story in stories:
            emit(_record(submission_id, story))
        return
    for line in _history(submission, stories, parts.store.notices_about(submission_id)):
        say(line)


def _unknown(parts: Parts, submission_id: str) -> str:
    if not parts.store.unsettled([submission_id]):
        return f"The submission {submission_id} was deleted by its form's setting keep; nothing more is known about it."
    return (
        f"No submission {submission_id} is known here. A sweep has to read a new one first; one from before its"
        " form was gated is not judged."
    )


def _history(
    submission: SubmissionRecord, stories: Sequence[_Story], notices: Sequence[Notice]
) -> Iterator[str]:
    verdict = submission.verdict
    about = f", about {plain(submission.subject)}" if submission.subject else ""
    yield f"A submission of {submission.form}{about}, sent at {iso(submission.created_at)}{_clock(submission)}."
    yield f"It is {verdict.value} and {'counts' if verdict.counts else 'does not count'}: {_MEANING[verdict]}"
    for story in stories:
        yield from _lines(story, leave_out=("form", "subject", "about"))
    for notice in notices:
        told = f"The notice of {notice.event.verdict.value} to {plain(notice.consumer)} is still waiting"
        if notice.dead_at is not None:
            told = f"The notice of {notice.event.verdict.value} to {plain(notice.consumer)} failed for good"
        yield f"{told}, tried {counted(notice.tries, 'time')}: {plain(notice.last_error or 'no answer yet')}"


def _clock(submission: SubmissionRecord) -> str:
    """Say what the time was read from: JotForm tells none that is sure."""
    return f" (read from its {submission.created_from})" if submission.created_from else ""


def _constant(parts: Parts, ref: str) -> _Story | None:
    """Return the story of a reason whose refusals leave no entry."""
    name = ref.strip().upper().replace("-", "_").replace(" ", "_")
    if name not in Reason.__members__:
        return None
    reason = Reason[name]
    return _Story(
        entry=None,
        happened="A visitor was refused.",
        why=_WHY[reason],
        tell=_refusal(parts, reason, None, name),
    )


def _recorded(parts: Parts, ref: str) -> _Story | None:
    entry = parts.store.explain(ref.strip())
    return None if entry is None else _story(parts, entry, ref)


def _story(parts: Parts, entry: Entry, ref: str) -> _Story:
    happened = _HAPPENED.get(entry.event, f"{entry.event}.")
    why, tell = None, None
    if entry.event.startswith("submission.") and entry.reason in _values(Verdict):
        verdict = Verdict(entry.reason)
        why, tell = _MEANING[verdict], message_for_state(verdict.value)
    elif entry.event == "token.refused" and (entry.reason or "") in MEANINGS:
        why, tell = MEANINGS[entry.reason or ""], _refusal(parts, Reason.BAD_TOKEN, entry.form, ref)
    elif entry.reason in _values(Reason):
        reason = Reason(entry.reason)
        why, tell = _WHY[reason], _refusal(parts, reason, entry.form, ref)
    return _Story(entry=entry, happened=happened, why=why, tell=tell)


def _values(kind: type[Reason] | type[Verdict]) -> set[str]:
    return {member.value for member in kind}


def _refusal(parts: Parts, reason: Reason, form: str | None, ref: str) -> Message:
    policy = parts.settings.policies.get(form) if form else None
    return message_for(Refuse(reason=reason, ref=ref), policy, parts.clock.now())


def _lines(story: _Story, *, leave_out: Collection[str] = ()) -> list[str]:
    entry, tell = story.entry, story.tell
    lines = [story.happened if entry is None else f"{iso(entry.at)}  {story.happened}"]
    if entry is not None:
        details = {
            "form": entry.form,
            "reason": entry.reason,
            "subject": entry.subject,
            "about": entry.about,
            "by": entry.actor,
            "note": entry.note,
            "count": _times(entry),
        }
        lines += [
            f"  {name:<8} {plain(value)}"
            for name, value in details.items()
            if value and name not in leave_out
        ]
    if story.why:
        lines.append(f"Why: {story.why}")
    if tell and not leave_out:
        lines.append(f"Tell the visitor: {tell.title}. {tell.remedy}")
    return lines


def _times(entry: Entry) -> str | None:
    if entry.last_at is None:
        return None
    return f"{counted(entry.count, 'time')} within the hour, at last {iso(entry.last_at)}"


def _record(ref: str, story: _Story) -> dict[str, object]:
    entry, tell = story.entry, story.tell
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
    said = f"{tell.title}. {tell.remedy}" if tell else None
    return {"ref": ref, **known, "happened": story.happened, "why": story.why, "tell": said}
