"""Apps and scoped keys: made, replaced and ended. Their secrets are shown once, in the answer itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Response

from jotgate.admission.apps import IssuedAppKey, RegisteredApp
from jotgate.config import rules
from jotgate.door.messages import spoken_moment
from jotgate.door.office.desk import Desk
from jotgate.errors import InputError, QuotaExhausted, UnknownForm, UpstreamError
from jotgate.mirroring.looking import look_at_jotform
from jotgate.mirroring.scoped_keys import USUAL_SHARE, IssuedScopedKey, Scope, read_share, spell_share
from jotgate.policy import FormPolicy
from jotgate.protocols import AppCounts, AppKeyState, ScopedKey, StoredAppKey
from jotgate.quota import day_window

_UNPROCESSABLE = 422
_NOBODY = AppCounts(subjects=0, used=0, moves=0, foreign_tries=0)
_SURE = "Tick that you are sure: whoever uses it is shut out at once, for good."
_TONES = {"live": "good", "active": "good", "next": "wait", "retiring": "wait"}


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
    what = f"The key {key_id} of {app}" if key_id else f"The app {app}"
    return desk.redirect("/apps", said=f"{what} {'is revoked' if done else 'was revoked before'}.")


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
        return _keys(desk, str(error))
    return _issued_key(desk, issued, scope, remark)


def revoke_key(desk: Desk, key_id: str) -> Response:
    """End a scoped key."""
    if "sure" not in desk.fields:
        return _keys(desk, _SURE)
    done = desk.parts.scoped_keys.revoke(key_id, actor=desk.actor)
    return desk.redirect("/keys", said=f"The key {key_id} {'is revoked' if done else 'was revoked before'}.")


def _apps(desk: Desk, *problems: str) -> Response:
    counts = desk.parts.apps.counts()
    found = [_app(desk, one, counts.get(one.app.name, _NOBODY)) for one in desk.parts.apps.list()]
    open_to_apps = [policy for policy in desk.policies.values() if "app" in policy.access]
    context = {"problems": _sentences(problems), "apps": found, "open_to_apps": open_to_apps, **_typed(desk)}
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
        "state": key.state.value,
        "tone": _TONES.get(key.state.value, "bad"),
        "kind": "public key" if key.code_key is None else "secret",
        "created": _moment(desk, key.created_at),
        "used": key.used,
        "last_used": _moment(desk, key.last_used_at) or "never",
        "is_live": key.state is not AppKeyState.REVOKED,
    }


def _issued_app(desk: Desk, issued: IssuedAppKey) -> Response:
    notes = [f"It is the key {issued.key_id}."]
    if issued.secret is None:
        notes.append("The app signs with a key of its own, so there is no secret to show.")
    context = {
        "back": desk.url("/apps"),
        "what": f"The app {issued.app}",
        "secret": issued.secret or "",
        "secret_label": "Secret for the app's backend",
        "notes": notes,
    }
    return desk.page("issued", context, section="apps")


def _keys(desk: Desk, *problems: str) -> Response:
    day = day_window(desk.now)[0]
    context = {
        "problems": _sentences(problems),
        "rows": [_key(desk, key, day) for key in desk.parts.scoped_keys.list()],
        "share": spell_share(USUAL_SHARE),
        "address": _address(desk),
        **_typed(desk),
    }
    return desk.page("keys", context, section="keys", status=_UNPROCESSABLE if problems else 200)


def _key(desk: Desk, key: ScopedKey, day: str) -> dict[str, Any]:
    state = desk.parts.scoped_keys.state_of(key)
    return {
        "id": key.key_id,
        "label": key.label or "",
        "state": state,
        "tone": _TONES.get(state, "bad"),
        "forms": ", ".join(key.forms),
        "reads": "all submissions, with their verdicts" if key.all_submissions else "submissions that count",
        "fields": "all but the ticket field" if key.fields is None else ", ".join(key.fields),
        "share": spell_share(key.share),
        "calls": key.calls_on(day),
        "last_used": _moment(desk, key.last_used_at) or "never",
        "expires": _moment(desk, key.expires_at, _first_of(desk, key)) or "never",
        "is_live": key.revoked_at is None,
    }


def _issued_key(desk: Desk, issued: IssuedScopedKey, scope: Scope, remark: str) -> Response:
    what = "all submissions of " if scope.all_submissions else ""
    notes = [f"It reads {what}{', '.join(scope.forms)} at {_address(desk)}."]
    context = {
        "back": desk.url("/keys"),
        "what": f"The key {issued.key_id}",
        "secret": str(issued),
        "secret_label": "The key",
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
    except ValueError as problem:
        raise InputError([str(problem)]) from None


def _remark(desk: Desk, scope: Scope) -> str:
    """Return what to say where JotForm could not be asked whether there is anything to read."""
    try:
        look_at_jotform(scope, policies=desk.parts.settings.policies, service=desk.parts.service)
    except (UpstreamError, QuotaExhausted):
        return "JotForm could not be asked whether these forms and fields exist. Try the key before you hand it out."
    return ""


def _address(desk: Desk) -> str:
    settings = desk.parts.settings
    return f"{settings.site_url}{settings.url_prefix}/v1"


def _typed(desk: Desk) -> dict[str, Any]:
    """Return what the person typed, so that a page that refuses it still has it."""
    if desk.request.method != "POST":
        return {"typed": {}, "chosen": []}
    return {"typed": desk.fields, "chosen": desk.request.form.getlist("form")}


def _sentences(problems: Sequence[str]) -> list[str]:
    return [f"{one[:1].upper()}{one[1:]}{'' if one.endswith('.') else '.'}" for one in problems]


def _moment(desk: Desk, at: float | None, policy: FormPolicy | None = None) -> str:
    return "" if at is None else spoken_moment(at, policy, desk.now)


def _first_of(desk: Desk, key: ScopedKey) -> FormPolicy | None:
    """Return the form by whose clocks the end of a key was meant."""
    return next((desk.policies[form] for form in key.forms if form in desk.policies), None)
