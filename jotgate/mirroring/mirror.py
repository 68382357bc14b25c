"""A read-only mirror of JotForm's API, for who presents a scoped key.

Paths, envelope, lists and refusals are JotForm's own, so that programs written for it work with another base
address and another key. Which submissions there are, the ledger says, or for a key for all of them JotForm. What
people wrote comes from JotForm, within the key's share of the calls. Knows no framework.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jotgate.clock import Clock, iso
from jotgate.errors import QuotaExhausted, UpstreamError, UpstreamReason
from jotgate.frozen import frozen
from jotgate.jotform.client import JotFormClient
from jotgate.mirroring import account, wording
from jotgate.mirroring.counting import Counting
from jotgate.mirroring.everything import Everything
from jotgate.mirroring.kept import REST_SECONDS, Kept, Withheld
from jotgate.mirroring.queries import Query
from jotgate.mirroring.reading import Reading
from jotgate.mirroring.replies import Reply, refuse, unauthorized, unavailable, withheld
from jotgate.mirroring.showing import View
from jotgate.mirroring.wishes import FORMS, JUDGED_SUBMISSIONS, SUBMISSIONS, WHOLE_FORMS, Wish, read_wish
from jotgate.policy import FormPolicy
from jotgate.protocols import ScopedKey
from jotgate.quota import Quota, day_window
from jotgate.signed.keyring import KeyRing
from jotgate.stores import Store

_log = logging.getLogger("jotgate.mirror")

#: Submissions that are read at most to find those whose answers meet a condition.
MAX_SEARCHED = 5_000
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
    #: Where its submissions come from.
    source: Counting | Everything

    def view_of(self, form_id: str) -> View | None:
        """Return the form of that JotForm id, if the key sees it."""
        return next((view for view in self.views.values() if view.form_id == form_id), None)


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
        self._by_id = {policy.form_id: policy for policy in policies.values()}
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
        reading, views = Reading(self._service, self._kept, toll), self._views(key)
        source = (Everything if key.all_submissions else Counting)(views, store=self._store, reading=reading)
        ask = _Ask(key=key, names=names, query=query, toll=toll, reading=reading, views=views, source=source)
        if method not in ("GET", "HEAD"):
            return self._refuse_write(ask, method, resource, path)
        try:
            answer = self._answers[resource](ask) if resource in self._answers else unauthorized(resource)
        except QuotaExhausted as problem:
            return self._over_limit(problem.until, str(problem))
        except Withheld as problem:
            return withheld(resource, problem.form_id)
        except UpstreamError as problem:
            if problem.reason is UpstreamReason.OVER_LIMIT:
                return self._over_limit(
                    self._quota.resets_at(), "JotForm says that today's API calls are used up"
                )
            return unavailable("JotForm gives no answer", retry_after_seconds=REST_SECONDS)
        if isinstance(answer, Reply):
            return answer
        content, echo = answer
        duration = f"{(time.perf_counter() - began) * 1000:.2f}ms"
        body = wording.success(content, duration=duration, limit_left=ask.toll.left(), result_set=echo)
        return Reply(status=200, body=body)

    def _views(self, key: ScopedKey) -> dict[str, View]:
        states = {state.form: state for state in self._store.form_states()}
        views = {}
        for form in key.forms:
            # A form may have been gated since the key was made for its number.
            policy = self._policies.get(form) or self._by_id.get(form)
            if policy is not None:
                views[policy.form] = View(key, policy.form_id, policy, states.get(policy.form))
            elif key.all_submissions and form.isdigit():
                views[form] = View(key, form)
        return views

    def _refuse_write(self, ask: _Ask, method: str, resource: str, path: str) -> Reply:
        """Refuse as JotForm refuses a read key; about what the key does not see, as if it were read."""
        if resource.startswith("form-id") and ask.view_of(ask.names[0]) is None:
            return unauthorized(resource)
        if resource == "submission-id" and not ask.source.has(ask.names[0]):
            return unauthorized(resource)
        thing = next((one for one in ("submission", "webhook", "question") if f"/{one}" in path), "form")
        return Reply(status=401, body=wording.read_only(f"{_VERBS.get(method, 'edit')} {thing}"))

    def _over_limit(self, until: float, why: str) -> Reply:
        return Reply(
            status=429,
            body=wording.over_limit(f"{why}; there are more from {iso(until)} on."),
            retry_after_seconds=max(until - self._clock.now(), 1.0),
        )

    def _forms(self, ask: _Ask) -> _Content:
        wish = read_wish(ask.query, WHOLE_FORMS if ask.key.all_submissions else FORMS)
        if wish.problems:
            return _refuse_wish(wish)
        page = wish.page(list(_readable(ask)))
        return page, wish.echo(len(page))

    def _form(self, ask: _Ask) -> _Content:
        view = ask.view_of(ask.names[0])
        return unauthorized("form-id") if view is None else (ask.source.form(view), None)

    def _questions(self, ask: _Ask) -> _Content:
        view = ask.view_of(ask.names[0])
        if view is None:
            return unauthorized("form-id")
        # JotForm's own spelling of an empty map.
        return view.questions(ask.reading.questions(view.form_id)) or [], None

    def _question(self, ask: _Ask) -> _Content:
        view = ask.view_of(ask.names[0])
        if view is None:
            return unauthorized("form-id")
        asked = view.questions(ask.reading.questions(view.form_id))
        return asked.get(ask.names[1], []), None

    def _submission(self, ask: _Ask) -> _Content:
        row = ask.source.submission(ask.names[0])
        return unauthorized("submission-id") if row is None else (row, None)

    def _submissions(self, ask: _Ask) -> _Content:
        view = ask.view_of(ask.names[0])
        return unauthorized("form-id") if view is None else self._list([view.form], ask)

    def _all_submissions(self, ask: _Ask) -> _Content:
        return self._list(list(ask.views), ask)

    def _list(self, forms: Sequence[str], ask: _Ask) -> _Content:
        wish = read_wish(ask.query, JUDGED_SUBMISSIONS if ask.key.all_submissions else SUBMISSIONS)
        if wish.problems:
            return _refuse_wish(wish)
        if wish.form_ids is not None:
            forms = [form for form in forms if ask.views[form].form_id in wish.form_ids]
        if not wish.needs_rows:
            page = ask.source.page(forms, wish)
            return page, wish.echo(len(page))
        found = ask.source.searched(forms, wish, MAX_SEARCHED)
        if found is None:
            return refuse(
                f"more than {MAX_SEARCHED} submissions would have to be searched: narrow the list by id:gt, id:lt,"
                " created_at:gt or created_at:lt"
            )
        page = wish.page(found)
        return page, wish.echo(len(page))


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


def _readable(ask: _Ask) -> Iterator[dict[str, Any]]:
    """Iterate over the key's forms, but for those that JotForm no longer shows; as there, they are in no list.

    Raises:
        Withheld: it shows none of them.
    """
    withheld = None
    is_empty = True
    for view in ask.views.values():
        try:
            yield ask.source.form(view)
            is_empty = False
        except Withheld as problem:
            withheld = problem
    if is_empty and withheld is not None:
        raise withheld


def _refuse_wish(wish: Wish) -> Reply:
    return refuse(f"{'; '.join(wish.problems)}. A filter here may hold: {wish.columns.spelled()}.")
