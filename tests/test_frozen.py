"""Claims about `jotgate.frozen`: a record is what a frozen dataclass with slots and keywords is."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import typing
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from jotgate.frozen import frozen


def _made_by(decorator: Callable[[type], type]) -> type[typing.Any]:
    class Card:
        """A card as it is printed."""

        code: str = field(repr=False)
        subject: str
        uses: int = 1
        labels: Mapping[str, str] = field(default_factory=dict, hash=False)
        printed_at: float = field(default=0.0, compare=False)

    return decorator(Card)


_OURS = _made_by(frozen)
_STANDARD = _made_by(dataclass(frozen=True, slots=True, kw_only=True))
_BOTH = pytest.mark.parametrize("kind", [_OURS, _STANDARD], ids=["ours", "the standard library's"])


@frozen
class Coin:
    """A record at the top of its module, where `pickle` looks for it."""

    name: str
    cents: int = 1

    def __post_init__(self) -> None:
        """Refuse what is worth nothing."""
        if self.cents < 1:
            raise ValueError(self.cents)


@_BOTH
def test_fields_are_given_by_name_and_have_their_defaults(kind: type[typing.Any]) -> None:
    """What is not given is the default, made anew for each record where it is made by a function."""
    card, other = kind(code="K7", subject="s-1"), kind(code="K7", subject="s-1")
    assert (card.code, card.subject, card.uses, card.labels, card.printed_at) == ("K7", "s-1", 1, {}, 0.0)
    assert card.labels is not other.labels
    assert kind(code="K7", subject="s-1", labels=(given := {"a": "b"})).labels is given


@_BOTH
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((("K7", "s-1"), {}), "takes 1 positional argument but 3 were given"),
        (((), {"code": "K7"}), "missing 1 required keyword-only argument: 'subject'"),
        (((), {"code": "K7", "subject": "s", "room": 4}), "got an unexpected keyword argument 'room'"),
    ],
)
def test_wrong_arguments_are_a_type_error_that_says_which(
    kind: type[typing.Any], given: tuple[tuple[str, ...], dict[str, object]], said: str
) -> None:
    """Places, missing and unknown names are refused in Python's own words."""
    with pytest.raises(TypeError, match=rf"Card\.__init__\(\) {said}"):
        kind(*given[0], **given[1])


@_BOTH
def test_nothing_changes_afterwards(kind: type[typing.Any]) -> None:
    """No field is set or deleted, and no name is added."""
    card = kind(code="K7", subject="s-1")
    for change in (
        lambda: setattr(card, "uses", 2),
        lambda: setattr(card, "room", 4),
        lambda: delattr(card, "uses"),
    ):
        with pytest.raises((FrozenInstanceError, TypeError)):
            change()
    assert card.uses == 1
    assert not hasattr(card, "__dict__")


@_BOTH
def test_records_are_equal_by_their_fields(kind: type[typing.Any]) -> None:
    """Equal are records of one kind whose fields are, but for those that say that they do not count."""
    card = kind(code="K7", subject="s-1", labels={"a": "b"}, printed_at=1.0)
    same = kind(code="K7", subject="s-1", labels={"a": "b"}, printed_at=2.0)
    assert card == same
    assert hash(card) == hash(same)
    assert card != kind(code="K7", subject="s-2", labels={"a": "b"})
    assert card != _made_by(frozen)(code="K7", subject="s-1", labels={"a": "b"})


@_BOTH
def test_what_is_secret_is_not_shown(kind: type[typing.Any]) -> None:
    """A record shows all its fields but those with ``repr=False``."""
    shown = repr(kind(code="K7", subject="s-1"))
    assert shown.endswith("Card(subject='s-1', uses=1, labels={}, printed_at=0.0)")


def test_a_constructor_is_compiled_for_the_first_record() -> None:
    """A process knows many kinds of record and makes few, and each of them once."""
    kind = _made_by(frozen)
    waiting = kind.__dict__["__init__"]
    assert not inspect.isfunction(waiting)
    assert kind(code="K7", subject="s-1").uses == 1
    compiled = kind.__dict__["__init__"]
    assert inspect.isfunction(compiled)
    assert kind(code="K8", subject="s-2").code == "K8"
    assert kind.__dict__["__init__"] is compiled


def test_records_may_be_made_by_a_thread_that_came_too_late_to_compile() -> None:
    """What it found before another thread compiled the constructor still makes records of the class."""
    kind = _made_by(frozen)
    waiting = kind.__dict__["__init__"]
    early, late = kind(code="K7", subject="s-1"), object.__new__(kind)
    waiting.__get__(late, kind)(code="K7", subject="s-1")
    assert early == late


@_BOTH
def test_tools_for_dataclasses_work(kind: type[typing.Any]) -> None:
    """Records are replaced, taken apart and inspected as the standard library does it with its own."""
    card = kind(code="K7", subject="s-1")
    assert replace(card, uses=2) == kind(code="K7", subject="s-1", uses=2)
    assert dataclasses.asdict(card)["subject"] == "s-1"
    assert [one.name for one in dataclasses.fields(kind)][:2] == ["code", "subject"]
    uses = inspect.signature(kind).parameters["uses"]
    assert (uses.kind, uses.default, uses.annotation) == (uses.KEYWORD_ONLY, 1, "int")


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda coin: pickle.loads(pickle.dumps(coin))])
def test_records_are_copied_and_sent_to_other_processes(again: Callable[[Coin], Coin]) -> None:
    """A copy is equal to its original."""
    assert again(Coin(name="cent", cents=2)) == Coin(name="cent", cents=2)


def test_a_record_of_a_class_that_inherits_is_of_that_class() -> None:
    """One that adds no field is made as its parent is, and is as frozen."""

    class Token(Coin):
        __slots__ = ()

    token = Token(name="ride")
    assert type(token) is Token
    assert (token.name, token.cents) == ("ride", 1)
    with pytest.raises(FrozenInstanceError):
        token.cents = 2  # type: ignore[misc]


def test_a_class_keeps_what_it_does_itself() -> None:
    """A record with a check of its own makes it, and one with a method of its own has that one."""

    @frozen
    class Silent:
        """Nothing to be seen."""

        name: str

        def __repr__(self) -> str:
            """Return a hint."""
            return "(silent)"

    assert repr(Silent(name="a")) == "(silent)"
    with pytest.raises(ValueError, match="0"):
        Coin(name="nothing", cents=0)
