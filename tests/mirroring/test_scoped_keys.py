"""Keys for programs: shown once, known again by a fingerprint, and good for what they were made for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.errors import InputError, UnknownForm
from jotgate.mirroring.scoped_keys import Scope, ScopedKeys, read_share, spell_share
from jotgate.policy import FormPolicy
from jotgate.protocols import Share
from jotgate.signed.keyring import CodeKeys
from jotgate.stores import Store, open_store
from jotgate.testing import FrozenClock

T0 = 1_790_000_000.0
OLD, NEW = b"a code key of thirty-two bytes...", b"another key of thirty-two bytes.."
POLICIES = {name: FormPolicy(form=name, form_id=str(n), title=name) for n, name in enumerate(("a", "b"))}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty store."""
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    opened.prepare({"a": "0", "b": "1"}, T0)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FrozenClock:
    """Return a clock that stands."""
    return FrozenClock(T0)


def office(store: Store, clock: FrozenClock, *code_keys: bytes) -> ScopedKeys:
    """Return the office of a site with these code keys."""
    return ScopedKeys(POLICIES, store=store, code_keys=CodeKeys(code_keys or [OLD]), clock=clock)


def test_a_key_is_known_again_and_no_other_text_is(store: Store, clock: FrozenClock) -> None:
    """It opens its forms; cut, changed or in capitals it is nothing, and the store holds nothing that it is."""
    keys = office(store, clock)
    issued = keys.create(Scope(forms=("a", "a"), fields=("3", "class", "3")), actor="owner")
    found = keys.check(issued)
    assert found is not None
    assert (found.key_id, found.forms, found.fields) == (issued.key_id, ("a",), ("3", "class"))
    assert issued not in repr(issued)
    assert issued not in repr(keys.list())
    last = "A" if issued[-1] != "A" else "B"
    for other in (
        "",
        issued[:-1],
        issued + "A",
        issued[:-1] + last,
        issued.lower(),
        " " + issued,
        issued + "\n",
    ):
        assert keys.check(other) is None


@pytest.mark.parametrize(
    ("scope", "problem"),
    [
        ({"forms": ()}, "at least one form"),
        ({"fields": ()}, "name 1 to 500 fields"),
        ({"fields": ("a b",)}, "neither a field's number nor its unique name"),
        ({"fields": ("jotgate",)}, "is the ticket field, which no key sees"),
        ({"expires_at": T0}, "expired before its first use"),
        ({"label": " "}, "a label has 1 to 200 characters"),
    ],
)
def test_a_scope_that_makes_no_sense_is_refused(
    store: Store, clock: FrozenClock, scope: dict[str, Any], problem: str
) -> None:
    """In a sentence, and no key is made."""
    keys = office(store, clock)
    with pytest.raises(InputError, match=problem):
        keys.create(Scope(**({"forms": ("a",)} | scope)), actor="owner")
    with pytest.raises(UnknownForm, match="nobody"):
        keys.create(Scope(forms=("a", "nobody")), actor="owner")
    assert keys.list() == []


def test_a_key_ends_when_it_is_revoked_or_its_time_is_over(store: Store, clock: FrozenClock) -> None:
    """From that moment on."""
    keys = office(store, clock)
    first = keys.create(Scope(forms=("a",)), actor="owner")
    clock.advance(1)
    second = keys.create(Scope(forms=("a",), expires_at=T0 + 60), actor="owner")
    assert keys.revoke(first.key_id, actor="owner")
    assert not keys.revoke(first.key_id, actor="owner")
    assert keys.check(first) is None
    clock.advance(58)
    assert keys.check(second) is not None
    clock.advance(1)
    assert keys.check(second) is None
    assert [keys.state_of(one) for one in keys.list()] == ["revoked", "expired"]


def test_a_key_outlives_a_new_code_key_and_ends_with_its_own(store: Store, clock: FrozenClock) -> None:
    """So the old code key stays in the settings as long as anything is known by it."""
    issued = office(store, clock, OLD).create(Scope(forms=("a",)), actor="owner")
    both, newer = office(store, clock, OLD, NEW), office(store, clock, NEW)
    assert both.check(issued) is not None
    assert newer.check(issued) is None
    assert [newer.state_of(one) for one in newer.list()] == ["void"]


def test_its_use_is_noted_once_a_minute(store: Store, clock: FrozenClock) -> None:
    """A flood of requests writes nothing."""
    keys = office(store, clock)
    issued = keys.create(Scope(forms=("a",)), actor="owner")
    noted = []
    for _ in range(4):
        keys.check(issued)
        noted.append(keys.list()[0].last_used_at)
        clock.advance(25)
    assert noted == [T0, T0, T0, T0 + 75]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("10%", Share(fraction=0.1)),
        (" 12.5 % / day ", Share(fraction=0.125)),
        ("0%", Share(fraction=0.0)),
        ("100%", Share(fraction=1.0)),
        ("100/day", Share(calls=100)),
        ("7", Share(calls=7)),
    ],
)
def test_a_share_is_read_as_people_write_it(text: str, share: Share) -> None:
    """And spelled so that it can be read again."""
    assert read_share(text) == share
    assert read_share(spell_share(share)) == share


@pytest.mark.parametrize("text", ["", "101%", "-1", "1e3", "1/week", "٣", "10%%", "%", "99999999", "ten"])
def test_any_other_text_is_refused(text: str) -> None:
    """In a sentence with an example."""
    with pytest.raises(InputError, match="10%/day"):
        read_share(text)


@given(st.text(max_size=12) | st.text("0123456789%./day ", max_size=9))
def test_any_text_is_a_share_or_refused(text: str) -> None:
    """A share is never more than the day's calls."""
    with suppress(InputError):
        share = read_share(text)
        assert (share.calls or 0) >= 0
        assert 0 <= (share.fraction or 0) <= 1
