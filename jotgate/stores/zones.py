"""The zone of an account's times."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from jotgate.protocols import ZoneCount
from jotgate.stores.driver import Row
from jotgate.stores.verbs import Verbs, tried_twice

T = TypeVar("T")


class ZoneVerbs(Verbs):
    """The part of the store that the client of JotForm meets."""

    @tried_twice
    def change_zones(self, account: str, change: Callable[[ZoneCount], tuple[ZoneCount, T]]) -> T:
        """Replace our knowledge of the account's zone by what *change* makes of it, in one transaction."""
        with self._write(patience_seconds=10.0) as tx:
            tx.lock("zones_of_account", account=account)
            before = _zone_count(tx.one("read_zones", account=account))
            count, answer = change(before)
            if count != before:
                tx.run(
                    "write_zones",
                    account=account,
                    counts=json.dumps(dict(count.rows)),
                    highest=count.highest,
                    named=count.named,
                    asked_at=count.asked_at,
                )
        return answer

    @tried_twice
    def zones(self, account: str) -> ZoneCount:
        """Return our knowledge of the account's zone."""
        with self._read() as tx:
            return _zone_count(tx.one("read_zones", account=account))


def _zone_count(row: Row | None) -> ZoneCount:
    if row is None:
        return ZoneCount()
    rows, highest, named, asked_at = row
    return ZoneCount(rows=json.loads(rows), highest=highest, named=named, asked_at=asked_at)
