"""A verdict that would rest on what is no longer so is not written, nor is anything beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jotgate.errors import StoreUnavailable
from jotgate.outcomes import Verdict
from jotgate.stores import Store, open_store
from tests.stores.contract.material import (
    FORMS,
    T0,
    admitted,
    grant,
    opening,
    places,
    sent_in,
    used,
    verdicts,
)

#: The writes that find out.
_GUARDED = ("redeem_ticket", "take_uses", "take_places", "add_submission")


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return a store with two forms."""
    url = f"sqlite:///{tmp_path}/store.db"
    if request.param == "PostgreSQL":
        url = request.getfixturevalue("empty_postgres_store_url")
    store = open_store(url)
    store.prepare(FORMS, T0)
    yield store
    store.close()


@pytest.mark.parametrize("name", _GUARDED)
def test_a_guard_that_fails_undoes_the_batch(
    store: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever write finds another state than was decided on: nothing is kept, and later all is judged as usual."""
    store.create_grants([grant(n) for n in range(3)], T0)
    candidates = [sent_in(n + 1, admitted(store, opening(n))) for n in range(3)]
    verdicts(store, candidates[0])
    statements = store.driver._statements  # type: ignore[attr-defined]
    for_all = f"{name}_for_all"
    run = for_all if for_all in statements else name
    nothing = "UPDATE forms SET settled = settled WHERE form = '-'"
    with monkeypatch.context() as patch:
        patch.setitem(statements, run, statements[run])
        store.driver.learn({run: nothing})
        with pytest.raises(StoreUnavailable, match=f"changed before {name}"):
            store.settle(candidates, capacity=None, now=T0)
    assert store.unsettled(["1", "2", "3"]) == {"2", "3"}
    assert (used(store, 1), places(store)) == (0, 1)
    assert store.history("2") == []
    assert verdicts(store, *candidates) == [Verdict.VERIFIED] * 3
