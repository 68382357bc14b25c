"""The zone of an account's times: learnt from its rows, kept in the store, and shared by every process on it."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from jotgate.clock import Clock
from jotgate.errors import QuotaExhausted, UpstreamError
from jotgate.jotform.times import NEW_YORK, Wall, is_zone, zone_shown
from jotgate.protocols import ZoneCount

log = logging.getLogger("jotgate.jotform")

T = TypeVar("T")

#: Known is the zone that so many rows have shown, and so large a share of all.
_ENOUGH_ROWS = 5
_ENOUGH_SHARE = 0.8
#: Beyond so many rows older ones count less: an offset changes with the season.
_MAX_ROWS = 100
#: Of a list its newest rows count; more would tell nothing more.
_ROWS_OF_A_LIST = 20
_ASK_AGAIN_SECONDS = 86_400.0
_MEMO_SECONDS = 60.0


class ZoneStore(Protocol):
    """Where the count is kept."""

    def change_zones(self, account: str, change: Callable[[ZoneCount], tuple[ZoneCount, T]]) -> T:
        """Replace our knowledge of the account's zone by what *change* makes of it, in one transaction."""
        ...

    def zones(self, account: str) -> ZoneCount:
        """Return our knowledge of the account's zone."""
        ...


class Zones:
    """The way to read one account's times. Safe to use from every thread, and after a fork."""

    def __init__(self, store: ZoneStore, *, account: str, clock: Clock) -> None:
        """Remember in *store* what the rows of *account* show."""
        self._store = store
        self._account = account
        self._clock = clock
        self._lock = threading.Lock()
        self._memo: tuple[float, ZoneCount] | None = None

    def wall(self) -> Wall:
        """Return where the account's clock hangs, at most a minute old."""
        return wall_of(self._count())

    def learn(self, rows: Iterable[Any], ask: Callable[[], str | None]) -> None:
        """Count which zone the rows show that are newer than all that were counted.

        Where they are in doubt, *ask* says once a day which zone the account itself names.
        """
        count = self._count()
        shown = self._shown(rows, count)
        if not shown or (wall_of(count).is_known and {*shown.values()} <= {*wall_of(count).zones}):
            return
        if not {*shown.values()} <= {NEW_YORK} and self._change(self._begins_to_ask):
            count = self._named(ask)
            shown = self._shown(rows, count)
        self._change(lambda latest: (counted(latest, shown), None))

    def _shown(self, rows: Iterable[Any], count: ZoneCount) -> dict[str, str | None]:
        """Return the zones that new rows show, by the rows' ids."""
        wall, now = wall_of(count), self._clock.now()
        new = [row for row in rows if isinstance(row, dict) and _number(row) > int(count.highest)]
        new = sorted(new, key=_number)[-_ROWS_OF_A_LIST:]
        return {
            str(_number(row)): zone_shown(row.get("created_at"), str(_number(row)), wall, now) for row in new
        }

    def _begins_to_ask(self, count: ZoneCount) -> tuple[ZoneCount, bool]:
        now = self._clock.now()
        if count.asked_at is not None and 0 <= now - count.asked_at < _ASK_AGAIN_SECONDS:
            return count, False
        return replace(count, asked_at=now), True

    def _named(self, ask: Callable[[], str | None]) -> ZoneCount:
        try:
            named = ask()
        except (UpstreamError, QuotaExhausted):
            return self._count()
        if named is not None and is_zone(named):
            self._change(lambda count: (replace(count, named=named), None))
        return self._count()

    def _count(self) -> ZoneCount:
        now = self._clock.now()
        with self._lock:
            if self._memo is None or not 0 <= now - self._memo[0] < _MEMO_SECONDS:
                self._memo = now, self._store.zones(self._account)
            return self._memo[1]

    def _change(self, change: Callable[[ZoneCount], tuple[ZoneCount, T]]) -> T:
        answer = self._store.change_zones(self._account, change)
        with self._lock:
            self._memo = None
        return answer


def wall_of(count: ZoneCount) -> Wall:
    """Return where the clock hangs: in the zone that nearly all rows show, or else in any that was named or shown."""
    total = sum(count.rows.values())
    for name, rows in count.rows.items():
        if rows >= _ENOUGH_ROWS and rows >= _ENOUGH_SHARE * total:
            return Wall(zones=(name,), is_known=True)
    named = (count.named,) if count.named else ()
    return Wall(zones=tuple(dict.fromkeys((NEW_YORK, *named, *count.rows))))


def counted(count: ZoneCount, shown: dict[str, str | None]) -> ZoneCount:
    """Return *count* with the zones that rows show, by the rows' ids; each row counts once."""
    new = {row_id: zone for row_id, zone in shown.items() if int(row_id) > int(count.highest)}
    rows = Counter(count.rows)
    rows.update(zone for zone in new.values() if zone is not None)
    if rows.total() > _MAX_ROWS:
        rows = Counter({zone: number // 2 for zone, number in rows.items() if number > 1})
    return replace(count, rows=dict(rows), highest=max([count.highest, *new], key=int))


def _number(row: dict[str, Any]) -> int:
    text = str(row.get("id"))
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else -1
