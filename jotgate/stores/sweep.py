"""How far the sweep is with each form, and who may sweep."""

from __future__ import annotations

from dataclasses import asdict

from jotgate.protocols import FormState, Hint, KnownRange, Place, Reading, Unproven
from jotgate.protocols.people import UNDO_SECONDS
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.mirrored import KEPT_SECONDS
from jotgate.stores.verbs import Verbs, from_row, tried_twice

#: A form is read once more this long after the last delivery, because JotForm's list may lag behind.
SECOND_READING_SECONDS = 60.0
#: A lease that seems to last longer than this was written by a clock that has been set back since.
_MAX_LEASE_SECONDS = 600.0
#: Revocations and tokens over for so long are forgotten; a clock that is set right jumps less.
_LONG_AGO_SECONDS = 2 * 86_400.0
#: No notice waits for longer until it is tried again.
_LONGEST_WAIT_SECONDS = 2 * 86_400.0
#: What deliveries name is kept for so many submissions of a form; a flood of forged ones cannot fill the store.
_MAX_HINTS = 20
#: A look that is put off for longer than this was so by a clock that has been set back since.
_LONGEST_PAUSE_SECONDS = 86_400.0


class SweepVerbs(Verbs):
    """The part of the store that the webhook and the sweep meet."""

    @tried_twice
    def note_delivery(self, form_id: str, now: float, submission_id: str | None = None) -> bool:
        """Make the form due, on disk before this returns; say whether the form is one of ours."""
        if form_id not in self._forms.values():
            return False
        with self._write() as tx:
            again_at = now + SECOND_READING_SECONDS
            rows = tx.all("note_delivery", form_id=form_id, now=now, again_at=again_at)
            for form, head, began_above in rows:
                if submission_id is not None and head is not None:
                    _keep_hint(tx, form, submission_id, between=(int(began_above), int(head)), now=now)
            return bool(rows)

    @tried_twice
    def form_states(self) -> list[FormState]:
        """Return the state of every form that `prepare` named."""
        with self._read() as tx:
            return self._states(tx.all("read_forms"))

    @tried_twice
    def form_state(self, form: str) -> FormState | None:
        """Return the state of one form, or None if `prepare` did not name it."""
        with self._read() as tx:
            states = self._states(tx.all("read_form", form=form))
        return states[0] if states else None

    @tried_twice
    def due_forms(self, now: float, *, idle_before: float) -> list[FormState]:
        """Return the forms that may be due: delivered to, to be read again, or not sought since *idle_before*."""
        with self._read() as tx:
            return self._states(tx.all("due_forms", now=now, idle_before=idle_before))

    @tried_twice
    def forms_with_tickets_out(self, sought_before: float) -> list[FormState]:
        """Return the forms not sought since that moment for which a ticket could have been used meanwhile."""
        with self._read() as tx:
            return self._states(tx.all("forms_with_tickets_out", sought_before=sought_before))

    def _states(self, rows: list[Row]) -> list[FormState]:
        states = [from_row(FormState, row) for row in rows]
        return [state for state in states if state.form in self._forms]

    @tried_twice
    def known_range(self, *, seen_before: float, rows: int) -> KnownRange:
        """Return the known ids of all forms: as of that moment, and the last *rows* of them."""
        with self._read() as tx:
            seen = tx.one("last_row_seen_before", seen_before=seen_before)
            began = tx.one("last_beginning_before", seen_before=seen_before)
            near = tx.one("row_from_the_top", rows=rows)
        horizon = max((row[0] for row in (seen, began) if row), key=int, default="0")
        return KnownRange(horizon=horizon, near=near[0] if near else "0")

    @tried_twice
    def live_until(self, form: str) -> float | None:
        """Return when the last open or sent ticket of *form* runs out, or None if there is none."""
        with self._read() as tx:
            row = tx.one("live_until", form=form)
        return row[0] if row else None

    @tried_twice
    def take_lease(self, holder: str, *, now: float, seconds: float) -> bool:
        """Become the one process that sweeps, for *seconds* at most; say whether that worked."""
        too_far = now + _MAX_LEASE_SECONDS
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
        with self._write(patience_seconds=30.0) as tx:
            if reading.cursor is None:
                tx.run("finish_quick_reading", **asdict(reading))
                return
            tx.run("finish_full_reading", second_reading_seconds=SECOND_READING_SECONDS, **asdict(reading))
            tx.run("remove_known_hints", form=reading.form)
            self._clear_away(tx, reading.read_at)

    def _clear_away(self, tx: Transaction, now: float) -> None:
        """Remove what is over by any clock, and bring forward what a wrong one put off."""
        tx.run("remove_old_revocations", before=now - _LONG_AGO_SECONDS)
        tx.run("remove_old_tokens", before=now - _LONG_AGO_SECONDS)
        tx.run("remove_old_guesses", clock=self.guesses.now)
        tx.run("remove_old_mirrored", kept_seconds=KEPT_SECONDS, clock=self.guesses.now)
        tx.run("remove_old_changed_codes", before=now - UNDO_SECONDS)
        tx.run("remove_late_notices")
        tx.run("hurry_notices", now=now, too_far=now + _LONGEST_WAIT_SECONDS)

    @tried_twice
    def note_progress(self, form: str, *, head: str, anchor: str | None, cursor: str | None) -> None:
        """Note how far a reading is that goes on; *cursor* None: it is a quick one."""
        with self._write(patience_seconds=30.0) as tx:
            tx.run("note_progress", form=form, head=head, anchor=anchor, cursor=cursor)

    @tried_twice
    def places(self) -> dict[str, list[Place]]:
        """Return form -> the places that its readings step over, in the order of its list."""
        with self._read() as tx:
            places = [from_row(Place, row) for row in tx.all("places")]
        by_form: dict[str, list[Place]] = {}
        for place in sorted(places, key=lambda place: int(place.above)):
            by_form.setdefault(place.form, []).append(place)
        return by_form

    @tried_twice
    def open_places(self) -> list[Place]:
        """Return the places of all forms whose submission has no verdict, those to be tried first in front."""
        with self._read() as tx:
            places = [from_row(Place, row) for row in tx.all("open_places")]
        return [place for place in places if place.form in self._forms]

    @tried_twice
    def note_place(self, place: Place) -> None:
        """Let readings step over this place from now on."""
        with self._write(patience_seconds=30.0) as tx:
            tx.run("note_place", **asdict(place))

    @tried_twice
    def put_off_place(self, place: Place, *, tries: int, retry_at: float, reason: str) -> None:
        """Note that a place was tried for nothing, and when it is tried again."""
        with self._write(patience_seconds=30.0) as tx:
            values = {"tries": tries, "retry_at": retry_at, "reason": reason}
            tx.run("put_off_place", form=place.form, above=place.above, **values)

    @tried_twice
    def remove_place(self, place: Place) -> None:
        """Let readings go through the place again."""
        with self._write(patience_seconds=30.0) as tx:
            tx.run("remove_place", form=place.form, above=place.above)

    @tried_twice
    def note_unproven(self, unproven: Unproven) -> None:
        """Note a reading that proved nothing."""
        with self._write(patience_seconds=30.0) as tx:
            tx.run("note_unproven", **asdict(unproven))

    @tried_twice
    def hints(self, now: float) -> list[Hint]:
        """Return, for each form that may be looked at now, the oldest hint whose submission is not known."""
        with self._read() as tx:
            rows = tx.all("hints", now=now, too_far=now + _LONGEST_PAUSE_SECONDS)
            known = {row[0] for row in tx.each("read_judgements", [row[1] for row in rows])}
            oldest = {
                form: submission_id for form, submission_id in reversed(rows) if submission_id not in known
            }
            states = [state for form in oldest for state in self._states(tx.all("read_form", form=form))]
        return [Hint(state=state, submission_id=oldest[state.form]) for state in states]

    @tried_twice
    def note_look(
        self, hint: Hint, *, looks: int, look_at: float, hollow: int | None, quiet_until: float
    ) -> None:
        """Cross a hint off, and put off the next look at the form; *hollow* None: leave the form's deliveries alone."""
        form = hint.state.form
        with self._write(patience_seconds=30.0) as tx:
            tx.run("remove_hint", form=form, submission_id=hint.submission_id)
            tx.run(
                "note_look", form=form, looks=looks, look_at=look_at, hollow=hollow, quiet_until=quiet_until
            )

    @tried_twice
    def go_back(self, form: str, submission_id: str, *, again_at: float) -> None:
        """Let full readings begin no later than at this submission, which has no verdict yet."""
        with self._write(patience_seconds=30.0) as tx:
            row = tx.one("read_form", form=form)
            cursor = None if row is None else from_row(FormState, row).cursor
            if cursor is not None and int(cursor) >= int(submission_id):
                tx.run("go_back", form=form, cursor=str(int(submission_id) - 1), again_at=again_at)

    @tried_twice
    def note_questions(self, form: str, *, qid: str | None, name: str | None, now: float | None) -> None:
        """Note where the ticket field stands (*qid* None: it is missing); *now* None: the questions were not read."""
        with self._write(patience_seconds=30.0) as tx:
            tx.run("note_questions", form=form, qid=qid, name=name, now=now)

    @tried_twice
    def note_error(
        self,
        form: str,
        error: str,
        now: float,
        *,
        tries: int = 0,
        retry_at: float | None = None,
        page_rows: int | None = None,
        asked_with: str | None = None,
        refused: bool = False,
    ) -> None:
        """Note why the last reading failed, until when the form rests, and how large pages may be.

        *refused*: JotForm does not show the form to this key, and nobody is let in until it does.
        """
        values: dict[str, object] = {"tries": tries, "retry_at": retry_at, "page_rows": page_rows}
        values |= {"asked_with": asked_with, "refused": refused}
        with self._write(patience_seconds=30.0) as tx:
            tx.run("note_error", form=form, error=error, now=now, **values)

    @tried_twice
    def begin_at(
        self, form: str, cursor: str, *, again: bool = False, proven_at: float | None = None
    ) -> None:
        """Start judging above *cursor*, if the form was not started or if it is to start *again*.

        A form that was not started has *cursor* as its newest submission ("0": it has none), and *proven_at* says as of
        when that is certain.
        """
        with self._write(patience_seconds=30.0) as tx:
            tx.run("begin_at", form=form, cursor=cursor, again=again, proven_at=proven_at)

    @tried_twice
    def begin_earlier(self, form: str, began_above: str) -> None:
        """Note that all above that submission is judged; where a form's readings begin stays as it is."""
        with self._write(patience_seconds=30.0) as tx:
            row = tx.one("read_form", form=form)
            present = None if row is None else from_row(FormState, row).began_above
            if present is not None and int(began_above) < int(present):
                tx.run("begin_earlier", form=form, began_above=began_above)


def _keep_hint(
    tx: Transaction, form: str, submission_id: str, *, between: tuple[int, int], now: float
) -> None:
    """Keep what a delivery says to be its submission, if readings have passed it without seeing it."""
    if not between[0] < int(submission_id) <= between[1]:
        return
    if tx.each("read_judgements", [submission_id]):
        return
    row = tx.one("count_hints", form=form)
    if row is not None and row[0] < _MAX_HINTS:
        tx.run("add_hint", form=form, submission_id=submission_id, now=now)
