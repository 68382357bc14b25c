"""Reports of forms: made, listed and deleted; nobody reads what would stand in them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .calls import BadInput, Call
from .reads import Content
from .world import World

LIST_TYPES = ("excel", "csv", "grid", "table", "calendar", "rss", "visual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report of a form."""

    report_id: str
    form_id: str
    title: str
    #: Columns: question ids, `ip` and `dt` (the date), joined by commas.
    fields: str
    list_type: str
    #: Seconds since the epoch, UTC.
    created_at: float


class Reports:
    """The reports of every account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._reports: dict[str, Report] = {}
        self.reads: Mapping[str, Callable[[Call], Content | None]] = {
            "user-reports": lambda call: (self._listed(call, None), None),
            "form-id-reports": lambda call: (self._listed(call, call.form.form_id), None),
            "report-id": self._one,
        }
        self.writes: Mapping[tuple[str, str], tuple[str, Callable[[Call], object]]] = {
            ("POST", "form-id-reports"): ("create report", self._create),
            ("DELETE", "report-id"): ("delete report", self._delete),
        }

    def _own(self, call: Call) -> list[Report]:
        forms = {form.form_id for form in self._world.forms_of(call.account)}
        return [each for each in self._reports.values() if each.form_id in forms]

    def _listed(self, call: Call, form_id: str | None) -> list[dict[str, object]]:
        return [self._content(each, call) for each in self._own(call) if form_id in (None, each.form_id)]

    def _one(self, call: Call) -> Content | None:
        found = [each for each in self._own(call) if each.report_id == call.key]
        return (self._content(found[0], call), None) if found else None

    def _create(self, call: Call) -> object:
        asked = dict(call.sent())
        if asked.get("list_type", "") not in LIST_TYPES:
            raise BadInput(f"list_type must be one of {', '.join(LIST_TYPES)}")
        report = Report(
            report_id=f"{secrets.randbelow(9 * 10**14) + 10**14}",
            form_id=call.form.form_id,
            title=asked.get("title", "Untitled Report"),
            fields=asked.get("fields", "ip,dt"),
            list_type=asked["list_type"],
            created_at=self._world.clock.now(),
        )
        self._reports[report.report_id] = report
        return self._content(report, call)

    def _delete(self, call: Call) -> object:
        if call.key not in {each.report_id for each in self._own(call)}:
            raise BadInput(f"There is no report {call.key}")
        del self._reports[call.key]
        return True

    def _content(self, report: Report, call: Call) -> dict[str, object]:
        return {
            "id": report.report_id,
            "form_id": report.form_id,
            "title": report.title,
            "fields": report.fields,
            "list_type": report.list_type,
            "status": "ENABLED",
            "settings": "",
            "created_at": self._world.local(report.created_at),
            "updated_at": None,
            "url": f"{call.base}/{report.list_type}/{report.report_id}",
            "isProtected": False,
        }
