"""What one scoped key sees of a form: its fields and no other, and never the ticket field, an address or a secret."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from jotgate.policy import FormPolicy
from jotgate.protocols import Counted, FormState, ScopedKey
from jotgate.quota import NEW_YORK

# These list the fields to show, not the fields to hide: JotForm may add to its answers whatever it likes.
_OF_A_FORM = (
    "id", "username", "title", "height", "status", "created_at", "updated_at", "type", "favorite", "archived", "url",
    "slug",
)  # fmt: skip
_OF_A_QUESTION = (
    "qid", "type", "text", "name", "order", "required", "hidden", "readonly", "options", "sublabels", "subLabel",
    "validation", "labelAlign", "hint", "description", "special", "size", "maxsize", "mcolumns", "mrows", "dcolumns",
    "spreadCols", "allowOther", "otherText", "multiple", "rows", "cols", "format", "dateSeparator",
    "allowTime", "timeFormat",
)  # fmt: skip
_OF_A_SUBMISSION = ("id", "form_id", "created_at", "status", "new", "flag", "updated_at", "workflowStatus")


class View:
    """One form as one key sees it."""

    def __init__(self, key: ScopedKey, policy: FormPolicy, state: FormState | None) -> None:
        self.policy = policy
        self._state = state
        self._fields = None if key.fields is None else frozenset(key.fields)
        held = state and (state.ticket_qid, state.ticket_name)
        self._ticket = frozenset(one for one in (policy.ticket_field, *(held or ())) if one)

    def form(self, content: Mapping[str, Any], newest: Counted | None) -> dict[str, Any]:
        """Return the form, with the number and the time of what counts in place of JotForm's own."""
        shown = {name: content[name] for name in _OF_A_FORM if name in content}
        shown["count"] = str(self._state.settled if self._state else 0)
        shown["last_submission"] = None if newest is None else _wall_time(newest.created_at)
        return shown

    def questions(self, content: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the questions that the key sees, by their ids."""
        return {
            qid: {name: asked[name] for name in _OF_A_QUESTION if name in asked}
            for qid, asked in content.items()
            if self._shows(qid, asked.get("name"))
        }

    def row(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return a submission with the answers that the key sees."""
        shown = {name: content[name] for name in _OF_A_SUBMISSION if name in content}
        answers = content.get("answers")
        kept = {}
        if isinstance(answers, dict):
            kept = {
                qid: answer
                for qid, answer in answers.items()
                if isinstance(answer, dict) and self._shows(qid, answer.get("name"))
            }
        # JotForm's own spelling of an empty map.
        return shown | {"answers": kept or []}

    def _shows(self, qid: str, name: object) -> bool:
        # A key names a field by its number or its unique name; a name of digits only would look like a number.
        known_by = {qid, name} if isinstance(name, str) and not name.isdigit() else {qid}
        if known_by & self._ticket:
            return False
        return self._fields is None or bool(known_by & self._fields)


def _wall_time(at: float) -> str:
    return dt.datetime.fromtimestamp(at, NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")
