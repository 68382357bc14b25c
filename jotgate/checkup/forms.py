"""What `doctor` looks at for each form: four calls to JotForm each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jotgate.checkup import clicks, locks
from jotgate.checkup.findings import (
    Finding,
    Level,
    hook_address,
    is_on_this_machine,
    is_sandboxed,
    trouble,
    unseen,
)
from jotgate.errors import JotgateError, UpstreamError, UpstreamReason
from jotgate.phrases import Phrase, phrase, phrases, plain
from jotgate.policy import FormPolicy
from jotgate.protocols import FormState, Question
from jotgate.signed.tickets import TEXT_LENGTH
from jotgate.sweeping.fields import find_ticket_field
from jotgate.wiring import Parts

CALLS_EACH = 4
#: What conditions do to fields, in captured forms.
_HIDING = ("Hide", "Show", "HideMultiple", "ShowMultiple")
_WITHOUT_WEBHOOK = phrase(
    "only the visitor's page says that a form was sent, and where it does not, as without script, the verdict takes up"
    " to 15 minutes"
)
# Translators: what was looked at.
_FORM, _COPIES, _FIELDS, _LABELS = phrase("form"), phrase("copies"), phrase("fields"), phrase("labels")
_TICKET_FIELD, _WEBHOOK, _BARE_ADDRESS = phrase("ticket field"), phrase("webhook"), phrase("bare address")
# Translators: what was looked at: the form's encryption, whether each answer must be unique, and edits after sending.
_ENCRYPTION, _UNIQUE, _EDITS = phrase("encryption"), phrase("unique"), phrase("edits")
# Translators: what was looked at: the page that thanks for a form.
_THANK_YOU = phrase("thank-you")
#: Labels for which JotForm's filter suspends accounts (JotForm's help, "phishing").
_SUSPICIOUS = ("password", "username", "login")


def clones(parts: Parts) -> Iterator[Finding]:
    """Look for open copies of our forms: each has a ticket field, too, and nobody judges its submissions."""
    try:
        forms = parts.service.forms(operator=True)
    except JotgateError as problem:
        yield Finding(level=Level.WARN, topic=_COPIES, words=trouble(problem))
        return
    ours = {policy.form_id: form for form, policy in parts.settings.policies.items()}
    copies = {
        f"clone of {one.title.strip().lower()}": ours[one.form_id] for one in forms if one.form_id in ours
    }
    for one in forms:
        form = copies.get(one.title.strip().lower())
        if form is not None and one.form_id not in ours and one.status == "ENABLED":
            words = phrase(
                "{form_id} is called a copy of this form and is open: what is sent there is not judged."
                " Disable it at JotForm, or add it to the settings",
                form_id=one.form_id,
            )
            steps = clicks.disable_copy(one.form_id)
            yield Finding(level=Level.WARN, topic=_COPIES, form=form, words=words, steps=steps)


def look(parts: Parts, policy: FormPolicy, state: FormState | None) -> Iterator[Finding]:
    """Look at one form; stops at the first call that brings nothing, since the rest would not either."""
    form, form_id = policy.form, policy.form_id
    try:
        info = parts.service.form(form_id, operator=True)
        yield _exists(policy, info.title, info.status)
        questions = parts.service.questions(form_id, operator=True)
        yield from _ticket_field(policy, questions, state)
        yield from _listed_fields(policy, questions)
        yield from locks.findings(form, questions, parts.store.recent_openings(form, rows=locks.LOOKED_AT))
        yield from _labels(form, questions)
        properties = parts.service.properties(form_id, operator=True)
        yield from _hiding_conditions(policy, questions, state, properties)
        yield from _properties(parts, policy, properties)
        yield _webhook(parts, form, parts.service.webhooks(form_id, operator=True))
    except UpstreamError as problem:
        words = trouble(problem)
        if problem.reason is UpstreamReason.UNAUTHORIZED:
            words = unseen(form_id)
        yield Finding(level=Level.FAIL, topic=_FORM, form=form, words=words)
    except JotgateError as problem:
        yield Finding(level=Level.FAIL, topic=_FORM, form=form, words=trouble(problem))
    yield _stranger(parts, policy)


def _exists(policy: FormPolicy, title: str, status: str) -> Finding:
    named = f'"{plain(title)}" ({policy.form_id})'
    if status == "ENABLED":
        return Finding(
            level=Level.OK, topic=_FORM, form=policy.form, words=phrase("{form} is enabled", form=named)
        )
    words = phrase(
        "{form} is not enabled at JotForm ({status}): nobody can fill it in",
        form=named,
        status=plain(status).lower() or "-",
    )
    steps = clicks.enable_form()
    return Finding(level=Level.FAIL, topic=_FORM, form=policy.form, words=words, steps=steps)


def _ticket_field(
    policy: FormPolicy, questions: Sequence[Question], state: FormState | None
) -> Iterator[Finding]:
    form, wanted, topic = policy.form, policy.ticket_field, _TICKET_FIELD
    field = find_ticket_field(questions, wanted, state.ticket_qid if state else None)
    if field is None:
        # Translators: about the ticket field.
        words = phrase(
            "missing: add a Short Text field, hidden, not required, with the unique name {name}", name=wanted
        )
        words, steps = _hinted(words, questions, wanted), clicks.add_ticket_field(wanted)
        yield Finding(level=Level.FAIL, topic=topic, form=form, words=words, steps=steps)
        return
    faults = [*_field_faults(field), *_namesakes(field, questions)]
    for words, what in faults:
        steps = clicks.change_field(what)
        yield Finding(level=Level.FAIL, topic=topic, form=form, words=words, steps=steps)
    if faults:
        return
    if not field.hidden:
        words = phrase(
            "{field} is visible: hide it, or visitors will wonder what to put in", field=plain(field.name)
        )
        steps = clicks.hide_field(plain(field.name))
        yield Finding(level=Level.WARN, topic=topic, form=form, words=words, steps=steps)
    elif wanted not in (field.name, field.qid):
        # Translators: about the ticket field.
        words = phrase(
            'was renamed; it is still found by its number. Set ticket_field = "{name}"',
            name=plain(field.name),
        )
        yield Finding(level=Level.WARN, topic=topic, form=form, words=words)
    else:
        words = phrase("{field} is there, hidden, not required", field=plain(field.name))
        yield Finding(level=Level.OK, topic=topic, form=form, words=words)


def _hinted(words: Phrase, questions: Sequence[Question], wanted: str) -> Phrase:
    """Point at a field that was meant, but has another unique name."""
    for question in questions:
        if wanted.lower() in (question.name.lower(), question.text.strip().lower()):
            # Translators: after a sentence, a hint in parentheses.
            return phrase(
                "{words} (the field labelled {label} has the unique name {name})",
                words=words,
                label=plain(question.text),
                name=plain(question.name) or "-",
            )
    return words


def _field_faults(field: Question) -> Iterator[tuple[Phrase, Phrase]]:
    """Iterate over what is wrong with the ticket field itself, and what to click in its properties."""
    name = plain(field.name)
    if not field.name:
        # Translators: about the ticket field.
        words = phrase("has no unique name, so nothing can be filled in: give it one")
        yield words, clicks.UNIQUE_NAME
    if field.required:
        words = phrase(
            "{field} is required, which can stop people from sending the form: turn that off", field=name
        )
        yield words, clicks.NOT_REQUIRED
    if field.type != "control_textbox":
        words = phrase(
            "{field} is not a Short Text field ({type}): replace it with one",
            field=name,
            type=plain(field.type),
        )
        yield words, clicks.SHORT_TEXT
    if field.mask:
        words = phrase(
            "{field} has an input mask, which changes what is filled in: remove the mask", field=name
        )
        yield words, clicks.NO_MASK
    if field.validation:
        words = phrase(
            "{field} has a validation ({kind}), which tickets fail: set it to None",
            field=name,
            kind=plain(field.validation),
        )
        yield words, clicks.NO_VALIDATION
    if field.max_length is not None and field.max_length < TEXT_LENGTH:
        words = phrases(
            "{field} takes {number} character, and a ticket has {count}: remove the limit",
            "{field} takes {number} characters, and a ticket has {count}: remove the limit",
            field.max_length,
            field=name,
            count=TEXT_LENGTH,
        )
        yield words, clicks.NO_LIMIT


def _namesakes(field: Question, questions: Sequence[Question]) -> Iterator[tuple[Phrase, Phrase]]:
    others = [question.qid for question in questions if question.name == field.name and question is not field]
    if field.name and others:
        words = phrase(
            "field {others} has the unique name {name} as well as field {number}, so a ticket may be filled into the"
            " wrong one: rename the other",
            others=", ".join(others),
            name=plain(field.name),
            number=field.qid,
        )
        yield words, clicks.OTHER_UNIQUE_NAME


#: The settings that name fields, and what becomes of a name that no field has.
_NAMING_FIELDS: Mapping[str, tuple[Level, Phrase]] = {
    "locked_fields": (
        Level.FAIL,
        phrase(
            "{setting} names {field}, which the form does not have, so submissions in which an app locks it are"
            " judged tampered"
        ),
    ),
    "owner_field": (
        Level.FAIL,
        phrase(
            "{setting} names {field}, which the form does not have, so submissions in which an app fills it in"
            " are judged tampered"
        ),
    ),
    "lookup_fields": (
        Level.WARN,
        phrase("{setting} names {field}, which the form does not have, so nobody is found by it"),
    ),
    "show_fields": (
        Level.WARN,
        phrase("{setting} names {field}, which the form does not have, so nobody sees it"),
    ),
    "tell_fields": (
        Level.WARN,
        phrase("{setting} names {field}, which the form does not have, so nobody is told it"),
    ),
}


def _listed_fields(policy: FormPolicy, questions: Sequence[Question]) -> Iterator[Finding]:
    """Look for the fields that the settings name: a name that no field has fails silently otherwise."""
    names = {name for question in questions for name in (question.qid, question.name)}
    for setting, (level, told) in _NAMING_FIELDS.items():
        listed = getattr(policy, setting) or ()
        for name in (listed,) if isinstance(listed, str) else listed:
            wanted = name.partition("[")[0]
            if wanted not in names:
                words = _hinted(told.filled(setting=setting, field=plain(name)), questions, wanted)
                steps = (
                    phrase("Compare {setting} with the unique names of the form's fields.", setting=setting),
                    clicks.FIND_UNIQUE_NAME,
                )
                yield Finding(level=level, topic=_FIELDS, form=policy.form, words=words, steps=steps)


def _labels(form: str, questions: Sequence[Question]) -> Iterator[Finding]:
    for question in questions:
        words = f"{question.name} {question.text}".lower()
        found = [word for word in _SUSPICIOUS if word in words]
        if found:
            told = phrase(
                "field {number} has the word {word}: JotForm's filter may suspend the account for it",
                number=question.qid,
                word=found[0],
            )
            steps = clicks.change_field(clicks.OTHER_LABEL)
            yield Finding(level=Level.WARN, topic=_LABELS, form=form, words=told, steps=steps)


def _properties(parts: Parts, policy: FormPolicy, properties: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at some of the form's settings; the others may hold its secrets, and nothing of them is shown."""
    form = policy.form
    if _word(properties, "isEncrypted") in ("yes", "1", "true"):
        # Translators: about the encryption of a form.
        words = phrase("is on: answers cannot be read and no webhook is sent. Turn encryption off")
        steps = clicks.turn_encryption_off()
        yield Finding(level=Level.FAIL, topic=_ENCRYPTION, form=form, words=words, steps=steps)
    else:
        yield Finding(level=Level.OK, topic=_ENCRYPTION, form=form, words=phrase("off, as it must be"))
    unique = _word(properties, "unique")
    if "ip" in unique:
        words = phrase(
            "Unique Submission compares IP addresses, so only one pupil of a whole school could send the form: turn"
            " it off"
        )
        steps = clicks.turn_unique_off()
        yield Finding(level=Level.FAIL, topic=_UNIQUE, form=form, words=words, steps=steps)
    elif unique not in ("", "none", "no"):
        words = phrase(
            "Unique Submission is on, which stops pupils who share a tablet: turn it off. The gate does this better"
        )
        steps = clicks.turn_unique_off()
        yield Finding(level=Level.WARN, topic=_UNIQUE, form=form, words=words, steps=steps)
    yield _edit_links(form, properties)
    done = f"{parts.settings.site_url}{parts.settings.url_prefix}/f/{form}/done"
    is_set = (
        _word(properties, "activeRedirect") == "thankurl" and _word(properties, "thankurl") == done.lower()
    )
    # Translators: about the page that thanks for a form.
    words = phrase("leads back here")
    if not is_set:
        words = phrase(
            "could redirect to {address}: visitors then see sooner that their form arrived", address=done
        )
    steps = () if is_set else clicks.redirect_when_done(done)
    yield Finding(level=Level.OK, topic=_THANK_YOU, form=form, words=words, steps=steps)


def _hiding_conditions(
    policy: FormPolicy, questions: Sequence[Question], state: FormState | None, properties: Mapping[str, Any]
) -> Iterator[Finding]:
    """Look for conditions that hide or show the ticket field: JotForm empties a field that a condition hides."""
    field = find_ticket_field(questions, policy.ticket_field, state.ticket_qid if state else None)
    if field is not None and field.qid in _fields_of_conditions(properties.get("conditions")):
        words = phrase(
            "a condition of the form hides or shows {field}, and JotForm empties what a condition hides:"
            " take the field out of the condition",
            field=plain(field.name),
        )
        steps = clicks.leave_condition(plain(field.name))
        yield Finding(level=Level.FAIL, topic=_TICKET_FIELD, form=policy.form, words=words, steps=steps)


def _fields_of_conditions(conditions: object) -> set[str]:
    """Return the numbers of the fields that conditions hide or show, in JotForm's spelling; skip odd ones."""
    if isinstance(conditions, str):
        try:
            conditions = json.loads(conditions)
        except (ValueError, RecursionError):
            return set()
    found = set()
    for condition in conditions if isinstance(conditions, list) else ():
        actions = condition.get("action") if isinstance(condition, dict) else None
        for action in actions if isinstance(actions, list) else ():
            if isinstance(action, dict) and action.get("visibility") in _HIDING:
                fields = action.get("fields") or [action.get("field")]
                found |= {str(one) for one in (fields if isinstance(fields, list) else [fields])}
    return found


def _edit_links(form: str, properties: Mapping[str, Any]) -> Finding:
    """Look for the place holder by which JotForm puts the address for editing into e-mails."""
    if "{edit_link}" in str(properties):
        words = phrase(
            "an e-mail of the form carries an edit link: anybody who has it can change answers after the verdict."
            " Take {edit_link} out; until then edits are found once a day",
            edit_link="{edit_link}",
        )
        steps = clicks.take_edit_link_out()
        return Finding(level=Level.WARN, topic=_EDITS, form=form, words=words, steps=steps)
    words = phrase("no e-mail of the form carries an edit link. Leave it so: edits are found only once a day")
    return Finding(level=Level.OK, topic=_EDITS, form=form, words=words)


def _word(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    return str(value).strip().lower() if isinstance(value, (str, int)) else ""


def _webhook(parts: Parts, form: str, addresses: Sequence[str]) -> Finding:
    """Compare in full, show the secret's beginning only."""
    secrets = parts.settings.hook_secrets
    newest = secrets[-1]
    shown = hook_address(parts, f"{newest[:4]}...")
    present = {address.rstrip("/") for address in addresses}
    if hook_address(parts, newest) in present:
        return Finding(
            level=Level.OK, topic=_WEBHOOK, form=form, words=phrase("{address} is set", address=shown)
        )
    sandboxed = is_sandboxed(parts)
    add = phrase(
        "add {address} (the last of hook_secrets in full) under Settings, Integrations, WebHooks",
        address=shown,
    )
    if sandboxed:
        add = phrase(
            "add {address} (the last of hook_secrets in full) on {host}/sandbox/",
            address=shown,
            host=parts.settings.api_host,
        )
    if any(hook_address(parts, secret) in present for secret in secrets):
        # Translators: what is added is "add ... under ...", something to do.
        words = phrase("an older secret's address is set: {add}, then take the old one out", add=add)
    elif any(address.startswith(hook_address(parts, "")) for address in present):
        words = phrase(
            "an address of this site is set, but its secret is not in hook_secrets: {add}", add=add
        )
    else:
        # Translators: about the webhook; first what goes on without one, then "add ... under ...".
        words = phrase("not set: {harm}. To set it, {add}", harm=_WITHOUT_WEBHOOK, add=add)
    steps = () if sandboxed else clicks.add_webhook(shown)
    if is_on_this_machine(parts) and not sandboxed:
        words, steps = phrase("JotForm cannot reach this machine: {harm}", harm=_WITHOUT_WEBHOOK), ()
    return Finding(level=Level.WARN, topic=_WEBHOOK, form=form, words=words, steps=steps)


def _stranger(parts: Parts, policy: FormPolicy) -> Finding:
    bare = f"{parts.settings.host.form_origin}/{policy.form_id}"
    words = phrase(
        "anyone who knows {address} can see and send the form; such submissions are marked unticketed and never count",
        address=bare,
    )
    return Finding(level=Level.OK, topic=_BARE_ADDRESS, form=policy.form, words=words)
