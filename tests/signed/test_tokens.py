"""App tokens of jotgate's own spelling: what they state, why one is refused, read from any text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

import jotgate
from jotgate.errors import InputError
from jotgate.signed import segments
from jotgate.signed.tokens import (
    MAX_PREFILL_BYTES,
    MAX_TOKEN_CHARS,
    AppKey,
    Claims,
    TokenFault,
    app_secret_text,
    as_text,
    can_be_subject,
    check_times,
    faulty_claim,
    issuer_of,
    key_id_of,
    mint_token,
    read_app_secret,
    read_token,
    token_text,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "app_tokens.json").read_text("utf-8"))
SECRET = VECTORS["secret"]
KEY = AppKey(key_id="k7f3q9az", app="ios", algorithm="HS256", secret=bytes(range(32)))
PUBLIC_KEY = AppKey(key_id="k7f3q9az", app="ios", algorithm="EdDSA", secret=bytes(range(32)))
NOW = VECTORS["now"]
CLAIMS = Claims(
    app="ios",
    form="field-report",
    subject="u-7",
    issued_at=NOW,
    expires_at=NOW + 60,
    token_id="0b5f6f2e",
    key_id="k7f3q9az",
)
TEXT = token_text(CLAIMS, KEY)
SYMBOLS = string.ascii_letters + string.digits + "-_"
ANY_TEXT = (
    st.text()
    | st.text(SYMBOLS + ".=+/ é\ud800", max_size=200)
    | st.lists(st.binary(max_size=200).map(segments.encode), min_size=1, max_size=4).map(".".join)
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NO_NAMES = (None, 7, "", " ", {}, [], True, "x" * 201)
NO_TIMES = (None, "1790000000", True, [], -1, 1e300, 10**400)


def signed(body: str, secret: bytes = KEY.secret) -> str:
    """Return *body* signed as a token, with nothing but HMAC."""
    key = hmac.digest(secret, b"jotgate/app-token", "sha256")
    return f"{body}.{segments.encode(hmac.digest(key, body.encode(), 'sha256'))}"


def payload(**changes: object) -> dict[str, object]:
    """Return what a good token says, with *changes*; a claim that is changed to `...` is left out."""
    said = segments.read_object(TEXT.partition(".")[0])
    assert said is not None
    return {name: value for name, value in (said | changes).items() if value is not ...}


def token(**changes: object) -> str:
    """Return a token that was signed with the right key and says what `payload` says."""
    return signed(base64.urlsafe_b64encode(json.dumps(payload(**changes)).encode()).decode().rstrip("="))


class TestMinting:
    """What an app's backend gets."""

    @pytest.mark.parametrize("vector", VECTORS["tokens"], ids=lambda vector: vector["name"])
    def test_same_claims_and_key_give_the_same_token(self, vector: dict[str, Any]) -> None:
        """The spelling is fixed to the last byte, so that other languages can be held to it."""
        given_to_it = vector["arguments"] | {"locked": tuple(vector["arguments"].get("locked", ()))}
        claims = Claims(
            **given_to_it,
            issued_at=NOW,
            expires_at=NOW + 60,
            token_id=vector["token_id"],
            key_id=KEY.key_id,
        )
        assert token_text(claims, KEY) == vector["token"]
        assert read_token(vector["token"], KEY) == claims
        assert key_id_of(vector["token"]) == KEY.key_id

    @given(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200),
        st.dictionaries(st.from_regex(r"[\w-]{1,9}(\[[a-z]{1,5}\])?", fullmatch=True),
                        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
                        max_size=5),
    )  # fmt: skip
    def test_claims_come_back_as_they_were(self, subject: str, prefill: dict[str, str]) -> None:
        """Any subject that is not blank and any prefilled texts, of any script; the token lives a minute."""
        prefill = {name: value for name, value in prefill.items() if name.isascii()}
        if not subject.strip():
            subject = "x"
        text = mint_token(
            SECRET,
            app="ios",
            form="field-report",
            subject=subject,
            prefill=prefill,
            locked=[*prefill],
            now=NOW,
        )
        claims = read_token(text, KEY)
        assert isinstance(claims, Claims)
        assert (claims.app, claims.form, claims.subject) == ("ios", "field-report", subject)
        assert (claims.prefill, claims.locked) == (prefill, tuple(prefill))
        assert (claims.issued_at, claims.expires_at) == (NOW, NOW + 60)
        assert len(text) < MAX_TOKEN_CHARS

    def test_without_a_time_it_is_now(self) -> None:
        """What is minted here and now is good here and now."""
        claims = read_token(jotgate.mint_token(SECRET, app="ios", form="field-report", subject="u-7"), KEY)
        assert isinstance(claims, Claims)
        assert check_times(claims, time.time()) is None

    def test_each_token_has_an_id_of_its_own(self) -> None:
        """The same user in the same second gets another token."""
        texts = {mint_token(SECRET, app="ios", form="f", subject="u-7", now=NOW) for _ in range(1_000)}
        claims = [read_token(text, KEY) for text in texts]
        assert len({one.token_id for one in claims if isinstance(one, Claims)}) == 1_000

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"app": ""}, "app must have 1 to 100 characters"),
            ({"app": "a" * 101}, "app must have 1 to 100 characters"),
            ({"form": " "}, "form must have 1 to 100 characters"),
            ({"form": None}, "form must have 1 to 100 characters"),
            ({"subject": ""}, "subject must have 1 to 200 characters"),
            ({"subject": "s" * 201}, "subject must have 1 to 200 characters"),
            ({"subject": 7.5}, "subject must have 1 to 200 characters"),
            ({"subject": "\ud800"}, "subject must have 1 to 200 characters"),
            ({"subject": "u\0"}, "subject must have 1 to 200 characters"),
            ({"prefill": ["email"]}, "prefill must be a mapping"),
            ({"prefill": {"email": 7}}, "'email' does not"),
            ({"prefill": {"email": "\ud800"}}, "'email' does not"),
            ({"prefill": {"e mail": "x"}}, "'e mail' does not"),
            ({"prefill": {"name[": "x"}}, "'name[' does not"),
            ({"prefill": {"&jotgate": "x"}}, "'&jotgate' does not"),
            ({"prefill": {7: "x"}}, "7 does not"),
            ({"prefill": {"note": "x" * 2_000}}, "may have 2000"),
            ({"prefill": {"note": '"' * 1_000}}, "may have 2000"),
            ({"prefill": {"note": "x"}, "locked": ["note"] * 300}, "may have 2000"),
            ({"locked": ["email"]}, "locked names 'email', which prefill does not"),
            ({"prefill": {"a": "x"}, "locked": [["a"]]}, "locked names ['a'], which prefill does not"),
            ({"version": ""}, "version must have 1 to 100 characters"),
            ({"proof_key": "short"}, "proof_key must be a thumbprint"),
            ({"secret": "k7f3q9az"}, "copy the whole line"),
            ({"secret": SECRET[:-1]}, "copy the whole line"),
            ({"secret": None}, "copy the whole line"),
        ],
    )
    def test_bad_argument_is_told_in_a_sentence(self, changes: dict[str, Any], problem: str) -> None:
        """And nothing else is complained of."""
        arguments = {"secret": SECRET, "app": "ios", "form": "field-report", "subject": "u-7", **changes}
        with pytest.raises(InputError) as caught:
            mint_token(arguments.pop("secret"), **arguments)
        assert len(caught.value.problems) == 1
        assert problem in caught.value.problems[0]

    def test_all_problems_are_told_at_once(self) -> None:
        """The secret's too, and without the secret in it."""
        almost = SECRET + "x"
        with pytest.raises(InputError) as caught:
            mint_token(almost, app="", form="", subject="", locked=["a"], version="")
        assert len(caught.value.problems) == 6
        assert almost[:20] not in str(caught.value)


class TestReading:
    """Why a token is not taken; what the right key signed is meant where nothing else is said."""

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", TokenFault.MALFORMED),
            ("x", TokenFault.MALFORMED),
            ("a.b.c.d", TokenFault.MALFORMED),
            (TEXT.replace("e", "é", 1), TokenFault.MALFORMED),
            (signed("e30x"), TokenFault.MALFORMED),
            (signed(segments.encode(b"[]")), TokenFault.MALFORMED),
            (signed(segments.encode(b"[" * 6_000)), TokenFault.MALFORMED),
            (signed(segments.encode(b'{"iat":' + b"9" * 5_000 + b"}")), TokenFault.MALFORMED),
            (signed(segments.encode(b'{"iat": NaN}')), TokenFault.MALFORMED),
            (signed(segments.encode('{"iat": 1}'.encode("utf-16"))), TokenFault.MALFORMED),
            ("a" * (MAX_TOKEN_CHARS + 1), TokenFault.TOO_LONG),
            (TEXT[:-1], TokenFault.BAD_SIGNATURE),
            (TEXT.partition(".")[0] + ".", TokenFault.BAD_SIGNATURE),
            (signed(TEXT.partition(".")[0], b"o" * 32), TokenFault.BAD_SIGNATURE),
            (token(typ="jotgate-invite"), TokenFault.WRONG_TYPE),
            (token(typ=...), TokenFault.WRONG_TYPE),
            (token(v=2), TokenFault.WRONG_TYPE),
            (token(kid="othersxx"), TokenFault.WRONG_KEY),
            (token(kid=...), TokenFault.WRONG_KEY),
            (token(iss="android"), TokenFault.WRONG_APP),
            (token(exp=NOW + 61), TokenFault.TOO_LONG_LIVED),
            (token(exp=9e10), TokenFault.TOO_LONG_LIVED),
        ],
    )  # fmt: skip
    def test_fault(self, text: str, fault: TokenFault) -> None:
        """Each has a name of its own."""
        assert read_token(text, KEY) is fault

    @pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "iat", "jti"])
    def test_no_claim_may_be_missing(self, name: str) -> None:
        """None of the six, and the one that is missing is named."""
        text = token(**{name: ...})
        assert read_token(text, KEY) is TokenFault.CLAIMS_MISSING
        assert faulty_claim(text) == name

    @pytest.mark.parametrize(
        "changes",
        [
            *({name: value} for name in ("iss", "aud", "jti") for value in NO_NAMES),
            *({"sub": value} for value in NO_NAMES if value != 7),
            {"sub": 7.0},
            {"sub": 10**250},
            *({name: value} for name in ("iat", "exp", "nbf") for value in NO_TIMES),
            {"aud": ["field-report", "other"]},
            {"aud": [["field-report"]]},
            {"sub": "\ud800"},
            {"sub": "a\0b"},
            {"jti": "a b"},
            {"jti": "é"},
            {"exp": NOW},
            {"exp": NOW - 60},
            {"nbf": NOW + 1},
            {"prefill": [["a", "b"]]},
            {"prefill": "ab"},
            {"prefill": {"a": 1}},
            {"prefill": {"a": None}},
            {"prefill": {"a&b": "x"}},
            {"prefill": {"a": "x" * 2_001}},
            {"locked": ["a"]},
            {"locked": "a", "prefill": {"a": "x"}},
            {"locked": [["a"]], "prefill": {"a": "x"}},
            {"locked": {"a": 1}, "prefill": {"a": "x"}},
            {"ver": ""},
            {"ver": 3.1},
            {"cnf": "x"},
            {"cnf": []},
            {"cnf": {"jkt": 7}},
            {"cnf": {"jkt": "x" * 42}},
            {"cnf": {"jwk": {}}},
            {"cnf": {}},
            {"cnf": None},
            {"cnf": {"jkt": None}},
        ],
        ids=str,
    )  # fmt: skip
    def test_no_claim_may_be_of_another_kind(self, changes: dict[str, object]) -> None:
        """Nor empty, too long, or in contradiction to another; an id of 200 characters is too long as well."""
        text = token(**changes)
        assert read_token(text, KEY) is TokenFault.CLAIMS_INVALID
        assert faulty_claim(text) in changes

    @pytest.mark.parametrize("text", ["", ".", "é.é", "x.x.x", TEXT])
    def test_no_claim_is_named_of_what_has_none_at_fault(self, text: str) -> None:
        """Nor of what is no token at all."""
        assert faulty_claim(text) is None

    @pytest.mark.parametrize("subject", [7, 0, -7])
    def test_a_number_names_a_person(self, subject: int) -> None:
        """As its digits, whoever mints the token."""
        texts = [
            mint_token(SECRET, app="ios", form="field-report", subject=subject, now=NOW),
            token(sub=subject),
        ]
        for text in texts:
            claims = read_token(text, KEY)
            assert isinstance(claims, Claims)
            assert claims.subject == str(subject)

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": ["field-report"]},
            {"nbf": NOW},
            {"nbf": NOW - 60},
            {"iat": NOW + 0.5},
            {"prefill": []},
            {"prefill": None, "ver": None},
            {"unknown": []},
        ],
        ids=str,
    )
    def test_what_other_makers_write_is_taken(self, changes: dict[str, object]) -> None:
        """A list of one audience, a beginning before the issue, fractions, PHP's empty map, claims unknown to us."""
        claims = read_token(token(**changes), KEY)
        assert isinstance(claims, Claims)
        assert (claims.form, claims.subject, claims.prefill) == ("field-report", "u-7", {})

    @pytest.mark.parametrize(
        ("now", "fault"),
        [
            (NOW - 60.1, TokenFault.NOT_YET_VALID),
            (NOW - 60, None),
            (NOW, None),
            (NOW + 119.9, None),
            (NOW + 120, TokenFault.EXPIRED),
            (NOW - 3_600, TokenFault.NOT_YET_VALID),
            (NOW + 3_600, TokenFault.EXPIRED),
        ],
    )
    def test_clocks_may_be_a_minute_apart(self, now: float, fault: TokenFault | None) -> None:
        """In either direction, and not more."""
        assert check_times(CLAIMS, now) is fault

    def test_key_of_ed25519_signs_nothing_of_our_spelling(self) -> None:
        """A public key is no secret: what is signed with it by HMAC is refused before it is looked at."""
        assert read_token(TEXT, PUBLIC_KEY) is TokenFault.WRONG_ALGORITHM

    def test_compressed_token_is_refused(self) -> None:
        """What itsdangerous would unpack to megabytes, signed by the right key, is not unpacked."""
        packs = URLSafeSerializer(
            KEY.secret,
            salt=b"jotgate/app-token",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        assert packs.loads(TEXT) == payload()
        bomb = packs.dumps(payload(prefill={"note": "x" * 1_000_000}))
        assert bomb.startswith(".")
        assert len(bomb) < MAX_TOKEN_CHARS
        assert read_token(bomb, KEY) is TokenFault.MALFORMED

    def test_jwt_without_its_library_is_a_fault(self) -> None:
        """Where PyJWT is not installed, operators read so, and our own spelling is read as ever."""
        program = f"""
import sys
sys.modules["jwt"] = None
from jotgate.signed.tokens import *
key = AppKey(key_id="k7f3q9az", app="ios", algorithm="HS256", secret=bytes(range(32)))
print(read_token("e30.e30.e30", key).value, read_token({TEXT!r}, key).subject)
"""
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert ran.stdout.split() == ["jwt_not_installed", "u-7"]


class TestBounds:
    """The largest that is allowed is allowed."""

    def test_names_subjects_and_answers_may_be_as_long_as_they_may(self) -> None:
        """100 characters, 200, and 2,000 bytes of JSON, which come back; one more is refused."""
        name, subject, wrapping = "n" * 100, "s" * 200, len('[{"q":""},[]]')
        terms = {"app": name, "form": name, "subject": subject, "version": name}
        prefill = {"q": "a" * (MAX_PREFILL_BYTES - wrapping)}
        key = AppKey(key_id="k7f3q9az", app=name, algorithm="HS256", secret=KEY.secret)
        read = read_token(mint_token(SECRET, **terms, prefill=prefill, now=NOW), key)
        assert isinstance(read, Claims)
        assert (read.app, read.form, read.subject, read.version) == (name, name, subject, name)
        assert read.prefill == prefill
        with pytest.raises(InputError, match="2001 bytes"):
            mint_token(SECRET, **terms, prefill={"q": prefill["q"] + "a"}, now=NOW)

    def test_a_token_may_be_as_long_as_it_may(self) -> None:
        """8,192 characters are looked at, and not one more."""
        body = TEXT.partition(".")[0]
        longest = f"{body}.".ljust(MAX_TOKEN_CHARS, "A")
        assert read_token(longest, KEY) is TokenFault.BAD_SIGNATURE
        assert read_token(f"{longest}A", KEY) is TokenFault.TOO_LONG
        assert (key_id_of(longest), key_id_of(f"{longest}A")) == ("k7f3q9az", None)
        longest = f"{segments.encode_object({})}.{body}.".ljust(MAX_TOKEN_CHARS, "A")
        assert (issuer_of(longest), issuer_of(f"{longest}A")) == ("ios", None)

    def test_a_time_is_of_this_age(self) -> None:
        """The first second of 1970 is one; the one 100,000 million later is none."""
        read = read_token(token(iat=0, exp=60), KEY)
        assert isinstance(read, Claims)
        assert (read.issued_at, read.expires_at) == (0, 60)
        assert isinstance(read_token(token(iat=10**11 - 61, exp=10**11 - 1), KEY), Claims)
        assert read_token(token(iat=10**11 - 60, exp=10**11), KEY) is TokenFault.CLAIMS_INVALID

    def test_a_minted_id_has_128_bits(self) -> None:
        """In 22 characters, and is another one each time."""
        texts = [mint_token(SECRET, app="ios", form="field-report", subject="u-7", now=NOW) for _ in "ab"]
        ids = {
            read.token_id for read in (read_token(text, KEY) for text in texts) if isinstance(read, Claims)
        }
        assert [len(one) for one in ids] == [22, 22]


class TestAnyText:
    """Whatever a stranger sends ends in a value."""

    @given(ANY_TEXT)
    def test_no_text_that_is_not_signed_is_a_token(self, text: str) -> None:
        """Whatever it is made of, under either kind of key."""
        assert isinstance(read_token(text, KEY), TokenFault)
        assert isinstance(read_token(text, PUBLIC_KEY), TokenFault)
        assert key_id_of(text) is None or len(str(key_id_of(text))) == 8
        assert issuer_of(text) is None or 0 < len(str(issuer_of(text))) <= 100

    @given(
        ANY_JSON,
        st.dictionaries(st.sampled_from([*payload(), "prefill", "locked", "ver", "cnf"]), ANY_JSON),
    )
    def test_no_json_that_is_signed_does_harm(self, value: object, changes: dict[str, object]) -> None:
        """An app's backend that signs nonsense gets a fault, or what it says is in the bounds of claims."""
        for said in (value, payload(**changes)):
            read = read_token(signed(segments.encode(json.dumps(said).encode())), KEY)
            assert isinstance(read, TokenFault) or len(read.subject) <= 200

    @pytest.mark.parametrize(
        "text", ["a" * 5_000_000, "." * 5_000_000, "a." * 2_500_000, "\ud800" * 5_000_000]
    )
    def test_five_megabytes_are_not_looked_at(self, text: str) -> None:
        """They are refused by their length alone, in no time."""
        began = time.process_time()
        assert read_token(text, KEY) is TokenFault.TOO_LONG
        assert key_id_of(text) is None
        assert time.process_time() - began < 0.05

    @pytest.mark.parametrize(
        ("text", "key_id"),
        [
            (TEXT, "k7f3q9az"),
            (TEXT.partition(".")[0], "k7f3q9az"),
            (segments.encode(b'{"kid":"k7f3q9az","alg":"HS256"}') + ".e30.", "k7f3q9az"),
            (segments.encode(b'{"kid":"K7F3Q9AZ"}'), None),
            (segments.encode(b'{"kid":"k7f3q9az\\n"}'), None),
            (segments.encode(b'{"kid":["k7f3q9az"]}'), None),
            (segments.encode(b'{"kid":12345678}'), None),
            (segments.encode(b'{}'), None),
            (segments.encode(b'[' * 6_000), None),
            (segments.encode(b'{"kid":"k7f3q9az"}') + "=", None),
            (SECRET, None),
        ],
    )  # fmt: skip
    def test_key_that_a_text_names(self, text: str, key_id: str | None) -> None:
        """It is told without any key, for both spellings, and is an id or nothing."""
        assert key_id_of(text) == key_id

    @pytest.mark.parametrize(
        ("header", "body", "issuer"),
        [
            (b'{"alg":"HS256"}', b'{"iss":"ios"}', "ios"),
            (b'{"kid":"k7f3q9az"}', b'{"iss":"ios"}', None),
            (b'{"kid":null}', b'{"iss":"ios"}', None),
            (b'{}', b'{"iss":["ios"]}', None),
            (b'{}', b'{"iss":"io\\u0000s"}', None),
            (b'{}', b'{"iss":"\\ud800"}', None),
            (b'{}', b'{"iss":" "}', None),
            (b'{}', b'{"iss":"' + b"a" * 101 + b'"}', None),
            (b'{}', b'{}', None),
            (b'[]', b'{"iss":"ios"}', None),
            (b'{}', b'[' * 4_000, None),
        ],
    )  # fmt: skip
    def test_app_that_a_text_without_a_key_is_from(
        self, header: bytes, body: bytes, issuer: str | None
    ) -> None:
        """It is told by JWTs only that name no key, and is a name that any store can look for."""
        text = f"{segments.encode(header)}.{segments.encode(body)}"
        assert issuer_of(f"{text}.AAAA") == issuer
        assert issuer_of(text) is None


class TestSpellings:
    """One token, one text."""

    def test_any_changed_symbol_makes_a_forgery(self) -> None:
        """At each place: left out, doubled, in the other case, or another one; the text is refused."""
        for at, symbol in enumerate(TEXT):
            for other in ("", symbol * 2, symbol.swapcase(), "A", "-", "=", ".", " ", "\n", "é"):
                changed = TEXT[:at] + other + TEXT[at + 1 :]
                if changed != TEXT:
                    assert isinstance(read_token(changed, KEY), TokenFault), (at, other)

    def test_signature_has_one_spelling(self) -> None:
        """Base 64 has several for the same bytes, and itsdangerous takes them; here all but ours are refused."""
        body, _, mac = TEXT.partition(".")
        raw = base64.urlsafe_b64decode(mac + "=")
        same = [mac[:-1] + last for last in SYMBOLS if base64.urlsafe_b64decode(mac[:-1] + last + "=") == raw]
        assert len(same) == 4
        others = {*same, mac + "=", mac + "==", mac[:9] + "\n" + mac[9:], mac[:9] + "=" + mac[9:], mac + "!"}
        others |= {mac.replace("-", "+"), mac.replace("_", "/"), " " + mac}
        assert [other for other in others if read_token(f"{body}.{other}", KEY) == CLAIMS] == [mac]

    def test_every_part_is_signed(self) -> None:
        """Each claim changed by itself, under the old signature, makes a forgery."""
        mac = TEXT.rpartition(".")[2]
        for name in payload():
            body = segments.encode_object(payload(**{name: "changed1"}))
            assert read_token(f"{body}.{mac}", KEY) is TokenFault.BAD_SIGNATURE


class TestSecrets:
    """The line that is shown once."""

    @given(st.binary(min_size=32, max_size=32))
    def test_secret_comes_back_as_it_was(self, secret: bytes) -> None:
        """Also with the white space that copying brings along."""
        text = app_secret_text("k7f3q9az", secret)
        assert len(text) == 52
        assert read_app_secret(text) == read_app_secret(f" {text}\n") == ("k7f3q9az", secret)

    @given(
        ANY_TEXT | st.just(TEXT) | st.just(SECRET.upper()) | st.just("k7f3q9a." + SECRET.partition(".")[2])
    )
    def test_no_other_text_is_a_secret(self, text: str) -> None:
        """Whatever it is made of, it is refused without an exception."""
        assert read_app_secret(text) is None

    def test_key_does_not_show_its_secret(self) -> None:
        """Not where a record is printed."""
        assert "secret" not in repr(KEY)

    @pytest.mark.parametrize("secret", [b"", b"short", bytes(33)])
    def test_key_without_a_whole_secret_is_refused(self, secret: bytes) -> None:
        """An empty one would verify what anybody signs."""
        with pytest.raises(ValueError, match="32 bytes"):
            AppKey(key_id="k7f3q9az", app="ios", algorithm="HS256", secret=secret)


def test_who_can_be_a_subject() -> None:
    """A text that says something, of 200 characters at most; a number is none before it is one's digits."""
    assert can_be_subject("u-7")
    assert can_be_subject("s" * 200)
    refused = ["s" * 201, "", "  ", "a\0b", "\ud800", 7, None]
    assert [value for value in refused if can_be_subject(value)] == []


def test_whole_numbers_are_their_digits() -> None:
    """As long as these can be a subject; CPython refuses to write out much longer ones."""
    assert [as_text(value) for value in (7, 0, -7, "7", 7.0, True)] == ["7", "0", "-7", "7", 7.0, True]
    longest = 10**200 - 1
    assert as_text(longest) == "9" * 200
    assert as_text(longest + 1) == longest + 1
