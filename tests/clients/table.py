"""The table in the documentation: which client does what, and why something does not work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients.catalogue import PLACES, SCOPED, Client

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
_BEGIN, _END = "<!-- begin: make clients -->\n", "<!-- end: make clients -->\n"
#: What each call is called in the table.
WORDS: Mapping[str, str] = {
    "account": "the account",
    "forms": "forms",
    "form": "a form",
    "questions": "questions",
    "names": "questions' names",
    "submissions": "a form's submissions",
    "all submissions": "all submissions",
    "newer": "those above an id",
    "search": "a search in answers",
    "newest": "the newest one",
    "new submissions": "new ones",
    "new entries": "whether any is new",
    "submission": "one submission",
    "read answers": "its answers read",
    "folders": "folders",
    "reports": "reports",
    "history": "history",
    "foreign": "JotForm's refusal for another form",
    "write": "writing",
    "webhook": "webhooks",
}
#: With a scoped key these are refused, and the client has to notice.
_REFUSED = ("write", "webhook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one client did."""

    client: Client
    #: By place and call: what is wrong, None where nothing is.
    places: Mapping[str, Mapping[str, str | None]]

    def surprises(self) -> list[str]:
        """Return what does not work without a note that explains it, and the notes about what does work."""
        found = []
        for place, calls in self.places.items():
            for call, problem in calls.items():
                noted = (place, call) in self.client.notes
                if problem is not None and not noted:
                    found.append(f"{place}, {WORDS[call]}: {problem}")
                if problem is None and noted:
                    found.append(f"{place}, {WORDS[call]}: works, although there is a note")
        return found

    def lines(self) -> Iterable[str]:
        """Return the row for the terminal."""
        works = (f"{_count(calls)} of {len(calls)} {place}" for place, calls in self.places.items())
        mark = "NOT AS NOTED" if self.surprises() else "ok"
        yield f"{self.client.name} {self.client.version} ({self.client.registry}): {', '.join(works)}: {mark}"
        yield from (f"    {one}" for one in self.surprises())


def _count(calls: Mapping[str, str | None]) -> int:
    return sum(problem is None for problem in calls.values())


def page_with(rows: Sequence[Row], page: str) -> str:
    """Return the page with the table of *rows* in place of the one it has."""
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}\n{_table(rows)}\n{_END}{after}"


def _table(rows: Sequence[Row]) -> str:
    """Return two tables, of the clients and of their calls, and the notes below them."""
    notes: list[str] = []
    clients = ["| client | from | version | how its address is changed |", "|---|---|---|---|"]
    clients += [
        f"| [`{one.name}`]({one.link}) | {one.registry} | {one.version} | {one.how} |"
        for one in (row.client for row in rows)
    ]
    calls = [f"| | {' | '.join(f'{row.client.name} ({row.client.registry})' for row in rows)} |"]
    calls.append("|---" * (len(rows) + 1) + "|")
    for call, words in WORDS.items():
        cells = [_cell(row, call, notes) for row in rows]
        if any(cells):
            calls.append(f"| {words} | {' | '.join(cells)} |")
    explained = [f"{at}. {text}" for at, text in enumerate(notes, start=1)]
    return "\n".join([*clients, "", *calls, *([""] if notes else []), *explained, ""])


def _cell(row: Row, call: str, notes: list[str]) -> str:
    """Return what became of a call: in the sandbox, and with a scoped key if that is something else."""
    marks = [_mark(row, place, call, notes) for place in PLACES if call in row.places[place]]
    return " / ".join(dict.fromkeys(marks))


def _mark(row: Row, place: str, call: str, notes: list[str]) -> str:
    problem = row.places[place][call]
    if problem is None:
        return "refused" if place == SCOPED and call in _REFUSED else "✓"
    note = row.client.notes.get((place, call), problem)
    if note not in notes:
        notes.append(note)
    return f"✗ ({notes.index(note) + 1})"
