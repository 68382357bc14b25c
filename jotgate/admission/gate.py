"""The gate: from what a visitor presents to a decision, a pass and a ticket."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from jotgate.admission.revocations import Revocations
from jotgate.admission.rotation import KeyUse
from jotgate.admission.vetting import ShownProof, Unfit, Vetted, Vetting
from jotgate.clock import Clock
from jotgate.codes import CodeText, Mistyped, parse
from jotgate.errors import UnknownForm
from jotgate.frozen import frozen
from jotgate.ledger import Entry, about_token
from jotgate.outcomes import Admit, Decision, Reason, Refuse
from jotgate.policy import FormPolicy, shut
from jotgate.protocols import SITE_APP, App, FormState, Opening, Redemption
from jotgate.signed.browsers import Browser
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.signed.passes import Pass, PassReader, new_pass_id
from jotgate.signed.tickets import OnPage, Ticket, TicketState, owner_named, ticket_text
from jotgate.signed.tokens import LEEWAY_SECONDS, Claims, mint_token
from jotgate.signed.work import ShownWork, challenge, read_work
from jotgate.stores import Store
from jotgate.throttle import Guesser

_log = logging.getLogger("jotgate.gate")

#: The uses of a grant that the settings do not limit.
_BOUNDLESS = 10**9
#: So many bad tokens a minute leave an entry in each process's name; a flood of garbage must not fill the store.
_NOTED_A_MINUTE = 100


@frozen
class Seen:
    """Who knocks, as far as the request tells."""

    browser: Browser
    #: As `jotgate.throttle.network_of` names it.
    network: str
    #: The pass that the browser holds for this form already, if any.
    holds: Pass | None = None


class Gate:
    """Decide who may open a form. Every verb raises `StoreUnavailable` when nothing can be decided."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        store: Store,
        keys: KeyRing,
        code_keys: CodeKeys,
        clock: Clock,
    ) -> None:
        self._policies = policies
        self._store = store
        self._keys = keys
        self._code_keys = code_keys
        self._clock = clock
        self._readers = {form: PassReader(form, keys) for form in policies}
        self._revocations = Revocations(store)
        self._vetting = Vetting(store=store, keys=keys, code_keys=code_keys)
        self._noted = (0, 0)
        self._key_use = KeyUse(keys, store)

    def policy(self, form: str) -> FormPolicy:
        """Return the policy of *form*.

        Raises:
            UnknownForm: no form has this name.
        """
        try:
            return self._policies[form]
        except KeyError:
            raise UnknownForm(form, tuple(self._policies)) from None

    def doorway(self, form: str) -> Refuse | None:
        """Return why nobody is let in to *form* now, whatever their code, or None if it is open."""
        refusal = self._closed(form)
        if refusal is not None:
            return refusal
        state = self.state(form)
        if state is None:
            return None
        capacity = self.policy(form).capacity
        closed_since = state.missing_since or state.refused_since
        reason = shut(
            missing_since=closed_since,
            settled=state.settled,
            capacity=capacity,
            paused_at=state.paused_at,
        )
        return None if reason is None else Refuse.unrecorded(reason, words=state.paused_words)

    def _closed(self, form: str) -> Refuse | None:
        policy = self.policy(form)
        reason = policy.closed(self._clock.now())
        if reason is None:
            return None
        at = policy.opens_at if reason is Reason.NOT_YET_OPEN else policy.closes_at
        return Refuse.unrecorded(reason, at=at)

    def state(self, form: str) -> FormState | None:
        """Return how far the sweep is with *form*."""
        return self._store.form_state(form)

    def admit(
        self,
        text: str,
        *,
        form: str,
        seen: Seen,
        move: bool = False,
        shown_work: ShownWork | None = None,
    ) -> Decision:
        """Decide on the access code that somebody typed; *move* rebinds a ticket that is open elsewhere.

        Where it refuses with `Refuse.work`, the same code is looked at, or opened, once its answer is *shown_work*.
        """
        refusal = self._closed(form)
        if refusal is not None:
            return refusal
        if not self.policy(form).takes_codes:
            return Refuse.unrecorded(Reason.APP_ONLY)
        code = parse(text)
        if isinstance(code, Mistyped):
            refusal = self.doorway(form)
            if refusal is not None:
                return refusal
            return Refuse.unrecorded(Reason.MISTYPED, hint=code.hint.value)
        fingerprints = self._code_keys.fingerprints(code)
        guesser = Guesser(
            network=seen.network,
            browser=seen.browser.browser_id.hex(),
            browser_age=self._clock.now() - seen.browser.since,
            work=read_work(shown_work, fingerprints[0], self._keys) if shown_work else None,
        )
        return self._open(form, fingerprints, seen, guesser=guesser, move=move)

    def admit_again(self, fingerprints: tuple[bytes, ...], *, form: str, seen: Seen) -> Decision:
        """Move the ticket of a code that was shown to be right just before to the browser that showed it."""
        refusal = self._closed(form)
        if refusal is not None:
            return refusal
        return self._open(form, fingerprints, seen, guesser=None, move=True)

    def fingerprints(self, text: str) -> tuple[bytes, ...]:
        """Return the fingerprints of the code in *text*, one for each code key; none if it is not a code."""
        code = parse(text)
        return self._code_keys.fingerprints(code) if isinstance(code, CodeText) else ()

    def _open(
        self,
        form: str,
        fingerprints: tuple[bytes, ...],
        seen: Seen,
        *,
        guesser: Guesser | None,
        move: bool,
    ) -> Decision:
        policy = self.policy(form)
        now = self._clock.now()
        decision = self._store.open_ticket(
            Opening(
                form=form,
                fingerprints=fingerprints,
                browser=seen.browser.browser_id,
                holds=seen.holds,
                guesser=guesser,
                move=move,
                now=now,
                ticket_expires_at=policy.ticket_expires_at(now),
                pass_id=new_pass_id(),
                pass_ttl_seconds=policy.pass_ttl_seconds,
                capacity=policy.capacity,
                in_all=policy.uses,
            )
        )
        if isinstance(decision, Admit) and seen.holds is not None:
            self._revocations.add(seen.holds.pass_id, seen.holds.expires_at)
        if isinstance(decision, Refuse) and decision.work is not None:
            signed = challenge(decision.work, fingerprints[0], self._keys)
            return replace(decision, work=replace(decision.work, challenge=signed))
        return decision

    def redeem(
        self, text: str, *, form: str, seen: Seen, proof: ShownProof | None = None
    ) -> Admit | Refuse | Pass:
        """Decide on the app token in *text*; it is good once.

        A token of *form* that is used or over, shown by a browser that holds a pass of the same subject already,
        gives that pass: a phone's web view that was killed loads its first address again.
        """
        refusal = self.doorway(form)
        if refusal is not None:
            return refusal
        policy, now = self.policy(form), self._clock.now()
        vetted = self._vetting.vet(text, policy=policy, proof=proof, now=now)
        if isinstance(vetted, Unfit):
            return self._unfit(vetted, form, seen, now)
        own = seen.holds
        if own is not None and (own.form, own.subject) != (form, vetted.claims.subject):
            own = None
        if own is not None and (vetted.expired or vetted.proof_fault):
            return own
        if vetted.proof_fault:
            claims = vetted.claims
            unproved = Unfit(fault=vetted.proof_fault, app=claims.app, key_id=vetted.key_id, claims=claims)
            return self._unfit(unproved, form, seen, now)
        if vetted.expired and not self._notes(now):
            # The same old link over and over: it stays refused, and nobody is asked whether it was used before.
            return Refuse.unrecorded(Reason.TOKEN_EXPIRED)
        decision = self._store.redeem_token(_redemption(vetted, policy, seen, now))
        if isinstance(decision, Admit) and seen.holds is not None:
            self._revocations.add(seen.holds.pass_id, seen.holds.expires_at)
        if isinstance(decision, Refuse) and decision.reason is Reason.TOKEN_USED and own is not None:
            return own
        return decision

    def claims_in(self, text: str, form: str) -> Claims | None:
        """Return what an authentic app token states, however little it is worth now; None for every other text."""
        vetted = self._vetting.vet(text, policy=self.policy(form), proof=None, now=self._clock.now())
        return vetted.claims

    def app_named(self, text: str) -> App | None:
        """Return the app that *text* says it is from, nothing verified; None if it says nothing of it."""
        return self._vetting.app_named(text)

    def hand_off(
        self,
        form: str,
        subject: str | int,
        *,
        prefill: Mapping[str, str] | None = None,
        locked: Sequence[str] = (),
    ) -> str:
        """Return a token of the site itself that lets *subject* open *form* once, within the next minute.

        For a person whom the site has recognised already: by its login, or by a code. `redeem` takes it whatever the
        form's `access` is.

        Raises:
            UnknownForm: the settings have no such form.
            InputError: as `jotgate.signed.tokens.mint_token`.
        """
        return mint_token(
            self._vetting.site_secret(),
            app=SITE_APP,
            form=self.policy(form).form,
            subject=subject,
            prefill=prefill,
            locked=locked,
            now=self._clock.now(),
        )

    def _unfit(self, unfit: Unfit, form: str, seen: Seen, now: float) -> Refuse:
        """Refuse in the one wording, and note the exact fault."""
        reason, claims = Reason.BAD_TOKEN, unfit.claims
        if not self._notes(now):
            return Refuse.unrecorded(reason)
        entry = Entry(
            at=now,
            event="token.refused",
            form=form,
            reason=unfit.fault,
            subject=claims.subject if claims else None,
            about=about_token(
                unfit.app,
                key_id=unfit.key_id,
                version=claims.version if claims else None,
                claim=unfit.claim,
            ),
            note=seen.network,
        )
        return Refuse(reason=reason, ref=self._store.record(entry))

    def _notes(self, now: float) -> bool:
        """Say whether this process still leaves an entry about a worthless token in this minute, and count it."""
        minute = int(now // 60)
        noted = self._noted[1] if self._noted[0] == minute else 0
        self._noted = (minute, noted + 1)
        return noted < _NOTED_A_MINUTE

    def sign_pass(self, admit: Admit) -> str:
        """Return the cookie's value for an admission."""
        return self.sign_again(
            Pass(
                form=admit.form,
                subject=admit.subject,
                pass_id=admit.pass_id,
                ticket_id=admit.ticket_id,
                expires_at=admit.expires_at,
            )
        )

    def sign_again(self, held: Pass) -> str:
        """Return the cookie's value for a pass that was renewed."""
        self._key_use.note(self._clock.now())
        return self._readers[held.form].sign(held)

    def read_pass(self, form: str, texts: Iterable[str]) -> Pass | None:
        """Return the first valid pass for *form* among *texts*: signed by us, not over, not revoked.

        All of *texts* are tried, because the first cookie of a name may be another's.

        Raises:
            UnknownForm: the settings have no such form.
            StoreUnavailable: revocations could not be read for a minute.
        """
        reader = self._readers.get(form)
        if reader is None:
            raise UnknownForm(form, tuple(self._policies))
        now = self._clock.now()
        for text in texts:
            held = reader.read(text, now)
            if held is not None and not self._revocations.holds(held.pass_id, now):
                return held
        return None

    def moved_away(self, form: str, texts: Iterable[str]) -> bool:
        """Say whether one of *texts* is a pass that ended because its ticket was opened in another browser since.

        Raises:
            StoreUnavailable: the ticket could not be read.
        """
        now = self._clock.now()
        for text in texts:
            held = self._readers[form].read(text, now)
            if held is None or not self._revocations.holds(held.pass_id, now):
                continue
            ticket = self._store.ticket(held.ticket_id)
            if ticket is not None and ticket.moves and ticket.state is not TicketState.REVOKED:
                return True
        return False

    def ticket(self, ticket_id: bytes, *, form: str, on_page: OnPage | None = None) -> Ticket | None:
        """Return the ticket of that id, as it is for that page if one is given; None if there is none for *form*."""
        ticket = self._store.ticket(ticket_id, on_page)
        return ticket if ticket is not None and ticket.form == form else None

    def ticket_text(self, on_page: OnPage) -> str:
        """Return the text that travels in the form's hidden field."""
        self._key_use.note(self._clock.now())
        return ticket_text(on_page, self._keys)

    def leave(self, held: Pass) -> None:
        """End a pass."""
        self._store.leave(held, self._clock.now())
        self._revocations.add(held.pass_id, held.expires_at)

    def renew(self, ticket: Ticket, *, browser: Browser, holds: Pass | None) -> Pass | None:
        """Give an open ticket its whole time again, as entering the code once more in *browser* would.

        Returns the pass that *browser* *holds* with its new end; None if it holds none for this ticket. A ticket that
        was sent or revoked, or whose code allows nothing more, stays as it is.
        """
        policy, now = self.policy(ticket.form), self._clock.now()
        expires_at = self._store.renew_ticket(
            ticket.ticket_id,
            browser=browser.browser_id,
            now=now,
            expires_at=policy.ticket_expires_at(now),
            pass_ttl_seconds=policy.pass_ttl_seconds,
        )
        if expires_at is None or holds is None or holds.ticket_id != ticket.ticket_id:
            return None
        return holds._replace(expires_at=max(holds.expires_at, policy.pass_expires_at(now, expires_at)))

    def mark_sent(self, on_page: OnPage) -> bool:
        """Note that a page says it submitted; say whether that was news."""
        return self._store.mark_sent(ticket_id=on_page.ticket_id, now=self._clock.now(), on_page=on_page)


def app_fingerprint(app: str, form_id: str, subject: str) -> bytes:
    """Return the fingerprint of the grant that an app's tokens for JotForm's form and *subject* stand for."""
    return _digest("app-grant", app, form_id, subject)


def _redemption(vetted: Vetted, policy: FormPolicy, seen: Seen, now: float) -> Redemption:
    claims, proof = vetted.claims, vetted.proof
    always = {*policy.locked_fields, policy.owner_field}
    locked = {*claims.locked, *(name for name in claims.prefill if name in always)}
    owner = owner_named(policy.owner_field, claims.prefill, locked)
    ticket_expires_at = policy.ticket_expires_at(now)
    return Redemption(
        form=policy.form,
        app=claims.app,
        key_id=vetted.key_id,
        # Never the text: the same token may be spelled in several ways.
        token_key=_digest("token", claims.app, claims.token_id),
        proof_key=_digest("proof", proof.key_thumbprint, proof.proof_id) if proof else None,
        remember_until=max(claims.expires_at, now + LEEWAY_SECONDS) + LEEWAY_SECONDS,
        expired=vetted.expired,
        fingerprint=app_fingerprint(claims.app, policy.form_id, claims.subject),
        subject=claims.subject,
        owner_field=policy.owner_field,
        owner=owner,
        # What is somebody else's is counted as theirs only.
        uses=(policy.uses if owner in (None, claims.subject) else None) or _BOUNDLESS,
        in_all=policy.uses,
        version=claims.version,
        prefill=claims.prefill,
        locked=tuple(sorted(locked)),
        browser=seen.browser.browser_id,
        network=seen.network,
        holds=seen.holds,
        now=now,
        ticket_expires_at=ticket_expires_at,
        pass_id=new_pass_id(),
        pass_expires_at=policy.pass_expires_at(now, ticket_expires_at),
    )


def _digest(purpose: str, *parts: str) -> bytes:
    """Return 16 bytes that stand for *parts*, none of which holds a NUL."""
    return hashlib.sha256("\0".join((f"jotgate/{purpose}", *parts)).encode()).digest()[:16]
