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
from jotgate.phrases import plain
from jotgate.policy import FormPolicy
from jotgate.protocols import FormState, Question
from jotgate.signed.tickets import TEXT_LENGTH
from jotgate.sweeping.fields import find_ticket_field
from jotgate.wiring import Parts

CALLS_EACH = 4
#: What conditions do to fields, in captured forms.
_HIDING = ("Hide", "Show", "HideMultiple", "ShowMultiple")
_WITHOUT_WEBHOOK = (
    "only the visitor's page says that a form was sent, and where it does not, as without script, the verdict takes up"
    " to 15 minutes"
)
#: Labels for which JotForm's filter suspends accounts (JotForm's help, "phishing").
_SUSPICIOUS = ("password", "username", "login")


def clones(parts: Parts) -> Iterator[Finding]:
    """Look for open copies of our forms: each has a ticket field, too, and nobody judges its submissions."""
    try:
        forms = parts.service.forms(operator=True)
    except JotgateError as problem:
        yield Finding(level=Level.WARN, topic="copies", words=plain(trouble(problem)))
        return
    ours = {policy.form_id: form for form, policy in parts.settings.policies.items()}
    copies = {
        f"clone of {one.title.strip().lower()}": ours[one.form_id] for one in forms if one.form_id in ours
    }
    for one in forms:
        form = copies.get(one.title.strip().lower())
        if form is not None and one.form_id not in ours and one.status == "ENABLED":
            words = (
                f"{one.form_id} is called a copy of this form and is open: what is sent there is not judged."
                " Disable it at JotForm, or add it to the settings"
            )
            steps = clicks.disable_copy(one.form_id)
            yield Finding(level=Level.WARN, topic="copies", form=form, words=words, steps=steps)


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
        words = plain(trouble(problem))
        if problem.reason is UpstreamReason.UNAUTHORIZED:
            words = unseen(form_id)
        yield Finding(level=Level.FAIL, topic="form", form=form, words=words)
    except JotgateError as problem:
        yield Finding(level=Level.FAIL, topic="form", form=form, words=plain(trouble(problem)))
    yield _stranger(parts, policy)


def _exists(policy: FormPolicy, title: str, status: str) -> Finding:
    named = f'"{plain(title)}" ({policy.form_id})'
    if status == "ENABLED":
        return Finding(level=Level.OK, topic="form", form=policy.form, words=f"{named} is enabled")
    words = f"{named} is {plain(status).lower() or 'in an unknown state'} at JotForm: nobody can fill it in"
    steps = clicks.enable_form()
    return Finding(level=Level.FAIL, topic="form", form=policy.form, words=words, steps=steps)


def _ticket_field(
    policy: FormPolicy, questions: Sequence[Question], state: FormState | None
) -> Iterator[Finding]:
    form, wanted, topic = policy.form, policy.ticket_field, "ticket field"
    field = find_ticket_field(questions, wanted, state.ticket_qid if state else None)
    if field is None:
        words = f"missing: add a Short Text field, hidden, not required, with the unique name {wanted}"
        words, steps = words + _near(questions, wanted), clicks.add_ticket_field(wanted)
        yield Finding(level=Level.FAIL, topic=topic, form=form, words=words, steps=steps)
        return
    faults = {**_field_faults(field), **_namesakes(field, questions)}
    if faults:
        words, steps = "; ".join(faults), clicks.change_field(*faults.values())
        yield Finding(level=Level.FAIL, topic=topic, form=form, words=words, steps=steps)
    elif not field.hidden:
        words = f"{plain(field.name)} is visible: hide it, or visitors will wonder what to put in"
        steps = clicks.hide_field(plain(field.name))
        yield Finding(level=Level.WARN, topic=topic, form=form, words=words, steps=steps)
    elif wanted not in (field.name, field.qid):
        words = f'was renamed; it is still found by its number. Set ticket_field = "{plain(field.name)}"'
        yield Finding(level=Level.WARN, topic=topic, form=form, words=words)
    else:
        words = f"{plain(field.name)} is there, hidden, not required"
        yield Finding(level=Level.OK, topic=topic, form=form, words=words)


def _near(questions: Sequence[Question], wanted: str) -> str:
    """Point at a field that was meant, but has another unique name."""
    for question in questions:
        if wanted.lower() in (question.name.lower(), question.text.strip().lower()):
            return f" (the field labelled {plain(question.text)} has the unique name {plain(question.name) or '-'})"
    return ""


def _field_faults(field: Question) -> dict[str, str]:
    """Return what is wrong with the ticket field itself, and what to click in its properties."""
    name, faults = plain(field.name), {}
    if not field.name:
        faults["has no unique name, so nothing can be filled in: give it one"] = clicks.UNIQUE_NAME
    if field.required:
        words = f"{name} is required, which can stop people from sending the form: turn that off"
        faults[words] = clicks.NOT_REQUIRED
    if field.type != "control_textbox":
        words = f"{name} is not a Short Text field ({plain(field.type)}): replace it with one"
        faults[words] = clicks.SHORT_TEXT
    if field.mask:
        words = f"{name} has an input mask, which changes what is filled in: remove the mask"
        faults[words] = clicks.NO_MASK
    if field.validation:
        words = f"{name} has a validation ({plain(field.validation)}), which tickets fail: set it to None"
        faults[words] = clicks.NO_VALIDATION
    if field.max_length is not None and field.max_length < TEXT_LENGTH:
        length = f"takes {field.max_length} characters, and a ticket has {TEXT_LENGTH}"
        faults[f"{name} {length}: remove the limit"] = clicks.NO_LIMIT
    return faults


def _namesakes(field: Question, questions: Sequence[Question]) -> dict[str, str]:
    others = [question.qid for question in questions if question.name == field.name and question is not field]
    if not field.name or not others:
        return {}
    words = (
        f"field {', '.join(others)} has the unique name {plain(field.name)} as well as field {field.qid}, so a"
        " ticket may be filled into the wrong one: rename the other"
    )
    return {words: clicks.OTHER_UNIQUE_NAME}


def _listed_fields(policy: FormPolicy, questions: Sequence[Question]) -> Iterator[Finding]:
    """Look for the fields that the settings name: a name that no field has fails silently otherwise."""
    names = {name for question in questions for name in (question.qid, question.name)}
    for setting, fields, level, therefore in (
        ("locked_fields", policy.locked_fields, Level.FAIL, "what locks it is judged tampered"),
        (
            "owner_field",
            (policy.owner_field,) if policy.owner_field else (),
            Level.FAIL,
            "what an app fills in there is judged tampered",
        ),
        ("lookup_fields", policy.lookup_fields, Level.WARN, "nobody is found by it"),
        ("show_fields", policy.show_fields, Level.WARN, "nobody sees it"),
        ("tell_fields", policy.tell_fields, Level.WARN, "nobody is told it"),
    ):
        for name in fields:
            wanted = name.partition("[")[0]
            if wanted not in names:
                words = f"{setting} names {plain(name)}, which the form does not have, so {therefore}"
                words += _near(questions, wanted)
                steps = (
                    f"Compare {setting} with the unique names of the form's fields. {clicks.FIND_UNIQUE_NAME}",
                )
                yield Finding(level=level, topic="fields", form=policy.form, words=words, steps=steps)


def _labels(form: str, questions: Sequence[Question]) -> Iterator[Finding]:
    for question in questions:
        words = f"{question.name} {question.text}".lower()
        found = [word for word in _SUSPICIOUS if word in words]
        if found:
            told = f"field {question.qid} has the word {found[0]}: JotForm's filter may suspend the account for it"
            steps = clicks.change_field(clicks.OTHER_LABEL)
            yield Finding(level=Level.WARN, topic="labels", form=form, words=told, steps=steps)


def _properties(parts: Parts, policy: FormPolicy, properties: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at some of the form's settings; the others may hold its secrets, and nothing of them is shown."""
    form = policy.form
    if _word(properties, "isEncrypted") in ("yes", "1", "true"):
        words = "is on: answers cannot be read and no webhook is sent. Turn encryption off"
        steps = clicks.turn_encryption_off()
        yield Finding(level=Level.FAIL, topic="encryption", form=form, words=words, steps=steps)
    else:
        yield Finding(level=Level.OK, topic="encryption", form=form, words="off, as it must be")
    unique = _word(properties, "unique")
    if "ip" in unique:
        words = (
            "Unique Submission compares IP addresses, so only one pupil of a whole school could send the form: turn"
            " it off"
        )
        steps = clicks.turn_unique_off()
        yield Finding(level=Level.FAIL, topic="unique", form=form, words=words, steps=steps)
    elif unique not in ("", "none", "no"):
        words = "Unique Submission is on, which stops pupils who share a tablet: turn it off. The gate does this better"
        steps = clicks.turn_unique_off()
        yield Finding(level=Level.WARN, topic="unique", form=form, words=words, steps=steps)
    yield _edit_links(form, properties)
    done = f"{parts.settings.site_url}{parts.settings.url_prefix}/f/{form}/done"
    is_set = (
        _word(properties, "activeRedirect") == "thankurl" and _word(properties, "thankurl") == done.lower()
    )
    words = (
        "leads back here"
        if is_set
        else f"could redirect to {done}: visitors then see sooner that their form arrived"
    )
    steps = () if is_set else clicks.redirect_when_done(done)
    yield Finding(level=Level.OK, topic="thank-you", form=form, words=words, steps=steps)


def _hiding_conditions(
    policy: FormPolicy, questions: Sequence[Question], state: FormState | None, properties: Mapping[str, Any]
) -> Iterator[Finding]:
    """Look for conditions that hide or show the ticket field: JotForm empties a field that a condition hides."""
    field = find_ticket_field(questions, policy.ticket_field, state.ticket_qid if state else None)
    if field is not None and field.qid in _fields_of_conditions(properties.get("conditions")):
        words = (
            f"a condition of the form hides or shows {plain(field.name)}, and JotForm empties what a condition hides:"
            " take the field out of the condition"
        )
        steps = clicks.leave_condition(plain(field.name))
        yield Finding(level=Level.FAIL, topic="ticket field", form=policy.form, words=words, steps=steps)


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
        words = (
            "an e-mail of the form carries an edit link: whoever has it can change answers after the verdict."
            " Take {edit_link} out; until then edits are found once a day"
        )
        steps = clicks.take_edit_link_out()
        return Finding(level=Level.WARN, topic="edits", form=form, words=words, steps=steps)
    words = "no e-mail of the form carries an edit link. Leave it so: edits are found only once a day"
    return Finding(level=Level.OK, topic="edits", form=form, words=words)


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
        return Finding(level=Level.OK, topic="webhook", form=form, words=f"{shown} is set")
    sandboxed = is_sandboxed(parts)
    where = (
        f"on {parts.settings.api_host}/sandbox/" if sandboxed else "under Settings, Integrations, WebHooks"
    )
    add = f"add {shown} (the last of hook_secrets in full) {where}"
    if any(hook_address(parts, secret) in present for secret in secrets):
        words = f"an older secret's address is set: {add}, then take the old one out"
    elif any(address.startswith(hook_address(parts, "")) for address in present):
        words = f"an address of this site is set, but its secret is not in hook_secrets: {add}"
    else:
        words = f"not set: {_WITHOUT_WEBHOOK}. To set it, {add}"
    steps = () if sandboxed else clicks.add_webhook(shown)
    if is_on_this_machine(parts) and not sandboxed:
        words, steps = f"JotForm cannot reach this machine: {_WITHOUT_WEBHOOK}", ()
    return Finding(level=Level.WARN, topic="webhook", form=form, words=words, steps=steps)


def _stranger(parts: Parts, policy: FormPolicy) -> Finding:
    bare = f"{parts.settings.host.form_origin}/{policy.form_id}"
    words = (
        f"anyone who knows {bare} can see and send the form; such submissions are marked unticketed and never"
        " count"
    )
    return Finding(level=Level.OK, topic="bare address", form=policy.form, words=words)
