"""What JotForm said, shared by the processes for some minutes; and whose turn it is to ask."""

from __future__ import annotations

from collections.abc import Sequence

from jotgate.protocols import Mirrored, MirrorTurn
from jotgate.stores.driver import Transaction
from jotgate.stores.verbs import Verbs, tried_twice

#: For so long what was read is not read again: an edit at JotForm shows after that.
KEPT_SECONDS = 300.0
#: All of it together.
MOST_BYTES = 64 * 1024 * 1024
#: No turn and no rest lasts longer.
_LONGEST_TURN_SECONDS = 60.0


class MirroredVerbs(Verbs):
    """The part of the store that the mirror reads through. Its clock is the database's, for every machine the same."""

    @tried_twice
    def mirrored(self, form_id: str, part: str, high: str) -> Mirrored | None:
        """Return what ends at *high*, if it may still be shown."""
        with self._read() as tx:
            row = tx.one(
                "read_mirrored",
                form_id=form_id,
                part=part,
                high=high,
                kept_seconds=KEPT_SECONDS,
                clock=self.guesses.now,
            )
        return None if row is None else _mirrored(*row)

    @tried_twice
    def mirrored_around(self, form_id: str, part: str, place: str) -> Mirrored | None:
        """Return what holds *place*, if it may still be shown."""
        with self._read() as tx:
            row = tx.one(
                "mirrored_around",
                form_id=form_id,
                part=part,
                place=place,
                kept_seconds=KEPT_SECONDS,
                clock=self.guesses.now,
            )
        return None if row is None else _mirrored(*row)

    @tried_twice
    def mirrored_ranges(self, form_id: str, part: str, low: str, high: str) -> list[tuple[str, str]]:
        """Return what is held between two places, the first one exclusive: from where and up to where, in order."""
        with self._read() as tx:
            return [
                (held_low, held_high)
                for held_low, held_high in tx.all(
                    "mirrored_ranges",
                    form_id=form_id,
                    part=part,
                    low=low,
                    high=high,
                    kept_seconds=KEPT_SECONDS,
                    clock=self.guesses.now,
                )
            ]

    @tried_twice
    def keep_mirrored(self, turn: MirrorTurn, part: str, pages: Sequence[Mirrored]) -> None:
        """Hold *pages*, which follow each other, in place of what is known of the same; let go of what is old."""
        with self._write() as tx:
            self._remove_old_mirrored(tx)
            values = {"form_id": turn.form_id, "part": part}
            tx.run("remove_covered", low=pages[0].low, high=pages[-1].high, **values)
            tx.many(
                "keep_mirrored",
                [
                    values | page._asdict() | {"read_at": turn.began_at, "size_bytes": len(page.content)}
                    for page in pages
                ],
            )
            tx.run("remove_mirrored_beyond", most_bytes=MOST_BYTES)

    def _remove_old_mirrored(self, tx: Transaction) -> None:
        clock = self.guesses.now
        tx.run("remove_old_mirrored", kept_seconds=KEPT_SECONDS, clock=clock)
        tx.run("remove_old_mirror_turns", longest_seconds=_LONGEST_TURN_SECONDS, clock=clock)

    @tried_twice
    def take_mirror_turn(self, form_id: str, seconds: float) -> MirrorTurn | None:
        """Take the turn to ask JotForm about the form, for so long at most; None: it is another's, or nobody's yet."""
        with self._write() as tx:
            row = tx.one(
                "take_mirror_turn",
                form_id=form_id,
                seconds=seconds,
                longest_seconds=_LONGEST_TURN_SECONDS,
                clock=self.guesses.now,
            )
        if row is None:
            return None
        return MirrorTurn(form_id=form_id, began_at=row[0] - seconds, until=row[0])

    @tried_twice
    def mirror_turn(self, form_id: str) -> tuple[str | None] | None:
        """Return who keeps everybody else from asking, or None: nobody; a process, or the reason for a rest."""
        with self._read() as tx:
            row = tx.one(
                "read_mirror_turn",
                form_id=form_id,
                longest_seconds=_LONGEST_TURN_SECONDS,
                clock=self.guesses.now,
            )
        return None if row is None else (row[0],)

    @tried_twice
    def end_mirror_turn(self, turn: MirrorTurn) -> None:
        """Give the turn back."""
        with self._write() as tx:
            tx.run("end_mirror_turn", form_id=turn.form_id, until=turn.until)

    @tried_twice
    def rest_mirror_turn(self, turn: MirrorTurn, reason: str, seconds: float) -> None:
        """Let nobody have the turn for so long, for that *reason*."""
        with self._write() as tx:
            tx.run(
                "rest_mirror_turn",
                form_id=turn.form_id,
                until=turn.until,
                rests=reason,
                seconds=seconds,
                clock=self.guesses.now,
            )


def _mirrored(low: str, high: str, content: bytes) -> Mirrored:
    return Mirrored(low, high, bytes(content))
