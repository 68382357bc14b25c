"""What the door says to people: every reason and every verdict, with its HTTP status, in plain words.

The one table of the kind. It is read by children, parents and secretaries: each message says what happened
and what to do next, and none of them tells a stranger more than the reason does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from types import MappingProxyType
from zoneinfo import ZoneInfo

from jotgate.codes import Hint
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.policy import FormPolicy

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NEARBY_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing the door says."""

    #: The HTTP status of a page or an answer that is about this.
    status: int
    #: What happened, in a few words without a full stop: it serves as a heading.
    title: str
    #: What to do next: one to four whole sentences, plain text.
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    """A message, and how its remedy reads when the moment it speaks of is known."""

    message: Message
    #: Has one `{when}`, which reads like "today at 08:00" or "on Monday 4 May at 08:00".
    with_moment: str


_REFUSALS: Mapping[Reason, Message] = {
    Reason.UNKNOWN_CODE: Message(
        status=403,
        title="We do not know this code",
        remedy="Compare it with your card or letter, and type it once more. "
        "If it still does not work, ask the person who gave it to you.",
    ),
    Reason.MISTYPED: Message(
        status=422,
        title="There is a typing mistake in this code",
        remedy="Compare it with your card or letter, sign by sign, and correct it. "
        "Typing mistakes are not counted.",
    ),
    Reason.WRONG_FORM: Message(
        status=403,
        title="This code is for another form",
        remedy="Open the address that stands beside the code on your card or letter. "
        "If there is none, ask the person who gave you the code.",
    ),
    Reason.REVOKED: Message(
        status=403,
        title="This code has been withdrawn",
        remedy="It can no longer be used. Ask the person who gave it to you for a new one.",
    ),
    Reason.THROTTLED: Message(
        status=429,
        title="One moment, please",
        remedy="Many wrong codes came from your network, so we are taking it slowly. Nobody is locked out: "
        "please try again in a minute.",
    ),
    Reason.BAD_TOKEN: Message(
        status=403,
        title="This link does not open the form",
        remedy="Go back to the app, and open the form from there once more. If it still does not work, give the "
        "reference below to the people who made the app.",
    ),
    Reason.TOKEN_USED: Message(
        status=403,
        title="This link has been opened before",
        remedy="It works once, and only where the app opened it; a copy of it opens nothing. "
        "Go back to the app, and open the form from there once more.",
    ),
    Reason.TOKEN_EXPIRED: Message(
        status=403,
        title="This link is too old",
        remedy="It works for a minute after the app made it. "
        "Go back to the app, and open the form from there once more.",
    ),
    Reason.APP_ONLY: Message(
        status=403,
        title="This form opens from the app only",
        remedy="The app opens it for one person, in one browser. Its address, or a link that somebody copied or "
        "passed on, opens nothing. Go to the app, and open the form there.",
    ),
    Reason.NOT_SIGNED_IN: Message(
        status=401,
        title="Please sign in first",
        remedy="This invitation is for one person. Sign in to our site as you always do, and then open the "
        "invitation's link once more.",
    ),
    Reason.NOT_INVITED: Message(
        status=403,
        title="This invitation is for somebody else",
        remedy="You are signed in to our site as another person. Sign in as the one whom the invitation was sent "
        "to, and open its link once more.",
    ),
    Reason.OPEN_ELSEWHERE: Message(
        status=409,
        title="The form is open somewhere else",
        remedy="It was opened with this code in another browser or on another device. Go on there, or move it "
        "here. Answers that were typed there but not sent do not move along.",
    ),
    Reason.MOVED_AWAY: Message(
        status=403,
        title="The form was opened elsewhere since",
        remedy="It went on to another browser or another device, and is open there. To have it here again, go to the "
        "app, and open the form from there. If it was not you, tell the people behind the app.",
    ),
    Reason.FULL: Message(
        status=403,
        title="This form is full",
        remedy="It has taken as many answers as there are places. "
        "If you were promised one, ask the person who sent you here.",
    ),
    Reason.FIELD_MISSING: Message(
        status=503,
        title="This form is out of order",
        remedy="Something in the form has to be mended before it can be sent. Your code is not used up. "
        "Please tell the person who sent you here, and come back later.",
    ),
    Reason.NO_PASS: Message(
        status=401,
        title="This page needs an access code",
        remedy="Open the form with your access code first, and then come back to this page.",
    ),
    Reason.NOT_SUBMITTED: Message(
        status=403,
        title="This page needs a form first",
        remedy="Fill in the form and send it. As soon as it is confirmed, this page opens.",
    ),
    Reason.CROSS_SITE: Message(
        status=403,
        title="This came from another website",
        remedy="To keep you safe, nothing was done. Open the form on our own page and enter your code there.",
    ),
    Reason.STORE_DOWN: Message(
        status=503,
        title="We cannot check codes just now",
        remedy="This is our fault, not yours, and your code stays as it is. "
        "Please try again in a few minutes.",
    ),
    Reason.UNKNOWN_FORM: Message(
        status=404,
        title="There is no form at this address",
        remedy="Check the address on your card or letter, letter by letter. "
        "If it is right, ask the person who gave it to you.",
    ),
    Reason.MALFORMED: Message(
        status=400,
        title="We could not read that",
        remedy="Something was lost on the way, and nothing was done. Reload the page and try again.",
    ),
}

_DATED_REFUSALS: Mapping[Reason, _Dated] = {
    Reason.NOT_YET_VALID: _Dated(
        message=Message(
            status=403,
            title="This code cannot be used yet",
            remedy="Its time has not come. Keep it, and try again later.",
        ),
        with_moment="It can be used from a set time: {when}. Keep it, and come back then.",
    ),
    Reason.EXPIRED: _Dated(
        message=Message(
            status=403,
            title="This code has expired",
            remedy="Ask the person who gave it to you for a new one.",
        ),
        with_moment="Its time ended {when}. Ask the person who gave it to you for a new one.",
    ),
    Reason.USED_UP: _Dated(
        message=Message(
            status=403,
            title="This code has been used already",
            remedy="If it was you who sent the form, there is nothing more to do. "
            "If not, tell the person who gave you the code.",
        ),
        with_moment="It was used {when}. If it was you who sent the form, there is nothing more to do. "
        "If not, tell the person who gave you the code.",
    ),
    Reason.INVITATION_OVER: _Dated(
        message=Message(
            status=403,
            title="This invitation is over",
            remedy="Ask the person who sent it to you for a new one.",
        ),
        with_moment="Its time ended {when}. Ask the person who sent it to you for a new one.",
    ),
    Reason.NOT_YET_OPEN: _Dated(
        message=Message(
            status=403,
            title="This form is not open yet",
            remedy="Keep your code, and come back later.",
        ),
        with_moment="It opens {when}. Keep your code, and come back then.",
    ),
    Reason.CLOSED: _Dated(
        message=Message(
            status=403,
            title="This form is closed",
            remedy="It takes no more answers. If you still need to send yours, ask the person who sent you here.",
        ),
        with_moment="It closed {when}. If you still need to send your answers, ask the person who sent you here.",
    ),
}

#: What is said otherwise to somebody whom an app sent, and who never had a code.
_REFUSALS_FROM_APPS: Mapping[Reason, Message] = {
    Reason.REVOKED: Message(
        status=403,
        title="Your access has been withdrawn",
        remedy="The form no longer opens for you. Ask the people behind the app.",
    ),
    Reason.FIELD_MISSING: Message(
        status=503,
        title="This form is out of order",
        remedy="Something in the form has to be mended before it can be sent. "
        "Please tell the people behind the app, and come back later.",
    ),
    Reason.NO_PASS: Message(
        status=401,
        title="This page opens from the app only",
        remedy="Open the form in the app first, and then come back to this page.",
    ),
    Reason.CROSS_SITE: Message(
        status=403,
        title="This came from another website",
        remedy="To keep you safe, nothing was done. Go back to the app, and open the form from there once more.",
    ),
    Reason.STORE_DOWN: Message(
        status=503,
        title="We cannot open the form just now",
        remedy="This is our fault, not yours. Please try again in a few minutes.",
    ),
}

_DATED_REFUSALS_FROM_APPS: Mapping[Reason, _Dated] = {
    Reason.USED_UP: _Dated(
        message=Message(
            status=403,
            title="You have sent this form already",
            remedy="There is nothing more to do. If it was not you, tell the people behind the app.",
        ),
        with_moment="You sent it {when}, and there is nothing more to do. "
        "If it was not you, tell the people behind the app.",
    ),
    Reason.NOT_YET_OPEN: _Dated(
        message=Message(
            status=403, title="This form is not open yet", remedy="Open it from the app again later."
        ),
        with_moment="It opens {when}. Open it from the app again then.",
    ),
}

_MISTYPED_BY_HINT: Mapping[str | None, Message] = {
    Hint.EMPTY.value: Message(
        status=422,
        title="Please type your code",
        remedy="It is on your card or in your letter: twelve letters and digits.",
    ),
    Hint.TOO_SHORT.value: Message(
        status=422,
        title="Something is missing from this code",
        remedy="A code has twelve letters and digits, in three groups of four. Compare it with your card or letter, "
        "and add what is missing.",
    ),
    Hint.TOO_LONG.value: Message(
        status=422,
        title="This code is too long",
        remedy="A code has twelve letters and digits, in three groups of four. Compare it with your card or letter, "
        "and take out what is too much.",
    ),
    Hint.FOREIGN_SYMBOL.value: Message(
        status=422,
        title="One sign in this code cannot be right",
        remedy="A code has only digits and the letters A to Z, and never a U: it may be a V. "
        "Compare it with your card or letter, and correct that sign.",
    ),
    Hint.CHECK_FAILED.value: Message(
        status=422,
        title="There is a typing mistake in this code",
        remedy="One or two signs are wrong or have changed places. Compare it with your card or letter, group by "
        "group, and correct it. Typing mistakes are not counted.",
    ),
}

_VERDICTS: Mapping[Verdict, Message] = {
    Verdict.PENDING: Message(
        status=200,
        title="Arrived, being checked",
        remedy="Your form has arrived, and we are checking it. You need not send it again, "
        "and you may close this page.",
    ),
    Verdict.VERIFIED: Message(
        status=200,
        title="Confirmed",
        remedy="Your form has arrived and it counts. There is nothing more to do.",
    ),
    Verdict.ACCEPTED: Message(
        status=200,
        title="Accepted",
        remedy="Somebody has looked at your form and accepted it: it counts. There is nothing more to do.",
    ),
    Verdict.UNTICKETED: Message(
        status=200,
        title="This form was not sent from here",
        remedy="It was sent without an access code, so it does not count. "
        "Open the form on this page with your code, and send it again.",
    ),
    Verdict.FORGED: Message(
        status=200,
        title="This form could not be recognised",
        remedy="What came with it was not made by this page, so it does not count. "
        "Open the form here with your code, and send it again.",
    ),
    Verdict.ORPHANED: Message(
        status=200,
        title="Somebody has to look at this form",
        remedy="It has arrived, but we no longer know with which code it was opened. Nothing is lost: tell the "
        "person who gave you the code, who can accept it by hand.",
    ),
    Verdict.EXPIRED: Message(
        status=200,
        title="This form was sent too late",
        remedy="Its time was over when it arrived, so it does not count yet. "
        "Tell the person who gave you the code, who can still accept it by hand.",
    ),
    Verdict.REPLAYED: Message(
        status=200,
        title="This form had been sent before",
        remedy="The first one counts, and this second one does not. If the first one needs correcting, "
        "tell the person who gave you the code.",
    ),
    Verdict.WRONG_FORM: Message(
        status=200,
        title="This was sent with another form's code",
        remedy="It does not count here. Open this form with the code that belongs to it, and send it again.",
    ),
    Verdict.OVER_LIMIT: Message(
        status=200,
        title="There was no place left",
        remedy="Your form has arrived, but all places were taken by then, so it does not count. "
        "Tell the person who gave you the code.",
    ),
    Verdict.TAMPERED: Message(
        status=200,
        title="A fixed answer was changed",
        remedy="One of the answers that were filled in for you is different now, so the form does not count. "
        "Tell the person who gave you the code.",
    ),
    Verdict.REVOKED: Message(
        status=200,
        title="This form has been withdrawn",
        remedy="Your code, or the form you sent with it, was withdrawn, so it does not count. "
        "Tell the person who gave you the code.",
    ),
}

#: The browser says that it submitted, and nothing is known yet.
SENT = Message(
    status=200,
    title="Sent, being confirmed",
    remedy="You have sent the form, and we are making sure that it has arrived. "
    "You need not send it again, and you may close this page.",
)

#: What the page says in each state that `/state` can answer after the form was sent.
STATES: Mapping[str, Message] = MappingProxyType(
    {"sent": SENT} | {verdict.value: message for verdict, message in _VERDICTS.items()}
)

_TELL_THE_APP = "Tell the people behind the app, who can look into it."
_AGAIN_FROM_THE_APP = "It does not count. Go back to the app, open the form from there, and send it again."
#: The same for somebody whom an app sent.
STATES_FROM_APPS: Mapping[str, Message] = MappingProxyType(
    dict(STATES)
    | {
        verdict.value: replace(_VERDICTS[verdict], remedy=remedy)
        for verdict, remedy in {
            Verdict.UNTICKETED: _AGAIN_FROM_THE_APP,
            Verdict.FORGED: _AGAIN_FROM_THE_APP,
            Verdict.ORPHANED: f"It has arrived, but we no longer know who sent it. Nothing is lost. {_TELL_THE_APP}",
            Verdict.EXPIRED: f"Its time was over when it arrived, so it does not count yet. {_TELL_THE_APP}",
            Verdict.REPLAYED: f"The first one counts, and this second one does not. {_TELL_THE_APP}",
            Verdict.OVER_LIMIT: f"All places were taken when it arrived, so it does not count. {_TELL_THE_APP}",
            Verdict.TAMPERED: "One of the answers that the app filled in is different now, so the form does not "
            f"count. {_TELL_THE_APP}",
            Verdict.REVOKED: f"It was withdrawn, so it does not count. {_TELL_THE_APP}",
        }.items()
    }
    | {
        Verdict.WRONG_FORM.value: Message(
            status=200, title="This was sent for another form", remedy=_AGAIN_FROM_THE_APP
        )
    }
)


def message_for(refuse: Refuse, policy: FormPolicy | None, now: float, *, from_app: bool = False) -> Message:
    """Return what to say to somebody who was refused at *now* (seconds since the epoch, UTC).

    Times are told in the form's own timezone, in UTC where no form is known. A moment that the refusal does
    not state is taken from the policy. *from_app*: an app sent them, so nothing is said of codes; on a form that
    takes none, that is so for everybody.
    """
    from_app = from_app or (policy is not None and not policy.takes_codes)
    dated = (_DATED_REFUSALS_FROM_APPS if from_app else {}).get(refuse.reason)
    dated = dated or _DATED_REFUSALS.get(refuse.reason)
    if dated is not None:
        return _at_its_moment(dated, _moment_of(refuse, policy), policy, now)
    if from_app and refuse.reason in _REFUSALS_FROM_APPS:
        return _REFUSALS_FROM_APPS[refuse.reason]
    message = _REFUSALS[refuse.reason]
    if refuse.reason is Reason.MISTYPED:
        return _MISTYPED_BY_HINT.get(refuse.hint, message)
    if refuse.reason is Reason.THROTTLED and refuse.retry_after_seconds is not None:
        return replace(message, remedy=_throttled_remedy(refuse.retry_after_seconds))
    return message


def message_for_verdict(verdict: Verdict) -> Message:
    """Return what to say to the person whose submission has this verdict."""
    return _VERDICTS[verdict]


def spoken_moment(at: float, policy: FormPolicy | None, now: float) -> str:
    """Return a moment as one says it: "today at 08:00", "on Monday 4 May at 08:00".

    Both times are seconds since the epoch, UTC. The words are in the form's timezone; UTC is named, since
    nobody lives by it. The year is said only where it is not the present one.
    """
    zone_name = policy.timezone if policy is not None else "UTC"
    zone = timezone.utc if zone_name == "UTC" else ZoneInfo(zone_name)
    moment, present = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    clock_time = f"at {moment:%H:%M}" + (" UTC" if zone is timezone.utc else "")
    nearby = _NEARBY_DAYS.get((moment.date() - present.date()).days)
    if nearby is not None:
        return f"{nearby} {clock_time}"
    year = "" if moment.year == present.year else f" {moment.year}"
    return f"on {_WEEKDAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]}{year} {clock_time}"


def _moment_of(refuse: Refuse, policy: FormPolicy | None) -> float | None:
    if refuse.at is not None or policy is None:
        return refuse.at
    from_policy = {Reason.NOT_YET_OPEN: policy.opens_at, Reason.CLOSED: policy.closes_at}
    return from_policy.get(refuse.reason)


def _at_its_moment(dated: _Dated, at: float | None, policy: FormPolicy | None, now: float) -> Message:
    if at is None:
        return dated.message
    return replace(dated.message, remedy=dated.with_moment.format(when=spoken_moment(at, policy, now)))


def _throttled_remedy(seconds: float) -> str:
    whole = max(1, math.ceil(seconds))
    wait = (
        "1 second" if whole == 1 else f"{whole} seconds" if whole < 90 else f"{math.ceil(whole / 60)} minutes"
    )
    return (
        "Many wrong codes came from your network, so we are taking it slowly. Nobody is locked out: "
        f"please try again in {wait}."
    )
