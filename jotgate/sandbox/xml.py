"""Answers as XML, for paths that end in `.xml`. JotForm offers it; how it names the parts is not recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
#: What XML 1.0 cannot hold, escaped or not.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_xml(body: Mapping[str, object]) -> str:
    """Write an envelope as XML: each key an element, each row of a list an `item`."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element("response", body)}\n'


def _element(name: str, value: object) -> str:
    if not _NAME.fullmatch(name):
        # Question ids are numbers, which no element may be called.
        return f'<item key="{_text(name)}">{_inside(value)}</item>'
    return f"<{name}>{_inside(value)}</{name}>"


def _inside(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(_element(str(key), each) for key, each in value.items())
    if isinstance(value, list):
        return "".join(_element("item", each) for each in value)
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else _text(str(value))


def _text(value: str) -> str:
    return escape(_UNSPEAKABLE.sub("\ufffd", value), {'"': "&quot;"})
