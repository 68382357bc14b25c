"""Keys: bound to a purpose, rotated without breaking anything, never weak."""

from __future__ import annotations

import hmac
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.codes import fingerprint, generate_many
from jotgate.door.signing import Signer
from jotgate.signed import segments
from jotgate.signed.browsers import Browser, read_browser, sign_browser
from jotgate.signed.invitations import Invitation, invitation_text, read_invitation
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.signed.passes import Pass, PassReader
from jotgate.signed.tickets import OnPage, read_ticket, ticket_text

OLD, NEW = b"o" * 32, b"n" * 32
NOW = 1_790_000_000.0
ID = bytes(range(16))

BROWSER = Browser(browser_id=ID, since=NOW)
INVITATION = Invitation(form="students", subject="s-1")
PASS = Pass(form="students", subject="s-1", pass_id=ID, ticket_id=ID, expires_at=NOW + 3600)

#: Every signed value there is: how it is made, and how it is read back (None or empty: refused).
KINDS: dict[str, tuple[Callable[[KeyRing], str], Callable[[KeyRing, str], object]]] = {
    "ticket": (lambda keys: ticket_text(OnPage(ID), keys), lambda keys, text: read_ticket(text, keys)),
    "browser": (lambda keys: sign_browser(BROWSER, keys), lambda keys, text: read_browser(text, keys)),
    "pass": (
        lambda keys: PassReader("students", keys).sign(PASS),
        lambda keys, text: PassReader("students", keys).read(text, NOW),
    ),
    "pass for another form": (
        lambda keys: PassReader("teachers", keys).sign(PASS),
        lambda keys, text: PassReader("teachers", keys).read(text, NOW),
    ),
    "invitation": (
        lambda keys: invitation_text(INVITATION, keys),
        lambda keys, text: read_invitation(text, "students", keys),
    ),
    "return": (
        lambda keys: Signer(keys).sign_return("/students"),
        lambda keys, text: Signer(keys).read_return(text),
    ),
    "move": (
        lambda keys: Signer(keys).sign_move("students", ID, [ID]),
        lambda keys, text: Signer(keys).read_move(text, "students", ID),
    ),
}


@pytest.mark.parametrize("verifier", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_signed_value_is_good_for_its_own_purpose_only(kind: str, verifier: str) -> None:
    """Every kind is fed to every verifier: only its own takes it."""
    keys = KeyRing([OLD])
    accepted = bool(KINDS[verifier][1](keys, KINDS[kind][0](keys)))
    assert accepted == (kind == verifier)


@pytest.mark.parametrize("kind", KINDS)
def test_rotation_breaks_nothing_that_lives(kind: str) -> None:
    """An old value stays good while its key is held; new ones are signed by the newest key alone."""
    make, read = KINDS[kind]
    before, both, after = KeyRing([OLD]), KeyRing([OLD, NEW]), KeyRing([NEW])
    old, new = make(before), make(both)
    assert read(both, old)
    assert read(both, new)
    assert read(after, new)
    assert not read(after, old)
    assert not read(before, new)


@pytest.mark.parametrize("kind", KINDS)
def test_each_signed_value_has_one_spelling(kind: str) -> None:
    """No other text opens: none that differs in a character, and none that a lenient decoder reads the same."""
    keys = KeyRing([OLD])
    make, read = KINDS[kind]
    text = make(keys)
    assert read(keys, text)
    symbols = f"{string.ascii_letters}{string.digits}-_+/=\n é"
    changed = {text[:at] + one + text[at + 1 :] for at in range(len(text)) for one in ("", *symbols)}
    added = {text[:at] + one + text[at:] for at in range(len(text) + 1) for one in (*symbols, "==", "\ud800")}
    assert [other for other in changed | added | {"", text * 2, text.swapcase()} if read(keys, other)] == [
        text
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_long_texts_are_refused_unread(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The length is looked at before anything is decoded."""
    keys = KeyRing([OLD])
    make, read = KINDS[kind]
    assert read(keys, make(keys))
    monkeypatch.setattr("jotgate.signed.segments.decode", lambda text: pytest.fail("a long text was decoded"))
    assert not read(keys, "A" * 8_001)


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.binary(max_size=200).map(segments.encode) | st.text(max_size=200))
def test_no_text_of_a_stranger_opens(kind: str, text: str) -> None:
    """Well spelled or not, it is refused without an exception."""
    assert not KINDS[kind][1](KeyRing([OLD, NEW]), text)


@pytest.mark.parametrize(
    "secrets",
    [[], (), "a" * 64, b"a" * 64, [b""], [b"a" * 31], [b"a" * 32, b"short"]],
    ids=["none", "no tuple", "a string", "bytes", "empty", "31 bytes", "one of two"],
)
def test_weak_secrets_are_refused(secrets: list[bytes]) -> None:
    """No empty list, no bare string, nothing under 32 bytes."""
    for kind in (KeyRing, CodeKeys):
        with pytest.raises(ValueError, match="secret"):
            kind(secrets)


@given(body=st.binary(max_size=200))
def test_a_mac_is_the_one_that_everybody_makes(body: bytes) -> None:
    """HMAC-SHA-256 under each key, as the standard library has it."""
    keys = KeyRing([OLD, NEW])
    assert keys.macs("code", body) == [hmac.digest(key, body, "sha256") for key in keys.keys("code")]


def test_a_text_without_its_whole_mac_does_not_open() -> None:
    """Nothing follows from a text cut down to nothing, or sealed with a shorter MAC."""
    keys = KeyRing([OLD])
    assert keys.open("ticket", keys.seal("ticket", b""), max_length=35) == b""
    for text in ("", segments.encode(b"\0" * 15), keys.seal("ticket", b"message", mac_bytes=10)):
        assert keys.open("ticket", text, max_length=35) is None


def test_code_keys_are_named_and_the_newest_makes_codes() -> None:
    """Ids stay the same when keys are added, and differ from key to key; none gives its key away."""
    one, both = CodeKeys([OLD]), CodeKeys([OLD, NEW])
    assert both.newest[0] == CodeKeys([NEW]).newest[0]
    assert both.ids == (*CodeKeys([NEW]).ids, *one.ids)
    assert both.all() == (*CodeKeys([NEW]).all(), *one.all())
    assert not set(both.all()) & {*KeyRing([OLD]).keys("ticket"), OLD, NEW}


def test_a_code_has_a_fingerprint_under_each_key() -> None:
    """The same as it was stored with when that key was the newest, whichever came since."""
    code = next(generate_many(1))
    assert CodeKeys([OLD, NEW]).fingerprints(code) == tuple(
        fingerprint(code, CodeKeys([secret]).newest[1]) for secret in (NEW, OLD)
    )


def test_secrets_stem_from_a_code_key_for_one_purpose_and_one_name() -> None:
    """They are the same as long as their key is held, whatever keys are added, and tell nothing of each other."""
    one, both = CodeKeys([OLD]), CodeKeys([OLD, NEW])
    [old_id] = one.ids
    secret = one.derive(old_id, "app", "k1")
    assert secret == both.derive(old_id, "app", "k1") == hmac.digest(one.keys("app")[old_id], b"k1", "sha256")
    others = {
        both.derive(both.ids[0], "app", "k1"),
        one.derive(old_id, "app", "k2"),
        one.derive(old_id, "lookup", "k1"),
    }
    assert len(others | {secret, *both.all()}) == 6
    assert CodeKeys([NEW]).derive(old_id, "app", "k1") is None


def test_no_key_is_ever_shown() -> None:
    """Neither ring tells its secrets in a traceback."""
    for ring in (KeyRing([OLD, NEW]), CodeKeys([OLD, NEW])):
        assert "ooo" not in repr(ring)
        assert "nnn" not in repr(ring)
        assert not any(key.hex() in repr(ring) for key in CodeKeys([OLD, NEW]).all())


def test_new_codes_are_fingerprinted_with_the_newest_key() -> None:
    """Many at once, and as the pure function does it."""
    keys = CodeKeys([b"a" * 32, b"b" * 32])
    codes = list(generate_many(3))
    assert keys.newest_fingerprints(codes) == [fingerprint(code, keys.newest[1]) for code in codes]
