"""`jotgate apps` and `jotgate token`: secrets are shown once, keys change without a break, misuse is told."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from jotgate.admission.gate import Seen
from jotgate.ledger import Entry
from jotgate.outcomes import Admit, Refuse
from jotgate.protocols import AppFault
from jotgate.records.token_faults import MEANINGS
from jotgate.signed.browsers import new_browser
from jotgate.signed.proofs import ProofFault
from jotgate.signed.tickets import FilledIn
from jotgate.signed.tokens import TokenFault, mint_token

from .conftest import Site


@pytest.fixture
def site(site: Site) -> Site:
    """Return the site, with a form for apps."""
    with site.config.open("a", encoding="utf-8") as config:
        config.write(f'\n[forms.report]\nid = "{site.sandbox.add_form("Report")}"\naccess = ["app"]\n')
    return site


def _secret(site: Site, *args: str) -> str:
    [line] = site.lines("apps", *(args or ("create", "ios", "--form", "report")))
    return str(line["secret"])


def _redeem(site: Site, text: str) -> object:
    parts = site.parts()
    seen = Seen(browser=new_browser(0.0), network="192.0.2.1/32")
    decision = parts.gate.redeem(text, form="report", seen=seen)
    parts.store.close()
    return decision


def _key_states(site: Site) -> list[str]:
    [line] = site.lines("apps", "list")
    return [key["state"] for key in line["keys"]]


def test_a_created_apps_secret_opens_the_form(site: Site) -> None:
    """It is the one line on standard output, and what a backend mints with it is redeemed once."""
    result = site.run("apps", "create", "ios", "--form", "report", "--return-url", "fieldapp://done")
    assert result.exit_code == 0
    [secret] = result.stdout.split()
    assert "shown only now" in result.stderr
    text = mint_token(secret, app="ios", form="report", subject="u-7")
    assert isinstance(_redeem(site, text), Admit)
    again = _redeem(site, text)
    assert isinstance(again, Refuse)
    told = site.run("explain", again.ref)
    assert "token_used" in told.output
    assert "An app's token was refused." in told.output


def test_the_list_tells_everything_but_the_secret(site: Site) -> None:
    """Forms, address, keys with their states, and what came of the tokens."""
    secret = _secret(site)
    _redeem(site, mint_token(secret, app="ios", form="report", subject="u-7"))
    [line] = site.lines("apps", "list")
    assert (line["app"], line["forms"], line["state"], line["proof"]) == ("ios", ["report"], "open", False)
    counts = {name: line[name] for name in ("subjects", "submitted", "moves", "foreign_tries")}
    assert counts == {"subjects": 1, "submitted": 0, "moves": 0, "foreign_tries": 0}
    [key] = line["keys"]
    assert (key["key"], key["state"], key["tokens"]) == (secret.split(".")[0], "active", 1)
    assert key["last_used_at"].endswith("Z")
    shown = site.run("apps", "list").output
    for word in ("ios", "report", key["key"], "active", "HS256"):
        assert word in shown
    assert secret.split(".")[1] not in shown


def test_keys_change_without_a_break(site: Site) -> None:
    """Both work; the new one's first token retires the old, which `revoke --key` then ends."""
    old = _secret(site)
    rotated = site.run("apps", "rotate", "ios")
    new = rotated.stdout.strip()
    assert "apps revoke ios --key" in rotated.stderr
    assert sorted(_key_states(site)) == ["active", "next"]
    for secret in (old, new):
        assert isinstance(_redeem(site, mint_token(secret, app="ios", form="report", subject="u")), Admit)
    assert sorted(_key_states(site)) == ["active", "retiring"]
    ended = site.run("apps", "revoke", "ios", "--key", old.split(".")[0])
    assert (ended.exit_code, sorted(_key_states(site))) == (0, ["active", "revoked"])
    assert isinstance(_redeem(site, mint_token(old, app="ios", form="report", subject="u")), Refuse)
    assert "already revoked" in site.run("apps", "revoke", "ios", "--key", old.split(".")[0]).output


def test_a_key_that_waits_for_its_first_token_is_not_ended_by_the_way(site: Site) -> None:
    """A second `rotate` asks; no leaves the key as it is, --yes is for scripts."""
    _secret(site)
    first = site.run("apps", "rotate", "ios").stdout.strip()
    asked = site.run("apps", "rotate", "ios", input="n\n")
    assert (asked.exit_code, sorted(_key_states(site))) == (1, ["active", "next"])
    assert first.split(".")[0] in asked.stderr
    assert site.run("apps", "rotate", "ios", "--yes").exit_code == 0
    assert sorted(_key_states(site)) == ["active", "next", "revoked"]
    assert isinstance(_redeem(site, mint_token(first, app="ios", form="report", subject="u")), Refuse)


def test_an_app_is_changed(site: Site) -> None:
    """Its forms, or where it leads back to, each without the other; what cannot be is refused, and changes nothing."""
    secret = _secret(site)
    changed = site.lines("apps", "change", "ios", "--return-url", "fieldapp://done")
    assert changed == [{"app": "ios", "forms": ["report"], "return_url": "fieldapp://done"}]
    assert "leads back nowhere" in site.run("apps", "change", "ios", "--return-url", "").stdout
    for arguments, said in (
        ([], "Give --form or --return-url"),
        (["--form", "nowhere"], "no form 'nowhere'"),
        (["--form", "students"], "not open to apps"),
        (["--return-url", "javascript:x"], "return_url cannot be used"),
    ):
        refused = site.run("apps", "change", "ios", *arguments)
        assert (refused.exit_code, said in refused.stderr) == (2, True), refused.output
    assert "no app 'web'" in site.run("apps", "change", "web", "--return-url", "").stderr
    assert isinstance(_redeem(site, mint_token(secret, app="ios", form="report", subject="u")), Admit)
    [line] = site.lines("apps", "list")
    assert (line["forms"], line["return_url"]) == (["report"], None)
    site.run("apps", "revoke", "ios", "--yes")
    assert "was revoked" in site.run("apps", "change", "ios", "--return-url", "").stderr


def test_revoking_an_app_asks_first(site: Site) -> None:
    """No leaves it as it is; --yes ends it, for scripts with a line of JSON."""
    _secret(site)
    assert site.run("apps", "revoke", "ios", input="n\n").exit_code == 1
    assert _key_states(site) == ["active"]
    assert site.lines("apps", "revoke", "ios", "--yes") == [{"app": "ios", "key": None, "revoked": True}]
    [line] = site.lines("apps", "list")
    assert (line["state"], _key_states(site)) == ("revoked", ["revoked"])
    assert "Nothing to do" in site.run("apps", "revoke", "ios", "--yes").output


def test_a_lost_phone_is_ended_by_its_user(site: Site) -> None:
    """What they have open ends, and the next token opens the form; --for-good asks first, and ends that, too."""
    secret = _secret(site)

    def opened() -> object:
        return _redeem(site, mint_token(secret, app="ios", form="report", subject="u-7"))

    admit = opened()
    assert isinstance(admit, Admit)
    ended = site.run("apps", "revoke", "ios", "--subject", "u-7")
    assert (ended.exit_code, "1 form" in ended.stdout, "backend" in ended.stderr) == (0, True, True)
    parts = site.parts()
    assert admit.pass_id in dict(parts.store.revocations().passes)
    parts.store.close()
    assert "Nothing to do" in site.run("apps", "revoke", "ios", "--subject", "u-7").output
    assert isinstance(opened(), Admit)
    refused = site.run("apps", "revoke", "ios", "--subject", "u-7", "--for-good", input="n\n")
    assert refused.exit_code == 1
    [line] = site.lines(
        "apps", "revoke", "ios", "--subject", "u-7", "--for-good", "--form", "report", "--yes"
    )
    assert line == {"app": "ios", "subject": "u-7", "forms": 1, "for_good": True, "revoked": True}
    assert isinstance(opened(), Refuse)
    for args in (
        ("--subject", "u-8"),
        ("--subject", "u-7", "--form", "other"),
        ("--form", "report"),
        ("--for-good",),
        ("--subject", "u-7", "--key", "k"),
    ):
        assert site.run("apps", "revoke", "ios", *args).exit_code == 2


def test_whose_links_are_passed_on_is_listed(site: Site) -> None:
    """Everybody with what they sent; with --copied, only those whose form, or whose link, was opened elsewhere."""
    secret = _secret(site)
    links = {
        subject: mint_token(secret, app="ios", form="report", subject=subject)
        for subject in ("quiet", "copied", "moved")
    }
    for subject in ("quiet", "copied", "copied", "moved"):
        _redeem(site, links[subject])
    _redeem(site, mint_token(secret, app="ios", form="report", subject="moved"))
    found = {
        line["subject"]: (line["form"], line["moves"], line["foreign_tries"], line["submitted"])
        for line in site.lines("apps", "subjects", "ios")
    }
    assert found == {
        "quiet": ("report", 0, 0, 0), "copied": ("report", 0, 1, 0), "moved": ("report", 1, 0, 0),
    }  # fmt: skip
    passed_on = {line["subject"] for line in site.lines("apps", "subjects", "ios", "--copied")}
    assert passed_on == {"copied", "moved"}
    assert site.lines("apps", "subjects", "ios", "--form", "other") == []
    shown = site.run("apps", "subjects", "ios")
    assert (shown.exit_code, "elsewhere" in shown.stdout, "3 subjects" in shown.stderr) == (0, True, True)
    assert site.run("apps", "subjects", "nobody").exit_code == 2


def test_a_public_key_comes_from_a_file(site: Site) -> None:
    """Its id is printed, there is no secret, and the file of the private key is sent back."""
    private, folder = Ed25519PrivateKey.generate(), site.folder
    public = folder / "public.pem"
    public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    secret = folder / "private.pem"
    secret.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    refused = site.run("apps", "create", "ios", "--form", "report", "--public-key", str(secret))
    assert refused.exit_code == 2
    assert "private key" in refused.output
    made = site.run("apps", "create", "ios", "--form", "report", "--public-key", str(public), "--proof")
    assert made.exit_code == 0
    [line] = site.lines("apps", "list")
    assert (line["keys"][0]["key"], line["proof"]) == (made.stdout.strip(), True)
    tried = site.run("token", "ios", "--form", "report", "--subject", "u")
    assert tried.exit_code == 2
    assert "has no secret to mint" in tried.output
    binary = folder / "binary"
    binary.write_bytes(b"\xff\xfe\x00\x80" * 20)
    assert site.run("apps", "rotate", "ios", "--public-key", str(binary)).exit_code == 2


def test_a_token_to_try_with(site: Site) -> None:
    """It is printed alone and in the address of the door; it opens the form with what is filled in."""
    _secret(site)
    [line] = site.lines(
        "token", "ios", "--form", "report", "--subject", "u-7", "--prefill", "room=7=b", "--lock", "room"
    )
    address = urlsplit(line["address"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == (
        "https://school.example/jotgate/f/report/enter"
    )
    assert parse_qs(address.query)["token"] == [line["token"]]
    admit = _redeem(site, line["token"])
    assert isinstance(admit, Admit)
    parts = site.parts()
    ticket = parts.store.ticket(admit.ticket_id)
    parts.store.close()
    assert ticket is not None
    assert (ticket.openings, ticket.subject) == ((FilledIn(0, {"room": "7=b"}, ("room",)),), "u-7")
    shown = site.run("token", "ios", "--form", "report", "--subject", "u-7")
    text, link = shown.stdout.split()
    assert link.endswith(text)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["apps", "create", "site", "--form", "report"], "own"),
        (["apps", "create", "web", "--form", "students"], 'add "app" to its access'),
        (["apps", "create", "web", "--form", "nowhere"], "no form 'nowhere'"),
        (["apps", "create", "web"], "1 to 100 forms"),
        (["apps", "create", "ios", "--form", "report"], "choose another"),
        (["apps", "create", "web", "--form", "report", "--return-url", "javascript://x"], "return_url"),
        (["apps", "rotate", "web"], "known apps: ios"),
        (["apps", "revoke", "web", "--yes"], "known apps: ios"),
        (["apps", "revoke", "ios", "--key", "nobodys0"], "no key 'nobodys0'"),
        (["token", "ios", "--form", "students", "--subject", "u"], "not registered for"),
        (["token", "ios", "--form", "report", "--subject", ""], "subject"),
        (["token", "ios", "--form", "report", "--subject", "u", "--prefill", "room"], "NAME=VALUE"),
        (["token", "ios", "--form", "report", "--subject", "u", "--lock", "room"], "locked"),
    ],
)
def test_misuse_ends_in_a_sentence(site: Site, args: list[str], said: str) -> None:
    """Exit code 2, and what to do; nothing is stored."""
    _secret(site)
    result = site.run(*args)
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert len(site.lines("apps", "list")) == 1


def test_who_did_it_stands_in_the_ledger(site: Site) -> None:
    """Each command leaves an entry with its actor, which `explain` can tell."""
    _secret(site, "create", "ios", "--form", "report", "--actor", "mrs. k")
    site.run("apps", "rotate", "ios", "--actor", "mrs. k")
    site.run("apps", "change", "ios", "--return-url", "fieldapp://done", "--actor", "mrs. k")
    site.run("token", "ios", "--form", "report", "--subject", "u", "--actor", "mrs. k")
    site.run("apps", "revoke", "ios", "--yes", "--actor", "mrs. k")
    parts = site.parts()
    refs = [parts.store.driver.references.ref_of(seq) for seq in range(1, 6)]
    entries = [parts.store.explain(ref) for ref in refs]
    parts.store.close()
    events = [entry.event for entry in entries if entry is not None and entry.actor == "mrs. k"]
    assert events == ["app.created", "app.key_added", "app.changed", "token.minted", "app.revoked"]
    for ref in refs:
        told = site.run("explain", ref).output
        assert "mrs. k" in told
        assert "app." not in told.splitlines()[0]


def test_every_fault_of_a_token_is_explained(site: Site) -> None:
    """The exact reason has a sentence of its own, and the visitor's one wording stands beside it."""
    faults = [fault.value for kind in (TokenFault, AppFault) for fault in kind]
    faults += [f"proof_{fault.value}" for fault in ProofFault]
    assert set(faults) == set(MEANINGS)
    store = site.parts().store
    ref = store.record(Entry(at=1.0, event="token.refused", form="report", reason="wrong_form"))
    store.close()
    [line] = site.lines("explain", ref)
    assert line["why"] == MEANINGS["wrong_form"]
    assert "link" in line["tell"]


def test_the_address_of_a_token_follows_the_settings(site: Site) -> None:
    """The prefix of the settings stands in it."""
    site.config.write_text('url_prefix = "/gate"\n' + site.config.read_text("utf-8"), encoding="utf-8")
    _secret(site)
    [line] = site.lines("token", "ios", "--form", "report", "--subject", "u")
    assert line["address"].startswith("https://school.example/gate/f/report/enter?token=")


def test_doctor_tells_a_form_for_apps_that_has_none(site: Site) -> None:
    """A warning with the command to give; with an app registered it is in order."""
    checks = [line for line in _doctor(site) if line["topic"] == "apps"]
    assert [(line["level"], line["form"]) for line in checks] == [("warn", "report")]
    assert "apps create" in checks[0]["message"]
    _secret(site)
    [check] = [line for line in _doctor(site) if line["topic"] == "apps"]
    assert (check["level"], check["message"]) == ("ok", "1 app for 1 form")


def test_doctor_tells_what_an_apps_keys_need(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyJWT an app with proofs lets nobody in, which is a failure."""
    _secret(site, "create", "ios", "--form", "report", "--proof")
    monkeypatch.delitem(sys.modules, "jotgate.signed.jwts", raising=False)
    monkeypatch.delattr("jotgate.signed.jwts", raising=False)
    monkeypatch.setitem(sys.modules, "jwt", None)
    [check] = [line for line in _doctor(site) if line["topic"] == "apps"]
    assert check["level"] == "fail"
    assert "pip install" in check["message"]


def _doctor(site: Site) -> list[dict[str, Any]]:
    return [json.loads(line) for line in site.run("doctor", "--json").stdout.splitlines()]
