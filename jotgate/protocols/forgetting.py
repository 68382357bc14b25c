"""Records of what forgetting people takes away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jotgate.frozen import frozen

#: Makes of a subject the texts that may stand for it, under every code key, newest first.
Tombstones = Callable[[str], Sequence[str]]


@frozen
class Erasure:
    """What was taken away."""

    #: Table -> how many of its rows are about nobody now, or are gone.
    counts: Mapping[str, int]
    #: Form -> the ids of the submissions; what people wrote is still at JotForm under them. If a person is
    #: forgotten once more, those of earlier times as well.
    submissions: Mapping[str, Sequence[str]]
