"""Ids, names and paths in the addresses of the door and of the mirror, and in what JotForm is asked for."""

from __future__ import annotations

from contextlib import ExitStack

from tests.door import test_endpoints, test_mirror, test_signing, test_visitors
from tests.door.mirrored import school
from tests.door.site import running_site
from tests.fuzz.properties import Property, broken_by
from tests.jotform import test_ids
from tests.mirroring import test_wishes


def properties(held: ExitStack) -> list[Property]:
    """Return what to try; *held* keeps the site and the school."""
    site, big = held.enter_context(running_site()), held.enter_context(school())
    test_mirror.fill(big)
    return [
        broken_by(test_ids.test_only_ascii_digits_are_an_id),
        broken_by(test_wishes.test_any_query_is_read),
        broken_by(test_visitors.test_any_path_can_be_spelled),
        broken_by(test_signing.test_no_text_breaks_the_reading),
        broken_by(test_signing.test_what_is_signed_stays_on_this_site),
        broken_by(test_endpoints.test_no_path_breaks_the_door, site=site),
        broken_by(test_endpoints.test_no_bytes_in_path_or_query_break_the_door, site=site),
        broken_by(test_mirror.test_whatever_is_asked_a_key_sees_no_more_than_its_own, big=big),
    ]
