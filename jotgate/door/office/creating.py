"""New codes: by number, for names that were pasted, or for a list; looked at line by line before one is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from jotgate import classlist
from jotgate.admission.again import Again, How
from jotgate.admission.grants import IssuedCode, Person, Terms
from jotgate.classlist import Fate, Refused, Row
from jotgate.door.office import fresh
from jotgate.door.office.changing import MAX_FRESH, moment_of
from jotgate.door.office.desk import Desk
from jotgate.door.office.history import zone_of
from jotgate.errors import InputError
from jotgate.frozen import frozen
from jotgate.phrases import phrase, phrases
from jotgate.policy import FormPolicy
from jotgate.signed.tokens import can_be_subject

#: A list of people, and the same once it was looked at.
MAX_BYTES = 10 * 1024 * 1024
#: Lines that are shown; a longer list shows these, and all that are refused.
_SHOWN_LINES = 1_000
_SHOWN_REFUSED = 100
_CELLS, _LANGUAGE = 5, 4
_SHOWN_OF_PEOPLE = ("subject", "label", "email", "group", "language")
_MAX_USES = 1_000_000
_UNUSABLE = 422
#: What a page asks for besides the people, and what it begins with.
_WISHES = ("uses", "batch", "valid_from", "valid_until", "again", "by_class")


@frozen
class _Looked:
    """A list of people, looked at."""

    #: Subject, label, address, batch and language of each who is to get a code.
    rows: Sequence[Sequence[str]]
    fates: Sequence[Fate]
    remarks: Sequence[str]
    #: Subjects that keep the code they have.
    kept: frozenset[str]

    @property
    def refused(self) -> list[Refused]:
        """The lines that have to be mended."""
        return [fate for fate in self.fates if isinstance(fate, Refused)]


def new(desk: Desk, form: str) -> Response:
    """Ask for whom codes are to be made."""
    return _ask(desk, form, _wishes(desk))


def check(desk: Desk, form: str) -> Response:
    """Show what would become of each line, and what codes would be made. Nothing is stored."""
    wishes, names = _wishes(desk), desk.fields.get("names", "").strip()
    count, file = desk.fields.get("count", "").strip(), _file(desk)
    try:
        terms = _terms(desk, form)
        if sum((bool(count), bool(names), file is not None)) != 1:
            raise InputError([phrase("Give exactly one: a number, names, or a file.")])
        if count:
            return _confirm(desk, form, terms, wishes, count=_count(count))
        looked = _look(desk, form, names.encode("utf-8", "replace") if file is None else file)
    except InputError as error:
        return _ask(desk, form, wishes, problems=error.problems, names=names)
    return _confirm(desk, form, terms, wishes, looked=looked, names=names)


def create(desk: Desk, form: str) -> Response:
    """Make the codes, and show them this once.

    Raises:
        InputError: what was to be made cannot be read, or was made already.
    """
    terms, count = _terms(desk, form), desk.fields.get("count", "")
    people = [Person()] * _count(count) if count else [_person(row) for row in _carried(desk)]
    grants, seed = desk.parts.grants, desk.seed
    # The codes that a first click has made are no reason to make none.
    again = Again(grants, form, _how(desk), desk.now, own=grants.own(people, seed))
    issued, before = grants.create_once(
        terms, again.those(people), seed=seed, actor=desk.actor, known=None if count else again.known
    )
    again.conclude(actor=desk.actor)
    return fresh.page(
        desk,
        form,
        issued,
        remarks=_became(again, issued, before),
        by_class="by_class" in desk.fields,
    )


def _became(again: Again, issued: Sequence[IssuedCode], before: int) -> list[str]:
    remarks: list[str] = []
    if before:
        remarks.append(
            phrases(
                "{number} code was made before, by this page more than ten minutes ago or by somebody else. Find the"
                " people, and give them new ones if theirs are lost.",
                "{number} codes were made before, by this page more than ten minutes ago or by somebody else. Find the"
                " people, and give them new ones if theirs are lost.",
                before,
            )
        )
    if again.replaced:
        remarks.append(
            phrases(
                "{number} code revoked that the new ones replace.",
                "{number} codes revoked that the new ones replace.",
                again.replaced,
            )
        )
    if again.kept:
        remarks.append(
            phrases(
                "{number} person had a code already: it stays as it is, and there is no new one.",
                "{number} people had a code already: it stays as it is, and there is no new one.",
                again.kept,
            )
        )
    return remarks if issued else [*remarks, phrase("Nobody was left who needs a new code.")]


def _ask(
    desk: Desk, form: str, wishes: dict[str, str], *, problems: Sequence[str] = (), names: str = ""
) -> Response:
    context = {"wishes": wishes, "problems": problems, "names": names, "zone": desk.policy(form).timezone}
    return desk.page("new", context, form=form, section="people", status=_UNUSABLE if problems else 200)


def _confirm(
    desk: Desk,
    form: str,
    terms: Terms,
    wishes: dict[str, str],
    *,
    looked: _Looked | None = None,
    count: int = 0,
    names: str = "",
) -> Response:
    refused = looked.refused if looked else []
    number = len(looked.rows) if looked else count
    context = {
        "wishes": wishes | {"batch": terms.batch or ""},
        "codes": phrases("{number} code", "{number} codes", number),
        "number_of_codes": number,
        "uses": terms.uses,
        "count": count,
        "people": json.dumps(looked.rows, separators=(",", ":")) if looked else "",
        "refused": refused[:_SHOWN_REFUSED],
        "refused_count": len(refused),
        "more_refused": max(0, len(refused) - _SHOWN_REFUSED),
        "lines": [_told(fate, looked) for fate in looked.fates[:_SHOWN_LINES]] if looked else [],
        "more_lines": max(0, len(looked.fates) - _SHOWN_LINES) if looked else 0,
        "remarks": looked.remarks if looked else [],
        "kept": len(looked.kept) if looked else 0,
        "again": _how(desk).value,
        "over": terms.valid_until is not None and terms.valid_until <= desk.now,
        "names": names,
        "zone": desk.policy(form).timezone,
    }
    return desk.page("check", context, form=form, section="people", status=_UNUSABLE if refused else 200)


def _look(desk: Desk, form: str, source: bytes) -> _Looked:
    """Tell the lines of a list apart, and who of its people gets a code.

    Raises:
        InputError: it is not a list, it is empty, or it has more people than fit on a page of codes.
    """
    known = desk.parts.settings.known_languages
    lines = classlist.told_apart(source, by_class="by_class" in desk.fields, languages=known)
    fates = list(lines.fates)
    people = [fate for fate in fates if isinstance(fate, Row)]
    if not people and not any(isinstance(fate, Refused) for fate in fates):
        raise InputError([phrase("The list is empty.")])
    again = Again(desk.parts.grants, form, _how(desk), desk.now)
    for row in people:
        again.look_at_name(row.subject, row.label)
    getting = [row for row in people if again.gets_one(row.subject)]
    if len(getting) > MAX_FRESH:
        raise InputError(
            [
                phrase(
                    "More than {most} codes do not fit on a page. Split the list, class by class.",
                    most=MAX_FRESH,
                )
            ]
        )
    return _Looked(
        rows=[(row.subject, row.label, row.email, row.group, row.language) for row in getting],
        fates=fates,
        remarks=(*lines.remarks, *filter(None, [again.mix_up])),
        kept=frozenset(row.subject for row in people if not again.gets_one(row.subject)),
    )


def _told(fate: Fate, looked: _Looked) -> dict[str, Any]:
    told = {"line": fate.line_number} | dict.fromkeys(_SHOWN_OF_PEOPLE, "")
    if isinstance(fate, Row):
        what = phrase("keeps their code") if fate.subject in looked.kept else phrase("gets a code")
        people = {name: getattr(fate, name) for name in _SHOWN_OF_PEOPLE}
        return told | people | {"what": what, "tone": "" if fate.subject in looked.kept else "good"}
    is_refused = isinstance(fate, Refused)
    what = (
        phrase("cannot be taken: {why}", why=fate.sentence)
        if is_refused
        else phrase("passed over: {why}", why=fate.sentence)
    )
    return told | {
        "what": what,
        "tone": "bad" if is_refused else "",
    }


def _file(desk: Desk) -> bytes | None:
    """Return the file that was chosen, which may be empty; None if there was none."""
    file = desk.request.files.get("file")
    return file.read() if file is not None and file.filename else None


def _wishes(desk: Desk) -> dict[str, str]:
    beginning = {"uses": "1", "again": How.SKIP.value}
    return beginning | {name: value for name in _WISHES if (value := desk.fields.get(name, "").strip())}


def _how(desk: Desk) -> How:
    wish = desk.fields.get("again", "")
    return How(wish) if wish in {one.value for one in How} else How.SKIP


def _terms(desk: Desk, form: str) -> Terms:
    """Return what the codes have in common.

    Raises:
        InputError: a number or a moment cannot be read, or the window ends before it begins.
    """
    policy, fields = desk.policy(form), desk.fields
    terms = Terms(
        form=form,
        uses=_number(
            fields.get("uses", "") or "1",
            _MAX_USES,
            phrase("How often each code can be used is a number from 1 to {most}.", most=_MAX_USES),
        ),
        batch=" ".join(fields.get("batch", "").split()) or _batch_of_today(desk, policy),
        valid_from=moment_of("valid_from", fields.get("valid_from", "").strip(), policy),
        valid_until=moment_of("valid_until", fields.get("valid_until", "").strip(), policy),
    )
    if terms.batch is not None and not can_be_subject(terms.batch):
        raise InputError([phrase("The batch has a name of at most 200 characters that can be read.")])
    # Raises what else is wrong about them; nothing is made for nobody.
    desk.parts.grants.create(terms, ())
    return terms


def _batch_of_today(desk: Desk, policy: FormPolicy) -> str:
    return datetime.fromtimestamp(desk.now, zone_of(policy)).strftime("%Y-%m-%d %H:%M")


def _count(text: str) -> int:
    return _number(
        text, MAX_FRESH, phrase("The number of codes is a number from 1 to {most}.", most=MAX_FRESH)
    )


def _number(text: str, most: int, problem: str) -> int:
    digits = text.replace(",", "").strip()
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0
    if not 1 <= number <= most:
        raise InputError([problem])
    return number


def _carried(desk: Desk) -> list[list[str]]:
    """Return the people that a page carries, looked at once more.

    Raises:
        InputError: these are none.
    """
    try:
        found: Any = json.loads(desk.fields.get("people", ""))
    except (ValueError, RecursionError):
        found = None
    known = ("", *desk.parts.settings.known_languages)
    rows: list[list[str]] = found if isinstance(found, list) and all(map(_is_row, found)) else []
    if not 0 < len(rows) <= MAX_FRESH or not all(row[_LANGUAGE] in known for row in rows):
        raise InputError([phrase("No code was made: the list is no longer on the page. Give it once more.")])
    return rows


def _is_row(row: object) -> bool:
    if not isinstance(row, list) or len(row) != _CELLS or not all(isinstance(cell, str) for cell in row):
        return False
    return bool(row[0]) and all(can_be_subject(cell) for cell in row if cell)


def _person(row: Sequence[str]) -> Person:
    subject, label, email, group, language = row
    return Person(
        subject=subject,
        label=label or None,
        email=email or None,
        batch=group or None,
        language=language or None,
    )
