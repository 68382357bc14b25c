"""The page `/mine`: what somebody has sent, and how far it is."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from jotgate.clock import iso
from jotgate.door.base import Door
from jotgate.door.contexts import spoken_subject
from jotgate.door.links import file_link
from jotgate.door.messages import spoken_moment
from jotgate.door.refusing import refuse
from jotgate.door.rendering import json_response
from jotgate.door.standing import answer_for, submissions_of, viewer_of
from jotgate.door.visitors import wants_json
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.records.standing import Answer, OwnSubmission, ShownField, State


def mine(door: Door, request: Request, form: str) -> Response:
    """Show the visitor's own submissions of *form* that count, or send a stranger to the door."""
    policy = door.parts.gate.policy(form)
    viewer = viewer_of(door, request, form)
    if viewer is None:
        return refuse(door, request, Refuse.unrecorded(Reason.NO_PASS), form=policy)
    answer, found = answer_for(door, form, viewer), submissions_of(door, form, viewer)
    if wants_json(request):
        return json_response(200, _as_json(form, answer, found))
    path, now = door.door_path(request, form), door.parts.clock.now()
    context = {
        "form": policy,
        "submissions": [
            {
                "accepted": one.verdict is Verdict.ACCEPTED,
                "ref": one.ref,
                "sent_text": spoken_moment(one.created_at, policy, now),
                "fields": _fields(door, one),
            }
            for one in found
        ],
        "pending": answer.state is State.PENDING,
        "expected_text": spoken_moment(answer.expected_by, policy, now) if answer.expected_by else "",
        "door_url": path,
        "subject": spoken_subject(viewer.subject),
        # A login is left where it was made.
        "leave_url": f"{path}/leave" if door.held(request, form) else "",
    }
    return door.page(request, 200, "jotgate/mine.html", context)


def _fields(door: Door, submission: OwnSubmission) -> list[dict[str, Any]]:
    host = door.parts.settings.host
    return [
        {"label": field.label, "texts": [(text, file_link(text, host)) for text in _texts(field)]}
        for field in submission.fields
    ]


def _texts(field: ShownField) -> tuple[str, ...]:
    return (field.value,) if isinstance(field.value, str) else field.value


def _as_json(form: str, answer: Answer, found: list[OwnSubmission]) -> dict[str, Any]:
    return {
        "form": form,
        "state": answer.state,
        "as_of": iso(answer.as_of),
        "expected_by": iso(answer.expected_by),
        "submissions": [
            {
                "ref": one.ref,
                "verdict": one.verdict.value,
                "created_at": iso(one.created_at),
                "fields": [
                    {"name": field.name, "label": field.label, "value": field.value} for field in one.fields
                ],
            }
            for one in found
        ],
    }
