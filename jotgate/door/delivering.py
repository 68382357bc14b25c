"""The body of a webhook: read within limits, and only for the ids of the form and of its submission."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Request

from jotgate.door.reading import in_time
from jotgate.jotform.ids import is_id

#: Signatures come as base64 in the body: 3 MB was seen. Larger answers are read back by the sweep all the same.
MAX_BODY_BYTES = 10 * 1024 * 1024
_MAX_PARTS = 200
#: What every real delivery carries; a body that was cut off lacks some, or its closing line.
_NEEDED = ("formID", "submissionID", "rawRequest")


def delivered_ids(request: Request) -> tuple[str, str]:
    """Return the id of the form in a delivery, and whatever it has for that of its submission.

    Raises:
        RequestEntityTooLarge: the body has more than 10 MB.
        RequestTimeout: it did not come in time.
        BadRequest: it is not a delivery, not a whole one, or one of more than 200 parts.
    """
    body = _whole_body(request)
    parser = FormDataParser(max_form_parts=_MAX_PARTS, silent=False)
    try:
        _, fields, _ = parser.parse(BytesIO(body), request.mimetype, len(body), request.mimetype_params)
    except RequestEntityTooLarge as error:
        raise BadRequest("the delivery has too many parts") from error
    except (ValueError, LookupError, OSError) as error:
        raise BadRequest("the body cannot be read") from error
    missing = [name for name in _NEEDED if name not in fields]
    if missing:
        raise BadRequest(f"the delivery lacks {', '.join(missing)}")
    if not is_id(fields["formID"]):
        raise BadRequest("the delivery's formID is not a number")
    return fields["formID"], fields["submissionID"]


def _whole_body(request: Request) -> bytes:
    """Return the body, within our limit and not the host's. It has a length, or is chunked, as tunnels send it on."""
    length = request.content_length
    if (length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    try:
        with in_time(request.environ):
            body = _all_sent(request)
    except OSError as error:
        raise BadRequest("the body cannot be read") from error
    if len(body) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    if length is not None and len(body) < length:
        raise BadRequest("the body is shorter than its length says")
    return body


def _all_sent(request: Request) -> bytes:
    """Return the body, and of one that is too long a byte more than may be."""
    environ = request.environ
    if request.content_length is None and not environ.get("wsgi.input_terminated"):
        if "uwsgi.version" in environ:
            return _chunks_of_uwsgi()
        if not isinstance(environ.get("wsgi.input"), BytesIO):
            raise BadRequest("the body has no length, and the server does not take chunked bodies apart")
        # Some servers collect a chunked body and do not say so.
        environ["wsgi.input_terminated"] = True
    request.max_content_length = MAX_BODY_BYTES + 1
    return request.get_data(cache=False)


def _chunks_of_uwsgi() -> bytes:
    """Read a chunked body as https://uwsgi-docs.readthedocs.io/en/latest/Chunked.html has it."""
    body = bytearray()
    # A module that there is inside of uWSGI only.
    uwsgi = import_module("uwsgi")
    while len(body) <= MAX_BODY_BYTES and (piece := uwsgi.chunked_read()):
        body += piece
    return bytes(body)
