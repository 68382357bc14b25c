"""The sweep in a process of its own, as `jotgate sweep --loop` runs it, until it is told to end."""

from __future__ import annotations

from jotgate.sweeper import Sweeper
from jotgate.wiring import build
from tests.servers.school import settings_given

if __name__ == "__main__":
    Sweeper(build(settings_given()).sweep, "external").loop()
