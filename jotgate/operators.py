"""Who looks after a site: what somebody may see and change in its office."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from jotgate.errors import InputError
from jotgate.frozen import frozen
from jotgate.phrases import phrase

_MAX_NAME_CHARS = 200


@frozen
class Operator:
    """Somebody who looks after the site, as the setting `admin_check` or a one-time link names them.

    Raises, when it is made:
        InputError: the name, or one of the forms and batches, is not a text that says something.
    """

    #: Stands in the ledger beside what they change.
    name: str
    #: The forms that they see, by their names in the settings; None: all.
    forms: Sequence[str] | None = None
    #: Who is limited to batches sees the people and codes of these and nothing else, but all that happened to those
    #: people; None: no such limit.
    batches: Sequence[str] | None = None
    #: Who may not only looks.
    may_change: bool = True

    def __post_init__(self) -> None:
        """Look at it once, and keep the lists from changing."""
        problems = list(_problems(self))
        if problems:
            raise InputError(problems)
        for name in ("forms", "batches"):
            names = getattr(self, name)
            object.__setattr__(self, name, None if names is None else tuple(names))

    @property
    def sees_all(self) -> bool:
        """Whether nothing of the site is kept from them."""
        return self.forms is None and self.batches is None

    def sees(self, form: str) -> bool:
        """Say whether anything of *form* is for them."""
        return self.forms is None or form in self.forms


def operator_of(found: object) -> Operator | None:
    """Return whom an answer of `admin_check` lets in.

    Raises:
        InputError: it is neither a yes or a no nor an `Operator`. Nobody is let in by mistake.
    """
    if isinstance(found, Operator):
        return found
    if found is None or found is False:
        return None
    if found is True:
        return EVERYBODY
    kind = type(found).__name__
    raise InputError([f"admin_check must return True, False, None or a jotgate.Operator, not a {kind}"])


def _problems(operator: Operator) -> Iterator[str]:
    if not _is_name(operator.name):
        yield f"an operator's name has 1 to {_MAX_NAME_CHARS} characters"
    for what, names in (("forms", operator.forms), ("batches", operator.batches)):
        if names is not None and not _is_list_of_names(names):
            yield f"an operator's {what} must be a list of names"


def _is_list_of_names(value: object) -> bool:
    """Say whether it is one that can be looked at twice: a generator would be empty the second time."""
    return isinstance(value, Collection) and not isinstance(value, str) and all(map(_is_name, value))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= _MAX_NAME_CHARS and value.isprintable()


# Translators: who has done something, where nobody is named.
#: Who comes in where `admin_check` says yes without naming anybody.
EVERYBODY = Operator(name=phrase("the site's own login"))
