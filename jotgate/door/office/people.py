"""People and their codes: found, filtered, sorted, a page at a time; and everything about one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from jotgate.config.languages import languages_of
from jotgate.door.office import history, words
from jotgate.door.office.desk import Desk
from jotgate.door.office.speaking import code
from jotgate.phrases import phrase, phrases
from jotgate.policy import FormPolicy
from jotgate.protocols import Grant, SubmissionFilter, SubmissionRecord
from jotgate.protocols.people import (
    MOST_BATCHES,
    UNDO_SECONDS,
    CodeSearch,
    CodeState,
    ListedCode,
    ListPlace,
    Order,
)
from jotgate.signed.tokens import can_be_stored
from jotgate.speaking import language
from jotgate.stores.forgetting import is_tombstone

_MAX_ASKED_CHARS = 200
_DIGITS = 32
#: Enough to tell a million codes apart, too little to find a code by.
_SHOWN_DIGITS = 12
#: What a list is narrowed by, and then sorted by; the names of its fields.
FILTERS = ("q", "state", "batch")
_WISHES = (*FILTERS, "sort", "down")
_CHANGES: Mapping[str, Callable[[str], str]] = {
    "revoke": lambda when: phrase("You revoked codes {when}.", when=when),
    "window": lambda when: phrase("You changed when codes are valid {when}.", when=when),
    "name": lambda when: phrase("You changed a name or an address {when}.", when=when),
    "give_back": lambda when: phrase("You gave uses back {when}.", when=when),
    "reissue": lambda when: phrase("You gave new codes {when}.", when=when),
}
_SORTS: Mapping[Order, str] = {
    Order.NAME: phrase("Name"),
    # Translators: the number of a person, such as one of a student.
    Order.SUBJECT: phrase("Number"),
    # Translators: when a code was made.
    Order.CREATED: phrase("Made"),
}


def listing(desk: Desk, form: str) -> Response:
    """Show a page of codes: those that a search finds, of one batch, in one state."""
    policy, wishes = desk.policy(form), {name: desk.query(name) for name in _WISHES}
    which, order = search_of(desk, form, desk.query), _order(wishes["sort"])
    page = desk.parts.people.page(
        which,
        order=order,
        descending=bool(wishes["down"]),
        after=_place(desk.query("after"), order),
        before=_place(desk.query("before"), order),
    )
    kept = {name: value for name, value in wishes.items() if value}

    def address(**changes: str) -> str:
        asked = {name: value for name, value in (kept | changes).items() if value}
        return desk.url(f"/f/{form}/people{'?' if asked else ''}{urlencode(asked)}")

    context = {
        "rows": [_row(desk, policy, one) for one in page.codes],
        "count": page.count,
        "wishes": wishes,
        "filters": {name: kept[name] for name in FILTERS if name in kept},
        **batches_to_choose(desk, form),
        "states": _choices(page.tally, address),
        "sorts": [_sort(one, order, bool(wishes["down"]), address) for one in _SORTS],
        "earlier": address(before=_spelled(page.earlier)) if page.earlier else None,
        "later": address(after=_spelled(page.later)) if page.later else None,
        "everything": address(q="", state="", batch=""),
        "limited": desk.operator.batches,
        **_undoable(desk, form),
    }
    return desk.page("people", context, form=form, section="people")


def person(desk: Desk, form: str, code_id: str) -> Response:
    """Show everything about one code and its person.

    Raises:
        NotFound: the operator sees no such code here.
    """
    return person_page(desk, form, opened(desk, form, code_id))


def opened(desk: Desk, form: str, code_id: str) -> ListedCode:
    """Return the code of that id, if the operator may see it.

    Raises:
        NotFound: there is none.
    """
    fingerprint = fingerprint_of(code_id)
    found = fingerprint and desk.parts.people.code(form, fingerprint, batches=desk.operator.batches)
    if not found:
        raise NotFound(
            phrase("This code is not here. It may have been replaced by another: look for the person.")
        )
    return found


def person_page(
    desk: Desk, form: str, listed: ListedCode, *, problem: str = "", status: int = 200
) -> Response:
    """Return the page about one code and its person; *problem* says why nothing was changed."""
    policy, grant = desk.policy(form), listed.grant
    sent = _submissions(desk, form, grant)
    others = [one for one in _others(desk, form, grant) if one.fingerprint != grant.fingerprint]
    context = {
        "row": _row(desk, policy, listed),
        "grant": grant,
        "summary": list(_in_words(desk, policy, listed, sent)),
        "facts": list(_facts(desk, policy, listed)),
        "others": [(one.fingerprint.hex(), _spoken(desk, policy, one.created_at)) for one in others],
        "submissions": [
            (one.submission_id, words.verdict(one.verdict), _spoken(desk, policy, one.created_at))
            for one in sent
        ],
        "told": history.of_person(
            desk, form, subject=grant.subject, code=grant.fingerprint.hex()[:6] if not grant.subject else None
        ),
        "valid_from": local_moment(grant.valid_from, policy),
        "valid_until": local_moment(grant.valid_until, policy),
        "zone": policy.timezone,
        "can_give_back": grant.revoked_at is None
        and (grant.used > 0 or (grant.uses == 1 and listed.state is CodeState.OPENED)),
        "problem": problem,
        "spoken": _spoken_languages(desk, policy, grant.language),
        "undo": undo_of(desk, form),
        "only_reissues": desk.operator.batches is not None,
    }
    return desk.page("person", context, form=form, section="people", status=status)


def batches_to_choose(desk: Desk, form: str) -> dict[str, object]:
    """Return the batches that the operator may choose from, and whether these are all."""
    batches = desk.parts.people.batches(form, batches=desk.operator.batches)
    return {"batches": batches, "all_batches": len(batches) < MOST_BATCHES}


def search_of(desk: Desk, form: str, value: Callable[[str], str]) -> CodeSearch:
    """Return which codes the fields of a list mean, and the operator may see."""
    state, batch = value("state"), value("batch")
    return desk.parts.people.search(
        form,
        value("q")[:_MAX_ASKED_CHARS],
        batches=desk.operator.batches,
        batch=batch if batch and can_be_stored(batch) else None,
        state=CodeState(state) if state in {one.value for one in CodeState} else None,
    )


def undo_of(desk: Desk, form: str) -> str | None:
    """Return the change that the page before made, if it can be undone by this operator."""
    change_id = desk.query("changed")
    change = desk.parts.people.change(change_id) if change_id and can_be_stored(change_id) else None
    if change is None or change.form != form or change.undone_at is not None or not desk.operator.may_change:
        return None
    return change_id if may_undo(desk, change.actor) and desk.now < change.at + UNDO_SECONDS else None


def _undoable(desk: Desk, form: str) -> dict[str, str | None]:
    """Return what the list offers to undo: what was changed just now, or else the operator's last change."""
    undo = undo_of(desk, form)
    last = None if undo else desk.parts.people.last_change(form, actor=desk.actor)
    if last is None or not desk.operator.may_change:
        return {"undo": undo}
    at = _spoken(desk, desk.policy(form), last.at)
    return {"undo": last.change_id, "undo_words": _CHANGES[last.what](at)}


def may_undo(desk: Desk, actor: str) -> bool:
    """Say whether the operator may go back on what *actor* did: who looks after a part of a form, on their own only."""
    return desk.operator.batches is None or actor == desk.actor


def fingerprint_of(code_id: str) -> bytes | None:
    """Return the fingerprint that a code's id spells."""
    if len(code_id) != _DIGITS or code_id.strip("0123456789abcdef"):
        return None
    return bytes.fromhex(code_id)


def name_of(grant: Grant) -> str:
    """Return what a person is called; of a code for nobody in particular, its note or its id."""
    if is_tombstone(grant.subject):
        return phrase("a forgotten person")
    return grant.label or grant.subject or phrase("code {id}", id=grant.fingerprint.hex()[:_SHOWN_DIGITS])


def local_moment(at: float | None, policy: FormPolicy) -> str:
    """Return a moment as a field has it, by the clocks of the form's timezone."""
    zone = history.zone_of(policy)
    return "" if at is None else datetime.fromtimestamp(at, zone).strftime("%Y-%m-%dT%H:%M")


def _spoken(desk: Desk, policy: FormPolicy, at: float | None) -> str:
    return "" if at is None else desk.moment(at, policy)


def _order(name: str) -> Order:
    return Order(name) if name in {one.value for one in Order} else Order.NAME


def _spelled(place: ListPlace) -> str:
    return f"{place.fingerprint.hex()}{place.value}"


def _place(text: str, order: Order) -> ListPlace | None:
    """Return where a page begins; None, for the first page, where it cannot be read."""
    fingerprint, value = fingerprint_of(text[:_DIGITS]), text[_DIGITS:]
    if fingerprint is None or not can_be_stored(value):
        return None
    if order is not Order.CREATED:
        return ListPlace(value, fingerprint)
    try:
        return ListPlace(float(value), fingerprint)
    except ValueError:
        return None


def _choices(tally: Mapping[CodeState, int], address: Callable[..., str]) -> list[tuple[str, str, str, int]]:
    """Return the states to choose from: name, what it is called, its address, and how many there are."""
    each = [
        (state.value, label, address(state=state.value), tally.get(state, 0))
        for state, (label, _) in words.CODE_STATES.items()
        if tally.get(state)
    ]
    return [("", phrase("All codes"), address(state=""), sum(tally.values())), *each]


def _sort(one: Order, order: Order, is_down: bool, address: Callable[..., str]) -> tuple[str, str, str]:
    """Return a heading: what it says, where it leads, and how the list is sorted by it now."""
    now = ("descending" if is_down else "ascending") if one is order else ""
    down = "1" if one is order and not is_down else ""
    return _SORTS[one], address(sort="" if one is Order.NAME else one.value, down=down), now


def _row(desk: Desk, policy: FormPolicy, listed: ListedCode) -> dict[str, Any]:
    grant, (state, tone) = listed.grant, words.CODE_STATES[listed.state]
    name = name_of(grant)
    return {
        "id": grant.fingerprint.hex(),
        "seen": f"{grant.fingerprint.hex()}.{grant.version}",
        "name": name,
        "subject": grant.subject if grant.subject != name and not is_tombstone(grant.subject) else "",
        "batch": grant.batch or "",
        "state": state,
        "tone": tone,
        "uses": phrase("{used} of {uses}", used=grant.used, uses=grant.uses) if grant.uses > 1 else "",
        "when": _when(desk, policy, listed),
        "made": _spoken(desk, policy, grant.created_at),
    }


def _when(desk: Desk, policy: FormPolicy, listed: ListedCode) -> str:
    grant = listed.grant
    if listed.state is CodeState.REVOKED:
        return _spoken(desk, policy, grant.revoked_at)
    if listed.state is CodeState.EXPIRED:
        return _spoken(desk, policy, grant.valid_until)
    if listed.state is CodeState.NOT_YET_VALID:
        return phrase("from {when}", when=_spoken(desk, policy, grant.valid_from))
    if listed.sent_at is not None:
        return phrase("sent {when}", when=_spoken(desk, policy, listed.sent_at))
    if listed.opened_at is not None:
        return phrase("opened {when}", when=_spoken(desk, policy, listed.opened_at))
    return ""


def _others(desk: Desk, form: str, grant: Grant) -> list[Grant]:
    if grant.subject is None or is_tombstone(grant.subject):
        return []
    return desk.parts.people.codes_of(form, grant.subject, batches=desk.operator.batches)


def _submissions(desk: Desk, form: str, grant: Grant) -> list[SubmissionRecord]:
    if grant.subject is None or is_tombstone(grant.subject):
        return []
    return list(desk.parts.store.submissions(SubmissionFilter(form=form, subject=grant.subject)))


def _in_words(
    desk: Desk, policy: FormPolicy, listed: ListedCode, sent: list[SubmissionRecord]
) -> Iterator[str]:
    """Tell how it stands in a few sentences, as one would on the telephone."""
    grant, name = listed.grant, name_of(listed.grant)
    counting = [one for one in sent if one.verdict.counts]
    if counting:
        at = _spoken(desk, policy, counting[0].created_at)
        yield phrase("{name} has sent the form {when}, and it counts.", name=name, when=at)
    elif sent:
        yield phrase(
            "Something came {when}, and it does not count: “{verdict}”.",
            when=_spoken(desk, policy, sent[0].created_at),
            verdict=words.verdict(sent[0].verdict),
        )
    elif listed.sent_at is not None and listed.state is CodeState.OPENED:
        yield phrase(
            "{name} pressed Send {when}. It is being confirmed; if that lasts longer than an hour, ask them to look.",
            name=name,
            when=_spoken(desk, policy, listed.sent_at),
        )
    elif listed.opened_at is not None:
        at = _spoken(desk, policy, listed.opened_at)
        yield phrase("{name} opened the form {when}, and has not sent it.", name=name, when=at)
    else:
        yield phrase("{name} has not opened the form yet.", name=name)
    yield _about_code(desk, policy, listed)
    if grant.moves:
        yield phrases(
            "It was moved to another browser {number} time.",
            "It was moved to another browser {number} times.",
            grant.moves,
        )


def _about_code(desk: Desk, policy: FormPolicy, listed: ListedCode) -> str:
    grant = listed.grant
    match listed.state:
        case CodeState.REVOKED:
            at = _spoken(desk, policy, grant.revoked_at)
            return phrase("The code was revoked {when} and opens nothing.", when=at)
        case CodeState.EXPIRED:
            at = _spoken(desk, policy, grant.valid_until)
            return phrase("The code ended {when}: extend it, and it opens the form again.", when=at)
        case CodeState.NOT_YET_VALID:
            at = _spoken(desk, policy, grant.valid_from)
            return phrase("The code opens the form from {when} on.", when=at)
        case CodeState.USED_UP:
            return phrase("The code is used: give a use back, and it opens the form once more.")
        case _:
            return phrases(
                "The code is good for sending the form {number} more time.",
                "The code is good for sending the form {number} more times.",
                grant.uses - grant.used,
            )


def _spoken_languages(desk: Desk, policy: FormPolicy, own: str | None) -> list[tuple[str, str]]:
    """Return the tags and names of the languages that somebody may have."""
    settings = desk.parts.settings
    tags = {*languages_of(settings, policy), *([own] if own in settings.known_languages and own else [])}
    named = [(tag, language(tag, settings.translations).say("language.name")) for tag in tags]
    return sorted(named, key=lambda one: one[1].casefold())


def _facts(desk: Desk, policy: FormPolicy, listed: ListedCode) -> list[tuple[str, str]]:
    grant, capital = listed.grant, desk.language.common.capital
    found = [
        (phrase("Number"), "" if is_tombstone(grant.subject) else grant.subject or ""),
        (phrase("E-mail"), grant.email or ""),
        (phrase("Language"), grant.language or ""),
        (phrase("Batch"), grant.batch or ""),
        # Translators: how often a code was used, such as “1 of 3”.
        (phrase("Uses"), phrase("{used} of {uses}", used=grant.used, uses=grant.uses)),
        (phrase("Valid from"), capital(_spoken(desk, policy, grant.valid_from))),
        (phrase("Valid until"), capital(_spoken(desk, policy, grant.valid_until))),
        (phrase("Code made"), capital(_spoken(desk, policy, grant.created_at))),
        (phrase("Code's id"), code(grant.fingerprint.hex()[:_SHOWN_DIGITS])),
    ]
    return [(name, value) for name, value in found if value]
