"""Callbacks: the site, and other sites, hear of verdicts; at least once, and in order for each submission.

The store's outbox holds the notices, written in the transaction that gave the verdict. They are sent from here,
outside of any transaction, and crossed off afterwards: if the process dies in between, another sends them again,
under the same message ids.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import NamedTuple, TypeVar

from jotgate.clock import Clock
from jotgate.errors import InputError
from jotgate.outcomes import VerdictEvent
from jotgate.policy import FormPolicy
from jotgate.protocols import Consumer, Failed, Notice, Told
from jotgate.signed.keyring import CodeKeys
from jotgate.stores import Store
from jotgate.telling import webhooks

_log = logging.getLogger("jotgate.callbacks")

Callback = Callable[[VerdictEvent], object]
F = TypeVar("F", bound=Callback)

#: The pauses after the first try, the second, and so on, as the Standard Webhooks convention has them: three days.
PAUSES_SECONDS = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
#: A consumer that fails is left alone for so long, doubled with each failure, up to the second figure.
_FIRST_REST_SECONDS, _MAX_REST_SECONDS = 5.0, 300.0
#: How long what one process has claimed is left to it; a callback has to be back by then.
CLAIM_SECONDS = 120.0
_CLAIMED_AT_ONCE = 50
#: How long the telling may keep the sweep waiting, and how long one webhook may take.
_TURN_SECONDS = 5.0
POST_SECONDS = 10.0
#: Statuses that are about this one message; any other failure is the receiver's state.
_ABOUT_THE_MESSAGE = frozenset({400, 405, 406, 409, 411, 412, 413, 414, 415, 418, 422, 431})
_GONE = 410
_WEBHOOK_PREFIX = "wh_"
_MAX_NAME_CHARS = 200


class _Outcome(NamedTuple):
    """What came of telling one notice."""

    #: None: it arrived.
    error: str | None = None
    #: Whether others would fail for the same reason now.
    is_general: bool = False
    #: Whether the consumer wants no more notices.
    is_gone: bool = False


_Teller = Callable[[Notice], _Outcome]


class Callbacks:
    """The callbacks that this process tells of verdicts. Safe to use from every thread, and after a fork.

    Functions may be added while others are told: who goes through them goes through a copy, which is made in one step.
    """

    def __init__(
        self, policies: Mapping[str, FormPolicy], *, store: Store, code_keys: CodeKeys, clock: Clock
    ) -> None:
        """Tell the notices in *store*, and of the answers what *policies* list now; *code_keys* sign webhooks."""
        self._policies = policies
        self._store = store
        self._code_keys = code_keys
        self._clock = clock
        self._functions: dict[str, Callback] = {}
        self._registered: set[str] = set()

    def on_verdict(self, function: F, *, name: str | None = None) -> F:
        """Have *function* called with every `VerdictEvent` from its registration on; return it as it is.

        It is known in the store by *name*, or by its module and qualified name, and registered there as soon as
        the store can be reached. A later function of the same name takes the place of an earlier one.

        Raises:
            InputError: it has no name to be known by, or one that cannot be used.
        """
        name = name_of(function) if name is None else name
        if not (0 < len(name) <= _MAX_NAME_CHARS and name.isprintable()) or name.startswith(_WEBHOOK_PREFIX):
            raise InputError(
                [f"a callback's name has 1 to {_MAX_NAME_CHARS} letters and does not begin with wh_"]
            )
        self._functions[name] = function
        return function

    def register(self) -> None:
        """Make this process's functions known in the store, once.

        Raises:
            StoreUnavailable: they are tried again at the next call.
        """
        for name in list(self._functions):
            if name in self._registered:
                continue
            self._store.add_consumer(Consumer(consumer=name, kind="python"), now=self._clock.now())
            self._registered.add(name)

    def deliver(self, *, deadline_seconds: float | None = None) -> int:
        """Tell the notices that are due, for a few seconds at most; return how many arrived.

        *deadline_seconds* bounds the whole turn, and each webhook in it.

        Raises:
            StoreUnavailable: notices that arrived and are not crossed off will be told again.
        """
        self.register()
        began = monotonic()
        ends_at = began + (_TURN_SECONDS if deadline_seconds is None else deadline_seconds)
        due = self._store.due_consumers(self._clock.now())
        # So that one with a long backlog does not always have the first turn.
        random.shuffle(due)
        count = 0
        for consumer in due:
            teller = self._teller(consumer, deadline_seconds)
            while teller is not None and monotonic() < ends_at:
                told = self._turn(consumer, teller, ends_at)
                if told is None:
                    break
                count += told
        return count

    def create_webhook(
        self, url: str, *, forms: Sequence[str] | None, private: bool, actor: str
    ) -> tuple[Consumer, str]:
        """Tell *url* of every verdict from now on; return the consumer, and its secret, which no store holds.

        Raises:
            InputError: webhooks may not go there.
        """
        try:
            webhooks.check_url(url, private=private)
        except ValueError as problem:
            raise InputError([f"the address of a webhook: {problem}"]) from None
        now = self._clock.now()
        consumer = Consumer(
            consumer=_WEBHOOK_PREFIX + secrets.token_hex(8),
            kind="webhook",
            url=url,
            private=private,
            forms=None if forms is None else tuple(forms),
            code_key=self._code_keys.newest[0],
            created_at=now,
        )
        key = self._key(consumer)
        assert key is not None
        self._store.add_consumer(consumer, now=now, actor=actor)
        return consumer, webhooks.secret_text(key)

    def _key(self, consumer: Consumer) -> bytes | None:
        return self._code_keys.derive(consumer.code_key or "", "webhook", consumer.consumer)

    def _teller(self, consumer: Consumer, deadline_seconds: float | None) -> _Teller | None:
        """Return what tells a consumer, or None if another process has to: the function is not in this one."""
        if consumer.kind == "webhook":
            return self._webhook(consumer, min(deadline_seconds or POST_SECONDS, POST_SECONDS))
        function = self._functions.get(consumer.consumer)
        return None if function is None else _calling(function)

    def _webhook(self, consumer: Consumer, seconds: float) -> _Teller:
        def tell(notice: Notice) -> _Outcome:
            key = self._key(consumer)
            if key is None:
                return _Outcome("the code key of its secret is no longer in the settings", is_general=True)
            body, message_id = webhooks.payload(notice.event), notice.event.message_id
            signed = webhooks.headers(key, message_id=message_id, timestamp=int(self._clock.now()), body=body)
            ends_at = monotonic() + seconds
            posted = webhooks.post(
                consumer.url or "", body, signed, private=consumer.private, ends_at=ends_at
            )
            general = posted.problem is not None and posted.status not in _ABOUT_THE_MESSAGE
            return _Outcome(posted.problem, is_general=general, is_gone=posted.status == _GONE)

        return tell

    def _turn(self, consumer: Consumer, teller: _Teller, ends_at: float) -> int | None:
        """Claim, tell and cross off; return how many arrived, or None if this consumer has had its turn."""
        now = self._clock.now()
        claimed = self._store.claim_notices(
            consumer.consumer, now=now, until=now + CLAIM_SECONDS, rows=_CLAIMED_AT_ONCE
        )
        if not claimed:
            return None
        told: list[Notice] = []
        failed: list[Failed] = []
        general: _Outcome | None = None
        for at, notice in enumerate(claimed):
            if general is None and at and monotonic() >= ends_at:
                break
            # What a receiver that is down was not even sent has failed as well, or it would wait for ever.
            outcome = general or teller(self._listed(notice))
            if outcome.error is None:
                told.append(notice)
                continue
            failed.append(self._failed(notice, outcome.error))
            general = outcome if outcome.is_general else None
        unsent = claimed[len(told) + len(failed) :]
        self._cross_off(consumer, Told(told=told, failed=failed, unsent=unsent), general)
        return None if general or unsent else len(told)

    def _listed(self, notice: Notice) -> Notice:
        """Return *notice* without the fields that the settings have ceased to list since its verdict."""
        event, policy = notice.event, self._policies.get(notice.event.form)
        fields = policy.told(event.fields) if policy else {}
        return replace(notice, event=replace(event, fields=fields))

    def _cross_off(self, consumer: Consumer, told: Told, general: _Outcome | None) -> None:
        now = self._clock.now()
        pause_until = None
        if general is not None:
            rest = _FIRST_REST_SECONDS * 2 ** min(consumer.tries, 20)
            pause_until = now + min(rest, _MAX_REST_SECONDS)
        told = Told(
            told=told.told,
            failed=told.failed,
            unsent=told.unsent,
            pause_until=pause_until,
            pause_error=general.error if general else None,
        )
        self._store.cross_off(consumer.consumer, told, now=now)
        if general is not None and general.is_gone:
            self._store.disable_consumer(consumer.consumer, now=now, error=general.error or "")
            _log.warning("consumer.disabled", extra={"consumer": consumer.consumer})

    def _failed(self, notice: Notice, error: str) -> Failed:
        event = notice.event
        _log.warning(
            "callback.failed",
            extra={
                "consumer": notice.consumer,
                "submission_id": event.submission_id,
                "message_id": event.message_id,
                "tries": notice.tries,
                "said": error,
            },
        )
        pause = pause_seconds(notice.tries)
        return Failed(
            notice=notice, error=error, next_try_at=None if pause is None else self._clock.now() + pause
        )


def pause_seconds(tries: int) -> float | None:
    """Return how long to wait after so many tries, with some jitter; None: it is given up."""
    if tries > len(PAUSES_SECONDS):
        return None
    return PAUSES_SECONDS[max(tries, 1) - 1] * random.uniform(0.9, 1.1)  # noqa: S311


def name_of(function: Callable[..., object]) -> str:
    """Return the name by which the store knows a function for good: its module and its qualified name.

    Raises:
        InputError: it has none, such as a lambda.
    """
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if not module or not name or "<lambda>" in name:
        raise InputError(["a callback without a name of its own needs one: on_verdict(..., name=...)"])
    return f"{module}.{name}"


def _calling(function: Callback) -> _Teller:
    def tell(notice: Notice) -> _Outcome:
        try:
            function(notice.event)
        except (Exception, SystemExit) as problem:
            # A command of the site's own that is called as a function may end with sys.exit, which ends no thread here.
            _log.warning("callback.raised", exc_info=True, extra={"consumer": notice.consumer})
            # What an exception says may hold anything; the log has it.
            return _Outcome(f"it raised {type(problem).__name__}")
        return _Outcome()

    return tell
