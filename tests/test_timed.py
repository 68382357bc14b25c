"""A call ends at its moment, however often the other side sends a byte."""

from __future__ import annotations

import io
import socket

import pytest

from jotgate.timed import _TimedReader, limit


class Dripping(io.RawIOBase):
    """Give one byte at each reading, and let three tenths of a second pass for it."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        """Return the moment, as `time.monotonic` does."""
        return self.at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Give the byte."""
        self.at += 0.3
        buffer[:1] = b"H"
        return 1


def test_a_byte_does_not_start_the_time_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading may last until the call's end and no longer; after it nothing is read."""
    dripping, waits = Dripping(), []
    monkeypatch.setattr("jotgate.timed.monotonic", dripping.now)
    near, far = socket.socketpair()
    with near, far:
        reader = _TimedReader(near, dripping)
        limit(dripping.at + 1.0)
        for _ in range(4):
            assert reader.read(1) == b"H"
            waits.append(near.gettimeout())
        with pytest.raises(TimeoutError):
            reader.read(1)
    assert waits == pytest.approx([1.0, 0.7, 0.4, 0.1])


def test_the_next_call_has_a_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is used again is held to the new call's end."""
    dripping = Dripping()
    monkeypatch.setattr("jotgate.timed.monotonic", dripping.now)
    near, far = socket.socketpair()
    with near, far:
        reader = _TimedReader(near, dripping)
        limit(dripping.at)
        with pytest.raises(TimeoutError):
            reader.read(1)
        limit(dripping.at + 5.0)
        assert reader.read(1) == b"H"
        assert near.gettimeout() == 5.0
