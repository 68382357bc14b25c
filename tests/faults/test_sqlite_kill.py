"""What was acknowledged survives SIGKILL at any moment."""

from __future__ import annotations

import random
import signal
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.protocols import SubmissionFilter
from jotgate.stores import Store
from tests.stores.contract.material import (
    FORMS,
    T0,
    Opener,
    admitted,
    grant,
    opening,
    places,
    sent_in,
    verdicts,
)
from tests.stores.contract.races import processes_from_a_server

#: How often a process is killed; twenty deaths find what is done in the wrong order, the rest find rare moments.
ROUNDS = [20, pytest.param(200, marks=pytest.mark.slow)]
CODES_A_ROUND = 12


@pytest.mark.parametrize("rounds", ROUNDS)
def test_kill_9_loses_nothing_acknowledged(store: Store, opener: Opener, path: Path, rounds: int) -> None:
    """Again and again a process admits and settles, says so after each, and is killed at a random moment.

    Afterwards every admission and verdict it told of is there, the counters equal the ledger, the file
    is whole, and the same submission gets the same verdict again.
    """
    store.create_grants([grant(n) for n in range(rounds * CODES_A_ROUND)], T0)
    # With no connection left open, each round's process has to recover what the last one left behind.
    store.close()
    told: dict[str, bytes] = {}
    dice = random.Random(7)
    for round_number in range(rounds):
        told.update(_one_round(opener, round_number, dice))
    assert len(told) > rounds

    verified = {
        kept.submission_id for kept in store.submissions(SubmissionFilter(verdicts=(Verdict.VERIFIED,)))
    }
    settled = {key.removeprefix("settled ") for key in told if key.startswith("settled ")}
    assert settled
    assert settled <= verified
    assert all(store.ticket(ticket_id) for ticket_id in told.values())
    assert sum(kept.used for kept in store.grants()) == len(verified) == places(store)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        judged = "SELECT count(*) FROM ledger WHERE event = 'submission.judged' AND reason = 'verified'"
        assert connection.execute(judged).fetchone() == (len(verified),)
    connection.close()
    for key, ticket_id in told.items():
        _repeat(store, key, ticket_id, verified)


def _one_round(opener: Opener, round_number: int, dice: random.Random) -> dict[str, bytes]:
    """Start a process, let it tell of a few successes, kill it; return everything it told of."""
    context = processes_from_a_server()
    reader, writer = context.Pipe(duplex=False)
    first = round_number * CODES_A_ROUND
    process = context.Process(target=_admit_and_settle, args=(opener, first, writer))
    process.start()
    writer.close()
    told: dict[str, bytes] = {}
    with reader:
        for _ in range(dice.randrange(CODES_A_ROUND)):
            _hear(reader, told)
        reader.poll(dice.random() * 0.003)
        process.kill()
        process.join()
        while _hear(reader, told):
            pass
    assert process.exitcode in (-signal.SIGKILL, 0)
    process.close()
    return told


def _hear(reader: Connection, told: dict[str, bytes]) -> bool:
    try:
        key, ticket_id = reader.recv()
    except EOFError:
        return False
    told[key] = ticket_id
    return True


def _admit_and_settle(opener: Opener, first: int, writer: Connection) -> None:
    store = opener()
    store.prepare(FORMS, T0)
    for n in range(first, first + CODES_A_ROUND):
        admit = admitted(store, opening(n))
        writer.send((f"opened {n}", admit.ticket_id))
        assert verdicts(store, sent_in(n + 1, admit)) == [Verdict.VERIFIED]
        writer.send((f"settled {n + 1}", admit.ticket_id))


def _repeat(store: Store, key: str, ticket_id: bytes, verified: set[str]) -> None:
    what, _, number = key.partition(" ")
    if what == "settled":
        assert verdicts(store, sent_in(number, ticket_id)) == [Verdict.VERIFIED]
        return
    decision = store.open_ticket(opening(int(number)))
    if str(int(number) + 1) in verified:
        assert isinstance(decision, Refuse)
        assert decision.reason is Reason.USED_UP
    else:
        assert not isinstance(decision, Refuse)
        assert decision.ticket_id == ticket_id
