"""The answers of one submission, by the names of their questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jotgate.answers import readings
from jotgate.answers.locks import Lock
from jotgate.answers.types import is_answered, type_of
from jotgate.outcomes import ToldField
from jotgate.spelling import without_entities

Row = Mapping[str, Any]

_NO_ROWS: Mapping[str, Row] = {}


class _Found:
    """An answered question, or one part of it."""

    __slots__ = ("answer", "is_part", "row", "type")

    def __init__(self, row: Row, answer: Any, is_part: bool) -> None:
        self.row = row
        #: As JotForm gave it.
        self.answer = answer
        self.is_part = is_part
        self.type = type_of(row)

    @property
    def text(self) -> str:
        if self.is_part:
            return readings.every_part(self.answer)
        return self.type.shown(self.answer, self.row.get("prettyFormat"))

    @property
    def parts(self) -> dict[str, str]:
        """The parts that say something, by their names; those of a list by their numbers."""
        named: Iterable[tuple[str, Any]] = ()
        if isinstance(self.answer, dict):
            named = self.answer.items()
        elif isinstance(self.answer, list):
            named = ((str(place), one) for place, one in enumerate(self.answer))
        return {part: text for part, one in named if (text := readings.every_part(one))}

    @property
    def lock(self) -> Lock:
        return self.type.part_lock if self.is_part else self.type.lock


class FormAnswers(Mapping[str, str]):
    """The questions of one submission that have an answer: a field's name -> the answer as text.

    Ask for a field by its unique name, by its question id, or in part (``name[first]``). Iteration gives each
    answered question once. Texts are made when they are asked for, by the type of the question, and never shown by
    `repr`.
    """

    __slots__ = ("_names", "rows")

    def __init__(self, rows: Mapping[str, Row] = _NO_ROWS) -> None:
        """Read JotForm's map of question id -> {name, type, text, answer, prettyFormat, ...}."""
        self.rows = rows
        self._names: dict[str, Row] | None = None

    def __repr__(self) -> str:
        return f"<Answers to {len(self)} questions>"

    def __getitem__(self, key: str) -> str:
        found = self._find(key)
        if found is None:
            raise KeyError(key)
        return found.text

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._find(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._named())

    def __len__(self) -> int:
        return len(self._named())

    def shown(self, key: str) -> dict[str, str | list[str]] | None:
        """Return how the form puts the question *key* (or *key* itself, if it does not say), and what was answered.

        None if the question does not exist, or there is nothing to show.
        """
        found = self._find(key)
        value = None if found is None else _listed(found) or found.text
        if found is None or not value:
            return None
        label = found.row.get("text")
        return {
            "label": (without_entities(label).strip() if isinstance(label, str) else "") or key,
            "value": value,
        }

    def told(self, key: str, *, max_chars: int) -> ToldField | None:
        """Return what was answered to the question *key*, in so many characters at most; None if there is nothing."""
        found = self._find(key)
        text = "" if found is None else found.text
        if found is None or not text:
            return None
        whole = ToldField(text=text, parts=found.parts)
        return whole if whole.chars <= max_chars else ToldField(text=text[:max_chars], cut=True)

    def sought(self, key: str) -> tuple[str, ...]:
        """Return the texts that the answer *key* is found by: as it is in every form, and as people see it in this one.

        None if there is no answer.
        """
        found = self._find(key)
        if found is None:
            return ()
        if found.is_part or found.type.is_read_one_way:
            return (found.text,)
        return ((found.type.sought or found.type.read)(found.answer), found.text)

    def came_back(self, key: str, given: str) -> bool:
        """Say whether the question *key* has the value that was filled in, as far as its type tells."""
        found = self._find(key)
        if found is None:
            return not given.strip()
        if found.lock(given, found.answer, found.text):
            return True
        return not found.is_part and found.lock(given, found.answer, found.type.read(found.answer))

    def _find(self, key: str) -> _Found | None:
        """Return the answered question that *key* names, and what of its answer is meant."""
        row = self._named().get(key)
        if row is not None:
            return _Found(row, row["answer"], False)
        row, part = self.rows.get(key), ""
        if row is None:
            key, _, part = key.partition("[")
            row = self._named().get(key) or self.rows.get(key, {})
        if not is_answered(row):
            return None
        answer = row["answer"]
        if part:
            answer = answer.get(part.removesuffix("]")) if isinstance(answer, dict) else None
            if not is_answered({"answer": answer}):
                return None
        return _Found(row, answer, bool(part))

    def _named(self) -> dict[str, Row]:
        """Return the questions that have an answer by their names, or by their ids if they have none."""
        if self._names is None:
            self._names = {}
            for qid, row in self.rows.items():
                answer = row.get("answer")
                # As `is_answered`, which is a call for each question.
                if answer or answer == 0:
                    name = row.get("name")
                    # What is a number names a question by its id.
                    is_name = isinstance(name, str) and name and not name.isdecimal()
                    self._names.setdefault(name if is_name else qid, row)  # type: ignore[arg-type]
        return self._names


def text_of(answer: object, type_name: str = "", pretty: object = None) -> str:
    """Return an answer to a question of that type, such as ``control_time``, as one text; "" if there is none.

    *pretty* is JotForm's `prettyFormat`, if there is one. Total on whatever JSON can say.
    """
    return type_of({"type": type_name}).shown(answer, pretty)


def _listed(found: _Found) -> list[str]:
    """Return one by one what was chosen, if it is shown so."""
    if found.is_part or not found.type.is_list or not isinstance(found.answer, list):
        return []
    return [text for one in found.answer if (text := readings.every_part(one))]
