"""Apps: registered for named forms, told by their keys, and let in once a token, whatever is copied or stolen."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from jotgate.admission.apps import Apps, IssuedAppKey
from jotgate.admission.gate import Gate, Seen
from jotgate.admission.grants import Grants, Person, Terms
from jotgate.admission.vetting import ShownProof
from jotgate.config import Settings
from jotgate.errors import InputError, StoreMismatch, StoreUnavailable, UnknownForm
from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Reason, Refuse, Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import AppFault, AppKeyState, GrantFilter
from jotgate.signed.browsers import new_browser
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.signed.passes import Pass
from jotgate.signed.tickets import FilledIn
from jotgate.signed.tokens import app_secret_text, mint_token, read_app_secret
from jotgate.stores import Store, open_store
from jotgate.submissions import Candidate
from jotgate.testing import FrozenClock
from jotgate.wiring import build
from tests.signed.test_keyring import KINDS

T0 = 1_790_000_000.0
MINUTE, HOUR = 60.0, 3600.0
KEYS, CODE_KEYS = KeyRing([b"s" * 32]), CodeKeys([b"c" * 32])
REPORT = FormPolicy(form="report", form_id="260010000000001", title="Report", access=("app",))
STAFF = FormPolicy(form="staff", form_id="260010000000002", title="Staff", access=("code", "app"))
EXAM = FormPolicy(form="exam", form_id="260010000000003", title="Exam")
POLICIES = {policy.form: policy for policy in (REPORT, STAFF, EXAM)}
ADDRESS = "https://school.example/jotgate/f/report/enter"


@dataclass
class Site:
    """One store, and as many processes as are asked for."""

    path: Path
    store: Store
    clock: FrozenClock

    def gate(self, *policies: FormPolicy, keys: KeyRing = KEYS) -> Gate:
        """Return a gate as another process would build it."""
        known = POLICIES | {policy.form: policy for policy in policies}
        return Gate(known, store=self.store, keys=keys, code_keys=CODE_KEYS, clock=self.clock)

    @property
    def office(self) -> Apps:
        """The office that registers apps."""
        return Apps(POLICIES, store=self.store, code_keys=CODE_KEYS, clock=self.clock)

    def app(self, name: str = "ios", *forms: str, needs_proof: bool = False) -> str:
        """Register an app; return its secret."""
        return secret_of(
            self.office.create(name, forms or ("report",), actor="owner", needs_proof=needs_proof)
        )

    def token(self, secret: str, **claims: object) -> str:
        """Mint a token as the app's backend would, now."""
        stated: dict[str, object] = {"app": "ios", "form": "report", "subject": "u-7"} | claims
        return mint_token(secret, now=self.clock.now(), **stated)  # type: ignore[arg-type]

    def redeem(self, text: str, *, form: str = "report", seen: Seen | None = None) -> Admit | Refuse | Pass:
        """Show a token to a new process."""
        return self.gate().redeem(text, form=form, seen=seen or somebody())

    def entry(self, decision: object) -> Entry:
        """Return the entry that a refusal left."""
        assert isinstance(decision, Refuse), decision
        entry = self.store.explain(decision.ref)
        assert entry is not None
        return entry


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site with three forms and no apps."""
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:///{path}")
    store.prepare({form: policy.form_id for form, policy in POLICIES.items()}, T0)
    yield Site(path=path, store=store, clock=FrozenClock(T0))
    store.close()


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what moves the watch by which gates look for revocations."""
    now = [1000.0]
    monkeypatch.setattr("jotgate.admission.revocations.time.monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """Return a gate that many texts are shown to."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('fuzzed')}/store.db")
    store.prepare({"report": REPORT.form_id}, T0)
    yield Gate({"report": REPORT}, store=store, keys=KEYS, code_keys=CODE_KEYS, clock=FrozenClock(T0))
    store.close()


def somebody(holds: Pass | None = None) -> Seen:
    """Return a browser that is new."""
    return Seen(browser=new_browser(T0 - HOUR), network="192.0.2.1/32", holds=holds)


def secret_of(issued: IssuedAppKey) -> str:
    """Return the secret, which has to be there."""
    assert issued.secret is not None
    return issued.secret


def let_in(decision: object) -> Admit:
    """Return the admission, which it has to be."""
    assert isinstance(decision, Admit), decision
    return decision


def why(decision: object) -> Reason:
    """Return why it was refused, which it has to be."""
    assert isinstance(decision, Refuse), decision
    return decision.reason


def nameless(secret: str, **changed: object) -> str:
    """Return a JWT as a library makes it that was told nothing of key ids; a claim changed to `...` is left out."""
    claims = {"iss": "ios", "aud": "report", "sub": "u-7", "iat": T0, "exp": T0 + 60, "jti": uuid4().hex}
    _, key = read_app_secret(secret) or ("", b"")
    kept = {name: value for name, value in (claims | changed).items() if value is not ...}
    return jwt.encode(kept, key, "HS256")


def public_key() -> tuple[Ed25519PrivateKey, str]:
    """Return a key pair: what signs, and what the operator hands in."""
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private, pem.decode()


class TestTokens:
    """What the gate makes of what an app's users bring."""

    def test_a_token_opens_its_form_once(self, site: Site) -> None:
        """It gives a pass about its subject; whoever brings a copy is refused, and the owner sees it."""
        secret = site.app()
        text = site.token(secret)
        admit = let_in(site.redeem(text))
        held = site.gate().read_pass("report", [site.gate().sign_pass(admit)])
        assert held is not None
        assert (held.form, held.subject) == ("report", "u-7")
        copied = site.redeem(text)
        assert why(copied) is Reason.TOKEN_USED
        assert site.entry(copied).note == "192.0.2.1/32"
        assert site.office.counts()["ios"].foreign_tries == 1

    def test_what_the_app_fills_in_and_the_form_locks_reaches_the_ticket(self, site: Site) -> None:
        """A field is locked by the token or by the form; one that is not filled in cannot be."""
        policy = replace(REPORT, locked_fields=("room", "absent"))
        prefill = {"name": "Ann", "room": "7", "site": "N"}
        text = site.token(site.app(), prefill=prefill, locked=["site"])
        admit = let_in(site.gate(policy).redeem(text, form="report", seen=somebody()))
        ticket = site.store.ticket(admit.ticket_id)
        assert ticket is not None
        assert (ticket.openings, ticket.app) == ((FilledIn(0, prefill, ("room", "site")),), "ios")

    def test_the_form_says_how_often_a_subject_may_submit(self, site: Site) -> None:
        """With `uses` = 1, the second token after the submission is refused, and says when it was used."""
        secret, policy = site.app(), replace(REPORT, uses=1)
        gate = site.gate(policy)
        admit = let_in(gate.redeem(site.token(secret), form="report", seen=somebody()))
        sent = Candidate(
            submission_id="1",
            form="report",
            created_earliest=T0 + 5,
            created_latest=T0 + 5,
            ticket_id=admit.ticket_id,
        )
        assert site.store.settle([sent], capacity=None, now=T0 + 9)[0].verdict is Verdict.VERIFIED
        again = gate.redeem(site.token(secret), form="report", seen=somebody())
        assert isinstance(again, Refuse)
        assert (again.reason, again.at) == (Reason.USED_UP, T0 + 5)

    @pytest.mark.parametrize(
        ("spoil", "fault"),
        [
            (lambda text: "garbage", "malformed"),
            (lambda text: "", "malformed"),
            (lambda text: "a" * 5_000_000, "too_long"),
            (lambda text: text[:-1], "bad_signature"),
            (lambda text: text + "=", "bad_signature"),
            (lambda text: text.replace(".", "==."), "malformed"),
            (lambda text: f"{text.partition('.')[0]}.{'A' * 43}", "bad_signature"),
            (lambda text: jwt.encode({"iss": "ios"}, None, "none"), "malformed"),
            (lambda text: jwt.encode({"iss": "ios"}, "k" * 32, "HS256"), "bad_signature"),
            (lambda text: jwt.encode({"iss": "site"}, "k" * 32, "HS256"), "unknown_app"),
            (lambda text: jwt.encode({"iss": "ios"}, "k" * 32, "HS256", headers={"kid": "1"}), "wrong_key"),
            (
                lambda text: jwt.encode({"iss": "ios"}, "k" * 32, "HS256", headers={"kid": "nobodys0"}),
                "unknown_key",
            ),
        ],
    )
    def test_whatever_is_no_token_is_refused_in_one_wording(
        self, site: Site, spoil: Callable[[str], str], fault: str
    ) -> None:
        """The visitor learns nothing; the entry has the exact fault, is short, and holds nothing of the token."""
        spoiled = spoil(site.token(site.app(), subject="canary"))
        decision = site.redeem(spoiled)
        assert why(decision) is Reason.BAD_TOKEN
        entry = site.entry(decision)
        assert (entry.event, entry.reason, entry.note) == ("token.refused", fault, "192.0.2.1/32")
        assert len(repr(entry)) < 400
        assert "canary" not in repr(entry)

    def test_an_algorithm_of_the_tokens_own_choice_is_refused(self, site: Site) -> None:
        """`alg: none` with the right key id, and HS256 where the key is public, get the same wording."""
        secret = site.app()
        key_id, _ = secret.split(".")
        private, pem = public_key()
        issued = site.office.create("android", ["report"], actor="owner", public_key=pem)
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        texts = [
            jwt.encode({"iss": "ios"}, None, "none", headers={"kid": key_id}) + "AAAA",
            mint_token(
                app_secret_text(issued.key_id, raw), app="android", form="report", subject="u", now=T0
            ),
            jwt.encode({"iss": "android"}, raw, "HS256", headers={"kid": issued.key_id}),
        ]
        for text in texts:
            assert site.entry(site.redeem(text)).reason == "wrong_algorithm"

    def test_a_token_opens_its_own_form_only(self, site: Site) -> None:
        """Not another one of the app's, not one that the app is not registered for, nor one without app access."""
        secret = site.app("ios", "report", "staff")
        other = site.app("android", "staff")
        attempts = [
            (site.token(secret, form="staff"), "report", AppFault.WRONG_FORM),
            (site.token(other, app="android"), "report", AppFault.FORM_NOT_ALLOWED),
            (site.token(secret, form="exam"), "exam", AppFault.NO_APP_ACCESS),
        ]
        for text, form, fault in attempts:
            decision = site.redeem(text, form=form)
            assert why(decision) is Reason.BAD_TOKEN
            entry = site.entry(decision)
            assert (entry.reason, entry.subject, entry.form) == (fault.value, "u-7", form)

    def test_one_app_cannot_speak_for_another(self, site: Site) -> None:
        """Nor for the site itself, whatever it states."""
        ours = site.app()
        site.app("android")
        for app in ("android", "site"):
            assert site.entry(site.redeem(site.token(ours, app=app))).reason == "wrong_app"

    def test_a_token_that_is_too_old_or_too_young_opens_nothing(self, site: Site) -> None:
        """An hour's difference between the clocks is told in the ledger; up to a minute works."""
        secret = site.app()
        text = site.token(secret)
        site.clock.advance(HOUR)
        assert why(site.redeem(text)) is Reason.TOKEN_EXPIRED
        site.clock.advance(-2 * HOUR)
        decision = site.redeem(text)
        assert why(decision) is Reason.BAD_TOKEN
        assert site.entry(decision).reason == "not_yet_valid"
        site.clock.advance(HOUR - 59)
        let_in(site.redeem(text))

    def test_no_clock_makes_a_token_good_twice(self, site: Site) -> None:
        """Redeemed, and then an hour back or forth: it was used, and stays so."""
        text = site.token(site.app())
        let_in(site.redeem(text))
        site.clock.advance(-MINUTE)
        assert why(site.redeem(text)) is Reason.TOKEN_USED
        site.clock.advance(HOUR)
        assert why(site.redeem(text)) is Reason.TOKEN_USED

    def test_a_web_view_that_was_killed_loads_its_address_again(self, site: Site) -> None:
        """With the pass of that token, used or expired, it is let on; without, or with another's, it is not."""
        secret = site.app()
        text, other = site.token(secret), site.token(secret, subject="u-8")
        gate = site.gate()
        mine = gate.read_pass("report", [gate.sign_pass(let_in(site.redeem(text)))])
        theirs = gate.read_pass("report", [gate.sign_pass(let_in(site.redeem(other)))])
        for minutes in (0, 10):
            site.clock.advance(minutes * MINUTE)
            assert site.redeem(text, seen=somebody(mine)) == mine
            assert why(site.redeem(text, seen=somebody(theirs))) is Reason.TOKEN_USED
            assert why(site.redeem(text)) is Reason.TOKEN_USED

    def test_a_fresh_token_makes_a_fresh_pass(self, site: Site) -> None:
        """A new pass id at every admission; the one held before ends at once, in this process."""
        secret, gate = site.app(), site.gate()
        first = gate.read_pass(
            "report",
            [gate.sign_pass(let_in(gate.redeem(site.token(secret), form="report", seen=somebody())))],
        )
        assert first is not None
        second = let_in(gate.redeem(site.token(secret), form="report", seen=somebody(first)))
        assert (second.pass_id != first.pass_id, second.ticket_id) == (True, first.ticket_id)
        [text] = [gate.sign_pass(replace(second, pass_id=first.pass_id))]
        assert gate.read_pass("report", [text]) is None

    def test_a_closed_or_full_form_is_said_before_a_token_is_looked_at(self, site: Site) -> None:
        """The token stays good."""
        text = site.token(site.app())
        closed = site.gate(replace(REPORT, closes_at=T0)).redeem(text, form="report", seen=somebody())
        assert why(closed) is Reason.CLOSED
        let_in(site.redeem(text))
        with pytest.raises(UnknownForm):
            site.redeem(text, form="nowhere")

    def test_a_store_that_is_down_lets_nobody_in(self, tmp_path: Path) -> None:
        """The gate fails closed: an error, never a pass."""
        store = open_store(f"sqlite:///{tmp_path}/no/such/folder.db")
        gate = Gate(POLICIES, store=store, keys=KEYS, code_keys=CODE_KEYS, clock=FrozenClock(T0))
        with pytest.raises(StoreUnavailable):
            gate.redeem(gate.hand_off("report", "u-7"), form="report", seen=somebody())

    def test_a_flood_of_garbage_does_not_fill_the_ledger(self, site: Site) -> None:
        """A hundred bad tokens a minute leave an entry; those beyond it are refused with the reason as reference."""
        gate = site.gate()
        refs = [
            decision.ref
            for decision in (gate.redeem("garbage", form="report", seen=somebody()) for _ in range(150))
            if isinstance(decision, Refuse)
        ]
        assert (len(refs), refs.count("BAD_TOKEN")) == (150, 50)
        site.clock.advance(MINUTE)
        assert site.entry(gate.redeem("garbage", form="report", seen=somebody())).reason == "malformed"

    def test_a_flood_of_one_old_link_does_not_fill_the_ledger(self, site: Site) -> None:
        """Nor does it keep the store writing; a hundred times a minute it is told whether the link had been used."""
        gate, text = site.gate(), site.token(site.app())
        let_in(site.redeem(text))
        site.clock.advance(3 * MINUTE)
        decisions = [gate.redeem(text, form="report", seen=somebody()) for _ in range(150)]
        told = [(decision.reason, decision.ref) for decision in decisions if isinstance(decision, Refuse)]
        assert [reason for reason, _ in told] == [Reason.TOKEN_USED] * 100 + [Reason.TOKEN_EXPIRED] * 50
        assert [ref for _, ref in told].count("TOKEN_EXPIRED") == 50

    def test_no_other_signed_value_is_a_token(self, site: Site) -> None:
        """Passes, tickets, cookies and signed addresses open nothing here, and tokens are good for nothing else."""
        for make, _ in KINDS.values():
            assert why(site.redeem(make(KEYS))) is Reason.BAD_TOKEN
        for text in (site.token(site.app()), site.gate().hand_off("report", "u-7")):
            for _, read in KINDS.values():
                assert not read(KEYS, text)
            let_in(site.redeem(text))

    @given(text=st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
    def test_any_text_is_refused_without_a_fault(self, fuzzed: Gate, text: str) -> None:
        """Nothing but a token of ours opens a form, and nothing at all ends in an exception."""
        assert why(fuzzed.redeem(text, form="report", seen=somebody())) is Reason.BAD_TOKEN


class TestHandOff:
    """The site's own tokens."""

    def test_the_site_hands_somebody_over(self, site: Site) -> None:
        """To forms for codes and for apps alike, with fields filled in, once."""
        for form in ("report", "exam", "staff"):
            text = site.gate().hand_off(form, "s-1", prefill={"name": "Ann"}, locked=["name"])
            ticket = site.store.ticket(let_in(site.redeem(text, form=form)).ticket_id)
            assert ticket is not None
            assert (ticket.subject, ticket.app, ticket.openings[-1].locked) == ("s-1", "site", ("name",))
            assert why(site.redeem(text, form=form)) is Reason.TOKEN_USED

    def test_it_outlives_a_rotation_of_the_sites_keys(self, site: Site) -> None:
        """What the old key signed is good while that key is held, and refused when it is dropped."""
        text = site.gate(keys=KeyRing([b"o" * 32])).hand_off("report", "s-1")
        both, new = KeyRing([b"o" * 32, b"n" * 32]), KeyRing([b"n" * 32])
        dropped = site.gate(keys=new).redeem(text, form="report", seen=somebody())
        assert site.entry(dropped).reason == "unknown_key"
        let_in(site.gate(keys=both).redeem(text, form="report", seen=somebody()))

    def test_what_cannot_be_handed_over_is_told(self, site: Site) -> None:
        """An unknown form, and a subject that is none."""
        with pytest.raises(UnknownForm):
            site.gate().hand_off("nowhere", "s-1")
        with pytest.raises(InputError):
            site.gate().hand_off("report", "")


class TestProofs:
    """Tokens that are worth nothing without the app's own key."""

    @pytest.fixture
    def phone(self) -> Phone:
        """Return a device with a key of its own."""
        return Phone(ec.generate_private_key(ec.SECP256R1()))

    def test_a_bound_token_needs_its_proof(self, site: Site, phone: Phone) -> None:
        """Alone it is refused and stays good; with the proof it opens the form."""
        text = site.token(site.app(), proof_key=phone.thumbprint)
        assert site.entry(site.redeem(text)).reason == "proof_missing"
        let_in(site.gate().redeem(text, form="report", seen=somebody(), proof=phone.proof(text)))

    def test_another_key_proves_nothing(self, site: Site, phone: Phone) -> None:
        """Who stole the token and makes a proof of their own is refused."""
        thief = Phone(ec.generate_private_key(ec.SECP256R1()))
        text = site.token(site.app(), proof_key=phone.thumbprint)
        decision = site.gate().redeem(text, form="report", seen=somebody(), proof=thief.proof(text))
        assert why(decision) is Reason.BAD_TOKEN
        assert site.entry(decision).reason == "proof_of_another_key"

    def test_a_proof_is_good_for_one_token_and_one_request(self, site: Site, phone: Phone) -> None:
        """One for another token, address or method is refused with the exact reason."""
        secret = site.app()
        text, other = (site.token(secret, proof_key=phone.thumbprint) for _ in range(2))
        good = phone.proof(text)
        for proof, fault in (
            (phone.proof(other), "proof_wrong_token"),
            (replace(good, method="GET"), "proof_wrong_method"),
            (replace(good, address=ADDRESS.replace("report", "staff")), "proof_wrong_address"),
            (replace(good, text="x"), "proof_malformed"),
        ):
            decision = site.gate().redeem(text, form="report", seen=somebody(), proof=proof)
            assert site.entry(decision).reason == fault

    def test_an_app_can_make_proofs_a_must(self, site: Site, phone: Phone) -> None:
        """Then a token that names no key opens nothing."""
        secret = site.app(needs_proof=True)
        text = site.token(secret)
        assert site.entry(site.redeem(text)).reason == "proof_missing"
        unbound = site.gate().redeem(text, form="report", seen=somebody(), proof=phone.proof(text))
        assert site.entry(unbound).reason == "proof_unbound"
        bound = site.token(secret, proof_key=phone.thumbprint)
        let_in(site.gate().redeem(bound, form="report", seen=somebody(), proof=phone.proof(bound)))

    def test_a_reload_without_the_proof_keeps_its_pass(self, site: Site, phone: Phone) -> None:
        """A web view sends no headers when it loads its address again; with its own pass it is let on."""
        text, gate = site.token(site.app(), proof_key=phone.thumbprint), site.gate()
        admit = let_in(gate.redeem(text, form="report", seen=somebody(), proof=phone.proof(text)))
        held = gate.read_pass("report", [gate.sign_pass(admit)])
        assert gate.redeem(text, form="report", seen=somebody(held)) == held
        assert why(gate.redeem(text, form="report", seen=somebody())) is Reason.BAD_TOKEN


class TestKeys:
    """How keys are made, changed and ended."""

    def test_a_stolen_store_mints_nothing(self, site: Site) -> None:
        """Neither secret nor token stands in any file of it, as text or as bytes."""
        secret = site.app()
        text = site.token(secret)
        let_in(site.redeem(text))
        read = read_app_secret(secret)
        assert read is not None
        secrets = [secret, secret.split(".")[1], text, text.split(".")[1], read[1].hex()]
        for file in site.path.parent.iterdir():
            raw = file.read_bytes()
            assert not [one for one in secrets if one.encode() in raw]
            assert read[1] not in raw

    def test_a_secret_is_shown_once(self, site: Site) -> None:
        """No listing and no repr has it."""
        issued = site.office.create("ios", ["report"], actor="owner")
        shown = repr(issued) + repr(site.office.list())
        assert secret_of(issued).split(".")[1] not in shown
        assert issued.key_id in shown

    def test_a_rotation_breaks_nothing(self, site: Site) -> None:
        """Old and new key are good at once; the first token of the new one retires the old, which is then ended."""
        old = site.app()
        site.clock.advance(1)
        new = secret_of(site.office.rotate("ios", actor="owner"))
        let_in(site.redeem(site.token(old)))
        let_in(site.redeem(site.token(new)))
        let_in(site.redeem(site.token(old)))
        [registered] = site.office.list()
        assert [key.state for key in registered.keys] == [AppKeyState.RETIRING, AppKeyState.ACTIVE]
        assert site.office.revoke("ios", actor="owner", key_id=old.split(".")[0])
        assert site.entry(site.redeem(site.token(old))).reason == "key_revoked"
        let_in(site.redeem(site.token(new)))

    def test_an_app_with_a_public_key_is_told_by_it(self, site: Site) -> None:
        """The site cannot mint for it; a JWT that its backend signed opens the form, once however it is spelled."""
        private, pem = public_key()
        issued = site.office.create("ios", ["report"], actor="owner", public_key=pem)
        assert issued.secret is None
        claims = {"iss": "ios", "aud": "report", "sub": "u", "iat": T0, "exp": T0 + 60, "jti": "1"}
        texts = [
            jwt.encode(claims, private, "EdDSA", headers={"kid": issued.key_id, "x": n}) for n in range(2)
        ]
        let_in(site.redeem(texts[0]))
        assert texts[0] != texts[1]
        assert why(site.redeem(texts[1])) is Reason.TOKEN_USED
        with pytest.raises(InputError, match="has no secret to mint"):
            site.office.mint("ios", form="report", subject="u", actor="owner")
        with pytest.raises(InputError, match="new public key"):
            site.office.rotate("ios", actor="owner")

    def test_a_jwt_without_a_key_id_is_told_by_its_issuers_keys(self, site: Site) -> None:
        """Each live key of the app that `iss` names is tried, through a rotation; another app's key is none."""
        old, foreign = site.app(), site.app("android")
        new = secret_of(site.office.rotate("ios", actor="owner"))
        for secret in (old, new, old):
            let_in(site.redeem(nameless(secret)))
        assert site.office.revoke("ios", actor="owner", key_id=old.split(".")[0])
        for secret in (old, foreign):
            assert site.entry(site.redeem(nameless(secret))).reason == "bad_signature"
        missing = site.entry(site.redeem(nameless(new, jti=...)))
        assert (missing.reason, (missing.about or "").endswith(", claim jti")) == ("claims_missing", True)
        invalid = site.entry(site.redeem(nameless(new, sub="")))
        assert (invalid.reason, (invalid.about or "").endswith(", claim sub")) == ("claims_invalid", True)
        assert site.entry(site.redeem(nameless(new, aud="staff"))).reason == "wrong_form"
        text = nameless(new)
        let_in(site.redeem(text))
        assert why(site.redeem(text)) is Reason.TOKEN_USED
        assert site.office.revoke("ios", actor="owner")
        assert site.entry(site.redeem(nameless(new))).reason == "key_revoked"

    def test_a_jwt_without_a_key_id_is_told_by_a_public_key_too(self, site: Site) -> None:
        """The one that its app is registered with; signed with that text as a secret, it is none."""
        private, pem = public_key()
        site.office.create("ios", ["report"], actor="owner", public_key=pem)
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        claims = {"iss": "ios", "aud": "report", "sub": "u", "iat": T0, "exp": T0 + 60, "jti": "1"}
        let_in(site.redeem(jwt.encode(claims, private, "EdDSA")))
        assert site.entry(site.redeem(jwt.encode(claims, raw, "HS256"))).reason == "wrong_algorithm"

    def test_a_lost_phone_ends_within_five_seconds(
        self, site: Site, ticking: Callable[[float], None]
    ) -> None:
        """In another process: its pass is refused, others live on, and the same user's new phone is let in."""
        secret, gate = site.app(), site.gate()
        lost, other = (let_in(site.redeem(site.token(secret, subject=subject))) for subject in ("u-7", "u-8"))
        texts = {admit.subject: [gate.sign_pass(admit)] for admit in (lost, other)}
        assert gate.read_pass("report", texts["u-7"]) is not None
        assert site.office.revoke_subject("ios", "u-7", actor="owner") == 1
        ticking(5.0)
        assert gate.read_pass("report", texts["u-7"]) is None
        assert gate.read_pass("report", texts["u-8"]) is not None
        found = let_in(site.redeem(site.token(secret, subject="u-7")))
        assert found.ticket_id != lost.ticket_id
        assert site.office.revoke_subject("ios", "u-7", actor="owner", for_good=True) == 1
        assert why(site.redeem(site.token(secret, subject="u-7"))) is Reason.REVOKED
        with pytest.raises(InputError, match="'u-9' has opened a form"):
            site.office.revoke_subject("ios", "u-9", actor="owner")

    def test_an_app_that_is_revoked_ends_within_five_seconds(
        self, site: Site, ticking: Callable[[float], None]
    ) -> None:
        """In another process: its passes are refused, its tickets worth nothing, its tokens in the one wording."""
        secret, gate = site.app(), site.gate()
        admit = let_in(site.redeem(site.token(secret)))
        texts = [gate.sign_pass(admit)]
        assert gate.read_pass("report", texts) is not None
        assert site.office.revoke("ios", actor="owner")
        ticking(5.0)
        assert gate.read_pass("report", texts) is None
        assert site.entry(gate.redeem(site.token(secret), form="report", seen=somebody())).reason == (
            "key_revoked"
        )
        assert not site.office.revoke("ios", actor="owner")

    def test_a_revocation_that_was_broken_off_is_finished_by_the_next(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The keys end first; what had been opened ends at the second try."""
        admit = let_in(site.redeem(site.token(site.app())))
        with monkeypatch.context() as patched:
            patched.setattr(site.store, "revoke_grants", broken_off)
            with pytest.raises(RuntimeError, match="plug"):
                site.office.revoke("ios", actor="owner")
        assert admit.pass_id not in dict(site.store.revocations().passes)
        assert site.office.revoke("ios", actor="owner")
        assert admit.pass_id in dict(site.store.revocations().passes)

    def test_a_start_without_the_code_key_of_an_app_is_refused(self, tmp_path: Path) -> None:
        """It says how many keys of apps would be lost; with the key back in front it starts."""
        old, new = "o" * 32, "n" * 32
        raw = {
            "site_url": "https://school.example",
            "api_key": "k" * 32,
            "secret_keys": ["s" * 32],
            "hook_secrets": ["h" * 32],
            "store": f"sqlite:///{tmp_path}/store.db",
            "forms": {"report": {"id": "260010000000001", "access": ["app"]}},
        }
        parts = build(Settings.from_mapping(raw | {"code_keys": [old]}))
        parts.apps.create("ios", ["report"], actor="owner")
        parts.store.close()
        with pytest.raises(StoreMismatch, match=r"\(0 codes, 1 app keys\)"):
            build(Settings.from_mapping(raw | {"code_keys": [new]}))
        build(Settings.from_mapping(raw | {"code_keys": [old, new]})).store.close()

    def test_a_lost_code_key_is_told_in_the_ledger(self, site: Site) -> None:
        """A process that goes on without it refuses the app's tokens, and says why."""
        text = site.token(site.app())
        gate = Gate(POLICIES, store=site.store, keys=KEYS, code_keys=CodeKeys([b"x" * 32]), clock=site.clock)
        assert site.entry(gate.redeem(text, form="report", seen=somebody())).reason == "key_lost"


class TestOffice:
    """What can be registered."""

    def test_every_problem_is_told_at_once(self, site: Site) -> None:
        """Name, forms, address and key: one error with a sentence for each."""
        with pytest.raises(InputError) as told:
            site.office.create(
                "My App", ["nowhere", "exam"], actor="owner", return_url="javascript:alert(1)", public_key="x"
            )
        assert len(told.value.problems) == 5
        for word in ("name", "nowhere", "exam", "return_url", "Ed25519"):
            assert any(word in problem for problem in told.value.problems)
        assert site.office.list() == ()

    @pytest.mark.parametrize("name", ["", "site", "-ios", "Ios", "i" * 64, "ios\n", "i.os", "ïos"])
    def test_names_that_cannot_be(self, site: Site, name: str) -> None:
        """Lower-case letters, digits and hyphens; the site's own name is taken."""
        with pytest.raises(InputError):
            site.office.create(name, ["report"], actor="owner")

    def test_a_name_is_given_once(self, site: Site) -> None:
        """Also after the app was revoked: what was opened under it is another's."""
        site.app()
        for _ in range(2):
            with pytest.raises(InputError, match="exists or existed"):
                site.app()
            site.office.revoke("ios", actor="owner")
        with pytest.raises(InputError, match="was revoked"):
            site.office.rotate("ios", actor="owner")

    def test_what_is_not_there_is_told_with_what_is(self, site: Site) -> None:
        """An unknown app, an unknown key, no form at all."""
        site.app()
        with pytest.raises(InputError, match="known apps: ios"):
            site.office.rotate("android", actor="owner")
        with pytest.raises(InputError, match="it has"):
            site.office.revoke("ios", actor="owner", key_id="nobodys0")
        with pytest.raises(InputError, match="1 to 100 forms"):
            site.office.create("android", [], actor="owner")

    @pytest.mark.parametrize(
        "address",
        [
            "https://school.example/done",
            "https://school.example:8443/done?from=form",
            "fieldapp://done",
            "com.example.field-app://form/done",
            "http://localhost:3000/done",
            "http://127.0.0.1/done",
            "http://[::1]:8080/",
        ],
    )
    def test_addresses_to_return_to(self, site: Site, address: str) -> None:
        """HTTPS, an app's own scheme, or this machine."""
        site.office.create("ios", ["report"], actor="owner", return_url=address)
        assert site.office.list()[0].app.return_url == address

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "javascript:alert(1)",
            "javascript://%0aalert(1)",
            "JavaScript://x",
            "java\nscript://x",
            "data://text/html,x",
            "file:///etc/passwd",
            "vbscript://x",
            "intent://x",
            "about://blank",
            "blob://x",
            "http://school.example/done",
            "http://localhost.evil.example/",
            "https://",
            "https:///done",
            "https://user@school.example/",
            "https://school.example/#x",
            "https://school.example:99999/",
            "//school.example",
            "/done",
            "fieldapp:done",
            'fieldapp://"onload=x',
            "fieldapp://" + "x" * 500,
            "https://schöol.example/",
        ],
    )
    def test_addresses_that_nobody_is_sent_to(self, site: Site, address: str) -> None:
        """Whatever runs, reads files, crosses the network in the open, or is no absolute address."""
        with pytest.raises(InputError, match="return_url"):
            site.office.create("ios", ["report"], actor="owner", return_url=address)

    def test_a_private_key_is_sent_back(self, site: Site) -> None:
        """The operator is told that it has to stay where tokens are minted."""
        with pytest.raises(InputError, match="private key"):
            site.office.create(
                "ios", ["report"], actor="owner", public_key="-----BEGIN PRIVATE KEY-----\nMC4=\n"
            )

    def test_a_token_to_try_with_is_an_apps_own(self, site: Site) -> None:
        """It is signed with the active key, leaves an unused one alone, and says in the ledger who minted it."""
        site.app()
        site.clock.advance(1)
        site.office.rotate("ios", actor="owner")
        text = site.office.mint("ios", form="report", subject="u-7", actor="mrs. k", prefill={"a": "1"})
        let_in(site.redeem(text))
        [registered] = site.office.list()
        assert [key.state for key in registered.keys] == [AppKeyState.ACTIVE, AppKeyState.NEXT]
        with pytest.raises(InputError, match="not registered for"):
            site.office.mint("ios", form="staff", subject="u-7", actor="owner")

    def test_codes_and_apps_do_not_meet(self, site: Site) -> None:
        """On a form for both, what a code's owner lists and revokes leaves the app's subject alone."""
        office = Grants(list(POLICIES), store=site.store, code_keys=CODE_KEYS, clock=site.clock)
        [code] = office.create(Terms(form="staff"), [Person(subject="u-7")])
        secret = site.app("ios", "staff")
        admit = let_in(site.redeem(site.token(secret, form="staff"), form="staff"))
        assert [grant.app for grant in office.list()] == [None]
        assert office.revoke(GrantFilter(form="staff", subject="u-7"), actor="owner") == 1
        assert admit.pass_id not in dict(site.store.revocations().passes)
        assert why(site.gate().admit(code, form="staff", seen=somebody())) is Reason.REVOKED


class Phone:
    """A device that holds a key, and proves it."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        numbers = key.public_key().public_numbers()
        x, y = (plain(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        self._key, self._made = key, 0
        self._jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        members = json.dumps(self._jwk, separators=(",", ":"), sort_keys=True)
        self.thumbprint = plain(sha256(members.encode()).digest())

    def proof(self, token: str) -> ShownProof:
        """Return a fresh proof for showing *token* at the form's address."""
        self._made += 1
        claims = {
            "jti": f"proof-{self._made}",
            "htm": "POST",
            "htu": ADDRESS,
            "iat": int(T0),
            "ath": plain(sha256(token.encode()).digest()),
        }
        text = jwt.encode(claims, self._key, "ES256", headers={"typ": "dpop+jwt", "jwk": self._jwk})
        return ShownProof(text=text, method="POST", address=ADDRESS)


def plain(raw: bytes) -> str:
    """Return base 64 as JWTs have it."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def broken_off(*_: object, **__: object) -> int:
    """Stand for a process that dies here."""
    raise RuntimeError("the plug was pulled")
