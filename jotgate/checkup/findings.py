"""What a checkup finds: one finding for each thing that was looked at."""

from __future__ import annotations

from enum import Enum

from jotgate.errors import JotgateError, QuotaExhausted, StoreUnavailable, UpstreamError, UpstreamReason
from jotgate.frozen import frozen
from jotgate.hosts import read_origin
from jotgate.phrases import Phrase, phrase, plain
from jotgate.wiring import Parts

#: Why a call fails if the account is kept in another region, as far as is known.
REGION_HINT = phrase(
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
    #: What was looked at, in small letters.
    topic: Phrase
    #: How it is, and what to do if it should be otherwise; never a secret. The topic may be its subject.
    words: Phrase
    #: The form concerned, or None.
    form: str | None = None
    #: What to click in JotForm's menus or to run, one step after the other, in whole sentences.
    steps: tuple[Phrase, ...] = ()


def trouble(error: JotgateError) -> Phrase:
    """Return why JotForm could not be asked, with what to do about it."""
    match error:
        case QuotaExhausted():
            return phrase("today's calls are used up; run this again after the reset (`quota` shows when)")
        case StoreUnavailable():
            return phrase(
                "{problem}; JotForm is not asked while calls cannot be counted", problem=plain(error.words)
            )
        case UpstreamError(reason=UpstreamReason.UNAUTHORIZED):
            return phrase("JotForm refused it. {hint}", hint=REGION_HINT)
        case UpstreamError(reason=UpstreamReason.MALFORMED):
            # Translators: a problem in small letters, and then a whole sentence.
            return phrase("{problem}. {hint}", problem=plain(error.words), hint=REGION_HINT)
        case _:
            return phrase(
                "{problem}; try again later, and look at http_proxy if this machine needs a proxy",
                problem=plain(error.words),
            )


def unseen(form_id: str) -> Phrase:
    """Return why a key that works is refused a form, with what to do about it."""
    return phrase(
        "this key cannot see a form {form_id}: the id is wrong, or the form belongs to another account. The id is the"
        " number in the form's address",
        form_id=form_id,
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
