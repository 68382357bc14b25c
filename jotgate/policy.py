"""What the owner wants for one form: when it is open, for how long a ticket lasts, how many may submit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from jotgate.frozen import frozen
from jotgate.outcomes import Reason, ToldField

#: How long after `closes_at` a form that was open in time may still be sent in, seconds.
CLOSING_GRACE_SECONDS = 30 * 60
DEFAULT_TICKET_TTL_SECONDS = 24 * 3600
DEFAULT_TICKET_FIELD = "jotgate"
#: How the answers in a lookup field may be compared; `jotgate.answers.matching` knows each.
LOOKUP_KINDS = ("text", "digits", "date", "email", "exact")


@frozen
class FormPolicy:
    """One gated form."""

    #: Our name for it, in addresses: lower-case letters, digits and hyphens.
    form: str
    #: JotForm's numeric id, as text.
    form_id: str
    #: Shown to visitors.
    title: str
    #: Where an admitted visitor goes: a path of the site that embeds the form, or None for the door page.
    page: str | None = None
    #: The hidden field that carries the ticket: its unique name, or its question id (digits).
    ticket_field: str = DEFAULT_TICKET_FIELD
    #: The team at JotForm that the form belongs to; None: the account itself.
    team_id: str | None = None
    #: Seconds since the epoch, UTC; None: always.
    opens_at: float | None = None
    closes_at: float | None = None
    #: For showing times to visitors: an IANA name.
    timezone: str = "UTC"
    #: How many settled submissions the form takes; None: no limit.
    capacity: int | None = None
    ticket_ttl_seconds: float = DEFAULT_TICKET_TTL_SECONDS
    #: At most as long as the ticket; None: as long as it.
    pass_ttl_seconds: float | None = None
    #: What opens the form: "code", "app", or both.
    access: tuple[str, ...] = ("code",)
    #: How often one person may submit, by whatever way; None: as often as their codes, apps and invitations say.
    uses: int | None = None
    #: "iframe", or "redirect" for forms that must run at JotForm's own address.
    display: str = "iframe"
    #: Whether refusals are only recorded, and everybody is let in.
    reports_only: bool = False
    #: Fields (unique names or question ids) whose prefilled value must come back unchanged.
    locked_fields: tuple[str, ...] = ()
    #: The field that says whose a submission is, where an app or an invitation filled it in; None: who was let in.
    owner_field: str | None = None
    #: Fields by which submissions can be found again; kept as keyed fingerprints.
    lookup_fields: tuple[str, ...] = ()
    #: How the answers in some of them are compared, one of `LOOKUP_KINDS`; the others go by their looks.
    lookup_kinds: Mapping[str, str] = field(default_factory=dict, hash=False)
    #: Fields that people may see of their own submissions.
    show_fields: tuple[str, ...] = ()
    #: Fields that the site and its webhooks are told with a verdict that counts.
    tell_fields: tuple[str, ...] = ()
    #: What happens here to a submission that was deleted at JotForm: "keep" its verdict, or "revoke" it.
    deleted: str = "keep"
    #: How long to keep a submission's subject and its shown and told fields, seconds; None: for good.
    keep_seconds: float | None = None
    #: What comes then: "pseudonymise", or "delete".
    after_keep: str = "pseudonymise"
    #: Path prefixes that only an admitted browser may read.
    protect: tuple[str, ...] = ()
    #: The languages that its visitors may be spoken to in, the first for who asks for none of them; (): the site's.
    languages: tuple[str, ...] = ()

    @property
    def takes_codes(self) -> bool:
        """Say whether access codes open it."""
        return "code" in self.access

    def told(self, fields: Mapping[str, ToldField]) -> dict[str, ToldField]:
        """Return what may be told of *fields*, in the order of the setting."""
        return {name: fields[name] for name in self.tell_fields if name in fields}

    def closed(self, now: float) -> Reason | None:
        """Return why the form is not open at *now*, or None if it is."""
        if self.opens_at is not None and now < self.opens_at:
            return Reason.NOT_YET_OPEN
        if self.closes_at is not None and now >= self.closes_at:
            return Reason.CLOSED
        return None

    def ticket_expires_at(self, now: float) -> float:
        """Return when a ticket opened at *now* runs out."""
        expires_at = now + self.ticket_ttl_seconds
        if self.closes_at is None:
            return expires_at
        return min(expires_at, self.closes_at + CLOSING_GRACE_SECONDS)

    def pass_expires_at(self, now: float, ticket_expires_at: float) -> float:
        """Return when a pass made at *now* for that ticket runs out."""
        if self.pass_ttl_seconds is None:
            return ticket_expires_at
        return min(now + self.pass_ttl_seconds, ticket_expires_at)


def shut(
    *, missing_since: float | None, settled: int, capacity: int | None, paused_at: float | None = None
) -> Reason | None:
    """Return why nobody is let in to a form of this state, whatever their code, or None."""
    if paused_at is not None:
        return Reason.PAUSED
    if missing_since is not None:
        return Reason.FIELD_MISSING
    if capacity is not None and settled >= capacity:
        return Reason.FULL
    return None
