"""Answers as JotForm's API tells them: made into text, and what the ledger keeps of them.

Kept are a keyed digest of all answers, by which an edit is noticed; keyed fingerprints of the fields by which a
submission is found again; and, in clear, the fields that the owner listed for showing. Nothing else.

Pure: nothing here asks or writes. Whatever a person wrote, or JotForm made of it, gives a text and never an exception.
"""

from __future__ import annotations

import hmac
import html
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jotgate.keyring import CodeKeys

DIGEST_BYTES = 16
FINGERPRINT_BYTES = 16

_DIGEST_PURPOSE = "answers"
_LOOKUP_PURPOSE = "lookup"
#: JotForm's answers are maps in maps at the most (a matrix of inputs).
_DEEPEST = 6
_MANY_DIGITS = 10**40
_NAME_PARTS = ("prefix", "first", "middle", "last", "suffix")
_ADDRESS_PARTS = ("addr_line1", "addr_line2", "city", "state", "postal", "country")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the store keeps of one submission's answers."""

    #: Of all answers, under the newest code key, 16 bytes.
    digest: bytes
    #: The lookup fields that have an answer, as settings spell them, with its fingerprint under the newest code key.
    lookups: tuple[tuple[str, bytes], ...] = ()
    #: The fields to show that have an answer, as settings spell them: {"label": text, "value": text or list of texts}.
    shown: Mapping[str, Mapping[str, str | list[str]]] = field(default_factory=dict, repr=False)


class Answers(Mapping[str, str]):
    """The questions of one submission that have an answer: a field's name -> the answer as text.

    A field is asked for by its unique name, by its question id, or in part (``name[first]``). Iteration gives each
    answered question once. Texts are made when they are asked for, and never shown by `repr`.
    """

    __slots__ = ("_names", "_rows")

    def __init__(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Read JotForm's map of question id -> {name, text, answer, ...}."""
        self._rows = rows
        self._names: dict[str, Mapping[str, Any]] | None = None

    def __repr__(self) -> str:
        return f"<Answers to {len(self)} questions>"

    def __getitem__(self, key: str) -> str:
        return text_of(self.answer(key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._named())

    def __len__(self) -> int:
        return len(self._named())

    def answer(self, key: str) -> Any:
        """Return the answer to *key* as JotForm gave it.

        Raises:
            KeyError: there is no such question, or no answer to it.
        """
        row, part = self._find(key)
        answer = row["answer"]
        if not part:
            return answer
        if not isinstance(answer, Mapping) or not answer.get(part):
            raise KeyError(key)
        return answer[part]

    def label(self, key: str) -> str:
        """Return how the form puts the question *key*, or *key* itself if it does not say; KeyError as above."""
        text = self._find(key)[0].get("text")
        return text.strip() if isinstance(text, str) and text.strip() else key

    def _find(self, key: str) -> tuple[Mapping[str, Any], str]:
        """Return the answered question that *key* names, and which part of it is meant."""
        row, part = self._row(key), ""
        if row is None:
            key, _, part = key.partition("[")
            row = self._row(key)
        if row is None or not row.get("answer"):
            raise KeyError(key)
        return row, part.removesuffix("]")

    def _row(self, key: str) -> Mapping[str, Any] | None:
        return self._rows.get(key) if _is_number(key) else self._named().get(key)

    def _named(self) -> dict[str, Mapping[str, Any]]:
        if self._names is None:
            self._names = {}
            for qid, row in self._rows.items():
                if row.get("answer"):
                    name = row.get("name")
                    is_name = isinstance(name, str) and name and not _is_number(name)
                    self._names.setdefault(str(name) if is_name else qid, row)
        return self._names


def keep(
    rows: Mapping[str, Mapping[str, Any]],
    *,
    form: str,
    ticket_qid: str,
    lookup_fields: Iterable[str],
    show_fields: Iterable[str],
    code_keys: CodeKeys,
) -> Kept:
    """Return what is kept of the answers in *rows*, JotForm's map; the ticket in question *ticket_qid* is none."""
    answers = Answers(rows)
    lookups = ((name, fingerprints(code_keys, form, name, answers.get(name, ""))) for name in lookup_fields)
    return Kept(
        digest=digests(rows, ticket_qid=ticket_qid, code_keys=code_keys)[0],
        lookups=tuple((name, found[0]) for name, found in lookups if found),
        shown={name: _shown(answers, name) for name in show_fields if name in answers},
    )


def stripped(kept: Kept | None) -> Kept | None:
    """Return what is kept of a submission that is about nobody: by the digest alone nobody is found."""
    return None if kept is None else Kept(digest=kept.digest)


def digests(
    rows: Mapping[str, Mapping[str, Any]], *, ticket_qid: str, code_keys: CodeKeys
) -> tuple[bytes, ...]:
    """Return the digest of all answers under every code key, newest first, 16 bytes each.

    Two digests under one key are equal exactly if every question has the same answer; how the questions
    are put and named does not matter, nor does the ticket.
    """
    answers = {qid: row["answer"] for qid, row in rows.items() if qid != ticket_qid and row.get("answer")}
    text = json.dumps(answers, sort_keys=True, separators=(",", ":")).encode()
    keys = code_keys.keys(_DIGEST_PURPOSE).values()
    return tuple(hmac.digest(key, text, "sha256")[:DIGEST_BYTES] for key in keys)


def fingerprints(code_keys: CodeKeys, form: str, name: str, text: str) -> tuple[bytes, ...]:
    """Return the 16 bytes that stand for *text* in field *name* of *form*, under every code key, newest first.

    Texts that `normalised` makes equal have the same ones. None for a text of white space: nothing can be found
    by it. Without the key, a fingerprint tells nothing, not even that another field holds the same.
    """
    text = normalised(text)
    if not text:
        return ()
    message = "\0".join((form, name, text)).encode("utf-8", "surrogatepass")
    keys = code_keys.keys(_LOOKUP_PURPOSE).values()
    return tuple(hmac.digest(key, message, "sha256")[:FINGERPRINT_BYTES] for key in keys)


def normalised(text: str) -> str:
    """Return *text* as it is looked up: plain forms (NFKC), no difference of case, single spaces, none around it."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = " ".join(text.casefold().split())
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def unchanged(given: str, came_back: str) -> bool:
    """Say whether a value that was filled in came back as it was.

    Stripped, wrapped in another way, or spelled in HTML's entities is no change.
    """
    return _plain(given) in (_plain(came_back), _plain(html.unescape(came_back)))


def text_of(answer: object) -> str:
    """Return an answer as one text, empty if there is none. Total on whatever JSON can say."""
    return _text(answer, _DEEPEST)


def _text(answer: object, depth: int) -> str:
    if isinstance(answer, str):
        return answer.strip()
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if isinstance(answer, (int, float)):
        # Python refuses to spell integers of thousands of digits.
        return str(answer) if abs(answer) < _MANY_DIGITS else ""
    if not depth:
        return ""
    if isinstance(answer, Mapping):
        return _composite({str(part): _text(inner, depth - 1) for part, inner in answer.items()})
    if isinstance(answer, (list, tuple)):
        return _joined("; ", (_text(inner, depth - 1) for inner in answer))
    return ""


def _composite(parts: Mapping[str, str]) -> str:
    """Return the parts of a name, an address, a date, a telephone number or anything else, as they are read out."""
    if parts.keys() & {"first", "last"}:
        return _joined(" ", (parts.get(part, "") for part in _NAME_PARTS))
    if "full" in parts:
        return parts["full"]
    if "phone" in parts:
        area = parts.get("area")
        return _joined(" ", (parts.get("country", ""), f"({area})" if area else "", parts["phone"]))
    if {"year", "month", "day"} <= parts.keys():
        return _moment(parts)
    if parts.keys() & set(_ADDRESS_PARTS):
        return _joined(", ", (parts.get(part, "") for part in _ADDRESS_PARTS))
    return _joined("; ", parts.values())


def _moment(parts: Mapping[str, str]) -> str:
    date = "-".join((parts["year"], parts["month"].zfill(2), parts["day"].zfill(2)))
    if not parts["year"]:
        return ""
    hour, minute = parts.get("hour", ""), parts.get("min", "")
    time = f"{hour}:{minute.zfill(2)}" if hour else ""
    return _joined(" ", (date, time, parts.get("ampm", "") if time else ""))


def _shown(answers: Answers, name: str) -> dict[str, str | list[str]]:
    answer = answers.answer(name)
    texts = [text for text in map(text_of, answer) if text] if isinstance(answer, list) else text_of(answer)
    return {"label": answers.label(name), "value": texts}


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit()


def _joined(separator: str, texts: Iterable[str]) -> str:
    return separator.join(filter(None, texts))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
