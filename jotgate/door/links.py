"""Which of a visitor's answers become links on a page: addresses of uploaded files at JotForm, and nothing else.

Browsers read addresses by rules of their own (https://url.spec.whatwg.org): a backslash is a slash to them, tabs and
line ends are nothing, and what stands before an "@" is not a host. So no answer is linked as it was written. A link is
put together from parts that were checked, in the one spelling that a browser leaves as it is.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from jotgate.hosts import JotFormHost

_FILE = r"(?ai:https)://([A-Za-z0-9.-]{1,253})/uploads/([^?#\\]+)"
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONE_PERCENT = r"%(?![0-9A-Fa-f]{2})"
_PLAIN_IN_PATHS = "%/!$&'()*+,;=:@"


class FileLink(NamedTuple):
    """A link to an uploaded file."""

    #: Rebuilt: https, a host of JotForm's, and a path below ``/uploads/``.
    address: str
    #: What the file is called.
    name: str


def file_link(text: str, host: JotFormHost) -> FileLink | None:
    """Return the link to the uploaded file whose address is *text*; None: it is only somebody's words. Total."""
    found = re.fullmatch(_FILE, text)
    if found is None or not text.isprintable() or not _is_jotforms(found[1].lower(), host):
        return None
    path = quote(re.sub(_LONE_PERCENT, "%25", found[2]), safe=_PLAIN_IN_PATHS, errors="replace")
    steps = unquote(path).split("/")
    if "." in steps or ".." in steps:
        return None
    name = steps[-1] if steps[-1].isprintable() else ""
    return FileLink(f"https://{found[1].lower()}/uploads/{path}", name or text)


def _is_jotforms(name: str, host: JotFormHost) -> bool:
    labels = name.split(".")
    is_below = labels[-2:] == ["jotform", "com"] and all(map(_LABEL.fullmatch, labels))
    return is_below or name == urlsplit(host.form_origin).hostname
