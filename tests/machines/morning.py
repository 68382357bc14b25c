"""A site whose clock is a file: gunicorn's processes and the test live in the same simulated time."""

from __future__ import annotations

import json
import mmap
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from jotgate.config import Settings
from jotgate.wiring import build
from jotgate.wsgi import JotGateMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_TIME = struct.Struct("d")


class SharedClock:
    """A clock that stands until somebody sets it, for all who have the file open."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _TIME.size)

    @classmethod
    def made(cls, path: Path, at: float) -> SharedClock:
        """Return a new clock in a file."""
        path.write_bytes(_TIME.pack(at))
        return cls(path)

    def now(self) -> float:
        """Return the simulated time, seconds since the epoch, UTC."""
        return float(_TIME.unpack_from(self._map)[0])

    def set(self, at: float) -> None:
        """Let it be later; nobody turns it back."""
        _TIME.pack_into(self._map, 0, max(at, self.now()))


def site() -> JotGateMiddleware:
    """Return the site that the environment describes, for gunicorn."""
    settings = Settings.from_mapping(json.loads(Path(os.environ["JOTGATE_TEST_SETTINGS"]).read_text()))
    clock = SharedClock(Path(os.environ["JOTGATE_TEST_CLOCK"]))
    return JotGateMiddleware(_up, settings, parts=build(settings, clock=clock))


def _up(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"up"]
