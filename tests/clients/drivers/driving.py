"""Run the calls of one client and write down what each found. It runs where only the client is installed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping

ADDRESS = os.environ["JOTFORM_ADDRESS"]
KEY = os.environ["JOTFORM_KEY"]
FORM = os.environ["JOTFORM_FORM"]
FOREIGN = os.environ["JOTFORM_FOREIGN"]
#: The ids of the form's submissions, oldest first.
IDS = os.environ["JOTFORM_IDS"].split(",")


def drive(calls: Mapping[str, Callable[[], object]]) -> None:
    """Make the calls one after another; what a call raises is what it found."""
    found: dict[str, object] = {}
    for name, call in calls.items():
        try:
            found[name] = call()
        except Exception as problem:
            found[name] = {"problem": f"{type(problem).__name__}: {problem}"[:300]}
    with open(os.environ["JOTFORM_FOUND"], "w", encoding="utf-8") as file:
        json.dump(found, file)


def successful(envelope: Mapping[str, object]) -> object:
    """Return the content of an answer, for clients that hand on refusals as well. Raises RuntimeError for these."""
    if envelope["responseCode"] != 200:
        raise RuntimeError(f"{envelope['responseCode']} {envelope['message']}")
    return envelope["content"]


def answers(row: Mapping[str, object]) -> dict[str, object]:
    """Return the answers of a submission by their questions."""
    held = row["answers"]
    assert isinstance(held, dict)
    return {qid: one["answer"] for qid, one in held.items() if "answer" in one}
