"""The people of a form: found among their codes, and what an operator decides about them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from jotgate.admission.grants import IssuedCode
from jotgate.clock import Clock
from jotgate.codes import BYTES_PER_CODE, CodeText, fingerprint, made_of, parse, printed
from jotgate.errors import InputError, UnknownForm
from jotgate.frozen import frozen
from jotgate.phrases import phrase
from jotgate.protocols import Grant, GrantFilter
from jotgate.protocols.people import (
    UNDO_SECONDS,
    Change,
    CodeEdit,
    CodeSearch,
    CodeState,
    ListedCode,
    ListPlace,
    Naming,
    Order,
    Outcome,
    Replacing,
    Seen,
)
from jotgate.signed.keyring import CodeKeys
from jotgate.signed.repeats import draw
from jotgate.signed.tokens import MAX_SUBJECT_CHARS, can_be_stored, can_be_subject
from jotgate.spelling import folded
from jotgate.stores import Store

_PREFIX = re.compile("[0-9a-fA-F]{6,32}")
#: What no fingerprint is, in practice.
_NO_CODE = "0" * 32
_PAGE_ROWS = 50


@frozen
class CodesPage:
    """One page of a list of codes."""

    codes: Sequence[ListedCode]
    #: How many are how far, of all that are meant but for the state.
    tally: Mapping[CodeState, int]
    #: How many are meant.
    count: int
    #: Where the page before ends and the next one begins; None: there is none.
    earlier: ListPlace | None
    later: ListPlace | None


@frozen
class Decision:
    """What an operator decides, about which codes as they were seen."""

    #: The same for a second click.
    change_id: str
    form: str
    actor: str
    seen: tuple[Seen, ...]
    #: Those that the operator may see; None: all.
    batches: tuple[str, ...] | None = None


class People:
    """What an operator does with the people of a form. Every verb raises `StoreUnavailable` when it cannot work."""

    def __init__(self, forms: Sequence[str], *, store: Store, code_keys: CodeKeys, clock: Clock) -> None:
        self._forms = tuple(forms)
        self._store = store
        self._code_keys = code_keys
        self._clock = clock

    def search(
        self,
        form: str,
        text: str = "",
        *,
        batches: Sequence[str] | None = None,
        batch: str | None = None,
        state: CodeState | None = None,
    ) -> CodeSearch:
        """Return what *text* means: a whole code, the first digits of a code's id, or words of name, number or batch.

        Raises:
            UnknownForm: the settings have no such form.
        """
        if form not in self._forms:
            raise UnknownForm(form, self._forms)
        code = parse(text) if text else None
        words: tuple[str, ...] = ()
        prefix = None if can_be_stored(text) else _NO_CODE
        if isinstance(code, CodeText):
            which = GrantFilter(form=form, fingerprints=self._code_keys.fingerprints(code))
            found = next(self._store.grants(which), None)
            prefix = _NO_CODE if found is None else found.fingerprint.hex()
        elif can_be_stored(text):
            words = tuple(folded(text[:MAX_SUBJECT_CHARS]).split())
            prefix = text.strip() if _PREFIX.fullmatch(text.strip()) else None
        return CodeSearch(
            form=form,
            batches=None if batches is None else tuple(batches),
            batch=batch,
            state=state,
            words=words,
            prefix=prefix,
        )

    def page(
        self,
        which: CodeSearch,
        *,
        order: Order = Order.NAME,
        descending: bool = False,
        after: ListPlace | None = None,
        before: ListPlace | None = None,
        rows: int = _PAGE_ROWS,
    ) -> CodesPage:
        """Return the page behind *after*, or the one that ends before *before*, or the first."""
        now = self._clock.now()
        tally = self._store.tally_codes(which, now=now)
        back = before is not None
        found = self._store.list_codes(
            which, order=order, descending=descending != back, after=before or after, rows=rows + 1, now=now
        )
        more, codes = len(found) > rows, found[:rows]
        if back:
            codes.reverse()
        first, last = (_place(codes[0], order), _place(codes[-1], order)) if codes else (None, None)
        return CodesPage(
            codes=codes,
            tally=tally,
            count=sum(tally.values()) if which.state is None else tally.get(which.state, 0),
            earlier=first if (more if back else after is not None) else None,
            later=last if more or back else None,
        )

    def seen(self, which: CodeSearch) -> tuple[Seen, ...]:
        """Return all codes meant as they are now; of more than can be changed at once, one more."""
        return tuple(self._store.seen_codes(which, now=self._clock.now()))

    def code(self, form: str, code_id: bytes, *, batches: Sequence[str] | None = None) -> ListedCode | None:
        """Return one code of the form by its fingerprint, if the operator may see it."""
        grant = next(self._store.grants(GrantFilter(form=form, fingerprints=(code_id,))), None)
        if grant is None or (batches is not None and grant.batch not in batches):
            return None
        return self.listed([grant])[0]

    def listed(self, grants: Sequence[Grant]) -> list[ListedCode]:
        """Return how far these codes are."""
        return self._store.listed(grants, now=self._clock.now())

    def codes_of(self, form: str, subject: str, *, batches: Sequence[str] | None = None) -> list[Grant]:
        """Return all codes of one person that the operator may see, the newest first."""
        found = self._store.grants(GrantFilter(form=form, subject=subject))
        mine = [one for one in found if batches is None or one.batch in batches]
        return sorted(mine, key=lambda one: one.created_at, reverse=True)

    def batches(self, form: str, *, batches: Sequence[str] | None = None) -> list[str]:
        """Return the batches to choose from."""
        return [one for one in self._store.batches(form) if batches is None or one in batches]

    def seen_before(self, which: CodeSearch, change_id: str) -> tuple[Seen, ...]:
        """Return all codes meant as they were before a change, however far that is."""
        changed = self._store.seen_before(change_id)
        now = [one for one in self.seen(which) if one.fingerprint not in changed]
        return (*now, *changed.values())

    def decide(self, decision: Decision, edit: CodeEdit) -> Outcome | None:
        """Carry a decision out; again, as by a second click, it does what is left of it, and returns the same.

        None: it is ten minutes old, or was undone.

        Raises:
            InputError: a name or an address is empty, too long, or nothing that can be stored.
        """
        if isinstance(edit, Naming):
            _check_naming(edit)
        change = self._change(decision, edit)
        if not self._store.begin_change(change) and not self._goes_on(change):
            return None
        return self._store.change_codes(change, decision.seen, edit, batches=decision.batches)

    def reissue(
        self, decision: Decision, *, seed: bytes | None = None
    ) -> tuple[Outcome, list[IssuedCode]] | None:
        """Give each code's person another code, to be shown now; with the same *seed* again, the same.

        They come as one hands them out: batch by batch, by name.

        None: it is ten minutes old, or was undone.
        """
        code_key, key = self._code_keys.newest
        codes = [made_of(draw(seed, f"for {one.fingerprint.hex()}", BYTES_PER_CODE)) for one in decision.seen]
        fresh = {
            one.fingerprint: fingerprint(code, key) for one, code in zip(decision.seen, codes, strict=True)
        }
        outcome = self.decide(decision, Replacing(fresh=fresh, code_key=code_key))
        if outcome is None:
            return None
        texts = {fresh[one.fingerprint]: code for one, code in zip(decision.seen, codes, strict=True)}
        issued = [
            IssuedCode(
                printed(texts[grant.fingerprint]),
                subject=grant.subject,
                label=grant.label,
                email=grant.email,
                batch=grant.batch,
                language=grant.language,
            )
            for grant in sorted(outcome.done, key=lambda one: (one.batch or "", one.listed_as))
        ]
        return outcome, issued

    def change(self, change_id: str) -> Change | None:
        """Return a change that can still be undone, or was."""
        return self._store.change(change_id)

    def last_change(self, form: str, *, actor: str) -> Change | None:
        """Return the last change by *actor* that can still be undone."""
        return self._store.last_change(form, actor=actor, now=self._clock.now())

    def undo(self, change_id: str, *, actor: str) -> Outcome | None:
        """Make the codes of a change what they were; None: it is more than ten minutes old, or was undone."""
        return self._store.undo_change(change_id, now=self._clock.now(), actor=actor)

    def missing(
        self, form: str, *, batches: Sequence[str] | None = None, batch: str | None = None, after: str = ""
    ) -> Iterator[str]:
        """Iterate over the subjects behind *after* that have a code, and of whom nothing has come that may count."""
        return self._store.missing(form, batches=batches, batch=batch, after=after)

    def _goes_on(self, change: Change) -> bool:
        """Say whether a change that has begun is this one, and lately."""
        begun = self._store.change(change.change_id)
        if begun is None or begun.undone_at is not None or change.at >= begun.at + UNDO_SECONDS:
            return False
        return (begun.form, begun.what, begun.actor) == (change.form, change.what, change.actor)

    def _change(self, decision: Decision, edit: CodeEdit) -> Change:
        return Change(
            change_id=decision.change_id,
            form=decision.form,
            what=edit.what,
            actor=decision.actor,
            at=self._clock.now(),
        )


def _place(listed: ListedCode, order: Order) -> ListPlace:
    grant = listed.grant
    values: Mapping[Order, str | float] = {
        Order.NAME: grant.listed_as,
        Order.SUBJECT: grant.subject or "",
        Order.CREATED: grant.created_at,
    }
    return ListPlace(values[order], grant.fingerprint)


def _check_naming(edit: Naming) -> None:
    problems = [
        sentence
        for text, sentence in (
            (
                edit.label,
                phrase("a name has 1 to {most} characters that can be read", most=MAX_SUBJECT_CHARS),
            ),
            (
                edit.email,
                phrase("an address has 1 to {most} characters that can be read", most=MAX_SUBJECT_CHARS),
            ),
        )
        if text is not None and not can_be_subject(text)
    ]
    if problems:
        raise InputError(problems)
