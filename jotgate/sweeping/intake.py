"""Deliveries: a webhook says that something may have been submitted. A hint, never a proof."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Sequence

from jotgate.clock import Clock
from jotgate.jotform.ids import is_id
from jotgate.stores import Store

_log = logging.getLogger("jotgate.intake")


class Intake:
    """Take deliveries in; nothing they say but the ids of form and submission is looked at."""

    def __init__(
        self, secrets: Sequence[str], *, store: Store, clock: Clock, wake: Callable[[], None] | None = None
    ) -> None:
        """Serve the addresses that end in one of *secrets*; *wake* is called when a form became due."""
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._store = store
        self._clock = clock
        self._wake = wake or (lambda: None)

    def knows(self, secret: str) -> bool:
        """Say whether *secret* is one of ours, in constant time."""
        text = secret.encode("utf-8", "surrogatepass")
        matches = [hmac.compare_digest(text, own) for own in self._secrets]
        return any(matches)

    def take(self, form_id: str, submission_id: str = "") -> bool:
        """Make the form due, on disk before this returns; say whether it is one of ours.

        *submission_id* is a hint: where readings have passed it, it is worth one look.

        Raises:
            StoreUnavailable: nothing was noted; the sweep will find the submission by itself.
        """
        if not is_id(form_id):
            return False
        hint = submission_id if is_id(submission_id) else None
        taken = self._store.note_delivery(form_id, self._clock.now(), hint)
        if taken:
            self._wake()
        else:
            _log.info("delivery.ignored", extra={"form_id": form_id})
        return taken
