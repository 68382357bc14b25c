"""The API's paths, and one accepted call to them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.wrappers import Request

from .account import Account
from .forms import Form, Submission


class BadInput(Exception):
    """The caller sent something that a write cannot use; the text says what."""

    def __init__(self, message: str, *, content: object = "", resource: str = "") -> None:
        self.content = content
        self.resource = resource
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One accepted API call and what it is about."""

    request: Request
    account: Account
    #: The last part of the path: a qid, the name of a setting, a webhook's index, a plan, a folder, a report.
    key: str
    #: The address that the API is asked at.
    base: str
    #: Without `/v1` and the like.
    path: str
    #: What the path names, if it names a form or a submission.
    form_or_none: Form | None
    submission_or_none: Submission | None

    @property
    def form(self) -> Form:
        """Return the form that the path names."""
        assert self.form_or_none is not None, self.path
        return self.form_or_none

    @property
    def submission(self) -> Submission:
        """Return the submission that the path names."""
        assert self.submission_or_none is not None, self.path
        return self.submission_or_none

    @property
    def team_id(self) -> str | None:
        """Return the team that the call is about, if it names one."""
        return self.request.headers.get("jf-team-id") or None

    def sent(self) -> list[tuple[str, str]]:
        """Return the fields of the body, then those of the query, where some clients put them."""
        return [*self.request.form.items(multi=True), *self.request.args.items(multi=True)]

    def sent_under(self, name: str) -> dict[str, str]:
        """Return the fields `name[...]` by the text in the brackets."""
        prefix = f"{name}["
        return {key[len(prefix) : -1]: text for key, text in self.sent() if key.startswith(prefix)}

    def sent_json(self) -> object:
        """Return the body as JSON. Raises BadInput if it is none."""
        body: object = self.request.get_json(force=True, silent=True)
        if body is None:
            raise BadInput("The body is not JSON")
        return body


class Digits(BaseConverter):
    """An id; shorter numbers are not available as a path."""

    regex = "[0-9]{10,20}"


#: The endpoint is the call's name in JotForm's documentation.
PATHS = Map(
    [
        Rule("/user", endpoint="user"),
        Rule("/user/usage", endpoint="user-usage"),
        Rule("/user/forms", endpoint="user-forms"),
        Rule("/user/submissions", endpoint="user-submissions"),
        Rule("/user/settings", endpoint="user-settings"),
        Rule("/user/settings/<key>", endpoint="user-settings-key"),
        Rule("/user/subusers", endpoint="user-subusers"),
        Rule("/user/history", endpoint="user-history"),
        Rule("/user/reports", endpoint="user-reports"),
        Rule("/user/folders", endpoint="user-folders"),
        Rule("/user/labels", endpoint="user-labels"),
        Rule("/team/user/me", endpoint="team-user-me"),
        Rule("/folder", endpoint="folder"),
        Rule("/folder/<key>", endpoint="folder-id"),
        Rule("/label", endpoint="label"),
        Rule("/label/<key>", endpoint="label-id"),
        Rule("/label/<key>/resources", endpoint="label-id-resources"),
        Rule("/label/<key>/add-resources", endpoint="label-id-add-resources"),
        Rule("/label/<key>/remove-resources", endpoint="label-id-remove-resources"),
        Rule("/report/<key>", endpoint="report-id"),
        Rule("/form", endpoint="form"),
        Rule("/form/<digits:form_id>", endpoint="form-id"),
        Rule("/form/<digits:form_id>/questions", endpoint="form-id-questions"),
        Rule("/form/<digits:form_id>/question/<key>", endpoint="form-id-question-id"),
        Rule("/form/<digits:form_id>/properties", endpoint="form-id-properties"),
        Rule("/form/<digits:form_id>/properties/<key>", endpoint="form-id-properties-key"),
        Rule("/form/<digits:form_id>/submissions", endpoint="form-id-submissions"),
        Rule("/form/<digits:form_id>/files", endpoint="form-id-files"),
        Rule("/form/<digits:form_id>/reports", endpoint="form-id-reports"),
        Rule("/form/<digits:form_id>/webhooks", endpoint="form-id-webhooks"),
        Rule("/form/<digits:form_id>/webhooks/<key>", endpoint="form-id-webhooks-id"),
        Rule("/form/<digits:form_id>/clone", endpoint="form-id-clone"),
        Rule("/submission/<digits:submission_id>", endpoint="submission-id"),
        Rule("/system/plan/<key>", endpoint="system-plan"),
    ],
    converters={"digits": Digits},
    strict_slashes=False,
)


#: What may stand before a path: `/API` on Enterprise hosts and www.jotform.com, and the version.
_BASES = re.compile(r"(?:/API)?(?:/v1)?(?=/|$)", re.ASCII)


def bare(path: str) -> str:
    """Return the path without `/API` and `/v1` before it, without `.xml` after it, and with single slashes."""
    single = re.sub("/{2,}", "/", path)
    return _BASES.sub("", single, count=1).removesuffix(".xml") or "/"
