"""Nothing that jotgate signs for one purpose is good for another, even where all of it is signed with one secret."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import jotgate
from jotgate.admission.vetting import Vetting
from jotgate.door.signing import Signer
from jotgate.operators import Operator
from jotgate.outcomes import Work
from jotgate.signed import segments
from jotgate.signed.browsers import Browser, read_browser, sign_browser
from jotgate.signed.invitations import Invitation, invitation_text, read_invitation
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.signed.passes import Pass, PassReader
from jotgate.signed.proofs import Proof, read_proof
from jotgate.signed.tickets import OnPage, read_ticket, ticket_text
from jotgate.signed.tokens import AppKey, Claims, app_secret_text, mint_token, read_app_secret, read_token
from jotgate.signed.work import PUZZLES, ShownWork, challenge, read_work
from jotgate.testing.clock import FrozenClock

NOW = 1_790_000_000.0
SECRET = bytes(range(32))
KEYS = KeyRing([SECRET])
PRIVATE = Ed25519PrivateKey.from_private_bytes(SECRET)
PUBLIC = PRIVATE.public_key().public_bytes_raw()
HMAC_KEY = AppKey(key_id="k7f3q9az", app="ios", algorithm="HS256", secret=SECRET)
PUBLIC_KEY = AppKey(key_id="k7f3q9az", app="ios", algorithm="EdDSA", secret=PUBLIC)
BROWSER = bytes(16)
ADDRESS = "https://school.example/jotgate/f/students/enter"
OPERATOR = Operator(name="Ms Vega")
SIGNER = Signer(KEYS, FrozenClock(NOW))
#: So little work that any answer will do.
CHALLENGE = challenge(Work(hashes=PUZZLES, asked_at=NOW), BROWSER, KEYS)
ANY_ANSWER = ".".join("0" * PUZZLES)
PASSES = PassReader("students", KEYS)
APP_SECRET = app_secret_text("k7f3q9az", SECRET)
TOKEN = mint_token(APP_SECRET, app="ios", form="students", subject="s-1", now=NOW)
#: What the site itself mints with, out of the same secret.
SITE_SECRET = Vetting(store=None, keys=KEYS, code_keys=CodeKeys([SECRET])).site_secret()  # type: ignore[arg-type]
SITE_KEY_ID, SITE_KEY_BYTES = read_app_secret(SITE_SECRET) or ("", b"")
SITE_KEY = AppKey(key_id=SITE_KEY_ID, app="site", algorithm="HS256", secret=SITE_KEY_BYTES)
CLAIMS = {
    "iss": "ios", "aud": "students", "sub": "s-1", "iat": int(NOW), "exp": int(NOW) + 60, "jti": "0b5f6f2e",
    "htm": "POST", "htu": ADDRESS, "ath": segments.encode(hashlib.sha256(TOKEN.encode()).digest()),
}  # fmt: skip
HEADER = {"kid": "k7f3q9az"}
JWK = {"kty": "OKP", "crv": "Ed25519", "x": segments.encode(PUBLIC)}

#: Kind -> a text of it, in order in every respect. JWTs and the proof carry the claims of one another as well.
TEXTS = {
    "pass": PASSES.sign(
        Pass(form="students", subject="s-1", pass_id=BROWSER, ticket_id=BROWSER, expires_at=NOW + 60)
    ),
    "browser": sign_browser(Browser(browser_id=BROWSER, since=NOW), KEYS),
    "ticket": ticket_text(OnPage(BROWSER), KEYS),
    "ticket of an opening": ticket_text(OnPage(bytes(16), 0), KEYS),
    "invitation": invitation_text(Invitation(form="students", subject="s-1"), KEYS),
    "return path": SIGNER.sign_return("/students"),
    "move right": SIGNER.sign_move("students", BROWSER, [bytes(16)]),
    "page": SIGNER.sign_page("students", BROWSER, OnPage(bytes(16))),
    "right to change": SIGNER.sign_change(BROWSER, OPERATOR),
    "word": SIGNER.sign_word("Saved."),
    "work": CHALLENGE,
    "token": TOKEN,
    "hand-off": mint_token(SITE_SECRET, app="site", form="students", subject="s-1", now=NOW),
    "JWT by HS256": jwt.encode(CLAIMS, SECRET, "HS256", headers=HEADER),
    "JWT by HS256 without a key's id": jwt.encode(CLAIMS, SECRET, "HS256"),
    "JWT by EdDSA": jwt.encode(CLAIMS, PRIVATE, "EdDSA", headers=HEADER),
    "proof": jwt.encode(CLAIMS, PRIVATE, "EdDSA", headers={"typ": "dpop+jwt", "jwk": JWK, **HEADER}),
    "app's secret": APP_SECRET,
}


def _is_proof(text: str) -> bool:
    return isinstance(read_proof(text, method="POST", address=ADDRESS, token=TOKEN, now=NOW), Proof)


#: Kinds -> whether a text is of one of them, as the verifier says.
VERIFIERS: dict[tuple[str, ...], Callable[[str], bool]] = {
    ("pass",): lambda text: PASSES.read(text, NOW) is not None,
    ("browser",): lambda text: read_browser(text, KEYS) is not None,
    ("ticket", "ticket of an opening"): lambda text: read_ticket(text, KEYS) is not None,
    ("invitation",): lambda text: read_invitation(text, "students", KEYS) is not None,
    ("return path",): lambda text: SIGNER.read_return(text) is not None,
    ("page",): lambda text: SIGNER.read_page(text, "students", BROWSER) is not None,
    ("right to change",): lambda text: SIGNER.allows_change(text, BROWSER, OPERATOR),
    ("word",): lambda text: SIGNER.read_word(text) != "",
    ("work",): lambda text: read_work(ShownWork(text, ANY_ANSWER), BROWSER, KEYS) is not None,
    ("move right",): lambda text: SIGNER.read_move(text, "students", BROWSER) != (),
    ("token", "JWT by HS256", "JWT by HS256 without a key's id"): lambda text: isinstance(
        read_token(text, HMAC_KEY), Claims
    ),
    ("hand-off",): lambda text: isinstance(read_token(text, SITE_KEY), Claims),
    ("JWT by EdDSA",): lambda text: isinstance(read_token(text, PUBLIC_KEY), Claims),
    ("proof",): _is_proof,
    ("app's secret",): lambda text: read_app_secret(text) is not None,
}


@pytest.mark.parametrize("kinds", VERIFIERS, ids=" or ".join)
def test_verifier_takes_its_own_kind_only(kinds: tuple[str, ...]) -> None:
    """Of all kinds that are signed with one secret, each verifier takes what it is for."""
    takes = VERIFIERS[kinds]
    assert {kind for kind, text in TEXTS.items() if takes(text)} == set(kinds)


@pytest.mark.parametrize(
    "kinds", [kinds for kinds in VERIFIERS if "app's secret" not in kinds], ids=" or ".join
)
def test_part_of_another_kind_is_none_either(kinds: tuple[str, ...]) -> None:
    """Cutting texts at their dots, and joining the parts in any order, makes nothing that any verifier takes."""
    takes = VERIFIERS[kinds]
    parts = {part for text in TEXTS.values() for part in text.split(".")}
    made = {".".join(some) for count in (1, 2, 3) for some in product(parts, repeat=count)}
    assert {text for text in made if takes(text)} <= {TEXTS[kind] for kind in kinds}


def test_matrix_knows_every_purpose() -> None:
    """Whoever signs something new adds it here: these are all the purposes that the package names."""
    named = re.compile(r'(?:_PURPOSE = b?|\b_sign\(|\b_read\(|\.keys\(|\.(?:seal|open)\()"([^"]+)"')
    package = Path(jotgate.__file__).parent
    # What class lists open are the files inside of a workbook, and settings a file with a secret.
    modules = [path for path in package.rglob("*.py") if path.parent.name not in ("classlist", "config")]
    purposes = {name for path in modules for name in named.findall(path.read_text("utf-8"))}
    # Keys' own names, fingerprints, digests, tombstones, and what the apps' secrets are derived with: no texts.
    kept_here = {"id", "code", "scoped-key", "answers", "lookup", "app", "tombstone"}
    shown = {
        "pass",
        "browser",
        "ticket",
        "ticket/opening",
        "invitation",
        "return",
        "move",
        "page",
        "change",
        "word",
        "work",
        "jotgate/app-token",
        "hand-off",
    }
    assert purposes == shown | kept_here
