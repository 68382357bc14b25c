"""Faults say what is wrong and carry what a caller needs to do something about it."""

from __future__ import annotations

import pickle

import pytest

from jotgate import errors
from jotgate.errors import (
    ConfigError,
    InputError,
    JotgateError,
    QuotaExhausted,
    StoreUnavailable,
    UnknownForm,
    UpstreamError,
    UpstreamReason,
)
from jotgate.phrases import phrase


def test_every_error_has_one_root() -> None:
    """So that a site can catch all that jotgate raises on purpose."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 5
    assert all(issubclass(kind, JotgateError) for kind in kinds)


@pytest.mark.parametrize(
    "error",
    [
        InputError(["the first", "the second"]),
        UnknownForm("studens", ["students"]),
        UpstreamError(UpstreamReason.TIMEOUT, "too slow", sent=False),
        QuotaExhausted("used up", until=1.0),
        StoreUnavailable("down"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_error_comes_out_of_another_process_as_it_was(error: JotgateError) -> None:
    """One that could not be read there would break a pool of workers for good."""
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


@pytest.mark.parametrize("kind", [ConfigError, InputError])
def test_all_problems_are_listed(kind: type[ConfigError] | type[InputError]) -> None:
    """One on each line, and as they are."""
    error = kind(["the first", "the second"])
    assert error.problems == ("the first", "the second")
    assert str(error) == "the first\nthe second"


def test_an_unknown_form_is_named_with_those_that_there_are() -> None:
    """Whoever misspelt it sees the right one."""
    error = UnknownForm("studens", ["students", "trip"])
    assert (error.form, error.known) == ("studens", ("students", "trip"))
    assert (
        str(error)
        == "there is no form 'studens' in the settings; did you mean students? Known forms: students, trip"
    )
    assert str(UnknownForm("xyz", ["trip"])) == "there is no form 'xyz' in the settings; known forms: trip"
    many = [f"form-{n}" for n in range(30)]
    assert str(UnknownForm("xyz", many)).endswith("form-19 and 10 more")
    assert "known forms: none" in str(UnknownForm("x"))


def test_an_error_keeps_the_sentence_that_it_was_made_with() -> None:
    """So that the office can say it in other languages; as a text it is English."""
    sentence = phrase("it broke {count} times", count=2)
    assert JotgateError(sentence).words is sentence
    assert str(JotgateError(sentence)) == "it broke 2 times"
    assert JotgateError().words == ""
