"""What happened on the site: the ledger, by time, person, form, event and reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from jotgate.clock import iso
from jotgate.config import rules
from jotgate.door.office import history, words
from jotgate.door.office.desk import Desk
from jotgate.door.stories import find_story
from jotgate.ledger import Entry
from jotgate.phrases import phrase, with_commas
from jotgate.protocols import EntryFilter, ListedEntry
from jotgate.records.wording import HAPPENED, about, details, note
from jotgate.signed.tokens import can_be_stored

_ROWS = 50
#: JotForm's ids have 15 digits or more; a reference has 8 symbols.
_SUBMISSION_ID = re.compile(r"[0-9]{9,20}")
#: What the gate, the sweep and JotForm do by themselves.
_BY_ITSELF = (
    "browser.admitted",
    "code.refused",
    "token.refused",
    "submission.judged",
    "submission.edited",
    "submission.deleted",
    "retention.applied",
    "consumer.disabled",
    "callback.given_up",
    "form.renamed",
    "ticket_field.lost",
)
#: Several events under one name, as the page's first choices.
_GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "by-people": (phrase("What people changed"), tuple(sorted(set(HAPPENED) - set(_BY_ITSELF)))),
        "refusals": (phrase("Who was refused"), ("code.refused", "token.refused")),
        "admissions": (phrase("Who was let in"), ("browser.admitted",)),
        "verdicts": (
            phrase("What became of submissions"),
            tuple(sorted(event for event in HAPPENED if event.startswith("submission."))),
        ),
    }
)
#: The fields by which the ledger is looked through.
_FIELDS = ("form", "event", "person", "by", "from", "to")


def listing(desk: Desk) -> Response:
    """Show the newest entries that are meant, and lead to older ones."""
    sought = desk.query("ref")
    if sought:
        return desk.redirect(f"/ledger/{quote(sought, safe='')}")
    wishes = {name: desk.query(name) for name in _FIELDS}
    before = desk.query("before") or None
    found: list[ListedEntry] = []
    if can_be_stored("".join(wishes.values())):
        found = desk.parts.store.entries(_meant(desk, wishes), before=before, limit=_ROWS + 1)
    page, kept = found[:_ROWS], {name: value for name, value in wishes.items() if value}
    context = {
        "told": history.tell(desk, page),
        "wishes": wishes,
        "events": _choices(desk),
        "older": _address(desk, kept | {"before": page[-1].ref}) if len(found) > _ROWS else None,
        "newest": _address(desk, kept) if before else None,
        "filtered": bool(kept),
    }
    return desk.page("ledger", context, section="ledger")


def entry(desk: Desk, ref: str) -> Response:
    """Show the story of one reference, or what became of one submission.

    Raises:
        NotFound: nothing is known about it, or it is about a form that the operator does not see.
    """
    ref = ref.strip()
    if _SUBMISSION_ID.fullmatch(ref):
        return _submission(desk, ref)
    story = find_story(desk.parts, ref, desk.language.common)
    if story is None or not _may_see(desk, story.entry):
        raise NotFound(
            phrase(
                "Nothing is known about “{ref}”. A reference has eight letters and digits, such as {example}.",
                ref=ref,
                example="7QK2-M4XD",
            )
        )
    found, policies = story.entry, desk.parts.settings.policies
    policy = policies.get((found.form if found else None) or "") or history.common_policy(desk)
    context = {
        "ref": ref.upper(),
        "story": story,
        "at": None if found is None else iso(found.at),
        "when": None if found is None else desk.moment(found.at, policy),
        "details": {} if found is None else _details(desk, found),
        "person_url": _address(desk, {"person": found.subject}) if found and found.subject else None,
        "submission_url": desk.url(f"/ledger/{found.submission_id}")
        if found and found.submission_id
        else None,
    }
    return desk.page("story", context, section="ledger")


def _details(desk: Desk, found: Entry) -> dict[str, str]:
    said = details(found)
    if found.about:
        said["about"] = with_commas(list(about(found)))
    if found.actor:
        said["by"] = words.actor(found.actor)
    if found.note:
        said["note"] = note(found) or ""
    return said


def _submission(desk: Desk, submission_id: str) -> Response:
    which = EntryFilter(forms=_forms(desk, ""), submission_id=submission_id)
    told = history.tell(desk, desk.parts.store.entries(which, limit=_ROWS))
    if not told:
        raise NotFound(
            phrase(
                "Nothing is known about the submission {submission}. A sweep has to read it first.",
                submission=submission_id,
            )
        )
    return desk.page("submission_story", {"told": told, "submission_id": submission_id}, section="ledger")


def _may_see(desk: Desk, found: Entry | None) -> bool:
    """Say whether an entry is for the operator; a reason in capitals tells nothing about anybody."""
    return found is None or desk.operator.forms is None or found.form in desk.policies


def _meant(desk: Desk, wishes: Mapping[str, str]) -> EntryFilter:
    zone = history.zone_of(desk.policies.get(wishes["form"]) or history.common_policy(desk))
    return EntryFilter(
        forms=_forms(desk, wishes["form"]),
        events=_events(wishes["event"]),
        subject=wishes["person"] or None,
        actor=wishes["by"] or None,
        since=_day(rules.beginning, wishes["from"], zone),
        until=_day(rules.end, wishes["to"], zone),
    )


def _day(edge: Callable[[str, ZoneInfo], float], text: str, zone: ZoneInfo) -> float | None:
    """Return one *edge* of the day that a field names, such as ``2026-11-29``; None if it names none."""
    try:
        return edge(text, zone)
    except ValueError:
        return None


def _forms(desk: Desk, wish: str) -> tuple[str, ...] | None:
    """Return the forms whose entries are shown; None: those about no form as well."""
    if wish:
        # A form that the settings no longer have is still in the ledger of who sees everything.
        return (wish,) if wish in desk.policies or desk.operator.forms is None else ()
    return None if desk.operator.forms is None else tuple(desk.policies)


def _events(wish: str) -> tuple[str, ...] | None:
    if not wish:
        return None
    return _GROUPS[wish][1] if wish in _GROUPS else (wish,)


def _choices(desk: Desk) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what can be chosen, in groups."""
    groups = [(name, label) for name, (label, _) in _GROUPS.items()]
    single = sorted(HAPPENED.items(), key=lambda one: desk.language.speak(one[1]))
    # Translators: Kinds of entries of the ledger, to choose from.
    return [(phrase("Several at once"), groups), (phrase("One kind"), single)]


def _address(desk: Desk, wishes: Mapping[str, Any]) -> str:
    return desk.url(f"/ledger?{urlencode(wishes)}") if wishes else desk.url("/ledger")
