"""New codes, shown once: the page that has them, and the list to take along."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.wrappers import Response

from jotgate import classlist
from jotgate.admission.grants import IssuedCode
from jotgate.codes import CodeText, parse, printed
from jotgate.door.office.desk import Desk
from jotgate.errors import InputError
from jotgate.phrases import counted

#: What the page's own buttons post: all its codes.
MAX_BYTES = 10 * 1024 * 1024
_KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_SHOWN = 1_000
_CELLS = 5


def page(
    desk: Desk,
    form: str,
    issued: Sequence[IssuedCode],
    *,
    addresses: Mapping[str, str],
    change_id: str = "",
    remarks: Sequence[str] = (),
) -> Response:
    """Show new codes, this once; what is done with them next gets them from this page."""
    rows = [
        [
            one.code,
            one.subject or "",
            one.label or "",
            one.batch or "",
            addresses.get(one.subject or "", ""),
        ]
        for one in issued
    ]
    context = {
        "rows": rows[:_SHOWN],
        "more": max(0, len(rows) - _SHOWN),
        "codes": counted(len(rows), "new code"),
        "carried": json.dumps(rows, separators=(",", ":")),
        "remarks": remarks,
        "undo": change_id if rows else None,
        "named": any(row[1] or row[2] for row in rows),
    }
    return desk.page("fresh", context, form=form, section="people")


def download(desk: Desk, form: str) -> Response:
    """Hand out the codes of a page as a file.

    Raises:
        InputError: these are no codes, or a workbook cannot be written here.
    """
    kind = desk.fields.get("kind", "csv")
    if kind not in _KINDS:
        raise InputError(["There is no such kind of file."])
    rows, buffer = carried(desk), io.BytesIO()
    table = [[*row, link_of(desk, form, row[0])] for row in rows]
    columns = ["code", "subject", "label", "batch", "email", "link"]
    if kind == "xlsx":
        classlist.write_workbook(buffer, table, columns=columns)
    else:
        classlist.write_table(buffer, table, columns=columns)
    response = Response(buffer.getvalue(), content_type=_KINDS[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{form}-codes.{kind}"'
    return response


def link_of(desk: Desk, form: str, code: str) -> str:
    """Return a link that fills the code in: what is behind the mark never leaves the browser."""
    settings, policy = desk.parts.settings, desk.policy(form)
    return f"{settings.site_url}{policy.page or f'{settings.url_prefix}/f/{form}'}#code={code}"


def carried(desk: Desk) -> list[list[str]]:
    """Return the codes that a page carries, each with subject, label, batch and address.

    Raises:
        InputError: these are none.
    """
    try:
        found: Any = json.loads(desk.fields.get("carried", ""))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not found or not all(map(_is_row, found)):
        raise InputError(["The codes are no longer on the page. Give new ones."])
    return found


def _is_row(row: object) -> bool:
    if not isinstance(row, list) or len(row) != _CELLS or not all(isinstance(cell, str) for cell in row):
        return False
    code = parse(row[0])
    return isinstance(code, CodeText) and row[0] == printed(code)
