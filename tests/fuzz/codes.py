"""Access codes and references, as people type them: in the parser, at the gate and at the door."""

from __future__ import annotations

from contextlib import ExitStack

from tests import test_codes, test_ledger
from tests.door import test_endpoints
from tests.door.site import running_site
from tests.fuzz.properties import Property, broken_by


def properties(held: ExitStack) -> list[Property]:
    """Return what to try; *held* keeps the site."""
    site = held.enter_context(running_site())
    return [
        broken_by(test_codes.test_any_text_is_read_or_refused_without_an_exception),
        broken_by(test_ledger.test_any_text_is_a_reference_or_none),
        broken_by(test_endpoints.test_no_text_in_the_code_field_breaks_the_door, site=site),
    ]
