"""Forms that only report: who would be refused goes on, and that is noted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jotgate.outcomes import Reason
from jotgate.policy import FormPolicy
from jotgate.records.reporting import Program, Reports, program_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_log = logging.getLogger("jotgate.door")

#: A fault of the request itself is refused in every mode, and a pause is a person's word.
_ALWAYS_REFUSED = frozenset({Reason.UNKNOWN_FORM, Reason.MALFORMED, Reason.CROSS_SITE, Reason.PAUSED})
#: In the environ: the forms for which a would-be refusal of this request was noted. One request counts once.
_NOTED = "jotgate.noted"


class Reporter:
    """The one place that decides whether a refusal is only noted."""

    __slots__ = ("_reporting", "_reports")

    def __init__(self, policies: Mapping[str, FormPolicy], reports: Reports) -> None:
        self._reporting = {form for form, policy in policies.items() if policy.reports_only}
        self._reports = reports

    def lets_through(
        self,
        environ: WSGIEnvironment,
        forms: Sequence[str],
        reason: Reason,
        program: Program | None = None,
    ) -> bool:
        """Say whether a visitor who lacks a pass for any of *forms* goes on all the same; if so, note it.

        They do if every one of the forms only reports: a form that is added to a guarded path in order to report
        does not open it. *program* is what an authentic token said of its app; None: what the request itself says.
        """
        if not self._reporting.issuperset(forms) or reason in _ALWAYS_REFUSED:
            return False
        if reason is Reason.STORE_DOWN:
            _log.warning("visitor.let_through_unnoted", extra={"form": forms[0]})
            return True
        noted: set[str] = environ.setdefault(_NOTED, set())
        if forms[0] not in noted:
            noted.add(forms[0])
            self._reports.note(forms[0], reason, program or program_of(environ.get("HTTP_USER_AGENT", "")))
        return True
