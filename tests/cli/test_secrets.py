"""`jotgate secrets rotate`: new keys sign, old ones are believed for as long as anything needs them."""

from __future__ import annotations

import ast
import json
import re
import secrets
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import flask
from click.testing import CliRunner, Result

from jotgate.admission.gate import Seen
from jotgate.admission.grants import Person, Terms
from jotgate.cli import flask_group, main
from jotgate.config import Settings
from jotgate.flask import JotGate
from jotgate.outcomes import Admit
from jotgate.signed.browsers import Browser
from jotgate.signed.keyring import KeyRing
from jotgate.signed.passes import Pass
from jotgate.signed.tickets import new_page, read_ticket

from .conftest import CANARIES, Site

OLD = CANARIES["secret_keys"]


def rotate(site: Site, *options: str) -> Result:
    """Run the one command whose output holds secrets, so that the canaries do not see it."""
    arguments = ["--config", str(site.config), "secrets", "rotate", *options]
    result = CliRunner().invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def keys_in(site: Site, result: Result) -> list[str]:
    """Return the keys that a site has with the printed line in place of the old one."""
    assert result.exit_code == 0, result.output
    scratch = site.folder / "next.toml"
    settings = site.config.read_text("utf-8")
    scratch.write_text(re.sub(r"(?m)^secret_keys = .*\n", lambda _: result.stdout, settings), "utf-8")
    return [key.decode() for key in Settings.from_toml(scratch).secret_keys]


def admit(site: Site, **terms: Any) -> tuple[str, str]:
    """Let a browser in, as the site with its present settings does; return its pass and its ticket's text."""
    parts = site.parts()
    [issued] = parts.grants.create(Terms(form="students", **terms), [Person(subject=None)])
    browser = Browser(browser_id=secrets.token_bytes(16), since=0.0)
    seen = Seen(browser=browser, network="192.0.2.1/32")
    decision = parts.gate.admit(issued.code, form="students", seen=seen)
    assert isinstance(decision, Admit)
    ticket = parts.store.ticket(decision.ticket_id)
    assert ticket is not None
    texts = parts.gate.sign_pass(decision), parts.gate.ticket_text(new_page(ticket))
    parts.store.close()
    return texts


def is_live(site: Site, texts: tuple[str, str]) -> bool:
    """Say whether pass and ticket are believed; they always agree."""
    parts = site.parts()
    held: Pass | None = parts.gate.read_pass("students", [texts[0]])
    on_page = read_ticket(texts[1], parts.keys)
    parts.store.close()
    assert (held is None) == (on_page is None)
    return held is not None


def signed_by(key: str, texts: tuple[str, str]) -> bool:
    """Say whether a ring of this one key believes the ticket."""
    return read_ticket(texts[1], KeyRing([key.encode()])) is not None


def note_long_ago(site: Site, keys: Sequence[str]) -> None:
    """Let the store be one in which these keys signed until long ago."""
    parts = site.parts()
    for key in keys:
        parts.store.note_signing(KeyRing([key.encode()]).ids[0], parts.clock.now() - 90 * 86_400)
    parts.store.close()


def test_a_new_key_signs_and_no_session_breaks(site: Site) -> None:
    """The old value is valid after a key was added, new ones are the new key's only, and dropping ends the old."""
    before = admit(site)
    keys = keys_in(site, rotate(site))
    assert keys[:-1] == [OLD]
    assert len(keys[-1]) >= 40
    site.configure(secret_keys=keys)
    assert is_live(site, before)
    after = admit(site)
    assert is_live(site, after)
    assert signed_by(keys[-1], after)
    assert not signed_by(OLD, after)
    site.configure(secret_keys=keys[1:])
    assert is_live(site, after)
    assert not is_live(site, before)


def test_nothing_is_written_and_code_keys_stay(site: Site) -> None:
    """The settings are the owner's file; printed codes have keys of their own."""
    before = site.config.read_bytes()
    result = rotate(site)
    assert site.config.read_bytes() == before
    assert CANARIES["code_keys"] not in result.output
    assert "restart every process" in result.stderr


def test_a_key_that_is_needed_is_not_dropped(site: Site) -> None:
    """Exit code 1, with how much needs it and from when it can go, and no list; --force drops it nevertheless."""
    admit(site)
    admit(site)
    keys = keys_in(site, rotate(site))
    site.configure(secret_keys=keys)
    admit(site)
    refused = rotate(site, "--drop")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "3 tickets not submitted or not yet read" in refused.stderr
    assert "3 live passes" in refused.stderr
    [older] = json.loads(rotate(site, "--preview", "--json").stdout)["older"]
    assert f"It can be dropped from {older['safe_from']} on" in refused.stderr
    assert OLD not in refused.output
    assert keys_in(site, rotate(site, "--drop", "--force")) == keys[1:]


def test_a_key_that_nothing_needs_is_dropped(site: Site) -> None:
    """What the newer key signed does not hold it."""
    newer = secrets.token_urlsafe(32)
    note_long_ago(site, [OLD])
    site.configure(secret_keys=[OLD, newer])
    texts = admit(site)
    shown = site.run("secrets", "rotate", "--preview")
    assert shown.exit_code == 0
    assert "nothing needs it. It can be dropped." in shown.output
    keys = keys_in(site, rotate(site, "--drop"))
    assert keys == [newer]
    site.configure(secret_keys=keys)
    assert is_live(site, texts)


def test_on_several_machines_a_key_is_believed_before_it_signs(site: Site) -> None:
    """Whatever order the machines restart in, each step's values are believed by those one step behind and ahead."""
    steps = [[OLD]]
    admit(site)
    for option in "--announce", "--sign":
        steps.append(keys_in(site, rotate(site, option)))
        site.configure(secret_keys=steps[-1])
    announced, signing = steps[1:]
    assert announced[-1] == OLD
    assert signing == [OLD, announced[0]]
    for ours, theirs in pairwise(steps):
        for here, there in ((ours, theirs), (theirs, ours)):
            site.configure(secret_keys=here)
            texts = admit(site)
            site.configure(secret_keys=there)
            assert is_live(site, texts)


def test_steps_that_make_no_sense_are_misuse(site: Site) -> None:
    """Nothing to drop, nothing announced, --force without --drop."""
    for options in (["--drop"], ["--sign"], ["--force"]):
        assert rotate(site, *options).exit_code == 2
    keys = keys_in(site, rotate(site))
    admit(site)
    site.configure(secret_keys=keys)
    refused = rotate(site, "--sign")
    assert refused.exit_code == 2
    assert "No key was announced" in refused.output


def test_the_preview_shows_no_secret(site: Site) -> None:
    """Keys are named by ids that give nothing away; with one key there is nothing to tell."""
    assert "only one key" in site.run("secrets", "rotate", "--preview").output
    admit(site)
    keys = keys_in(site, rotate(site))
    site.configure(secret_keys=keys)
    shown = site.run("secrets", "rotate", "--preview")
    assert shown.exit_code == 0
    assert "1 ticket not submitted" in shown.output
    assert keys[1] not in shown.output
    [line] = site.lines("secrets", "rotate", "--preview")
    assert line["secret_keys"] is None
    assert line["older"][0]["tickets"] == 1


def test_a_flask_site_gets_a_line_of_python(site: Site) -> None:
    """What is printed is the assignment as it stands in a Flask configuration."""
    app = flask.Flask("rotating")
    app.config.update(
        JOTGATE_SITE_URL="https://school.example",
        JOTGATE_API_KEY=site.sandbox.read_key,
        JOTGATE_API_HOST=site.sandbox.api,
        JOTGATE_SECRET_KEYS=[OLD.encode()],
        JOTGATE_CODE_KEYS=[CANARIES["code_keys"]],
        JOTGATE_HOOK_SECRETS=[CANARIES["hook_secrets"]],
        JOTGATE_STORE=f"sqlite:///{site.store}",
        JOTGATE_FORMS={"students": {"id": site.students}},
    )
    JotGate(app)
    with app.app_context():
        result = CliRunner().invoke(flask_group, ["secrets", "rotate"])
    assert result.exit_code == 0, result.output
    [assignment] = ast.parse(result.stdout).body
    assert isinstance(assignment, ast.Assign)
    assert ast.unparse(assignment.targets[0]) == "JOTGATE_SECRET_KEYS"
    assert ast.literal_eval(assignment.value)[0] == OLD
