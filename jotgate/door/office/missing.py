"""Who is missing: people who have a code and sent nothing that counts; and reminding them by mail."""

from __future__ import annotations

from itertools import islice

from werkzeug.wrappers import Response

from jotgate.door.office.desk import Desk
from jotgate.door.office.mailing import send_some
from jotgate.door.office.people import batches_to_choose, name_of
from jotgate.door.signing import CHANGE_SECONDS
from jotgate.errors import InputError
from jotgate.mailing.texts import Kind
from jotgate.phrases import phrase, phrases
from jotgate.protocols.people import ListedCode
from jotgate.records.standing import State
from jotgate.signed.tokens import can_be_stored

_ROWS = 50
#: Beyond that nobody counts on their fingers, and the page stays quick.
_COUNTED = 5_000


def listing(desk: Desk, form: str) -> Response:
    """Show a page of the people who are missing, and how many there are."""
    people, batch, after = desk.parts.people, desk.query("batch"), desk.query("after")
    batches = desk.operator.batches
    wanted = batch if batch and can_be_stored(batch) else None
    subjects = people.missing(
        form, batches=batches, batch=wanted, after=after if can_be_stored(after) else ""
    )
    rows: list[dict[str, object]] = []
    last = ""
    for subject in subjects:
        if len(rows) == _ROWS:
            break
        last = subject
        # By another spelling of their name something may have come.
        state = desk.parts.standings.has_submitted(form, subject=subject).state
        if state in (State.NONE, State.PENDING):
            codes = people.codes_of(form, subject, batches=batches)
            rows += [_row(desk, form, one, state) for one in people.listed(codes[:1])]
    number = sum(1 for _ in islice(people.missing(form, batches=batches, batch=wanted), _COUNTED + 1))
    can_mail = desk.parts.mailing.is_set_up
    context = {
        "rows": rows,
        "summary": _summary(number, batch),
        "number_of_people": number,
        "batch": batch,
        **batches_to_choose(desk, form),
        "is_first": not after,
        "last": last if len(rows) == _ROWS else "",
        "can_mail": can_mail,
        **(_letter(desk, form) if can_mail and batches is None else {}),
    }
    return desk.page("missing", context, form=form, section="people")


def remind(desk: Desk, form: str) -> Response:
    """Send reminders for some seconds, and say how far it is; the same again does the rest.

    Raises:
        InputError: nothing sends mails.
    """
    name = _reminder(desk, form)
    progress = send_some(desk, lambda: desk.parts.recipients.missing(form, name=name))
    return desk.page("remind", {"progress": progress, "name": name}, form=form, section="people")


def _reminder(desk: Desk, form: str) -> str:
    """Return the name of today's reminders, or of those that a page goes on with, which midnight does not repeat."""
    begun = desk.fields.get("name", "")
    names = [desk.parts.recipients.reminder_at(form, desk.now - ago) for ago in (0.0, CHANGE_SECONDS)]
    return begun if begun in names else names[0]


def _row(desk: Desk, form: str, listed: ListedCode, state: State) -> dict[str, object]:
    grant, opened_at = listed.grant, listed.opened_at
    return {
        "id": grant.fingerprint.hex(),
        "name": name_of(grant),
        "subject": grant.subject if grant.subject != name_of(grant) else "",
        "batch": grant.batch or "",
        "email": bool(grant.email),
        "is_sent": state is State.PENDING,
        "opened": "" if opened_at is None else desk.moment(opened_at, desk.policy(form)),
    }


def _summary(number: int, batch: str) -> str:
    """Say how many people are missing, in a batch or in all."""
    if number > _COUNTED:
        if batch:
            return phrase(
                "More than {number} people have a code and sent nothing that counts, in {batch}.",
                number=_COUNTED,
                batch=batch,
            )
        return phrase("More than {number} people have a code and sent nothing that counts.", number=_COUNTED)
    if batch:
        return phrases(
            "{number} person has a code and sent nothing that counts, in {batch}.",
            "{number} people have a code and sent nothing that counts, in {batch}.",
            number,
            batch=batch,
        )
    return phrases(
        "{number} person has a code and sent nothing that counts.",
        "{number} people have a code and sent nothing that counts.",
        number,
    )


def _letter(desk: Desk, form: str) -> dict[str, object]:
    """Return a reminder as it would go out to a made-up person, `letter`; or its text's `problems`."""
    mailing = desk.parts.mailing
    try:
        return {"letter": mailing.preview(mailing.sample(Kind.REMINDER, form))}
    except InputError as error:
        return {"problems": error.problems}
