"""One suite of tests that every `jotgate.protocols.Store` has to pass, races between processes included.

A store's own test module holds one class and one fixture::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def opener(self, tmp_path):
            return functools.partial(open_store, f"sqlite:///{tmp_path}/store.db")
"""

from __future__ import annotations

from jotgate.testing.contract.admitting import AdmittingContract
from jotgate.testing.contract.auditing import AuditingContract
from jotgate.testing.contract.counting import CountingContract
from jotgate.testing.contract.forgetting import ForgettingContract
from jotgate.testing.contract.granting import GrantingContract
from jotgate.testing.contract.keys import KeysContract
from jotgate.testing.contract.outbox import OutboxContract
from jotgate.testing.contract.races import RacesContract
from jotgate.testing.contract.redeeming import RedeemingContract
from jotgate.testing.contract.ruling import RulingContract
from jotgate.testing.contract.settling import SettlingContract
from jotgate.testing.contract.standing import StandingContract
from jotgate.testing.contract.sweeping import SweepingContract

__all__ = ["StoreContract"]


class StoreContract(
    AdmittingContract,
    GrantingContract,
    KeysContract,
    RedeemingContract,
    SettlingContract,
    RulingContract,
    SweepingContract,
    CountingContract,
    OutboxContract,
    StandingContract,
    AuditingContract,
    ForgettingContract,
    RacesContract,
):
    """Every claim that a store makes. Subclass it and give the fixture `opener`."""
