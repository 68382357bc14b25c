"""Numbers, spans of time and other people's texts are put into words the same way everywhere."""

from __future__ import annotations

import pytest

from jotgate.phrases import counted, lasting, plain


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(40, "40 s"), (-40, "40 s"), (720, "12 min"), (3 * 3600, "3 h"), (2 * 86400, "2 days")],
)
def test_a_span_of_time_is_told_in_one_unit(seconds: float, words: str) -> None:
    """Whichever fits, before or after now."""
    assert lasting(seconds) == words


def test_what_is_counted_has_the_right_number() -> None:
    """One code, 1,000 codes, no addresses."""
    assert [counted(1, "code"), counted(1000, "code")] == ["1 code", "1,000 codes"]
    assert counted(0, "address", "addresses") == "0 addresses"


def test_a_text_cannot_move_a_terminal() -> None:
    """Control characters become question marks; what is missing is a dash."""
    assert plain("a\x1b[2Jb\u202ec") == "a?[2Jb?c"
    assert plain(None) == "-"
