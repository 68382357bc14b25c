"""The school site for real servers, which waits for a body no longer than a second."""

from __future__ import annotations

import jotgate.door.reading
from tests.servers.school import application

jotgate.door.reading.BODY_SECONDS = 1.0

__all__ = ["application"]
