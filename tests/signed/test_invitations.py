"""Invitations: personal links that say for whom they are, and open nothing."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.errors import InputError, UnknownForm
from jotgate.policy import FormPolicy
from jotgate.signed.invitations import Invitation, Invitations, invitation_text, read_invitation
from jotgate.signed.keyring import KeyRing
from jotgate.testing import FrozenClock

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
KEYS = KeyRing([OLD])
NOW = 1_777_000_000.0
POLICIES = {
    "students": FormPolicy(form="students", form_id="1", title="Students"),
    "paged": FormPolicy(form="paged", form_id="2", title="Paged", page="/members"),
}
subjects = st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable() and text.strip())


def invitations() -> Invitations:
    return Invitations(
        POLICIES,
        door="/jotgate/f",
        site_url="https://school.example",
        keys=KEYS,
        clock=FrozenClock(NOW),
    )


def carried(link: str) -> str:
    """Return what a link carries."""
    (text,) = parse_qs(urlsplit(link).query)["invitation"]
    return text


@given(
    subject=subjects,
    until=st.none() | st.integers(1, (1 << 32) - 1).map(float),
    uses=st.none() | st.integers(1, 1_000_000),
    made_at=st.floats(0, 1e11),
)
def test_what_was_signed_is_read_back(
    subject: str, until: float | None, uses: int | None, made_at: float
) -> None:
    """Any subject, with an end or without one, and how often it is good."""
    invitation = Invitation(form="students", subject=subject, until=until, uses=uses, made_at=made_at)
    assert read_invitation(invitation_text(invitation, KEYS), "students", KEYS) == invitation


@given(text=st.text(max_size=80) | st.text(alphabet="abcXYZ019-_=", max_size=1_300))
def test_any_other_text_is_none(text: str) -> None:
    """Nothing that somebody else wrote is an invitation, and nothing raises."""
    assert read_invitation(text, "students", KEYS) is None


def test_an_invitation_is_bound_to_its_form_and_to_every_byte() -> None:
    """For another form, with another key, or changed anywhere, it is none."""
    text = invitation_text(Invitation(form="students", subject="s-1042"), KEYS)
    assert read_invitation(text, "paged", KEYS) is None
    assert read_invitation(text, "students", KeyRing([NEW])) is None
    for at in range(len(text) - 1):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        assert read_invitation(changed, "students", KEYS) is None, at


def test_an_invitation_outlives_a_new_secret() -> None:
    """What the older secret signed is read as long as that secret is held."""
    text = invitation_text(Invitation(form="students", subject="s-1"), KEYS)
    assert read_invitation(text, "students", KeyRing([OLD, NEW])) is not None


@pytest.mark.parametrize("purpose", ["pass", "ticket", "browser", "return", "move"])
def test_nothing_else_that_we_sign_is_an_invitation(purpose: str) -> None:
    """The same bytes under the key of another purpose are refused."""
    text = invitation_text(Invitation(form="students", subject="s-1"), KEYS)

    class Another(KeyRing):
        def keys(self, _: str) -> tuple[bytes, ...]:
            return super().keys(purpose)

    assert read_invitation(text, "students", Another([OLD])) is None


@pytest.mark.parametrize(("form", "page"), [("students", "/jotgate/f/students"), ("paged", "/members")])
def test_a_link_leads_to_the_page_that_shows_the_form(form: str, page: str) -> None:
    """The door, or the form's own page; the subject stands in no plain letters in it."""
    link = invitations().link(form, subject="s-1042")
    assert link.startswith(f"https://school.example{page}?invitation=")
    assert "1042" not in link
    found = invitations().read(carried(link), form)
    assert found is not None
    assert (found.subject, found.until) == ("s-1042", None)


def test_an_invitation_ends_when_it_says() -> None:
    """To the second."""
    found = invitations().read(
        carried(invitations().link("students", subject="s", until=NOW + 60)), "students"
    )
    assert found is not None
    assert [found.is_over(at) for at in (NOW, NOW + 59.9, NOW + 60)] == [False, False, True]


@pytest.mark.parametrize("subject", ["", "  ", "x" * 201, "a\nb", "\ud800"])
def test_a_subject_that_makes_no_sense_is_refused(subject: str) -> None:
    """`InputError`, as is an end in the past; an unknown form is `UnknownForm`."""
    with pytest.raises(InputError, match="subject"):
        invitations().link("students", subject=subject)
    with pytest.raises(InputError, match="future"):
        invitations().link("students", subject="s", until=NOW)
    with pytest.raises(UnknownForm):
        invitations().link("nobody", subject="s")
