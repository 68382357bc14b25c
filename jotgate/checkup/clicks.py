"""What to click in JotForm's menus, step by step, as the menus are named there.

The Form Builder is what *Edit Form* opens. Its orange bar has *Build* and *Settings*; a field's properties are behind
its gear. JotForm saves every change by itself.
"""

from __future__ import annotations

from jotgate.phrases import Phrase, phrase

# Translators: what stands in quotes is JotForm's own: keep it in English, as these sentences do.
_BUILDER = (phrase('In JotForm, open "My Forms", select the form, and click "Edit Form".'),)
_SETTINGS = (*_BUILDER, phrase('Click "Settings" in the orange bar.'))
_MORE = phrase('Click "Form Settings" on the left, then "Show More Options".')

#: What to do in the properties of one field.
UNIQUE_NAME = phrase(
    'Under "Advanced", open "Field Details", and set a "Unique Name", the one in ticket_field.'
)
OTHER_UNIQUE_NAME = phrase(
    'Under "Advanced", open "Field Details" of the other field, and change its "Unique Name".'
)
FIND_UNIQUE_NAME = phrase(
    'In the Form Builder, a field\'s unique name is behind its gear, under "Advanced", "Field Details".'
)
NOT_REQUIRED = phrase('Under "General", switch "Required" off.')
SHORT_TEXT = phrase(
    'Delete the field. Then click "Add Element", and take "Short Text" with the same unique name.'
)
NO_MASK = phrase('Under "Options", switch "Input Mask" off.')
NO_VALIDATION = phrase('Under "Options", set "Validation" to "None".')
NO_LIMIT = phrase('Under "Options", switch "Character Limit" off.')
OTHER_LABEL = phrase(
    'Under "General", change the "Field Label"; under "Advanced", "Field Details", the "Unique Name".'
)


def add_ticket_field(name: str) -> tuple[Phrase, ...]:
    """Return how a hidden field for the ticket is made."""
    return (
        *_BUILDER,
        phrase('Click "Add Element", and drag "Short Text" into the form.'),
        phrase('Click the gear beside the new field. Under "Advanced", switch "Hide field" on.'),
        phrase(
            'Still under "Advanced", open "Field Details", and set the "Unique Name" to {name}.', name=name
        ),
        phrase('Under "General", leave "Required" off.'),
    )


def change_field(*what: Phrase) -> tuple[Phrase, ...]:
    """Return how a field is changed; each of *what* is a sentence about its properties."""
    return (*_BUILDER, phrase("Click the field, then its gear."), *what)


def hide_field(name: str) -> tuple[Phrase, ...]:
    """Return how the ticket field is hidden."""
    return change_field(phrase('For the field {name}: under "Advanced", switch "Hide field" on.', name=name))


def leave_condition(name: str) -> tuple[Phrase, ...]:
    """Return how a field gets out of the form's conditions."""
    return (
        *_SETTINGS,
        phrase('Click "Conditions" on the left.'),
        phrase(
            "Edit each condition that hides or shows the field {name}, take the field out, and save.",
            name=name,
        ),
    )


def turn_encryption_off() -> tuple[Phrase, ...]:
    """Return how a form is no longer encrypted."""
    return (
        *_SETTINGS,
        phrase('Under "Form Settings", switch "Encrypt Form Data" off. JotForm saves by itself.'),
    )


def turn_unique_off() -> tuple[Phrase, ...]:
    """Return how JotForm stops to look for people who send a form twice."""
    return (*_SETTINGS, _MORE, phrase('Set "Unique Submission" to "No Check". JotForm saves by itself.'))


def enable_form() -> tuple[Phrase, ...]:
    """Return how a form takes submissions again."""
    return (
        *_SETTINGS,
        phrase('Under "Form Settings", set "Form Status" to "Enabled". JotForm saves by itself.'),
        phrase(
            "If JotForm turned it off at the plan's monthly limit, wait for the next month, or change the plan."
        ),
    )


def disable_copy(form_id: str) -> tuple[Phrase, ...]:
    """Return how a copy of a form is closed."""
    return (
        phrase(
            'In JotForm, open "My Forms", and find the form with the number {form_id} in its address.',
            form_id=form_id,
        ),
        phrase('Click "More", then "Disable". Or add it to the settings as a form of its own.'),
    )


def take_edit_link_out() -> tuple[Phrase, ...]:
    """Return how e-mails lose the address at which answers can be changed."""
    return (
        *_SETTINGS,
        phrase('Click "Emails" on the left.'),
        phrase(
            "Edit each e-mail: take {edit_link} out of its text, and save.",
            edit_link="{edit_link}",
        ),
    )


def add_webhook(address: str) -> tuple[Phrase, ...]:
    """Return how JotForm is told to call *address*, which ends with the beginning of a secret."""
    return (
        *_SETTINGS,
        phrase('Click "Integrations" on the left, search for "WebHooks", and open it.'),
        phrase(
            "Add the address {address}, with the last one of hook_secrets in full at its end.",
            address=address,
        ),
        phrase('Click "Complete Integration".'),
    )


def redirect_when_done(address: str) -> tuple[Phrase, ...]:
    """Return how a visitor is led back."""
    return (
        *_SETTINGS,
        phrase('Click "Thank You Page" on the left.'),
        phrase(
            'Choose "Redirect to an external link after submission", and give {address}.', address=address
        ),
    )


def make_key() -> tuple[Phrase, ...]:
    """Return how a key is made that can only read."""
    return (
        phrase('In JotForm, click your picture, then "Settings", then "API" on the left.'),
        phrase('Click "Create New Key", and leave it on "Read Access".'),
        phrase("Put it into the setting api_key, and start the site again."),
    )


def restore_form(form_id: str) -> tuple[Phrase, ...]:
    """Return how a form that JotForm does not show is looked for."""
    return (
        phrase(
            'In JotForm, open "My Forms", and look for the form with the number {form_id} in its address.',
            form_id=form_id,
        ),
        phrase(
            'If it is not there, look under "Trash", and restore it. If it belongs to another account, use its key.'
        ),
    )


def find_submission(submission_id: str | None) -> Phrase:
    """Return where a person sees a submission that no program can read."""
    if submission_id:
        return phrase(
            'In JotForm, open "My Forms", select the form, click "Inbox" or "Tables", and find submission {number}.',
            number=submission_id,
        )
    return phrase(
        'In JotForm, open "My Forms", select the form, click "Inbox" or "Tables", and find the submission.'
    )
