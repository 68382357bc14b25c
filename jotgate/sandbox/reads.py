"""What GET calls return; both kinds of key may make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from . import contents, listing
from .calls import Call
from .faults import Fault, FaultKind, Faults
from .forms import Form, Submission
from .listing import Listing, Row
from .uploads import Uploads
from .world import World

#: The content, and for lists the echo that stands beside it.
Content = tuple[object, "dict[str, object] | None"]


class PageTooLarge(Exception):
    """The page has more rows than an ordered fault lets through."""

    def __init__(self, how: str) -> None:
        self.how = how
        super().__init__(how)


class Reads:
    """The reading half of the API."""

    def __init__(
        self,
        world: World,
        faults: Faults,
        uploads: Uploads,
        others: Mapping[str, Callable[[Call], Content | None]],
    ) -> None:
        """Answer what `others` do not answer by endpoint."""
        self._world = world
        self._faults = faults
        self._by_endpoint: Mapping[str, Callable[[Call], Content | None]] = {
            **others,
            "user": lambda call: (contents.user(world, call.account, call.base), None),
            "user-usage": lambda call: (contents.usage(world, uploads, call.account), None),
            "user-forms": self._forms,
            "user-submissions": self._account_submissions,
            "user-settings": lambda call: (contents.user(world, call.account, call.base), None),
            "user-settings-key": self._setting,
            "user-subusers": lambda call: ([], None),
            "user-history": self._history,
            "team-user-me": lambda call: (contents.teams(world, call.account), None),
            "form-id": self._form,
            "form-id-questions": lambda call: (contents.questions(world, call.form), None),
            "form-id-question-id": self._question,
            "form-id-properties": lambda call: (contents.properties(world, call.form), None),
            "form-id-properties-key": self._property,
            "form-id-submissions": lambda call: self._submissions(call, [call.form.form_id]),
            "form-id-files": lambda call: (contents.files(world, uploads, call.form), None),
            "form-id-webhooks": lambda call: (contents.webhooks(world, call.form), None),
            "submission-id": lambda call: (self._rows(call, [call.submission])[0], None),
        }

    def read(self, endpoint: str, call: Call) -> Content | None:
        """Return the content, or None if there is nothing to read at this path. Raises PageTooLarge."""
        handler = self._by_endpoint.get(endpoint)
        return None if handler is None else handler(call)

    def _forms(self, call: Call) -> Content:
        asked = self._listing(call)
        rows = [contents.form(self._world, each, call.base) for each in self._own_forms(call)]
        page = self._page(call, asked, rows)
        return page, asked.result_set(len(page))

    def _own_forms(self, call: Call) -> list[Form]:
        """Return the account's own forms, or those of the team that the call names."""
        return [form for form in self._world.forms_of(call.account) if form.team_id == call.team_id]

    def _form(self, call: Call) -> Content:
        content = contents.form(self._world, call.form, call.base)
        return [content] if self._world.oddities.form_as_list else content, None

    def _question(self, call: Call) -> Content:
        asked = call.form.questions.get(call.key)
        numeric = call.form.numeric_ids or self._world.oddities.numeric_ids
        return contents.question(asked, numeric=numeric) if asked else [], None

    def _property(self, call: Call) -> Content:
        held = contents.properties(self._world, call.form)
        return {call.key: held[call.key]} if call.key in held else [], None

    def _setting(self, call: Call) -> Content:
        held = contents.user(self._world, call.account, call.base)
        return {call.key: held[call.key]} if call.key in held else [], None

    def _history(self, call: Call) -> Content:
        events = contents.history(self._world, call.account)
        action = call.request.args.get("action", "all")
        kept = [each for each in events if action in ("all", each["type"])]
        return kept[::-1] if call.request.args.get("sortBy", "").upper() == "ASC" else kept, None

    def _account_submissions(self, call: Call) -> Content:
        return self._submissions(call, [form.form_id for form in self._own_forms(call)])

    def _submissions(self, call: Call, form_ids: Sequence[str]) -> Content:
        asked = self._listing(call)
        needs_answers = asked.reads_answers
        left_out = self._faults.take({FaultKind.LEAVE_OUT}, call.path)
        if left_out is not None:
            form_ids = [each for each in form_ids if left_out.text("form_id") not in ("", each)]
        sent = self._world.submissions_of(form_ids)
        if not self._world.oddities.lists_deleted:
            sent = [each for each in sent if each.status != "DELETED"]
        sent.sort(key=lambda each: int(each.submission_id))
        rows = [contents.submission(self._world, each, with_answers=needs_answers) for each in sent]
        page = self._page(call, asked, rows)
        return self._rows(call, [self._world.submission(row["id"]) for row in page]), asked.result_set(
            len(page)
        )

    def _listing(self, call: Call) -> Listing:
        odd = self._world.oddities
        return listing.read(call.request.args, direction=odd.direction, by_value=odd.filters_by_value)

    def _page(self, call: Call, asked: Listing, rows: Sequence[Row]) -> list[Row]:
        fault = self._faults.take({FaultKind.IGNORE_FILTER}, call.path) if asked.filter else None
        ignored = fault is not None or self._world.oddities.ignores_filters
        if asked.orderby.lstrip("-") == "updated_at" and not self._world.oddities.orders_by_edit:
            asked = replace(asked, orderby="id")
        page = asked.page(rows, filtered=not ignored)
        too_large = self._faults.take(
            {FaultKind.PAGE_504_ABOVE}, call.path, when=lambda each: len(page) > each.number("rows")
        )
        if too_large:
            raise PageTooLarge(too_large.text("how"))
        return page

    def _rows(self, call: Call, submissions: Sequence[Submission]) -> list[dict[str, object]]:
        youngest = max((each.created_at for each in submissions), default=0.0)
        age_seconds = self._world.clock.now() - youngest
        late = self._faults.take(
            {FaultKind.NULL_ANSWERS}, call.path, when=lambda each: age_seconds < each.number("seconds")
        )
        return [self._row(each, late) for each in submissions]

    def _row(self, submission: Submission, late: Fault | None) -> dict[str, object]:
        row = contents.submission(self._world, submission)
        if late is None or self._world.clock.now() - submission.created_at >= late.number("seconds"):
            return row
        shape = late.text("shape")
        if shape == "each" and isinstance(row["answers"], dict):
            return row | {"answers": {qid: {**each, "answer": None} for qid, each in row["answers"].items()}}
        return row | {"answers": [] if shape == "empty" else None}
