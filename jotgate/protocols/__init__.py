"""The records that the store and JotForm's client speak in.

What a store can do is on `jotgate.stores.Store`, what can be asked of JotForm on
`jotgate.jotform.client.JotFormClient`. All times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from jotgate.protocols.apps import SITE_APP, App, AppCounts, AppFault, AppKeyState, Redemption, StoredAppKey
from jotgate.protocols.audit import AuditState, Edit, Edited, KeptAnswers
from jotgate.protocols.entries import EntryFilter, ListedEntry
from jotgate.protocols.exporting import ExportRow
from jotgate.protocols.forgetting import Erasure, Tombstones
from jotgate.protocols.grants import Grant, GrantFilter, Invited, LiveCodes, NewGrant
from jotgate.protocols.jotform import Account, FormInfo, Question, RawPage, SubmissionPage
from jotgate.protocols.mails import ClaimedMail, MailRecord, MailState, NewMail
from jotgate.protocols.mirrored import Mirrored, MirrorTurn
from jotgate.protocols.outbox import Backlog, Consumer, Failed, Notice, Told
from jotgate.protocols.overview import FormFigures
from jotgate.protocols.reporting import WouldBeRefusal
from jotgate.protocols.scoped_keys import Counted, Known, NewScopedKey, ScopedKey, Share
from jotgate.protocols.settling import (
    Handover,
    ListedSubmission,
    OpenedSubmission,
    Settled,
    SubmissionFilter,
    SubmissionRecord,
)
from jotgate.protocols.sign_ins import SignIn
from jotgate.protocols.signing_keys import SigningKey, StillSigned
from jotgate.protocols.standing import Coded, OwnRow, Standing, ToldSubmission
from jotgate.protocols.sweep import FormState, Hint, KnownRange, Place, Reading, Unproven
from jotgate.protocols.tickets import Opening, Revoked
from jotgate.protocols.totals import Total
from jotgate.protocols.zones import ZoneCount

__all__ = [
    "SITE_APP",
    "Account",
    "App",
    "AppCounts",
    "AppFault",
    "AppKeyState",
    "AuditState",
    "Backlog",
    "ClaimedMail",
    "Coded",
    "Consumer",
    "Counted",
    "Edit",
    "Edited",
    "EntryFilter",
    "Erasure",
    "ExportRow",
    "Failed",
    "FormFigures",
    "FormInfo",
    "FormState",
    "Grant",
    "GrantFilter",
    "Handover",
    "Hint",
    "Invited",
    "KeptAnswers",
    "Known",
    "KnownRange",
    "ListedEntry",
    "ListedSubmission",
    "LiveCodes",
    "MailRecord",
    "MailState",
    "MirrorTurn",
    "Mirrored",
    "NewGrant",
    "NewMail",
    "NewScopedKey",
    "Notice",
    "OpenedSubmission",
    "Opening",
    "OwnRow",
    "Place",
    "Question",
    "RawPage",
    "Reading",
    "Redemption",
    "Revoked",
    "ScopedKey",
    "Settled",
    "Share",
    "SignIn",
    "SigningKey",
    "Standing",
    "StillSigned",
    "StoredAppKey",
    "SubmissionFilter",
    "SubmissionPage",
    "SubmissionRecord",
    "Told",
    "ToldSubmission",
    "Tombstones",
    "Total",
    "Unproven",
    "WouldBeRefusal",
    "ZoneCount",
]
