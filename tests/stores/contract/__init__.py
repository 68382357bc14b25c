"""One suite of tests that every `jotgate.stores.Store` has to pass, races between processes included.

A store's own test module holds one class and one fixture::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def opener(self, tmp_path):
            return functools.partial(open_store, f"sqlite:///{tmp_path}/store.db")
"""

from __future__ import annotations

from tests.stores.contract.admitting import AdmittingContract
from tests.stores.contract.apps import AppsContract
from tests.stores.contract.audit import AuditContract
from tests.stores.contract.changing import ChangingContract
from tests.stores.contract.counting import CountingContract
from tests.stores.contract.crowding import CrowdingContract
from tests.stores.contract.entries import EntriesContract
from tests.stores.contract.forgetting import ForgettingContract
from tests.stores.contract.granting import GrantingContract
from tests.stores.contract.guessing import GuessingContract
from tests.stores.contract.mailing import MailingContract
from tests.stores.contract.mirrored import MirroredContract
from tests.stores.contract.openings import OpeningsContract
from tests.stores.contract.outbox import OutboxContract
from tests.stores.contract.owners import OwnersContract
from tests.stores.contract.owning import OwningContract
from tests.stores.contract.pausing import PausingContract
from tests.stores.contract.people import PeopleContract
from tests.stores.contract.races import RacesContract
from tests.stores.contract.redeeming import RedeemingContract
from tests.stores.contract.renaming import RenamingContract
from tests.stores.contract.retaining import RetainingContract
from tests.stores.contract.ruling import RulingContract
from tests.stores.contract.scoped_keys import ScopedKeysContract
from tests.stores.contract.settling import SettlingContract
from tests.stores.contract.signing_in import SigningInContract
from tests.stores.contract.spending import SpendingContract
from tests.stores.contract.standing import StandingContract
from tests.stores.contract.submission_lists import SubmissionListsContract
from tests.stores.contract.sweeping import SweepingContract
from tests.stores.contract.telling import TellingContract
from tests.stores.contract.tokens import TokensContract
from tests.stores.contract.totals import TotalsContract

__all__ = ["StoreContract"]


class StoreContract(
    AdmittingContract,
    GuessingContract,
    CrowdingContract,
    GrantingContract,
    PeopleContract,
    ChangingContract,
    ScopedKeysContract,
    MirroredContract,
    AppsContract,
    RedeemingContract,
    OpeningsContract,
    TokensContract,
    SettlingContract,
    RulingContract,
    SubmissionListsContract,
    EntriesContract,
    OwnersContract,
    OwningContract,
    SpendingContract,
    SweepingContract,
    PausingContract,
    CountingContract,
    OutboxContract,
    MailingContract,
    SigningInContract,
    TotalsContract,
    TellingContract,
    StandingContract,
    AuditContract,
    ForgettingContract,
    RetainingContract,
    RenamingContract,
    RacesContract,
):
    """Every claim that a store makes. Subclass it and give the fixture `opener`."""
