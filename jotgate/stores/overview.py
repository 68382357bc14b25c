"""What a form's records add up to."""

from __future__ import annotations

from jotgate.outcomes import Reason, Verdict
from jotgate.protocols import FormFigures
from jotgate.stores.verbs import Verbs, tried_twice

_LISTING_SECONDS = 30.0
#: How many submissions tell how long people take, and how many entries why they were refused.
_LAST_SUBMISSIONS = 500
_LAST_ENTRIES = 50_000


class OverviewVerbs(Verbs):
    """The part of the store that counts for who looks after a form."""

    @tried_twice
    def figures(self, form: str, *, since: float) -> FormFigures:
        """Count what there is of *form*; refusals, openings and submissions one by one since that moment."""
        with self._read(_LISTING_SECONDS) as tx:
            funnel = tx.one("funnel_of_form", form=form)
            verdicts = {Verdict(row[0]): row[1] for row in tx.all("verdicts_of_form", form=form)}
            durations = tx.all("durations_of_form", form=form, rows=_LAST_SUBMISSIONS)
            refusals = tx.all("refusals_of_form", form=form, since=since, entries=_LAST_ENTRIES)
            openings = tx.all("openings_since", form=form, since=since)
            submissions = tx.all("submissions_since", form=form, since=since)
        assert funnel is not None
        codes, opened, sent = funnel
        return FormFigures(
            codes=codes,
            opened=opened,
            sent=sent,
            verdicts=dict(sorted(verdicts.items(), key=lambda one: -one[1])),
            durations=[row[0] for row in durations],
            refusals={Reason(reason): int(count) for reason, count in refusals},
            opened_at=[row[0] for row in openings],
            sent_at=[(at, Verdict(verdict)) for at, verdict in submissions],
        )
