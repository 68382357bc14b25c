"""Faults. Expected answers are values (`jotgate.outcomes`); these are for what went wrong.

One root, leaves by what the caller can do about it. Nothing here knows HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

#: So many names fit into a sentence.
_MAX_NAMED = 20


class UpstreamReason(Enum):
    """Why a call to JotForm gave nothing usable."""

    UNAUTHORIZED = "unauthorized"  #: 401: bad key, or an unknown or foreign form or submission.
    NOT_FOUND = "not_found"  #: 404: JotForm does not know the path.
    OVER_LIMIT = "over_limit"  #: JotForm says that the day's calls are used up.
    TIMEOUT = "timeout"  #: no whole answer within the call's deadline.
    UNREACHABLE = "unreachable"  #: no connection, or it broke.
    TOO_LARGE = "too_large"  #: the answer passed the size cap.
    MALFORMED = "malformed"  #: not JSON, cut off, or not in the envelope's shape.
    REDIRECTED = "redirected"  #: redirects are never followed: the key would go with them.
    REFUSED = "refused"  #: any other 4xx.
    BROKEN = "broken"  #: 5xx, maintenance pages and proxy errors.


class JotgateError(Exception):
    """The root of every error jotgate raises on purpose."""

    @property
    def words(self) -> str:
        """Return what it says; unlike its `str`, this is still the `Phrase` that it was made with, if it was one."""
        words: str = self.args[0] if self.args else ""
        return words

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross from one process to another as it is: its constructor takes other things than its words."""
        return _as_it_was, (type(self), self.args), self.__dict__


def _as_it_was(kind: type[JotgateError], args: tuple[object, ...]) -> JotgateError:
    return kind.__new__(kind, *args)


class ConfigError(JotgateError):
    """The settings cannot be used; every problem is listed, not just the first."""

    def __init__(self, problems: Sequence[str]) -> None:
        #: One sentence for each problem, in the order of the settings.
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnknownForm(JotgateError):
    """The settings have no form of this name."""

    def __init__(self, form: str, known: Sequence[str] = ()) -> None:
        self.form = form
        self.known: tuple[str, ...] = tuple(known)
        # Loaded here: it is rarely needed, and this module always.
        from difflib import get_close_matches

        near = get_close_matches(form, self.known, n=1)
        guess = f"did you mean {near[0]}? Known forms" if near else "known forms"
        names = ", ".join(self.known[:_MAX_NAMED]) or "none"
        more = f" and {len(self.known) - _MAX_NAMED} more" if len(self.known) > _MAX_NAMED else ""
        super().__init__(f"there is no form {form!r} in the settings; {guess}: {names}{more}")


class InputError(JotgateError):
    """What an operator handed in (a class list, an id, an option) cannot be used; every problem is listed."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n".join(self.problems))


class ResponseStarted(JotgateError):
    """A page asked about its visitor after it had begun, when it could no longer be kept out of caches."""

    def __init__(self) -> None:
        super().__init__(
            "the page has begun, and its headers let caches keep it for other visitors. Ask jotgate before the first"
            " part of the page is sent, or send the whole page with the header Cache-Control: private, no-store"
        )


class StoreError(JotgateError):
    """The store did not do what was asked; nothing was written."""


class StoreUnavailable(StoreError):
    """The store cannot be reached, is locked for too long, is full or is read-only. Try again later."""


class StoreMismatch(StoreError):
    """The store belongs to a newer jotgate, or needs a key that the settings no longer hold."""


class UpstreamError(JotgateError):
    """JotForm did not give a usable answer: refused, unreachable, too slow, too large or not understood."""

    def __init__(
        self, reason: UpstreamReason, message: str, *, status: int | None = None, sent: bool = True
    ) -> None:
        #: Why, as a value to branch on.
        self.reason = reason
        #: JotForm's status code (the envelope's if it differs from HTTP's), if there was an answer.
        self.status = status
        #: False if the request certainly never left this machine.
        self.sent = sent
        super().__init__(message)


class QuotaExhausted(JotgateError):
    """No API call may be made now. Nothing was sent."""

    def __init__(self, message: str, *, until: float) -> None:
        #: Seconds since the epoch, UTC, when another try makes sense.
        self.until = until
        super().__init__(message)


class MailUnavailable(JotgateError):
    """No mail can be sent now, whoever it is to. The one that was tried was not handed over."""
