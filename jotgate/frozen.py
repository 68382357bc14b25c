"""What a record is: its fields are given by name, and nothing of it changes afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_options: object) -> Callable[[T], T]:
        """Do nothing: it only speaks to type checkers, and came with Python 3.11."""
        return lambda decorator: decorator


T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make *cls* what ``dataclass(frozen=True, slots=True, kw_only=True)`` makes of it, ten times as quickly.

    That compiles six methods for each class, which was a third of the start of a process that serves a site. Here only
    the constructor is compiled, when the first record is made; all other methods are shared.
    """
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(cls)
    for method in (*_comparisons(made), *_SHARED):
        if method.__name__ not in cls.__dict__:
            setattr(made, method.__name__, method)
    if "__init__" not in cls.__dict__:
        made.__init__ = _Constructor(made)
    return cast("type[T]", made)


class _Constructor:
    """The ``__init__`` of a record until somebody asks for it, since a process makes few of the kinds that it knows.

    Threads that ask at once each compile one, and it makes no difference which of them stays.
    """

    def __init__(self, cls: type[Any]) -> None:
        self._cls = cls

    def __get__(self, record: object, kind: type[Any] | None = None) -> Callable[..., None]:
        """Put the compiled one in this one's place, and return it as any method is returned."""
        self._cls.__init__ = compiled = _constructor(self._cls)
        bound: Callable[..., None] = compiled.__get__(record, kind)
        return bound


def _constructor(cls: type[Any]) -> Any:
    """Compile ``__init__``, in which a name with a ``_`` before it is one of ours and not a field's.

    While its fields are set, a record is of a class that lets them be: to go round `__setattr__` for each of them takes
    far longer.
    """
    open_class = type(cls.__name__, cls.__bases__, {"__slots__": cls.__slots__})
    known: dict[str, Any] = {"_put": object.__setattr__, "_OPEN": open_class, "_MISSING": MISSING}
    takes, does = ["self", "*"], ["_KIND = self.__class__", "_put(self, '__class__', _OPEN)"]
    for one in fields(cls):
        name, value, default = one.name, one.name, f"_{one.name}"
        if one.default is not MISSING:
            known[default] = one.default
            name += f"={default}"
        elif one.default_factory is not MISSING:
            known[default] = one.default_factory
            name += "=_MISSING"
            value = f"{default}() if {value} is _MISSING else {value}"
        takes.append(name)
        does.append(f"self.{one.name} = {value}")
    does.append("self.__class__ = _KIND")
    if hasattr(cls, "__post_init__"):
        does.append("self.__post_init__()")
    return _compiled(cls, f"def __init__({', '.join(takes)}): {'; '.join(does)}", known)


def _compiled(cls: type[Any], source: str, known: dict[str, Any]) -> Callable[..., None]:
    made: dict[str, Any] = {}
    source = f"def _with({', '.join(known)}):\n {source}\n return __init__"
    # Nothing goes in but names of fields, as they stand in the module.
    exec(source, vars(sys.modules[cls.__module__]), made)  # noqa: S102
    method: Callable[..., None] = made["_with"](**known)
    method.__qualname__ = f"{cls.__qualname__}.__init__"
    method.__annotations__ = {one.name: one.type for one in fields(cls)} | {"return": None}
    return method


def _comparisons(cls: type[Any]) -> Iterable[Callable[..., Any]]:
    """Return ``__eq__`` and ``__hash__``: two records are equal if they are of one kind and all their fields are."""
    values = attrgetter(*(one.name for one in fields(cls) if one.compare))
    hashed = attrgetter(*(one.name for one in fields(cls) if (one.compare if one.hash is None else one.hash)))

    def __eq__(self: Any, other: object) -> bool:
        return bool(values(self) == values(other)) if other.__class__ is cls else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(hashed(self))

    return __eq__, __hash__


def __repr__(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def __setattr__(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def __delattr__(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def __reduce__(self: Any) -> tuple[Callable[[], object], tuple[()]]:
    """Let a record be copied and sent to other processes, which would otherwise assign to its fields."""
    return partial(self.__class__, **{one.name: getattr(self, one.name) for one in fields(self)}), ()


_SHARED = __repr__, __setattr__, __delattr__, __reduce__
