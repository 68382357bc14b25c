"""Apps, their keys, and the tokens that they mint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Literal

from jotgate.frozen import frozen
from jotgate.signed.passes import Pass

#: The app that the site itself is: its key stems from `secret_keys`, and no store knows of it.
SITE_APP = "site"


class AppKeyState(Enum):
    """How far an app's key has come; printed as it is spelled."""

    NEXT = "next"  #: handed out, and good already; its first token makes it the active one.
    ACTIVE = "active"  #: what the app signs with.
    RETIRING = "retiring"  #: another has become active; still good, until it is revoked.
    REVOKED = "revoked"  #: worthless for good.


class AppFault(Enum):
    """Why a token that may well be authentic opens nothing; printed as it is spelled, for operators."""

    UNKNOWN_KEY = "unknown_key"  #: no app has a key of this id.
    UNKNOWN_APP = "unknown_app"  #: the token names no key, and no app is called what it says it is from.
    KEY_REVOKED = "key_revoked"  #: the key, or its whole app, was revoked.
    KEY_LOST = "key_lost"  #: `code_keys` lacks the key that the app's secret is derived from.
    WRONG_FORM = "wrong_form"  #: the token is for another form than the one asked for.
    FORM_NOT_ALLOWED = "form_not_allowed"  #: the app is not registered for this form.
    NO_APP_ACCESS = "no_app_access"  #: the form's `access` has no "app".
    PROOF_MISSING = "proof_missing"  #: the app, or the token, needs a proof of possession, and none came.
    PROOF_UNBOUND = "proof_unbound"  #: the app needs proofs, and the token names no key to prove.
    PROOF_OF_ANOTHER_KEY = "proof_of_another_key"  #: the token names another key than the proof's.
    PROOF_USED = "proof_used"  #: the proof was shown before.


@frozen
class App:
    """An app that may mint tokens."""

    #: Our name for it: lower-case letters, digits and hyphens.
    name: str
    #: The forms that its tokens may open, by our names.
    forms: tuple[str, ...]
    #: Where people go when the form is done or refused, or None.
    return_url: str | None = None
    #: Whether a token alone is worth nothing: who shows it has to prove the key that it names.
    needs_proof: bool = False
    #: Seconds since the epoch, UTC, as every time below.
    created_at: float
    revoked_at: float | None = None


@frozen
class StoredAppKey:
    """A key of an app, as the store keeps it: never the secret itself."""

    #: Eight lower-case letters and digits; tokens name it.
    key_id: str
    app: str
    algorithm: Literal["HS256", "EdDSA"]
    #: The id of the code key that the secret is derived from; None for a public key.
    code_key: str | None = None
    #: 32 bytes of Ed25519; None for a secret.
    public_key: bytes | None = None
    state: AppKeyState
    created_at: float
    last_used_at: float | None = None
    #: How many tokens signed with it were redeemed.
    used: int = 0
    revoked_at: float | None = None


@frozen
class AppCounts:
    """What came of the tokens of one app."""

    #: Different subjects, each counted once for every form.
    subjects: int
    #: Submissions that count.
    used: int
    #: How often a form moved to another browser.
    moves: int
    #: How often a token that had been redeemed was shown again in another browser.
    foreign_tries: int


@frozen
class Redemption:
    """A wish to be let in with an app token that is authentic, for this form, and brings every proof it needs."""

    form: str
    app: str
    #: The key that signed it; None: the site's own.
    key_id: str | None
    #: First 16 bytes of SHA-256 over the app and the token's id: by it a token is known again.
    token_key: bytes
    #: The same over the proof's key and id, if there is one.
    proof_key: bytes | None = None
    #: Until when token and proof could be shown again, if nobody remembered them.
    remember_until: float
    #: The token's minute is over: it is only asked whether it was used before.
    expired: bool = False
    #: Names the grant of this app, form and subject, 16 bytes.
    fingerprint: bytes
    subject: str
    #: The field that says whose the submission will be, where the token locks it; None: the subject's.
    owner_field: str | None = None
    #: Whom it names; None: nobody, so that it is the subject's.
    owner: str | None = None
    #: How often the subject may submit by this app's tokens.
    uses: int
    #: How often by whatever way; None: nothing limits that.
    in_all: int | None = None
    #: The app's own version, if the token tells it.
    version: str | None = None
    prefill: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: The names in `prefill` whose value must come back unchanged.
    locked: tuple[str, ...] = ()
    #: The browser's id, 16 bytes.
    browser: bytes
    #: Where it is, as `jotgate.throttle.network_of` names it.
    network: str
    #: The live pass that the browser holds for this form already, if any; revoked by the admission.
    holds: Pass | None
    now: float
    ticket_expires_at: float
    #: Name of the new pass, and when it runs out.
    pass_id: bytes
    pass_expires_at: float
