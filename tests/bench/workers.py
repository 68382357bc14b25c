"""What stores are kept busy with: codes and tokens honoured by the gate, submissions settled as a sweep does it."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

from jotgate.admission.gate import Seen
from jotgate.admission.grants import Terms, people
from jotgate.config import Settings
from jotgate.outcomes import Admit, Verdict
from jotgate.signed.browsers import new_browser
from jotgate.signed.tokens import mint_token
from jotgate.submissions import Candidate
from jotgate.wiring import build
from tests.bench.busy import Work
from tests.bench.site import FORM, settings_for


class GateAdmits:
    """All of `Gate.admit`: the code read, the throttle asked, the ticket issued, the ledger written."""

    codes_each = 1
    codes_a_second = 14_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the store with *count* codes and return them as they are printed."""
        parts = build(settings_for(store))
        codes = [issued.code for issued in parts.grants.create(Terms(form=FORM), people(count=count))]
        parts.store.close()
        return codes

    def open(self, store: str) -> Work:
        """Return what a process does: everybody comes with a browser of their own, from one of 250 networks."""
        gate = build(settings_for(store)).gate

        def admit(code: str) -> bool:
            network = f"198.51.100.{random.randrange(250)}/32"
            seen = Seen(browser=new_browser(time.time()), network=network)
            return isinstance(gate.admit(code, form=FORM, seen=seen), Admit)

        return admit


class GateRedeems:
    """All of `Gate.redeem`: the token verified, its key found, the ticket issued, key and ledger written."""

    codes_each = 1
    codes_a_second = 8_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the store with an app, and return tokens about *count* different people."""
        parts = build(_settings_for_apps(store))
        secret = parts.apps.create("ios", [FORM], actor="the bench").secret
        parts.store.close()
        assert secret is not None
        return [mint_token(secret, app="ios", form=FORM, subject=f"u-{number}") for number in range(count)]

    def open(self, store: str) -> Work:
        """Return what a process does: everybody comes with a browser of their own, from one of 250 networks."""
        gate = build(_settings_for_apps(store)).gate

        def redeem(token: str) -> bool:
            network = f"198.51.100.{random.randrange(250)}/32"
            seen = Seen(browser=new_browser(time.time()), network=network)
            return isinstance(gate.redeem(token, form=FORM, seen=seen), Admit)

        return redeem


class GateSettles:
    """Submissions judged and settled as a sweep does it: a hundred in one transaction, each on a ticket of its own."""

    codes_each = 100
    codes_a_second = 5_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the store with *count* tickets, and return what was submitted on them, a hundred together."""
        admit = GateAdmits()
        parts = build(settings_for(store))
        codes = admit.fill(store, count)
        candidates = []
        for number, code in enumerate(codes):
            seen = Seen(browser=new_browser(time.time()), network=f"198.51.100.{number % 250}/32")
            decision = parts.gate.admit(code, form=FORM, seen=seen)
            assert isinstance(decision, Admit)
            candidates.append(
                Candidate(
                    submission_id=str(6_400_000_000_000_000_000 + number),
                    form=FORM,
                    created_earliest=time.time(),
                    created_latest=time.time(),
                    ticket_id=decision.ticket_id,
                )
            )
        parts.store.close()
        return [candidates[at : at + self.codes_each] for at in range(0, count, self.codes_each)]

    def open(self, store: str) -> Work:
        """Return what a process does."""
        settle = build(settings_for(store)).store.settle

        def settled(candidates: Sequence[Candidate]) -> bool:
            verdicts = settle(candidates, capacity=None, now=time.time())
            return all(one.verdict is Verdict.VERIFIED for one in verdicts)

        return settled


def _settings_for_apps(store: str) -> Settings:
    form = {"id": "241234567890123", "title": "Students", "access": "app"}
    return settings_for(store, forms={FORM: form})
