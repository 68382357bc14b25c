"""The way back to the app: how a page tells it that the form is done, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from jotgate.frozen import frozen
from jotgate.hosts import read_origin
from jotgate.protocols import App
from jotgate.signed.tickets import Ticket

#: What an app hears when its token was refused; an operator looks the exact reason up by the reference.
REFUSED = "refused"
#: Of a ticket's number: enough to tell a day's tickets apart, too little to name one.
_REF_DIGITS = 12


@frozen
class Outcome:
    """What the page tells the app, by a link that a person follows and by a message of its script."""

    #: The form, by our name.
    form: str
    #: A state of the ticket, or `REFUSED`; "" as long as there is nothing to tell.
    state: str
    #: Names the case to an operator: of a refusal its reference, else how the ticket's number begins.
    ref: str
    #: Where the link leads, `state` and `ref` included; "": the app has no address to come back to.
    url: str = ""
    #: Who may get a message besides the web view itself: the origin of *url* if it is a site, else "".
    origin: str = ""


def outcome(app: App | None, *, form: str, state: str, ref: str) -> Outcome:
    """Return what to tell *app*. Its address is the registered one; nothing in a request has a say in it."""
    if app is None or app.return_url is None or app.revoked_at is not None:
        return Outcome(form=form, state=state, ref=ref)
    url = return_address(app.return_url, state=state, ref=ref)
    return Outcome(form=form, state=state, ref=ref, url=url, origin=_origin(app.return_url))


def ticket_ref(ticket: Ticket) -> str:
    """Return the start of the ticket's number: an app may know it, and names the ticket by it."""
    return ticket.ticket_id.hex()[:_REF_DIGITS]


def return_address(return_url: str, *, state: str, ref: str) -> str:
    """Return *return_url*, which has no fragment, with `state` and `ref` added to its query."""
    query = urlencode({"state": state, "ref": ref}, quote_via=quote)
    joint = "" if return_url.endswith(("?", "&")) else "&" if "?" in return_url else "?"
    return f"{return_url}{joint}{query}"


def only_app(apps: Iterable[App], form: str) -> App | None:
    """Return the app that *form* opens from, or None if it may be any of several, or none has an address."""
    found = [app for app in apps if form in app.forms and app.revoked_at is None]
    return found[0] if len(found) == 1 else None


def _origin(return_url: str) -> str:
    scheme, _, rest = return_url.partition("://")
    if scheme.lower() not in ("https", "http"):
        return ""
    for end in "/?":
        rest = rest.partition(end)[0]
    try:
        return str(read_origin(f"{scheme}://{rest}"))
    except ValueError:
        return ""
