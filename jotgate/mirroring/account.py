"""What stands where JotForm shows an account, of which a scoped key sees nothing.

Clients ask for it before anything else, to learn whether their key is good: the answers say that, in JotForm's shapes.
"""

from __future__ import annotations

from jotgate.protocols import ScopedKey


def user(key: ScopedKey) -> dict[str, object]:
    """Return an account named like the key.

    Without ``euOnly``: some clients take its mere presence for a reason to ask JotForm's host in Europe.
    """
    return {
        "username": key.key_id,
        "name": "",
        "email": "",
        "website": None,
        # That of the times in submissions, which JotForm writes by New York's clock.
        "time_zone": "America/New_York",
        "status": "ACTIVE",
    }


def folders(key: ScopedKey) -> dict[str, object]:
    """Return JotForm's outermost folder with nothing in it."""
    return {
        "id": "root",
        "path": "",
        "owner": key.key_id,
        "name": "root",
        "parent": "",
        "color": "",
        "forms": {},
        "subfolders": [],
    }
