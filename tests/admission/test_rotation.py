"""What older keys are needed for is told rightly, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jotgate.admission.rotation import NOTED_EVERY_SECONDS, UNREAD_SECONDS, KeyUse, older_keys
from jotgate.signed.keyring import KeyRing
from jotgate.stores import Store, open_store
from tests.stores.contract.material import (
    DAY,
    FORMS,
    HOUR,
    MINUTE,
    T0,
    admitted,
    grant,
    opening,
    sent_in,
    settled,
)

OLDEST, OLDER, NEWEST = b"1" * 32, b"2" * 32, b"3" * 32
RING = KeyRing([OLDEST, OLDER, NEWEST])


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/one.db"
    if request.param == "postgres":
        url = request.getfixturevalue("empty_postgres_store_url")
    made = open_store(url)
    made.prepare(FORMS, T0)
    made.create_grants([grant(n) for n in range(20)], T0)
    yield made
    made.close()


def let_in(store: Store, key: bytes, code: int, now: float) -> None:
    """Let a browser in as a process does that signs with *key*."""
    admit = admitted(store, opening(code, browser=code, now=now, pass_ttl_seconds=HOUR))
    KeyUse(KeyRing([key]), store).note(now)
    if code % 2:
        settled(store, sent_in(code, admit, at=now + MINUTE), now=now + 2 * MINUTE)


def test_each_older_key_has_what_was_issued_until_it_signed_last(store: Store) -> None:
    """Half of the tickets are redeemed and need no key any more; passes live for an hour."""
    for code in range(4):
        let_in(store, OLDEST, code, T0)
    for code in range(4, 10):
        let_in(store, OLDER, code, T0 + 2 * HOUR)
    let_in(store, NEWEST, 10, T0 + 2.5 * HOUR)
    oldest, older = older_keys(RING, store, T0 + 2.6 * HOUR)
    assert (oldest.key_id, older.key_id) == (RING.ids[2], RING.ids[1])
    assert (oldest.last_at, older.last_at) == (T0, T0 + 2 * HOUR)
    assert (oldest.still.tickets, oldest.still.passes) == (2, 0)
    assert (older.still.tickets, older.still.passes) == (5, 6)
    assert older.still.passes_until == T0 + 3 * HOUR
    assert oldest.safe_from == T0 + DAY + UNREAD_SECONDS
    assert older.safe_from == T0 + 2 * HOUR + DAY + UNREAD_SECONDS
    assert older_keys(RING, store, oldest.safe_from - 1)[0].is_needed
    after = older_keys(RING, store, oldest.safe_from)
    assert [one.is_needed for one in after] == [False, True]
    assert after[0].safe_from == oldest.safe_from


def test_a_process_that_goes_on_with_an_old_key_keeps_it_needed(store: Store) -> None:
    """Another process began with the next key long before: what counts is who signs."""
    let_in(store, NEWEST, 0, T0)
    let_in(store, OLDER, 2, T0 + HOUR)
    older = older_keys(RING, store, T0 + HOUR + MINUTE)[1]
    assert (older.last_at, older.still.tickets, older.still.passes) == (T0 + HOUR, 2, 1)


def test_a_key_of_which_nothing_is_known_may_have_signed_before_notes_were_taken(store: Store) -> None:
    """Tickets of an upgraded store hold every older key; those issued under a noted key hold it only."""
    admitted(store, opening(0, browser=0))
    assert [one.still.tickets for one in older_keys(RING, store, T0 + MINUTE)] == [1, 1]
    let_in(store, NEWEST, 2, T0 + HOUR)
    let_in(store, NEWEST, 4, T0 + 2 * HOUR)
    oldest, older = older_keys(RING, store, T0 + 2 * HOUR)
    assert oldest.last_at is None
    # The second one was issued when the first note was taken, so it could be anybody's.
    assert (oldest.still.tickets, older.still.tickets) == (2, 2)


def test_a_process_notes_its_key_once_a_minute(store: Store) -> None:
    """Also when its clock is set back; and another process's note is its own."""
    use = KeyUse(RING, store)
    for now in (T0, T0 + 1, T0 + NOTED_EVERY_SECONDS - 1):
        use.note(now)
    assert [one.last_at for one in store.signing_keys()] == [T0]
    use.note(T0 + NOTED_EVERY_SECONDS)
    assert [one.last_at for one in store.signing_keys()] == [T0 + NOTED_EVERY_SECONDS]
    use.note(T0 - DAY)
    [noted] = store.signing_keys()
    assert (noted.key_id, noted.first_at) == (RING.ids[0], T0 - DAY)


def test_ids_of_keys_do_not_depend_on_their_place() -> None:
    """A key keeps its id wherever it stands, so that notes are about the key."""
    assert KeyRing([NEWEST, OLDEST]).ids == (RING.ids[2], RING.ids[0])
    assert len(set(RING.ids)) == 3
