"""Answers as JotForm's API tells them: read by the type of their question, compared, and what the ledger keeps of them.

Pure: nothing here asks or writes. Whatever a person wrote, or JotForm made of it, gives a text and never an exception.
"""

from __future__ import annotations

from jotgate.answers.keeping import Kept, digests, keep, stripped
from jotgate.answers.matching import asked_for, fingerprints, normalised
from jotgate.answers.sheet import FormAnswers, text_of
from jotgate.answers.types import TYPES, is_answered

__all__ = [
    "TYPES",
    "FormAnswers",
    "Kept",
    "asked_for",
    "digests",
    "fingerprints",
    "is_answered",
    "keep",
    "normalised",
    "stripped",
    "text_of",
]
