"""Apps and scoped keys: made, replaced and ended. Their secrets are shown once, in the answer itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Response

from jotgate.admission.apps import IssuedAppKey, RegisteredApp
from jotgate.config import rules
from jotgate.door.office.desk import Desk
from jotgate.errors import InputError, QuotaExhausted, UnknownForm, UpstreamError
from jotgate.mirroring.looking import look_at_jotform
from jotgate.mirroring.scoped_keys import USUAL_SHARE, IssuedScopedKey, Scope, read_share, spell_share
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.protocols import AppCounts, AppKeyState, ScopedKey, StoredAppKey
from jotgate.quota import day_window
from jotgate.signed.tokens import can_be_stored

_UNPROCESSABLE = 422
_NOBODY = AppCounts(subjects=0, used=0, moves=0, foreign_tries=0)
_SURE = phrase("Tick that you are sure: everybody who uses it is shut out at once, for good.")
#: How an app's key or a scoped key stands: a word and a tone.
_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # Translators: States of a key that a program has.
        "live": (phrase("live"), "good"),
        "active": (phrase("active"), "good"),
        # Translators: A key that was handed out and is not used yet; its first use makes it the active one.
        "next": (phrase("next"), "wait"),
        # Translators: A key that another one has replaced; it still works until somebody ends it.
        "retiring": (phrase("retiring"), "wait"),
        "revoked": (phrase("revoked"), "bad"),
        "expired": (phrase("expired"), "bad"),
        # Translators: A key that cannot work any more, because the site lost what it was made with.
        "void": (phrase("void"), "bad"),
    }
)


def apps(desk: Desk) -> Response:
    """Show every app with its keys, and how to make another."""
    return _apps(desk)


def create_app(desk: Desk) -> Response:
    """Register an app; show its secret."""
    fields = desk.fields
    public_key = fields.get("public_key", "").strip()
    try:
        issued = desk.parts.apps.create(
            fields.get("name", "").strip(),
            desk.request.form.getlist("form"),
            actor=desk.actor,
            return_url=fields.get("return_url", "").strip() or None,
            public_key=public_key or None,
            needs_proof="needs_proof" in fields,
            seed=desk.seed,
        )
    except InputError as error:
        return _apps(desk, *error.problems)
    return _issued_app(desk, issued)


def rotate_app(desk: Desk, app: str) -> Response:
    """Give an app another key; show its secret."""
    public_key = desk.fields.get("public_key", "").strip()
    try:
        issued = desk.parts.apps.rotate(
            app,
            actor=desk.actor,
            public_key=public_key or None,
            seen=desk.fields.get("seen", "").split(),
            seed=desk.seed,
        )
    except InputError as error:
        return _apps(desk, *error.problems)
    return _issued_app(desk, issued)


def revoke_app(desk: Desk, app: str) -> Response:
    """End an app, or one of its keys."""
    key_id = desk.fields.get("key", "").strip() or None
    if "sure" not in desk.fields:
        return _apps(desk, _SURE)
    try:
        done = desk.parts.apps.revoke(app, actor=desk.actor, key_id=key_id)
    except InputError as error:
        return _apps(desk, *error.problems)
    if key_id and done:
        said = phrase("The key {key} of {app} is revoked.", key=key_id, app=app)
    elif key_id:
        said = phrase("The key {key} of {app} was revoked before.", key=key_id, app=app)
    elif done:
        said = phrase("The app {app} is revoked.", app=app)
    else:
        said = phrase("The app {app} was revoked before.", app=app)
    return desk.redirect("/apps", said=said)


def keys(desk: Desk) -> Response:
    """Show every scoped key, and how to make another."""
    return _keys(desk)


def create_key(desk: Desk) -> Response:
    """Make a scoped key; show it."""
    try:
        scope = _scope(desk)
        remark = _remark(desk, scope)
        issued = desk.parts.scoped_keys.create(scope, actor=desk.actor, seed=desk.seed)
    except InputError as error:
        return _keys(desk, *error.problems)
    except UnknownForm as error:
        return _keys(desk, phrase("There is no form “{form}” here.", form=error.form))
    return _issued_key(desk, issued, scope, remark)


def revoke_key(desk: Desk, key_id: str) -> Response:
    """End a scoped key."""
    if "sure" not in desk.fields:
        return _keys(desk, _SURE)
    if can_be_stored(key_id) and desk.parts.scoped_keys.revoke(key_id, actor=desk.actor):
        return desk.redirect("/keys", said=phrase("The key {key} is revoked.", key=key_id))
    return desk.redirect("/keys", said=phrase("The key {key} was revoked before.", key=key_id))


def _apps(desk: Desk, *problems: str) -> Response:
    counts = desk.parts.apps.counts()
    found = [_app(desk, one, counts.get(one.app.name, _NOBODY)) for one in desk.parts.apps.list()]
    open_to_apps = [policy for policy in desk.policies.values() if "app" in policy.access]
    context = {
        "problems": [*map(desk.sentence, problems)],
        "apps": found,
        "open_to_apps": open_to_apps,
        **_typed(desk),
    }
    return desk.page("apps", context, section="apps", status=_UNPROCESSABLE if problems else 200)


def _app(desk: Desk, registered: RegisteredApp, counts: AppCounts) -> dict[str, Any]:
    app = registered.app
    live = [key for key in registered.keys if key.state is not AppKeyState.REVOKED]
    return {
        "app": app,
        "counts": counts,
        "revoked": _moment(desk, app.revoked_at),
        "keys": [_app_key(desk, key) for key in registered.keys],
        "seen": " ".join(key.key_id for key in registered.keys),
        "waiting": next((key.key_id for key in live if key.state is AppKeyState.NEXT), ""),
        "signs_itself": any(key.algorithm == "EdDSA" for key in live),
    }


def _app_key(desk: Desk, key: StoredAppKey) -> dict[str, Any]:
    return {
        "id": key.key_id,
        "state": _STATES[key.state.value][0],
        "tone": _STATES[key.state.value][1],
        # Translators: What an app signs with.
        "kind": phrase("public key") if key.code_key is None else phrase("secret"),
        "created": _moment(desk, key.created_at),
        "used": key.used,
        "last_used": _moment(desk, key.last_used_at) or phrase("never"),
        "is_live": key.state is not AppKeyState.REVOKED,
    }


def _issued_app(desk: Desk, issued: IssuedAppKey) -> Response:
    notes = [phrase("It is the key {key}.", key=issued.key_id)]
    if issued.secret is None:
        notes.append(phrase("The app signs with a key of its own, so there is no secret to show."))
    context = {
        "back": desk.url("/apps"),
        "what": phrase("The app {app}", app=issued.app),
        "secret": issued.secret or "",
        "secret_label": phrase("Secret for the app's backend"),
        "notes": notes,
    }
    return desk.page("issued", context, section="apps")


def _keys(desk: Desk, *problems: str) -> Response:
    day = day_window(desk.now)[0]
    context = {
        "problems": [*map(desk.sentence, problems)],
        "rows": [_key(desk, key, day) for key in desk.parts.scoped_keys.list()],
        "share": spell_share(USUAL_SHARE),
        "address": _address(desk),
        **_typed(desk),
    }
    return desk.page("keys", context, section="keys", status=_UNPROCESSABLE if problems else 200)


def _key(desk: Desk, key: ScopedKey, day: str) -> dict[str, Any]:
    state, tone = _STATES[desk.parts.scoped_keys.state_of(key)]
    forms = ", ".join(key.forms)
    return {
        "id": key.key_id,
        "label": key.label or "",
        "state": state,
        "tone": tone,
        "reads": phrase("{forms}: all submissions, with their verdicts", forms=forms)
        if key.all_submissions
        else phrase("{forms}: submissions that count", forms=forms),
        "fields": phrase("all but the ticket field") if key.fields is None else ", ".join(key.fields),
        "share": spell_share(key.share),
        "calls": key.calls_on(day),
        # Translators: When a key was used last, or ends: not at all.
        "last_used": _moment(desk, key.last_used_at) or phrase("never"),
        "expires": _moment(desk, key.expires_at, _first_of(desk, key)) or phrase("never"),
        "is_live": key.revoked_at is None,
    }


def _issued_key(desk: Desk, issued: IssuedScopedKey, scope: Scope, remark: str) -> Response:
    forms, address = ", ".join(scope.forms), _address(desk)
    if scope.all_submissions:
        notes = [phrase("It reads all submissions of {forms} at {address}.", forms=forms, address=address)]
    else:
        notes = [phrase("It reads {forms} at {address}.", forms=forms, address=address)]
    context = {
        "back": desk.url("/keys"),
        "what": phrase("The key {key}", key=issued.key_id),
        "secret": str(issued),
        "secret_label": phrase("The key"),
        "notes": [*notes, remark] if remark else notes,
    }
    return desk.page("issued", context, section="keys")


def _scope(desk: Desk) -> Scope:
    """Return what the person wants the key to be good for.

    Raises:
        InputError, UnknownForm: it cannot be read.
    """
    fields = desk.fields
    others = [form.strip() for form in fields.get("others", "").split(",")]
    is_all = "all_submissions" in fields
    forms = [*desk.request.form.getlist("form"), *filter(None, others)]
    seen = tuple(filter(None, (name.strip() for name in fields.get("fields", "").split(","))))
    named = desk.parts.scoped_keys.named(forms, ungated=is_all)
    return Scope(
        forms=named,
        fields=seen or None,
        all_submissions=is_all,
        share=read_share(fields.get("share", "") or spell_share(USUAL_SHARE)),
        expires_at=_expiry(fields.get("expires", "").strip(), desk.parts.scoped_keys.timezone_of(named)),
        label=fields.get("label", "").strip() or None,
    )


def _expiry(text: str, timezone: str) -> float | None:
    try:
        return rules.end(text, ZoneInfo(timezone)) if text else None
    except ValueError:
        raise InputError(
            [
                phrase(
                    "“{text}” is not a day that a key can end on, such as {example}",
                    text=text,
                    example="2026-09-01",
                )
            ]
        ) from None


def _remark(desk: Desk, scope: Scope) -> str:
    """Return what to say where JotForm could not be asked whether there is anything to read."""
    try:
        look_at_jotform(scope, policies=desk.parts.settings.policies, service=desk.parts.service)
    except (UpstreamError, QuotaExhausted):
        return phrase(
            "JotForm could not be asked whether these forms and fields exist. Try the key before you hand it out."
        )
    return ""


def _address(desk: Desk) -> str:
    settings = desk.parts.settings
    return f"{settings.site_url}{settings.url_prefix}/v1"


def _typed(desk: Desk) -> dict[str, Any]:
    """Return what the person typed, so that a page that refuses it still has it."""
    if desk.request.method != "POST":
        return {"typed": {}, "chosen": []}
    return {"typed": desk.fields, "chosen": desk.request.form.getlist("form")}


def _moment(desk: Desk, at: float | None, policy: FormPolicy | None = None) -> str:
    return "" if at is None else desk.moment(at, policy)


def _first_of(desk: Desk, key: ScopedKey) -> FormPolicy | None:
    """Return the form by whose clocks the end of a key was meant."""
    return next((desk.policies[form] for form in key.forms if form in desk.policies), None)
