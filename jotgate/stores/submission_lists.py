"""Submissions of one form as people look through them: page by page, by verdict, by person; and one by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from jotgate.outcomes import Verdict
from jotgate.protocols import Coded, ListedSubmission, OpenedSubmission
from jotgate.spelling import folded
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.settling import record_of
from jotgate.stores.verbs import Verbs, tried_twice

#: People who look at a page wait as long for it.
_PAGE_SECONDS = 10.0
_ID_DIGITS = 21
_ABOVE_ALL_IDS = "~"
#: So many people at most may be meant by one search.
MOST_PEOPLE = 100
#: So many words may be searched for, each by itself.
_WORDS = 3
#: So many columns of a row are the submission's own.
_OWN_COLUMNS = 12


class SubmissionListVerbs(Verbs):
    """The part of the store for people who look through submissions; a page costs a page, however many there are."""

    @tried_twice
    def submission_page(
        self, form: str, *, verdicts: Sequence[Verdict] = (), before: str | None = None, rows: int
    ) -> list[ListedSubmission]:
        """Return the newest *rows* submissions of *form* that are older than *before* (a submission's id).

        Those with one of the *verdicts*, or with any where none is named.
        """
        values = {"form": form, "before": _padded(before) if before else _ABOVE_ALL_IDS, "rows": rows}
        with self._read(_PAGE_SECONDS) as tx:
            found = [
                row
                for verdict in verdicts or Verdict
                for row in tx.all("submissions_with_verdict", verdict=verdict.value, **values)
            ]
        return _newest(found)[:rows]

    @tried_twice
    def find_submissions(self, form: str, text: str, *, rows: int) -> list[ListedSubmission]:
        """Return the submission of *form* with that id, or the newest of the people whom *text* means.

        Their number has it in it, or its words stand on their code; at most `MOST_PEOPLE` people.
        """
        with self._read(_PAGE_SECONDS) as tx:
            one = tx.one("open_submission", form=form, submission_id=text.strip())
            if one is not None:
                return [_listed(one[:-2])]
            found = [
                row
                for subject in _people(tx, form, text)
                for row in tx.all("listed_submissions_of_subject", form=form, subject=subject, rows=rows)
            ]
        return _newest(found)[:rows]

    @tried_twice
    def coded_people(self, form: str, text: str, *, rows: int) -> list[Coded]:
        """Return some of the people with a code for *form* on which the words of *text* stand, each once."""
        with self._read(_PAGE_SECONDS) as tx:
            found = tx.all("coded_people_with_words", form=form, rows=2 * rows, **_words(text))
        return list({row[0]: Coded(*row) for row in found}.values())[:rows]

    @tried_twice
    def open_submission(self, form: str, submission_id: str) -> OpenedSubmission | None:
        """Return that submission of *form* with what is kept of it for showing; None: there is none."""
        with self._read() as tx:
            row = tx.one("open_submission", form=form, submission_id=submission_id)
        if row is None:
            return None
        *_, status, shown = row
        return OpenedSubmission(
            listed=_listed(row[:-2]),
            judged=Verdict(row[4]),
            status=status,
            shown=json.loads(shown) if shown else {},
        )

    @tried_twice
    def count_verdicts(self, form: str) -> dict[Verdict, int]:
        """Return how many submissions of *form* have each verdict, in the order of the verdicts."""
        with self._read(_PAGE_SECONDS) as tx:
            counts: dict[str, int] = dict(tx.all("count_verdicts", form=form))
        return {verdict: counts[verdict.value] for verdict in Verdict if verdict.value in counts}


def _people(tx: Transaction, form: str, text: str) -> list[str]:
    values = {"form": form, "rows": MOST_PEOPLE}
    rows = tx.all("subjects_like", pattern=_pattern(text), **values)
    rows += tx.all("subjects_with_words", **_words(text), **values)
    return list(dict.fromkeys(row[0] for row in rows))[:MOST_PEOPLE]


def _pattern(text: str) -> str:
    """Return what is like every text that has *text* in it."""
    escaped = "".join(f"\\{one}" if one in "\\%_" else one for one in text.strip())
    # As far as databases fold letters: of the Latin alphabet.
    return "%" + "".join(one.lower() if one.isascii() else one for one in escaped) + "%"


def _words(text: str) -> dict[str, str | None]:
    """Return the words of *text* as codes are searched for them: what is beyond the third belongs to it."""
    words = folded(text).split(maxsplit=_WORDS - 1) or [text]
    return {f"word_{place + 1}": words[place] if place < len(words) else None for place in range(_WORDS)}


def _newest(rows: Iterable[Row]) -> list[ListedSubmission]:
    return [_listed(row) for row in sorted(rows, key=lambda row: _padded(row[0]), reverse=True)]


def _listed(row: Row) -> ListedSubmission:
    label, batch = row[_OWN_COLUMNS:]
    return ListedSubmission(record=record_of(row[:_OWN_COLUMNS]), label=label, batch=batch)


def _padded(submission_id: str) -> str:
    """Return an id as ids are in their order."""
    return submission_id.rjust(_ID_DIGITS, "0")
