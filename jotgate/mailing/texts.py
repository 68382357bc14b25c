"""The texts of mails: what stands in braces is filled in, and a line with nothing to fill in is left out.

Ours are made of sentences of `jotgate.sentences`, as a language says them; a site's are files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import reduce
from pathlib import Path

from jotgate.errors import InputError
from jotgate.frozen import frozen
from jotgate.phrases import Phrase, phrase
from jotgate.sentences import SENTENCES
from jotgate.speaking import Language

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SUBJECT = re.compile(r"subject:[ \t]*(.+)", re.IGNORECASE)
_MAX_CHARS = 100_000
_MAX_SUBJECT_CHARS = 200


class Kind(Enum):
    """What a mail is; its text is named like it."""

    CODE = "code"  #: brings a code.
    INVITATION = "invitation"  #: brings a personal link.
    REMINDER = "reminder"  #: to somebody who has not sent the form.


#: What can be filled in, and for people who write texts, what it is.
PLACEHOLDERS: Mapping[str, str] = {
    "name": "the name on the person's code",
    "title": "the form's title",
    "site": "the site's name",
    "link": "the page that the person is to open, with their code or as their personal link",
    "page": "the form's page without anything personal",
    "code": "the code; in mails with a code only",
    "opens": 'when the form opens, such as "on Friday 4 December 2026 at 12:00", in its timezone',
    "closes": "when it closes",
    "contact": "whom to ask",
}
#: What a text has to hold, or the mail would be of no use.
_NEEDED = {Kind.CODE: ("code", "link"), Kind.INVITATION: ("link",), Kind.REMINDER: ()}
#: The lines of ours: the key of a sentence, or what is filled in.
_OURS = {
    Kind.CODE: (
        *(
            "greeting",
            "",
            "mail.asks",
            "",
            "mail.code.open",
            "{link}",
            "",
            "mail.code.type",
            "{page}",
            "{code}",
        ),
        *("", "mail.closes", "", "mail.code.yours", "contact"),
    ),
    Kind.INVITATION: (
        *(
            "greeting",
            "",
            "mail.asks",
            "",
            "mail.invitation.link",
            "{link}",
            "",
            "mail.closes",
            "",
            "contact",
        ),
    ),
    Kind.REMINDER: (
        *("greeting", "", "mail.asked", "", "mail.reminder.open", "{link}", "", "mail.reminder.code"),
        *("", "mail.closes", "", "mail.reminder.done", "contact"),
    ),
}


@frozen
class Text:
    """The text of a mail, before anything is filled in."""

    #: Where it is from, for sentences.
    source: str
    subject: str
    body: str
    #: What it is written in; None: nobody knows.
    language: Language | None = None

    def filled(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return subject and body with *values* filled in."""
        subject = _PLACEHOLDER.sub(lambda found: values[found[1]], self.subject)
        lines = [_filled(line, values) for line in self.body.splitlines()]
        body = "\n".join(line for line in lines if line is not None)
        return subject.strip(), re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def read_text(kind: Kind, form: str, folder: Path | None, language: Language) -> Text:
    """Return the text for mails of *kind* about *form*: the form's own in *folder*, or the site's, or ours.

    In each place one in the *language* goes before one in any.

    Raises:
        InputError: it cannot be read, or is not a text for such mails.
    """
    if folder is None:
        return _ours(kind, language)
    if not folder.is_dir():
        raise InputError([phrase("mail_templates: {folder} is not a folder", folder=str(folder))])
    for place in (folder / form, folder):
        for name, spoken in ((f"{kind.value}.{language.tag}.txt", language), (f"{kind.value}.txt", None)):
            if (path := place / name).is_file():
                return _checked(kind, str(path), _read(path), spoken)
    return _ours(kind, language)


def _ours(kind: Kind, language: Language) -> Text:
    # Every value as what stands for it, so that a translation that asks for another one gives way to the English.
    unfilled = {name: language.apart(f"{{{name}}}") for name in PLACEHOLDERS}
    lines = (line and (language.say(line, **unfilled) if line in SENTENCES else line) for line in _OURS[kind])
    # A code by itself as well: else groups of digits would change places.
    said = [unfilled["code"] if line == "{code}" else line for line in lines]
    subject = language.say(f"mail.{kind.value}.subject", **unfilled)
    return Text(source="jotgate", subject=subject, body="\n".join(said), language=language)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as problem:
        raise InputError(
            [phrase("{file} cannot be read: {problem}", file=str(path), problem=problem.strerror)]
        ) from None
    except UnicodeDecodeError as problem:
        raise InputError(
            [phrase("{file} is not UTF-8 text (byte {place})", file=str(path), place=str(problem.start))]
        ) from None


def _checked(kind: Kind, source: str, text: str, language: Language | None) -> Text:
    head, _, body = text.lstrip().partition("\n")
    found = _SUBJECT.fullmatch(head.strip())
    checked = Text(source=source, subject=found[1] if found else "", body=body, language=language)
    if problems := list(_problems(kind, checked, text)):
        raise InputError(problems)
    return checked


def _problems(kind: Kind, checked: Text, text: str) -> Iterator[Phrase]:
    named = set(_PLACEHOLDER.findall(text))
    known = PLACEHOLDERS.keys() - (set() if kind is Kind.CODE else {"code"})
    for name in sorted(named - known):
        yield phrase(
            "{file}: {name} cannot be filled in; what can: {known}",
            file=checked.source,
            name=_braced(name),
            known=", ".join(sorted(known)),
        )
    if not 0 < len(checked.subject) <= _MAX_SUBJECT_CHARS:
        yield phrase(
            '{file}: its first line must be the subject, as in "Subject: Your code", in at most {most} characters',
            file=checked.source,
            most=_MAX_SUBJECT_CHARS,
        )
    if not checked.body.strip() or len(text) > _MAX_CHARS:
        yield phrase(
            "{file}: below the subject there must be a text, of at most {most} characters",
            file=checked.source,
            most=_MAX_CHARS,
        )
    needed = _NEEDED[kind]
    if needed and not named.intersection(needed):
        wanted = reduce(
            lambda before, last: phrase("{before} or {last}", before=before, last=last), map(_braced, needed)
        )
        yield phrase(
            "{file}: it must hold {wanted}, or nobody could use the mail", file=checked.source, wanted=wanted
        )
    if "code" in _PLACEHOLDER.findall(checked.subject):
        yield phrase(
            "{file}: the subject must not hold {code}: phones show it when they are locked",
            file=checked.source,
            code=_braced("code"),
        )


def _braced(name: str) -> str:
    return f"{{{name}}}"


def _filled(line: str, values: Mapping[str, str]) -> str | None:
    """Return the line with its values, None if one of them is empty."""
    names = _PLACEHOLDER.findall(line)
    if any(not values[name] for name in names):
        return None
    return _PLACEHOLDER.sub(lambda found: values[found[1]], line).rstrip()
