"""The bodies that are posted to the webhook's address."""

from __future__ import annotations

from contextlib import ExitStack

from tests.door import test_delivering
from tests.door.site import running_site
from tests.fuzz.properties import Property, broken_by


def properties(held: ExitStack) -> list[Property]:
    """Return what to try; *held* keeps the site."""
    site = held.enter_context(running_site())
    return [broken_by(test_delivering.test_no_body_breaks_the_hook, site=site)]
