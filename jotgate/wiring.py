"""The one place that builds the parts out of the settings."""

from __future__ import annotations

import hashlib
import secrets
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jotgate.clock import Clock, SystemClock
from jotgate.config import Settings
from jotgate.errors import StoreMismatch, StoreUnavailable
from jotgate.quota import PLANS
from jotgate.records.retention import tombstones_of
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.stores import Store, open_store

if TYPE_CHECKING:
    from jotgate.admission.apps import Apps
    from jotgate.admission.gate import Gate
    from jotgate.admission.grants import Grants
    from jotgate.admission.inviting import Inviting
    from jotgate.admission.people import People
    from jotgate.admission.sign_ins import SignIns
    from jotgate.jotform.client import JotFormClient
    from jotgate.mailing.mailing import Mailing
    from jotgate.mailing.recipients import Recipients
    from jotgate.mirroring.mirror import Mirror
    from jotgate.mirroring.scoped_keys import ScopedKeys
    from jotgate.quota import Quota
    from jotgate.records.overview import Overviews
    from jotgate.records.reporting import Reports
    from jotgate.records.retention import Retention
    from jotgate.records.standing import Standings
    from jotgate.signed.invitations import Invitations
    from jotgate.sweeping.audit import Audit
    from jotgate.sweeping.intake import Intake
    from jotgate.sweeping.sweep import Sweep
    from jotgate.sweeping.sweeper import Sweeper
    from jotgate.telling.callbacks import Callbacks
    from jotgate.telling.callbacks import F as CallbackT

T = TypeVar("T")

#: What an account is believed to have until JotForm says otherwise: the smallest plan.
_ASSUMED_CALLS = PLANS["free"]


class _Part(Generic[T]):
    """A part that is made when it is first asked for. Threads that ask at once all get the one that was done first."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, parts: Any, owner: object = None) -> T:
        made: T = vars(parts).setdefault(self._make.__name__, self._make(parts))
        return made


class Parts:
    """One site's gate, taken apart.

    A process that serves one request and ends, as with CGI, pays for what that request needs: each part is made, and
    its modules are loaded, on first use.
    """

    def __init__(
        self, settings: Settings, *, clock: Clock, store: Store, service: JotFormClient | None = None
    ) -> None:
        """Take the parts from *settings*, but for those that are given."""
        self.settings = settings
        self.clock = clock
        self.store = store
        self.keys = KeyRing(settings.secret_keys)
        self.code_keys = CodeKeys(settings.code_keys)
        self._given_service = service
        #: This process's functions that hear of verdicts. The list stays the same one: each request looks into it.
        self.hearers: list[Callable[..., object]] = []

    @property
    def _account(self) -> str:
        """The name of the account at JotForm in the store, which must not tell its key."""
        return hashlib.sha256(b"jotgate/account" + self.settings.api_key.encode()).hexdigest()[:12]

    @_Part
    def quota(self) -> Quota:
        """The calls that JotForm allows."""
        from jotgate.quota import Quota

        plan = self.settings.plan
        limit = PLANS[plan] if plan else _ASSUMED_CALLS
        return Quota(self.store, account=self._account, limit=limit, clock=self.clock)

    @_Part
    def service(self) -> JotFormClient:
        """JotForm."""
        from jotgate.jotform.client import JotFormClient
        from jotgate.jotform.zones import Zones

        policies = self.settings.policies.values()
        return self._given_service or JotFormClient(
            self.settings.host.api_base,
            self.settings.api_key,
            quota=self.quota,
            clock=self.clock,
            proxy=self.settings.http_proxy,
            teams={policy.form_id: policy.team_id for policy in policies if policy.team_id},
            zones=Zones(self.store, account=self._account, clock=self.clock),
        )

    @_Part
    def gate(self) -> Gate:
        """Who may open a form."""
        from jotgate.admission.gate import Gate

        return Gate(
            self.settings.policies,
            store=self.store,
            keys=self.keys,
            code_keys=self.code_keys,
            clock=self.clock,
        )

    @_Part
    def people(self) -> People:
        """The people of each form, for those who look after them."""
        from jotgate.admission.people import People

        return People(
            tuple(self.settings.policies), store=self.store, code_keys=self.code_keys, clock=self.clock
        )

    @_Part
    def grants(self) -> Grants:
        """Access codes."""
        from jotgate.admission.grants import Grants

        return Grants(
            tuple(self.settings.policies), store=self.store, code_keys=self.code_keys, clock=self.clock
        )

    @_Part
    def apps(self) -> Apps:
        """The apps that mint tokens."""
        from jotgate.admission.apps import Apps

        return Apps(self.settings.policies, store=self.store, code_keys=self.code_keys, clock=self.clock)

    @_Part
    def inviting(self) -> Inviting:
        """What invitations allow."""
        from jotgate.admission.inviting import Inviting

        return Inviting(self.settings.policies, store=self.store, clock=self.clock)

    @_Part
    def invitations(self) -> Invitations:
        """Personal links."""
        from jotgate.signed.invitations import Invitations

        return Invitations(
            self.settings.policies,
            door=f"{self.settings.url_prefix}/f",
            site_url=self.settings.site_url,
            keys=self.keys,
            clock=self.clock,
        )

    @_Part
    def sign_ins(self) -> SignIns:
        """Links into the office."""
        from jotgate.admission.sign_ins import SignIns

        office = f"{self.settings.site_url}{self.settings.url_prefix}/admin"
        return SignIns(store=self.store, clock=self.clock, office=office)

    @_Part
    def reports(self) -> Reports:
        """Whom forms would refuse that only report."""
        from jotgate.records.reporting import Reports

        return Reports(self.store, self.clock)

    @_Part
    def overviews(self) -> Overviews:
        """How each form goes."""
        from jotgate.records.overview import Overviews

        return Overviews(self.settings.policies, store=self.store, quota=self.quota, clock=self.clock)

    @_Part
    def intake(self) -> Intake:
        """Deliveries of JotForm's."""
        from jotgate.sweeping.intake import Intake

        return Intake(self.settings.hook_secrets, store=self.store, clock=self.clock, wake=self.wake)

    @_Part
    def sweep(self) -> Sweep:
        """One reading of new submissions."""
        from jotgate.sweeping.sweep import Sweep

        return Sweep(
            self.settings.policies,
            store=self.store,
            service=self.service,
            quota=self.quota,
            keys=self.keys,
            code_keys=self.code_keys,
            clock=self.clock,
            holder=f"{socket.gethostname()}:{secrets.token_hex(4)}",
        )

    @_Part
    def sweeper(self) -> Sweeper:
        """What keeps the sweep going."""
        from jotgate.sweeping.sweeper import Sweeper

        chores = (self.audit.daily, self.retention.daily)
        return Sweeper(self.sweep, self.settings.sweeper, self.callbacks, chores)

    @_Part
    def audit(self) -> Audit:
        """The daily look at what changed at JotForm."""
        from jotgate.sweeping.audit import Audit

        return Audit(
            self.settings.policies,
            store=self.store,
            service=self.service,
            quota=self.quota,
            keys=self.keys,
            code_keys=self.code_keys,
            clock=self.clock,
        )

    @_Part
    def retention(self) -> Retention:
        """What is forgotten, and when."""
        from jotgate.records.retention import Retention

        return Retention(self.settings.policies, store=self.store, clock=self.clock)

    @_Part
    def callbacks(self) -> Callbacks:
        """Who hears of verdicts."""
        from jotgate.telling.callbacks import Callbacks

        return Callbacks(self.settings.policies, store=self.store, code_keys=self.code_keys, clock=self.clock)

    @_Part
    def scoped_keys(self) -> ScopedKeys:
        """Keys for some forms and fields of the account."""
        from jotgate.mirroring.scoped_keys import ScopedKeys

        return ScopedKeys(
            self.settings.policies, store=self.store, code_keys=self.code_keys, clock=self.clock
        )

    @_Part
    def mirror(self) -> Mirror:
        """What these keys open."""
        from jotgate.mirroring.mirror import Mirror

        return Mirror(
            self.settings.policies,
            store=self.store,
            service=self.service,
            quota=self.quota,
            keys=self.keys,
            clock=self.clock,
        )

    @_Part
    def standings(self) -> Standings:
        """Who has submitted."""
        from jotgate.records.standing import Standings

        return Standings(
            self.settings.policies,
            store=self.store,
            code_keys=self.code_keys,
            quota=self.quota,
            clock=self.clock,
        )

    @_Part
    def mailing(self) -> Mailing:
        """Mails to people."""
        from jotgate.mailing.mailing import Mailing

        return Mailing(self.settings, store=self.store, clock=self.clock)

    @_Part
    def recipients(self) -> Recipients:
        """Who gets them."""
        from jotgate.mailing.recipients import Recipients

        return Recipients(
            self.settings.policies,
            mailing=self.mailing,
            store=self.store,
            grants=self.grants,
            standings=self.standings,
            invitations=self.invitations,
            clock=self.clock,
        )

    def attend(self, sweep_now: bool = False, *, once: bool = False) -> None:
        """Look after the sweep, as `Sweeper.attend`, unless a process of its own does, and it need not be loaded."""
        if self.settings.sweeper != "external":
            self.sweeper.attend(sweep_now, once=once)

    def wake(self) -> None:
        """Let this process's sweep, if it has one, hear that something became due."""
        if self.settings.sweeper != "external":
            self.sweeper.wake()

    def on_verdict(self, function: CallbackT, *, name: str | None = None) -> CallbackT:
        """Have *function* called with every `jotgate.VerdictEvent` from now on; see `Callbacks.on_verdict`."""
        self.hearers.append(self.callbacks.on_verdict(function, name=name))
        return function


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    store: Store | None = None,
    service: JotFormClient | None = None,
) -> Parts:
    """Build the parts; a store that is down now is tried again when it is needed.

    Raises:
        ConfigError: the settings name a store that there is not, or a thread where none runs.
        StoreMismatch: the store was written by a newer jotgate, or needs code keys that the settings lack.
    """
    parts = Parts(
        settings, clock=clock or SystemClock(), store=store or open_store(settings.store), service=service
    )
    parts.store.use_tombstones(tombstones_of(parts.code_keys))
    _prepare(parts)
    if "uwsgi" in sys.modules:
        # Its timer has to be set before workers are forked, and it is where a thread may be refused.
        parts.sweeper  # noqa: B018 - made by being asked for
    return parts


def _prepare(parts: Parts) -> None:
    store, code_keys = parts.store, parts.code_keys
    try:
        forms = {form: policy.form_id for form, policy in parts.settings.policies.items()}
        store.prepare(forms, parts.clock.now())
        missing_codes = store.missing_code_keys(code_keys.ids)
        missing_keys = store.missing_app_keys(code_keys.ids)
    except StoreUnavailable:
        return
    finally:
        store.close()
    if missing_codes or missing_keys:
        lost = ", ".join(
            f"{key_id} ({missing_codes.get(key_id, 0)} codes, {missing_keys.get(key_id, 0)} app keys)"
            for key_id in sorted({*missing_codes, *missing_keys})
        )
        raise StoreMismatch(
            f"code_keys lacks keys that printed codes and apps need: {lost}; "
            "they would be void. Put the old key back in front of the list, or revoke what needs it"
        )
