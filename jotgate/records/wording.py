"""What an entry of the ledger means, in sentences: what happened, and why; for the people who run the site."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jotgate.clock import iso
from jotgate.frozen import frozen
from jotgate.ledger import Entry
from jotgate.outcomes import Reason, Verdict
from jotgate.phrases import counted
from jotgate.protocols import Notice, SubmissionRecord
from jotgate.records.token_faults import MEANINGS

#: What each event is, by its name.
HAPPENED: Mapping[str, str] = MappingProxyType(
    {
        "browser.admitted": "A browser was let in.",
        "code.refused": "A code was refused.",
        "codes.created": "Codes were created.",
        "code.revoked": "A code was revoked.",
        "code.reissued": "A code was replaced by a new one.",
        "code.use_given_back": "A code got a use back.",
        "code.changed": "What is known of a code was changed: its name, its address, or when it is valid.",
        "code.restored": "A change of a code was undone.",
        "invitation.refused": "An invitation was refused.",
        "invitation.revoked": "A person's invitations to a form were revoked.",
        "token.refused": "An app's token was refused.",
        "token.minted": "A token was minted by hand, to try an app with.",
        "app.created": "An app was registered.",
        "app.changed": "An app's forms or return address were changed.",
        "app.key_added": "An app got a new key.",
        "app.key_activated": "An app began to use its new key.",
        "app.key_revoked": "A key of an app was revoked.",
        "app.revoked": "An app was revoked.",
        "app_grant.revoked": "One subject's right to open forms with an app's tokens was revoked.",
        "tickets.ended": "Somebody's open form was closed; they may open it again.",
        "operator.invited": "A link into the office was made.",
        "operator.signed_in": "Somebody entered the office by a link.",
        "operator.signed_out": "A visit to the office, or a link to it, was ended.",
        "key.created": "A scoped key was created.",
        "key.revoked": "A scoped key was revoked.",
        "submission.judged": "A submission got its verdict.",
        "submission.accepted": "A person accepted a submission.",
        "submission.rejected": "A person rejected a submission.",
        "submission.edited": "A submission was edited at JotForm, and judged again.",
        "submission.deleted": "A submission was deleted at JotForm, and so, by the form's setting deleted, ended here.",
        "subject.forgotten": "A person was forgotten at their request.",
        "retention.applied": "Records older than the form's setting keep were pseudonymised or deleted.",
        "consumer.created": "A callback was registered, or a webhook created.",
        "consumer.revoked": "A callback was revoked.",
        "consumer.disabled": "A webhook's receiver said that it is gone (410), so nothing more is sent there.",
        "callback.given_up": "A verdict could not be delivered for days; `callbacks replay` tries again.",
        "mail.sent": "A mail was sent: the mail server took it.",
        "mail.refused": "The mail server refused a mail for good, or the address of the person.",
        "form.renamed": "The settings gave JotForm's form another name, and its records followed it.",
        "form.paused": "A person paused the form: nobody is let in until somebody reopens it.",
        "form.reopened": "A person reopened the form.",
        "ticket_field.lost": "The ticket field disappeared from the form.",
    }
)

#: What stands behind a refusal, for the people who run the site.
WHY: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.UNKNOWN_CODE: "The code is well formed, but this site does not have it: it was guessed, belongs to"
        " another site, or was made with a code key that is no longer in the settings.",
        Reason.MISTYPED: "The code contains a typing mistake: its check characters do not fit, or characters are"
        " missing. Typing mistakes are neither counted nor recorded.",
        Reason.WRONG_FORM: "The code exists, but for another form.",
        Reason.NOT_YET_VALID: "The code is not valid yet (valid-from).",
        Reason.EXPIRED: "The code is no longer valid (valid-until).",
        Reason.USED_UP: "Every use of the code is taken, or its form was just sent from another browser."
        " `codes give-back` allows one more.",
        Reason.ALREADY_SENT: "The person has submitted the form as often as their invitation or the form's setting uses"
        " allows, whichever way they came. `invitations create --uses` allows more.",
        Reason.REVOKED: "The code or the invitation, or the pass made from it, was revoked or replaced.",
        Reason.THROTTLED: "Too many wrong codes came from this network, or from all networks together, so further"
        " tries wait, or cost the browser some seconds of work. Nobody is locked out, and such tries are not recorded.",
        Reason.CODE_BUSY: "The code was opened much more often than it has uses, so opening it once more costs the"
        " browser some seconds of work, or waits for a turn; such tries are not recorded. If nobody knows why, it has"
        " got about: `codes reissue` gives another one.",
        Reason.APP_ONLY: "The form opens from an app only (access), and the visitor came with a code or with nothing,"
        " or with a browser that keeps no cookies and is too old to say so.",
        Reason.COOKIES_BLOCKED: "The browser was let in, but came back without the cookie that it had been given: it"
        " blocks cookies for this site, by its settings, an extension or its owner's policy, or it blocks them inside"
        " another site's page. The visitor allows cookies for this site, or uses another browser; for a page of another"
        " site that shows the form, list that site in frame_parents.",
        Reason.MOVED_AWAY: "The form has been opened in another browser since, which ended this browser's pass.",
        Reason.NOT_SIGNED_IN: "Somebody opened an invitation without being signed in to the site.",
        Reason.NOT_INVITED: "Somebody opened an invitation while signed in as another person.",
        Reason.INVITATION_OVER: "The invitation had ended; `invitations` makes a new one.",
        Reason.BAD_TOKEN: "The app's token does not open this form: it was forged, revoked, cut off, or made for"
        " another form. So many came in a minute that this one was not recorded; others were, with their exact"
        " reasons.",
        Reason.TOKEN_USED: "The token had been redeemed before: the link was copied, or opened a second time in a"
        " browser without its cookies.",
        Reason.TOKEN_EXPIRED: "The token's minute was over: the link was old, or the clock of the app's backend is"
        " wrong.",
        Reason.OPEN_ELSEWHERE: "The code's one ticket is open in another browser; the visitor can move it here.",
        Reason.NOT_YET_OPEN: "The form opens later (opens_at).",
        Reason.CLOSED: "The form has closed (closes_at).",
        Reason.PAUSED: "A person has paused the form; `forms reopen` opens it again.",
        Reason.FULL: "The form already has as many submissions as it takes (capacity).",
        Reason.FIELD_MISSING: "The form has lost its ticket field, so nothing could be proved: the door is closed"
        " until the field is back. `doctor` shows what is missing.",
        Reason.NOT_SUBMITTED: "The page needs a submission that counts, and the visitor has none yet.",
        Reason.NO_PASS: "The page needs a pass, and the browser did not have a valid one.",
        Reason.CROSS_SITE: "Another site's page sent the request, or a proxy changes the site's address: site_url "
        "must be what visitors see in their browser.",
        Reason.STORE_DOWN: "The store could not be used, so nobody was let in. See `status` and `doctor`.",
        Reason.UNKNOWN_FORM: "The settings have no form of this name.",
        Reason.MALFORMED: "The request could not be read.",
    }
)

#: What a verdict says of a submission; "it" is the submission.
MEANING: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PENDING: "It was seen, but is not judged yet: its answers or the ticket field are missing.",
        Verdict.VERIFIED: "It came through the gate, on a good ticket.",
        Verdict.ACCEPTED: "A person let it count.",
        Verdict.UNTICKETED: "It came without a ticket, by the form's bare address at JotForm.",
        Verdict.FORGED: "This site did not make what is in its ticket field.",
        Verdict.ORPHANED: "This site made its ticket, but the store does not know it: somebody restored an older"
        " copy of the store. `submissions accept` lets it count.",
        Verdict.EXPIRED: "It was made after its ticket had run out, or from a page that an app had opened before many"
        " others; what had been filled in there is no longer known.",
        Verdict.REPLAYED: "Another submission had used its ticket before.",
        Verdict.WRONG_FORM: "Its ticket is for another form.",
        Verdict.OVER_LIMIT: "All uses of the code, all places of the form, or as many submissions as the person may"
        " send (uses) were taken before it.",
        Verdict.TAMPERED: "Fields that the app had filled in and locked came back with other values. `explain` with"
        " the submission's number shows what was locked, and what came.",
        Verdict.REVOKED: "Its code or ticket was revoked, or a person rejected it.",
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


def meaning_of_refusal(reason: Reason, happened: str = "A visitor was refused.") -> Meaning:
    """Return what a refusal means, with or without an entry."""
    return Meaning(happened=happened, why=WHY[reason], refused=reason)


def _values(kind: type[Reason] | type[Verdict]) -> set[str]:
    return {member.value for member in kind}


def details(entry: Entry) -> dict[str, str]:
    """Return what else an entry says, by the word for it: "subject", "by", "note"; nothing that is empty."""
    said = {
        "form": entry.form,
        "reason": entry.reason,
        "subject": entry.subject,
        "about": entry.about,
        "by": entry.actor,
        "note": entry.note,
        "count": times(entry),
    }
    return {name: value for name, value in said.items() if value}


def times(entry: Entry) -> str | None:
    """Return how often it happened within the hour, if more than once."""
    if entry.last_at is None:
        return None
    return f"{counted(entry.count, 'time')} within the hour, at last {iso(entry.last_at)}"


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
