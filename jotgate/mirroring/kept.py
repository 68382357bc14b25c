"""What JotForm said, kept in the store for some minutes, so that no process asks again; and whose turn it is to ask."""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.frozen import frozen
from jotgate.protocols import Mirrored, MirrorTurn
from jotgate.signed.cipher import Cipher
from jotgate.signed.keyring import KeyRing
from jotgate.stores import Store

#: For one call to JotForm with all its tries, and the wait for another's.
TURN_SECONDS = 5.0
#: A turn is over then, whatever became of who had it.
_HELD_SECONDS = TURN_SECONDS + 1.0
#: After a call that failed nobody asks about the same form, so that a slow JotForm does not hold every worker.
REST_SECONDS = 5.0
#: How often to look whether another process is done.
_LOOK_SECONDS = 0.05
#: Threads that ask about different things share one of so many.
_LOCKS = 64
#: So many submissions are kept together: who reads one of them reads all.
_TOGETHER = 50
_DIGITS = 20
_ROWS, _WHOLE = "rows", "0"

Row = Mapping[str, Any]
T = TypeVar("T")


@frozen
class Stretch:
    """Everything that JotForm has of a form above the id *low* up to the id *high*."""

    low: int
    high: int
    #: By id, in its order.
    rows: Mapping[int, Row]
    #: Ids that were asked for by name, and that JotForm does not have.
    gone: frozenset[int] = frozenset()


class Withheld(UpstreamError):
    """JotForm does not show a form to the site's key: it is deleted or another's, or the key is no longer good."""

    def __init__(self, reason: UpstreamReason, message: str, *, form_id: str) -> None:
        self.form_id = form_id
        super().__init__(reason, message, status=401, sent=False)


class Kept:
    """The store, as far as the mirror reads through it; safe to use from every thread."""

    def __init__(self, store: Store, keys: KeyRing) -> None:
        self._store = store
        self._cipher = Cipher(keys, "mirrored")
        self._turns = tuple(threading.Lock() for _ in range(_LOCKS))

    def value(self, form_id: str, part: str) -> Any:
        """Return what is known of the form, or None."""
        held = self._store.mirrored(form_id, part, _WHOLE)
        return None if held is None else self._opened(form_id, part, held)

    def keep_value(self, turn: MirrorTurn, part: str, value: object) -> None:
        """Keep what JotForm said of the form."""
        self._keep(turn, part, [("", _WHOLE, value)])

    def around(self, form_id: str, place: int) -> Stretch | None:
        """Return what is known around the id *place*."""
        held = self._store.mirrored_around(form_id, _ROWS, _padded(place))
        return None if held is None else self._stretch(form_id, held)

    def between(self, form_id: str, low: int, high: int) -> Iterator[Stretch]:
        """Iterate over what is known above *low* up to *high*; there may be holes, and some of it twice."""
        for _, held_high in self._store.mirrored_ranges(form_id, _ROWS, _padded(low), _padded(high)):
            held = self._store.mirrored(form_id, _ROWS, held_high)
            found = None if held is None else self._stretch(form_id, held)
            if found is not None:
                yield found

    def keep_stretch(self, turn: MirrorTurn, stretch: Stretch) -> None:
        """Keep a stretch, some rows together."""
        numbers = list(stretch.rows)
        ends = [*numbers[_TOGETHER - 1 : -1 : _TOGETHER], stretch.high]
        low = stretch.low
        pages = []
        for high in ends:
            rows = [stretch.rows[number] for number in numbers if low < number <= high]
            gone = [number for number in sorted(stretch.gone) if low < number <= high]
            pages.append((_padded(low), _padded(high), {"rows": rows, "gone": gone}))
            low = high
        self._keep(turn, _ROWS, pages)

    def once(
        self,
        form_id: str,
        seconds: float,
        look: Callable[[], T | None],
        read: Callable[[MirrorTurn, float], T],
    ) -> T:
        """Return what *look* finds, or let one thread of one process *read* it while all others look again and again.

        *read* gets its turn, and the moment at which it must be done by the monotonic clock.

        Raises:
            UpstreamError: others have been reading for *seconds*, or JotForm gave no answer a moment ago.
        """
        seconds = min(TURN_SECONDS, seconds)
        ends_at = time.monotonic() + seconds
        mine = self._turns[hash(form_id) % _LOCKS]
        if seconds <= 0 or not mine.acquire(timeout=seconds):
            raise _too_long()
        try:
            while True:
                found = look()
                turn = self._take(form_id) if found is None else None
                if turn is not None:
                    return self._read(turn, ends_at, look, read)
                if found is not None:
                    return found
                if time.monotonic() >= ends_at:
                    raise _too_long()
                time.sleep(_LOOK_SECONDS)
        finally:
            mine.release()

    def _take(self, form_id: str) -> MirrorTurn | None:
        held = self._store.mirror_turn(form_id)
        if held is None:
            return self._store.take_mirror_turn(form_id, _HELD_SECONDS)
        if held[0] is not None:
            told = "JotForm gave no answer a moment ago"
            raise _told_apart(UpstreamError(UpstreamReason(held[0]), told, sent=False), form_id)
        return None

    def _read(
        self,
        turn: MirrorTurn,
        ends_at: float,
        look: Callable[[], T | None],
        read: Callable[[MirrorTurn, float], T],
    ) -> T:
        try:
            # Another who had the turn before may have been done just now.
            found = look()
            found = read(turn, ends_at) if found is None else found
        except UpstreamError as problem:
            # A day without calls is not the form's fault: the next program hears the same, at once.
            if problem.reason is UpstreamReason.OVER_LIMIT:
                self._store.end_mirror_turn(turn)
            else:
                self._store.rest_mirror_turn(turn, problem.reason.value, REST_SECONDS)
            raise _told_apart(problem, turn.form_id) from None
        except BaseException:
            self._store.end_mirror_turn(turn)
            raise
        self._store.end_mirror_turn(turn)
        return found

    def _keep(self, turn: MirrorTurn, part: str, pages: Sequence[tuple[str, str, object]]) -> None:
        kept = []
        for low, high, value in pages:
            try:
                text = json.dumps(value).encode("ascii")
            except (ValueError, RecursionError):
                raise UpstreamError(
                    UpstreamReason.MALFORMED, "JotForm's answer was not understood: it is nested too deeply"
                ) from None
            content = self._cipher.encipher(_name(turn.form_id, part, low, high), zlib.compress(text))
            kept.append(Mirrored(low, high, content))
        self._store.keep_mirrored(turn, part, kept)

    def _opened(self, form_id: str, part: str, held: Mirrored) -> Any:
        """Return what is in it, or None if it was written with a secret that the settings no longer have."""
        text = self._cipher.decipher(_name(form_id, part, held.low, held.high), held.content)
        return None if text is None else json.loads(zlib.decompress(text))

    def _stretch(self, form_id: str, held: Mirrored) -> Stretch | None:
        read = self._opened(form_id, _ROWS, held)
        if read is None:
            return None
        rows = {int(row["id"]): row for row in read["rows"]}
        return Stretch(low=int(held.low), high=int(held.high), rows=rows, gone=frozenset(read["gone"]))


def _told_apart(problem: UpstreamError, form_id: str) -> UpstreamError:
    if problem.reason in (UpstreamReason.UNAUTHORIZED, UpstreamReason.NOT_FOUND):
        return Withheld(problem.reason, str(problem), form_id=form_id)
    return problem


def _too_long() -> UpstreamError:
    return UpstreamError(UpstreamReason.TIMEOUT, "JotForm takes too long", sent=False)


def _padded(number: int) -> str:
    return str(number).rjust(_DIGITS, "0")


def _name(form_id: str, part: str, low: str, high: str) -> str:
    return f"{form_id}/{part}/{low}/{high}"
