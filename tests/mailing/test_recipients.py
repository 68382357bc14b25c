"""Who gets a mail: whom a list names, whom the site invites, and who is missing."""

from __future__ import annotations

import re

import pytest

from jotgate.classlist import read_coded
from jotgate.errors import InputError, UnknownForm
from jotgate.mailing.mailing import Fate, Planned, Recipient
from jotgate.protocols import GrantFilter
from tests.mailing.desk import Desk, person
from tests.post_office import PostOffice
from tests.stores.contract.material import sent_in, settled


def submit(desk: Desk, code: str, number: int = 1) -> None:
    """Let the holder of *code* in, and send the form."""
    from jotgate.admission.gate import Seen
    from jotgate.outcomes import Admit
    from jotgate.signed.browsers import Browser

    browser = Browser(browser_id=bytes([number]) * 16, since=0.0)
    seen = Seen(browser=browser, network="192.0.2.1/32")
    admit = desk.parts.gate.admit(code, form="students", seen=seen)
    assert isinstance(admit, Admit)
    settled(desk.parts.store, sent_in(number, admit))


def told(mails: list[Planned]) -> list[tuple[str | None, str, Fate]]:
    """Return whom each mail is for, where it goes and what becomes of it."""
    return [(one.recipient.subject, one.recipient.address, one.fate) for one in mails]


def test_a_code_goes_to_its_person(desk: Desk) -> None:
    """By what is known of the code; the address in the list goes before, and class codes have only that."""
    [ada] = desk.codes(person(1))
    [shared] = desk.codes(person(0, subject=None, label="3b", email=None), uses=9)
    [line] = read_coded(f"code;e-mail\n{shared.code.lower()};p9@school.example\n".encode(), 1).lines
    listed = [ada.code, line]
    first, second = desk.recipients.of_codes("students", listed)
    assert told([first, second]) == [
        ("s-1", "p1@school.example", Fate.TO_SEND),
        (None, "p9@school.example", Fate.TO_SEND),
    ]
    assert first.recipient.name == "Pupil 1"
    assert (first.code, first.link) == (ada.code, f"{desk.mailing.page_of('students')}#code={ada.code}")
    assert first.purpose.startswith("code ")
    assert ada.code[:4] not in first.purpose + repr(first)


def test_a_code_that_opens_nothing_is_not_mailed(desk: Desk) -> None:
    """Revoked, used, expired, another form's, or none at all; each is said."""
    revoked, used = desk.codes(person(1), person(2))
    [over] = desk.codes(person(3), valid_until=desk.clock.now() + 60.0)
    desk.parts.grants.revoke(GrantFilter(form="students", subject="s-1"), actor="office")
    submit(desk, used.code)
    desk.clock.advance(61.0)
    mails = list(desk.recipients.of_codes("students", [revoked, used, over, "not a code"]))
    assert [one.fate for one in mails] == [Fate.VOID] * 4
    assert [one.said for one in mails] == [
        "the code was revoked",
        "the code was used",
        "the code has expired",
        "nobody knows this code",
    ]


def test_everybody_with_a_code_is_invited(desk: Desk) -> None:
    """By a link of their own; who has sent the form is not."""
    first, _ = desk.codes(person(1), person(2))
    submit(desk, first.code)
    mails = list(desk.recipients.invited("students"))
    assert told(mails) == [
        ("s-1", "p1@school.example", Fate.SUBMITTED),
        ("s-2", "p2@school.example", Fate.TO_SEND),
    ]
    text = mails[1].link.partition("invitation=")[2]
    invitation = desk.parts.invitations.read(text, "students")
    assert invitation is not None
    assert invitation.subject == "s-2"


def test_who_is_missing_is_reminded(desk: Desk, office: PostOffice) -> None:
    """Of those who have a code, and of those who were mailed a link only."""
    first, _ = desk.codes(person(1), person(2))
    desk.send(desk.recipients.invited("students", [Recipient(subject="s-9", address="p9@school.example")]))
    submit(desk, first.code)
    mails = list(desk.recipients.missing("students"))
    assert told(mails) == [
        ("s-2", "p2@school.example", Fate.TO_SEND),
        ("s-9", "p9@school.example", Fate.TO_SEND),
    ]
    assert {one.purpose for one in mails} == {"reminder 2026-09-21"}
    assert "invitation=" not in mails[0].link
    assert "invitation=" in mails[1].link


def test_a_revoked_invitation_is_not_made_anew_by_mail(desk: Desk) -> None:
    """A newer link would let the person in again: neither a reminder nor another invitation brings one."""
    people = [Recipient(subject=f"s-{n}", address=f"p{n}@school.example") for n in (8, 9)]
    desk.send(desk.recipients.invited("students", people))
    assert len(list(desk.recipients.missing("students"))) == 2
    desk.parts.inviting.revoke("students", "s-9", actor="office")
    assert [one.recipient.subject for one in desk.recipients.missing("students")] == ["s-8"]
    again = list(desk.recipients.invited("students", people))
    assert [(one.fate, one.said) for one in again] == [
        (Fate.TO_SEND, None),
        (Fate.VOID, "this person's invitations were revoked"),
    ]


def test_everybody_is_mailed_in_their_own_language(desk: Desk, office: PostOffice) -> None:
    """As their code says, or their line; the named one is for the others. The page they are led to speaks it, too."""
    german, unknown = desk.codes(person(1, language="de"), person(2))
    desk.send(desk.recipients.of_codes("students", [german, unknown], language="fr"))
    listed = read_coded(f"code,language\n{unknown},Polish\n".encode(), 9).lines
    assert [one.language for one in desk.recipients.of_codes("students", listed, language="fr")] == ["pl"]
    desk.send(desk.recipients.missing("students", language="uk"))
    assert [one.message["Content-Language"] for one in office.taken] == ["de", "fr", "de", "uk"]
    texts = [one.message.get_content() for one in office.taken]
    page = "https://school.example/jotgate/f/students"
    links = [re.findall(rf"{page}\S*", text)[0] for text in texts]
    assert links == [f"{page}?lang=de#code={german}", f"{page}#code={unknown}", f"{page}?lang=de", page]
    desk.send(desk.recipients.reissued("students", ["s-1"], actor="office", language="fr"))
    assert office.taken[-1].message["Content-Language"] == "de"


def test_who_was_invited_in_a_language_is_reminded_in_it(desk: Desk, office: PostOffice) -> None:
    """The store keeps it with the mail; the links bring it along."""
    people = [
        Recipient(subject="s-8", address="p8@school.example", language="tr"),
        Recipient(subject="s-9", address="p9@school.example"),
    ]
    for mails in (desk.recipients.invited("students", people), desk.recipients.missing("students")):
        desk.send(mails)
    assert [one.message["Content-Language"] for one in office.taken] == ["tr", "en", "tr", "en"]
    for taken, spoken in zip(office.taken, ["tr", "", "tr", ""], strict=True):
        [text] = re.findall(r"invitation=(\S+)", taken.message.get_content())
        invitation = desk.parts.invitations.read(text, "students")
        assert invitation is not None
        assert invitation.language == spoken


def test_who_sends_the_form_meanwhile_gets_no_reminder(desk: Desk) -> None:
    """Each is asked about when the turn is theirs."""
    _, second = desk.codes(person(1), person(2))
    mails = desk.recipients.missing("students", name="Friday")
    assert next(mails).purpose == "reminder Friday"
    submit(desk, second.code)
    assert list(mails) == []


def test_a_lost_code_is_replaced_when_its_mail_is_due(desk: Desk, office: PostOffice) -> None:
    """Not before, and not for somebody whom no mail would reach."""
    lost, kept, _, _ = desk.codes(person(1), person(2, email=None), person(3), person(3, label="again"))
    mails = desk.recipients.reissued("students", ["s-1", "s-2", "s-3"], actor="office")
    sent = desk.send(mails)
    assert [one.fate for one in sent] == [Fate.SENT, Fate.NO_ADDRESS, Fate.VOID]
    assert sent[2].said == "there are 2 codes of this person, not one"
    [taken] = office.taken
    assert lost.code not in taken.message.get_content()
    assert sent[0].code in taken.message.get_content()
    [fate] = [one.said for one in desk.recipients.of_codes("students", [lost.code])]
    assert fate == "nobody knows this code"
    assert [one.fate for one in desk.recipients.of_codes("students", [kept.code])] == [Fate.TO_SEND]


@pytest.mark.parametrize("terms", [{}, {"valid_until": 1.0}], ids=["refused", "expired"])
def test_whom_a_mail_would_not_reach_keeps_their_code(
    desk: Desk, office: PostOffice, terms: dict[str, float]
) -> None:
    """An address that was refused before, a code that is over: what is on their card stays as good as it was."""
    [code] = desk.codes(person(1), **terms)
    office.rcpt["p1@school.example"] = "550 5.1.1 unknown"
    desk.send(desk.recipients.of_codes("students", [code]))
    [told] = desk.send(desk.recipients.reissued("students", ["s-1"], actor="office"))
    assert (told.fate, told.code) == (Fate.VOID if terms else Fate.REFUSED, "")
    assert desk.parts.grants.by_code(code) is not None
    assert [one.said for one in desk.recipients.of_codes("students", [code])] != ["nobody knows this code"]
    office.rcpt.clear()
    mails = desk.recipients.reissued("students", ["s-1"], actor="office", again=True)
    [told] = desk.send(mails, again=True)
    assert told.fate is (Fate.VOID if terms else Fate.SENT)


def test_what_cannot_be_is_said_before_anything_happens(desk: Desk) -> None:
    """A form that there is not, a reminder without a name."""
    for call in (
        lambda: desk.recipients.of_codes("trip", []),
        lambda: desk.recipients.invited("trip"),
        lambda: desk.recipients.missing("trip"),
    ):
        with pytest.raises(UnknownForm):
            call()
    with pytest.raises(InputError, match="name of a reminder"):
        desk.recipients.missing("students", name="x\n")
