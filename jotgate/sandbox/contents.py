"""What stands in the API's `content`: accounts, forms, questions, settings, submissions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from . import answers
from .account import Account
from .forms import PARTS, Form, Question, Submission
from .world import World

REGION_HOSTS: Mapping[str, str] = {
    "US": "https://api.jotform.com",
    "EU": "https://eu-api.jotform.com",
    "HIPAA": "https://hipaa-api.jotform.com",
}


def user(world: World, account: Account, base: str) -> dict[str, object]:
    """Return `GET /user`."""
    return {
        "username": account.username,
        "name": "Sandbox Owner",
        "email": f"{account.username}@example.com",
        "website": None,
        "time_zone": world.oddities.timezone,
        "account_type": f"{base}/system/plan/{account.plan}",
        "status": "ACTIVE",
        "created_at": world.local(account.created_at),
        "updated_at": world.local(account.created_at),
        "region": account.region,
        "euOnly": account.region == "EU",
        "is_verified": "1",
        "usage": f"{base}/user/usage",
        "loginToGetSubmissions": "1",
        "is2FAEnabled": False,
        "allowPrefills": False,
        "allowEncryptionV2": True,
    }


def usage(world: World, account: Account) -> dict[str, object]:
    """Return `GET /user/usage`: this month's figures, and in `api` the calls used today with this one."""
    month = _month(world, world.clock.now())
    form_ids = [form.form_id for form in world.forms_of(account)]
    sent = sum(_month(world, each.created_at) == month for each in world.submissions_of(form_ids))
    return {
        "submissions": str(sent),
        "ssl_submissions": "0",
        "payments": "0",
        "uploads": "0",
        "views": str(sent),
        "signed_documents": "0",
        "ai_sessions": "0",
        "api": str(account.used.get(world.today(), 0)),
    }


def _month(world: World, at: float) -> tuple[int, int]:
    local = datetime.fromtimestamp(at, ZoneInfo(world.oddities.timezone))
    return local.year, local.month


def form(world: World, form: Form, base: str) -> dict[str, object]:
    """Return `GET /form/{id}`."""
    sent = world.submissions_of([form.form_id])
    counted = [each for each in sent if each.status == "ACTIVE"]
    newest = max(counted, key=lambda each: int(each.submission_id), default=None)
    return {
        "id": form.form_id,
        "username": form.username,
        "title": form.title,
        "height": "539",
        "status": form.status,
        "created_at": world.local(form.created_at),
        "updated_at": world.local(form.updated_at),
        "last_submission": world.local(newest.created_at) if newest else None,
        "new": str(sum(each.new for each in counted)),
        "count": str(len(counted)),
        "type": form.layout,
        "favorite": "0",
        "archived": "0",
        "url": f"{base}/{form.form_id}",
    }


def question(form: Form, asked: Question) -> dict[str, object]:
    """Return one question's properties."""
    content: dict[str, object] = {
        "qid": int(asked.qid) if form.numeric_ids else asked.qid,
        "type": asked.type,
        "text": asked.text,
        "order": asked.order if form.numeric_ids else str(asked.order),
        "name": asked.name,
    }
    if asked.is_layout:
        return content
    content |= {
        "required": "Yes" if asked.required else "No",
        "hidden": "Yes" if asked.hidden else "No",
        "readonly": "Yes" if asked.readonly else "No",
        "labelAlign": "Auto",
        "validation": "Email" if asked.type == "control_email" else "None",
    }
    if asked.type in PARTS:
        content["sublabels"] = answers.sublabels(asked)
    if asked.options:
        content["options"] = "|".join(asked.options)
    return content


def questions(form: Form) -> dict[str, object] | list[object]:
    """Return `GET /form/{id}/questions`; a form without questions gives a list."""
    return {q.qid: question(form, q) for q in sorted(form.questions.values(), key=lambda q: int(q.qid))} or []


def properties(form: Form) -> dict[str, object]:
    """Return `GET /form/{id}/properties`; it holds secrets that even a read key sees."""
    content: dict[str, object] = {
        "id": form.form_id,
        "title": form.title,
        "pagetitle": form.title,
        "formWidth": "752",
        "labelWidth": "230",
        "responsive": "Yes",
        "unique": "None",
        "uniqueField": "<Field Id>",
        "status": form.status,
        "isEncrypted": "Yes" if form.encrypted else "No",
        "activeRedirect": "thankurl" if form.thank_you else "default",
        "thankurl": form.thank_you or "",
        "sendpostdata": "Yes" if form.send_post_data else "No",
        "slug": form.form_id,
    }
    return content | form.properties


def webhooks(form: Form) -> dict[str, str] | list[str]:
    """Return `GET /form/{id}/webhooks`; none give a list."""
    return dict(form.webhooks) or []


def submission(world: World, submission: Submission, *, with_answers: bool = True) -> dict[str, object]:
    """Return one submission as lists and `GET /submission/{id}` give it."""
    edited = submission.updated_at
    row: dict[str, object] = {
        "id": submission.submission_id,
        "form_id": submission.form_id,
        "ip": submission.ip,
        "created_at": world.local(submission.created_at),
        "status": submission.status,
        "new": "1" if submission.new else "0",
        "flag": "1" if submission.flag else "0",
        "notes": "",
        "updated_at": None if edited is None else world.local(edited),
    }
    if with_answers:
        row["answers"] = answers.api_map(world.form(submission.form_id), submission.answers)
    return row


def files(world: World, form: Form) -> list[object]:
    """Return `GET /form/{id}/files`: one row for each file name that was sent."""
    rows: list[object] = []
    uploads = [q.qid for q in form.questions.values() if q.type == "control_fileupload"]
    for sent in world.submissions_of([form.form_id]):
        rows.extend(
            _file(world, form, sent, str(sent.answers[qid])) for qid in uploads if qid in sent.answers
        )
    return rows


def _file(world: World, form: Form, sent: Submission, name: str) -> dict[str, str]:
    return {
        "name": name,
        "type": "application/octet-stream",
        "size": "0",
        "username": form.username,
        "form_id": form.form_id,
        "submission_id": sent.submission_id,
        "date": world.local(sent.created_at),
        "url": f"http://www.jotform.com/uploads/{form.username}/{form.form_id}/{sent.submission_id}/{name}",
    }


def wrong_region() -> dict[str, object]:
    """Return what another region's host says; older accounts saw JSON without `content`."""
    return {"responseCode": 200, "message": "success", "duration": "3.10ms", "info": None}
