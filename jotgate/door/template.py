"""The template of a translation: every sentence that visitors read, with notes for translators (gettext's .pot)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jotgate.languages import OURS
from jotgate.outcomes import Reason
from jotgate.sentences import SENTENCES, SINGULARS

#: What translators should know of the sentences whose key begins like this; every note that fits is given.
NOTES: tuple[tuple[str, str], ...] = (
    (r"language\.name", "The name of your own language, in your language. It stands in the switch of languages."),
    (r"languages", "The name of the switch of languages, read out by screen readers."),
    (r".*\.title", "A heading: short, without a full stop."),
    (r".*\.remedy(_at|_in)?", "Below the heading: what to do first, then why. Whole sentences."),
    (r"app\.", "For people whom an app sent. They have no code: do not speak of one."),
    (r"(app\.)?refused\.", "Why somebody cannot open the form."),
    (r"(app\.)?state\.", "What became of a form that somebody sent."),
    (r"code\.(has_one|help)$", "Opens a part of the page when it is pressed."),
    (r"(form\.(open|move|more_time|leave|leave_code|sent)|code\.enter|done\.go_on)$", "On a button."),
    (r"code\.seconds_left", "A count that runs backwards, beside the sentence before: \"12 s\"."),
    (r"form\.elsewhere", "JotForm is a name."),
    (r"greeting", "Begins a mail or a letter."),
    (r"mail\.code\.", "In a mail that brings somebody an access code."),
    (r"mail\.invitation\.", "In a mail that brings somebody a personal link."),
    (r"mail\.reminder\.", "In a mail to somebody who has not sent the form yet."),
    (r"mail\..*subject", "The subject of a mail: short, without a full stop."),
    (r"mail\.(code\.(open|type)|invitation\.link|reminder\.open)", "The address stands on the next line."),
    (r"mail\.(asks|asked|closes)", "In mails. If you cannot say a name within a sentence, put it before a colon."),
    (r"card\.scan", "On a printed card, beside a QR code: no longer than 75 letters, if you can."),
    (r"card\.list", "Above a printed list of people and their codes, for who hands the codes out."),
    (r"card\.letter\.", "In a printed letter that brings somebody an access code."),
    (r"card\.(name|group|number|code)", "Above a column of a printed list. Group: the class at school."),
    (r"card\.advice", "For who prints cards and letters, on the screen only."),
    (r"moment\.", "A moment, as it stands within a sentence, such as \"Come back {when}.\" or \"Sent {when}\"."),
    (r"moment\.(this|other)_year", "{weekday} and {month} are the words below."),
    (r"weekday\.", "As it stands in \"on {weekday} {day} {month}\". It may hold the \"on\" itself."),
    (r"month\.", "As it stands behind a day: \"4 May\"."),
    (r"moment\.day", "A day in a list: \"Mon 4 May\". {weekday} is one of the short words below."),
    (r"day\.first", "The first day of a month, as it stands in {day}: \"1\", or \"1er\" in French."),
    (r"day\.\d", "A day of the week, as short as calendars have it."),
    (r"number$", "One thousand, as numbers are written: the sign between the digits is taken from here."),
    (r"wait\.", "A time to wait, as it stands in \"try again in {wait}\"."),
    (r"form$", "What the form is called that has no name."),
)  # fmt: skip
_VALUES = {
    "closes": "a moment, such as \"on Friday 4 December 2026 at 12:00\"",
    "name": "what somebody is called",
    "title": "what the form is called",
    "site": "what the school or its website is called",
    "address": "the address of a page",
    "when": "a moment, such as \"tomorrow at 08:00\"",
    "wait": "a time, such as \"30 seconds\"",
    "minutes": "a number",
    "subject": "who the form is for, such as a name or a number",
    "contact": "an address or a telephone number",
    "ref": "a reference, such as \"7KQ2-M9\"",
}  # fmt: skip
_HEAD = """\
# Every sentence that visitors of jotgate read.
msgid ""
msgstr ""
"Project-Id-Version: jotgate\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


def template() -> str:
    """Return the template: each sentence in English, under its key as gettext's context."""
    return "\n".join([_HEAD, *map(_entry, SENTENCES)])


def office_template() -> str:
    """Return the template of the office's sentences, which stand in its pages and the code itself."""
    return (OURS / "office.pot").read_text(encoding="utf-8")


def notes_on(key: str) -> Iterator[str]:
    """Iterate over what translators should know of the sentence under *key*."""
    yield from (note for pattern, note in NOTES if re.match(pattern, key))
    yield from (f"{{{name}}}: {what}." for name, what in _VALUES.items() if f"{{{name}}}" in SENTENCES[key])
    reason = re.match(r"(?:app\.)?refused\.(\w+)", key)
    if reason is not None and reason[1] in set(Reason):
        yield f"The reason is {reason[1]}."


def _entry(key: str) -> str:
    lines = [f"#. {note}" for note in notes_on(key)] + [f"msgctxt {_quoted(key)}"]
    if key in SINGULARS:
        lines += [f"msgid {_quoted(SINGULARS[key])}", f"msgid_plural {_quoted(SENTENCES[key])}"]
        lines += ['msgstr[0] ""', 'msgstr[1] ""']
    else:
        lines += [f"msgid {_quoted(SENTENCES[key])}", 'msgstr ""']
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
