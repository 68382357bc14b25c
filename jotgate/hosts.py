"""Where JotForm lives: its API, its forms, and the origins that its pages come from.

The API key is sent to whatever host the settings name, so that name has to fit one of a few shapes: https and
the default port only, no addresses in digits, no user part, no query. A customer's own domain has to be asked
for by the word ``own:``. Plain http is for the sandbox on this machine.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address

from jotgate.frozen import frozen

MAX_PORT = 65_535
LOOPBACK_NAMES = ("localhost", "127.0.0.1")

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_ORIGIN = rf"(https?)://({_NAME})(?::([1-9][0-9]{{0,4}}))?/?"
_OWN = rf"own:https://({_NAME})/API"
_ENTERPRISE = rf"({_LABEL})\.jotform\.com"
_SANDBOX = r"http://(?:127\.0\.0\.1|localhost):([1-9][0-9]{0,4})"
_MAX_NAME_CHARS = 253
_DEFAULT_PORTS = {"http": 80, "https": 443}

#: A form, the address that takes it, and the page of thanks are on different hosts.
_JOTFORM_PAGES = "https://*.jotform.com"
#: Hosts, beside the form's own, whose pages may end up in the form's frame.
_SHARED_ORIGINS = ("https://www.jotform.com", "https://submit.jotform.com")
#: Names under jotform.com that every account shares; none of them is an Enterprise host.
_SHARED_NAMES = frozenset(("api", "eu-api", "hipaa-api", "form", "eu", "hipaa", "submit", "www"))
_WANTED = (
    'it must be "us", "eu", "hipaa", an Enterprise host such as "school.jotform.com", a domain of your own'
    ' such as "own:https://forms.example.org/API", or the sandbox such as "http://127.0.0.1:8701"'
)


@frozen
class Origin:
    """Scheme, host and port, as a browser compares them (RFC 6454)."""

    #: "http" or "https".
    scheme: str
    #: Lower case.
    host: str
    #: None: the scheme's default.
    port: int | None = None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """Return host and port as in a `Host` header."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Say whether it is on this machine."""
        return self.host in LOOPBACK_NAMES


@frozen
class JotFormHost:
    """One home of JotForm accounts, as JotForm's API documentation and embed codes name it."""

    #: In front of every API path; no slash at the end.
    api_base: str
    #: In front of ``/{form id}``.
    form_origin: str
    #: For a `frame-src`: where the form is, where it is sent, and the page of thanks.
    frame_sources: tuple[str, ...]
    #: Exact origins whose messages to the embedding page may be read.
    message_origins: tuple[str, ...]


def _jotform(api_base: str, form_origin: str) -> JotFormHost:
    return JotFormHost(
        api_base=api_base,
        form_origin=form_origin,
        frame_sources=(_JOTFORM_PAGES,),
        message_origins=(form_origin, *_SHARED_ORIGINS),
    )


_REGIONS = {
    "us": _jotform("https://api.jotform.com", "https://form.jotform.com"),
    "eu": _jotform("https://eu-api.jotform.com", "https://eu.jotform.com"),
    "hipaa": _jotform("https://hipaa-api.jotform.com", "https://hipaa.jotform.com"),
}


def resolve_host(api_host: str) -> JotFormHost:
    """Return the addresses that belong to the setting *api_host*.

    Raises:
        ValueError: it has none of the allowed shapes; the message is a sentence and does not show the text.
    """
    region = _REGIONS.get(api_host)
    if region is not None:
        return region
    if match := re.fullmatch(_SANDBOX, api_host):
        return _sandbox(api_host, _port(match[1]))
    if match := re.fullmatch(_ENTERPRISE, api_host):
        return _enterprise(match[1])
    if match := re.fullmatch(_OWN, api_host):
        return _own(match[1])
    raise ValueError(_WANTED)


def _sandbox(api_base: str, port: int) -> JotFormHost:
    # Two names of one machine are two origins to a browser, as form and submit host are on JotForm.
    origins = (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    return JotFormHost(
        api_base=api_base, form_origin=origins[0], frame_sources=origins, message_origins=origins
    )


def _enterprise(name: str) -> JotFormHost:
    if name in _SHARED_NAMES:
        raise ValueError('it names a host that all accounts share: write "us", "eu" or "hipaa" for those')
    return _jotform(f"https://{name}.jotform.com/API", f"https://{name}.jotform.com")


def _own(host: str) -> JotFormHost:
    if host == "jotform.com" or host.endswith(".jotform.com"):
        raise ValueError("it calls a host of JotForm's a domain of your own: leave out own:https:// and /API")
    if "." not in host or _ends_in_number(host) or len(host) > _MAX_NAME_CHARS:
        raise ValueError("a domain of your own must be a full name such as forms.example.org")
    origin = f"https://{host}"
    return JotFormHost(
        api_base=f"{origin}/API",
        form_origin=origin,
        frame_sources=(_JOTFORM_PAGES, origin),
        message_origins=(origin, *_SHARED_ORIGINS),
    )


def read_origin(text: str) -> Origin:
    """Read scheme, host and perhaps port into the one spelling that browsers use; https or on this machine.

    Raises:
        ValueError: it is anything else; the message is a sentence and does not show the text.
    """
    # Some letters beyond ASCII become ASCII ones in lower case, so they are refused before.
    match = re.fullmatch(_ORIGIN, text.lower()) if text.isascii() else None
    if match is None or len(match[2]) > _MAX_NAME_CHARS:
        raise ValueError(
            'it must be scheme, host and perhaps port, such as "https://school.example", without a path;'
            " names beyond ASCII in their xn-- spelling"
        )
    scheme, host = match[1], match[2]
    if _ends_in_number(host) and not _is_ipv4(host):
        raise ValueError("its host must be a name, or an IPv4 address in four plain decimal numbers")
    port = _port(match[3]) if match[3] else None
    origin = Origin(scheme=scheme, host=host, port=None if port == _DEFAULT_PORTS[scheme] else port)
    if scheme == "http" and not origin.loopback:
        raise ValueError("it must begin with https://: plain http is for localhost and 127.0.0.1 only")
    return origin


def _port(digits: str) -> int:
    port = int(digits)
    if port > MAX_PORT:
        raise ValueError(f"its port must be at most {MAX_PORT}")
    return port


def _ends_in_number(host: str) -> bool:
    """Say whether URL parsers take *host* for an IPv4 address in some base (WHATWG: "ends in a number")."""
    last = host.rpartition(".")[2]
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last) is not None


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True
