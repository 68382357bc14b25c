"""Where a request comes from: the peer's address, or what our own proxies saw and wrote into a header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

#: The headers by which proxies tell it: the one that all of them know, and that of RFC 7239.
X_FORWARDED_FOR, FORWARDED = "X-Forwarded-For", "Forwarded"

_PORT = r":(?:[0-9]{1,5}|_[A-Za-z0-9._-]+)"
#: As Azure's and other balancers write it, and RFC 7239 for IPv6 with and without a port.
_DRESSED = rf"\[([^\[\]]+)\](?:{_PORT})?|([0-9.]+){_PORT}"
_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s",;]*'
_PAIR = rf"[ \t]*[!#-'*+.^_`|~0-9A-Za-z-]+=(?:{_VALUE})[ \t]*"
_ELEMENT = rf"(?:{_PAIR};)*(?:{_PAIR}|[ \t]*)"
_FOR = rf"[ \t]*for=({_VALUE})[ \t]*|{_PAIR}"
_ESCAPE = r"\\(.)"
#: How many commas one element may have within its quotes.
_MAX_COMMAS = 8


def address_of(environ: dict[str, Any], trusted_proxies: int, header: str = X_FORWARDED_FOR) -> str:
    """Return the visitor's address: the peer's, or what the last *trusted_proxies* proxies saw, without a port.

    Only as many entries of *header* are believed as there are proxies of ours, from the right: anybody may have
    written what is further to the left. "" or no address at all, if they tell none.
    """
    if not trusted_proxies:
        return _undressed(str(environ.get("REMOTE_ADDR", "")))
    text = str(environ.get("HTTP_" + header.upper().replace("-", "_"), ""))
    hops = _forwarded(text) if header == FORWARDED else reversed(text.split(","))
    believed = list(islice(hops, trusted_proxies))
    return _undressed(believed[-1]) if believed else ""


def _undressed(text: str) -> str:
    """Return the address in *text*, which may have a port, and brackets for it."""
    text = text.strip()
    found = re.fullmatch(_DRESSED, text)
    return (found[1] or found[2]) if found else text


def _forwarded(header: str) -> Iterator[str]:
    """Iterate over who was forwarded for, from the right; "" where an element does not say it.

    Read from the right as well: a quotation mark that a visitor leaves open swallows nothing that our proxies wrote.
    """
    element = ""
    for piece in reversed(header.split(",")):
        element = f"{piece},{element}" if element else piece
        if re.fullmatch(_ELEMENT, element):
            if element.strip():
                yield _for_whom(element)
            element = ""
        elif element.count(",") >= _MAX_COMMAS:
            return


def _for_whom(element: str) -> str:
    values = [found[1] for found in re.finditer(_FOR, element, re.IGNORECASE) if found[1] is not None]
    value = values[0] if values else ""
    return re.sub(_ESCAPE, r"\1", value[1:-1]) if value.startswith('"') else value
