"""What the ledger keeps of answers.

Kept are a keyed digest of all answers, by which an edit is noticed; keyed fingerprints of the fields by which a
submission is found again; and, in clear, the fields that the owner listed for showing and for telling. Nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from jotgate.answers.matching import fingerprint, normalised
from jotgate.answers.sheet import FormAnswers
from jotgate.frozen import frozen
from jotgate.outcomes import ToldField
from jotgate.signed.keyring import CodeKeys

DIGEST_BYTES = 16

#: Behind a field's name, where no setting can have it.
AS_SHOWN = "~"

#: How many characters of one answer are told, and how many of one submission.
MAX_TOLD_CHARS, MAX_TOLD_CHARS_IN_ALL = 5_000, 50_000

_DIGEST_PURPOSE = "answers"
_NO_KINDS: Mapping[str, str] = {}
#: The same answers give the same text, in whatever order they come. What came as JSON has no circles.
_ORDERED = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)


@frozen
class Kept:
    """What the store keeps of one submission's answers."""

    #: Of all answers, under the newest code key, 16 bytes.
    digest: bytes
    #: The lookup fields that have an answer, as settings spell them, with its fingerprint under the newest code key.
    #: Where the form spells it in its own way, as it does dates, that has one as well: `AS_SHOWN` behind the field.
    lookups: tuple[tuple[str, bytes], ...] = ()
    #: The fields to show that have an answer, as settings spell them: {"label": text, "value": text or list of texts}.
    shown: Mapping[str, Mapping[str, str | list[str]]] = field(default_factory=dict, repr=False)
    #: The fields to tell that have an answer, as settings spell them; an answer that is too long is cut.
    told: Mapping[str, ToldField] = field(default_factory=dict, repr=False)


def keep(
    answers: FormAnswers,
    *,
    form_id: str,
    ticket_qid: str,
    lookup_fields: Iterable[str],
    show_fields: Iterable[str],
    code_keys: CodeKeys,
    tell_fields: Iterable[str] = (),
    lookup_kinds: Mapping[str, str] = _NO_KINDS,
) -> Kept:
    """Return what to keep of *answers*; the ticket in *ticket_qid* does not count as one.

    *lookup_kinds* says of some fields how their texts are compared, as in the setting of that name.
    """
    lookups: list[tuple[str, bytes]] = []
    for name in lookup_fields:
        kind, first = lookup_kinds.get(name, ""), ""
        for place, text in zip((name, name + AS_SHOWN), answers.sought(name), strict=False):
            normal = normalised(text, kind)
            if normal and normal != first:
                lookups.append((place, fingerprint(code_keys, form_id, name, normal)))
            first = first or normal
    shown = ((name, answers.shown(name)) for name in show_fields)
    return Kept(
        digest=code_keys.mac(_DIGEST_PURPOSE, _spelled(answers.rows, ticket_qid))[:DIGEST_BYTES],
        lookups=tuple(lookups),
        shown={name: one for name, one in shown if one},
        told=_told(answers, tell_fields),
    )


def _told(answers: FormAnswers, fields: Iterable[str]) -> dict[str, ToldField]:
    told: dict[str, ToldField] = {}
    left = MAX_TOLD_CHARS_IN_ALL
    for name in fields:
        one = answers.told(name, max_chars=min(left, MAX_TOLD_CHARS))
        if one is not None:
            told[name] = one
            left -= one.chars
    return told


def stripped(kept: Kept | None) -> Kept | None:
    """Return what to keep of a submission that is about nobody: the digest alone leads to nobody."""
    return None if kept is None else Kept(digest=kept.digest)


def digests(
    rows: Mapping[str, Mapping[str, Any]], *, ticket_qid: str, code_keys: CodeKeys
) -> tuple[bytes, ...]:
    """Return the digest of all answers under every code key, newest first, 16 bytes each.

    Two digests under one key are equal exactly if every question has the same answer; how the questions
    are put and named does not matter, nor does the ticket.
    """
    return tuple([mac[:DIGEST_BYTES] for mac in code_keys.macs(_DIGEST_PURPOSE, _spelled(rows, ticket_qid))])


def _spelled(rows: Mapping[str, Mapping[str, Any]], ticket_qid: str) -> bytes:
    # As `is_answered`, which is a call for each question.
    answers = {
        qid: answer
        for qid, row in rows.items()
        if qid != ticket_qid and ((answer := row.get("answer")) or answer == 0)
    }
    return _ORDERED.encode(answers).encode()
