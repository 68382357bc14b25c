"""Proofs of possession: for one request, by a key that is brought along and public, read from any text."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from jotgate.signed import segments
from jotgate.signed.proofs import (
    MAX_PROOF_CHARS,
    Proof,
    ProofFault,
    key_thumbprint,
    plain_address,
    read_proof,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "proofs.json").read_text("utf-8"))["proofs"]
NOW = 1_790_000_000
ADDRESS = "https://school.example/jotgate/f/field-report/enter"
TOKEN = "the.token"
CLAIMS = {
    "jti": "0b5f6f2e",
    "htm": "POST",
    "htu": ADDRESS,
    "iat": NOW,
    "ath": segments.encode(hashlib.sha256(TOKEN.encode()).digest()),
}
P256 = ec.derive_private_key(20_260_101, ec.SECP256R1())
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE_KEYS: dict[str, Any] = {"ES256": P256, "EdDSA": ED25519}


def public_jwk(algorithm: str) -> dict[str, Any]:
    """Return the public key for *algorithm* as PyJWT spells it."""
    key = PRIVATE_KEYS[algorithm].public_key()
    jwk: dict[str, Any] = type(jwt.get_algorithm_by_name(algorithm)).to_jwk(key, as_dict=True)  # type: ignore[attr-defined]
    return {name: value for name, value in jwk.items() if name in ("kty", "crv", "x", "y")}


def proof(claims: object = CLAIMS, *, algorithm: str = "ES256", key: Any = None, raw: bytes | None = None,
          **header: object) -> str:  # fmt: skip
    """Return a proof as an app makes it; a header that is changed to `...` is left out."""
    whole = {"typ": "dpop+jwt", "alg": algorithm, "jwk": public_jwk(algorithm)} | header
    head = segments.encode_object({name: value for name, value in whole.items() if value is not ...})
    body = segments.encode(json.dumps(claims).encode() if raw is None else raw)
    signed_with = key or PRIVATE_KEYS[algorithm]
    signature = jwt.get_algorithm_by_name(algorithm).sign(f"{head}.{body}".encode(), signed_with)
    return f"{head}.{body}.{segments.encode(signature)}"


def told(**changes: object) -> str:
    """Return a proof whose claims have *changes*; a claim that is changed to `...` is left out."""
    return proof({name: value for name, value in (CLAIMS | changes).items() if value is not ...})


read = partial(read_proof, method="POST", address=ADDRESS, token=TOKEN, now=NOW)
GOOD = proof()


class TestGood:
    """What is a proof."""

    @pytest.mark.parametrize("vector", VECTORS, ids=["RFC 9449, figure 12"])
    def test_proof_of_the_standard(self, vector: dict[str, Any]) -> None:
        """The standard's own example is good for its request, and its key has the thumbprint that it states."""
        found = read_proof(
            vector["proof"],
            method=vector["method"],
            address=vector["address"],
            token=vector["token"],
            now=vector["now"],
        )
        assert found == Proof(key_thumbprint=vector["key_thumbprint"], proof_id=vector["proof_id"])

    @pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
    def test_each_algorithm(self, algorithm: str) -> None:
        """Both kinds of key that phones and browsers hold."""
        wanted = key_thumbprint(public_jwk(algorithm))
        assert read(proof(algorithm=algorithm)) == Proof(key_thumbprint=wanted, proof_id="0b5f6f2e")

    def test_the_newer_name_of_eddsa(self) -> None:
        """Ed25519 (RFC 9864), and only with a key of its own."""
        wanted = key_thumbprint(public_jwk("EdDSA"))
        found = read(proof(algorithm="EdDSA", alg="Ed25519"))
        assert found == Proof(key_thumbprint=wanted, proof_id="0b5f6f2e")
        assert read(proof(alg="Ed25519")) is ProofFault.WRONG_KEY

    def test_thumbprint_of_the_standard(self) -> None:
        """That of RFC 8037, appendix A.3, whatever order the members come in."""
        jwk = {"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kty": "OKP", "crv": "Ed25519"}
        assert key_thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

    def test_thumbprint_is_of_the_key_alone(self) -> None:
        """What else stands in the JWK changes nothing."""
        more = public_jwk("ES256") | {"kid": "1", "use": "sig", "alg": "ES256"}
        assert read(proof(jwk=more)) == read(GOOD)

    @pytest.mark.parametrize("iat", [NOW - 60, NOW - 59.5, NOW + 60])
    def test_clocks_may_be_a_minute_apart(self, iat: float) -> None:
        """In either direction."""
        assert isinstance(read(told(iat=iat)), Proof)

    @pytest.mark.parametrize(
        "htu",
        [
            ADDRESS + "?token=x",
            ADDRESS + "#top",
            ADDRESS.replace("https", "HTTPS"),
            ADDRESS.replace("school", "SCHOOL"),
            ADDRESS.replace("example", "example:443"),
            ADDRESS.replace("enter", "%65nter"),
            ADDRESS.replace("-", "%2d"),
        ],
    )
    def test_address_may_be_spelled_otherwise(self, htu: str) -> None:
        """Case, default port, needless escapes; query and fragment do not count."""
        assert isinstance(read(told(htu=htu)), Proof)


class TestFaults:
    """Why a proof is not taken."""

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", ProofFault.MALFORMED),
            ("a.b.c", ProofFault.MALFORMED),
            (GOOD + "=", ProofFault.MALFORMED),
            ("x" * (MAX_PROOF_CHARS + 1), ProofFault.TOO_LONG),
            ("x" * 5_000_000, ProofFault.TOO_LONG),
            (proof(typ="JWT"), ProofFault.WRONG_TYPE),
            (proof(typ=...), ProofFault.WRONG_TYPE),
            (proof(typ=["dpop+jwt"]), ProofFault.WRONG_TYPE),
            (proof(alg="none"), ProofFault.WRONG_ALGORITHM),
            (proof(alg="HS256"), ProofFault.WRONG_ALGORITHM),
            (proof(alg="RS256"), ProofFault.WRONG_ALGORITHM),
            (proof(alg=["ES256"]), ProofFault.WRONG_ALGORITHM),
            (proof(alg=...), ProofFault.WRONG_ALGORITHM),
            (proof(crit=["b64"]), ProofFault.UNSUPPORTED_HEADER),
            (proof(b64=False), ProofFault.UNSUPPORTED_HEADER),
            (proof(jwk=...), ProofFault.WRONG_KEY),
            (proof(jwk=[]), ProofFault.WRONG_KEY),
            (proof(jwk=public_jwk("EdDSA")), ProofFault.WRONG_KEY),
            (proof(jwk={"kty": "oct", "k": "AAAA"}), ProofFault.WRONG_KEY),
            (proof(jwk=public_jwk("ES256") | {"d": "AAAA"}), ProofFault.WRONG_KEY),
            (proof(jwk=public_jwk("ES256") | {"crv": "P-384"}), ProofFault.WRONG_KEY),
            (proof(jwk=public_jwk("ES256") | {"x": "A" * 43}), ProofFault.WRONG_KEY),
            (proof(jwk=public_jwk("ES256") | {"x": "A" * 42 + "B"}), ProofFault.WRONG_KEY),
            (proof(jwk=public_jwk("ES256") | {"y": "_" * 42 + "8"}), ProofFault.WRONG_KEY),
            (proof(jwk=public_jwk("ES256") | {"y": 7}), ProofFault.WRONG_KEY),
            (proof(key=ec.generate_private_key(ec.SECP256R1())), ProofFault.BAD_SIGNATURE),
            (proof(alg="EdDSA", jwk=public_jwk("EdDSA")), ProofFault.BAD_SIGNATURE),
            (proof(raw=b"[]"), ProofFault.MALFORMED),
            (proof(raw=b"[" * 5_000), ProofFault.MALFORMED),
            (proof(raw=b'{"iat":NaN}'), ProofFault.MALFORMED),
            *((told(**{name: ...}), ProofFault.CLAIMS_MISSING) for name in CLAIMS),
            *((told(jti=value), ProofFault.CLAIMS_INVALID) for value in (None, 7, "", "a b", "x" * 101, [])),
            *((told(iat=value), ProofFault.CLAIMS_INVALID) for value in (None, "1", True, [])),
            (told(htu=7), ProofFault.CLAIMS_INVALID),
            *((told(htm=value), ProofFault.WRONG_METHOD) for value in ("GET", "post", "", None, [])),
            *((told(ath=value), ProofFault.WRONG_TOKEN) for value in (TOKEN, "", None, CLAIMS["ath"] + "=")),
            (told(iat=NOW - 60.1), ProofFault.EXPIRED),
            (told(iat=-(10**400)), ProofFault.EXPIRED),
            (told(iat=NOW + 60.1), ProofFault.NOT_YET_VALID),
            (told(iat=10**400), ProofFault.NOT_YET_VALID),
        ],
    )  # fmt: skip
    def test_fault(self, text: str, fault: ProofFault) -> None:
        """Each has a name of its own."""
        assert read(text) is fault

    @pytest.mark.parametrize(
        "htu",
        [
            "",
            "/jotgate/f/field-report/enter",
            "//school.example/jotgate/f/field-report/enter",
            ADDRESS.replace("https", "http"),
            ADDRESS.replace("school", "evil"),
            ADDRESS.replace("school.example", "school.example@evil.example"),
            ADDRESS.replace("school.example", "me@school.example"),
            ADDRESS.replace("school.example", "school.example:8443"),
            ADDRESS.replace("school.example", "school.example:port"),
            ADDRESS.replace("school.example", "[school.example"),
            ADDRESS.replace("field-report", "other"),
            ADDRESS.replace("/f/", "%2Ff/"),
            ADDRESS + "/",
            ADDRESS.replace("enter", "Enter"),
        ],
    )
    def test_other_address(self, htu: str) -> None:
        """Another scheme, host, port or path is another request."""
        assert read(told(htu=htu)) is ProofFault.WRONG_ADDRESS

    @pytest.mark.parametrize(
        ("request_", "fault"),
        [
            ({"method": "GET"}, ProofFault.WRONG_METHOD),
            ({"address": ADDRESS.replace("field-report", "other")}, ProofFault.WRONG_ADDRESS),
            ({"address": "no address"}, ProofFault.WRONG_ADDRESS),
            ({"token": "another.token"}, ProofFault.WRONG_TOKEN),
            ({"token": "\ud800"}, ProofFault.WRONG_TOKEN),
            ({"now": NOW + 61}, ProofFault.EXPIRED),
            ({"now": NOW - 61}, ProofFault.NOT_YET_VALID),
        ],
        ids=str,
    )
    def test_captured_proof_is_good_for_no_other_request(
        self, request_: dict[str, Any], fault: ProofFault
    ) -> None:
        """Not by another method, at another address, with another token, or later."""
        assert isinstance(read(GOOD), Proof)
        assert read(GOOD, **request_) is fault

    @pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
    def test_rsa_is_not_on_the_list(self, algorithm: str) -> None:
        """A proof that is in order but for its algorithm."""
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        jwk: Any = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        text = jwt.encode(CLAIMS, key, algorithm, headers={"typ": "dpop+jwt", "jwk": jwk})
        assert read(text) is ProofFault.WRONG_ALGORITHM

    def test_any_changed_symbol_makes_a_forgery(self) -> None:
        """At each place; another spelling of the same signature is refused as well."""
        for at, symbol in enumerate(GOOD):
            for other in ("", symbol.swapcase(), "A", "=", ".", "\n"):
                changed = GOOD[:at] + other + GOOD[at + 1 :]
                if changed != GOOD:
                    assert isinstance(read(changed), ProofFault), (at, other)
        signature = GOOD.rpartition(".")[2]
        raw = base64.urlsafe_b64decode(signature + "==")
        others = [
            GOOD[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        ]
        same = [one for one in others if base64.urlsafe_b64decode(one.rpartition(".")[2] + "==") == raw]
        assert len(same) == 16
        assert [one for one in same if isinstance(read(one), Proof)] == [GOOD]

    @given(
        st.text()
        | st.lists(st.binary(max_size=90).map(segments.encode), min_size=3, max_size=3).map(".".join)
        | st.dictionaries(
            st.sampled_from(["typ", "alg", "jwk", "crit"]),
            st.sampled_from(["dpop+jwt", "ES256", "EdDSA", None, 7, [], {}, public_jwk("ES256"), public_jwk("EdDSA")]),
        ).map(lambda header: f"{segments.encode_object(header)}.e30.AAAA")
    )  # fmt: skip
    def test_no_other_text_is_a_proof(self, text: str) -> None:
        """Whatever it is made of, it is refused without an exception."""
        assert isinstance(read(text), ProofFault)

    def test_five_megabytes_are_not_looked_at(self) -> None:
        """They are refused by their length alone."""
        began = time.process_time()
        assert read("." * 5_000_000) is ProofFault.TOO_LONG
        assert time.process_time() - began < 0.05


@example("https://[2001:DB8::1]:443")
@given(st.text() | st.text("https://a.b:80%2f[]@?#\\\t", max_size=40).map("https://".__add__))
def test_any_address_has_one_plain_spelling_or_none(address: str) -> None:
    """And the plain spelling is its own."""
    plain = plain_address(address)
    assert plain is None or plain_address(plain) == plain
