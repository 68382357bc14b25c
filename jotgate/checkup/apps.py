"""What `doctor` looks at where forms open for apps."""

from __future__ import annotations

from collections.abc import Iterator

from jotgate.admission.apps import RegisteredApp, can_read_jwts
from jotgate.checkup.findings import Finding, Level
from jotgate.phrases import phrase, phrases
from jotgate.protocols import AppKeyState
from jotgate.wiring import Parts

# Translators: what was looked at.
_TOPIC = phrase("apps")


def apps(parts: Parts) -> Iterator[Finding]:
    """Look whether each form for apps has one, and whether this site can read what they sign with."""
    live = [one for one in parts.apps.list() if one.app.revoked_at is None]
    served = {form for one in live for form in one.app.forms}
    opened = [form for form, policy in parts.settings.policies.items() if "app" in policy.access]
    for form in opened:
        if form not in served:
            # Translators: about a form.
            words = phrase(
                "is open to apps, but no app is registered for it: jotgate apps create <name> --form {form}",
                form=form,
            )
            yield Finding(level=Level.WARN, topic=_TOPIC, form=form, words=words)
    unread = [one.app.name for one in live if _needs_jwts(one)]
    if unread and not can_read_jwts():
        words = phrase(
            "{apps}: this machine cannot read Ed25519 keys and proofs: pip install 'jotgate[jwt]'",
            apps=", ".join(unread),
        )
        yield Finding(level=Level.FAIL, topic=_TOPIC, words=words)
    elif live and served.issuperset(opened):
        words = phrase(
            "{apps} for {forms}",
            apps=phrases("{number} app", "{number} apps", len(live)),
            forms=phrases("{number} form", "{number} forms", len(served)),
        )
        yield Finding(level=Level.OK, topic=_TOPIC, words=words)


def _needs_jwts(one: RegisteredApp) -> bool:
    keys = (key for key in one.keys if key.state is not AppKeyState.REVOKED)
    return one.app.needs_proof or any(key.algorithm == "EdDSA" for key in keys)
