"""`jotgate explain`: every reference leads to what happened, why, and what to tell the visitor."""

from __future__ import annotations

from jotgate.ledger import Entry
from jotgate.outcomes import Reason, Verdict

from .conftest import Site


def test_explain_tells_what_happened_and_what_to_say(site: Site) -> None:
    """A refusal's reference leads to the reason and to the door's own words; however it is spelled."""
    store = site.parts().store
    entry = Entry(at=1_750_000_000.0, event="code.refused", form="students", reason=Reason.EXPIRED.value)
    ref = store.record(entry)
    for spelled in (ref, ref.lower().replace("-", ""), f" {ref} "):
        told = site.run("explain", spelled)
        assert told.exit_code == 0
        assert "expired" in told.output
        assert "Tell the visitor:" in told.output
    (line,) = site.lines("explain", ref)
    assert line["at"] == "2025-06-15T15:06:40Z"
    assert line["reason"] == "expired"


def test_explain_knows_every_constant_reference(site: Site) -> None:
    """Refusals that leave no entry show their reason in capitals; each is explained."""
    for reason in Reason:
        told = site.run("explain", reason.name)
        assert told.exit_code == 0
        assert "Tell the visitor:" in told.output


def test_explain_knows_every_verdict(site: Site) -> None:
    """The entry of each verdict leads to its meaning."""
    store = site.parts().store
    for verdict in Verdict:
        ref = store.record(Entry(at=1.0, event="submission.judged", form="students", reason=verdict.value))
        (line,) = site.lines("explain", ref)
        assert line["why"]
        assert line["tell"]


def test_a_reference_that_nobody_gave_is_told(site: Site) -> None:
    """Unknown or unreadable references: exit 1, one sentence."""
    for ref in ("0000-0000", "what?", "\x1b[2J", ""):
        told = site.run("explain", ref)
        assert told.exit_code == 1
        assert "\x1b" not in told.output
