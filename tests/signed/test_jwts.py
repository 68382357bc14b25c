"""JWTs: by the registered key and its algorithm only, whatever a header says; public keys in each spelling."""

from __future__ import annotations

import base64
import hmac
import json
import string
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jotgate.signed import segments
from jotgate.signed.jwts import JwtFault, ed25519_key, is_signed, read_jwt, read_public_key
from jotgate.signed.tokens import AppKey, Claims, TokenFault, check_times, key_id_of, read_token

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "jwts.json").read_text("utf-8"))["tokens"]
NOW = 1_790_000_000
SECRET = bytes(range(32))
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
KEY = AppKey(key_id="k7f3q9az", app="ios", algorithm="HS256", secret=SECRET)
PUBLIC_KEY = AppKey(key_id="k7f3q9az", app="ios", algorithm="EdDSA", secret=PUBLIC)
CLAIMS = {"iss": "ios", "aud": "field-report", "sub": "u-7", "iat": NOW, "exp": NOW + 60, "jti": "0b5f6f2e"}
SYMBOLS = string.ascii_letters + string.digits + "-_"


def hs256(claims: object = CLAIMS, secret: bytes = SECRET, raw: bytes | None = None, **header: object) -> str:
    """Return a JWT by HMAC as any library makes it; a header that is changed to `...` is left out."""
    whole = {"typ": "JWT", "alg": "HS256", "kid": "k7f3q9az"} | header
    head = segments.encode_object({name: value for name, value in whole.items() if value is not ...})
    body = segments.encode(json.dumps(claims).encode() if raw is None else raw)
    mac = jwt.get_algorithm_by_name("HS256").sign(f"{head}.{body}".encode(), secret)
    return f"{head}.{body}.{segments.encode(mac)}"


def eddsa(**header: object) -> str:
    """Return a JWT by Ed25519."""
    return jwt.encode(CLAIMS, PRIVATE, "EdDSA", headers={"kid": "k7f3q9az"} | header)


HS256, EDDSA = hs256(), eddsa()


class TestReading:
    """What is a JWT of this key."""

    @pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
    def test_vector(self, vector: dict[str, Any]) -> None:
        """The tokens on file state what stands beside them."""
        raw = segments.decode(vector["key"])
        assert raw is not None
        key = AppKey(key_id=vector["key_id"], app="ios", algorithm=vector["algorithm"], secret=raw)
        claims = read_token(vector["token"], key)
        said = vector["claims"]
        assert claims == Claims(
            app="ios",
            form="field-report",
            subject="u-7",
            issued_at=said["iat"],
            expires_at=said["exp"],
            token_id=said["jti"],
            key_id=vector["key_id"],
            prefill=said.get("prefill", {}),
            locked=tuple(said.get("locked", ())),
            version=said.get("ver"),
        )
        assert key_id_of(vector["token"]) == vector["key_id"]

    def test_signature_of_the_standard(self) -> None:
        """The example of RFC 8037, appendix A.4, is one, and with another last symbol it is none."""
        key = ed25519_key(segments.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") or b"")
        text = (
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dW"
            "bhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        )
        assert is_signed(text, "EdDSA", key)
        assert not is_signed(text[:-1] + "h", "EdDSA", key)

    def test_token_of_pyjwt_is_good_now(self) -> None:
        """As the recipe for any library makes it."""
        now = int(time.time())
        claims = CLAIMS | {"iat": now, "exp": now + 60}
        read = read_token(jwt.encode(claims, SECRET, "HS256", headers={"kid": "k7f3q9az"}), KEY)
        assert isinstance(read, Claims)
        assert check_times(read, now) is None

    @pytest.mark.parametrize(
        "header", [{"typ": ...}, {"kid": ...}, {"typ": "jwt"}, {"cty": "x"}, {"x5t": "x"}], ids=str
    )
    def test_harmless_header_is_taken(self, header: dict[str, object]) -> None:
        """No type, no key's id, small letters, or a field that says nothing about how to read the rest."""
        assert read_jwt(hs256(**header), algorithm="HS256", key=SECRET, key_id="k7f3q9az") == CLAIMS

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            (hs256(alg="none"), TokenFault.WRONG_ALGORITHM),
            (hs256(alg="none").rpartition(".")[0] + ".", TokenFault.MALFORMED),
            (hs256(alg="None"), TokenFault.WRONG_ALGORITHM),
            (hs256(alg="nOnE"), TokenFault.WRONG_ALGORITHM),
            (hs256(alg=...), TokenFault.WRONG_ALGORITHM),
            (hs256(alg=["HS256"]), TokenFault.WRONG_ALGORITHM),
            (hs256(alg="HS512"), TokenFault.WRONG_ALGORITHM),
            (hs256(alg="RS256"), TokenFault.WRONG_ALGORITHM),
            (hs256(crit=["exp"]), TokenFault.UNSUPPORTED_HEADER),
            (hs256(crit=[]), TokenFault.UNSUPPORTED_HEADER),
            (hs256(b64=False), TokenFault.UNSUPPORTED_HEADER),
            (hs256(b64=True), TokenFault.UNSUPPORTED_HEADER),
            (hs256(zip="DEF"), TokenFault.UNSUPPORTED_HEADER),
            (hs256(enc="A256GCM"), TokenFault.UNSUPPORTED_HEADER),
            (hs256(jku="https://evil.example/keys"), TokenFault.UNSUPPORTED_HEADER),
            (hs256(x5u="https://evil.example/cert"), TokenFault.UNSUPPORTED_HEADER),
            (hs256(x5c=["MII"]), TokenFault.UNSUPPORTED_HEADER),
            (hs256(secret=b"o" * 32, jwk={"kty": "oct", "k": segments.encode(b"o" * 32)}),
             TokenFault.UNSUPPORTED_HEADER),
            (hs256(typ="dpop+jwt"), TokenFault.WRONG_TYPE),
            (hs256(typ=None), TokenFault.WRONG_TYPE),
            (hs256(typ={}), TokenFault.WRONG_TYPE),
            (hs256(kid="othersxx"), TokenFault.WRONG_KEY),
            (hs256(kid=None), TokenFault.WRONG_KEY),
            (hs256(kid=""), TokenFault.WRONG_KEY),
            (hs256(secret=b"o" * 32), TokenFault.BAD_SIGNATURE),
            (hs256(secret=b""), TokenFault.BAD_SIGNATURE),
            (hs256(raw=b"[]"), TokenFault.MALFORMED),
            (hs256(raw=b"null"), TokenFault.MALFORMED),
            (hs256(raw=b"[" * 5_000), TokenFault.MALFORMED),
            (hs256(raw=b'{"a":' * 1_000), TokenFault.MALFORMED),
            (hs256(raw=b'{"iat":NaN}'), TokenFault.MALFORMED),
            (hs256(raw=b'{"iat":' + b"9" * 5_000 + b"}"), TokenFault.MALFORMED),
            (hs256(raw=b'\xff'), TokenFault.MALFORMED),
            (hs256(CLAIMS | {"exp": 1e999}), TokenFault.MALFORMED),
            (hs256(CLAIMS | {"exp": NOW + 3_600}), TokenFault.TOO_LONG_LIVED),
            (hs256(CLAIMS | {"iss": "android"}), TokenFault.WRONG_APP),
            (hs256(CLAIMS | {"aud": ["field-report", "other"]}), TokenFault.CLAIMS_INVALID),
            (hs256({}), TokenFault.CLAIMS_MISSING),
            (hs256(raw=b"x" * 5_000_000), TokenFault.TOO_LONG),
            ("..", TokenFault.MALFORMED),
            ("e30.e30.", TokenFault.MALFORMED),
            ("W10.e30.e30", TokenFault.MALFORMED),
            (HS256 + "=", TokenFault.MALFORMED),
            (HS256 + "\n", TokenFault.MALFORMED),
            (EDDSA, TokenFault.WRONG_ALGORITHM),
        ],
    )  # fmt: skip
    def test_fault(self, text: str, fault: TokenFault) -> None:
        """What a header asks for is refused, not done; each fault has a name of its own."""
        assert read_token(text, KEY) is fault

    def test_the_newer_name_of_eddsa(self) -> None:
        """Ed25519, as RFC 9864 spells it, for a key that is registered for it, and for no other."""
        head = segments.encode_object({"typ": "JWT", "alg": "Ed25519", "kid": "k7f3q9az"})
        message = f"{head}.{EDDSA.split('.')[1]}"
        text = f"{message}.{segments.encode(PRIVATE.sign(message.encode()))}"
        assert isinstance(read_token(text, PUBLIC_KEY), Claims)
        assert read_token(text[:-1] + "A", PUBLIC_KEY) is TokenFault.BAD_SIGNATURE
        assert read_token(text, KEY) is TokenFault.WRONG_ALGORITHM

    def test_public_key_is_no_secret(self) -> None:
        """What was signed by HMAC with the public key, as bytes or as PEM, is refused under that key."""
        pem = PRIVATE.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert isinstance(read_token(EDDSA, PUBLIC_KEY), Claims)
        message, _, _ = HS256.rpartition(".")
        for secret in (PUBLIC, pem):
            mac = segments.encode(hmac.digest(secret, message.encode(), "sha256"))
            assert read_token(f"{message}.{mac}", PUBLIC_KEY) is TokenFault.WRONG_ALGORITHM
            header = segments.encode_object({"alg": "EdDSA", "kid": "k7f3q9az"})
            forged = f"{header}.{message.partition('.')[2]}.{mac}"
            assert read_token(forged, PUBLIC_KEY) is TokenFault.BAD_SIGNATURE

    @pytest.mark.parametrize("claims", CLAIMS)
    def test_all_six_claims_are_required(self, claims: str) -> None:
        """A JWT may leave them out by the standard; an app token may not."""
        rest = {name: value for name, value in CLAIMS.items() if name != claims}
        assert read_token(hs256(rest), KEY) is TokenFault.CLAIMS_MISSING

    @pytest.mark.parametrize(("text", "key"), [(HS256, KEY), (EDDSA, PUBLIC_KEY)], ids=["HS256", "EdDSA"])
    def test_any_changed_symbol_makes_a_forgery(self, text: str, key: AppKey) -> None:
        """At each place of each part; other spellings of the same signature are refused as well."""
        assert isinstance(read_token(text, key), Claims)
        for at, symbol in enumerate(text):
            for other in ("", symbol * 2, symbol.swapcase(), "A", "-", "=", ".", "\n", "é"):
                changed = text[:at] + other + text[at + 1 :]
                if changed != text:
                    assert isinstance(read_token(changed, key), TokenFault), (at, other)
        for last in set(SYMBOLS) - {text[-1]}:
            assert read_token(text[:-1] + last, key) is TokenFault.BAD_SIGNATURE

    @given(
        st.text()
        | st.text(SYMBOLS + ".=", max_size=200)
        | st.lists(st.binary(max_size=90).map(segments.encode), min_size=3, max_size=3).map(".".join)
        | st.binary(max_size=90).map(lambda raw: f"{HS256.partition('.')[0]}.{segments.encode(raw)}.e30")
        | st.binary(max_size=90).map(lambda raw: f"{EDDSA.partition('.')[0]}.e30.{segments.encode(raw)}")
    )
    def test_no_text_that_is_not_signed_is_a_jwt(self, text: str) -> None:
        """Whatever it is made of, under either kind of key."""
        assert isinstance(read_token(text, KEY), TokenFault)
        assert isinstance(read_token(text, PUBLIC_KEY), TokenFault)

    @given(st.binary(min_size=32, max_size=32))
    def test_no_bytes_of_a_public_key_do_harm(self, raw: bytes) -> None:
        """A key that is no point of the curve verifies nothing."""
        assert read_jwt(EDDSA, algorithm="EdDSA", key=raw, key_id="k7f3q9az") is JwtFault.BAD_SIGNATURE

    def test_every_fault_of_a_jwt_is_one_of_a_token(self) -> None:
        """Operators read the same words for both."""
        assert {fault.value for fault in JwtFault} <= {fault.value for fault in TokenFault}
        assert all(TokenFault[fault.name].value == fault.value for fault in JwtFault)


def _spellings() -> dict[str, str]:
    key = PRIVATE.public_key()
    subject = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_bytes(serialization.Encoding.PEM, subject).decode()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": segments.encode(PUBLIC)}
    return {
        "PEM": pem,
        "PEM with CRLF and blanks": "\r\n" + pem.replace("\n", " \r\n"),
        "DER in base 64": base64.b64encode(key.public_bytes(serialization.Encoding.DER, subject)).decode(),
        "JWK": json.dumps(jwk),
        "JWK with more": json.dumps(jwk | {"kid": "1", "use": "sig", "alg": "EdDSA"}, indent=2),
        "base 64": base64.b64encode(PUBLIC).decode(),
        "base 64 for addresses": segments.encode(PUBLIC),
    }


def _others() -> dict[str, str]:
    pem, spki = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    p256 = ec.generate_private_key(ec.SECP256R1()).public_key()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": segments.encode(PUBLIC)}
    return {
        "nothing": "",
        "another curve": p256.public_bytes(pem, spki).decode(),
        "another curve's JWK": json.dumps(jwk | {"crv": "X25519"}),
        "another kind's JWK": json.dumps(jwk | {"kty": "EC"}),
        "JWK of a number": json.dumps(jwk | {"x": 7}),
        "JWK of a short key": json.dumps(jwk | {"x": segments.encode(PUBLIC[:31])}),
        "JWK of another spelling": json.dumps(jwk | {"x": segments.encode(PUBLIC) + "="}),
        "no JWK": "{",
        "nested too deeply": '{"a":' * 100_000,
        "31 bytes": base64.b64encode(PUBLIC[:31]).decode(),
        "33 bytes": base64.b64encode(PUBLIC + b"x").decode(),
        "hex": PUBLIC.hex(),
        "OpenSSH": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFVbq8 me@example",
        "another script": "é" * 43,
    }


class TestPublicKeys:
    """What an operator hands in."""

    @pytest.mark.parametrize("text", _spellings().values(), ids=_spellings())
    def test_each_spelling_is_read(self, text: str) -> None:
        """They all stand for the same 32 bytes."""
        assert read_public_key(text) == PUBLIC

    @pytest.mark.parametrize("text", _others().values(), ids=_others())
    def test_anything_else_is_refused_in_a_sentence(self, text: str) -> None:
        """Which says what to hand in."""
        with pytest.raises(ValueError, match="this is not an Ed25519 public key: give it as PEM"):
            read_public_key(text)

    def test_private_key_is_refused_as_such(self) -> None:
        """Who hands in the private key is told that it does not belong here; it is not repeated."""
        pem = PRIVATE.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        secret = segments.encode(bytes(range(32)))
        jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": segments.encode(PUBLIC), "d": secret})
        for text in (pem, jwk):
            with pytest.raises(ValueError, match="this is a private key") as caught:
                read_public_key(text)
            assert secret not in str(caught.value)

    @given(
        st.text()
        | st.text('{}"kty:OKP,crvEd25519x-_=\n', max_size=80)
        | st.binary(max_size=60).map(segments.encode)
    )
    def test_any_text_is_a_key_or_a_sentence(self, text: str) -> None:
        """No other exception comes of it."""
        try:
            told = read_public_key(text)
        except ValueError as refused:
            told = str(refused).encode()
        assert len(told) == 32 or told.startswith(b"this is ")
