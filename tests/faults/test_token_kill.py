"""A token whose answer was given stays used through SIGKILL, and one that nobody was let in by still works."""

from __future__ import annotations

import random
import signal
import sqlite3
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from werkzeug.test import Client

from jotgate.config import Settings
from jotgate.signed.tokens import mint_token
from jotgate.testing import FrozenClock
from jotgate.wiring import Parts, build
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import plain
from tests.stores.contract.races import processes_from_a_server

TOKENS_A_ROUND = 10
ENTER = "/jotgate/f/report/enter"


@pytest.mark.parametrize("rounds", [12, pytest.param(120, marks=pytest.mark.slow)])
def test_kill_9_spends_no_token_twice_and_none_for_nothing(tmp_path: Path, rounds: int) -> None:
    """Again and again a process answers `/enter`, tells of each 303 with its cookie, and is killed at a random moment.

    Afterwards each token that it told of is refused; each other one is good if and only if nothing of it is in the
    store; and the key's count equals the ledger, the tickets and the tokens that are remembered.
    """
    path, dice = tmp_path / "store.db", random.Random(7)
    parts = _parts(path)
    secret = parts.apps.create("ios", ["report"], actor="the tests").secret or ""
    now = parts.clock.now()
    tokens = [
        mint_token(secret, app="ios", form="report", subject=f"u-{n}", now=now)
        for n in range(rounds * TOKENS_A_ROUND)
    ]
    parts.store.close()
    told: set[int] = set()
    for first in range(0, len(tokens), TOKENS_A_ROUND):
        heard = _one_round(path, tokens[first : first + TOKENS_A_ROUND], dice)
        told |= {first + number for number in heard}
    assert rounds < len(told) < len(tokens)

    spent = _subjects_with_a_ticket(path)
    assert {f"u-{n}" for n in told} <= spent
    _expect_equal_counts(path, len(spent))
    client = Client(_site(path))
    for number, token in enumerate(tokens):
        status = client.get(ENTER, headers={"Authorization": f"Bearer {token}"}).status_code
        assert status == (403 if f"u-{number}" in spent else 303)
        client = Client(client.application)
    _expect_equal_counts(path, len(tokens))


def _one_round(path: Path, tokens: Sequence[str], dice: random.Random) -> list[int]:
    """Start a process, let it tell of a few tokens, kill it; return everything it told of."""
    context = processes_from_a_server()
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(path, tokens, writer))
    process.start()
    writer.close()
    told: list[int] = []
    with reader:
        for _ in range(dice.randrange(len(tokens))):
            _hear(reader, told)
        reader.poll(dice.random() * 0.005)
        process.kill()
        process.join()
        while _hear(reader, told):
            pass
    assert process.exitcode in (-signal.SIGKILL, 0)
    process.close()
    return told


def _hear(reader: Connection, told: list[int]) -> bool:
    try:
        told.append(reader.recv())
    except EOFError:
        return False
    return True


def _answer(path: Path, tokens: Sequence[str], writer: Connection) -> None:
    site = _site(path)
    for number, token in enumerate(tokens):
        response = Client(site).get(ENTER, headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 303
        assert any("jotgate-report=" in cookie for cookie in response.headers.getlist("Set-Cookie"))
        writer.send(number)


def _site(path: Path) -> JotGateMiddleware:
    parts = _parts(path)
    return JotGateMiddleware(plain, parts.settings, parts=parts)


def _parts(path: Path) -> Parts:
    settings = Settings.from_mapping(
        {
            "site_url": "http://127.0.0.1:8700",
            "api_key": "0123456789abcdef0123456789abcdef",
            "secret_keys": ["s" * 32],
            "code_keys": ["c" * 32],
            "hook_secrets": ["h" * 32],
            "store": f"sqlite:///{path}",
            "sweeper": "external",
            "forms": {"report": {"id": "260010000000001", "title": "Report", "access": "app"}},
        }
    )
    return build(settings, clock=FrozenClock())


def _subjects_with_a_ticket(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = {subject for (subject,) in connection.execute("SELECT subject FROM tickets")}
    connection.close()
    return found


def _expect_equal_counts(path: Path, number: int) -> None:
    counts = (
        "SELECT sum(used) FROM app_keys",
        "SELECT count(*) FROM ledger WHERE event = 'browser.admitted'",
        "SELECT count(*) FROM redeemed_tokens",
        "SELECT count(*) FROM tickets",
        "SELECT count(*) FROM grants WHERE app = 'ios'",
    )
    with sqlite3.connect(path) as connection:
        assert [connection.execute(statement).fetchone() for statement in counts] == [(number,)] * len(counts)
    connection.close()
