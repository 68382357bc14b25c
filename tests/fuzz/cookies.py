"""Cookies and what they hold: browsers and passes; tickets and invitations, which have the same envelope."""

from __future__ import annotations

from contextlib import ExitStack

from tests.door import test_checking, test_cookies, test_visitors
from tests.door.site import running_site
from tests.fuzz.properties import Property, broken_by
from tests.signed import test_browsers, test_invitations, test_keyring, test_passes, test_tickets


def properties(held: ExitStack) -> list[Property]:
    """Return what to try; *held* keeps the site."""
    site = held.enter_context(running_site())
    return [
        broken_by(test_browsers.test_no_other_text_is_a_browser),
        broken_by(test_passes.test_no_other_text_is_a_pass),
        broken_by(test_tickets.test_no_other_text_is_a_ticket),
        broken_by(test_invitations.test_any_other_text_is_none),
        *(broken_by(test_keyring.test_no_text_of_a_stranger_opens, kind=kind) for kind in test_keyring.KINDS),
        broken_by(test_visitors.test_any_header_has_cookies_or_none),
        broken_by(test_cookies.test_no_cookie_header_breaks_the_door, site=site),
        broken_by(test_checking.test_no_header_breaks_the_answer, site=site),
    ]
