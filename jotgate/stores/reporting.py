"""Counters of what forms that only report would have refused, bounded whatever strangers send."""

from __future__ import annotations

from datetime import datetime, timezone

from jotgate.outcomes import Reason
from jotgate.protocols import WouldBeRefusal
from jotgate.stores.driver import Transaction
from jotgate.stores.verbs import Verbs, tried_twice

#: How many different programs, each version counted apart, one form's day can hold; the rest is "other".
MAX_PROGRAMS = 300
OTHER = "other"
#: Nobody at the door waits longer than this for a counter.
PATIENCE_SECONDS = 0.25
#: How long counters are kept.
KEPT_SECONDS = 400 * 86_400.0
_MAX_APP_CHARS = 60
_MAX_VERSION_CHARS = 30
_LISTING_SECONDS = 30.0


class ReportingVerbs(Verbs):
    """The part of the store that counts what forms would have refused."""

    @tried_twice
    def note_would_be_refusal(self, form: str, reason: Reason, *, app: str, version: str, now: float) -> None:
        """Count one more, by the day (UTC); strangers' words are cut, and few hundred different ones a day are kept."""
        app, version, day = _cut(app, _MAX_APP_CHARS), _cut(version, _MAX_VERSION_CHARS), _day(now)
        with self._write(PATIENCE_SECONDS) as tx:
            if _counted(tx, day, form, reason, app, version, now):
                return
            tx.lock("reports_of_form", form=form)
            tx.run("remove_old_would_be_refusals", before=_day(now - KEPT_SECONDS))
            seen = {(row[0], row[1]) for row in tx.all("programs_of_day", day=day, form=form)} - {(OTHER, "")}
            # All that name no app count as one program, and those that name one never crowd it out.
            if app and (app, version) not in seen and len(seen - {("", "")}) >= MAX_PROGRAMS:
                app, version = OTHER, ""
            key = _key(day, form, reason, app, version)
            values = {"day": day, "form": form, "reason": reason.value, "app": app, "version": version}
            tx.run("add_would_be_refusal", key=key, now=now, **values)

    @tried_twice
    def would_be_refusals(self, since: float, form: str | None = None) -> list[WouldBeRefusal]:
        """Return what was counted since the beginning of the day of *since*, the most frequent first for each form."""
        with self._read(_LISTING_SECONDS) as tx:
            rows = tx.all("read_would_be_refusals", day=_day(since), form=form)
        found = [
            WouldBeRefusal(
                form=row[0], reason=Reason(row[1]), app=row[2], version=row[3], count=row[4], last_at=row[5]
            )
            for row in rows
        ]
        return sorted(found, key=lambda one: (one.form, -one.count, one.reason.value, one.app, one.version))

    @tried_twice
    def admissions(self, since: float) -> dict[str, int]:
        """Return form -> number of tickets issued since the beginning of the day of *since*."""
        began = datetime.fromisoformat(_day(since)).replace(tzinfo=timezone.utc).timestamp()
        with self._read(_LISTING_SECONDS) as tx:
            return {row[0]: row[1] for row in tx.all("count_admissions", since=began)}


def _counted(
    tx: Transaction, day: str, form: str, reason: Reason, app: str, version: str, now: float
) -> bool:
    return tx.run("count_would_be_refusal", key=_key(day, form, reason, app, version), now=now) > 0


def _key(day: str, form: str, reason: Reason, app: str, version: str) -> str:
    """Return what names a counter; none of its parts can hold the sign between them."""
    return "\n".join((day, form, reason.value, app, version))


def _cut(text: str, longest: int) -> str:
    return "".join(one if one.isprintable() else "?" for one in text[:longest])


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d")
