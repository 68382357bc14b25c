"""The judgement of an app token before the store says whether it was there before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jotgate.frozen import frozen
from jotgate.policy import FormPolicy
from jotgate.protocols import SITE_APP, App, AppFault, AppKeyState, StoredAppKey
from jotgate.signed import segments
from jotgate.signed.keyring import CodeKeys, KeyRing, key_id
from jotgate.signed.tokens import (
    AppKey,
    Claims,
    TokenFault,
    app_secret_text,
    check_times,
    faulty_claim,
    issuer_of,
    key_id_of,
    read_token,
)
from jotgate.stores import Store

if TYPE_CHECKING:
    from jotgate.signed.proofs import Proof

#: What the secrets of apps are derived from `code_keys` for.
APP_PURPOSE = "app"
_SITE_PURPOSE = "hand-off"
#: Faults after which another key of the same app may still be the right one.
_BY_ANOTHER_KEY = {
    TokenFault.BAD_SIGNATURE.value,
    TokenFault.WRONG_ALGORITHM.value,
    AppFault.KEY_LOST.value,
}
_OF_A_CLAIM = (TokenFault.CLAIMS_MISSING, TokenFault.CLAIMS_INVALID)


@frozen
class ShownProof:
    """A proof of possession as it came with a request."""

    #: What stood in the header `DPoP`.
    text: str
    #: The request's own.
    method: str
    #: The request's address; its host is the site's own, never what the request says.
    address: str


@frozen
class Vetted:
    """A token that is authentic and for this form."""

    claims: Claims
    #: The registered key; None: the site's own.
    key_id: str | None
    #: Its minute is over.
    expired: bool
    proof: Proof | None = None
    #: Why the proof that it needs is not good, or None.
    proof_fault: str | None = None


@frozen
class Unfit:
    """A token that opens nothing, and what we know of it."""

    #: The exact reason, for operators only.
    fault: str
    #: The app that the key belongs to, if there is such a key.
    app: str | None = None
    #: The key that it names.
    key_id: str | None = None
    #: What it states, if it is authentic.
    claims: Claims | None = None
    #: The claim that is missing or not valid, if that is the reason.
    claim: str | None = None


class Vetting:
    """Tell authentic tokens from others, by the keys of the apps and the site's own."""

    __slots__ = ("_code_keys", "_keys", "_store")

    def __init__(self, *, store: Store, keys: KeyRing, code_keys: CodeKeys) -> None:
        self._store = store
        self._keys = keys
        self._code_keys = code_keys

    def vet(self, text: str, *, policy: FormPolicy, proof: ShownProof | None, now: float) -> Vetted | Unfit:
        """Say what *text* is worth for the form of *policy*. Total on any text.

        Raises:
            StoreUnavailable: the keys could not be read.
        """
        named = key_id_of(text)
        if named is None:
            return self._vet_nameless(text, policy=policy, proof=proof, now=now)
        site_key = self._site_key(named)
        if site_key is not None:
            return _read(text, site_key, policy, None, now)
        found = self._store.app_of_key(named)
        if found is None:
            return Unfit(fault=AppFault.UNKNOWN_KEY.value, key_id=named)
        return self._vet_by(found, text, policy=policy, proof=proof, now=now)

    def app_named(self, text: str) -> App | None:
        """Return the app that *text* says it is from, by its key or by `iss`; nothing is verified. Total on any text.

        Raises:
            StoreUnavailable: the keys could not be read.
        """
        named, issuer = key_id_of(text), issuer_of(text)
        if named is not None:
            found = self._store.app_of_key(named)
            return None if found is None else found[0]
        return next((app for app, _ in self._store.keys_of_app(issuer)), None) if issuer is not None else None

    def site_secret(self) -> str:
        """Return what the site's own tokens are minted with."""
        key = self._keys.keys(_SITE_PURPOSE)[0]
        return app_secret_text(key_id(key), key)

    def _vet_nameless(
        self, text: str, *, policy: FormPolicy, proof: ShownProof | None, now: float
    ) -> Vetted | Unfit:
        """Try a JWT without `kid`, as common libraries make them, with each live key of the app in its `iss`."""
        issuer = issuer_of(text)
        if issuer is None:
            return Unfit(fault=self._nameless(text).value)
        keys = self._store.keys_of_app(issuer)
        if not keys:
            return Unfit(fault=AppFault.UNKNOWN_APP.value)
        fault = AppFault.KEY_REVOKED.value
        for found in keys:
            if found[1].state is AppKeyState.REVOKED:
                continue
            vetted = self._vet_by(found, text, policy=policy, proof=proof, now=now)
            if isinstance(vetted, Vetted) or vetted.fault not in _BY_ANOTHER_KEY:
                return vetted
            fault = vetted.fault
        return Unfit(fault=fault, app=issuer)

    def _vet_by(
        self,
        found: tuple[App, StoredAppKey],
        text: str,
        *,
        policy: FormPolicy,
        proof: ShownProof | None,
        now: float,
    ) -> Vetted | Unfit:
        """Say what *text* is worth if it is signed with this key of this app."""
        app, kept = found
        key = self._app_key(app, kept)
        if isinstance(key, AppFault):
            return Unfit(fault=key.value, app=app.name, key_id=kept.key_id)
        read = _read(text, key, policy, app, now)
        return read if isinstance(read, Unfit) else _with_proof(read, text, app, proof, now)

    def _site_key(self, named: str) -> AppKey | None:
        for key in self._keys.keys(_SITE_PURPOSE):
            if key_id(key) == named:
                return AppKey(key_id=named, app=SITE_APP, algorithm="HS256", secret=key)
        return None

    def _app_key(self, app: App, kept: StoredAppKey) -> AppKey | AppFault:
        if kept.state is AppKeyState.REVOKED or app.revoked_at is not None:
            return AppFault.KEY_REVOKED
        secret = kept.public_key
        if kept.code_key is not None:
            secret = self._code_keys.derive(kept.code_key, APP_PURPOSE, kept.key_id)
        if secret is None:
            return AppFault.KEY_LOST
        return AppKey(key_id=kept.key_id, app=app.name, algorithm=kept.algorithm, secret=secret)

    def _nameless(self, text: str) -> TokenFault:
        """Return why a token that names no key is not one: nothing can have signed it."""
        nobody = AppKey(key_id="00000000", app=SITE_APP, algorithm="HS256", secret=bytes(32))
        fault = read_token(text, nobody)
        if fault in (TokenFault.TOO_LONG, TokenFault.MALFORMED):
            return fault
        return TokenFault.MALFORMED if segments.read_header(text) is None else TokenFault.WRONG_KEY


def _read(text: str, key: AppKey, policy: FormPolicy, app: App | None, now: float) -> Vetted | Unfit:
    """Verify *text* with *key*; *app* is None for the site's own."""
    registered = None if app is None else key.key_id
    claims = read_token(text, key)
    if isinstance(claims, TokenFault):
        claim = faulty_claim(text) if claims in _OF_A_CLAIM else None
        return Unfit(fault=claims.value, app=key.app, key_id=registered, claim=claim)
    fault = _misplaced(claims, policy, app) or check_times(claims, now)
    if fault is None or fault is TokenFault.EXPIRED:
        return Vetted(claims=claims, key_id=registered, expired=fault is TokenFault.EXPIRED)
    return Unfit(fault=fault.value, app=key.app, key_id=registered, claims=claims)


def _misplaced(claims: Claims, policy: FormPolicy, app: App | None) -> AppFault | None:
    """Return why the token is not for this form."""
    if claims.form != policy.form:
        return AppFault.WRONG_FORM
    if app is None:
        return None
    if "app" not in policy.access:
        return AppFault.NO_APP_ACCESS
    return None if policy.form in app.forms else AppFault.FORM_NOT_ALLOWED


def _with_proof(vetted: Vetted, text: str, app: App, shown: ShownProof | None, now: float) -> Vetted:
    """Return *vetted* with the proof that it needs, or with its fault."""
    thumbprint = vetted.claims.proof_key
    if thumbprint is None and not app.needs_proof:
        return vetted
    if shown is None:
        return _proved(vetted, None, AppFault.PROOF_MISSING.value)
    if thumbprint is None:
        return _proved(vetted, None, AppFault.PROOF_UNBOUND.value)
    # Loaded for the few apps that prove who presents a token.
    from jotgate.signed.proofs import ProofFault, read_proof

    proof = read_proof(shown.text, method=shown.method, address=shown.address, token=text, now=now)
    if isinstance(proof, ProofFault):
        return _proved(vetted, None, f"proof_{proof.value}")
    if proof.key_thumbprint != thumbprint:
        return _proved(vetted, None, AppFault.PROOF_OF_ANOTHER_KEY.value)
    return _proved(vetted, proof, None)


def _proved(vetted: Vetted, proof: Proof | None, fault: str | None) -> Vetted:
    return Vetted(
        claims=vetted.claims,
        key_id=vetted.key_id,
        expired=vetted.expired,
        proof=proof,
        proof_fault=fault,
    )
