"""Apps and their keys; what their tokens are redeemed for is in `redeeming`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from jotgate.ledger import Entry, about_token
from jotgate.protocols import App, AppCounts, AppKeyState, GrantFilter, StoredAppKey
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.grants import GrantVerbs
from jotgate.stores.verbs import record, tried_twice

_LISTING_SECONDS = 30.0


class AppVerbs(GrantVerbs):
    """The part of the store that knows apps."""

    @tried_twice
    def create_app(self, app: App, key: StoredAppKey, *, actor: str) -> bool:
        """Store a new app with its first key; False: there is, or was, one of this name."""
        values = {
            "app": app.name,
            "forms": json.dumps(app.forms),
            "return_url": app.return_url,
            "needs_proof": int(app.needs_proof),
            "now": app.created_at,
        }
        with self._write() as tx:
            if not tx.run("create_app", **values):
                return False
            _add_key(tx, key)
            note = f"forms {', '.join(app.forms)}"
            record(tx, app_entry("app.created", key.app, key.key_id, app.created_at, actor, note))
        return True

    @tried_twice
    def change_app(
        self, app: str, *, forms: Sequence[str] | None, return_url: str | None, now: float, actor: str
    ) -> bool:
        """Give an app other forms, or another address to return to ("": none); None leaves what it has.

        False: the app is unknown or revoked.
        """
        with self._write() as tx:
            row = tx.one("read_app", app=app)
            known = None if row is None else _app(row)
            if known is None or known.revoked_at is not None:
                return False
            forms = known.forms if forms is None else forms
            address = known.return_url if return_url is None else return_url or None
            tx.run("change_app", app=app, forms=json.dumps(forms), return_url=address)
            note = f"forms {', '.join(forms)}; return_url {address or 'none'}"
            record(tx, app_entry("app.changed", app, None, now, actor, note))
        return True

    @tried_twice
    def add_app_key(
        self, key: StoredAppKey, *, actor: str, seen: Collection[str] | None = None
    ) -> bool | None:
        """Add a `next` key, in place of one that was never used; False: the app is unknown or revoked.

        None: the app has keys that were not *seen* (None: whatever they are), and nothing was changed.
        """
        with self._write() as tx:
            if not _is_live(tx, key.app):
                return False
            known = {one.key_id for one in map(_key, tx.all("read_app_keys")) if one.app == key.app}
            if key.key_id in known or (seen is not None and not known <= set(seen)):
                return None
            replaced = tx.run("revoke_next_key", app=key.app, now=key.created_at)
            _add_key(tx, key)
            note = "in place of one that was never used" if replaced else None
            record(tx, app_entry("app.key_added", key.app, key.key_id, key.created_at, actor, note))
        return True

    @tried_twice
    def revoke_app_key(self, app: str, key_id: str, *, now: float, actor: str) -> bool:
        """End one key of *app*; False: it has no such key, or it was revoked before."""
        with self._write() as tx:
            tx.one("read_app", app=app)
            if not tx.run("revoke_key", app=app, key_id=key_id, now=now):
                return False
            record(tx, app_entry("app.key_revoked", app, key_id, now, actor))
        return True

    def revoke_app(self, app: str, *, now: float, actor: str) -> bool:
        """End an app: its keys, its grants, their tickets and passes; False: nothing of it was left to end."""
        # Keys first: a token redeemed before is found among the grants, and none can be redeemed afterwards.
        ended = self._end_app(app, now, actor)
        return bool(self.revoke_grants(GrantFilter(app=app), now=now, actor=actor, note=None)) or ended

    @tried_twice
    def _end_app(self, app: str, now: float, actor: str) -> bool:
        with self._write() as tx:
            tx.one("read_app", app=app)
            if not tx.run("revoke_app", app=app, now=now):
                return False
            tx.run("revoke_keys_of_app", app=app, now=now)
            record(tx, app_entry("app.revoked", app, None, now, actor))
        return True

    @tried_twice
    def apps(self) -> list[App]:
        """Return every app, by name."""
        with self._read() as tx:
            return [_app(row) for row in tx.all("read_apps")]

    @tried_twice
    def app_keys(self) -> list[StoredAppKey]:
        """Return every key of every app, oldest first."""
        with self._read() as tx:
            return [_key(row) for row in tx.all("read_app_keys")]

    @tried_twice
    def app_counts(self) -> dict[str, AppCounts]:
        """Return what came of each app's tokens, by its name; apps that nobody used yet are left out."""
        with self._read(_LISTING_SECONDS) as tx:
            rows = tx.all("count_grants_of_apps")
        return {
            app: AppCounts(subjects=subjects, used=int(used), moves=int(moves), foreign_tries=int(tries))
            for app, subjects, used, moves, tries in rows
        }

    @tried_twice
    def app_of_key(self, key_id: str) -> tuple[App, StoredAppKey] | None:
        """Return the key of that id with its app, whatever their state, or None."""
        with self._read() as tx:
            row = tx.one("find_app_key", key_id=key_id)
        return None if row is None else (_app(row[10:]), _key(row[:10]))

    @tried_twice
    def keys_of_app(self, app: str) -> list[tuple[App, StoredAppKey]]:
        """Return every key of *app* with it, whatever their state, the newest first; none of an unknown app."""
        with self._read() as tx:
            return [(_app(row[10:]), _key(row[:10])) for row in tx.all("find_keys_of_app", app=app)]

    @tried_twice
    def missing_app_keys(self, known: Collection[str]) -> dict[str, int]:
        """Return the ids of code keys not in *known* that usable keys of apps stem from, each with their number."""
        with self._read(_LISTING_SECONDS) as tx:
            counts: dict[str, int] = dict(tx.all("count_keys_by_code_key"))
        return {code_key: number for code_key, number in counts.items() if code_key not in known}


def app_entry(
    event: str, app: str, key_id: str | None, now: float, actor: str | None, note: str | None = None
) -> Entry:
    """Return the ledger's entry of what happened to an app, or to one of its keys."""
    return Entry(at=now, event=event, actor=actor, about=about_token(app, key_id=key_id), note=note)


def _is_live(tx: Transaction, app: str) -> bool:
    row = tx.one("read_app", app=app)
    return row is not None and _app(row).revoked_at is None


def _add_key(tx: Transaction, key: StoredAppKey) -> None:
    tx.run(
        "add_app_key",
        key_id=key.key_id,
        app=key.app,
        algorithm=key.algorithm,
        code_key=key.code_key,
        public_key=key.public_key,
        state=key.state.value,
        now=key.created_at,
    )


def _app(row: Row | Iterable[Any]) -> App:
    name, forms, return_url, needs_proof, created_at, revoked_at = row
    return App(
        name=name,
        forms=tuple(json.loads(forms)),
        return_url=return_url,
        needs_proof=bool(needs_proof),
        created_at=created_at,
        revoked_at=revoked_at,
    )


def _key(row: Row | Iterable[Any]) -> StoredAppKey:
    key_id, app, algorithm, code_key, public_key, state, created_at, last_used_at, used, revoked_at = row
    return StoredAppKey(
        key_id=key_id,
        app=app,
        algorithm=algorithm,
        code_key=code_key,
        public_key=None if public_key is None else bytes(public_key),
        state=AppKeyState(state),
        created_at=created_at,
        last_used_at=last_used_at,
        used=used,
        revoked_at=revoked_at,
    )
