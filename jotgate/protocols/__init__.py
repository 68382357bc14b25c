"""What the gate and the sweep need of a store and of JotForm. Several implementations, one contract.

A store speaks in whole decisions: each verb is one transaction, decided by a guarded write,
and is honoured by every process and machine that shares the store. Every verb raises
`jotgate.errors.StoreUnavailable` when it cannot do its work; then nothing was written.
All times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from jotgate.protocols.admission import AdmissionStore, Opening
from jotgate.protocols.apps import SITE_APP, App, AppCounts, AppFault, AppStore, KeptKey, KeyState, Redemption
from jotgate.protocols.auditing import AuditingStore, AuditState, Edit, Edited, KeptAnswers
from jotgate.protocols.exporting import ExportingStore, ExportRow
from jotgate.protocols.forgetting import Erasure, ForgettingStore, Masks
from jotgate.protocols.granting import Grant, GrantFilter, GrantStore, NewGrant
from jotgate.protocols.keys import Counted, KeyStore, NewScopedKey, ScopedKey, Share
from jotgate.protocols.outbox import Backlog, Consumer, Failed, Notice, OutboxStore, Told
from jotgate.protocols.reading import FormState, Reading, ReadingStore
from jotgate.protocols.reporting import ReportingStore, WouldBeRefusal
from jotgate.protocols.service import Account, FormInfo, FormService, Question, RawPage, SubmissionPage, Toll
from jotgate.protocols.settling import Settled, SettlingStore, SubmissionFilter, SubmissionRecord
from jotgate.protocols.signing import SigningKey, SigningStore, StillSigned
from jotgate.protocols.standing import OwnRow, Standing, StandingStore

__all__ = [
    "SITE_APP",
    "Account",
    "App",
    "AppCounts",
    "AppFault",
    "AuditState",
    "Backlog",
    "Consumer",
    "Counted",
    "Edit",
    "Edited",
    "Erasure",
    "ExportRow",
    "Failed",
    "FormInfo",
    "FormService",
    "FormState",
    "Grant",
    "GrantFilter",
    "KeptAnswers",
    "KeptKey",
    "KeyState",
    "Masks",
    "NewGrant",
    "NewScopedKey",
    "Notice",
    "Opening",
    "OwnRow",
    "Question",
    "RawPage",
    "Reading",
    "Redemption",
    "ScopedKey",
    "Settled",
    "Share",
    "SigningKey",
    "Standing",
    "StandingStore",
    "StillSigned",
    "Store",
    "SubmissionFilter",
    "SubmissionPage",
    "SubmissionRecord",
    "Told",
    "Toll",
    "WouldBeRefusal",
]


class Store(
    AdmissionStore,
    AppStore,
    GrantStore,
    KeyStore,
    ReadingStore,
    SettlingStore,
    ReportingStore,
    SigningStore,
    OutboxStore,
    StandingStore,
    AuditingStore,
    ExportingStore,
    ForgettingStore,
    Protocol,
):
    """Everything that is remembered."""

    def prepare(self, forms: Mapping[str, str], now: float) -> None:
        """Bring the schema up to date, and make the state of *forms* (name -> JotForm id) exist.

        A form whose JotForm id changed starts anew.

        Raises:
            StoreMismatch: the store was written by a newer jotgate.
        """
        ...

    def close(self) -> None:
        """Close this thread's connection."""
        ...

    def check(self) -> None:
        """Return if the store can be read and written now, else raise `StoreUnavailable`."""
        ...
