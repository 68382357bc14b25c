"""Generated cases are as many as the page says: 2,000 of each for a change, and 10,000 new ones a night."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parents[2]
#: What strangers, JotForm and owners write: each is read by generated tests, of which this is one.
SURFACES = {
    "codes": "tests/test_codes.py::test_any_text_is_read_or_refused_without_an_exception",
    "cookies": "tests/door/test_cookies.py::test_no_cookie_header_breaks_the_door",
    "tokens": "tests/signed/test_tokens.py::TestAnyText::test_no_text_that_is_not_signed_is_a_token",
    "webhook bodies": "tests/door/test_delivering.py::test_no_body_breaks_the_hook",
    "ids": "tests/jotform/test_client.py::test_no_text_reaches_another_path",
    "answers of the API": "tests/jotform/test_envelope.py::test_any_bytes_give_an_answer_or_a_problem",
    "settings": "tests/config/test_any_settings.py::test_any_mapping_gives_settings_or_the_one_error",
    "class lists": "tests/classlist/test_reading.py::test_any_bytes_are_read_or_refused_with_sentences",
}
_NIGHTLY = {**os.environ, "HYPOTHESIS_PROFILE": "nightly", "PYTEST_ADDOPTS": ""}


def numbers_in(path: Path) -> list[ast.expr]:
    """Return what a file gives as `max_examples`."""
    text = path.read_text("utf-8")
    calls = ast.walk(ast.parse(text)) if "max_examples" in text else ()
    keywords = (keyword for call in calls if isinstance(call, ast.Call) for keyword in call.keywords)
    return [keyword.value for keyword in keywords if keyword.arg == "max_examples"]


def test_f15_no_generated_test_has_a_number_of_its_own() -> None:
    """Or it would stay at that number in the night: what a test may do is take a part of what its run asks for."""
    fixed = [
        f"{path.relative_to(ROOT)}:{number.lineno}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for number in numbers_in(path)
        if isinstance(number, ast.Constant)
    ]
    assert fixed == []


def test_f15_the_profiles_ask_for_2000_and_10000() -> None:
    """The first judges a change and is the same on every run; the second looks for new cases."""
    change, night = (hypothesis.settings.get_profile(name) for name in ("ci", "nightly"))
    assert (change.max_examples, change.derandomize) == (2_000, True)
    assert (night.max_examples, night.derandomize) == (10_000, False)


@pytest.mark.checkout
def test_f15_the_checks_ask_for_the_profile() -> None:
    """`.ci/run` runs all tests with it."""
    assert re.search(
        r"HYPOTHESIS_PROFILE=ci\n(?:\w+=\w+ )?make test-all\b", (ROOT / ".ci" / "run").read_text("utf-8")
    )


# Collects all tests, in a process of its own.
@pytest.mark.slow
@pytest.mark.checkout
@pytest.mark.skipif(shutil.which("make") is None, reason="no make here: `apt install make`")
def test_f15_make_nightly_runs_every_surface() -> None:
    """What `make nightly` would run, with its own words to pytest, has each of them among it."""
    shown = subprocess.run(
        ["make", "-n", "nightly", "PYTEST_ARGS="], cwd=ROOT, capture_output=True, text=True, check=True
    )
    [words] = re.findall(r"-m pytest -m '([^']+)'", shown.stdout)
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", words, "--collect-only", "-q"],
        cwd=ROOT,
        env=_NIGHTLY,
        capture_output=True,
        text=True,
        check=False,
    )
    named = {line.partition("[")[0] for line in collected.stdout.splitlines()}
    assert {surface for surface, test in SURFACES.items() if test not in named} == set()


# Ten thousand cases.
@pytest.mark.slow
def test_f15_a_night_tries_10000_cases() -> None:
    """Counted by hypothesis itself, for the codes."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", SURFACES["codes"], "--hypothesis-show-statistics", "-q"],
        cwd=ROOT,
        env=_NIGHTLY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert re.search(r"\b10000 passing\b", run.stdout), run.stdout
