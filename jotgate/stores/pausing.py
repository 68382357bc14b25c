"""Forms that a person has paused: nobody is let in, by whatever process, until somebody reopens them."""

from __future__ import annotations

from jotgate.ledger import Entry
from jotgate.stores.verbs import Verbs, record, tried_twice


class PausingVerbs(Verbs):
    """The part of the store in which people shut a form's door for a while."""

    @tried_twice
    def pause_form(
        self, form: str, *, words: str | None, actor: str, now: float, seen_at: float | None = None
    ) -> bool:
        """Let nobody in from now on, and tell visitors *words*; people who have the form open may still send it.

        Pausing a paused form gives it other words. *seen_at* is the `FormState.paused_at` that the person saw, 0 for
        none; None: they do it whatever it is by now. Returns False where that has changed since, and nothing was done.
        """
        with self._write() as tx:
            if not tx.run("pause_form", form=form, words=words, actor=actor, now=now, seen_at=seen_at):
                return False
            record(tx, Entry(at=now, event="form.paused", form=form, actor=actor, note=words))
        return True

    @tried_twice
    def reopen_form(self, form: str, *, actor: str, now: float, seen_at: float | None = None) -> bool:
        """Open a paused form again; False if it is not paused, or not any more as the person saw it at *seen_at*."""
        with self._write() as tx:
            if not tx.run("reopen_form", form=form, seen_at=seen_at):
                return False
            record(tx, Entry(at=now, event="form.reopened", form=form, actor=actor))
        return True
