"""A site with 1,000 forms: what one page, one look and one reading cost does not depend on the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from jotgate.config import Settings
from jotgate.sandbox import Sandbox
from jotgate.stores.sqlite import SqliteTransaction, _SqliteView
from jotgate.wiring import Parts, build
from tests.stores.contract.material import a_reading

from .school import MONDAY, Ticking

_FORMS = 1_000


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Parts, Ticking]]:
    clock = Ticking()
    with Sandbox(port=0, clock=clock) as sandbox:
        mapping: dict[str, Any] = {
            "site_url": "http://127.0.0.1:8700",
            "api_key": sandbox.read_key,
            "api_host": sandbox.api,
            "plan": "free",
            "secret_keys": ["s" * 40],
            "code_keys": ["c" * 40],
            "hook_secrets": ["h" * 30],
            "store": f"sqlite:///{tmp_path / 'jotgate.db'}",
            "forms": {f"form-{number}": {"id": str(10_000 + number)} for number in range(_FORMS)},
        }
        parts = build(Settings.from_mapping(mapping), clock=clock)
        read = asdict(a_reading(read_at=MONDAY)) | {"second_reading_seconds": 60.0}
        with parts.store._driver.write() as tx:  # type: ignore[attr-defined]
            for form in mapping["forms"]:
                tx.run("begin_at", form=form, cursor="0", again=False, proven_at=None)
                tx.run("note_questions", form=form, qid="3", name="jotgate", now=MONDAY)
                tx.run("finish_full_reading", **read | {"form": form})
        yield parts, clock
        parts.store.close()


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the rows that each statement returns."""
    counted: Counter[str] = Counter()
    for kind in (SqliteTransaction, _SqliteView):
        for verb in ("one", "all"):
            genuine = getattr(kind, verb)

            def counting(
                self: Any, name: str, /, _genuine: Any = genuine, **values: Mapping[str, Any]
            ) -> Any:
                answer = _genuine(self, name, **values)
                counted[name] += len(answer) if isinstance(answer, list) else 1
                return answer

            monkeypatch.setattr(kind, verb, counting)
    return counted


def test_a_page_reads_the_state_of_its_own_form(site: tuple[Parts, Ticking], rows: Counter[str]) -> None:
    """One row, not a thousand."""
    parts, _ = site
    state = parts.gate.state("form-500")
    assert state is not None
    assert state.form == "form-500"
    assert rows["read_forms"] == 0
    assert sum(rows.values()) == 1


def test_a_look_where_nothing_is_due_reads_no_form(site: tuple[Parts, Ticking], rows: Counter[str]) -> None:
    """The thread looks every second, so a site's forms must not come along each time."""
    parts, clock = site
    clock.at = MONDAY + 60
    parts.sweep.run()
    assert sum(rows.values()) == 0


def test_due_forms_are_read_with_a_few_statements_each(
    site: tuple[Parts, Ticking], rows: Counter[str]
) -> None:
    """The rows that the store returns grow with the forms that are due, not with all there are, nor their square."""
    parts, clock = site
    clock.at = MONDAY + 60
    for number in range(40):
        parts.store.note_delivery(str(10_000 + number), clock.at)
    rows.clear()
    parts.sweep.run()
    assert 40 <= sum(rows.values()) <= 10 * 40
