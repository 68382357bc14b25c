"""What JotForm said lies in the store enciphered, for five minutes, and one process at a time asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jotgate.errors import UpstreamError
from jotgate.mirroring.kept import Kept, Stretch
from jotgate.protocols import MirrorTurn
from jotgate.signed.keyring import KeyRing
from jotgate.stores import Store, open_store

OLD, NEW = b"a secret of thirty-two bytes.....", b"another secret of thirty-two bytes"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty store."""
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    opened.prepare({}, 0.0)
    yield opened
    opened.close()


def kept(store: Store, *secrets: bytes) -> Kept:
    """Return the store as a process with these secrets reads through it."""
    return Kept(store, KeyRing(secrets or [OLD]))


def turn(store: Store) -> MirrorTurn:
    """Take the turn to ask about form 1, and give it back."""
    taken = store.take_mirror_turn("1", 1.0)
    assert taken is not None
    store.end_mirror_turn(taken)
    return taken


def test_what_people_wrote_is_in_no_file_of_the_store(store: Store, tmp_path: Path) -> None:
    """A stolen store or backup shows none of it, and another secret opens none of it."""
    rows = {number: {"id": str(number), "answer": "canary"} for number in range(1, 8)}
    kept(store).keep_stretch(turn(store), Stretch(low=0, high=9, rows=rows))
    kept(store).keep_value(turn(store), "form", {"title": "canary"})
    assert kept(store).value("1", "form") == {"title": "canary"}
    assert kept(store, OLD, NEW).around("1", 5) == Stretch(low=0, high=9, rows=rows)
    assert kept(store, NEW).around("1", 5) is None
    assert kept(store, NEW).value("1", "form") is None
    store.close()
    assert all(b"canary" not in file.read_bytes() for file in tmp_path.iterdir())


def test_rows_are_kept_some_together(store: Store) -> None:
    """Who reads one of a thousand does not read them all; holes and what is gone are known."""
    rows = {number: {"id": str(number)} for number in range(10, 10_001, 10)}
    whole = Stretch(low=0, high=10_005, rows=rows, gone=frozenset({15, 10_003}))
    kept(store).keep_stretch(turn(store), whole)
    parts = list(kept(store).between("1", 0, 10_005))
    assert len(parts) == 20
    assert [number for part in parts for number in part.rows] == list(rows)
    assert [(part.low, part.high) for part in parts[:2] + parts[-1:]] == [
        (0, 500),
        (500, 1_000),
        (9_500, 10_005),
    ]
    assert [sorted(part.gone) for part in parts if part.gone] == [[15], [10_003]]
    around = kept(store).around("1", 501)
    assert around == parts[1]
    assert kept(store).around("1", 10_006) is None
    assert kept(store).around("2", 501) is None


def test_what_is_read_anew_replaces_what_it_covers(store: Store) -> None:
    """Also where it is told in other pieces."""
    for answer in ("old", "new"):
        rows = {number: {"id": str(number), "answer": answer} for number in range(5, 200)}
        low = 0 if answer == "new" else 3
        kept(store).keep_stretch(turn(store), Stretch(low=low, high=300, rows=rows))
    told = {row["answer"] for part in kept(store).between("1", 0, 300) for row in part.rows.values()}
    assert told == {"new"}


def test_two_processes_that_ask_at_once_take_turns(store: Store) -> None:
    """One reads; the other gets what was read, without a turn of its own, or gives up in time."""
    reads: list[str] = []

    def read(by: str, wait: threading.Event) -> Callable[[MirrorTurn, float], str]:
        def reading(turn: MirrorTurn, ends_at: float) -> str:
            begun.set()
            assert wait.wait(5.0)
            kept(store).keep_value(turn, "form", by)
            reads.append(by)
            return by

        return reading

    begun, done = threading.Event(), threading.Event()

    def look() -> str | None:
        return kept(store).value("1", "form")  # type: ignore[no-any-return]

    told: list[str] = []

    def first() -> None:
        told.append(kept(store).once("1", 5.0, look, read("first", done)))
        store.close()

    def second() -> None:
        told.append(kept(store).once("1", 5.0, look, read("second", done)))
        store.close()

    threads = [threading.Thread(target=one) for one in (first, second)]
    threads[0].start()
    assert begun.wait(5.0)
    threads[1].start()
    with pytest.raises(UpstreamError, match="too long"):
        kept(store).once("1", 0.1, look, read("third", done))
    done.set()
    for thread in threads:
        thread.join()
    assert (told, reads) == (["first", "first"], ["first"])


def test_what_was_read_just_before_the_turn_is_not_read_again(store: Store) -> None:
    """Whoever had the turn before was done between the look and the turn."""
    looks = iter([None, "read by another"])

    def read(turn: MirrorTurn, ends_at: float) -> str:
        raise AssertionError("it is there")

    assert kept(store).once("1", 1.0, lambda: next(looks), read) == "read by another"
    assert store.mirror_turn("1") is None


def test_a_turn_is_over_although_its_process_died(store: Store) -> None:
    """After some seconds by the store's clock."""
    now = [1_790_000_000.0]
    store.guesses.clock = lambda: now[0]
    assert store.take_mirror_turn("1", 6.0) is not None
    assert store.take_mirror_turn("1", 6.0) is None
    now[0] += 6.0
    assert store.mirror_turn("1") is None
    assert store.take_mirror_turn("1", 6.0) is not None
