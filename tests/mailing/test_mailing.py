"""Sending mails: each to one person once, at a rate, and nothing is lost when the process dies."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jotgate.errors import InputError, MailUnavailable
from jotgate.mailing.mailing import CLAIM_SECONDS, Fate, Planned
from jotgate.mailing.texts import Kind
from jotgate.protocols import MailState
from tests.config.test_settings import usable
from tests.mailing.desk import Desk, person
from tests.post_office import PostOffice


def fates(mails: list[Planned]) -> list[Fate]:
    """Return what became of mails."""
    return [one.fate for one in mails]


def test_everybody_gets_their_own_code_once(desk: Desk, office: PostOffice) -> None:
    """And what is sent stands in the ledger, without the code and the address."""
    codes = desk.pupils(3)
    sent = desk.send(desk.recipients.of_codes("students", codes))
    assert fates(sent) == [Fate.SENT] * 3
    assert office.to == [f"p{n}@school.example" for n in range(3)]
    for code, taken in zip(codes, office.taken, strict=True):
        text = taken.message.get_content()
        assert f"Hello {code.label}," in text
        assert f"#code={code.code}" in text
        assert code.code in text.splitlines()
        assert not any(other.code in text for other in codes if other != code)
        assert code.code not in taken.message["Subject"]
    again = desk.send(desk.recipients.of_codes("students", codes))
    assert fates(again) == [Fate.SENT] * 3
    assert again[0].at == sent[0].at
    assert len(office.taken) == 3
    events = desk.events()
    assert [event[:2] for event in events] == [("mail.sent", f"s-{n}") for n in range(3)]
    assert not any(code.code[:4] in str(events) for code in codes)
    assert "@" not in str(events)


def test_a_mail_speaks_the_language_that_it_is_wished_for_in(office: PostOffice, tmp_path: Path) -> None:
    """And says so in its head; the moment is said in it, too, by the clocks of the form's timezone."""
    closing = usable()["forms"]["students"] | {"closes_at": "2026-12-04T12:00", "timezone": "Europe/Berlin"}
    desk = Desk(folder=tmp_path, port=office.port, settings={"forms": {"students": closing}})
    codes = desk.pupils(3)
    for code, tag in zip(codes, ("de", "pl", ""), strict=True):
        desk.send(desk.recipients.of_codes("students", [code], language=tag))
    heads = [taken.message["Content-Language"] for taken in office.taken]
    german, polish, english = (taken.message.get_content() for taken in office.taken)
    assert heads == ["de", "pl", "en"]
    assert "Es wird am Freitag, 4. Dezember 2026, um 12:00 geschlossen." in german
    assert "Zostanie zamknięty w piątek 4 grudnia 2026 r. o 12:00." in polish
    assert "It closes on Friday 4 December 2026 at 12:00." in english
    desk.parts.store.close()


def test_a_text_in_no_known_language_says_moments_in_that_of_the_form(
    office: PostOffice, tmp_path: Path
) -> None:
    """A site's text for everybody, whatever its people read."""
    form = usable()["forms"]["students"] | {"closes_at": "2026-12-04T12:00", "languages": ["de", "fr"]}
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "reminder.txt").write_text("Subject: x\n\n{closes}", "utf-8")
    settings = {"forms": {"students": form}, "mail_templates": str(tmp_path / "texts")}
    desk = Desk(folder=tmp_path, port=office.port, settings=settings)
    letter = desk.mailing.preview(desk.mailing.sample(Kind.REMINDER, "students", "fr"))
    assert "Dezember" in letter.text
    assert letter.message()["Content-Language"] is None
    desk.parts.store.close()


def test_mails_go_out_at_the_rate_of_the_settings(desk: Desk, office: PostOffice) -> None:
    """Thirty a minute if nobody says otherwise, also after a break."""
    codes = desk.pupils(3)
    desk.send(desk.recipients.of_codes("students", codes[:2]), rate=None)
    desk.send(desk.recipients.of_codes("students", codes), rate=20)
    assert desk.waits == pytest.approx([2.0, 3.0])


def test_a_plan_tells_what_would_become_of_each(desk: Desk, office: PostOffice) -> None:
    """And changes nothing."""
    people = [person(1), person(2, email="x"), person(3, email=None), person(4)]
    codes = desk.codes(*people)
    desk.send(desk.recipients.of_codes("students", codes[3:]))
    plan = list(desk.mailing.plan(desk.recipients.of_codes("students", codes)))
    assert fates(plan) == [Fate.TO_SEND, Fate.NO_ADDRESS, Fate.NO_ADDRESS, Fate.SENT]
    assert [one.said for one in plan] == [None, "it is not an e-mail address", None, None]
    assert office.to == ["p4@school.example"]
    assert len(list(desk.parts.store.mails())) == 1


def test_a_refused_address_is_noted_and_left_alone(desk: Desk, office: PostOffice) -> None:
    """In other mails, too, until somebody asks for it, or the person has another address."""
    office.rcpt["p0@school.example"] = "550 5.1.1 <p0@school.example> unknown"
    codes = desk.pupils(2)
    sent = desk.send(desk.recipients.of_codes("students", codes))
    assert fates(sent) == [Fate.REFUSED, Fate.SENT]
    assert sent[0].said == "550 5.1.1 <...> unknown"
    assert desk.events()[0] == ("mail.refused", "s-0", f"mail {sent[0].purpose}", "550 5.1.1 <...> unknown")
    reminders = desk.send(desk.recipients.missing("students"))
    assert fates(reminders) == [Fate.REFUSED, Fate.SENT]
    del office.rcpt["p0@school.example"]
    assert fates(desk.send(desk.recipients.of_codes("students", codes[:1]))) == [Fate.REFUSED]
    assert fates(desk.send(desk.recipients.of_codes("students", codes[:1]), again=True)) == [Fate.SENT]
    assert fates(desk.send(desk.recipients.missing("students"))) == [Fate.SENT, Fate.SENT]


def test_what_the_server_puts_off_is_tried_again_later(desk: Desk, office: PostOffice) -> None:
    """Under the same Message-ID, and by the same command."""
    office.rcpt["p0@school.example"] = "450 4.7.1 greylisted"
    [code] = desk.pupils(1)
    [put_off] = desk.send(desk.recipients.of_codes("students", [code]))
    assert (put_off.fate, put_off.said) == (Fate.WAITING, "450 4.7.1 greylisted")
    assert put_off.at == desk.clock.now() + 300.0
    [known] = desk.parts.store.mails()
    del office.rcpt["p0@school.example"]
    assert fates(desk.send(desk.recipients.of_codes("students", [code]))) == [Fate.WAITING]
    desk.clock.advance(301.0)
    assert fates(desk.send(desk.recipients.of_codes("students", [code]))) == [Fate.SENT]
    assert office.taken[0].message["Message-ID"] == f"<{known.message_id}>"


def test_a_server_that_takes_nothing_stops_the_run(desk: Desk, office: PostOffice) -> None:
    """Nobody is to blame for it, and the next run begins where this one ended."""
    codes = desk.pupils(3)
    office.mail = "451 4.3.0 later"
    with pytest.raises(MailUnavailable, match="451"):
        desk.send(desk.recipients.of_codes("students", codes))
    assert desk.events() == []
    office.mail = ""
    assert fates(desk.send(desk.recipients.of_codes("students", codes))) == [Fate.SENT] * 3


def test_a_server_that_refuses_everybody_stops_the_run(desk: Desk, office: PostOffice) -> None:
    """After five, so that a fault of ours does not spoil six hundred."""
    codes = desk.pupils(9)
    office.data |= {f"p{n}@school.example": "550 5.7.26 unauthenticated" for n in range(9)}
    with pytest.raises(MailUnavailable, match=r"refused 5 mails, one after the other: 550 5\.7\.26"):
        desk.send(desk.recipients.of_codes("students", codes))
    assert len(list(desk.parts.store.mails(state=MailState.REFUSED))) == 5
    office.data.clear()
    assert fates(desk.send(desk.recipients.of_codes("students", codes), again=True)) == [Fate.SENT] * 9


def test_two_processes_send_each_mail_once(desk: Desk, office: PostOffice) -> None:
    """Also when both began before either had sent any."""
    codes = desk.pupils(4)
    other = Desk(folder=desk.folder, port=office.port, clock=desk.clock)
    first = desk.mailing.send(desk.recipients.of_codes("students", codes), actor="a", rate=6_000)
    second = other.mailing.send(other.recipients.of_codes("students", codes), actor="b", rate=6_000)
    for _ in range(4):
        next(first), next(second)
    assert office.to == [f"p{n}@school.example" for n in range(4)]
    first.close()  # type: ignore[attr-defined]
    second.close()  # type: ignore[attr-defined]
    other.parts.store.close()


def test_what_a_killed_process_had_in_hand_goes_out_again(desk: Desk, office: PostOffice) -> None:
    """None is lost, and at most the one in flight comes twice: under one Message-ID, when its claim is over."""
    codes = desk.pupils(6)
    (desk.folder / "codes.csv").write_text("code\n" + "\n".join(codes), "utf-8")
    sender = f"""
from pathlib import Path
from tests.config.test_settings import usable
from tests.mailing.desk import Desk
from jotgate.classlist import read_coded
desk = Desk(folder=Path({str(desk.folder)!r}), port={office.port})
listed = read_coded(Path({str(desk.folder / "codes.csv")!r}).read_bytes(), 9)
desk.send(desk.recipients.of_codes("students", listed.lines))
"""
    process = subprocess.Popen([sys.executable, "-c", sender], cwd=Path(__file__).parents[2])

    def kill_at_the_third() -> None:
        # The server has it, and the process has not heard of it.
        if len(office.taken) == 3:
            process.send_signal(signal.SIGKILL)
            process.wait()

    office.on_taken = kill_at_the_third
    assert process.wait(60) == -signal.SIGKILL
    assert len(office.taken) == 3
    rest = desk.send(desk.recipients.of_codes("students", codes))
    assert fates(rest) == [Fate.SENT, Fate.SENT, Fate.WAITING, Fate.SENT, Fate.SENT, Fate.SENT]
    assert rest[2].said == "another process is sending it, or died with it"
    desk.clock.advance(CLAIM_SECONDS)
    assert fates(desk.send(desk.recipients.of_codes("students", codes))) == [Fate.SENT] * 6
    assert sorted(office.to) == sorted([*(f"p{n}@school.example" for n in range(6)), "p2@school.example"])
    twice = [one.message["Message-ID"] for one in office.taken if one.to == "p2@school.example"]
    assert len(twice) == 2
    assert len(set(twice)) == 1


def test_a_run_ends_when_its_time_is_over(desk: Desk, office: PostOffice) -> None:
    """As a page of the office needs it; the next one does the rest."""
    codes = desk.pupils(3)
    sent = desk.send(desk.recipients.of_codes("students", codes), seconds=0.0)
    assert len(sent) <= 1
    assert fates(desk.send(desk.recipients.of_codes("students", codes))) == [Fate.SENT] * 3


@pytest.mark.parametrize("kind", Kind)
def test_a_preview_shows_the_mail_as_it_goes_out(desk: Desk, office: PostOffice, kind: Kind) -> None:
    """With people of the site, or a made-up one."""
    letter = desk.mailing.preview(desk.mailing.sample(kind, "students"))
    assert letter.sender.address == "office@school.example"
    assert "Hello Ada Lovelace," in letter.text
    assert "https://school.example/" in letter.text
    assert ("ABCD-EFGH-JKMN" in letter.text) == (kind is Kind.CODE)
    assert office.taken == []


def test_a_site_sends_mails_by_a_function_of_its_own(tmp_path: Path) -> None:
    """With no server at all."""
    sent = []
    own = {"mail_server": None, "mail_tls": None, "mail_sender": sent.append}
    desk = Desk(folder=tmp_path, port=1, settings=own)
    assert fates(desk.send(desk.recipients.of_codes("students", desk.pupils(2)))) == [Fate.SENT] * 2
    assert [one["To"] for one in sent] == ["Pupil 0 <p0@school.example>", "Pupil 1 <p1@school.example>"]
    desk.parts.store.close()


def test_without_a_server_nothing_is_claimed(tmp_path: Path) -> None:
    """It is said before the first mail."""
    desk = Desk(folder=tmp_path, port=1, settings={"mail_server": None, "mail_tls": None})
    with pytest.raises(InputError, match="set mail_server"):
        desk.send(desk.recipients.of_codes("students", desk.pupils(1)))
    assert list(desk.parts.store.mails()) == []
    desk.parts.store.close()


@pytest.mark.parametrize("name", ["code.txt", "code.fr.txt"])
def test_texts_of_the_site_are_looked_at_before_the_first_mail(
    office: PostOffice, tmp_path: Path, name: str
) -> None:
    """A mistake in one reaches nobody, whatever language the first mail is in."""
    (tmp_path / name).write_text("Subject: x\n\n{cod}", "utf-8")
    desk = Desk(folder=tmp_path, port=office.port, settings={"mail_templates": str(tmp_path)})
    with pytest.raises(InputError, match="cannot be filled in"):
        desk.send(desk.recipients.of_codes("students", desk.pupils(1)))
    assert office.taken == []
    desk.parts.store.close()


def test_a_name_does_no_harm(desk: Desk, office: PostOffice) -> None:
    """It is a name in the mail, whatever it says."""
    hostile = 'Ada" <eve@evil.example>, {code} {link}'
    [code] = desk.codes(person(1, label=hostile))
    assert fates(desk.send(desk.recipients.of_codes("students", [code]))) == [Fate.SENT]
    [taken] = office.taken
    assert office.to == ["p1@school.example"]
    assert [one.addr_spec for one in taken.message["To"].addresses] == ["p1@school.example"]
    assert f"Hello {hostile}," in taken.message.get_content()
