"""Files that visitors sent: kept in memory, and shown again at the addresses that stand in the answers."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from .forms import FieldValue, Form, Submission


@dataclass(frozen=True, slots=True)
class SentFile:
    """One file of a submitted page."""

    name: str
    content: bytes


class Uploads:
    """The files of every form, by the path they are shown at."""

    def __init__(self, base: Callable[[], str]) -> None:
        self._base = base
        self._kept: dict[str, bytes] = {}

    def keep(
        self, form: Form, submission_id: str, files: Mapping[str, Iterable[SentFile]]
    ) -> dict[str, FieldValue]:
        """Keep files by qid; return the answers that they make: a list of addresses for each question."""
        return {qid: [self._keep(form, submission_id, each) for each in sent] for qid, sent in files.items()}

    def _keep(self, form: Form, submission_id: str, file: SentFile) -> str:
        # Only the last part of a name counts: some browsers send a whole path.
        name = file.name.replace("\\", "/").rpartition("/")[2] or "file"
        path = f"/uploads/{form.username}/{form.form_id}/{submission_id}/{quote(name)}"
        self._kept[unquote(path)] = file.content
        return self._base() + path

    def content(self, path: str) -> bytes | None:
        """Return the file that is shown at a path, if there is one."""
        return self._kept.get(unquote(path))

    def bytes_of(self, username: str) -> int:
        """Return how much an account's files take."""
        mine = f"/uploads/{username}/"
        return sum(len(content) for path, content in self._kept.items() if path.startswith(mine))

    def row(self, form: Form, sent: Submission, address: str, date: str) -> dict[str, str]:
        """Return a file as `GET /form/{id}/files` does; an answer that is a bare name gets JotForm's address."""
        if "://" not in address:
            place = f"{form.username}/{form.form_id}/{sent.submission_id}"
            address = f"https://www.jotform.com/uploads/{place}/{quote(address)}"
        name = unquote(address.rpartition("/")[2])
        kept = self._kept.get(unquote(address.removeprefix(self._base())))
        return {
            "name": name,
            "type": type_of(name),
            "size": str(len(kept or b"")),
            "username": form.username,
            "form_id": form.form_id,
            "submission_id": sent.submission_id,
            "date": date,
            "url": address,
        }


def type_of(name: str) -> str:
    """Return a file's MIME type by the end of its name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
