"""A form's door: a pause with a sentence for visitors, what the settings say, and its pages as visitors see them."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from jotgate.admission.pausing import MAX_WORDS_CHARS, words_for_visitors
from jotgate.clock import iso
from jotgate.door.office import words
from jotgate.door.office.desk import Desk
from jotgate.door.office.previewing import looks
from jotgate.door.office.speaking import code
from jotgate.errors import InputError
from jotgate.outcomes import Reason
from jotgate.phrases import Phrase, phrase, phrases
from jotgate.policy import FormPolicy
from jotgate.protocols import FormState

_SECTION = "form"
_CONFLICT, _UNPROCESSABLE = 409, 422
_CHANGED = phrase(
    "Nothing was changed. A colleague has paused or reopened the form since you opened this page: below is how it is"
    " now. Look, and decide again."
)


def show(desk: Desk, form: str) -> Response:
    """Show how the form's door stands, and what visitors see there."""
    return _page(desk, form)


def pause(desk: Desk, form: str) -> Response:
    """Let nobody in from now on, and tell visitors what the person wrote."""
    typed = desk.fields.get("words", "")
    try:
        said = words_for_visitors(typed)
    except InputError as error:
        return _page(desk, form, problem=desk.sentence(error.problems[0]), typed=typed, status=_UNPROCESSABLE)
    seen_at = _seen(desk.fields.get("seen", ""))
    if not _is_paused(desk, form, said) and desk.parts.store.pause_form(
        form, words=said, actor=desk.actor, now=desk.now, seen_at=seen_at
    ):
        paused = phrase("The form is paused. Visitors read your sentence from now on.")
    # Looked at once more: the first of two clicks may have paused it just now.
    elif _is_paused(desk, form, said):
        paused = phrase("The form is paused.")
    else:
        return _page(desk, form, problem=_CHANGED, typed=typed, status=_CONFLICT)
    return desk.redirect(f"/f/{form}/form", said=paused)


def _is_paused(desk: Desk, form: str, said: str | None) -> bool:
    """Say whether the form is paused in these words."""
    state = desk.parts.gate.state(form)
    return state is not None and state.paused_at is not None and state.paused_words == said


def reopen(desk: Desk, form: str) -> Response:
    """Let people in again."""
    seen_at = _seen(desk.fields.get("seen", ""))
    if not desk.parts.store.reopen_form(form, actor=desk.actor, now=desk.now, seen_at=seen_at):
        state = desk.parts.gate.state(form)
        if state is not None and state.paused_at is not None:
            return _page(desk, form, problem=_CHANGED, status=_CONFLICT)
    refusal = desk.parts.gate.doorway(form)
    if refusal is None:
        return desk.redirect(f"/f/{form}/form", said=phrase("The form is open again."))
    return desk.redirect(f"/f/{form}/form", said=phrase("The form is not paused any more."))


def _page(
    desk: Desk, form: str, *, problem: str = "", typed: str | None = None, status: int = 200
) -> Response:
    policy, state = desk.policy(form), desk.parts.gate.state(form)
    refusal = desk.parts.gate.doorway(form)
    paused_at = None if state is None else state.paused_at
    context = {
        "problem": problem,
        "is_open": refusal is None,
        "shut": "" if refusal is None or refusal.reason is Reason.PAUSED else words.refusal(refusal.reason),
        "state": state,
        "paused": "" if paused_at is None else desk.moment(paused_at, policy),
        "paused_by": words.actor((state.paused_by if state else None) or ""),
        "seen": repr(paused_at or 0.0),
        "typed": typed if typed is not None else ((state.paused_words if state else None) or ""),
        "max_words": MAX_WORDS_CHARS,
        "door_url": desk.door.door_path(desk.request, form),
        "settings": [(name, _shown(desk, value)) for name, value in _settings(policy, state)],
        "looks": [(name, look.label) for name, look in looks(desk, policy).items()],
    }
    return desk.page("doorway", context, form=form, section=_SECTION, status=status)


def _seen(text: str) -> float:
    """Return since when the form was paused as the page showed it; anything but a number was never shown."""
    try:
        return float(text)
    except ValueError:
        return -1.0


def _shown(desk: Desk, value: str) -> Markup:
    """Return what a setting says: in words, or as it is written."""
    return escape(desk.language.speak(value)) if isinstance(value, Phrase) else code(value)


def _settings(policy: FormPolicy, state: FormState | None) -> Iterator[tuple[str, str]]:
    """Iterate over the form's settings by their names, and what they say."""
    # Translators: What a list of names is that has none.
    none = phrase("none")
    yield "id", policy.form_id
    yield (
        "mode",
        phrase("report: nobody is refused, it is only counted") if policy.reports_only else "enforce",
    )
    yield "access", ", ".join(policy.access)
    yield "ticket_field", policy.ticket_field
    yield "page", policy.page or phrase("the door's own")
    yield "display", policy.display
    yield "opens_at", iso(policy.opens_at) or phrase("always open")
    yield "closes_at", iso(policy.closes_at) or phrase("never")
    yield "timezone", policy.timezone
    yield "capacity", _places(policy.capacity, state)
    yield "uses", phrase("as each code or app says") if policy.uses is None else str(policy.uses)
    yield "ticket_ttl", words.span(policy.ticket_ttl_seconds)
    yield (
        "pass_ttl",
        phrase("as long as the ticket")
        if policy.pass_ttl_seconds is None
        else words.span(policy.pass_ttl_seconds),
    )
    yield "locked_fields", ", ".join(policy.locked_fields) or none
    yield "lookup_fields", ", ".join(policy.lookup_fields) or none
    yield "show_fields", ", ".join(policy.show_fields) or none
    yield "tell_fields", ", ".join(policy.tell_fields) or none
    yield "protect", ", ".join(policy.protect) or phrase("no pages")
    yield "deleted", policy.deleted
    yield "keep", phrase("for good") if policy.keep_seconds is None else words.span(policy.keep_seconds)
    if policy.keep_seconds is not None:
        yield "after_keep", policy.after_keep


def _places(capacity: int | None, state: FormState | None) -> str:
    if capacity is None:
        return phrase("no limit")
    if state is None:
        return phrases("{number} place", "{number} places", capacity)
    return phrases(
        "{number} place, {taken} of them taken",
        "{number} places, {taken} of them taken",
        capacity,
        taken=state.settled,
    )
