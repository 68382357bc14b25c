"""What an invitation allows its person, and whose were revoked."""

from __future__ import annotations

from collections.abc import Mapping

from jotgate.admission.gate import app_fingerprint
from jotgate.clock import Clock
from jotgate.errors import InputError, UnknownForm
from jotgate.outcomes import Refuse
from jotgate.policy import FormPolicy
from jotgate.protocols import SITE_APP, Invited
from jotgate.signed.invitations import Invitation
from jotgate.signed.tokens import MAX_SUBJECT_CHARS, as_text, can_be_subject
from jotgate.stores import Store


class Inviting:
    """The office that looks after invitations. The links themselves are nowhere."""

    def __init__(self, policies: Mapping[str, FormPolicy], *, store: Store, clock: Clock) -> None:
        self._policies = policies
        self._store = store
        self._clock = clock

    def take(self, invitation: Invitation) -> Refuse | None:
        """Note what *invitation* allows its person; return why it opens nothing, or None if it does."""
        return self._store.invite(self._invited(invitation.form, invitation.subject), invitation)

    def revoke(self, form: str, subject: str | int, *, actor: str) -> bool:
        """End every invitation of *subject* to *form* made until now, and what it opened; False: that was so before.

        What was submitted before stays as it is. A newer invitation opens the form again.

        Raises:
            UnknownForm: the settings have no such form.
            InputError: nobody can be called *subject*.
        """
        named = as_text(subject)
        if not can_be_subject(named):
            raise InputError([f"a subject must have 1 to {MAX_SUBJECT_CHARS} characters"])
        return self._store.revoke_invitations(self._invited(form, named), actor=actor)

    def _invited(self, form: str, subject: str) -> Invited:
        policy = self._policies.get(form)
        if policy is None:
            raise UnknownForm(form, tuple(self._policies))
        return Invited(
            form=policy.form,
            subject=subject,
            fingerprint=app_fingerprint(SITE_APP, policy.form_id, subject),
            in_all=policy.uses,
            now=self._clock.now(),
        )
