"""What the door says: everything has words, the words help, and they give nothing away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from jotgate.codes import Hint
from jotgate.door.messages import Message, message_for, message_for_state, page_states, spoken_moment, states
from jotgate.outcomes import Reason, Refuse, Verdict
from jotgate.policy import FormPolicy

NOW = datetime(2026, 4, 29, 10, 40, tzinfo=timezone.utc).timestamp()
MONDAY_AT_SIX = datetime(2026, 5, 4, 6, 0, tzinfo=timezone.utc).timestamp()
POLICY = FormPolicy(form="students", form_id="1", title="Students", timezone="Europe/Vienna")
STATUSES = {
    Reason.UNKNOWN_CODE: 403,
    Reason.MISTYPED: 422,
    Reason.WRONG_FORM: 403,
    Reason.NOT_YET_VALID: 403,
    Reason.EXPIRED: 403,
    Reason.USED_UP: 403,
    Reason.ALREADY_SENT: 403,
    Reason.REVOKED: 403,
    Reason.THROTTLED: 429,
    Reason.CODE_BUSY: 429,
    Reason.BAD_TOKEN: 403,
    Reason.TOKEN_USED: 403,
    Reason.TOKEN_EXPIRED: 403,
    Reason.APP_ONLY: 403,
    Reason.COOKIES_BLOCKED: 403,
    Reason.NOT_SIGNED_IN: 401,
    Reason.NOT_INVITED: 403,
    Reason.INVITATION_OVER: 403,
    Reason.OPEN_ELSEWHERE: 409,
    Reason.MOVED_AWAY: 403,
    Reason.NOT_YET_OPEN: 403,
    Reason.CLOSED: 403,
    Reason.PAUSED: 403,
    Reason.FULL: 403,
    Reason.FIELD_MISSING: 503,
    Reason.NO_PASS: 401,
    Reason.NOT_SUBMITTED: 403,
    Reason.CROSS_SITE: 403,
    Reason.STORE_DOWN: 503,
    Reason.UNKNOWN_FORM: 404,
    Reason.MALFORMED: 400,
}
#: The reasons that speak of a moment: opens at, expired at, used on.
DATED = (
    Reason.NOT_YET_VALID, Reason.EXPIRED, Reason.USED_UP, Reason.INVITATION_OVER, Reason.NOT_YET_OPEN, Reason.CLOSED,
)  # fmt: skip


def refusal(reason: Reason, at: float | None = None, policy: FormPolicy | None = POLICY) -> Message:
    return message_for(Refuse(reason=reason, ref="R", at=at), policy, NOW)


def every_message() -> Iterator[Message]:
    for reason in Reason:
        yield refusal(reason)
        yield refusal(reason, at=MONDAY_AT_SIX)
        yield refusal(reason, policy=None)
    for hint in Hint:
        yield message_for(Refuse(reason=Reason.MISTYPED, ref="R", hint=hint.value), POLICY, NOW)
    for seconds in (0.2, 30, 600):
        for blame in None, "nearby", "everywhere":
            slowed = Refuse(reason=Reason.THROTTLED, ref="R", retry_after_seconds=seconds, hint=blame)
            yield message_for(slowed, POLICY, NOW)
    yield from states().values()
    yield from states(from_app=True).values()
    yield from page_states().values()
    yield from page_states(from_app=True).values()
    for reason in Reason:
        for at in (None, MONDAY_AT_SIX):
            yield message_for(Refuse(reason=reason, ref="R", at=at), POLICY, NOW, from_app=True)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_the_status_of_the_contract(reason: Reason) -> None:
    """A refusal answers with the one status that was promised for its reason."""
    assert refusal(reason).status == STATUSES[reason]


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_message_and_is_a_state(verdict: Verdict) -> None:
    """Whatever `/state` can answer, the page has words for it."""
    assert states()[verdict.value] == message_for_state(verdict.value)
    assert message_for_state(verdict.value).status == 200
    assert set(states()) == {"sent"} | {each.value for each in Verdict}


def test_each_reason_and_each_verdict_is_told_apart() -> None:
    """No two reasons, and no two states, share a heading."""
    assert len({refusal(reason).title for reason in Reason}) == len(Reason)
    assert len({message.title for message in states().values()}) == len(states())


def test_every_message_is_whole_and_plain() -> None:
    """A heading without a full stop, a remedy in whole sentences, no markup, no gaps, no forbidden word."""
    for message in every_message():
        assert re.fullmatch(r"[A-Z][^.<>{}]{5,50}", message.title), message
        assert re.fullmatch(r"[A-Z][^<>{}]+\.", message.remedy), message
        assert "  " not in message.remedy
        assert not re.search(
            r"password|login|token|ticket|verdict", message.title + message.remedy, re.IGNORECASE
        )


def test_only_the_verdicts_that_count_say_so() -> None:
    """Nobody reads "You are done" about a submission that does not count."""
    for verdict in Verdict:
        assert ("You are done" in message_for_state(verdict.value).remedy) is verdict.counts


@pytest.mark.parametrize("reason", DATED)
def test_a_moment_is_told_in_the_timezone_of_the_form(reason: Reason) -> None:
    """Who is early or late reads when, by the clock on the wall."""
    assert "on Monday 4 May at 08:00" in refusal(reason, at=MONDAY_AT_SIX).remedy
    assert "on Monday 4 May at 06:00 UTC" in refusal(reason, at=MONDAY_AT_SIX, policy=None).remedy
    assert "08:00" not in refusal(reason).remedy


def test_a_missing_moment_comes_from_the_policy() -> None:
    """A form's own hours are known without the refusal repeating them; a code's are not taken from them."""
    policy = replace(POLICY, opens_at=MONDAY_AT_SIX, closes_at=MONDAY_AT_SIX)
    for reason in DATED:
        told = "on Monday 4 May at 08:00" in refusal(reason, policy=policy).remedy
        assert told is (reason in (Reason.NOT_YET_OPEN, Reason.CLOSED))


def test_unknown_codes_share_one_wording() -> None:
    """Two unknown codes are answered alike, whenever and whatever else is known."""
    early = message_for(Refuse(reason=Reason.UNKNOWN_CODE, ref="A"), POLICY, NOW)
    late = message_for(Refuse(reason=Reason.UNKNOWN_CODE, ref="B", at=NOW, hint="too_short"), None, NOW * 2)
    assert early == late


def test_each_typing_mistake_has_its_own_advice_and_a_new_one_the_general() -> None:
    """A hint changes the words, never the status; a hint that is not known yet falls back."""
    by_hint = {
        hint: message_for(Refuse(reason=Reason.MISTYPED, ref="R", hint=hint.value), POLICY, NOW)
        for hint in Hint
    }
    assert len({message.remedy for message in by_hint.values()}) == len(Hint)
    assert {message.status for message in by_hint.values()} == {422}
    unheard_of = message_for(Refuse(reason=Reason.MISTYPED, ref="R", hint="mirror_written"), POLICY, NOW)
    assert unheard_of == refusal(Reason.MISTYPED)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "in 1 second."),
        (0.4, "in 1 second."),
        (1.2, "in 2 seconds."),
        (60, "in 60 seconds."),
        (91, "in 2 minutes."),
    ],
)
def test_a_throttled_visitor_is_told_how_long(seconds: float, words: str) -> None:
    """The wait is rounded up, so that the next try is never too early."""
    refuse = Refuse(reason=Reason.THROTTLED, ref="R", retry_after_seconds=seconds)
    assert words in message_for(refuse, POLICY, NOW).remedy


def test_a_visitors_network_is_blamed_for_its_own_guesses_only() -> None:
    """Where other networks guessed, the page says so, and speaks of no fault of the visitor's."""
    remedies = {
        blame: message_for(
            Refuse(reason=Reason.THROTTLED, ref="R", retry_after_seconds=9, hint=blame), POLICY, NOW
        ).remedy
        for blame in (None, "nearby", "everywhere")
    }
    assert [blame for blame, remedy in remedies.items() if "your network" in remedy] == [None]
    assert all("9 seconds" in remedy for remedy in remedies.values())


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ((2026, 4, 29, 21, 59), "today at 23:59"),
        ((2026, 4, 29, 22, 0), "tomorrow at 00:00"),
        ((2026, 4, 28, 12, 5), "yesterday at 14:05"),
        ((2026, 10, 25, 2, 30), "on Sunday 25 October at 03:30"),
        ((2027, 1, 1, 8, 0), "on Friday 1 January 2027 at 09:00"),
    ],
)
def test_a_moment_is_spoken_as_people_do(moment: tuple[int, int, int, int, int], words: str) -> None:
    """Days are counted by the form's own midnight, summer time included; the year is said where it differs."""
    assert spoken_moment(datetime(*moment, tzinfo=timezone.utc).timestamp(), POLICY, NOW) == words


def test_who_comes_from_an_app_is_not_told_of_codes() -> None:
    """On a form that takes no codes, whatever the reason or the verdict; the statuses are the same."""
    app_only = replace(POLICY, access=("app",))
    about_codes = {
        Reason.UNKNOWN_CODE,
        Reason.MISTYPED,
        Reason.WRONG_FORM,
        Reason.NOT_YET_VALID,
        Reason.EXPIRED,
    }
    unasked = about_codes | {Reason.THROTTLED, Reason.CODE_BUSY, Reason.OPEN_ELSEWHERE, Reason.UNKNOWN_FORM}
    for reason in set(Reason) - unasked:
        for at in (None, MONDAY_AT_SIX):
            message = refusal(reason, at=at, policy=app_only)
            assert "code" not in f"{message.title} {message.remedy}", reason
            assert message.status == STATUSES[reason]
    assert states(from_app=True).keys() == states().keys()
    for state, message in states(from_app=True).items():
        assert "code" not in f"{message.title} {message.remedy}", state
