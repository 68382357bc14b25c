"""The query of a call, as PHP reads it, since that is what JotForm's own clients write for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from jotgate.frozen import frozen

#: Longer queries are no list calls of anybody's.
_MAX_PARAMETERS = 200
_BRACKETS = re.compile(r"filter\[([^\[\]]{1,60})\](\[[0-9]{0,4}\])?")


@frozen
class Query:
    """What a call carries beside its path."""

    #: By name; a filter that came in brackets is under ``filter``, as JSON.
    values: Mapping[str, str]
    #: A sentence for each thing that would be passed over.
    problems: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the key that came in the query, as some clients send it; "" if none did."""
        return next((value for name, value in self.values.items() if name.lower() == "apikey"), "")


UNREADABLE = Query(values={}, problems=("the query is not text",))


def read_query(pairs: Sequence[tuple[str, str]]) -> Query:
    """Read names and values in their order. The last one of a name counts. Total."""
    if len(pairs) > _MAX_PARAMETERS:
        return Query(values=dict(pairs), problems=(f"the query has more than {_MAX_PARAMETERS} parameters",))
    values = {name: value for name, value in pairs if not name.startswith("filter[")}
    filter, problems = _bracketed([pair for pair in pairs if pair[0].startswith("filter[")])
    if filter and "filter" in values:
        problems = [*problems, "there is a filter= and a filter[...]=: use one of them"]
    if filter:
        values["filter"] = json.dumps(filter)
    return Query(values=values, problems=tuple(problems))


def _bracketed(pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, object], list[str]]:
    """Return the filter that came as ``filter[id:gt]=1`` or ``filter[formIDs][]=1``, as axios writes an object."""
    filter: dict[str, object] = {}
    problems: list[str] = []
    for name, value in pairs:
        found = _BRACKETS.fullmatch(name)
        if found is None:
            problems.append(f"parameter {shown(name)} is not a filter such as filter[id:gt]")
        elif found[2] is None:
            filter[found[1]] = value
        else:
            held = filter.get(found[1])
            filter[found[1]] = [*held, value] if isinstance(held, list) else [value]
    return filter, problems


def shown(text: str) -> str:
    """Return the beginning of what somebody sent, quoted, in ASCII."""
    return ascii(text[:60]).replace("'", '"')
