"""What visitors of a paused form are told, in the words of the person who paused it."""

from __future__ import annotations

from jotgate.classlist.cells import on_one_line
from jotgate.errors import InputError
from jotgate.phrases import phrase

#: As much as fits on a phone without scrolling.
MAX_WORDS_CHARS = 300


def words_for_visitors(text: str) -> str | None:
    """Return *text* as one line of plain text; None if there is none.

    Raises:
        InputError: it is too long, or holds an invisible character that could make it read other than it is.
    """
    words = on_one_line(text)
    if len(words) > MAX_WORDS_CHARS:
        raise InputError(
            [
                phrase(
                    "the sentence for visitors has {count} characters; at most {most} fit on the page",
                    count=len(words),
                    most=MAX_WORDS_CHARS,
                )
            ]
        )
    if not words.isprintable():
        raise InputError([phrase("the sentence for visitors has an invisible character in it; type it anew")])
    return words or None
