"""The one place that builds the parts out of the settings."""

from __future__ import annotations

import hashlib
import secrets
import socket
from dataclasses import dataclass

from jotgate.apps import Apps
from jotgate.audit import Audit
from jotgate.callbacks import Callbacks
from jotgate.callbacks import F as CallbackT
from jotgate.clock import Clock, SystemClock
from jotgate.config import Settings
from jotgate.errors import StoreMismatch, StoreUnavailable
from jotgate.gate import Gate
from jotgate.grants import Grants
from jotgate.intake import Intake
from jotgate.invitations import Invitations
from jotgate.jotform.client import JotFormClient
from jotgate.keyring import CodeKeys, KeyRing
from jotgate.mirroring import Mirror
from jotgate.protocols import FormService, Store
from jotgate.quota import PLANS, Quota
from jotgate.records import Records
from jotgate.reporting import Reports
from jotgate.retention import Retention, masks_of
from jotgate.scoped_keys import ScopedKeys
from jotgate.stores import open_store
from jotgate.sweep import Sweep
from jotgate.sweeper import Sweeper

#: What an account is believed to have until JotForm says otherwise: the smallest plan.
_ASSUMED_CALLS = PLANS["free"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One site's gate, taken apart."""

    settings: Settings
    clock: Clock
    keys: KeyRing
    store: Store
    quota: Quota
    service: FormService
    gate: Gate
    grants: Grants
    apps: Apps
    invitations: Invitations
    reports: Reports
    intake: Intake
    sweep: Sweep
    sweeper: Sweeper
    scoped_keys: ScopedKeys
    mirror: Mirror
    callbacks: Callbacks
    audit: Audit
    retention: Retention

    def on_verdict(self, function: CallbackT, *, name: str | None = None) -> CallbackT:
        """Have *function* called with every `jotgate.VerdictEvent` from now on; see `Callbacks.on_verdict`."""
        return self.callbacks.on_verdict(function, name=name)

    records: Records


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    store: Store | None = None,
    service: FormService | None = None,
) -> Parts:
    """Build the parts; a store that is down now is tried again when it is needed.

    Raises:
        ConfigError: the settings name a store that there is not.
        StoreMismatch: the store was written by a newer jotgate, or needs code keys that the settings lack.
    """
    clock = clock or SystemClock()
    store = store or open_store(settings.store)
    keys = KeyRing(settings.secret_keys)
    code_keys = CodeKeys(settings.code_keys)
    policies = settings.policies
    store.use_masks(masks_of(code_keys))
    _prepare(store, {form: policy.form_id for form, policy in policies.items()}, code_keys, clock)
    account = hashlib.sha256(b"jotgate/account" + settings.api_key.encode()).hexdigest()[:12]
    limit = PLANS[settings.plan] if settings.plan else _ASSUMED_CALLS
    quota = Quota(store, account=account, limit=limit, clock=clock)
    if service is None:
        service = JotFormClient(
            settings.host.api_base,
            settings.api_key,
            quota=quota,
            clock=clock,
            proxy=settings.http_proxy,
        )
    holder = f"{socket.gethostname()}:{secrets.token_hex(4)}"
    sweep = Sweep(
        policies,
        store=store,
        service=service,
        quota=quota,
        keys=keys,
        code_keys=code_keys,
        clock=clock,
        holder=holder,
    )
    callbacks = Callbacks(store=store, code_keys=code_keys, clock=clock)
    audit = Audit(
        policies,
        store=store,
        service=service,
        quota=quota,
        keys=keys,
        code_keys=code_keys,
        clock=clock,
    )
    retention = Retention(policies, store=store, clock=clock)
    sweeper = Sweeper(sweep, settings.sweeper, callbacks, (audit.daily, retention.daily))
    return Parts(
        settings=settings,
        clock=clock,
        keys=keys,
        store=store,
        quota=quota,
        service=service,
        gate=Gate(policies, store=store, keys=keys, code_keys=code_keys, clock=clock),
        grants=Grants(tuple(policies), store=store, code_keys=code_keys, clock=clock),
        apps=Apps(policies, store=store, code_keys=code_keys, clock=clock),
        invitations=Invitations(
            policies,
            door=f"{settings.url_prefix}/f",
            site_url=settings.site_url,
            keys=keys,
            clock=clock,
        ),
        reports=Reports(store, clock),
        intake=Intake(settings.hook_secrets, store=store, clock=clock, wake=sweeper.wake),
        sweep=sweep,
        sweeper=sweeper,
        scoped_keys=ScopedKeys(policies, store=store, code_keys=code_keys, clock=clock),
        mirror=Mirror(policies, store=store, service=service, quota=quota, clock=clock),
        callbacks=callbacks,
        records=Records(policies, store=store, code_keys=code_keys, quota=quota, clock=clock),
        audit=audit,
        retention=retention,
    )


def _prepare(store: Store, forms: dict[str, str], code_keys: CodeKeys, clock: Clock) -> None:
    try:
        store.prepare(forms, clock.now())
        missing_codes = store.missing_keys(code_keys.ids)
        missing_keys = store.missing_app_keys(code_keys.ids)
        store.close()
    except StoreUnavailable:
        return
    if missing_codes or missing_keys:
        lost = ", ".join(
            f"{key_id} ({missing_codes.get(key_id, 0)} codes, {missing_keys.get(key_id, 0)} app keys)"
            for key_id in sorted({*missing_codes, *missing_keys})
        )
        raise StoreMismatch(
            f"code_keys lacks keys that printed codes and apps need: {lost}; "
            "they would be void. Put the old key back in front of the list, or revoke what needs it"
        )
