"""One submission: what is known of it, and a person's word on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from jotgate.clock import iso
from jotgate.door.links import file_link
from jotgate.door.office import words
from jotgate.door.office.desk import Desk
from jotgate.door.office.submissions import person, tone
from jotgate.ledger import Entry
from jotgate.outcomes import Verdict
from jotgate.phrases import phrase, phrases
from jotgate.policy import FormPolicy
from jotgate.protocols import Coded, Handover, OpenedSubmission, SubmissionRecord
from jotgate.records.wording import MEANING, meaning_of
from jotgate.signed.tokens import MAX_SUBJECT_CHARS, can_be_stored, can_be_subject

#: As much as a person says about a submission.
MAX_REASON_CHARS = 500
#: So many people are offered to choose from.
_CHOICES = 20
#: So many may be ticked at once.
_MOST = 100
#: What a person can say: let it count, stop it from counting, say whose it is.
_ACCEPT, _REJECT, _GIVE = "accept", "reject", "give"
_DONE = {_ACCEPT: phrase("It counts from now on."), _REJECT: phrase("It does not count any more.")}
_UNPROCESSABLE, _CONFLICT = 422, 409


def one(desk: Desk, form: str, submission_id: str) -> Response:
    """Show a submission, its history, and what may be said about it.

    Raises:
        NotFound: the form has no such submission here.
    """
    return _page(desk, form, _opened(desk, form, submission_id))


def rule(desk: Desk, form: str, submission_id: str) -> Response:
    """Take a person's word on what they saw.

    Raises:
        NotFound: the form has no such submission here.
    """
    opened, fields = _opened(desk, form, submission_id), desk.fields
    word, reason = fields.get("word", ""), " ".join(fields.get("reason", "").split())
    problem = _problem(word, reason)
    if problem:
        return _page(desk, form, opened, status=_UNPROCESSABLE, problem=problem, word=word, reason=reason)
    subject = _subject(desk, form) if word == _GIVE else None
    if subject is not None and not isinstance(subject, str):
        asked = fields.get("person", "").strip()
        return _page(desk, form, opened, word=word, reason=reason, asked=asked, choices=subject)
    ruled = desk.parts.store.rule(
        submission_id,
        accept=word != _REJECT,
        actor=desk.actor,
        reason=reason,
        now=desk.now,
        subject=subject,
        seen=_seen(fields.get("seen", ""), fields.get("whose", "")),
    )
    now_is = _opened(desk, form, submission_id)
    if isinstance(ruled, SubmissionRecord) or _is_said_already(desk, now_is, word, reason, subject):
        said = _DONE.get(word) or phrase("It counts for {person} from now on.", person=subject)
        return desk.redirect(f"/f/{form}/submissions/{submission_id}", said=said)
    return _page(
        desk, form, now_is, status=_CONFLICT, problem=_why_not(opened, now_is, desk, subject), reason=reason
    )


def rule_on_many(desk: Desk, form: str) -> Response:
    """Take a person's one word on all the submissions of a page that they chose."""
    word, reason = desk.fields.get("word", ""), " ".join(desk.fields.get("reason", "").split())
    ticked = desk.request.form.getlist("one")[:_MOST]
    problem = _problem(word if word != _GIVE else "", reason) or (
        "" if ticked else phrase("Choose at least one submission.")
    )
    if problem:
        return desk.problem(_UNPROCESSABLE, problem, form=form)
    done = sum(_is_done(desk, form, *_parted(one), word, reason) for one in ticked)
    said = " ".join(map(desk.language.speak, _what_was_done(word, done, len(ticked) - done)))
    which = desk.fields.get("verdict", "")
    path = f"/f/{form}/submissions"
    return desk.redirect(f"{path}?verdict={which}" if which.replace("_", "").isalpha() else path, said=said)


def _what_was_done(word: str, done: int, left: int) -> Iterator[str]:
    if word == _ACCEPT:
        yield phrases("{number} counts from now on.", "{number} count from now on.", done)
    else:
        yield phrases("{number} does not count from now on.", "{number} do not count from now on.", done)
    if left:
        yield phrases(
            "{number} left as it was: a colleague ruled on it, or there was nothing to do.",
            "{number} left as they were: a colleague ruled on them, or there was nothing to do.",
            left,
        )


def _is_done(
    desk: Desk, form: str, submission_id: str, seen: str, whose: str, word: str, reason: str
) -> bool:
    if _known(desk, form, submission_id) is None:
        return False
    ruled = desk.parts.store.rule(
        submission_id,
        accept=word == _ACCEPT,
        actor=desk.actor,
        reason=reason,
        now=desk.now,
        seen=_seen(seen, whose),
    )
    # Looked at afterwards: the first of two clicks may have done it just now.
    now_is = _known(desk, form, submission_id)
    return isinstance(ruled, SubmissionRecord) or (
        now_is is not None and _is_said_already(desk, now_is, word, reason, None)
    )


def _parted(ticked: str) -> tuple[str, str, str]:
    """Return a submission's number, its verdict and whose it is, as the page showed them."""
    submission_id, _, rest = ticked.partition(" ")
    seen, _, whose = rest.partition(" ")
    return submission_id, seen, whose


def _known(desk: Desk, form: str, submission_id: str) -> OpenedSubmission | None:
    return desk.parts.store.open_submission(form, submission_id) if can_be_stored(submission_id) else None


def _opened(desk: Desk, form: str, submission_id: str) -> OpenedSubmission:
    opened = _known(desk, form, submission_id)
    if opened is None:
        raise NotFound(
            phrase("No submission with this number is known here. A new one has to be read first.")
        )
    return opened


def _problem(word: str, reason: str) -> str:
    if word not in (_ACCEPT, _REJECT, _GIVE):
        return phrase("Choose what shall become of it.")
    if not reason:
        return phrase("Say why, in a few words. Your colleagues read it, and so will you in a year.")
    if len(reason) > MAX_REASON_CHARS or not reason.isprintable():
        return phrase("Say why in at most {most} characters, without invisible ones.", most=MAX_REASON_CHARS)
    return ""


def _subject(desk: Desk, form: str) -> str | list[Coded]:
    """Return whose it is, as the person chose or typed it; or those who may be meant."""
    chosen = desk.fields.get("subject", "").strip()
    if chosen and can_be_subject(chosen):
        return chosen
    text = desk.fields.get("person", "").strip()
    if not text or not can_be_stored(text):
        return []
    found = desk.parts.store.coded_people(form, text, rows=_CHOICES)
    exact = [coded.subject for coded in found if text == coded.subject]
    return exact[0] if exact else found


def _seen(verdict: str, whose: str) -> tuple[Verdict, str | None]:
    known = [one for one in Verdict if one.value == verdict]
    # What no page has said was never seen: nothing fits it.
    return (known[0] if known else Verdict.PENDING, whose or None)


def _is_said_already(
    desk: Desk, opened: OpenedSubmission, word: str, reason: str, subject: str | None
) -> bool:
    """Say whether this very word of this person is the last one: it came twice, by a second click."""
    record = opened.listed.record
    fits = record.verdict.counts is (word != _REJECT) and subject in (None, record.subject)
    return fits and (record.actor, record.reason) == (desk.actor, reason)


def _why_not(before: OpenedSubmission, now_is: OpenedSubmission, desk: Desk, subject: str | None) -> str:
    record = now_is.listed.record
    if subject is not None and record.handover(subject) is Handover.ANOTHERS:
        return phrase(
            "Nothing was changed. Its ticket proves that it is {person}'s: reject it first, to give it to somebody"
            " else.",
            person=person(now_is.listed),
        )
    seen = (desk.fields.get("seen", ""), desk.fields.get("whose", "") or None)
    if seen != (record.verdict.value, record.subject):
        if record.actor:
            return phrase(
                "Nothing was changed. {person} has ruled on it since you opened this page: below is how it is now."
                " Look, and decide again.",
                person=words.actor(record.actor),
            )
        return phrase(
            "Nothing was changed. It has changed since you opened this page: below is how it is now. Look, and"
            " decide again."
        )
    return phrase("Nothing was changed: it is so already.")


def _page(
    desk: Desk,
    form: str,
    opened: OpenedSubmission,
    *,
    status: int = 200,
    problem: str = "",
    word: str = "",
    reason: str = "",
    asked: str = "",
    choices: list[Coded] | None = None,
) -> Response:
    policy, record = desk.policy(form), opened.listed.record
    context = {
        "record": record,
        "facts": list(_facts(desk, policy, opened)),
        "verdict": words.verdict(record.verdict),
        "tone": tone(record.verdict),
        "meaning": MEANING[record.verdict],
        "person_url": _person_url(desk, form, record.subject),
        "answers": _answers(desk, opened),
        "shows": policy.show_fields,
        "history": [_told(desk, policy, entry) for entry in desk.parts.store.history(record.submission_id)],
        "can_reject": record.verdict.counts or record.verdict is Verdict.PENDING,
        "can_give": record.verdict is not Verdict.VERIFIED or record.subject is None,
        "problem": problem,
        "word": word,
        "reason": reason,
        "asked": asked,
        "choices": choices,
        "as_it_is": asked if can_be_subject(asked) else "",
        "max_reason": MAX_REASON_CHARS,
        "max_subject": MAX_SUBJECT_CHARS,
    }
    return desk.page("submission", context, form=form, section="submissions", status=status)


def _facts(desk: Desk, policy: FormPolicy, opened: OpenedSubmission) -> list[tuple[str, str]]:
    record = opened.listed.record
    found = [
        # Translators: When a submission was sent.
        (phrase("Sent"), desk.moment(record.created_at, policy)),
        # Translators: Whose submission it is.
        (phrase("Whose"), person(opened.listed) or phrase("nobody's that is known")),
        (phrase("Batch"), opened.listed.batch or ""),
        (
            phrase("Ticket"),
            phrase("begins with {beginning}", beginning=record.ticket)
            if record.ticket
            else phrase("it came without one"),
        ),
        # Translators: The verdict that jotgate gave a submission before a person ruled on it.
        (phrase("Judged"), words.verdict(opened.judged) if opened.judged is not record.verdict else ""),
        # Translators: Who ruled on a submission, and why.
        (
            phrase("By a person"),
            f"{desk.language.speak(words.actor(record.actor))}: {record.reason}" if record.actor else "",
        ),
        # Translators: What became of the submission there: the submission was deleted.
        (phrase("At JotForm"), phrase("deleted") if (opened.status or "").upper() == "DELETED" else ""),
    ]
    return [(name, value) for name, value in found if value]


def _person_url(desk: Desk, form: str, subject: str | None) -> str:
    """Return the address of the page about somebody's newest code; "" if they have none."""
    codes = desk.parts.people.codes_of(form, subject) if subject else []
    return desk.url(f"/f/{form}/people/{codes[0].fingerprint.hex()}") if codes else ""


def _answers(desk: Desk, opened: OpenedSubmission) -> list[dict[str, Any]]:
    """Return what is kept of the answers for showing; links lead to files at JotForm alone."""
    host = desk.parts.settings.host
    found = []
    for name, kept in opened.shown.items():
        value = kept.get("value", "")
        texts = [value] if isinstance(value, str) else value
        label = kept.get("label") or name
        found.append({"label": label, "texts": [(text, file_link(text, host)) for text in texts]})
    return found


def _told(desk: Desk, policy: FormPolicy, entry: Entry) -> dict[str, str]:
    meaning = meaning_of(entry)
    became = "" if meaning.verdict is None else words.verdict(meaning.verdict)
    return {
        "when": desk.moment(entry.at, policy),
        "at": iso(entry.at) or "",
        "happened": meaning.happened,
        "became": became,
        "whose": entry.subject or "",
        "by": words.actor(entry.actor) if entry.actor else "",
        "note": entry.note or "",
    }
