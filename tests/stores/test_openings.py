"""What an app filled in at each opening outlives an upgrade."""

from __future__ import annotations

from pathlib import Path

import pytest

from jotgate.signed.tickets import FilledIn, TicketState
from jotgate.stores import open_store
from jotgate.stores.tables import load_steps
from tests.stores.contract.material import FORM, FORMS, T0

_ADD = """
INSERT INTO tickets (ticket_id, form, grant_fingerprint, state, issued_at, expires_at, app, prefill, locked)
VALUES (:ticket_id, :form, :ticket_id, 'open', :now, :now, :app, :prefill, :locked)
"""


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where a store may be made."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path}/store.db"
    found: str = request.getfixturevalue("postgres_store_url")
    return found


def test_a_store_from_before_keeps_what_was_filled_in(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the ticket's only opening, also where nothing was; a ticket of a code has none."""
    steps = load_steps()
    for database in ("sqlite", "postgres"):
        monkeypatch.setattr(f"jotgate.stores.{database}.load_steps", lambda: steps[:1])
    old = open_store(url)
    old.prepare(FORMS, T0)
    old._driver.learn({"add_old_ticket": _ADD})
    rows = [("ios", '{"room": "7 é"}', '["room"]'), ("ios", None, None), (None, None, None)]
    with old._driver.write(patience_seconds=5.0) as tx:
        for number, (app, prefill, locked) in enumerate(rows):
            values = {"app": app, "prefill": prefill, "locked": locked, "form": FORM, "now": T0}
            tx.run("add_old_ticket", ticket_id=bytes([number] * 16), **values)
    old.close()
    monkeypatch.undo()

    store = open_store(url)
    store.prepare(FORMS, T0)
    tickets = [store.ticket(bytes([number] * 16)) for number in range(3)]
    store.close()
    assert [ticket.openings for ticket in tickets if ticket] == [
        (FilledIn(0, {"room": "7 é"}, ("room",)),),
        (FilledIn(0, {}, ()),),
        (),
    ]
    assert {ticket.state for ticket in tickets if ticket} == {TicketState.OPEN}
