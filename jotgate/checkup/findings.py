"""What a checkup finds: one finding for each thing that was looked at."""

from __future__ import annotations

from enum import Enum

from jotgate.errors import QuotaExhausted, StoreUnavailable, UpstreamError, UpstreamReason
from jotgate.frozen import frozen
from jotgate.hosts import read_origin
from jotgate.wiring import Parts

#: Why a call fails if the account is kept in another region, as far as is known.
REGION_HINT = (
    "The account may live in another region. Log in to JotForm, look at the address in your browser, and set"
    ' api_host to "us" for www, "eu" for eu, "hipaa" for hipaa, or to a name of your own if it has one.'
)


class Level(Enum):
    """How it is; printed as it is spelled."""

    OK = "ok"
    WARN = "warn"  #: it works, but something is missing or could be better.
    FAIL = "fail"  #: submissions or visitors are turned away, or nothing is judged.


@frozen
class Finding:
    """One thing that was looked at."""

    level: Level
    topic: str
    #: How it is, and what to do if it should be otherwise; never a secret.
    words: str
    #: The form concerned, or None.
    form: str | None = None
    #: What to click in JotForm's menus or to run, one step after the other, in whole sentences.
    steps: tuple[str, ...] = ()


def trouble(error: Exception) -> str:
    """Return why JotForm could not be asked, with what to do about it."""
    match error:
        case QuotaExhausted():
            return "today's calls are used up; run this again after the reset (`quota` shows when)"
        case StoreUnavailable():
            return f"{error}; JotForm is not asked while calls cannot be counted"
        case UpstreamError(reason=UpstreamReason.UNAUTHORIZED):
            return f"JotForm refused it. {REGION_HINT}"
        case UpstreamError(reason=UpstreamReason.MALFORMED):
            return f"{error}. {REGION_HINT}"
        case _:
            return f"{error}; try again later, and look at http_proxy if this machine needs a proxy"


def unseen(form_id: str) -> str:
    """Return why a key that works is refused a form, with what to do about it."""
    return (
        f"this key cannot see a form {form_id}: the id is wrong, or the form belongs to another account. The id is the"
        " number in the form's address"
    )


def hook_address(parts: Parts, secret: str) -> str:
    """Return where JotForm's webhook is to go."""
    return f"{parts.settings.site_url}{parts.settings.url_prefix}/hook/{secret}"


def is_sandboxed(parts: Parts) -> bool:
    """Say whether JotForm is the sandbox on this machine."""
    return parts.settings.api_host.startswith("http://")


def is_on_this_machine(parts: Parts) -> bool:
    """Say whether the site can be reached from this machine only."""
    return read_origin(parts.settings.site_url).loopback
