"""What the door says to people: every refusal and every state of a form as a `Message`, with its HTTP status."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from jotgate.frozen import frozen
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.policy import FormPolicy
from jotgate.sentences import SENTENCES
from jotgate.speaking import IN_ENGLISH, Language

STATUSES: Mapping[Reason, int] = {
    Reason.UNKNOWN_CODE: 403,
    Reason.MISTYPED: 422,
    Reason.WRONG_FORM: 403,
    Reason.NOT_YET_VALID: 403,
    Reason.EXPIRED: 403,
    Reason.USED_UP: 403,
    Reason.ALREADY_SENT: 403,
    Reason.REVOKED: 403,
    Reason.THROTTLED: 429,
    Reason.CODE_BUSY: 429,
    Reason.BAD_TOKEN: 403,
    Reason.TOKEN_USED: 403,
    Reason.TOKEN_EXPIRED: 403,
    Reason.APP_ONLY: 403,
    Reason.COOKIES_BLOCKED: 403,
    Reason.NOT_SIGNED_IN: 401,
    Reason.NOT_INVITED: 403,
    Reason.INVITATION_OVER: 403,
    Reason.OPEN_ELSEWHERE: 409,
    Reason.MOVED_AWAY: 403,
    Reason.NOT_YET_OPEN: 403,
    Reason.CLOSED: 403,
    Reason.PAUSED: 403,
    Reason.FULL: 403,
    Reason.FIELD_MISSING: 503,
    Reason.NO_PASS: 401,
    Reason.NOT_SUBMITTED: 403,
    Reason.CROSS_SITE: 403,
    Reason.STORE_DOWN: 503,
    Reason.UNKNOWN_FORM: 404,
    Reason.MALFORMED: 400,
}


@frozen
class Message:
    """One thing the door says."""

    #: The HTTP status of a page or an answer that is about this.
    status: int
    #: What happened, in a few words without a full stop: it serves as a heading.
    title: str
    #: What to do next: one to four whole sentences, plain text.
    remedy: str


def message_for(
    refusal: Refuse,
    policy: FormPolicy | None,
    now: float,
    *,
    from_app: bool = False,
    language: Language = IN_ENGLISH,
) -> Message:
    """Return the message to a visitor refused at *now* (seconds since the epoch, UTC).

    Times are in the form's own timezone, in UTC if the form is unknown. A moment that the refusal does
    not state is taken from the policy. *from_app*: an app sent them, so nothing is said of codes; on a form that
    takes none, that is so for everybody. What the person who paused the form says takes the place of our remedy.
    """
    from_app = from_app or (policy is not None and not policy.takes_codes)
    name = f"refused.{refusal.reason.value}"
    if refusal.hint is not None and f"{name}.{refusal.hint}.title" in SENTENCES:
        name += f".{refusal.hint}"
    at, wait_seconds = _moment_of(refusal, policy), refusal.retry_after_seconds
    message = _message(
        STATUSES[refusal.reason],
        name,
        from_app=from_app,
        language=language,
        when=None if at is None else spoken_moment(at, policy, now, language),
        wait=None if wait_seconds is None else _spoken_wait(wait_seconds, language),
    )
    return replace(message, remedy=refusal.words) if refusal.words else message


def states(*, from_app: bool = False, language: Language = IN_ENGLISH) -> dict[str, Message]:
    """Return what the page says in each state that `/state` can answer after the form was sent."""
    names = ("sent", *(verdict.value for verdict in Verdict))
    return {name: message_for_state(name, from_app=from_app, language=language) for name in names}


def page_states(*, from_app: bool = False, language: Language = IN_ENGLISH) -> dict[str, Message]:
    """Return what a page finds out by itself or much later: its form was sent already, or twice, or it never came."""
    names = ("withdrawn", "again", "unknown", "missing")
    return {name: message_for_state(name, from_app=from_app, language=language) for name in names}


def message_for_state(state: str, *, from_app: bool = False, language: Language = IN_ENGLISH) -> Message:
    """Return what to say to the person whose form is in *state*: sent, or its submission's verdict."""
    return _message(200, f"state.{state}", from_app=from_app, language=language)


def spoken_moment(at: float, policy: FormPolicy | None, now: float, language: Language = IN_ENGLISH) -> str:
    """Return a moment as one says it to a visitor, in the form's timezone; see `Language.moment`."""
    return language.moment(at, policy.timezone if policy is not None else "UTC", now=now)


def _message(
    status: int,
    name: str,
    *,
    from_app: bool,
    language: Language,
    when: str | None = None,
    wait: str | None = None,
) -> Message:
    title, remedy = _key(f"{name}.title", from_app), _key(f"{name}.remedy", from_app)
    if when is not None and f"{remedy}_at" in SENTENCES:
        remedy += "_at"
    if wait is not None and f"{remedy}_in" in SENTENCES:
        remedy += "_in"
    said = language.say(remedy, when=when, wait=wait)
    return Message(status=status, title=language.say(title), remedy=said)


def _key(key: str, from_app: bool) -> str:
    return f"app.{key}" if from_app and f"app.{key}" in SENTENCES else key


def _moment_of(refusal: Refuse, policy: FormPolicy | None) -> float | None:
    if refusal.at is not None or policy is None:
        return refusal.at
    if refusal.reason is Reason.NOT_YET_OPEN:
        return policy.opens_at
    return policy.closes_at if refusal.reason is Reason.CLOSED else None


def _spoken_wait(seconds: float, language: Language) -> str:
    whole = max(1, math.ceil(seconds))
    if whole < 90:
        return language.count("wait.seconds", whole)
    return language.count("wait.minutes", math.ceil(whole / 60))
