"""What is decided about codes: of one person or of many at once, as they were seen, and undone for ten minutes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from jotgate.admission.people import Decision
from jotgate.classlist.addresses import address
from jotgate.config import rules
from jotgate.door.office import fresh
from jotgate.door.office.desk import Desk
from jotgate.door.office.history import zone_of
from jotgate.door.office.people import (
    FILTERS,
    local_moment,
    may_undo,
    name_of,
    person_page,
    search_of,
)
from jotgate.errors import InputError
from jotgate.phrases import phrase, phrases
from jotgate.policy import FormPolicy
from jotgate.protocols import Grant
from jotgate.protocols.people import (
    KEPT,
    MOST_CHANGED,
    CodeEdit,
    GivingBack,
    Kept,
    Left,
    Naming,
    Outcome,
    Revocation,
    Seen,
    Window,
)
from jotgate.signed.tokens import can_be_stored

REISSUE = "reissue"
#: So many new codes are shown on one page.
MAX_FRESH = 10_000
_ACTIONS = ("revoke", "window", "name", "give_back", REISSUE)
#: What is done to many at once; a name is one person's.
BULK = {
    REISSUE: phrase("Give new codes"),
    "window": phrase("Change when they are valid"),
    "give_back": phrase("Give a use back"),
    # Translators: a button that revokes codes.
    "revoke": phrase("Revoke"),
}
_CHANGE_ID = re.compile("[0-9a-f]{16}")
_SEEN = re.compile(r"([0-9a-f]{32})\.([0-9]{1,9})")
_NAMES_SHOWN = 5
_MAX_NOTE_CHARS = 200
_CONFLICT, _UNUSABLE = 409, 422
_DONE: Mapping[str, Callable[[int], str]] = {
    "revoke": lambda number: phrases("Revoked {number} code.", "Revoked {number} codes.", number),
    "window": lambda number: phrases(
        "Changed when {number} code opens the form.", "Changed when {number} codes open the form.", number
    ),
    "name": lambda _: phrase("Changed the name or the address."),
    "give_back": lambda number: phrases(
        "Gave a use back: {number} code.", "Gave a use back: {number} codes.", number
    ),
}
#: Why nothing was changed of a code.
_LEFT: Mapping[Left, str] = {
    Left.CHANGED: phrase("somebody has changed or replaced it since you looked"),
    Left.OPENED: phrase(
        "somebody has opened the form with it since, and undoing would take the form from them"
    ),
    Left.NOTHING: phrase("there was nothing to do"),
    Left.IMPOSSIBLE: phrase("it would end before it begins"),
}


def choose(desk: Desk, form: str) -> Response:
    """Show what is about to happen to the codes that were ticked, or to all that a list shows, and ask once.

    Raises:
        InputError: nothing was chosen, or not what to do.
    """
    action, policy = desk.fields.get("action", ""), desk.policy(form)
    if action not in BULK:
        raise InputError([phrase("Choose what to do.")])
    _look_at_rights(desk, action)
    is_all = desk.fields.get("which") == "all"
    seen = desk.parts.people.seen(search_of(desk, form, _field(desk))) if is_all else _ticked(desk)
    if not seen:
        raise InputError([phrase("Tick at least one code, or choose all that the list shows.")])
    most = MAX_FRESH if action == REISSUE else MOST_CHANGED
    if len(seen) > most:
        raise InputError(
            [phrase("More than {most} codes are too many at once. Go batch by batch.", most=most)]
        )
    context = {
        "action": action,
        # Translators: what is done to how many codes, such as “Revoke: 3 codes”.
        "what": phrase("{action}: {codes}", action=BULK[action], codes=_codes(len(seen))),
        "ticked": [] if is_all else desk.request.form.getlist("code"),
        "digest": _digest(seen) if is_all else "",
        "filters": {name: _field(desk)(name) for name in FILTERS},
        "zone": policy.timezone,
        "back": desk.url(_list_of(desk, form)),
    }
    return desk.page("choose", context, form=form, section="people")


def change(desk: Desk, form: str) -> Response:
    """Carry a decision out.

    Raises:
        InputError: it cannot be read.
    """
    action = desk.fields.get("action", "")
    if action not in _ACTIONS:
        raise InputError([phrase("Choose what to do.")])
    _look_at_rights(desk, action)
    seen = _meant(desk, form)
    decision = Decision(
        change_id=desk.change_id,
        form=form,
        actor=desk.actor,
        seen=seen,
        batches=None if desk.operator.batches is None else tuple(desk.operator.batches),
    )
    if action == REISSUE:
        return _reissue(desk, decision)
    outcome = desk.parts.people.decide(decision, _edit(desk, action, desk.policy(form), seen, form))
    back = _back(desk, form, seen)
    if outcome is None:
        return desk.redirect(back, said=phrase("That was done before, and undone. Load the page again."))
    if len(seen) == 1 and not outcome.done:
        return _conflict(desk, form, outcome)
    changed = {"changed": decision.change_id} if outcome.done else {}
    return desk.redirect(_with(back, changed), said=_told(desk, _DONE[action], outcome))


def undo(desk: Desk, form: str) -> Response:
    """Go back on a change.

    Raises:
        Forbidden: somebody else made it, and the operator looks after a part of the form only.
    """
    change_id = _undone_in(desk)
    made = desk.parts.people.change(change_id)
    if made is not None and (made.form != form or not may_undo(desk, made.actor)):
        raise Forbidden(phrase("Somebody else made this change."))
    outcome = desk.parts.people.undo(change_id, actor=desk.actor) if made is not None else None
    if outcome is None:
        now_is = desk.parts.people.change(change_id)
        is_undone = now_is is not None and now_is.undone_at is not None
        late = phrase("This can no longer be undone: ten minutes are over.")
        return desk.redirect(
            f"/f/{form}/people", said=phrase("This is undone already.") if is_undone else late
        )
    return desk.redirect(f"/f/{form}/people", said=_told(desk, _undone, outcome))


def _reissue(desk: Desk, decision: Decision) -> Response:
    reissued = desk.parts.people.reissue(decision, seed=desk.seed)
    if reissued is None:
        raise InputError(
            [phrase("These new codes were made before, and are not shown any more. Give new ones again.")]
        )
    outcome, issued = reissued
    if len(decision.seen) == 1 and not issued:
        return _conflict(desk, decision.form, outcome)
    return fresh.page(
        desk,
        decision.form,
        issued,
        change_id=decision.change_id,
        remarks=_left(desk, outcome),
    )


def _conflict(desk: Desk, form: str, outcome: Outcome) -> Response:
    why, grant = outcome.left[0]
    if grant is None:
        return desk.redirect(
            f"/f/{form}/people",
            said=phrase("Nothing was changed: somebody has replaced this code. Look for the person."),
        )
    listed = desk.parts.people.code(form, grant.fingerprint, batches=desk.operator.batches)
    if listed is None:
        raise Forbidden(phrase("This code is not among those that you look after."))
    if why is Left.CHANGED:
        problem = phrase(
            "Nothing was changed. Somebody changed this code since you opened the page: below is how it is now. Look,"
            " and decide again."
        )
    else:
        problem = phrase("Nothing was changed: {why}.", why=_LEFT[why])
    return person_page(desk, form, listed, problem=problem, status=_CONFLICT)


def _look_at_rights(desk: Desk, action: str) -> None:
    if desk.operator.batches is not None and action != REISSUE:
        raise Forbidden(phrase("You may give new codes to the people whom you look after, and nothing else."))


def _field(desk: Desk) -> Callable[[str], str]:
    return lambda name: desk.fields.get(name, "").strip()


def _ticked(desk: Desk) -> tuple[Seen, ...]:
    """Return the codes that were ticked, as the page showed them."""
    found = [_SEEN.fullmatch(text) for text in desk.request.form.getlist("code")]
    return tuple({one[1]: Seen(bytes.fromhex(one[1]), int(one[2])) for one in found if one}.values())


def _meant(desk: Desk, form: str) -> tuple[Seen, ...]:
    """Return the codes that a decision is about.

    Raises:
        InputError: there is none, or the list has changed since it was looked at.
    """
    digest = desk.fields.get("digest", "")
    which = search_of(desk, form, _field(desk))
    seen = desk.parts.people.seen(which) if digest else _ticked(desk)
    if digest and digest != _digest(seen):
        # By a second click, or since the first one was cut off in the midst of it.
        seen = desk.parts.people.seen_before(which, desk.change_id)
    if digest and digest != _digest(seen):
        raise InputError(
            [
                phrase(
                    "Nothing was changed: the list has changed since you looked. It has {codes} now. Go back and look.",
                    codes=_codes(len(seen)),
                )
            ]
        )
    if not seen:
        raise InputError([phrase("Nothing was changed: no code was chosen.")])
    return seen


def _digest(seen: tuple[Seen, ...]) -> str:
    """Return what stands for a list as it was seen."""
    digest = hashlib.sha256()
    for fingerprint, version in sorted(seen):
        digest.update(fingerprint + version.to_bytes(8, "big"))
    return digest.hexdigest()[:32]


def _undone_in(desk: Desk) -> str:
    """Return the name of the decision to go back on, as its page has it.

    Raises:
        InputError: there is none.
    """
    text = desk.fields.get("change_id", "")
    if not _CHANGE_ID.fullmatch(text):
        raise InputError([phrase("Nothing was changed: load the page again, and repeat what you did.")])
    return text


def _edit(desk: Desk, action: str, policy: FormPolicy, seen: tuple[Seen, ...], form: str) -> CodeEdit:
    field = _field(desk)
    note = field("note")[:_MAX_NOTE_CHARS] or None
    if note is not None and not (can_be_stored(note) and note.isprintable()):
        raise InputError([phrase("The reason has characters that cannot be kept.")])
    match action:
        case "revoke":
            return Revocation(note=note)
        case "give_back":
            return GivingBack(note=note)
        case "name":
            email = address(field("email"))
            if email is None:
                raise InputError([phrase("The e-mail address cannot be one. Correct it, or leave it empty.")])
            return Naming(
                label=field("label") or None, email=email or None, language=_language(desk, field("language"))
            )
    return _window(desk, policy, seen, form)


def _language(desk: Desk, tag: str) -> str | None:
    """Return the language that a person is given.

    Raises:
        InputError: there are no sentences in it.
    """
    if tag and tag not in desk.parts.settings.known_languages:
        raise InputError([phrase("There is no such language. Choose one of the list.")])
    return tag or None


def _window(desk: Desk, policy: FormPolicy, seen: tuple[Seen, ...], form: str) -> Window:
    """Return the new window; a moment that one code had already keeps its seconds."""
    one = desk.parts.people.code(form, seen[0].fingerprint) if len(seen) == 1 else None
    moments = {}
    for name in ("valid_from", "valid_until"):
        text, now = desk.fields.get(name, "").strip(), getattr(one.grant, name) if one else None
        keeps = text == local_moment(now, policy) if one else desk.fields.get(f"{name}_is") != "new"
        moments[name] = KEPT if keeps else moment_of(name, text, policy)
    if all(isinstance(moment, Kept) for moment in moments.values()) and one is None:
        raise InputError([phrase("Say when the codes begin or end.")])
    return Window(**moments)


def moment_of(name: str, text: str, policy: FormPolicy) -> float | None:
    """Return the moment in the field of that name, by the clocks of the form's timezone; None if it is empty.

    Raises:
        InputError: it is none.
    """
    if not text:
        return None
    try:
        return (rules.end if name == "valid_until" else rules.beginning)(text, zone_of(policy))
    except rules.ClocksChange:
        raise InputError(
            [
                phrase(
                    "Look at the date: the clocks of {zone} change in this hour. Take a time before or after it.",
                    zone=policy.timezone,
                )
            ]
        ) from None
    except ValueError as problem:
        raise InputError([phrase("Look at the date: {problem}.", problem=problem.args[0])]) from None


def _list_of(desk: Desk, form: str) -> str:
    kept = {name: value for name in FILTERS if (value := _field(desk)(name))}
    return _with(f"/f/{form}/people", kept)


def _back(desk: Desk, form: str, seen: tuple[Seen, ...]) -> str:
    return f"/f/{form}/people/{seen[0].fingerprint.hex()}" if len(seen) == 1 else _list_of(desk, form)


def _with(path: str, query: Mapping[str, Any]) -> str:
    return f"{path}{'&' if '?' in path else '?'}{urlencode(query)}" if query else path


def _codes(number: int) -> str:
    return phrases("{number} code", "{number} codes", number)


def _undone(number: int) -> str:
    return phrases("Undone: {number} code as before.", "Undone: {number} codes as before.", number)


def _told(desk: Desk, done: Callable[[int], str], outcome: Outcome) -> str:
    """Say what became of codes, as the operator reads it."""
    told = [done(len(outcome.done)), *_left(desk, outcome), *_lost(outcome)]
    return " ".join(map(desk.language.speak, told))


def _left(desk: Desk, outcome: Outcome) -> list[str]:
    """Say of which codes nothing was changed, and why."""
    sentences: list[str] = []
    for why, number in Counter(why for why, _ in outcome.left).items():
        grants = [grant for left, grant in outcome.left if left is why and grant is not None]
        if names := _named(desk, grants, number):
            sentences.append(
                phrases(
                    "{number} code left as it was: {why} ({names}).",
                    "{number} codes left as they were: {why} ({names}).",
                    number,
                    why=_LEFT[why],
                    names=names,
                )
            )
        else:
            sentences.append(
                phrases(
                    "{number} code left as it was: {why}.",
                    "{number} codes left as they were: {why}.",
                    number,
                    why=_LEFT[why],
                )
            )
    return sentences


def _named(desk: Desk, grants: list[Grant], number: int) -> str:
    names = [desk.language.speak(name_of(grant))[:40] for grant in grants[:_NAMES_SHOWN]]
    return ", ".join([*names, "…"] if names and number > len(names) else names)


def _lost(outcome: Outcome) -> list[str]:
    if not outcome.judged_meanwhile:
        return []
    return [
        phrases(
            "{number} submission came meanwhile and got the verdict “Revoked”: accept under Submissions what should"
            " count.",
            "{number} submissions came meanwhile and got the verdict “Revoked”: accept under Submissions what should"
            " count.",
            len(outcome.judged_meanwhile),
        )
    ]
