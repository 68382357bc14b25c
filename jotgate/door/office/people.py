"""People and their codes: found, filtered, sorted, a page at a time; and everything about one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from jotgate.door.messages import spoken_moment
from jotgate.door.office import history, words
from jotgate.door.office.desk import Desk
from jotgate.phrases import counted
from jotgate.policy import FormPolicy
from jotgate.protocols import Grant, SubmissionFilter, SubmissionRecord
from jotgate.protocols.people import UNDO_SECONDS, CodeSearch, CodeState, ListedCode, ListPlace, Order
from jotgate.signed.tokens import can_be_stored
from jotgate.stores.forgetting import is_tombstone

_MAX_ASKED_CHARS = 200
_DIGITS = 32
#: Enough to tell a million codes apart, too little to find a code by.
_SHOWN_DIGITS = 12
#: What a list is narrowed by, and then sorted by; the names of its fields.
FILTERS = ("q", "state", "batch")
_WISHES = (*FILTERS, "sort", "down")
_CHANGES = {
    "revoke": "You revoked codes",
    "window": "You changed when codes are valid",
    "name": "You changed a name or an address",
    "give_back": "You gave uses back",
    "reissue": "You gave new codes",
}
_SORTS: Mapping[Order, str] = {
    Order.NAME: "Name",
    Order.SUBJECT: "Number",
    Order.CREATED: "Made",
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
        "batches": desk.parts.people.batches(form, batches=desk.operator.batches),
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
        raise NotFound("This code is not here. It may have been replaced by another: look for the person.")
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
        "undo": undo_of(desk, form),
        "only_reissues": desk.operator.batches is not None,
    }
    return desk.page("person", context, form=form, section="people", status=status)


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
    return {"undo": last.change_id, "undo_words": f"{_CHANGES[last.what]} {at}."}


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
        return "a forgotten person"
    return grant.label or grant.subject or f"code {grant.fingerprint.hex()[:_SHOWN_DIGITS]}"


def local_moment(at: float | None, policy: FormPolicy) -> str:
    """Return a moment as a field has it, by the clocks of the form's timezone."""
    zone = history.zone_of(policy)
    return "" if at is None else datetime.fromtimestamp(at, zone).strftime("%Y-%m-%dT%H:%M")


def _spoken(desk: Desk, policy: FormPolicy, at: float | None) -> str:
    return "" if at is None else spoken_moment(at, policy, desk.now)


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
    return [("", "All", address(state=""), sum(tally.values())), *each]


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
        "uses": f"{grant.used:,} of {grant.uses:,}" if grant.uses > 1 else "",
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
        return f"from {_spoken(desk, policy, grant.valid_from)}"
    if listed.sent_at is not None:
        return f"sent {_spoken(desk, policy, listed.sent_at)}"
    return f"opened {_spoken(desk, policy, listed.opened_at)}" if listed.opened_at is not None else ""


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
        yield f"{name} has sent the form {_spoken(desk, policy, counting[0].created_at)}, and it counts."
    elif sent:
        verdict = words.verdict(sent[0].verdict)
        yield f"Something came {_spoken(desk, policy, sent[0].created_at)}, and it does not count: “{verdict}”."
    elif listed.sent_at is not None and listed.state is CodeState.OPENED:
        at = _spoken(desk, policy, listed.sent_at)
        yield f"{name} pressed Send {at}. It is being confirmed; if that lasts longer than an hour, ask them to look."
    elif listed.opened_at is not None:
        yield f"{name} opened the form {_spoken(desk, policy, listed.opened_at)}, and has not sent it."
    else:
        yield f"{name} has not opened the form yet."
    yield _about_code(desk, policy, listed)
    if grant.moves:
        yield f"It was moved to another browser {counted(grant.moves, 'time')}."


def _about_code(desk: Desk, policy: FormPolicy, listed: ListedCode) -> str:
    grant = listed.grant
    match listed.state:
        case CodeState.REVOKED:
            return f"The code was revoked {_spoken(desk, policy, grant.revoked_at)} and opens nothing."
        case CodeState.EXPIRED:
            return f"The code ended {_spoken(desk, policy, grant.valid_until)}: extend it, and it opens the form again."
        case CodeState.NOT_YET_VALID:
            return f"The code opens the form from {_spoken(desk, policy, grant.valid_from)} on."
        case CodeState.USED_UP:
            return "The code is used: give a use back, and it opens the form once more."
        case _:
            left = counted(grant.uses - grant.used, "more time", "more times")
            return f"The code is good for sending the form {left}."


def _facts(desk: Desk, policy: FormPolicy, listed: ListedCode) -> list[tuple[str, str]]:
    grant = listed.grant
    found = [
        ("Number", "" if is_tombstone(grant.subject) else grant.subject or ""),
        ("E-mail", grant.email or ""),
        ("Batch", grant.batch or ""),
        ("Used", f"{grant.used:,} of {grant.uses:,}"),
        ("Valid from", _spoken(desk, policy, grant.valid_from)),
        ("Valid until", _spoken(desk, policy, grant.valid_until)),
        ("Code made", _spoken(desk, policy, grant.created_at)),
        ("Code's id", grant.fingerprint.hex()[:_SHOWN_DIGITS]),
    ]
    return [(name, value) for name, value in found if value]
