"""What visitors of a paused form read is plain text on one line, and fits a phone."""

from __future__ import annotations

import pytest

from jotgate.admission.pausing import MAX_WORDS_CHARS, words_for_visitors
from jotgate.errors import InputError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", None),
        (" \n ", None),
        ("  Back at\r\nnoon. ", "Back at noon."),
        ("<b>Zurück</b> um 12\u00a0Uhr", "<b>Zurück</b> um 12 Uhr"),
        ("x" * MAX_WORDS_CHARS, "x" * MAX_WORDS_CHARS),
    ],
)
def test_a_sentence_is_one_line_of_text(text: str, words: str | None) -> None:
    """Nothing else about it is changed; it is escaped where it is shown."""
    assert words_for_visitors(text) == words


@pytest.mark.parametrize("text", ["x" * (MAX_WORDS_CHARS + 1), "a\0b", "to \u202enoon", "\ud800"])
def test_what_cannot_be_shown_is_refused(text: str) -> None:
    """With a reason."""
    with pytest.raises(InputError, match="the sentence for visitors"):
        words_for_visitors(text)
