"""Servers in which no thread of ours gets anywhere: whatever is delivered has its verdict, and nobody comes by."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from tests.patience import until
from tests.servers.serving import Served, Server, serving, uwsgi


def as_cgi(port: int) -> Sequence[str]:
    """Return the server that starts a process for each request."""
    return (sys.executable, "-m", "tests.servers.as_cgi", str(port))


#: uWSGI itself always has threads since its version 2.0.26; `request` is what older ones are served by.
SERVERS: dict[str, tuple[Server, dict[str, str]]] = {
    "cgi": (as_cgi, {}),
    "uwsgi": (uwsgi(), {"sweeper": "request"}),
    "uwsgi with a master": (uwsgi("--master", "--processes", "2"), {"sweeper": "request"}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "uwsgi" else pytest.mark.slow) for name in SERVERS]
)
def test_the_second_of_two_webhooks_is_judged_without_a_visitor(name: str) -> None:
    """Two submissions, the second within two seconds of the first one's reading: webhooks are all that ever comes."""
    if name.startswith("uwsgi"):
        pytest.importorskip("pyuwsgi", reason="no uWSGI here: it is built for Linux on x86-64 only")
    server, changes = SERVERS[name]
    with serving(server, **changes) as served:
        # The readings of the test itself are over by then.
        until(lambda: _may_be_read(served), what="the form may be read again")
        for _ in range(2):
            submission_id = served.sandbox.submit(served.form_id, {"message": "by the bare address"})
            until(lambda sent=submission_id: served.verdict(sent) == "unticketed", what="it is judged")  # type: ignore[misc]


def _may_be_read(served: Served) -> bool:
    [state] = served.parts.store.form_states()
    return state.quiet_until < served.parts.clock.now()
