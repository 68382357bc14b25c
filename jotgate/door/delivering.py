"""The body of a webhook: read within limits, and only for the form's id."""

from __future__ import annotations

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Request

_MAX_BODY_BYTES = 2 * 1024 * 1024
_MAX_PARTS = 200
#: What every real delivery carries; a body that was cut off lacks some, or its closing line.
_NEEDED = ("formID", "submissionID", "rawRequest")


def delivered_form_id(request: Request) -> str:
    """Return the form's id in a delivery.

    Raises:
        RequestEntityTooLarge: the body has more than 2 MB.
        BadRequest: it is not a delivery, not a whole one, or one of more than 200 parts.
    """
    length = request.content_length
    if length is None:
        raise BadRequest("a delivery states its length")
    if length > _MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    parser = FormDataParser(
        max_form_memory_size=_MAX_BODY_BYTES,
        max_content_length=_MAX_BODY_BYTES,
        max_form_parts=_MAX_PARTS,
        silent=False,
    )
    stream = request.stream
    try:
        _, fields, _ = parser.parse(stream, request.mimetype, length, request.mimetype_params)
    except RequestEntityTooLarge as error:
        raise BadRequest("the delivery has too many parts") from error
    except (ValueError, LookupError, OSError) as error:
        raise BadRequest("the body cannot be read") from error
    missing = [name for name in _NEEDED if name not in fields]
    if missing:
        raise BadRequest(f"the delivery lacks {', '.join(missing)}")
    return fields["formID"]
