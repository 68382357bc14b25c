"""Whether all is well: what runs late, and, on a button, everything that has to be set up here and at JotForm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from markupsafe import Markup, escape
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from jotgate.checkup.examination import calls_of, examine, examine_form
from jotgate.checkup.findings import Finding, Level
from jotgate.checkup.forms import CALLS_EACH
from jotgate.checkup.lateness import Lateness, look_for_lateness
from jotgate.door.messages import spoken_moment
from jotgate.door.office import history
from jotgate.door.office.desk import Desk
from jotgate.errors import StoreUnavailable
from jotgate.frozen import frozen
from jotgate.phrases import counted

#: What of a checkup's choices is not a form's name; names of forms hold no such sign.
EVERYTHING = "*"
_TONES = {Level.FAIL: "bad", Level.WARN: "wait", Level.OK: "good"}
_WORDS = {Level.FAIL: "Mend this", Level.WARN: "Could be better", Level.OK: "In order"}
_ORDER = (Level.FAIL, Level.WARN, Level.OK)


@frozen
class _Told:
    """A finding, ready for a page."""

    tone: str
    level: str
    #: What was looked at: a topic, and the title of the form if it is about one.
    about: str
    words: Markup
    steps: Sequence[Markup]


def overview(desk: Desk) -> Response:
    """Show what runs late, without a call to JotForm, and offer to look at everything."""
    return desk.page("health", _now(desk), section="health")


def checkup(desk: Desk) -> Response:
    """Look at what was chosen, and show what was found.

    Raises:
        BadRequest: there is no such choice.
    """
    wish = desk.fields.get("what", "")
    found = list(_examined(desk, wish))
    faults = sum(one.level is Level.FAIL for one in found)
    context = {
        **_now(desk),
        "found": [_tell(desk, one) for level in _ORDER for one in found if one.level is level],
        "chosen": wish,
        "verdict": f"{counted(faults, 'fault')} found." if faults else "No fault found.",
    }
    return desk.page("health", context, section="health")


def _examined(desk: Desk, wish: str) -> Iterator[Finding]:
    parts = desk.parts
    if wish == EVERYTHING:
        return examine(parts, door_headers=desk.door.headers)
    if wish in desk.policies:
        return examine_form(parts, desk.policies[wish])
    raise BadRequest("Choose what to look at.")


def _now(desk: Desk) -> dict[str, Any]:
    """Return what the page shows before anything was looked at closely."""
    try:
        lateness = look_for_lateness(desk.parts)
    except StoreUnavailable as problem:
        words = f"{problem}: nobody is let in until it answers"
        down = Finding(level=Level.FAIL, topic="store", words=words)
        return {"late": [_tell(desk, down)], "forms_now": [], "usage": None, "choices": []}
    policy = history.common_policy(desk)
    return {
        "late": [_tell(desk, one) for one in lateness.late],
        "forms_now": list(_forms(desk, lateness)),
        "usage": lateness.usage,
        "resets_at": spoken_moment(lateness.resets_at, policy, desk.now),
        "pending_since": None
        if lateness.oldest_pending is None
        else spoken_moment(lateness.oldest_pending, policy, desk.now),
        "choices": list(_choices(desk)),
        "found": None,
    }


def _choices(desk: Desk) -> Iterator[tuple[str, str]]:
    """Iterate over what can be looked at, with what it costs."""
    yield EVERYTHING, f"Everything ({_cost(calls_of(desk.parts))})"
    for form, policy in desk.policies.items():
        yield form, f"{policy.title} ({_cost(CALLS_EACH)})"


def _cost(calls: int) -> str:
    return f"up to {counted(calls, 'call')}"


def _forms(desk: Desk, lateness: Lateness) -> Iterator[dict[str, str]]:
    """Iterate over the forms: when each was read, and when it is read next."""
    for state in lateness.states:
        policy = desk.parts.settings.policies.get(state.form)
        if policy is None:
            continue
        next_at = lateness.next_at[state.form]
        yield {
            "title": policy.title,
            "read": _moment(desk, state.form, state.read_at) or "not yet",
            "next": "now" if next_at <= lateness.now else _moment(desk, state.form, next_at) or "",
            "field": state.ticket_name or "not found yet",
        }


def _moment(desk: Desk, form: str, at: float | None) -> str | None:
    return None if at is None else spoken_moment(at, desk.parts.settings.policies[form], desk.now)


def _tell(desk: Desk, finding: Finding) -> _Told:
    policy = desk.parts.settings.policies.get(finding.form or "")
    about = finding.topic.capitalize()
    return _Told(
        tone=_TONES[finding.level],
        level=_WORDS[finding.level],
        about=about if policy is None else f"{policy.title}: {finding.topic}",
        words=in_code(_sentence(finding)),
        steps=tuple(in_code(step) for step in finding.steps),
    )


def _sentence(finding: Finding) -> str:
    """Return what was found as a whole sentence; the name of a form stays as it is spelled."""
    words = finding.words
    if finding.form is None or not words.startswith(finding.form):
        words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "?", "!")) else f"{words}."


def in_code(text: str) -> Markup:
    """Return *text* as HTML, with what stands between back quotes as code."""
    parts: Iterable[str] = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )
