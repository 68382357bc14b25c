"""The sweep: read new submissions for the forms that are due, and give each its verdict.

A form is due because a webhook (or the visitor's browser) said so, because forms with tickets out
have their turn, or because it was not read for hours. Due forms share a call wherever one list
covers several at little cost, and others come along.

When a form is due, how far back a reading goes and what proves that it covers a form: see
`jotgate.sweeping.schedule`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jotgate.clock import Clock
from jotgate.jotform.client import JotFormClient
from jotgate.policy import FormPolicy
from jotgate.protocols import FormState, Settled
from jotgate.quota import Quota
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.stores import Store
from jotgate.sweeping.earlier import Earlier
from jotgate.sweeping.fields import Fields
from jotgate.sweeping.hints import Hints
from jotgate.sweeping.judging import Judge
from jotgate.sweeping.places import Places
from jotgate.sweeping.running import LEASE_SECONDS, PACED, Run, Swept, Tools
from jotgate.sweeping.schedule import (
    COMPANY_SECONDS,
    IDLE_DUE_SECONDS,
    SELF_DUE_SECONDS,
    SPARE_DUE_SECONDS,
    Due,
    companions,
    due_forms,
    expected_at,
    soon_due,
)
from jotgate.sweeping.starting import Starts

__all__ = ["Sweep", "Swept"]

#: How often a process asks the store which forms have tickets out, where none had.
_LIVE_SECONDS = 60.0


class Sweep:
    """Read and judge. Any number of processes and threads may hold one; the store's lease lets one at a time work.

    What it works with is changed by who has the lease only.
    """

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: Store,
        service: JotFormClient,
        quota: Quota,
        keys: KeyRing,
        code_keys: CodeKeys,
        clock: Clock,
        holder: str,
    ) -> None:
        """Sweep for the forms in *policies*; *holder* names this machine in the lease."""
        self._store = store
        self._quota = quota
        self._clock = clock
        self._name = holder
        judge = Judge(policies, store=store, keys=keys, code_keys=code_keys, clock=clock)
        self._tools = Tools(
            store=store,
            service=service,
            quota=quota,
            clock=clock,
            judge=judge,
            fields=Fields(policies, store=store, service=service, quota=quota, clock=clock),
            hints=Hints(judge, store=store, service=service, clock=clock),
            places=Places(judge, store=store, service=service, quota=quota, clock=clock),
            starts=Starts(store=store, service=service, clock=clock),
            holder=holder,
            of_teams=frozenset(form for form, policy in policies.items() if policy.team_id is not None),
        )
        self._earlier = Earlier(judge, store=store, service=service, note=self._tools.places.note)
        self._live: set[str] = set()
        self._live_at = float("-inf")
        #: When those with tickets out had their turn.
        self._turn_at = float("-inf")

    @property
    def _holder(self) -> str:
        # Workers that were forked from one parent, and threads of one worker, share everything but this.
        return f"{self._name}:{os.getpid()}:{threading.get_ident()}"

    def expected_at(self, form: str) -> float:
        """Return by when a submission made now should have its verdict, seconds since the epoch, UTC."""
        state = self._store.form_state(form)
        return expected_at(self._clock.now(), self._quota.pace(), state.quiet_until if state else 0.0)

    def soon_due(self) -> float | None:
        """Return in how many seconds a form may be read that is due and was read just before; None if there is none."""
        return soon_due(self._store.form_states(), self._clock.now())

    def run(
        self, forms: Iterable[str] = (), *, operator: bool = False, deadline_seconds: float | None = None
    ) -> Swept:
        """Read the forms that are due, or exactly *forms*, if another process does not do so now.

        An *operator*'s sweep may use the calls kept for them and does not wait for its turn.
        *deadline_seconds* bounds each call to JotForm.

        Raises:
            StoreUnavailable: nothing was read, or what was read is not all settled; the forms stay due.
        """
        chosen = tuple(forms)
        if not self._choose(chosen):
            return Swept()
        if not operator:
            grab = self._quota.pace()
            if not grab.granted:
                return Swept(waiting=PACED, until=grab.until)
        if not self._store.take_lease(self._holder, now=self._clock.now(), seconds=LEASE_SECONDS):
            return Swept(waiting="another process is sweeping")
        try:
            # Chosen again: the process that had the lease before may have read them just now.
            self._tools.holder = self._holder
            due = self._choose(chosen)
            swept = Run(
                self._tools, due, live=self._live, operator=operator, deadline_seconds=deadline_seconds
            ).all()
            if not chosen and swept.waiting is None and self._is_their_turn(self._clock.now()) and self._live:
                self._turn_at = self._clock.now()
            return swept
        finally:
            self._store.release_lease(self._holder)

    def take_in(self, form: str, since: float, *, operator: bool = False) -> Iterator[list[Settled]]:
        """Judge what was submitted before *form* was gated, from that moment on; see `Earlier.take_in`.

        It holds no lease: others may sweep meanwhile. The form has to have been read before.
        """
        state = self._store.form_state(form)
        return iter(()) if state is None else self._earlier.take_in(state, since, operator=operator)

    def _choose(self, forms: Sequence[str]) -> list[Due]:
        """Return the forms to read: exactly *forms*, in full and each by itself, or else those that are due."""
        if forms:
            states = [self._store.form_state(form) for form in dict.fromkeys(forms)]
            return [Due(state, full=True, alone=True) for state in states if state is not None]
        now = self._clock.now()
        due = self._store.due_forms(now, idle_before=now - IDLE_DUE_SECONDS)
        named = {state.form for state in due}
        out = [] if 0 <= now - self._turn_at < SPARE_DUE_SECONDS else self._with_tickets_out(now)
        every = SELF_DUE_SECONDS
        if out and self._is_their_turn(now):
            every = COMPANY_SECONDS
            due += [state for state in out if state.form not in named]
        dues = due_forms(due, now, self._live, self._tools.service.asked_with, self_due_seconds=every)
        if not dues:
            return []
        return dues + companions(self._store.forms_with_tickets_out(now - COMPANY_SECONDS), dues, now)

    def _is_their_turn(self, now: float) -> bool:
        """Say whether forms with tickets out are read now: all at once, rather than each in a call of its own."""
        every = SPARE_DUE_SECONDS if self._quota.spare() else SELF_DUE_SECONDS
        return not 0 <= now - self._turn_at < every

    def _with_tickets_out(self, now: float) -> list[FormState]:
        """Return the forms for which tickets could have been used since they were sought.

        Where there is none, the store is not asked again for a minute.
        """
        if not self._live and 0 <= now - self._live_at < _LIVE_SECONDS:
            return []
        states = self._store.forms_with_tickets_out(now - COMPANY_SECONDS)
        self._live, self._live_at = {state.form for state in states}, now
        return states
