"""The pages `/mine`: what somebody has sent, and how far it is; of one form, and of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from werkzeug.wrappers import Request, Response

from jotgate.clock import iso
from jotgate.door.base import Door
from jotgate.door.choosing import language_of
from jotgate.door.contexts import spoken_subject
from jotgate.door.links import file_link
from jotgate.door.messages import spoken_moment
from jotgate.door.refusing import refuse
from jotgate.door.rendering import json_response
from jotgate.door.standing import Viewer, answer_for, submissions_of, viewer_of, viewers_of
from jotgate.door.visitors import wants_json
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.policy import FormPolicy
from jotgate.records.standing import Answer, OwnSubmission, ShownField, State
from jotgate.speaking import IN_ENGLISH, Language


def mine(door: Door, request: Request, form: str) -> Response:
    """Show the visitor's own submissions of *form* that count, or send a stranger to the door."""
    policy = door.parts.gate.policy(form)
    viewer = viewer_of(door, request, form)
    if viewer is None:
        return refuse(door, request, Refuse.unrecorded(Reason.NO_PASS), form=policy)
    own = _own(door, policy, viewer, door.parts.standings.edits_as_of())
    if wants_json(request):
        return json_response(200, _as_json(own))
    path = door.door_path(request, form)
    context = own_context(door, own, language_of(door, request, policy)) | {
        "door_url": path,
        "subject": spoken_subject(viewer.subject),
        # A login is left where it was made.
        "leave_url": f"{path}/leave" if door.held(request, form) else "",
    }
    return door.page(request, 200, "jotgate/mine.html", context)


def all_mine(door: Door, request: Request) -> Response:
    """Show the visitor's own submissions of all forms that count: of each form as its own page does."""
    viewers = viewers_of(door, request)
    if not viewers:
        return refuse(door, request, Refuse.unrecorded(Reason.NO_PASS), form=None)
    edits = door.parts.standings.edits_as_of()
    owned = [_own(door, door.parts.gate.policy(form), viewer, edits) for form, viewer in viewers.items()]
    if wants_json(request):
        return json_response(200, {"forms": [_as_json(own) for own in owned]})
    language = language_of(door, request, None)
    forms = [
        own_context(door, own, language) | {"mine_url": f"{door.door_path(request, own.policy.form)}/mine"}
        for own in owned
        if own.submissions or own.answer.state is State.PENDING
    ]
    return door.page(request, 200, "jotgate/all_mine.html", {"form": None, "forms": forms})


class Own(NamedTuple):
    """What a visitor has sent of one form."""

    policy: FormPolicy
    answer: Answer
    #: Those that count, newest first.
    submissions: list[OwnSubmission]
    #: Edits made before this moment were seen, seconds since the epoch, UTC; None: none was looked for yet.
    edits_as_of: float | None


def _own(door: Door, policy: FormPolicy, viewer: Viewer, edits: Mapping[str, float | None]) -> Own:
    form = policy.form
    answer, found = answer_for(door, form, viewer), submissions_of(door, form, viewer)
    return Own(policy, answer, found, edits.get(form))


def own_context(door: Door, own: Own, language: Language = IN_ENGLISH) -> dict[str, Any]:
    """Return what a page needs to show it."""
    now = door.parts.clock.now()

    def spoken(at: float | None) -> str:
        return "" if at is None else spoken_moment(at, own.policy, now, language)

    return {
        "form": own.policy,
        "submissions": [
            {
                "accepted": one.verdict is Verdict.ACCEPTED,
                "ref": one.ref,
                "sent_text": spoken(one.created_at),
                "fields": _fields(door, one),
            }
            for one in own.submissions
        ],
        "pending": own.answer.state is State.PENDING,
        "expected_text": spoken(own.answer.expected_by),
        "as_of_text": spoken(own.answer.as_of),
        "edits_text": spoken(own.edits_as_of) if own.submissions else "",
    }


def _fields(door: Door, submission: OwnSubmission) -> list[dict[str, Any]]:
    host = door.parts.settings.host
    return [
        {"label": field.label, "texts": [(text, file_link(text, host)) for text in _texts(field)]}
        for field in submission.fields
    ]


def _texts(field: ShownField) -> tuple[str, ...]:
    return (field.value,) if isinstance(field.value, str) else field.value


def _as_json(own: Own) -> dict[str, Any]:
    return {
        "form": own.policy.form,
        "state": own.answer.state,
        "as_of": iso(own.answer.as_of),
        "edits_as_of": iso(own.edits_as_of),
        "expected_by": iso(own.answer.expected_by),
        "submissions": [
            {
                "ref": one.ref,
                "verdict": one.verdict.value,
                "created_at": iso(one.created_at),
                "fields": [
                    {"name": field.name, "label": field.label, "value": field.value} for field in one.fields
                ],
            }
            for one in own.submissions
        ],
    }
