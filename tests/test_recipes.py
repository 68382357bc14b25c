"""The recipes for minting tokens are run as the page prints them, each in its own language."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jotgate.signed.jwts import read_public_key
from jotgate.signed.tokens import AppKey, Claims, check_times, key_id_of, read_app_secret, read_token

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).parents[1]
VECTORS = json.loads((ROOT / "tests" / "vectors" / "app_tokens.json").read_text("utf-8"))
SECRET = VECTORS["secret"]
_RECIPE = re.compile(r"^```\w+\n((?:<\?php\n)?(?:#|//) ([\w-]+\.(?:py|mjs|php))\n.*?)^```$", re.M | re.S)
_OPENSSL = re.compile(r"^```sh\n(openssl .*?)^```$", re.M | re.S)
_KEY_ID = "e5d9k2mw"

_NODE = """
import { readFileSync } from "node:fs";
import { mintToken } from "./mint-token.mjs";
import { tokenFor } from "./token-for.mjs";
const { secret, now, tokens } = JSON.parse(readFileSync(0));
const minted = tokens.map(({ said, id }) => mintToken(secret, said, now * 1000, id));
console.log(JSON.stringify([...minted, tokenFor("u-7"), tokenFor("u-7")]));
"""
_PHP = """<?php
error_reporting(E_ALL);
set_error_handler(fn ($level, $message) => throw new ErrorException($message));
require_once 'token_for.php';
['secret' => $secret, 'now' => $now, 'tokens' => $tokens] = json_decode(file_get_contents('php://stdin'), true);
$minted = [];
foreach ($tokens as ['said' => $said, 'id' => $id]) {
    [$app, $form, $subject] = [$said['app'], $said['form'], $said['subject']];
    unset($said['app'], $said['form'], $said['subject']);
    $minted[] = mint_token($secret, $app, $form, $subject, $said, $now, $id);
}
echo json_encode([...$minted, token_for('u-7'), token_for('u-7')]);
"""


def page() -> str:
    """Return the page with the recipes, which is there where there is a checkout."""
    return (ROOT / "docs" / "apps.md").read_text("utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Return a folder that holds the page's files."""
    names = [name for text, name in _RECIPE.findall(page()) if (tmp_path / name).write_text(text, "utf-8")]
    assert len(names) == len(set(names)) == 7
    return tmp_path


def run(command: list[str], desk: Path, given: object = None, **environment: str) -> Any:
    """Run a command in the folder, with a secret in its environment, and return the JSON that it prints."""
    done = subprocess.run(
        command,
        cwd=desk,
        env={**os.environ, "JOTGATE_APP_SECRET": SECRET, **environment},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def claims_of(text: str, key: AppKey | None = None) -> Claims:
    """Return what a token that was minted just now states."""
    if key is None:
        secret = read_app_secret(SECRET)
        assert secret
        key = AppKey(key_id=secret[0], app="ios", algorithm="HS256", secret=secret[1])
    claims = read_token(text, key)
    assert isinstance(claims, Claims), claims
    assert key_id_of(text) == key.key_id
    assert check_times(claims, time.time()) is None
    return claims


def python(module: str, desk: Path, **environment: str) -> list[str]:
    """Return two tokens by the function of a module of the page."""
    mint = "token_for" if module == "minting" else "jwt_for"
    program = (
        f"import json; from {module} import {mint} as mint; print(json.dumps([mint('u-7'), mint('u-7')]))"
    )
    path = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return list(run([sys.executable, "-c", program], desk, **path, **environment))


def by_node(desk: Path, node: Path, given: object) -> Any:
    """Run the page's JavaScript."""
    (desk / "run.mjs").write_text(_NODE, "utf-8")
    return run([str(node), "run.mjs"], desk, given)


def by_php(desk: Path, php: Path, given: object) -> Any:
    """Run the page's PHP."""
    (desk / "run.php").write_text(_PHP, "utf-8")
    return run([str(php), "run.php"], desk, given)


def said(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a vector's arguments as the recipes for other languages take them, by the claims' own names."""
    renamed = {"version": "ver"}
    told = {renamed.get(name, name): value for name, value in arguments.items() if name != "proof_key"}
    return told | ({"cnf": {"jkt": arguments["proof_key"]}} if "proof_key" in arguments else {})


def hold_to_the_vectors(mint: Callable[[Path, Path, object], Any], desk: Path, program: Path) -> None:
    """Expect the tokens on file to the byte, and good ones of the example that the page shows."""
    tokens = [{"said": said(one["arguments"]), "id": one["token_id"]} for one in VECTORS["tokens"]]
    *minted, first, second = mint(desk, program, {"secret": SECRET, "now": VECTORS["now"], "tokens": tokens})
    assert minted == [one["token"] for one in VECTORS["tokens"]]
    hold_to_the_example(first, second)


def hold_to_the_example(first: str, second: str) -> None:
    """Expect two tokens to state what the page's example says, under two ids."""
    claims = claims_of(first)
    assert (claims.app, claims.form, claims.subject) == ("ios", "field-report", "u-7")
    assert (claims.prefill, claims.locked, claims.version) == ({"site": "North/12"}, ("site",), "3.1.4")
    assert claims_of(second).token_id != claims.token_id


def test_python(desk: Path) -> None:
    """The example for Python mints what it says."""
    hold_to_the_example(*python("minting", desk))


def test_node(desk: Path, node_path: Path) -> None:
    """Node mints what Python does, to the byte, in every script and with every claim."""
    hold_to_the_vectors(by_node, desk, node_path)


def test_php(desk: Path, php_path: Path) -> None:
    """PHP mints what Python does, to the byte, in every script and with every claim."""
    hold_to_the_vectors(by_php, desk, php_path)


def test_jwt_by_a_secret(desk: Path) -> None:
    """A JWT by the same secret is read as well."""
    first, second = map(claims_of, python("minting_jwt", desk))
    assert (first.app, first.form, first.subject) == ("ios", "field-report", "u-7")
    assert first.token_id != second.token_id


def test_jwt_by_a_key_of_its_own(desk: Path) -> None:
    """The page's openssl makes a pair of keys: with the public one registered, what the private one signs is read."""
    [commands] = _OPENSSL.findall(page())
    subprocess.run(["sh", "-ec", commands], cwd=desk, check=True, capture_output=True)
    public = read_public_key((desk / "app-public.pem").read_text())
    key = AppKey(key_id=_KEY_ID, app="ios", algorithm="EdDSA", secret=public)
    first, second = (
        claims_of(text, key) for text in python("minting_eddsa", desk, JOTGATE_APP_KEY_ID=_KEY_ID)
    )
    assert (first.app, first.form, first.subject) == ("ios", "field-report", "u-7")
    assert first.token_id != second.token_id
    with pytest.raises(ValueError, match="this is a private key"):
        read_public_key((desk / "app-private.pem").read_text())
