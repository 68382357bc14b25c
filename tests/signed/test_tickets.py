"""Tickets: one spelling each, told from forgeries without a store, read from any text."""

from __future__ import annotations

import base64
import re
import string
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jotgate.signed.keyring import KeyRing
from jotgate.signed.tickets import (
    TEXT_LENGTH,
    FilledIn,
    OnPage,
    Ticket,
    TicketState,
    new_page,
    new_ticket_id,
    read_ticket,
    ticket_text,
)

KEYS = KeyRing([b"k" * 32])
SYMBOLS = string.ascii_letters + string.digits + "-_"
RIGHT_LENGTH = st.text(SYMBOLS + "+/=", min_size=TEXT_LENGTH, max_size=TEXT_LENGTH)
ANY_TEXT = st.text() | RIGHT_LENGTH | st.text("é\ud800A=", max_size=40)


@given(st.binary(min_size=16, max_size=16))
def test_a_ticket_comes_back_as_it_was(ticket_id: bytes) -> None:
    """Its text has 35 characters that no address has to escape."""
    text = ticket_text(OnPage(ticket_id), KEYS)
    assert re.fullmatch(r"[A-Za-z0-9_-]{35}", text)
    assert read_ticket(text, KEYS) == OnPage(ticket_id)


@given(st.binary(min_size=15, max_size=15), st.integers(0, 255))
def test_a_text_says_which_opening_it_is_of(random: bytes, opening: int) -> None:
    """It is no longer for it, and the same on every page of that opening."""
    on_page = OnPage(random + bytes(1), opening)
    text = ticket_text(on_page, KEYS)
    assert re.fullmatch(r"[A-Za-z0-9_-]{35}", text)
    assert read_ticket(text, KEYS) == on_page
    assert ticket_text(on_page._replace(page=b"page"), KEYS) == text


def test_the_text_of_an_old_ticket_has_no_room_for_an_opening() -> None:
    """Its id is random to the last byte; the text is the one that it always had."""
    ticket_id = b"0123456789abcdef"
    assert read_ticket(ticket_text(OnPage(ticket_id, 1), KEYS), KEYS) == OnPage(ticket_id)


@given(ANY_TEXT)
def test_no_other_text_is_a_ticket(text: str) -> None:
    """Whatever it is made of and however long, it is refused without an exception."""
    assert read_ticket(text, KEYS) is None


@given(st.integers(0, 207))
def test_any_flipped_bit_makes_a_forgery(bit: int) -> None:
    """Of the id as well as of the MAC."""
    raw = bytearray(base64.urlsafe_b64decode(ticket_text(OnPage(bytes(16)), KEYS) + "="))
    raw[bit // 8] ^= 1 << bit % 8
    assert read_ticket(base64.urlsafe_b64encode(raw).decode().rstrip("="), KEYS) is None


def test_ids_are_never_the_same() -> None:
    """A hundred thousand of 120 random bits, which make texts of the right length."""
    ids = {new_ticket_id() for _ in range(100_000)}
    assert len(ids) == 100_000
    assert {len(one) for one in ids} == {16}


def test_a_new_page_is_of_the_newest_opening_and_has_a_name_of_its_own() -> None:
    """Of an access code's ticket, which nothing fills in, it is of opening 0."""
    ticket = Ticket(
        ticket_id=new_ticket_id(),
        form="students",
        subject=None,
        state=TicketState.OPEN,
        issued_at=0.0,
        expires_at=60.0,
        openings=tuple(FilledIn(number, {}, ()) for number in (7, 3, 9)),
    )
    pages = [new_page(ticket) for _ in range(10)]
    assert {(one.ticket_id, one.opening, len(one.page)) for one in pages} == {(ticket.ticket_id, 9, 4)}
    assert len({one.page for one in pages}) == 10
    assert new_page(replace(ticket, openings=())).opening == 0
