"""Whether all is well: what runs late, and, on a button, everything that has to be set up here and at JotForm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from markupsafe import Markup, escape
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from jotgate.checkup import site
from jotgate.checkup.examination import calls_of, examine, examine_form
from jotgate.checkup.findings import Finding, Level
from jotgate.checkup.forms import CALLS_EACH
from jotgate.checkup.lateness import Lateness, look_for_lateness
from jotgate.door.office import history
from jotgate.door.office.desk import Desk
from jotgate.door.office.speaking import code
from jotgate.errors import StoreUnavailable
from jotgate.frozen import frozen
from jotgate.phrases import phrase, phrases

#: What of a checkup's choices is not a form's name; names of forms hold no such sign.
EVERYTHING = "*"
_TONES = {Level.FAIL: "bad", Level.WARN: "wait", Level.OK: "good"}
_WORDS = {
    Level.FAIL: phrase("Mend this"),
    Level.WARN: phrase("Could be better"),
    Level.OK: phrase("In order"),
}
#: What ends a sentence.
_ENDS = (".", "?", "!", "؟")
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
        "verdict": phrases("{number} fault found.", "{number} faults found.", faults)
        if faults
        else phrase("No fault found."),
    }
    return desk.page("health", context, section="health")


def _examined(desk: Desk, wish: str) -> Iterator[Finding]:
    parts = desk.parts
    if wish == EVERYTHING:
        return examine(parts, door_headers=desk.door.headers)
    if wish in desk.policies:
        return examine_form(parts, desk.policies[wish])
    raise BadRequest(phrase("Choose what to look at."))


def _now(desk: Desk) -> dict[str, Any]:
    """Return what the page shows before anything was looked at closely."""
    try:
        lateness = look_for_lateness(desk.parts)
    except StoreUnavailable as problem:
        fault = Finding(level=Level.FAIL, topic=site.STORE, words=site.down(problem))
        return {"late": [_tell(desk, fault)], "forms_now": [], "usage": None, "choices": []}
    policy = history.common_policy(desk)
    return {
        "late": [_tell(desk, one) for one in lateness.late],
        "forms_now": list(_forms(desk, lateness)),
        "usage": lateness.usage,
        "resets_at": desk.moment(lateness.resets_at, policy),
        "pending_since": None
        if lateness.oldest_pending is None
        else desk.moment(lateness.oldest_pending, policy),
        "choices": list(_choices(desk)),
        "found": None,
    }


def _choices(desk: Desk) -> Iterator[tuple[str, str]]:
    """Iterate over what can be looked at, with what it costs."""
    yield (
        EVERYTHING,
        phrases(
            "Everything (up to {number} call)", "Everything (up to {number} calls)", calls_of(desk.parts)
        ),
    )
    for form, policy in desk.policies.items():
        yield (
            form,
            phrases(
                "{form} (up to {number} call)", "{form} (up to {number} calls)", CALLS_EACH, form=policy.title
            ),
        )


def _forms(desk: Desk, lateness: Lateness) -> Iterator[dict[str, str | None]]:
    """Iterate over the forms: when each was read, and when it is read next."""
    for state in lateness.states:
        policy = desk.parts.settings.policies.get(state.form)
        if policy is None:
            continue
        next_at = lateness.next_at[state.form]
        yield {
            "title": policy.title,
            "read": _moment(desk, state.form, state.read_at) or phrase("not yet"),
            "next": phrase("now") if next_at <= lateness.now else _moment(desk, state.form, next_at) or "",
            "field": state.ticket_name,
        }


def _moment(desk: Desk, form: str, at: float | None) -> str | None:
    return None if at is None else desk.moment(at, desk.parts.settings.policies[form])


def _tell(desk: Desk, finding: Finding) -> _Told:
    policy = desk.parts.settings.policies.get(finding.form or "")
    speak, capital = desk.language.speak, desk.language.common.capital
    about = capital(speak(finding.topic))
    if policy is not None:
        # Translators: the title of a form, and what of it was looked at.
        about = speak(phrase("{form}: {topic}", form=policy.title, topic=finding.topic))
    return _Told(
        tone=_TONES[finding.level],
        level=_WORDS[finding.level],
        about=about,
        words=in_code(_sentence(desk, finding)),
        steps=tuple(in_code(speak(step)) for step in finding.steps),
    )


def _sentence(desk: Desk, finding: Finding) -> str:
    """Return what was found as a whole sentence; the name of a form stays as it is spelled."""
    words = desk.language.speak(finding.words)
    if finding.form is None or not words.startswith(finding.form):
        words = desk.language.common.capital(words)
    return words if words.endswith(_ENDS) else f"{words}."


def in_code(text: str) -> Markup:
    """Return *text* as HTML, with what stands between back quotes as code."""
    parts: Iterable[str] = text.split("`")
    return Markup("").join(code(part) if number % 2 else escape(part) for number, part in enumerate(parts))
