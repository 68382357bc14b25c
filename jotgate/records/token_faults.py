"""What the exact fault of a refused app token means; visitors read one wording for all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jotgate.phrases import phrase
from jotgate.protocols import AppFault
from jotgate.signed.proofs import ProofFault
from jotgate.signed.tokens import TokenFault

_TOKENS: Mapping[TokenFault, str] = MappingProxyType(
    {
        TokenFault.TOO_LONG: phrase("The token is too long."),
        TokenFault.MALFORMED: phrase(
            "This is not a token, or it was cut off on its way. Or it is in base64 instead of base64url without"
            " padding (=), or a JWT without a signature (alg none)."
        ),
        TokenFault.JWT_NOT_INSTALLED: phrase(
            "The token is a JWT, and this site cannot read one: pip install 'jotgate[jwt]'."
        ),
        TokenFault.WRONG_KEY: phrase(
            "The token does not name its key as the backend should: by the id before the dot in "
            "the secret (`kid`)."
        ),
        TokenFault.WRONG_ALGORITHM: phrase(
            "The token is signed with another algorithm than the one that its key is registered for."
        ),
        TokenFault.UNSUPPORTED_HEADER: phrase(
            "The token's header contains a key, or an extension that is not supported."
        ),
        TokenFault.BAD_SIGNATURE: phrase(
            "The token was not signed with the key that it names or with any key of its app,"
            " or it was changed afterwards: a forgery, a backend with another secret, or one that signs a JWT with the"
            " secret's text instead of the 32 bytes that it stands for."
        ),
        TokenFault.WRONG_TYPE: phrase("The token was signed for something other than opening a form."),
        TokenFault.CLAIMS_MISSING: phrase(
            "The token lacks a claim: iss, aud, sub, exp, iat and jti are required."
        ),
        TokenFault.CLAIMS_INVALID: phrase(
            "A claim is of the wrong kind, empty, too long, or contradicts another; the entry names it. iat and exp"
            " are numbers of seconds, not of milliseconds."
        ),
        TokenFault.WRONG_APP: phrase(
            "The token names another app (iss) than the one that its key belongs to."
        ),
        TokenFault.TOO_LONG_LIVED: phrase("The backend asked for more than 60 seconds between iat and exp."),
        TokenFault.EXPIRED: phrase("The token's minute is over."),
        TokenFault.NOT_YET_VALID: phrase(
            "The token is from the future: the clock of the backend, or of this site, is wrong."
        ),
    }
)

_APPS: Mapping[AppFault, str] = MappingProxyType(
    {
        AppFault.UNKNOWN_KEY: phrase("No app has a key of this id. `apps list` shows the keys that exist."),
        AppFault.UNKNOWN_APP: phrase(
            "The token is a JWT that names no key (kid), and no app has the name in its iss."
        ),
        AppFault.KEY_REVOKED: phrase("The token's key, or its whole app, was revoked."),
        AppFault.KEY_LOST: phrase(
            "The app's secret was derived from a code key that is no longer in the settings (code_keys)."
        ),
        AppFault.WRONG_FORM: phrase(
            "The token is for another form (aud) than the one whose address it was sent to."
        ),
        AppFault.FORM_NOT_ALLOWED: phrase("The app is not registered for this form."),
        AppFault.NO_APP_ACCESS: phrase('The form\'s access has no "app" any more.'),
        AppFault.PROOF_MISSING: phrase(
            "The token works only together with a proof (header DPoP), and none came: somebody"
            " has only the token, or the app sent no proof."
        ),
        AppFault.PROOF_UNBOUND: phrase(
            "The app needs proofs, and its backend named no key in the token (cnf.jkt)."
        ),
        AppFault.PROOF_OF_ANOTHER_KEY: phrase(
            "The proof was made with another key than the one that the token names."
        ),
        AppFault.PROOF_USED: phrase("The same proof was used before: somebody repeats what they overheard."),
    }
)

_PROOFS: Mapping[ProofFault, str] = MappingProxyType(
    {
        ProofFault.TOO_LONG: phrase("it is too long"),
        ProofFault.MALFORMED: phrase("it is not a JWT, or was cut off on its way"),
        ProofFault.JWT_NOT_INSTALLED: phrase("this site cannot read one: pip install 'jotgate[jwt]'"),
        ProofFault.WRONG_TYPE: phrase("its typ is not dpop+jwt"),
        ProofFault.WRONG_ALGORITHM: phrase("its algorithm is neither ES256 nor Ed25519 (EdDSA)"),
        ProofFault.UNSUPPORTED_HEADER: phrase("its header has an extension that is not supported"),
        ProofFault.WRONG_KEY: phrase(
            "its header has no public key for its algorithm (jwk), or a private one"
        ),
        ProofFault.BAD_SIGNATURE: phrase("it was not signed with the key in its header"),
        ProofFault.CLAIMS_MISSING: phrase("it lacks a claim: jti, htm, htu, iat and ath are required"),
        ProofFault.CLAIMS_INVALID: phrase("a claim of it is of the wrong kind, empty or too long"),
        ProofFault.WRONG_METHOD: phrase("it was made for a request by another method (htm)"),
        ProofFault.WRONG_ADDRESS: phrase(
            "it was made for another address (htu); site_url must be what the app opens"
        ),
        ProofFault.WRONG_TOKEN: phrase("it was made for another token (ath)"),
        ProofFault.EXPIRED: phrase("it was made more than a minute ago, or a clock is wrong"),
        ProofFault.NOT_YET_VALID: phrase("it is from the future: a clock is wrong"),
    }
)

#: The meaning of every `reason` that an entry ``token.refused`` may have for a bad token.
MEANINGS: Mapping[str, str] = MappingProxyType(
    {fault.value: meaning for fault, meaning in _TOKENS.items()}
    | {fault.value: meaning for fault, meaning in _APPS.items()}
    | {
        f"proof_{fault.value}": phrase("The proof that came with the token is not valid: {why}.", why=why)
        for fault, why in _PROOFS.items()
    }
)
