"""What the mirror answers with, and its refusals."""

from __future__ import annotations

from collections.abc import Mapping

from jotgate.frozen import frozen
from jotgate.mirroring import wording


@frozen
class Reply:
    """An answer of the mirror."""

    #: As in HTTP; the envelope says the same.
    status: int
    #: The envelope.
    body: Mapping[str, object]
    #: When another try makes sense, in seconds from now, if that is known.
    retry_after_seconds: float | None = None


def unauthorized(resource: str) -> Reply:
    """Refuse what the key does not see, whether it is there or not."""
    return Reply(status=401, body=wording.unauthorized(_told(resource)))


def refuse(message: str) -> Reply:
    """Say what cannot be used of what was asked."""
    return Reply(status=400, body=wording.failure(400, message))


def withheld(resource: str, form_id: str) -> Reply:
    """Say that JotForm no longer shows the form to the site."""
    return Reply(status=401, body=wording.withheld(_told(resource), form_id))


def unavailable(why: str, *, retry_after_seconds: float | None = None) -> Reply:
    """Say that the mirror cannot answer now, and in a few words which part of it is down."""
    message = "The service is temporarily unavailable, try again later."
    body = {"responseCode": 503, "message": message, "content": "", "info": f"{why}."}
    return Reply(status=503, body=body, retry_after_seconds=retry_after_seconds)


def _told(resource: str) -> str:
    # Forms have one wording for every path below them, and so has what there is of an account beside its lists.
    return "form-id" if resource.startswith("form-id") else resource.removesuffix("-others")
