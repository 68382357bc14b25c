"""What forms that only report would have refused: who it was, and the note of it, which never costs a visitor much."""

from __future__ import annotations

import logging
import re
import time
from typing import NamedTuple

from jotgate.clock import Clock
from jotgate.errors import StoreUnavailable
from jotgate.outages import outages
from jotgate.outcomes import Reason
from jotgate.stores import Store

_log = logging.getLogger("jotgate.gate")

#: After a note that failed, none is tried for so long, so that visitors do not wait for a store that is away.
_PAUSE_SECONDS = 5.0
#: RFC 9110, section 10.1.5: what made the request comes first, as a name and perhaps a version.
_PRODUCT = r"([A-Za-z][A-Za-z0-9._+-]{0,59})(?:/([A-Za-z0-9._+-]{1,30}))?(?:[ (;]|$)"
#: The first words of browsers, and of the web views in apps that leave it at that.
_BROWSERS = frozenset({"mozilla", "opera", "dalvik", "webkit", "safari"})


class Program(NamedTuple):
    """What made a request, as far as one can tell; both "" for a browser."""

    app: str = ""
    version: str = ""


def program_of(user_agent: str) -> Program:
    """Return the program that a ``User-Agent`` names first, such as "FieldApp/3.2". Total on any text."""
    found = re.match(_PRODUCT, user_agent)
    if found is None or found[1].lower() in _BROWSERS:
        return Program()
    return Program(found[1], found[2] or "")


class Reports:
    """Note what would have been refused. A store that does not answer loses notes, and never stops a visitor."""

    __slots__ = ("_clock", "_silent_until", "_store")

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._silent_until = 0.0

    def note(self, form: str, reason: Reason, program: Program) -> None:
        """Count one would-be refusal, if the store takes it at once."""
        if time.monotonic() < self._silent_until:
            return
        try:
            self._store.note_would_be_refusal(
                form, reason, app=program.app, version=program.version, now=self._clock.now()
            )
        except StoreUnavailable as error:
            self._silent_until = time.monotonic() + _PAUSE_SECONDS
            outages.note(_log, "report.missed", error, form=form, refusal=reason.value)
