"""The API's paths, and one accepted call to them."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.wrappers import Request

from .account import Account
from .forms import Form, Submission


class BadInput(Exception):
    """The caller sent something that a write cannot use; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One accepted API call and what it is about."""

    request: Request
    account: Account
    #: The last part of the path: a qid, the name of a setting, a webhook's index, a plan.
    key: str
    #: The address that the API is asked at.
    base: str
    #: Without `/v1`.
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

    def sent(self) -> list[tuple[str, str]]:
        """Return the fields of the body, then those of the query, where some clients put them."""
        return [*self.request.form.items(multi=True), *self.request.args.items(multi=True)]

    def sent_under(self, name: str) -> dict[str, str]:
        """Return the fields `name[...]` by what stands in the brackets."""
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
        Rule("/user/<any(subusers, folders, reports, history):key>", endpoint="user-lists"),
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


def without_version(path: str) -> str:
    """Return the path without the optional `/v1` before it."""
    return path[3:] if path.startswith("/v1/") else path
