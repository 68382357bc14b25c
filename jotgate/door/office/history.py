"""What happened, as the office's pages tell it: entries of the ledger in sentences, newest first.

The page of a person shows what happened to them with this::

    told = history.of_person(desk, form, subject=grant.subject, code=grant.fingerprint.hex()[:6])
    return desk.page("person", {"told": told, ...}, form=form, section="people")

and in the template ``{% include "jotgate/office/_history.html" %}``, below a heading of their own. Whether the operator
may see the person is the page's to decide; only entries about *form* are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from jotgate.clock import iso
from jotgate.door.office import words
from jotgate.door.office.desk import Desk
from jotgate.frozen import frozen
from jotgate.ledger import Entry
from jotgate.outcomes import Verdict
from jotgate.phrases import with_commas
from jotgate.policy import FormPolicy
from jotgate.protocols import EntryFilter, ListedEntry
from jotgate.records.wording import about, meaning_of, note, times

#: As many entries as one person shows; the ledger has the others.
LONGEST = 50


@frozen
class ToldEntry:
    """One entry, ready for a page. Everything is plain text, which templates escape."""

    #: When, as one says it, and as machines read it.
    when: str
    at: str
    happened: str
    why: str | None
    #: A tone of the style sheet: good, bad, or "" for what is neither.
    tone: str
    #: The form's title, or the name that it had then.
    form: str | None
    subject: str | None
    #: Who did it, for what a person did.
    actor: str | None
    about: str | None
    note: str | None
    #: How often within an hour, if more than once.
    count: str | None
    ref: str
    #: The address of the entry's own page, for who may see the ledger.
    url: str | None


def of_person(
    desk: Desk, form: str, *, subject: str | None = None, code: str | None = None
) -> list[ToldEntry]:
    """Return what happened to one person on one form: by their subject, or, without one, by their code.

    *code* is the beginning of the code's fingerprint, six hex digits; entries from before it was re-issued are under
    the former one. Only the newest are given, `LONGEST` of them.
    """
    if subject is None and code is None:
        return []
    which = EntryFilter(forms=(form,), subject=subject, code=None if subject is not None else code)
    return tell(desk, desk.parts.store.entries(which, limit=LONGEST))


def tell(desk: Desk, listed: Iterable[ListedEntry]) -> list[ToldEntry]:
    """Return entries as a page shows them."""
    return list(_told(desk, listed))


def _told(desk: Desk, listed: Iterable[ListedEntry]) -> Iterator[ToldEntry]:
    policies, common = desk.parts.settings.policies, common_policy(desk)
    for one in listed:
        entry, meaning = one.entry, meaning_of(one.entry)
        policy = policies.get(entry.form or "")
        yield ToldEntry(
            when=desk.moment(entry.at, policy or common),
            at=iso(entry.at) or "",
            happened=meaning.happened,
            why=meaning.why,
            tone=_tone(entry),
            form=entry.form if policy is None else policy.title,
            subject=entry.subject,
            actor=entry.actor and words.actor(entry.actor),
            about=with_commas(list(about(entry))) if entry.about else None,
            note=note(entry),
            count=times(entry),
            ref=one.ref,
            url=desk.url(f"/ledger/{one.ref}") if desk.operator.batches is None else None,
        )


def _tone(entry: Entry) -> str:
    if entry.event == "browser.admitted":
        return "good"
    if entry.event.endswith(".refused"):
        return "bad"
    if entry.event.startswith("submission.") and entry.reason in {one.value for one in Verdict}:
        verdict = Verdict(entry.reason)
        return "good" if verdict.counts else "wait" if verdict is Verdict.PENDING else "bad"
    return ""


def common_policy(desk: Desk) -> FormPolicy | None:
    """Return a form in whose timezone all of the operator's forms are; None, for UTC, if they are in several."""
    policies = list(desk.policies.values())
    zones = {policy.timezone for policy in policies}
    return policies[0] if len(zones) == 1 else None


def zone_of(policy: FormPolicy | None) -> ZoneInfo:
    """Return the timezone that a page speaks in."""
    return ZoneInfo(policy.timezone if policy is not None else "UTC")
