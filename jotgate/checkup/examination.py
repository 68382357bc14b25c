"""The whole examination: what `jotgate doctor` and the office's page of health look at, in this order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from jotgate.checkup import forms, site
from jotgate.checkup.apps import apps
from jotgate.checkup.findings import Finding, Level
from jotgate.checkup.mail import mail
from jotgate.checkup.outside import outside
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.wiring import Parts

#: Calls to JotForm about the account as a whole.
CALLS_OF_SITE = 3


def calls_of(parts: Parts) -> int:
    """Return how many calls to JotForm `examine` makes at most."""
    return CALLS_OF_SITE + forms.CALLS_EACH * len(parts.settings.policies)


def examine(
    parts: Parts, *, door_headers: Mapping[str, str], settings: Path | None = None
) -> Iterator[Finding]:
    """Look at everything, here and at JotForm; iterate over what is found as it is found.

    *door_headers* are those of every page of the door; *settings* is the file that the settings are in, if they are in
    one.
    """
    yield site.settings_file(settings) if settings else site.settings_elsewhere(parts)
    yield site.address(parts)
    yield site.proxies(parts)
    yield from outside(parts, door_headers)
    stored = site.store(parts)
    yield stored
    if stored.level is Level.FAIL:
        words = phrase("not tried: calls cannot be counted without the store")
        yield Finding(level=Level.FAIL, topic=site.KEY, words=words)
        return
    if parts.settings.policies:
        yield site.sweeper(parts)
    yield from mail(parts)
    key, account = site.key(parts)
    yield key
    if account is not None:
        yield site.calls(parts, account)
    yield from site.live_codes(parts, account.plan if account else None)
    yield from apps(parts)
    yield site.backup(parts, settings)
    if account is None:
        return
    yield from forms.clones(parts)
    states = {state.form: state for state in parts.store.form_states()}
    for form, policy in parts.settings.policies.items():
        yield from forms.look(parts, policy, states.get(form))


def examine_form(parts: Parts, policy: FormPolicy) -> Iterator[Finding]:
    """Look at one form alone, at JotForm."""
    stored = site.store(parts)
    if stored.level is Level.FAIL:
        yield stored
        return
    states = {state.form: state for state in parts.store.form_states()}
    yield from forms.look(parts, policy, states.get(policy.form))
