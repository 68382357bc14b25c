"""A read-only mirror of JotForm's API, for who presents a scoped key.

Paths, envelope, lists and refusals are JotForm's own, so that programs written for it work with another base
address and another key. Which submissions there are, the ledger says: only those that count. What people wrote
comes from JotForm, within the key's share of the calls. Knows no framework.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from jotgate.clock import Clock
from jotgate.errors import QuotaExhausted, UpstreamError, UpstreamReason
from jotgate.frozen import frozen
from jotgate.jotform.client import JotFormClient
from jotgate.mirroring import account, wording
from jotgate.mirroring.kept import Kept
from jotgate.mirroring.queries import Query
from jotgate.mirroring.reading import Reading
from jotgate.mirroring.replies import Reply, refuse, unauthorized, unavailable
from jotgate.mirroring.showing import View
from jotgate.mirroring.wishes import FORMS, SUBMISSIONS, Wish, read_wish
from jotgate.policy import FormPolicy
from jotgate.protocols import Counted, ScopedKey
from jotgate.quota import Quota, day_window
from jotgate.signed.keyring import KeyRing
from jotgate.stores import Store

_log = logging.getLogger("jotgate.mirror")

#: Submissions that are read at most to find those whose answers meet a condition.
MAX_SEARCHED = 5_000
#: JotForm's times have no offset; no zone is further off than this.
_ZONES_SECONDS = 2 * 86_400.0
_ID = "([0-9]{1,20})"
_SLASHES = re.compile("/{2,}")
_PATHS = tuple(
    (re.compile(rule), resource)
    for rule, resource in (
        ("/user/forms", "user-forms"),
        ("/user/submissions", "user-submissions"),
        (f"/form/{_ID}", "form-id"),
        (f"/form/{_ID}/questions", "form-id-questions"),
        (f"/form/{_ID}/question/{_ID}", "form-id-question-id"),
        (f"/form/{_ID}/submissions", "form-id-submissions"),
        (f"/submission/{_ID}", "submission-id"),
        ("/user", "user"),
        ("/user/folders", "user-folders"),
        ("/user/reports", "user-reports"),
        ("/user/history", "user-history"),
        ("/user/subusers", "user-subusers"),
        # What JotForm has and a scoped key does not see.
        (f"/form/{_ID}/.+", "form-id-others"),
        ("/form", "form"),
        ("/user/([a-z-]{1,30})", "user-others"),
        ("/system/.+", "system-plan"),
    )
)
_VERBS = {"POST": "create", "PUT": "create", "DELETE": "delete"}


@frozen
class _Ask:
    """One accepted call."""

    key: ScopedKey
    #: Ids in the path.
    names: tuple[str, ...]
    query: Query
    toll: _ShareToll
    reading: Reading
    #: By form name: those of the key's forms that there still are.
    views: Mapping[str, View]

    def view_of(self, form_id: str) -> View | None:
        """Return the form of that JotForm id, if the key sees it."""
        return next((view for view in self.views.values() if view.policy.form_id == form_id), None)


#: The content, and for lists the echo that stands beside it; or a refusal.
_Content = tuple[object, "dict[str, object] | None"] | Reply


class Mirror:
    """Answer calls as JotForm would, about what a scoped key sees. Safe to use from every thread."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: Store,
        service: JotFormClient,
        quota: Quota,
        keys: KeyRing,
        clock: Clock,
    ) -> None:
        """Show the forms in *policies*; what was read is kept in the store, enciphered with *keys*."""
        self._policies = policies
        self._store = store
        self._service = service
        self._kept = Kept(store, keys)
        self._quota = quota
        self._clock = clock
        self._answers: Mapping[str, Callable[[_Ask], _Content]] = {
            "user-forms": self._forms,
            "user-submissions": self._all_submissions,
            "form-id": self._form,
            "form-id-questions": self._questions,
            "form-id-question-id": self._question,
            "form-id-submissions": self._submissions,
            "submission-id": self._submission,
            "user": lambda ask: (account.user(ask.key), None),
            "user-folders": lambda ask: (account.folders(ask.key), None),
        } | dict.fromkeys(("user-reports", "user-history", "user-subusers"), lambda _: ([], None))

    def answer(self, key: ScopedKey | None, method: str, path: str, query: Query) -> Reply:
        """Answer one call; *key* is what was presented, if it may be used now. Total on any path and query.

        Raises:
            StoreUnavailable: nothing can be decided.
        """
        began = time.perf_counter()
        path = path.removeprefix("/v1") if path.startswith("/v1/") else path
        found = _match(_SLASHES.sub("/", path).rstrip("/"))
        if found is None:
            return Reply(status=404, body=wording.not_available(path))
        resource, names = found
        if key is None:
            return unauthorized(resource)
        toll = _ShareToll(key, store=self._store, quota=self._quota, clock=self._clock)
        ask = _Ask(
            key=key,
            names=names,
            query=query,
            toll=toll,
            reading=Reading(self._service, self._kept, toll),
            views=self._views(key),
        )
        if method not in ("GET", "HEAD"):
            return self._refuse_write(ask, method, resource, path)
        try:
            answer = self._answers[resource](ask) if resource in self._answers else unauthorized(resource)
        except QuotaExhausted as problem:
            return self._over_limit(problem.until)
        except UpstreamError as problem:
            if problem.reason is UpstreamReason.OVER_LIMIT:
                return self._over_limit(self._quota.resets_at())
            return unavailable()
        if isinstance(answer, Reply):
            return answer
        content, echo = answer
        duration = f"{(time.perf_counter() - began) * 1000:.2f}ms"
        body = wording.success(content, duration=duration, limit_left=ask.toll.left(), result_set=echo)
        return Reply(status=200, body=body)

    def _views(self, key: ScopedKey) -> dict[str, View]:
        states = {state.form: state for state in self._store.form_states()}
        return {
            form: View(key, self._policies[form], states.get(form))
            for form in key.forms
            if form in self._policies
        }

    def _refuse_write(self, ask: _Ask, method: str, resource: str, path: str) -> Reply:
        """Refuse as JotForm refuses a read key; about what the key does not see, as if it were read."""
        if resource.startswith("form-id") and ask.view_of(ask.names[0]) is None:
            return unauthorized(resource)
        if resource == "submission-id" and self._seen(ask) is None:
            return unauthorized(resource)
        thing = next((one for one in ("submission", "webhook", "question") if f"/{one}" in path), "form")
        return Reply(status=401, body=wording.read_only(f"{_VERBS.get(method, 'edit')} {thing}"))

    def _over_limit(self, until: float) -> Reply:
        return Reply(
            status=429,
            body=wording.over_limit(),
            retry_after_seconds=max(until - self._clock.now(), 1.0),
        )

    def _forms(self, ask: _Ask) -> _Content:
        wish = read_wish(ask.query, FORMS)
        if wish.problems:
            return _refuse_wish(wish)
        page = wish.page([self._form_shown(view, ask) for view in ask.views.values()])
        return page, wish.echo(len(page))

    def _form(self, ask: _Ask) -> _Content:
        view = ask.view_of(ask.names[0])
        return unauthorized("form-id") if view is None else (self._form_shown(view, ask), None)

    def _form_shown(self, view: View, ask: _Ask) -> dict[str, Any]:
        newest = next(self._store.counted(view.policy.form, rows=1), None)
        return view.form(ask.reading.form(view.policy.form_id), newest)

    def _questions(self, ask: _Ask) -> _Content:
        view = ask.view_of(ask.names[0])
        if view is None:
            return unauthorized("form-id")
        # JotForm's own spelling of an empty map.
        return view.questions(ask.reading.questions(view.policy.form_id)) or [], None

    def _question(self, ask: _Ask) -> _Content:
        view = ask.view_of(ask.names[0])
        if view is None:
            return unauthorized("form-id")
        asked = view.questions(ask.reading.questions(view.policy.form_id))
        return asked.get(ask.names[1], []), None

    def _submission(self, ask: _Ask) -> _Content:
        found = self._seen(ask)
        rows = [] if found is None else self._rows([found], ask)
        return (rows[0], None) if rows else unauthorized("submission-id")

    def _seen(self, ask: _Ask) -> Counted | None:
        """Return the submission that the path names, if it counts and the key sees its form."""
        found = self._store.counted_submission(ask.names[0])
        return found if found is not None and found.form in ask.views else None

    def _submissions(self, ask: _Ask) -> _Content:
        view = ask.view_of(ask.names[0])
        return unauthorized("form-id") if view is None else self._list([view.policy.form], ask)

    def _all_submissions(self, ask: _Ask) -> _Content:
        return self._list(list(ask.views), ask)

    def _list(self, forms: Sequence[str], ask: _Ask) -> _Content:
        wish = read_wish(ask.query, SUBMISSIONS)
        if wish.problems:
            return _refuse_wish(wish)
        if wish.form_ids is not None:
            forms = [form for form in forms if ask.views[form].policy.form_id in wish.form_ids]
        if not wish.needs_rows:
            page = self._rows(list(self._page(forms, wish)), ask)
            return page, wish.echo(len(page))
        found = list(islice(self._candidates(forms, wish), MAX_SEARCHED + 1))
        if len(found) > MAX_SEARCHED:
            return refuse(
                f"more than {MAX_SEARCHED} submissions would have to be searched: narrow the list by id:gt, id:lt,"
                " created_at:gt or created_at:lt"
            )
        page = wish.page(self._rows(found, ask))
        return page, wish.echo(len(page))

    def _page(self, forms: Sequence[str], wish: Wish) -> Iterator[Counted]:
        """Choose the page by the ledger alone."""
        if len(forms) == 1:
            return self._counted(forms[0], wish, skip=wish.offset, rows=wish.limit)
        return islice(self._merged(forms, wish), wish.offset, wish.offset + wish.limit)

    def _candidates(self, forms: Sequence[str], wish: Wish) -> Iterator[Counted]:
        """Iterate over what may meet the conditions, newest first."""
        for one in self._merged(forms, wish, descending=True):
            if wish.since is not None and one.created_at < wish.since - _ZONES_SECONDS:
                return
            if wish.until is None or one.created_at < wish.until + _ZONES_SECONDS:
                yield one

    def _merged(
        self, forms: Sequence[str], wish: Wish, *, descending: bool | None = None
    ) -> Iterator[Counted]:
        falling = wish.descending if descending is None else descending
        lists = [self._counted(form, wish, descending=falling) for form in forms]
        return merge(*lists, key=lambda one: int(one.submission_id), reverse=falling)

    def _counted(
        self,
        form: str,
        wish: Wish,
        *,
        descending: bool | None = None,
        skip: int = 0,
        rows: int | None = None,
    ) -> Iterator[Counted]:
        return self._store.counted(
            form,
            above="" if wish.above is None else str(max(wish.above, 0)),
            below=None if wish.below is None else str(wish.below),
            descending=wish.descending if descending is None else descending,
            skip=skip,
            rows=rows,
        )

    def _rows(self, wanted: Sequence[Counted], ask: _Ask) -> list[dict[str, Any]]:
        """Return what *wanted* look like to the key, in the same order, but for what JotForm no longer has."""
        by_form: dict[str, list[str]] = {}
        for one in wanted:
            by_form.setdefault(one.form, []).append(one.submission_id)
        shown: dict[str, dict[str, Any]] = {}
        for form, ids in by_form.items():
            view = ask.views[form]
            rows = ask.reading.rows(view.policy.form_id, ids)
            shown |= {submission_id: view.row(row) for submission_id, row in rows.items()}
        return [shown[one.submission_id] for one in wanted if one.submission_id in shown]


class _ShareToll:
    """A key's share of the day's calls."""

    def __init__(self, key: ScopedKey, *, store: Store, quota: Quota, clock: Clock) -> None:
        self._key_id = key.key_id
        self._store = store
        self._quota = quota
        self._day, _, self._ends_at = day_window(clock.now())
        self._most = key.share.of(quota.usage().limit)
        self._used = key.calls_on(self._day)

    def take(self) -> None:
        """Count a try before it is made.

        Raises:
            QuotaExhausted: the share is used up.
        """
        used = self._store.take_call_of_scoped_key(self._key_id, day=self._day, most=self._most)
        if used is None:
            raise QuotaExhausted("the key's share of today's API calls is used up", until=self._ends_at)
        self._used = used

    def give_back(self) -> None:
        """Take back a try that certainly never left this machine."""
        self._store.give_back_call_of_scoped_key(self._key_id, day=self._day)
        self._used = max(self._used - 1, 0)

    def left(self) -> int | None:
        """Return how many calls the key may still cost today, and the account still has; None: unlimited."""
        account = self._quota.usage().left
        if self._most is None:
            return account
        own = max(self._most - self._used, 0)
        return own if account is None else min(own, account)


def _match(path: str) -> tuple[str, tuple[str, ...]] | None:
    for rule, resource in _PATHS:
        found = rule.fullmatch(path)
        if found:
            return resource, found.groups()
    return None


def _refuse_wish(wish: Wish) -> Reply:
    return refuse(f"{'; '.join(wish.problems)}. A filter here may hold: {wish.columns.spelled()}.")
