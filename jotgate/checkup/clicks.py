"""What to click in JotForm's menus, step by step, as the menus are named there.

The Form Builder is what *Edit Form* opens. Its orange bar has *Build* and *Settings*; a field's properties are behind
its gear. JotForm saves every change by itself.
"""

from __future__ import annotations

_BUILDER = 'In JotForm, open "My Forms", select the form, and click "Edit Form".'
_SETTINGS = f'{_BUILDER} Then click "Settings" in the orange bar.'
_MORE = 'Click "Form Settings" on the left, then "Show More Options".'
_SAVED = "JotForm saves by itself."

#: What to do in the properties of one field.
UNIQUE_NAME = 'Under "Advanced", open "Field Details", and set a "Unique Name", the one in ticket_field.'
OTHER_UNIQUE_NAME = 'Under "Advanced", open "Field Details" of the other field, and change its "Unique Name".'
FIND_UNIQUE_NAME = (
    'In the Form Builder, a field\'s unique name is behind its gear, under "Advanced", "Field Details".'
)
NOT_REQUIRED = 'Under "General", switch "Required" off.'
SHORT_TEXT = 'Delete the field. Then click "Add Element", and take "Short Text" with the same unique name.'
NO_MASK = 'Under "Options", switch "Input Mask" off.'
NO_VALIDATION = 'Under "Options", set "Validation" to "None".'
NO_LIMIT = 'Under "Options", switch "Character Limit" off.'
OTHER_LABEL = (
    'Under "General", change the "Field Label"; under "Advanced", "Field Details", the "Unique Name".'
)


def add_ticket_field(name: str) -> tuple[str, ...]:
    """Return how a hidden field for the ticket is made."""
    return (
        f'{_BUILDER} Click "Add Element", and drag "Short Text" into the form.',
        'Click the gear beside the new field. Under "Advanced", switch "Hide field" on.',
        f'Still under "Advanced", open "Field Details", and set the "Unique Name" to {name}.',
        'Under "General", leave "Required" off.',
    )


def change_field(*what: str) -> tuple[str, ...]:
    """Return how a field is changed; each of *what* is a sentence about its properties."""
    return (f"{_BUILDER} Click the field, then its gear.", *what)


def hide_field(name: str) -> tuple[str, ...]:
    """Return how the ticket field is hidden."""
    return change_field(f'For the field {name}: under "Advanced", switch "Hide field" on.')


def leave_condition(name: str) -> tuple[str, ...]:
    """Return how a field gets out of the form's conditions."""
    return (
        f'{_SETTINGS} Click "Conditions" on the left.',
        f"Edit each condition that hides or shows the field {name}, take the field out, and save.",
    )


def turn_encryption_off() -> tuple[str, ...]:
    """Return how a form is no longer encrypted."""
    return (_SETTINGS, f'Under "Form Settings", switch "Encrypt Form Data" off. {_SAVED}')


def turn_unique_off() -> tuple[str, ...]:
    """Return how JotForm stops to look for people who send a form twice."""
    return (_SETTINGS, _MORE, f'Set "Unique Submission" to "No Check". {_SAVED}')


def enable_form() -> tuple[str, ...]:
    """Return how a form takes submissions again."""
    return (
        _SETTINGS,
        f'Under "Form Settings", set "Form Status" to "Enabled". {_SAVED}',
        "If JotForm turned it off at the plan's monthly limit, wait for the next month, or change the plan.",
    )


def disable_copy(form_id: str) -> tuple[str, ...]:
    """Return how a copy of a form is closed."""
    return (
        f'In JotForm, open "My Forms", and find the form with the number {form_id} in its address.',
        'Click "More", then "Disable". Or add it to the settings as a form of its own.',
    )


def take_edit_link_out() -> tuple[str, ...]:
    """Return how e-mails lose the address at which answers can be changed."""
    return (
        f'{_SETTINGS} Click "Emails" on the left.',
        "Edit each e-mail: take {edit_link} out of its text, and save.",
    )


def add_webhook(address: str) -> tuple[str, ...]:
    """Return how JotForm is told to call *address*, which ends with the beginning of a secret."""
    return (
        f'{_SETTINGS} Click "Integrations" on the left, search for "WebHooks", and open it.',
        f"Add the address {address}, with the last one of hook_secrets in full at its end.",
        'Click "Complete Integration".',
    )


def redirect_when_done(address: str) -> tuple[str, ...]:
    """Return how a visitor is led back."""
    return (
        f'{_SETTINGS} Click "Thank You Page" on the left.',
        f'Choose "Redirect to an external link after submission", and give {address}.',
    )


def make_key() -> tuple[str, ...]:
    """Return how a key is made that can only read."""
    return (
        'In JotForm, click your picture, then "Settings", then "API" on the left.',
        'Click "Create New Key", and leave it on "Read Access".',
        "Put it into the setting api_key, and start the site again.",
    )


def restore_form(form_id: str) -> tuple[str, ...]:
    """Return how a form that JotForm does not show is looked for."""
    return (
        f'In JotForm, open "My Forms", and look for the form with the number {form_id} in its address.',
        'If it is not there, look under "Trash", and restore it. If it belongs to another account, use its key.',
    )


def find_submission(submission_id: str | None) -> str:
    """Return where a person sees a submission that no program can read."""
    which = f"submission {submission_id}" if submission_id else "the submission"
    return f'In JotForm, open "My Forms", select the form, click "Inbox" or "Tables", and find {which}.'
