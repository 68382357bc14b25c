"""The addresses at which JotForm shows a form, with fields filled in."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from jotgate.jotform.ids import checked_id


def frame_address(form_origin: str, form_id: str, prefill: Mapping[str, str]) -> str:
    """Return the address at which *form_origin* shows the form in an iframe, its fields filled in by name.

    JotForm reads ``isIframeEmbed=1`` (its help page on iframes); the rest is as in `form_address`.

    Raises:
        InputError: *form_id* is not a JotForm id.
    """
    return form_address(form_origin, form_id, {**prefill, "isIframeEmbed": "1"})


def form_address(form_origin: str, form_id: str, prefill: Mapping[str, str]) -> str:
    """Return the address at which *form_origin* shows the form by itself, its fields filled in by name.

    JotForm reads ``?{field name}={value}``, also nested names such as ``name87[first]`` (its help page on
    prefilling). Every name and value is percent-encoded, blanks as ``%20``.

    Raises:
        InputError: *form_id* is not a JotForm id.
    """
    query = urlencode(list(prefill.items()), quote_via=quote, safe="", errors="replace")
    return f"{form_origin.rstrip('/')}/{checked_id(form_id)}?{query}"
