"""A generated test as a fuzzer calls it: bytes in, and an exception if they break what the test claims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given

#: What a fuzzer calls.
Property = Callable[[bytes], object]


def broken_by(test: Any, **fixtures: Any) -> Property:
    """Return *test* (under hypothesis's `given`) for a fuzzer, with the *fixtures* that it takes besides its cases.

    A case that breaks it is printed as a call, to be pasted as an `example` beside the test's `given`.
    """
    inner = test.hypothesis.inner_test

    # hypothesis gives bytes to tests without fixtures only, so this one is made anew of the same strategies.
    @given(**test.hypothesis._given_kwargs)
    def told(**case: Any) -> None:
        try:
            inner(**fixtures, **case)
        except Exception:
            print(f"{inner.__module__}: {inner.__qualname__} is broken by\n    {_call(case)}", flush=True)
            raise

    return told.hypothesis.fuzz_one_input  # type: ignore[attr-defined, no-any-return]


def _call(case: dict[str, Any]) -> str:
    return f"@example({', '.join(f'{name}={value!r}' for name, value in case.items())})"


def by_first_byte(properties: list[Property]) -> Property:
    """Return one property that hands its bytes to the one of *properties* that the first of them chooses."""

    def chosen(data: bytes) -> object:
        return properties[data[0] % len(properties)](data[1:]) if data else None

    return chosen
