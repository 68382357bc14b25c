"""New codes, shown once: the page that has them, and the list to take along."""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from werkzeug.wrappers import Response

from jotgate import classlist
from jotgate.admission.grants import IssuedCode
from jotgate.codes import CodeText, parse, printed
from jotgate.config.languages import language_for
from jotgate.door.office.desk import Desk
from jotgate.door.office.mailing import Progress, send_some
from jotgate.errors import InputError
from jotgate.phrases import phrase

#: What the page's own buttons post: all its codes.
MAX_BYTES = 10 * 1024 * 1024
_KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_SHOWN = 1_000
_SHEET_POLICY = "default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'"
_CELLS = 6


def page(
    desk: Desk,
    form: str,
    issued: Sequence[IssuedCode],
    *,
    change_id: str = "",
    remarks: Sequence[str] = (),
    by_class: bool = False,
) -> Response:
    """Show new codes, this once; what is done with them next gets them from this page.

    *by_class* says that their batches are classes: a batch may be anything else, and is then on no card.
    """
    rows = [
        [
            one.code,
            one.subject or "",
            one.label or "",
            one.batch or "",
            one.email or "",
            one.language or "",
        ]
        for one in issued
    ]
    return _shown(desk, form, rows, change_id=change_id, remarks=remarks, by_class=by_class)


def _shown(
    desk: Desk,
    form: str,
    rows: Sequence[Sequence[str]],
    *,
    change_id: str = "",
    remarks: Sequence[str] = (),
    progress: Progress | None = None,
    by_class: bool = False,
) -> Response:
    mailing = desk.parts.mailing
    context = {
        "rows": rows[:_SHOWN],
        "more": max(0, len(rows) - _SHOWN),
        "count": len(rows),
        "carried": json.dumps(rows, separators=(",", ":")),
        "remarks": remarks,
        "undo": change_id if rows else None,
        "named": any(row[1] or row[2] for row in rows),
        "addressed": sum(1 for row in rows if row[4]) if mailing.is_set_up else 0,
        "progress": progress,
        "by_class": by_class,
    }
    return desk.page("fresh", context, form=form, section="people")


def download(desk: Desk, form: str) -> Response:
    """Hand out the codes of a page as a file.

    Raises:
        InputError: these are no codes, or a workbook cannot be written here.
    """
    kind = desk.fields.get("kind", "csv")
    if kind not in _KINDS:
        raise InputError([phrase("There is no such kind of file.")])
    rows, buffer = carried(desk), io.BytesIO()
    table = [[*row, link_of(desk, form, row[0])] for row in rows]
    columns = ["code", "subject", "label", "batch", "email", "language", "link"]
    if kind == "xlsx":
        classlist.write_workbook(buffer, table, columns=columns)
    else:
        classlist.write_table(buffer, table, columns=columns)
    response = Response(buffer.getvalue(), content_type=_KINDS[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{form}-codes.{kind}"'
    return response


def cards(desk: Desk, form: str) -> Response:
    """Show the codes of a page on cards, a page of its own that browsers print.

    Raises:
        InputError: these are no codes, or the cards cannot be made like this.
    """
    # Loaded here, because those who look at people print nothing.
    from jotgate.cards import Card, Layout, Paper, Printed, sheet

    fields, text = desk.fields, desk.fields.get("text", "").strip()
    layout, paper = fields.get("layout", ""), fields.get("paper", "")
    settings, policy = desk.parts.settings, desk.policy(form)
    wish = Printed(
        address=door_of(desk, form),
        layout=Layout(layout) if layout in {one.value for one in Layout} else Layout.EIGHT,
        paper=Paper(paper) if paper in {one.value for one in Paper} else Paper.A4,
        title=policy.title,
        site=settings.site_name or "",
        text=text or None,
        language=language_for(settings, policy, ()),
        advice=desk.language.common,
    )
    made = [
        Card(
            code=code,
            name=label or subject,
            group=batch if "by_class" in fields else "",
            number=subject if label and subject != label else "",
            language=language_for(settings, policy, [language]),
        )
        for code, subject, label, batch, _, language in carried(desk)
    ]
    document = sheet(made, wish)
    response = Response(document, content_type="text/html; charset=utf-8")
    # Its one style sheet is in it, so that it can be kept as a file.
    response.headers["Content-Security-Policy"] = _SHEET_POLICY.format(style=_digests(document))
    return response


def mail(desk: Desk, form: str) -> Response:
    """Mail codes to their people for some seconds, and show the page again; the same again does the rest.

    Raises:
        InputError: these are no codes, nothing sends mails, or their text cannot be used.
    """
    rows = carried(desk)
    # To the addresses that are kept with the codes, whatever the page says.
    codes = [row[0] for row in rows if _may_mail(desk, form, row[0])]
    progress = send_some(desk, lambda: desk.parts.recipients.of_codes(form, codes))
    return _shown(desk, form, rows, progress=progress, by_class="by_class" in desk.fields)


def _may_mail(desk: Desk, form: str, code: str) -> bool:
    """Say whether the code is somebody's whom the operator looks after; what it opens is seen to when it is mailed."""
    batches, which = desk.operator.batches, desk.parts.grants.by_code(code)
    if batches is None or which is None:
        return batches is None
    return any(grant.form == form and grant.batch in batches for grant in desk.parts.grants.list(which))


def door_of(desk: Desk, form: str) -> str:
    """Return the address of the page that asks for the form's codes."""
    settings, policy = desk.parts.settings, desk.policy(form)
    return f"{settings.site_url}{policy.page or f'{settings.url_prefix}/f/{form}'}"


def link_of(desk: Desk, form: str, code: str) -> str:
    """Return a link that fills the code in: what is behind the mark never leaves the browser."""
    return f"{door_of(desk, form)}#code={code}"


def carried(desk: Desk) -> list[list[str]]:
    """Return the codes that a page carries, each with subject, label, batch, address and language.

    Raises:
        InputError: these are none.
    """
    try:
        found: Any = json.loads(desk.fields.get("carried", ""))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not found or not all(map(_is_row, found)):
        raise InputError([phrase("The codes are no longer on the page. Give new ones.")])
    return found


def _digests(document: str) -> str:
    """Name the style sheets of a document, so that a browser takes no others."""
    found = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    return " ".join(f"'sha256-{b64encode(sha256(one.encode()).digest()).decode()}'" for one in found)


def _is_row(row: object) -> bool:
    if not isinstance(row, list) or len(row) != _CELLS or not all(isinstance(cell, str) for cell in row):
        return False
    code = parse(row[0])
    return isinstance(code, CodeText) and row[0] == printed(code)
