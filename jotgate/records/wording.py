"""What an entry of the ledger means, in sentences: what happened, and why; for the people who run the site."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from jotgate.clock import iso
from jotgate.frozen import frozen
from jotgate.ledger import Entry
from jotgate.outcomes import Reason, Verdict
from jotgate.phrases import counted, phrase, phrases
from jotgate.protocols import Notice, SubmissionRecord
from jotgate.records.token_faults import MEANINGS

#: What each event is, by its name.
HAPPENED: Mapping[str, str] = MappingProxyType(
    {
        "browser.admitted": phrase("A browser was let in."),
        "code.refused": phrase("A code was refused."),
        "codes.created": phrase("Codes were created."),
        "code.revoked": phrase("A code was revoked."),
        "code.reissued": phrase("A code was replaced by a new one."),
        "code.use_given_back": phrase("A code got a use back."),
        "code.changed": phrase(
            "What is known of a code was changed: its name, its address, or when it is valid."
        ),
        "code.restored": phrase("A change of a code was undone."),
        "invitation.refused": phrase("An invitation was refused."),
        "invitation.revoked": phrase("A person's invitations to a form were revoked."),
        "token.refused": phrase("An app's token was refused."),
        "token.minted": phrase("A token was minted by hand, to try an app with."),
        "app.created": phrase("An app was registered."),
        "app.changed": phrase("An app's forms or return address were changed."),
        "app.key_added": phrase("An app got a new key."),
        "app.key_activated": phrase("An app began to use its new key."),
        "app.key_revoked": phrase("A key of an app was revoked."),
        "app.revoked": phrase("An app was revoked."),
        "app_grant.revoked": phrase("One subject's right to open forms with an app's tokens was revoked."),
        "tickets.ended": phrase("Somebody's open form was closed; they may open it again."),
        "operator.invited": phrase("A link into the office was made."),
        "operator.signed_in": phrase("Somebody entered the office by a link."),
        "operator.signed_out": phrase("A visit to the office, or a link to it, was ended."),
        "key.created": phrase("A scoped key was created."),
        "key.revoked": phrase("A scoped key was revoked."),
        "submission.judged": phrase("A submission got its verdict."),
        "submission.accepted": phrase("A person accepted a submission."),
        "submission.rejected": phrase("A person rejected a submission."),
        "submission.edited": phrase("A submission was edited at JotForm, and judged again."),
        "submission.deleted": phrase(
            "A submission was deleted at JotForm, and so, by the form's setting deleted, ended here."
        ),
        "subject.forgotten": phrase("A person was forgotten at their request."),
        "retention.applied": phrase(
            "Records older than the form's setting keep were pseudonymised or deleted."
        ),
        "consumer.created": phrase("A callback was registered, or a webhook created."),
        "consumer.revoked": phrase("A callback was revoked."),
        "consumer.disabled": phrase(
            "A webhook's receiver said that it is gone (410), so nothing more is sent there."
        ),
        "callback.given_up": phrase(
            "A verdict could not be delivered for days; `callbacks replay` tries again."
        ),
        "mail.sent": phrase("A mail was sent: the mail server took it."),
        "mail.refused": phrase("The mail server refused a mail for good, or the address of the person."),
        "form.renamed": phrase("The settings gave JotForm's form another name, and its records followed it."),
        "form.paused": phrase("A person paused the form: nobody is let in until somebody reopens it."),
        "form.reopened": phrase("A person reopened the form."),
        "ticket_field.lost": phrase("The ticket field disappeared from the form."),
    }
)

#: What stands behind a refusal, for the people who run the site.
WHY: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.UNKNOWN_CODE: phrase(
            "The code is well formed, but this site does not have it: it was guessed, belongs to another"
            " site, or was made with a code key that is no longer in the settings."
        ),
        Reason.MISTYPED: phrase(
            "The code contains a typing mistake: its check characters do not fit, or characters are"
            " missing. Typing mistakes are neither counted nor recorded."
        ),
        Reason.WRONG_FORM: phrase("The code exists, but for another form."),
        Reason.NOT_YET_VALID: phrase("The code is not valid yet (valid-from)."),
        Reason.EXPIRED: phrase("The code is no longer valid (valid-until)."),
        Reason.USED_UP: phrase(
            "Every use of the code is taken, or its form was just sent from another browser. `codes"
            " give-back` allows one more."
        ),
        Reason.ALREADY_SENT: phrase(
            "The person has submitted the form as often as their invitation or the form's setting uses"
            " allows, whichever way they came. `invitations create --uses` allows more."
        ),
        Reason.REVOKED: phrase(
            "The code or the invitation, or the pass made from it, was revoked or replaced."
        ),
        Reason.THROTTLED: phrase(
            "Too many wrong codes came from this network, or from all networks together, so further tries"
            " wait, or cost the browser some seconds of work. Nobody is locked out, and such tries are not"
            " recorded."
        ),
        Reason.CODE_BUSY: phrase(
            "The code was opened much more often than it has uses, so opening it once more costs the"
            " browser some seconds of work, or waits for a turn; such tries are not recorded. If nobody"
            " knows why, it has got about: `codes reissue` gives another one."
        ),
        Reason.APP_ONLY: phrase(
            "The form opens from an app only (access), and the visitor came with a code or with nothing, or"
            " with a browser that keeps no cookies and is too old to say so. If an app sends its token in a"
            " header, the server may keep that back: Apache does, unless it has WSGIPassAuthorization On."
        ),
        Reason.COOKIES_BLOCKED: phrase(
            "The browser was let in, but came back without the cookie that it had been given: it blocks"
            " cookies for this site, by its settings, an extension or its owner's policy, or it blocks them"
            " inside another site's page. The visitor allows cookies for this site, or uses another"
            " browser; for a page of another site that shows the form, list that site in frame_parents."
        ),
        Reason.MOVED_AWAY: phrase(
            "The form has been opened in another browser since, which ended this browser's pass."
        ),
        Reason.NOT_SIGNED_IN: phrase("Somebody opened an invitation without being signed in to the site."),
        Reason.NOT_INVITED: phrase("Somebody opened an invitation while signed in as another person."),
        Reason.INVITATION_OVER: phrase("The invitation had ended; `invitations` makes a new one."),
        Reason.BAD_TOKEN: phrase(
            "The app's token does not open this form: it was forged, revoked, cut off, or made for another"
            " form. So many came in a minute that this one was not recorded; others were, with their exact"
            " reasons."
        ),
        Reason.TOKEN_USED: phrase(
            "The token had been redeemed before: the link was copied, or opened a second time in a browser"
            " without its cookies."
        ),
        Reason.TOKEN_EXPIRED: phrase(
            "The token's minute was over: the link was old, or the clock of the app's backend is wrong."
        ),
        Reason.OPEN_ELSEWHERE: phrase(
            "The code's one ticket is open in another browser; the visitor can move it here."
        ),
        Reason.NOT_YET_OPEN: phrase("The form opens later (opens_at)."),
        Reason.CLOSED: phrase("The form has closed (closes_at)."),
        Reason.PAUSED: phrase("A person has paused the form; `forms reopen` opens it again."),
        Reason.FULL: phrase("The form already has as many submissions as it takes (capacity)."),
        Reason.FIELD_MISSING: phrase(
            "The form has lost its ticket field, so nothing could be proved: the door is closed until the"
            " field is back. `doctor` shows what is missing."
        ),
        Reason.NOT_SUBMITTED: phrase(
            "The page needs a submission that counts, and the visitor has none yet."
        ),
        Reason.NO_PASS: phrase("The page needs a pass, and the browser did not have a valid one."),
        Reason.CROSS_SITE: phrase(
            "Another site's page sent the request, or a proxy changes the site's address: site_url must be"
            " what visitors see in their browser."
        ),
        Reason.STORE_DOWN: phrase(
            "The store could not be used, so nobody was let in. See `status` and `doctor`."
        ),
        Reason.UNKNOWN_FORM: phrase("The settings have no form of this name."),
        Reason.MALFORMED: phrase("The request could not be read."),
    }
)

#: What a verdict says of a submission; "it" is the submission.
MEANING: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PENDING: phrase(
            "It was seen, but is not judged yet: its answers or the ticket field are missing."
        ),
        Verdict.VERIFIED: phrase("It came through the gate, on a good ticket."),
        Verdict.ACCEPTED: phrase("A person let it count."),
        Verdict.UNTICKETED: phrase("It came without a ticket, by the form's bare address at JotForm."),
        Verdict.FORGED: phrase("This site did not make what is in its ticket field."),
        Verdict.ORPHANED: phrase(
            "This site made its ticket, but the store does not know it: somebody restored an older copy of"
            " the store. `submissions accept` lets it count."
        ),
        Verdict.EXPIRED: phrase(
            "It was made after its ticket had run out, or from a page that an app had opened before many"
            " others; what had been filled in there is no longer known."
        ),
        Verdict.REPLAYED: phrase("Another submission had used its ticket before."),
        Verdict.WRONG_FORM: phrase("Its ticket is for another form."),
        Verdict.OVER_LIMIT: phrase(
            "All uses of the code, all places of the form, or as many submissions as the person may send"
            " (uses) were taken before it."
        ),
        Verdict.TAMPERED: phrase(
            "Fields that the app had filled in and locked came back with other values. `explain` with the"
            " submission's number shows what was locked, and what came."
        ),
        Verdict.REVOKED: phrase("Its code or ticket was revoked, or a person rejected it."),
    }
)


def _mail(purpose: str) -> str:
    what, _, name = purpose.partition(" ")
    match what:
        case "code" if name:
            # Translators: What an entry is about: a mail, which brought a code.
            return phrase("mail with code {name}", name=name)
        case "reminder" if name:
            # Translators: A mail, with its day.
            return phrase("reminder {name}", name=name)
        case "invitation":
            return phrase("mail with an invitation")
        case _:
            return f"mail {purpose}"


#: The words with which `Entry.about` says what things are.
_ABOUT: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        # Translators: What an entry is about, with the beginning of its number, or its name.
        "code": lambda name: phrase("code {name}", name=name),
        "ticket": lambda name: phrase("ticket {name}", name=name),
        "submission": lambda name: phrase("submission {name}", name=name),
        "app": lambda name: phrase("app {name}", name=name),
        "version": lambda name: phrase("version {name}", name=name),
        "key": lambda name: phrase("key {name}", name=name),
        # Translators: A claim of a token, such as exp.
        "claim": lambda name: phrase("claim {name}", name=name),
        # Translators: A program that is told of verdicts.
        "consumer": lambda name: phrase("consumer {name}", name=name),
        "mail": _mail,
    }
)

#: What the machine notes, by the events whose notes nobody else writes.
_NOTES: Mapping[str, tuple[tuple[str, Callable[..., str]], ...]] = MappingProxyType(
    {
        "browser.admitted": (
            # Translators: What became of the ticket with which a form is open.
            ("issued", lambda: phrase("issued")),
            ("opened again", lambda: phrase("opened again")),
            # Translators: The form went on in another browser.
            ("moved", lambda: phrase("moved")),
        ),
        "codes.created": (
            ("([0-9]+) codes, batch -", lambda count: phrases("{number} code", "{number} codes", int(count))),
            (
                "([0-9]+) codes, batch (.+)",
                lambda count, batch: phrases(
                    "{number} code, batch {batch}", "{number} codes, batch {batch}", int(count), batch=batch
                ),
            ),
        ),
        "code.reissued": (("now code ([0-9a-f]+)", lambda name: phrase("now code {name}", name=name)),),
        "code.use_given_back": (
            # Translators: What was given back.
            ("a use", lambda: phrase("a use")),
            ("a ticket that was sent or open", lambda: phrase("a ticket that was sent or open")),
        ),
        "code.changed": (
            # Translators: What was changed.
            ("name or address", lambda: phrase("name or address")),
            ("language", lambda: phrase("language")),
            (
                "valid from (.+) until (.+)",
                lambda begins, ends: phrase(
                    "valid from {begins} until {ends}", begins=_any_time(begins), ends=_any_time(ends)
                ),
            ),
        ),
        "code.restored": (
            # Translators: Also says which change was undone.
            ("from revoke", lambda: phrase("Revoke")),
            ("from reissue", lambda: phrase("Give new codes")),
            ("from window", lambda: phrase("Change when they are valid")),
            ("from give_back", lambda: phrase("Give a use back")),
            ("from name", lambda: phrase("name or address")),
        ),
        "submission.judged": (("changed: (.+)", lambda fields: phrase("changed: {fields}", fields=fields)),),
        "app.created": (("forms (.+)", lambda forms: phrase("forms {forms}", forms=forms)),),
        "app.key_added": (
            ("in place of one that was never used", lambda: phrase("in place of one that was never used")),
        ),
        "app.key_activated": (("by its first token", lambda: phrase("by its first token")),),
        "key.created": (
            # Translators: Which forms an app opens, or a key reads.
            (
                "forms (.+), all submissions",
                lambda forms: phrase("forms {forms}, all submissions", forms=forms),
            ),
            ("forms (.+)", lambda forms: phrase("forms {forms}", forms=forms)),
        ),
    }
)


@frozen
class Meaning:
    """What an entry means."""

    #: What happened, as a sentence.
    happened: str
    #: Why; None where the first sentence says it all.
    why: str | None = None
    #: What the visitor was refused with, if somebody was.
    refused: Reason | None = None
    #: What the submission became, if the entry is about one.
    verdict: Verdict | None = None


def meaning_of(entry: Entry) -> Meaning:
    """Return what *entry* means."""
    happened = HAPPENED.get(entry.event, f"{entry.event}.")
    if entry.event.startswith("submission.") and entry.reason in _values(Verdict):
        verdict = Verdict(entry.reason)
        return Meaning(happened=happened, why=MEANING[verdict], verdict=verdict)
    if entry.event == "token.refused" and (entry.reason or "") in MEANINGS:
        return Meaning(happened=happened, why=MEANINGS[entry.reason or ""], refused=Reason.BAD_TOKEN)
    if entry.reason in _values(Reason):
        return meaning_of_refusal(Reason(entry.reason), happened)
    return Meaning(happened=happened)


def meaning_of_refusal(reason: Reason, happened: str = phrase("A visitor was refused.")) -> Meaning:
    """Return what a refusal means, with or without an entry."""
    return Meaning(happened=happened, why=WHY[reason], refused=reason)


def _values(kind: type[Reason] | type[Verdict]) -> set[str]:
    return {member.value for member in kind}


def details(entry: Entry) -> dict[str, str]:
    """Return what else an entry says, by the word for it: "subject", "by", "note"; nothing that is empty."""
    said = {
        # Translators: What an entry says besides: "form: students", "by: Ms Vega", "count: 3 times within the hour".
        phrase("form"): entry.form,
        phrase("reason"): entry.reason,
        phrase("subject"): entry.subject,
        # Translators: What an entry is about, such as a code.
        phrase("about"): entry.about,
        # Translators: Who did it.
        phrase("by"): entry.actor,
        phrase("note"): entry.note,
        # Translators: How often it happened.
        phrase("count"): times(entry),
    }
    return {name: value for name, value in said.items() if value}


def about(entry: Entry) -> Iterator[str]:
    """Iterate over what an entry is about, each in words: "code 1f2e3d", "ticket 4c5b6a"."""
    for one in (entry.about or "").split(", "):
        word, _, name = one.partition(" ")
        yield _ABOUT[word](name) if name and word in _ABOUT else one


def note(entry: Entry) -> str | None:
    """Return what somebody noted about an entry; what the machine noted can be said in other languages."""
    for pattern, say in _NOTES.get(entry.event, ()):
        found = re.fullmatch(pattern, entry.note or "")
        if found:
            return say(*found.groups())
    return entry.note


def _any_time(text: str) -> str:
    # Translators: In "valid from any time until any time".
    return phrase("any time") if text == "any time" else text


def times(entry: Entry) -> str | None:
    """Return how often it happened within the hour, if more than once."""
    if entry.last_at is None:
        return None
    return phrases(
        "{number} time within the hour, at last {moment}",
        "{number} times within the hour, at last {moment}",
        entry.count,
        moment=iso(entry.last_at),
    )


def tell_submission(submission: SubmissionRecord) -> tuple[str, str]:
    """Return what a submission is, and how it stands: two sentences."""
    verdict = submission.verdict
    about = f", about {submission.subject}" if submission.subject else ""
    # JotForm tells no time that is sure.
    source = f" (read from its {submission.created_from})" if submission.created_from else ""
    return (
        f"A submission of {submission.form}{about}, sent at {iso(submission.created_at)}{source}.",
        f"It is {verdict.value} and {'counts' if verdict.counts else 'does not count'}: {MEANING[verdict]}",
    )


def tell_notice(notice: Notice) -> str:
    """Return what a callback or webhook was not told yet, as a sentence."""
    verdict = notice.event.verdict.value
    state = "is still waiting" if notice.dead_at is None else "failed for good"
    tried = f"tried {counted(notice.tries, 'time')}: {notice.last_error or 'no answer yet'}"
    return f"The notice of {verdict} to {notice.consumer} {state}, {tried}"
