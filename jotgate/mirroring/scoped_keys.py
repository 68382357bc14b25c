"""Scoped keys: for a program that may read some forms, some of their fields, at a bounded cost, until revoked.

A key is ``jgk_``, eight symbols that name it in public, ``_``, and 32 symbols (160 random bits). The store
holds a fingerprint of the whole under a key derived for this purpose, so a stolen store holds no key.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress

from jotgate.clock import Clock
from jotgate.codes import ALPHABET, FINGERPRINT_BYTES
from jotgate.errors import InputError, StoreUnavailable, UnknownForm
from jotgate.frozen import frozen
from jotgate.mirroring.showing import ticket_names
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.protocols import NewScopedKey, ScopedKey, Share
from jotgate.signed.keyring import CodeKeys
from jotgate.signed.repeats import draw, may_be_shown
from jotgate.signed.tokens import can_be_stored
from jotgate.stores import Store

#: What a key costs at most where nobody says otherwise.
USUAL_SHARE = Share(fraction=0.1)
_PURPOSE = "scoped-key"
_NAME_SYMBOLS, _SECRET_SYMBOLS = 8, 32
_KEY = re.compile(f"jgk_([{ALPHABET}]{{{_NAME_SYMBOLS}}})_[{ALPHABET}]{{{_SECRET_SYMBOLS}}}")
_FORM_ID = re.compile("[0-9]{6,20}")
_FIELD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHARE = re.compile(r"(?:([0-9]{1,3}(?:\.[0-9]{1,3})?)%|([0-9]{1,7}))(?:/day)?")
_MAX_LABEL_CHARS = 200
_MAX_FIELDS = 500
_USE_NOTED_SECONDS = 60.0


class IssuedScopedKey(str):
    """A scoped key that was just created. It is shown now and never again."""

    __slots__ = ("key_id",)

    key_id: str

    def __new__(cls, text: str, *, key_id: str) -> IssuedScopedKey:
        """Return the key with its public name."""
        issued = super().__new__(cls, text)
        issued.key_id = key_id
        return issued

    def __repr__(self) -> str:
        return f"IssuedScopedKey(<{self.key_id}>)"


@frozen
class Scope:
    """What a new key shall be good for."""

    #: Names of forms, or JotForm's numbers; a form that is not gated is known by its number.
    forms: tuple[str, ...]
    #: Question ids or unique names; None: all but the ticket field.
    fields: tuple[str, ...] | None = None
    #: Whatever JotForm has of the forms, with its verdict; False: only what counts, and of gated forms.
    all_submissions: bool = False
    share: Share = USUAL_SHARE
    #: Seconds since the epoch, UTC; None: until it is revoked.
    expires_at: float | None = None
    label: str | None = None


class ScopedKeys:
    """The office that hands out scoped keys, and knows them again."""

    def __init__(
        self, policies: Mapping[str, FormPolicy], *, store: Store, code_keys: CodeKeys, clock: Clock
    ) -> None:
        self._policies = policies
        self._store = store
        self._keys = code_keys.keys(_PURPOSE)
        self._clock = clock

    def create(self, scope: Scope, *, actor: str, seed: bytes | None = None) -> IssuedScopedKey:
        """Create a key; it is stored before it is returned. With the same *seed*, the same one for ten minutes.

        Raises:
            UnknownForm: the settings have no such form.
            InputError: the scope makes no sense, or *seed* made a key that is not shown any more.
        """
        forms = self.named(scope.forms, ungated=scope.all_submissions)
        states = {state.form: state for state in self._store.form_states()}
        tickets = [ticket_names(self._policies.get(form), states.get(form)) for form in forms]
        problems = list(_problems(scope, frozenset().union(*tickets), self._clock.now()))
        if problems:
            raise InputError(problems)
        code_key, key = next(iter(self._keys.items()))
        while True:
            issued = _new_key(seed)
            fresh = NewScopedKey(
                fingerprint=_fingerprint(issued, key),
                code_key=code_key,
                key_id=issued.key_id,
                label=scope.label,
                forms=forms,
                fields=None if scope.fields is None else tuple(dict.fromkeys(scope.fields)),
                all_submissions=scope.all_submissions,
                share=scope.share,
                expires_at=scope.expires_at,
            )
            if self._store.create_scoped_key(fresh, now=self._clock.now(), actor=actor):
                return issued
            if seed is not None:
                return self._made_before(issued, fresh.fingerprint)

    def _made_before(self, issued: IssuedScopedKey, fingerprint: bytes) -> IssuedScopedKey:
        found = self._store.scoped_key(fingerprint)
        if found is None or found.revoked_at or not may_be_shown(found.created_at, self._clock.now()):
            raise InputError(
                [
                    phrase(
                        "this page has made the key {key} already: revoke it if nobody has it",
                        key=issued.key_id,
                    )
                ]
            )
        return issued

    def named(self, forms: Sequence[str], *, ungated: bool) -> tuple[str, ...]:
        """Return each form once, by its name if it is gated, else by its number.

        Raises:
            UnknownForm: the settings have no such form, and it is not a number.
            InputError: it is not gated, and *ungated* ones will not do.
        """
        by_id = {policy.form_id: form for form, policy in self._policies.items()}
        named = [form if form in self._policies else by_id.get(form, form) for form in forms]
        for form in named:
            if form in self._policies:
                continue
            if not _FORM_ID.fullmatch(form):
                raise UnknownForm(form, tuple(self._policies))
            if not ungated:
                raise InputError(
                    [
                        phrase(
                            "form {form} is not gated, so none of its submissions count: add --all-submissions",
                            form=form,
                        )
                    ]
                )
        return tuple(dict.fromkeys(named))

    def timezone_of(self, forms: Sequence[str]) -> str:
        """Return by whose clocks a key for *forms* ends: those of the first one that is gated, or UTC."""
        return next((self._policies[form].timezone for form in forms if form in self._policies), "UTC")

    def list(self) -> list[ScopedKey]:
        """Return every key, oldest first."""
        return self._store.scoped_keys()

    def revoke(self, key_id: str, *, actor: str) -> bool:
        """Revoke the key of that public name at once; say whether there was one that was not revoked before."""
        return self._store.revoke_scoped_key(key_id, now=self._clock.now(), actor=actor)

    def state_of(self, key: ScopedKey) -> str:
        """Return what becomes of a request with *key*: live, revoked, expired, or void (its code key is gone)."""
        if key.revoked_at is not None:
            return "revoked"
        if key.expires_at is not None and self._clock.now() >= key.expires_at:
            return "expired"
        return "live" if key.code_key in self._keys else "void"

    def check(self, text: str) -> ScopedKey | None:
        """Return the key in *text* if it is one of ours that may be used now, and note its use. Total.

        The store is asked each time, so a revoked key is refused from the next request on.

        Raises:
            StoreUnavailable: nothing can be decided.
        """
        if not _KEY.fullmatch(text):
            return None
        for key in self._keys.values():
            found = self._store.scoped_key(_fingerprint(text, key))
            if found is not None:
                return self._usable(found)
        return None

    def _usable(self, found: ScopedKey) -> ScopedKey | None:
        now = self._clock.now()
        if self.state_of(found) != "live":
            return None
        if found.last_used_at is None or abs(now - found.last_used_at) >= _USE_NOTED_SECONDS:
            # A store that can be read but not written now does not mean a refusal.
            with suppress(StoreUnavailable):
                self._store.note_use_of_scoped_key(found.key_id, now)
        return found


def read_share(text: str) -> Share:
    """Read ``10%/day`` or ``100/day``; the ``/day`` may be left out.

    Raises:
        InputError: it is neither.
    """
    found = _SHARE.fullmatch(text.strip().replace(" ", ""))
    if found and found[2]:
        return Share(calls=int(found[2]))
    if found and float(found[1]) <= 100:
        return Share(fraction=float(found[1]) / 100)
    raise InputError(
        [
            phrase(
                "a share is a part of the day's calls, such as 10%/day, or a number of them, such as 100/day"
            )
        ]
    )


def spell_share(share: Share) -> str:
    """Return a share as `read_share` reads it."""
    return f"{share.calls}/day" if share.calls is not None else f"{100 * (share.fraction or 0.0):g}%/day"


def _new_key(seed: bytes | None) -> IssuedScopedKey:
    name = _symbols(draw(seed, "name of a scoped key", _NAME_SYMBOLS))
    secret = _symbols(draw(seed, "scoped key", _SECRET_SYMBOLS))
    return IssuedScopedKey(f"jgk_{name}_{secret}", key_id=name)


def _symbols(random: bytes) -> str:
    return "".join(ALPHABET[byte & 31] for byte in random)


def _fingerprint(text: str, key: bytes) -> bytes:
    return hmac.digest(key, text.encode("ascii"), "sha256")[:FINGERPRINT_BYTES]


def _problems(scope: Scope, tickets: Set[str], now: float) -> Iterator[str]:
    if not scope.forms:
        yield phrase("a key needs at least one form")
    if scope.fields is not None:
        yield from _field_problems(scope.fields, tickets)
    if scope.expires_at is not None and scope.expires_at <= now:
        yield phrase("the key would have expired before its first use")
    label = scope.label
    if label is not None and not (1 <= len(label.strip()) <= _MAX_LABEL_CHARS and can_be_stored(label)):
        yield phrase("a label has 1 to {most} characters", most=_MAX_LABEL_CHARS)


def _field_problems(fields: Sequence[str], tickets: Set[str]) -> Iterator[str]:
    if not 1 <= len(fields) <= _MAX_FIELDS:
        yield phrase("name 1 to {most} fields, or none for all of them", most=_MAX_FIELDS)
    for field in fields:
        if not _FIELD.fullmatch(field):
            yield phrase("{field} is neither a field's number nor its unique name", field=repr(field))
        elif field in tickets:
            yield phrase("{field} is the ticket field, which no key sees", field=repr(field))
