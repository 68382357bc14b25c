"""How far the sweep is with each form, and who may sweep."""

from __future__ import annotations

from jotgate.protocols import FormState, Reading
from jotgate.stores.verbs import Verbs, tried_twice

#: A form is read once more this long after the last delivery, because JotForm's list may lag behind.
SECOND_READING_SECONDS = 60.0
#: A lease that seems to last longer than this was written by a clock that has been set back since.
_LONGEST_LEASE_SECONDS = 600.0
#: What is over for so long is forgotten; a clock that is set right jumps less.
_LONG_AGO_SECONDS = 2 * 86_400.0
_FIELDS = (
    "form", "form_id", "added_at", "due_seq", "read_seq", "due_since", "hollow", "quiet_until", "again_at", "read_at",
    "full_read_at", "cursor", "head", "ticket_qid", "ticket_name", "questions_at", "missing_since", "settled",
    "last_error", "last_error_at",
)  # fmt: skip


class ReadingVerbs(Verbs):
    """The part of the store that the webhook and the sweep meet."""

    @tried_twice
    def note_delivery(self, form_id: str, now: float) -> bool:
        """Make the form due, on disk before this returns; say whether the form is one of ours."""
        if form_id not in self._forms.values():
            return False
        with self._write() as tx:
            again_at = now + SECOND_READING_SECONDS
            return bool(tx.all("note_delivery", form_id=form_id, now=now, again_at=again_at))

    @tried_twice
    def form_states(self) -> list[FormState]:
        """Return the state of every form that `prepare` named."""
        with self._read() as tx:
            rows = tx.all("read_forms")
        states = [FormState(**dict(zip(_FIELDS, row, strict=True))) for row in rows]
        return [state for state in states if state.form in self._forms]

    @tried_twice
    def live_until(self, form: str) -> float | None:
        """Return when the last open or sent ticket of *form* runs out, or None if there is none."""
        with self._read() as tx:
            row = tx.one("live_until", form=form)
        return row[0] if row else None

    @tried_twice
    def take_lease(self, holder: str, *, now: float, seconds: float) -> bool:
        """Become the one process that sweeps, for *seconds* at most; say whether that worked."""
        too_far = now + _LONGEST_LEASE_SECONDS
        with self._write() as tx:
            return (
                tx.one("take_lease", holder=holder, now=now, until=now + seconds, too_far=too_far) is not None
            )

    @tried_twice
    def release_lease(self, holder: str) -> None:
        """Give the lease back, if *holder* has it."""
        with self._write(patience_seconds=5.0) as tx:
            tx.run("release_lease", holder=holder)

    @tried_twice
    def finish_reading(self, reading: Reading) -> None:
        """Note a complete reading; the form stays due if it was delivered to since."""
        values = {
            "form": reading.form,
            "seq": reading.seq,
            "head": reading.head,
            "hollow": reading.hollow,
            "quiet_until": reading.quiet_until,
            "read_at": reading.read_at,
        }
        with self._write(patience_seconds=30.0) as tx:
            if reading.cursor is None:
                tx.run("finish_quick_reading", **values)
                return
            tx.run(
                "finish_full_reading",
                cursor=reading.cursor,
                wait_for_answers=reading.wait_for_answers,
                second_reading_seconds=SECOND_READING_SECONDS,
                **values,
            )
            tx.run("forget_revocations", before=reading.read_at - _LONG_AGO_SECONDS)
            tx.run("forget_tokens", before=reading.read_at - _LONG_AGO_SECONDS)
            tx.run("forget_guesses", before=reading.read_at - _LONG_AGO_SECONDS)

    @tried_twice
    def note_questions(self, form: str, *, qid: str | None, name: str | None, now: float) -> None:
        """Note where the ticket field stands (*qid* None: it is missing)."""
        with self._write(patience_seconds=30.0) as tx:
            tx.run("note_questions", form=form, qid=qid, name=name, now=now)

    @tried_twice
    def note_error(self, form: str, error: str | None, now: float) -> None:
        """Note why the last reading failed (None: it did not)."""
        with self._write(patience_seconds=30.0) as tx:
            tx.run("note_error", form=form, error=error, now=now)

    @tried_twice
    def begin_at(self, form: str, cursor: str, *, again: bool = False) -> None:
        """Start judging above *cursor*, if the form was not started or if it is to start *again*."""
        with self._write(patience_seconds=30.0) as tx:
            tx.run("begin_at", form=form, cursor=cursor, again=again)
