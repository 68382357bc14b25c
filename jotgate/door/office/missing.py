"""Who is missing: people who have a code and sent nothing that counts; and reminding them by mail."""

from __future__ import annotations

from itertools import islice

from werkzeug.wrappers import Response

from jotgate.door.messages import spoken_moment
from jotgate.door.office.desk import Desk
from jotgate.door.office.mailing import send_some
from jotgate.door.office.people import name_of
from jotgate.errors import InputError
from jotgate.mailing.letters import Letter
from jotgate.mailing.texts import Kind
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
        "count": f"more than {_COUNTED:,}" if number > _COUNTED else f"{number:,}",
        "number": number,
        "batch": batch,
        "batches": people.batches(form, batches=batches),
        "is_first": not after,
        "last": last if len(rows) == _ROWS else "",
        "can_mail": can_mail,
        "letter": _letter(desk, form) if can_mail and batches is None else None,
    }
    return desk.page("missing", context, form=form, section="people")


def remind(desk: Desk, form: str) -> Response:
    """Send reminders for some seconds, and say how far it is; the same again does the rest.

    Raises:
        InputError: nothing sends mails.
    """
    progress = send_some(desk, lambda: desk.parts.recipients.missing(form))
    return desk.page("remind", {"progress": progress}, form=form, section="people")


def _row(desk: Desk, form: str, listed: ListedCode, state: State) -> dict[str, object]:
    grant, opened_at = listed.grant, listed.opened_at
    return {
        "id": grant.fingerprint.hex(),
        "name": name_of(grant),
        "subject": grant.subject if grant.subject != name_of(grant) else "",
        "batch": grant.batch or "",
        "email": bool(grant.email),
        "is_sent": state is State.PENDING,
        "opened": "" if opened_at is None else spoken_moment(opened_at, desk.policy(form), desk.now),
    }


def _letter(desk: Desk, form: str) -> Letter | str:
    """Return a reminder as it would go out to a made-up person; or what is wrong with its text."""
    mailing = desk.parts.mailing
    try:
        return mailing.preview(mailing.sample(Kind.REMINDER, form))
    except InputError as error:
        return "; ".join(error.problems)
