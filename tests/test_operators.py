"""Who looks after a site, and what such a person may be limited to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from jotgate import Operator
from jotgate.errors import InputError


@pytest.mark.parametrize("limit", ["forms", "batches"])
@pytest.mark.parametrize(
    "names",
    ["students", 5, b"7b", [5], [""], (name for name in ["7b"])],
    ids=lambda names: type(names).__name__,
)
def test_a_limit_that_is_no_list_of_names_is_refused(limit: str, names: object) -> None:
    """Not the letters of one name, nor what is empty when it is looked at again: nobody is let see less by mistake."""
    with pytest.raises(InputError, match=f"an operator's {limit} must be a list of names"):
        Operator(name="T", **{limit: cast("Sequence[str]", names)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "names", [["7b"], ("7b",), {"7b"}, {"7b": 1}.keys()], ids=lambda names: type(names).__name__
)
def test_a_limit_is_kept_as_it_was(names: object) -> None:
    """What is done to a list afterwards changes nobody's limits."""
    assert Operator(name="T", batches=cast("Sequence[str]", names)).batches == ("7b",)


def test_no_limit_is_not_the_limit_to_nothing() -> None:
    """None is all, and an empty list nothing."""
    assert Operator(name="T").sees("students")
    assert not Operator(name="T", forms=[]).sees("students")
