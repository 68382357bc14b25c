"""The address of a form's iframe."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from jotgate.jotform.payloads import checked_id


def frame_address(form_origin: str, form_id: str, prefill: Mapping[str, str]) -> str:
    """Return the address at which *form_origin* shows the form in an iframe, its fields filled in by name.

    JotForm reads ``?{field name}={value}``, also nested names such as ``name87[first]``, and
    ``isIframeEmbed=1`` (JotForm's help pages on prefilling and on iframes). Every name and value is
    percent-encoded, blanks as ``%20``.

    Raises:
        InputError: *form_id* is not a JotForm id.
    """
    query = urlencode([*prefill.items(), ("isIframeEmbed", "1")], quote_via=quote, safe="", errors="replace")
    return f"{form_origin.rstrip('/')}/{checked_id(form_id)}?{query}"
