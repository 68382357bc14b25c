"""Registering apps that may mint tokens: create, rotate, revoke, list, and mint a token to try with."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from jotgate.admission.vetting import APP_PURPOSE
from jotgate.clock import Clock
from jotgate.errors import InputError
from jotgate.frozen import frozen
from jotgate.ledger import Entry, about_token
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.protocols import SITE_APP, App, AppCounts, AppKeyState, Grant, GrantFilter, StoredAppKey
from jotgate.signed.keyring import CodeKeys
from jotgate.signed.repeats import draw, may_be_shown
from jotgate.signed.tokens import app_secret_text, as_text, mint_token
from jotgate.stores import Store

_NAME = re.compile("[a-z0-9][a-z0-9-]{0,62}")
_KEY_SYMBOLS = string.ascii_lowercase + string.digits
_KEY_LENGTH = 8
_KEY_ID_BYTES = 16
_MAX_FORMS = 100
_MAX_ADDRESS_CHARS = 500
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
#: Those that run their own text, read the device's files, or start a program that is installed there.
_REFUSED_SCHEMES = frozenset(
    (
        "about", "blob", "content", "data", "file", "filesystem", "ftp", "intent", "javascript", "vbscript",
        "view-source", "ws", "wss",
    )
)  # fmt: skip
_NO_JWT = phrase(
    "Ed25519 keys and proofs need another package: {command}", command="pip install 'jotgate[jwt]'"
)


@frozen
class IssuedAppKey:
    """A key that was just made for an app."""

    app: str
    key_id: str
    #: What `jotgate.mint_token` takes; shown now and never again. None for a public key: the secret is elsewhere.
    secret: str | None = field(repr=False)


@frozen
class RegisteredApp:
    """An app with its keys, oldest first."""

    app: App
    keys: tuple[StoredAppKey, ...]


class Apps:
    """The office that registers apps."""

    def __init__(
        self, policies: Mapping[str, FormPolicy], *, store: Store, code_keys: CodeKeys, clock: Clock
    ) -> None:
        self._policies = policies
        self._store = store
        self._code_keys = code_keys
        self._clock = clock

    def create(
        self,
        name: str,
        forms: Sequence[str],
        *,
        actor: str,
        return_url: str | None = None,
        public_key: str | None = None,
        needs_proof: bool = False,
        seed: bytes | None = None,
    ) -> IssuedAppKey:
        """Register an app for *forms*; return its first key.

        With *public_key*, an Ed25519 key as PEM, JWK or base 64, the site holds nothing that can mint. With the same
        *seed* again, the same key is returned for ten minutes.

        Raises:
            InputError: the app cannot be registered like this; every problem is listed.
        """
        problems = [*_name_problems(name), *self._form_problems(forms), *_return_problems(return_url)]
        raw = _public_bytes(public_key, problems)
        if needs_proof and public_key is None and not can_read_jwts():
            problems.append(_NO_JWT)
        if problems:
            raise InputError(problems)
        now = self._clock.now()
        app = App(
            name=name,
            forms=tuple(dict.fromkeys(forms)),
            return_url=return_url,
            needs_proof=needs_proof,
            created_at=now,
        )
        key = self._new_key(name, raw, AppKeyState.ACTIVE, now, seed)
        if not self._store.create_app(app, key, actor=actor):
            if self._made_before(name, seed):
                return self._issued(key)
            raise InputError(
                [
                    phrase(
                        "the name {name} belongs to an app that exists or existed: choose another",
                        name=repr(name),
                    )
                ]
            )
        return self._issued(key)

    def change(
        self, name: str, *, actor: str, forms: Sequence[str] | None = None, return_url: str | None = None
    ) -> App:
        """Give an app other *forms*, or another *return_url* ("": none); return it. What it has open stays open.

        Raises:
            InputError: the app does not exist, was revoked, or cannot be changed like this.
        """
        problems = [] if forms is None else [*self._form_problems(forms)]
        problems += _return_problems(return_url or None)
        self._registered(name)
        if problems:
            raise InputError(problems)
        wanted = None if forms is None else tuple(dict.fromkeys(forms))
        now = self._clock.now()
        if not self._store.change_app(name, forms=wanted, return_url=return_url, now=now, actor=actor):
            raise InputError([_was_revoked(name)])
        return self._registered(name).app

    def rotate(
        self,
        name: str,
        *,
        actor: str,
        public_key: str | None = None,
        seen: Collection[str] | None = None,
        seed: bytes | None = None,
    ) -> IssuedAppKey:
        """Give an app a new key, good at once; its first token makes the present one a retiring one.

        *seen* are the ids of the keys that the person saw; None: they do it whatever there is by now. With the same
        *seed* again, the same key is returned for ten minutes.

        Raises:
            InputError: the app does not exist, was revoked, cannot have this key, or has other keys than were seen.
        """
        problems: list[str] = []
        raw = _public_bytes(public_key, problems)
        registered = self._registered(name)
        if made := self._made_before(name, seed):
            return self._issued(made)
        fresh = [key.key_id for key in registered.keys if seen is not None and key.key_id not in seen]
        if fresh:
            problems.append(
                phrase(
                    "{app} got the key {key} since you looked: nothing was changed", app=name, key=fresh[-1]
                )
            )
        if registered.app.revoked_at is not None:
            problems.append(_was_revoked(name))
        live = [key for key in registered.keys if key.state is not AppKeyState.REVOKED]
        if public_key is None and any(key.algorithm == "EdDSA" for key in live):
            problems.append(phrase("{app} signs with its own key: give the new public key", app=name))
        if problems:
            raise InputError(problems)
        key = self._new_key(name, raw, AppKeyState.NEXT, self._clock.now(), seed)
        added = self._store.add_app_key(key, actor=actor, seen=seen)
        # The first of two clicks at once has made it.
        if added is None and not self._made_before(name, seed):
            raise InputError([phrase("{app} got another key just now: nothing was changed", app=name)])
        if added is False:
            raise InputError([phrase("the app {app} was revoked just now", app=repr(name))])
        return self._issued(key)

    def revoke(self, name: str, *, actor: str, key_id: str | None = None) -> bool:
        """End an app with every ticket and pass made for it, or one key alone; False: that was done before.

        Raises:
            InputError: the app does not exist, or has no such key.
        """
        registered, now = self._registered(name), self._clock.now()
        if key_id is None:
            return self._store.revoke_app(name, now=now, actor=actor)
        if key_id not in (key.key_id for key in registered.keys):
            known = ", ".join(key.key_id for key in registered.keys)
            raise InputError(
                [phrase("{app} has no key {key}; it has {known}", app=name, key=repr(key_id), known=known)]
            )
        return self._store.revoke_app_key(name, key_id, now=now, actor=actor)

    def revoke_subject(
        self, name: str, subject: str, *, actor: str, form: str | None = None, for_good: bool = False
    ) -> int:
        """End every pass and open ticket of *subject* in an app; return on how many forms there was something to end.

        Tokens that the app mints for them from now on open the form again, on another phone for instance; not so
        *for_good*, on the forms that they have opened before.

        Raises:
            InputError: the app does not exist, or no token of it for *subject* was ever redeemed.
        """
        self._registered(name)
        which = GrantFilter(app=name, subject=subject, form=form)
        if next(iter(self._store.grants(which)), None) is None:
            raise InputError([f"no token of {name} for {subject!r} has opened {form or 'a form'} yet"])
        now = self._clock.now()
        if for_good:
            return self._store.revoke_grants(which, now=now, actor=actor, note=None)
        return self._store.end_tickets(which, now=now, actor=actor)

    def list(self) -> tuple[RegisteredApp, ...]:
        """Return every app, by name."""
        keys = self._store.app_keys()
        return tuple(
            RegisteredApp(app=app, keys=tuple(key for key in keys if key.app == app.name))
            for app in self._store.apps()
        )

    def counts(self) -> Mapping[str, AppCounts]:
        """Return what came of the tokens of each app, by its name; an app that nobody used yet is left out."""
        return self._store.app_counts()

    def subjects(self, name: str, *, form: str | None = None, copied: bool = False) -> Iterator[Grant]:
        """Iterate over what the tokens of an app entitle its subjects to; *copied*: where one was passed on.

        That is where the form moved to another browser, or a token was shown again in one.

        Raises:
            InputError: the app does not exist.
        """
        self._registered(name)
        for grant in self._store.grants(GrantFilter(app=name, form=form)):
            if not copied or grant.moves or grant.foreign_tries:
                yield grant

    def mint(
        self,
        name: str,
        *,
        form: str,
        subject: str | int,
        actor: str,
        prefill: Mapping[str, str] | None = None,
        locked: Sequence[str] = (),
    ) -> str:
        """Return a token as the app's own backend would mint it, to try the app with; an entry says who did it.

        Raises:
            InputError: the app does not exist, the site has no secret of it, it is not registered for the form,
                or a claim cannot be used.
        """
        registered, now = self._registered(name), self._clock.now()
        if form not in registered.app.forms:
            raise InputError(
                [f"{name} is not registered for {form!r}, but for {', '.join(registered.app.forms)}"]
            )
        key = _to_try_with(registered)
        issued = self._issued(key)
        if issued.secret is None:
            raise InputError([f"the site has no secret to mint tokens for {name}: its key is Ed25519"])
        token = mint_token(
            issued.secret, app=name, form=form, subject=subject, prefill=prefill, locked=locked, now=now
        )
        about = about_token(name, key_id=key.key_id)
        named = as_text(subject)
        self._store.record(
            Entry(at=now, event="token.minted", form=form, subject=named, actor=actor, about=about)
        )
        return token

    def _registered(self, name: str) -> RegisteredApp:
        found = self.list()
        for registered in found:
            if registered.app.name == name:
                return registered
        known = ", ".join(registered.app.name for registered in found) or phrase("none")
        raise InputError([phrase("there is no app {app}; known apps: {known}", app=repr(name), known=known)])

    def _made_before(self, name: str, seed: bytes | None) -> StoredAppKey | None:
        """Return the key that *seed* has made for an app, if it is still shown."""
        if seed is None:
            return None
        key_id, now = _key_id(seed), self._clock.now()
        made = [key for key in self._store.app_keys() if (key.app, key.key_id) == (name, key_id)]
        return next(
            (
                key
                for key in made
                if key.state is not AppKeyState.REVOKED and may_be_shown(key.created_at, now)
            ),
            None,
        )

    def _new_key(
        self, app: str, public_key: bytes | None, state: AppKeyState, now: float, seed: bytes | None
    ) -> StoredAppKey:
        code_key, _ = self._code_keys.newest
        return StoredAppKey(
            key_id=_key_id(seed),
            app=app,
            algorithm="HS256" if public_key is None else "EdDSA",
            code_key=code_key if public_key is None else None,
            public_key=public_key,
            state=state,
            created_at=now,
        )

    def _issued(self, key: StoredAppKey) -> IssuedAppKey:
        secret = None
        if key.code_key is not None:
            secret = self._code_keys.derive(key.code_key, APP_PURPOSE, key.key_id)
        text = None if secret is None else app_secret_text(key.key_id, secret)
        return IssuedAppKey(app=key.app, key_id=key.key_id, secret=text)

    def _form_problems(self, forms: Sequence[str]) -> Iterator[str]:
        if not 1 <= len(forms) <= _MAX_FORMS:
            yield phrase("an app has 1 to {most} forms; name each one", most=_MAX_FORMS)
        for form in dict.fromkeys(forms):
            policy = self._policies.get(form)
            if policy is None:
                # Translators: Names, but there are none.
                known = ", ".join(self._policies) or phrase("none")
                yield phrase(
                    "there is no form {form} in the settings; known forms: {known}",
                    form=repr(form),
                    known=known,
                )
            elif "app" not in policy.access:
                yield phrase('{form} is not open to apps: add "app" to its access in the settings', form=form)


def _was_revoked(name: str) -> str:
    return phrase("the app {app} was revoked: create another", app=repr(name))


def _to_try_with(registered: RegisteredApp) -> StoredAppKey:
    """Return the key to mint with; one that waits for its first token goes on waiting while there is an older one."""
    order = (AppKeyState.ACTIVE, AppKeyState.RETIRING, AppKeyState.NEXT)
    usable = [key for key in registered.keys if key.state in order]
    if not usable:
        raise InputError([f"the app {registered.app.name!r} was revoked, or has no key left"])
    return min(usable, key=lambda key: order.index(key.state))


def _key_id(seed: bytes | None) -> str:
    number = int.from_bytes(draw(seed, "id of an app's key", _KEY_ID_BYTES), "big")
    return "".join(_KEY_SYMBOLS[number // 36**place % 36] for place in range(_KEY_LENGTH))


def _name_problems(name: str) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield phrase(
            "an app's name has 1 to 63 lower-case letters, digits and hyphens, and does not begin with a hyphen"
        )
    elif name == SITE_APP:
        yield phrase("the name {name} is the site's own: choose another", name=repr(SITE_APP))


def _return_problems(address: str | None) -> Iterator[str]:
    if address is not None and not _may_return_to(address):
        yield phrase(
            "return_url cannot be used: https://... or a scheme of the app's own such as fieldapp://done,"
            " plain ASCII of at most {most} characters, without credentials or a fragment",
            most=_MAX_ADDRESS_CHARS,
        )


def _may_return_to(address: str) -> bool:
    if len(address) > _MAX_ADDRESS_CHARS or not address.isascii() or not address.isprintable():
        return False
    if not _SCHEME.match(address) or any(symbol in address for symbol in " \\\"'<>`#@"):
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port if parts.scheme in ("http", "https") else None
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return _is_loopback(parts)
    return parts.scheme not in _REFUSED_SCHEMES


def _is_loopback(parts: SplitResult) -> bool:
    if parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def can_read_jwts() -> bool:
    """Say whether what JWTs, Ed25519 keys and proofs need is installed."""
    try:
        from jotgate.signed import jwts  # noqa: F401
    except ImportError:
        return False
    return True


def _public_bytes(text: str | None, problems: list[str]) -> bytes | None:
    """Return the public key in *text*; add its faults to *problems*."""
    if text is None:
        return None
    try:
        from jotgate.signed.jwts import read_public_key

        return read_public_key(text)
    except ImportError:
        problems.append(_NO_JWT)
    except ValueError as problem:
        problems.append(problem.args[0])
    return None
