"""Retention: rows older than the owner keeps them, and people who ask to be forgotten.

Rows stay, so that counts and the ledger stay true, and subjects become tombstones: texts made with a key, which the
store does not hold, so that nobody who has the store alone can try subjects on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from jotgate.clock import Clock
from jotgate.errors import InputError, UnknownForm
from jotgate.frozen import frozen
from jotgate.policy import FormPolicy
from jotgate.protocols import Erasure, Tombstones
from jotgate.signed.keyring import CodeKeys
from jotgate.signed.tokens import MAX_SUBJECT_CHARS, as_text, can_be_stored
from jotgate.stores import Store

_PURPOSE = "tombstone"
_MASK_CHARS = 32


@frozen
class Retained:
    """What the retention of one form took away, or would."""

    form: str
    #: Everything older than this moment, seconds since the epoch, UTC.
    before: float
    #: ``pseudonymise`` or ``delete``.
    after_keep: str
    #: Table -> how many of its rows.
    counts: Mapping[str, int]
    #: The submissions, whose answers are still at JotForm; not told by a dry run.
    submission_ids: tuple[str, ...] = ()


class Retention:
    """Forget what the settings and people say. No call to JotForm is made: it is read only."""

    def __init__(self, policies: Mapping[str, FormPolicy], *, store: Store, clock: Clock) -> None:
        """Look after the forms in *policies* that have a setting ``keep``."""
        self._policies = policies
        self._store = store
        self._clock = clock

    def daily(
        self, deadline_seconds: float | None = None, breathe: Callable[[], None] = lambda: None
    ) -> tuple[Retained, ...]:
        """Apply the retention of the forms whose day is over.

        After *deadline_seconds*, it leaves the rest for the next time. *breathe* is called between two steps.
        """
        now = self._clock.now()
        ends_at = float("inf") if deadline_seconds is None else monotonic() + deadline_seconds

        def goes_on() -> bool:
            breathe()
            return monotonic() < ends_at

        due = [policy for policy in self._kept(()) if self._store.begin_retention(policy.form, now=now)]
        return tuple(self._retain(policy, now, goes_on) for policy in due)

    def run(self, forms: Iterable[str] = (), *, dry_run: bool = False) -> tuple[Retained, ...]:
        """Apply the retention of these forms, or of all, now; or with *dry_run* only count.

        Raises:
            StoreUnavailable: some of it may be done; doing it again does the rest.
        """
        now = self._clock.now()
        work = self._count if dry_run else self._retain
        return tuple(work(policy, now) for policy in self._kept(forms))

    def forget(self, subject: str | int, *, form: str | None, actor: str) -> Erasure:
        """Put a tombstone in place of *subject*, on one form or on all; for good.

        Raises:
            InputError: the subject is empty or too long.
            UnknownForm: the settings have no such form.
        """
        named: str = as_text(subject)
        if not 0 < len(named) <= MAX_SUBJECT_CHARS or not can_be_stored(named):
            raise InputError(
                [f"a subject must have 1 to {MAX_SUBJECT_CHARS} characters that every store takes"]
            )
        if form is not None and form not in self._policies:
            raise UnknownForm(form, tuple(self._policies))
        return self._store.forget(named, form=form, now=self._clock.now(), actor=actor)

    def _kept(self, forms: Iterable[str]) -> list[FormPolicy]:
        wanted = set(forms)
        return [
            policy
            for policy in self._policies.values()
            if policy.keep_seconds is not None and (not wanted or policy.form in wanted)
        ]

    def _retain(self, policy: FormPolicy, now: float, goes_on: Callable[[], bool] = lambda: True) -> Retained:
        before = now - (policy.keep_seconds or 0.0)
        done = self._store.retain(
            policy.form, before=before, delete=policy.after_keep == "delete", now=now, goes_on=goes_on
        )
        return Retained(
            form=policy.form,
            before=before,
            after_keep=policy.after_keep,
            counts=done.counts,
            submission_ids=tuple(done.submissions.get(policy.form, ())),
        )

    def _count(self, policy: FormPolicy, now: float) -> Retained:
        before = now - (policy.keep_seconds or 0.0)
        counts = self._store.count_beyond(policy.form, before=before, delete=policy.after_keep == "delete")
        return Retained(form=policy.form, before=before, after_keep=policy.after_keep, counts=counts)


def tombstones_of(code_keys: CodeKeys) -> Tombstones:
    """Return what makes tombstones of subjects: one for each code key, newest first."""

    def tombstones(subject: str) -> tuple[str, ...]:
        made = ((key_id, code_keys.derive(key_id, _PURPOSE, subject)) for key_id in code_keys.ids)
        return tuple(
            f"forgotten:{key_id}:{secret.hex()[:_MASK_CHARS]}"
            for key_id, secret in made
            if secret is not None
        )

    return tombstones
