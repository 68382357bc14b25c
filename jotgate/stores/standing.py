"""Who has submitted a form, and what they may see of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from jotgate.ledger import References
from jotgate.outcomes import Verdict
from jotgate.protocols import Coded, OwnRow, Standing, ToldSubmission
from jotgate.stores.driver import Row
from jotgate.stores.outbox import told_fields
from jotgate.stores.verbs import Verbs, tried_twice

_PAGE_ROWS = 1000
#: What goes through a whole table may take a while.
_LISTING_SECONDS = 30.0
#: Of a form that the store has never heard of.
_NOTHING = Standing(None, None, None, 0.0)
#: What the statements count upwards.
_VERDICTS = (None, Verdict.PENDING, Verdict.ACCEPTED, Verdict.VERIFIED)


class StandingVerbs(Verbs):
    """The part of the store that answers for people. Each verb but the iterators is one statement."""

    @tried_twice
    def standing(self, form: str, subject: str) -> Standing:
        """Return how *subject* stands with *form*."""
        with self._read() as tx:
            return _standing(tx.one("standing_of_subject", form=form, subject=subject))

    @tried_twice
    def standing_of_lookup(self, form: str, fields: Sequence[Sequence[bytes]]) -> Standing:
        """Return how the writer of all these answers stands with *form*.

        *fields* holds the fingerprints that each field may have, one for each code key.
        """
        wanted = [one for fingerprints in fields for one in fingerprints]
        with self._read() as tx:
            if len(wanted) == 1:
                row = tx.one("standing_of_fingerprint", form=form, fingerprint=wanted[0])
            else:
                # Each database is given them in the way in which it can use its indices.
                values = {"wanted": wanted, "fingerprints": b"".join(wanted), "fields": len(fields)}
                row = tx.one("standing_of_fingerprints", form=form, **values)
        return _standing(row)

    @tried_twice
    def standing_of_ticket(self, form: str, ticket_id: bytes) -> Standing:
        """Return how the holder of that ticket stands with *form*."""
        with self._read() as tx:
            return _standing(tx.one("standing_of_ticket", form=form, ticket_id=ticket_id))

    def subjects(self, form: str) -> Iterator[Coded]:
        """Iterate over the subjects of the form's codes, each once, in their order, in bounded memory.

        It leaves out subjects whose only codes were revoked unused.
        """
        after = ""
        while True:
            with self._read(_LISTING_SECONDS) as tx:
                rows = tx.all("page_of_subjects", form=form, after=after, rows=_PAGE_ROWS)
            for row in rows:
                yield Coded(*row)
            if len(rows) < _PAGE_ROWS:
                return
            after = rows[-1][0]

    @tried_twice
    def coded_as(self, form: str, subject: str) -> Coded:
        """Return *subject* as the codes for *form* have it; without label and batch if there is none."""
        with self._read() as tx:
            row = tx.one("coded_as", form=form, subject=subject)
        return Coded(*row) if row else Coded(subject)

    @tried_twice
    def own_submissions(self, form: str, subject: str) -> list[OwnRow]:
        """Return the subject's verified and accepted submissions of *form*, newest first."""
        with self._read() as tx:
            return [_own(row, tx.references) for row in tx.all("own_submissions", form=form, subject=subject)]

    @tried_twice
    def submission_to_tell(self, form: str, submission_id: str) -> ToldSubmission | None:
        """Return that submission of *form*, whatever its verdict; what was written in it only if it counts."""
        with self._read() as tx:
            row = tx.one("submission_to_tell", form=form, submission_id=submission_id)
        return None if row is None else _told(row)

    @tried_twice
    def submission_of_ticket(self, form: str, ticket_id: bytes) -> OwnRow | None:
        """Return the submission of *form* settled on that ticket, if it is verified or accepted."""
        with self._read() as tx:
            row = tx.one("submission_of_ticket", form=form, ticket_id=ticket_id)
            return None if row is None else _own(row, tx.references)


def _standing(row: Row | None) -> Standing:
    return Standing(_VERDICTS[row[0] or 0], *row[1:]) if row else _NOTHING


def _own(row: Row, references: References) -> OwnRow:
    submission_id, verdict, created_at, judged_at, shown, seq = row
    return OwnRow(
        submission_id=submission_id,
        verdict=Verdict(verdict),
        created_at=created_at,
        judged_at=judged_at,
        shown=json.loads(shown) if shown else {},
        ref=None if seq is None else references.ref_of(seq),
    )


def _told(row: Row) -> ToldSubmission:
    submission_id, form, subject, verdict, created_at, judged_at, told = row
    return ToldSubmission(
        submission_id=submission_id,
        form=form,
        subject=subject,
        verdict=Verdict(verdict),
        created_at=created_at,
        judged_at=judged_at,
        fields=told_fields(told) if Verdict(verdict).counts else {},
    )
