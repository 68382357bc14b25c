"""What an operator changes of codes: checked against what was seen, in the ledger, and undone within ten minutes.

One decision is one `Change`, carried out some codes at a time. What a code was before is kept until the change can no
longer be undone; nothing is undone of a code that somebody changed since.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from jotgate.clock import iso
from jotgate.policy import CLOSING_GRACE_SECONDS
from jotgate.protocols import Grant
from jotgate.protocols.grants import listed_as
from jotgate.protocols.people import (
    KEPT,
    UNDO_SECONDS,
    Change,
    CodeEdit,
    GivingBack,
    Kept,
    Left,
    Naming,
    Outcome,
    Replacing,
    Revocation,
    Seen,
    Window,
)
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.grants import entry_of
from jotgate.stores.verbs import Verbs, entry_values, from_row, tried_twice

#: Codes that one transaction changes.
_CHUNK = 500
_WRITING_SECONDS = 30.0
#: What of a code a change can be undone in; its columns.
_RESTORED = (
    *("revoked_at", "used", "given_back", "valid_from", "valid_until"),
    *("label", "email", "language", "listed_as"),
)


class _Ticket(NamedTuple):
    """A ticket under way, as the transaction sees it."""

    fingerprint: bytes
    ticket_id: bytes
    state: str
    expires_at: float


class _Step(NamedTuple):
    """What a change does to one code."""

    grant: Grant
    #: As the code is afterwards, the version apart.
    after: Grant
    #: Whether its tickets and passes end.
    ends: bool
    event: str
    note: str | None


class ChangingVerbs(Verbs):
    """The part of the store for changing codes that people have."""

    @tried_twice
    def begin_change(self, change: Change) -> bool:
        """Note that the change begins; say whether nobody has begun it before, as a second click would."""
        with self._write(_WRITING_SECONDS) as tx:
            before = change.at - UNDO_SECONDS
            tx.run("remove_old_changed_codes", before=before)
            tx.run("remove_old_changes", before=before)
            values = {name: getattr(change, name) for name in ("change_id", "form", "what", "actor", "at")}
            return bool(tx.run("begin_change", **values))

    @tried_twice
    def change(self, change_id: str) -> Change | None:
        """Return the change of that id, as long as it is remembered."""
        with self._read() as tx:
            row = tx.one("read_change", change_id=change_id)
        return None if row is None else from_row(Change, row)

    @tried_twice
    def seen_before(self, change_id: str) -> dict[bytes, Seen]:
        """Return what a change has changed by now, as it was seen before, by the fingerprints since."""
        with self._read(_WRITING_SECONDS) as tx:
            rows = tx.all("codes_changed_by", change_id=change_id)
        found = {}
        for fingerprint, version, before in rows:
            former = json.loads(before).get("fingerprint")
            seen = bytes(fingerprint) if former is None else bytes.fromhex(former)
            found[bytes(fingerprint)] = Seen(seen, version - 1)
        return found

    @tried_twice
    def last_change(self, form: str, *, actor: str, now: float) -> Change | None:
        """Return the last change of the form's codes by *actor* that can be undone."""
        with self._read() as tx:
            row = tx.one("last_change", form=form, actor=actor, since=now - UNDO_SECONDS)
        return None if row is None else from_row(Change, row)

    def change_codes(
        self, change: Change, seen: Sequence[Seen], edit: CodeEdit, *, batches: Sequence[str] | None = None
    ) -> Outcome:
        """Do *edit* to each code that is as it was *seen*, some hundred in one transaction.

        The same change again does what it has not done yet, and counts as done what it has. Codes of another form, and
        of other *batches* than the operator may see, are left like those that are gone.
        """
        outcome = Outcome()
        for at in range(0, len(seen), _CHUNK):
            outcome += self._change_some(change, seen[at : at + _CHUNK], edit, batches)
        return outcome

    @tried_twice
    def _change_some(
        self, change: Change, seen: Sequence[Seen], edit: CodeEdit, batches: Sequence[str] | None
    ) -> Outcome:
        def mine(grants: Iterable[Grant]) -> dict[bytes, Grant]:
            return {
                one.fingerprint: one
                for one in grants
                if one.form == change.form and one.app is None and (batches is None or one.batch in batches)
            }

        with self._write(_WRITING_SECONDS) as tx:
            begun = tx.one("read_change_for_change", change_id=change.change_id)
            if begun is not None and begun[0] is not None:
                # Somebody goes back on it while it goes on.
                return Outcome(left=[(Left.CHANGED, None)] * len(seen))
            fingerprints = sorted({one.fingerprint for one in seen})
            grants = mine(_grants(tx, fingerprints))
            tickets = _tickets(tx, fingerprints)
            before = mine(_done_before(tx, change, seen, edit, grants))
            steps: list[_Step] = []
            left: list[tuple[Left, Grant | None]] = []
            for one in seen:
                grant = grants.pop(one.fingerprint, None)
                if _after(edit, one.fingerprint) in before:
                    continue
                if grant is None or grant.version != one.version:
                    left.append((Left.CHANGED, grant))
                    continue
                step = _PLANS[type(edit)](grant, edit, change.at, bool(tickets.get(grant.fingerprint)))
                if isinstance(step, Left):
                    left.append((step, grant))
                else:
                    steps.append(step)
            _carry_out(tx, change, steps, tickets, edit)
            done = [*before.values(), *(_next(step.after) for step in steps)]
        return Outcome(done=done, left=left)

    def undo_change(self, change_id: str, *, now: float, actor: str) -> Outcome | None:
        """Make the codes of a change what they were before; None: it is unknown, or can no longer be undone.

        Passes that ended stay ended: their people enter the code once more, and go on with the ticket that they had.
        """
        change = self._begin_undoing(change_id, now)
        if change is None:
            return None
        outcome = Outcome()
        while (some := self._undo_some(change, now=now, actor=actor)) is not None:
            outcome += some
        return outcome

    @tried_twice
    def _begin_undoing(self, change_id: str, now: float) -> Change | None:
        with self._write(_WRITING_SECONDS) as tx:
            if not tx.one("changed_codes", change_id=change_id, rows=1):
                return None
            if not tx.run("begin_undoing", change_id=change_id, now=now, not_before=now - UNDO_SECONDS):
                return None
            row = tx.one("read_change", change_id=change_id)
        return None if row is None else from_row(Change, row)

    @tried_twice
    def _undo_some(self, change: Change, *, now: float, actor: str) -> Outcome | None:
        with self._write(_WRITING_SECONDS) as tx:
            rows = tx.all("changed_codes", change_id=change.change_id, rows=_CHUNK)
            if not rows:
                return None
            grants = {one.fingerprint: one for one in _grants(tx, [bytes(row[0]) for row in rows])}
            done: list[Grant] = []
            left: list[tuple[Left, Grant | None]] = []
            judged: list[str] = []
            for fingerprint, version, before in rows:
                grant = grants.get(bytes(fingerprint))
                if grant is None or grant.version != version:
                    left.append((Left.CHANGED, grant))
                elif _is_opened_since(tx, change, grant):
                    left.append((Left.OPENED, grant))
                else:
                    restored, submissions = _restore(tx, grant, json.loads(before), now)
                    done.append(restored)
                    judged += submissions
            entries = [entry_of("code.restored", one, now, actor, f"from {change.what}") for one in done]
            _many(tx, "add_entry", [entry_values(entry) for entry in entries])
            forgotten = [{"change_id": change.change_id, "fingerprint": bytes(row[0])} for row in rows]
            _many(tx, "forget_changed_code", forgotten)
        return Outcome(done=done, left=left, judged_meanwhile=judged)


def _grants(tx: Transaction, fingerprints: Sequence[bytes]) -> list[Grant]:
    return [from_row(Grant, row) for row in tx.each("grants_to_change", fingerprints)]


def _done_before(
    tx: Transaction, change: Change, seen: Sequence[Seen], edit: CodeEdit, grants: Mapping[bytes, Grant]
) -> list[Grant]:
    """Return the codes that this very change has changed before: by a first click, or by a process that died."""
    versions = {fingerprint: grant.version for fingerprint, grant in grants.items()}
    other = {_after(edit, one.fingerprint) for one in seen if versions.get(one.fingerprint) != one.version}
    changed = tx.each("changed_by", sorted(other), change_id=change.change_id) if other else []
    return _grants(tx, sorted(bytes(row[0]) for row in changed)) if changed else []


def _after(edit: CodeEdit, fingerprint: bytes) -> bytes:
    """Return the fingerprint that a code has once it is changed."""
    return edit.fresh[fingerprint] if isinstance(edit, Replacing) else fingerprint


def _tickets(tx: Transaction, fingerprints: Sequence[bytes]) -> dict[bytes, list[_Ticket]]:
    found: dict[bytes, list[_Ticket]] = {}
    for fingerprint, ticket_id, state, expires_at in tx.each("tickets_to_change", fingerprints):
        ticket = _Ticket(bytes(fingerprint), bytes(ticket_id), state, expires_at)
        found.setdefault(ticket.fingerprint, []).append(ticket)
    return found


def _many(tx: Transaction, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        tx.many(name, rows)


def _next(grant: Grant) -> Grant:
    return replace(grant, version=grant.version + 1)


def _revocation(grant: Grant, edit: Revocation, now: float, is_under_way: bool) -> _Step | Left:
    if grant.revoked_at is not None:
        return Left.NOTHING
    return _Step(grant, replace(grant, revoked_at=now), True, "code.revoked", edit.note)


def _window(grant: Grant, edit: Window, now: float, is_under_way: bool) -> _Step | Left:
    begins = grant.valid_from if edit.valid_from is KEPT else edit.valid_from
    ends = grant.valid_until if edit.valid_until is KEPT else edit.valid_until
    if (begins, ends) == (grant.valid_from, grant.valid_until):
        return Left.NOTHING
    if begins is not None and ends is not None and begins >= ends:
        return Left.IMPOSSIBLE
    note = f"valid from {iso(begins) or 'any time'} until {iso(ends) or 'any time'}"
    return _Step(grant, replace(grant, valid_from=begins, valid_until=ends), False, "code.changed", note)


def _naming(grant: Grant, edit: Naming, now: float, is_under_way: bool) -> _Step | Left:
    language = grant.language if isinstance(edit.language, Kept) else edit.language
    if (edit.label, edit.email, language) == (grant.label, grant.email, grant.language):
        return Left.NOTHING
    name = listed_as(subject=grant.subject, label=edit.label, email=edit.email, batch=grant.batch)
    after = replace(grant, label=edit.label, email=edit.email, language=language, listed_as=name)
    is_named = (edit.label, edit.email) != (grant.label, grant.email)
    return _Step(grant, after, False, "code.changed", "name or address" if is_named else "language")


def _giving_back(grant: Grant, edit: GivingBack, now: float, is_under_way: bool) -> _Step | Left:
    if grant.revoked_at is not None:
        return Left.NOTHING
    # The others who share a code of several uses keep what they hold.
    if grant.used:
        after = replace(grant, used=grant.used - 1, given_back=grant.given_back + 1)
        return _Step(grant, after, grant.uses == 1, "code.use_given_back", edit.note or "a use")
    if grant.uses > 1 or not is_under_way:
        return Left.NOTHING
    return _Step(grant, grant, True, "code.use_given_back", edit.note or "a ticket that was sent or open")


def _replacing(grant: Grant, edit: Replacing, now: float, is_under_way: bool) -> _Step | Left:
    if grant.revoked_at is not None:
        return Left.NOTHING
    fresh = edit.fresh[grant.fingerprint]
    after = replace(grant, fingerprint=fresh, code_key=edit.code_key)
    return _Step(grant, after, True, "code.reissued", f"now code {fresh.hex()[:6]}")


_PLANS: Mapping[type, Callable[[Grant, Any, float, bool], _Step | Left]] = {
    Revocation: _revocation,
    Window: _window,
    Naming: _naming,
    GivingBack: _giving_back,
    Replacing: _replacing,
}


def _carry_out(
    tx: Transaction,
    change: Change,
    steps: Sequence[_Step],
    tickets: Mapping[bytes, Sequence[_Ticket]],
    edit: CodeEdit,
) -> None:
    """Write what the steps say: codes, then tickets, then passes."""
    now = change.at
    _WRITERS[type(edit)](tx, steps, now)
    ended = [{"fingerprint": step.grant.fingerprint, "now": now} for step in steps if step.ends]
    _many(tx, "revoke_tickets_of_grant", ended)
    _many(tx, "revoke_passes_of_grant", ended)
    if isinstance(edit, Replacing):
        _carry_over(tx, steps, edit, now)
    remembered = [_remembered(change, step, tickets.get(step.grant.fingerprint, ())) for step in steps]
    _many(tx, "remember_code", remembered)
    entries = [entry_of(step.event, step.grant, now, change.actor, step.note) for step in steps]
    _many(tx, "add_entry", [entry_values(entry) for entry in entries])


def _remembered(change: Change, step: _Step, tickets: Sequence[_Ticket]) -> dict[str, Any]:
    grant = step.grant
    before: dict[str, Any] = {name: getattr(grant, name) for name in _RESTORED}
    before["ends"] = step.ends
    before["taken_off"] = grant.used - step.after.used
    before["tickets"] = [[one.ticket_id.hex(), one.state, one.expires_at] for one in tickets]
    if step.after.fingerprint != grant.fingerprint:
        before |= {"fingerprint": grant.fingerprint.hex(), "code_key": grant.code_key}
    return {
        "change_id": change.change_id,
        "fingerprint": step.after.fingerprint,
        "version": grant.version + 1,
        "before": json.dumps(before),
    }


def _write_revocation(tx: Transaction, steps: Sequence[_Step], now: float) -> None:
    _many(tx, "revoke_grant", [{"fingerprint": one.grant.fingerprint, "now": now} for one in steps])


def _write_window(tx: Transaction, steps: Sequence[_Step], now: float) -> None:
    _many(tx, "set_window", [_columns(one.after, "valid_from", "valid_until") for one in steps])
    # Nobody loses what was sent in time, and what is under way has the same grace as at its opening.
    ends = [(one.after.fingerprint, one.after.valid_until) for one in steps]
    shortened = [
        {"fingerprint": fingerprint, "ends_at": max(now, until + CLOSING_GRACE_SECONDS)}
        for fingerprint, until in ends
        if until is not None
    ]
    _many(tx, "shorten_tickets", shortened)


def _write_naming(tx: Transaction, steps: Sequence[_Step], now: float) -> None:
    _many(tx, "set_naming", [_columns(one.after, "label", "email", "language", "listed_as") for one in steps])


def _write_giving_back(tx: Transaction, steps: Sequence[_Step], now: float) -> None:
    _many(tx, "restore_grant", [_columns(one.after, *_RESTORED) for one in steps])


def _write_nothing(tx: Transaction, steps: Sequence[_Step], now: float) -> None:
    pass


_WRITERS: Mapping[type, Callable[[Transaction, Sequence[_Step], float], None]] = {
    Revocation: _write_revocation,
    Window: _write_window,
    Naming: _write_naming,
    GivingBack: _write_giving_back,
    Replacing: _write_nothing,
}


def _columns(grant: Grant, *names: str) -> dict[str, Any]:
    return {"fingerprint": grant.fingerprint, **{name: getattr(grant, name) for name in names}}


def _carry_over(tx: Transaction, steps: Iterable[_Step], edit: Replacing, now: float) -> None:
    tx.run("note_code_key", code_key=edit.code_key)
    for step in steps:
        _rename(tx, step.grant, step.after.fingerprint, edit.code_key, now)


def _rename(tx: Transaction, grant: Grant, fresh: bytes, code_key: str, now: float) -> None:
    """Let the code have another fingerprint; the one it had is refused as replaced from now on."""
    tx.run("retire_code", fingerprint=grant.fingerprint, form=grant.form, now=now)
    tx.run("carry_tickets_over", fingerprint=grant.fingerprint, fresh=fresh)
    tx.run("replace_fingerprint", fingerprint=grant.fingerprint, fresh=fresh, code_key=code_key)


def _is_opened_since(tx: Transaction, change: Change, grant: Grant) -> bool:
    """Say whether somebody uses what the change gave them: another code, or another use."""
    if change.what not in ("reissue", "give_back"):
        return False
    return tx.one("opened_since", fingerprint=grant.fingerprint, since=change.at) is not None


def _restore(
    tx: Transaction, grant: Grant, before: Mapping[str, Any], now: float
) -> tuple[Grant, Sequence[str]]:
    """Make a code and its tickets what they were; return it, and what was judged ``revoked`` meanwhile."""
    if "fingerprint" in before:
        former = bytes.fromhex(before["fingerprint"])
        tx.run("revive_code", fingerprint=former)
        _rename(tx, grant, former, before["code_key"], now)
        grant = replace(_next(grant), fingerprint=former, code_key=before["code_key"])
    # What was settled meanwhile keeps its use.
    used = min(grant.used + before["taken_off"], grant.uses)
    restored = replace(grant, **{name: before[name] for name in _RESTORED if name != "used"}, used=used)
    tx.run("restore_grant", **_columns(restored, *_RESTORED))
    tickets = [(bytes.fromhex(one), state, expires_at) for one, state, expires_at in before["tickets"]]
    for ticket_id, state, expires_at in tickets:
        if before["ends"]:
            tx.run("restore_ticket", ticket_id=ticket_id, state=state, expires_at=expires_at)
        else:
            tx.run("lengthen_ticket", ticket_id=ticket_id, expires_at=expires_at)
    judged: Sequence[Row] = tx.each("judged_revoked", [one[0] for one in tickets])
    return _next(restored), [row[0] for row in judged]
