"""What one scoped key sees of a form: its fields and no other, and never the ticket field, an address or a secret."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from jotgate.outcomes import Verdict
from jotgate.policy import DEFAULT_TICKET_FIELD, FormPolicy
from jotgate.protocols import Counted, FormState, Known, ScopedKey
from jotgate.quota import NEW_YORK

# These list the fields to show, not the fields to hide: JotForm may add to its answers whatever it likes.
_OF_A_FORM = (
    "id", "username", "title", "height", "status", "created_at", "updated_at", "type", "favorite", "archived", "url",
    "slug",
)  # fmt: skip
# These tell of what does not count, too.
_OF_A_WHOLE_FORM = ("count", "new", "last_submission")
_OF_A_QUESTION = (
    "qid", "type", "text", "name", "order", "required", "hidden", "readonly", "options", "sublabels", "subLabel",
    "validation", "labelAlign", "hint", "description", "special", "size", "maxsize", "mcolumns", "mrows", "dcolumns",
    "spreadCols", "allowOther", "otherText", "multiple", "rows", "cols", "format", "dateSeparator",
    "allowTime", "timeFormat",
)  # fmt: skip
_OF_A_SUBMISSION = ("id", "form_id", "created_at", "status", "new", "flag", "updated_at", "workflowStatus")

#: The property of a submission that holds its verdict.
VERDICT = "jotgate_verdict"


class View:
    """One form as one key sees it."""

    def __init__(
        self, key: ScopedKey, form_id: str, policy: FormPolicy | None = None, state: FormState | None = None
    ) -> None:
        """Show the form of that JotForm id; without a *policy* it is not gated."""
        self.form_id = form_id
        #: Its name in the settings, or its number.
        self.form = form_id if policy is None else policy.form
        self._state = state
        self._shows_all = key.all_submissions
        self._fields = None if key.fields is None else frozenset(key.fields)
        self._ticket = ticket_names(policy, state)

    def form_shown(self, content: Mapping[str, Any], newest: Counted | None) -> dict[str, Any]:
        """Return the form; if only what counts is shown, the number and the time of that in place of JotForm's own."""
        if self._shows_all:
            return {name: content[name] for name in (*_OF_A_FORM, *_OF_A_WHOLE_FORM) if name in content}
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

    def judged_row(self, content: Mapping[str, Any], known: Known | None) -> dict[str, Any]:
        """Return a submission with the answers that the key sees, and its verdict beside them."""
        # JotForm's scalars are texts: programs that make tables of submissions take one more column.
        return self.row(content) | {VERDICT: self._verdict(str(content["id"]), known)}

    def _verdict(self, submission_id: str, known: Known | None) -> str | None:
        """Return the verdict; None: nobody judges it, since it is older than the gate, or the form has none."""
        if known is not None:
            return known.verdict.value
        began_above = None if self._state is None else self._state.began_above
        is_due = began_above is not None and int(submission_id) > int(began_above)
        return Verdict.PENDING.value if is_due else None

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


def ticket_names(policy: FormPolicy | None, state: FormState | None) -> frozenset[str]:
    """Return by which numbers and names the ticket field is known; where nothing is, by its usual name."""
    if policy is None:
        return frozenset({DEFAULT_TICKET_FIELD})
    held = () if state is None else (state.ticket_qid, state.ticket_name)
    return frozenset(one for one in (policy.ticket_field, *held) if one)


def _wall_time(at: float) -> str:
    return dt.datetime.fromtimestamp(at, NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")
