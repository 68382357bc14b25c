"""Work in place of waiting: good for one code, checked without any memory, and done by the browser's own script."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jotgate.door
from jotgate.outcomes import Work
from jotgate.signed.keyring import KeyRing
from jotgate.signed.work import PUZZLES, ShownWork, challenge, limit_of, read_work
from tests.solving import solve

KEYS = KeyRing([b"s" * 32])
CODE, ANOTHER = b"f" * 16, b"g" * 16
WORK = Work(hashes=2**8, asked_at=1_790_000_000.5)
SCRIPT = Path(jotgate.door.__path__[0]) / "static" / "work.js"


def solved(work: Work = WORK, code: bytes = CODE, keys: KeyRing = KEYS) -> ShownWork:
    """Return a challenge with its answer."""
    text = challenge(work, code, keys)
    return ShownWork(text, solve(text, PUZZLES, limit_of(work.hashes)))


def test_what_was_worked_is_read_again() -> None:
    """How much it was, and when it was asked for; also after a new key was added."""
    shown = solved()
    work = replace(WORK, challenge=shown.challenge)
    assert read_work(shown, CODE, KEYS) == work
    assert read_work(shown, CODE, KeyRing([b"s" * 32, b"t" * 32])) == work
    assert read_work(shown, CODE, KeyRing([b"t" * 32])) is None


def test_no_two_challenges_are_equal() -> None:
    """Who asks for the same code in the same moment gets work of their own, which the store can tell apart."""
    assert challenge(WORK, CODE, KEYS) != challenge(WORK, CODE, KEYS)


def test_work_for_one_code_is_worth_nothing_for_another() -> None:
    """So that each code costs its own, and nothing in the challenge tells which code it is for."""
    shown = solved()
    assert read_work(shown, ANOTHER, KEYS) is None
    assert CODE.hex() not in shown.challenge


def test_less_work_than_was_asked_for_is_worth_nothing() -> None:
    """One puzzle left out, one number wrong, one answer for all, or a challenge made easier by hand."""
    shown = solved()
    numbers = shown.answer.split(".")
    answers = [".".join(numbers[1:]), ".".join([*numbers, "0"]), ".".join(numbers[:1] * PUZZLES), "", "."]
    answers += [
        ".".join([text, *numbers[1:]]) for text in ("-1", str(2**32), "\u0661", "1e3", " 7", "9" * 100)
    ]
    for answer in answers:
        assert read_work(shown._replace(answer=answer), CODE, KEYS) is None, answer
    easier = solved(Work(hashes=1, asked_at=WORK.asked_at), keys=KeyRing([b"x" * 32]))
    assert read_work(easier, CODE, KEYS) is None


@given(st.text(max_size=80), st.text(max_size=200) | st.from_regex(r"\A(\d{1,11}\.){15}\d{1,11}\Z"))
def test_any_texts_are_read(text: str, answer: str) -> None:
    """Nobody's texts raise anything."""
    assert read_work(ShownWork(text, answer), CODE, KEYS) is None
    assert read_work(ShownWork(challenge(WORK, CODE, KEYS), answer), ANOTHER, KEYS) is None


@pytest.mark.parametrize("hashes", [2**8, 2**11, 2**15, 2**20])
def test_the_puzzles_together_take_what_is_asked_for(hashes: int) -> None:
    """Each number solves a puzzle with the same chance, which makes so many hashes on average."""
    assert PUZZLES * 2**32 / (limit_of(hashes) + 1) == pytest.approx(hashes, rel=0.01)


def test_the_pages_script_solves_it(node_path: Path) -> None:
    """The same file that browsers load."""
    for length in (10, 2**7, 2**10):
        work = Work(hashes=length, asked_at=WORK.asked_at)
        text = challenge(work, CODE, KEYS)
        order = f'{{"challenge": "{text}", "puzzles": {PUZZLES}, "limit": {limit_of(work.hashes)}}}'
        program = (
            "globalThis.self = { addEventListener: (_, act) => act({ data: order }), postMessage: console.log };\n"
            f"const order = '{order}';\n{SCRIPT.read_text()}"
        )
        run = subprocess.run(
            [node_path, "--input-type=module", "-e", program], capture_output=True, text=True, check=True
        )
        assert read_work(ShownWork(text, run.stdout.strip()), CODE, KEYS) == replace(work, challenge=text)
