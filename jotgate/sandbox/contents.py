"""The API's `content`: accounts, forms, questions, settings, submissions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from . import answers
from .account import PLANS, Account
from .forms import PARTS, Form, Question, Submission
from .uploads import Uploads
from .world import World

REGION_HOSTS: Mapping[str, str] = {
    "US": "https://api.jotform.com",
    "EU": "https://eu-api.jotform.com",
    "HIPAA": "https://hipaa-api.jotform.com",
}


#: What `POST /user/settings` takes; the rest is JotForm's to set.
SETTINGS = (
    "name",
    "email",
    "website",
    "time_zone",
    "company",
    "industry",
    "securityQuestion",
    "securityAnswer",
)
_OWNER_NAME = "Sandbox Owner"


def user(world: World, account: Account, base: str) -> dict[str, object]:
    """Return `GET /user`; only an account of the EU has `euOnly`, whose presence sends PHP's client there."""
    content: dict[str, object] = {
        "username": account.username,
        "name": _OWNER_NAME,
        "email": f"{account.username}@example.com",
        "website": None,
        "time_zone": world.oddities.timezone,
        "account_type": f"{base}/system/plan/{account.plan}",
        "status": "ACTIVE",
        "created_at": world.local(account.created_at),
        "updated_at": world.local(account.created_at),
        "region": account.region,
        "is_verified": "1",
        "usage": f"{base}/user/usage",
        "loginToGetSubmissions": "1",
        "language": "en-US",
        "is2FAEnabled": False,
        "allowPrefills": False,
        "allowEncryptionV2": True,
    }
    if account.region == "EU" or world.oddities.eu_only_everywhere:
        content["euOnly"] = account.region == "EU"
    return content | account.settings


def plan(name: str) -> dict[str, object] | None:
    """Return `GET /system/plan/{name}`, which needs no key; None: there is no such plan."""
    if name.upper() not in PLANS:
        return None
    return {
        "name": name.upper(),
        "currency": "USD",
        "limits": dict(PLANS[name.upper()]),
        "planType": name.upper(),
        "isVisible": True,
    }


def usage(world: World, uploads: Uploads, account: Account) -> dict[str, object]:
    """Return `GET /user/usage`: this month's figures, the bytes kept, and in `api` the calls of today."""
    month = _month(world, world.clock.now())
    form_ids = [form.form_id for form in world.forms_of(account)]
    sent = sum(_month(world, each.created_at) == month for each in world.submissions_of(form_ids))
    calls = account.used.get(world.today(), 0)
    content: dict[str, object] = {
        "username": account.username,
        "submissions": str(sent),
        "ssl_submissions": "0",
        "payments": "0",
        "uploads": str(uploads.bytes_of(account.username)),
        "views": str(sent),
        "signed_documents": "0",
        "ai_sessions": "0",
        "api": calls if world.oddities.usage_api == "number" else str(calls),
        "form_count": str(len(form_ids)),
    }
    if world.oddities.usage_api == "absent":
        del content["api"]
    return content


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


def question(asked: Question, *, numeric: bool = False) -> dict[str, object]:
    """Return one question's properties; `qid` and `order` are texts, unless they are said to be numbers."""
    content: dict[str, object] = {
        "qid": int(asked.qid) if numeric else asked.qid,
        "type": asked.type,
        "text": asked.text,
        "order": asked.order if numeric else str(asked.order),
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
    if asked.type == "control_datetime":
        content |= {"allowTime": "No", "timeFormat": "AM/PM"}
    content.update(asked.properties)
    return content


def questions(world: World, form: Form) -> Mapping[str, object] | list[object]:
    """Return `GET /form/{id}/questions`; a form without questions gives a list."""
    numeric = form.numeric_ids or world.oddities.numeric_ids
    ordered = sorted(form.questions.values(), key=lambda q: int(q.qid))
    return world.php_map({q.qid: question(q, numeric=numeric) for q in ordered})


def properties(world: World, form: Form) -> dict[str, object]:
    """Return `GET /form/{id}/properties`; it holds secrets that even a read key sees."""
    owner = world.accounts[form.username]
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
        "owner": form.username,
        "formOwnerName": owner.settings.get("name", _OWNER_NAME),
        "formOwnerAccountType": owner.plan,
        "isEUForm": "1" if owner.region == "EU" else "0",
    }
    return content | form.properties


def webhooks(world: World, form: Form) -> Mapping[str, object] | list[object]:
    """Return `GET /form/{id}/webhooks`; none give a list."""
    return world.php_map(form.webhooks)


def history(world: World, account: Account) -> list[dict[str, object]]:
    """Return `GET /user/history`, newest first, after the fields that others list."""
    return [
        {
            "type": event.kind,
            "formID": event.form_id,
            "username": event.username,
            "formTitle": event.form_title,
            "formStatus": event.form_status,
            "ip": "127.0.0.1",
            "timestamp": int(event.at),
            "formType": event.form_layout,
        }
        for event in reversed(world.history)
        if event.username == account.username
    ]


def teams(world: World, account: Account) -> list[dict[str, object]]:
    """Return `GET /team/user/me`: the teams that forms belong to, with the fields of the one recorded answer."""
    found = dict.fromkeys(form.team_id for form in world.forms_of(account) if form.team_id)
    return [
        {
            "id": team_id,
            "name": f"Team {team_id}",
            "teamspace_id": f"{team_id}{team_id}",
            "creator": account.username,
            "owner": account.username,
            "slug": f"team{team_id}",
            "created_at": world.local(account.created_at),
            "updated_at": None,
        }
        for team_id in found
    ]


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
        form = world.form(submission.form_id)
        held = answers.api_map(form, submission.answers, world.oddities.date_format)
        row["answers"] = _shown(world, held) if held else world.php_map({})
    return row


def _shown(world: World, held: object) -> object:
    """Return answers, with PHP's HTML entities in their texts where older rows are played."""
    if isinstance(held, dict):
        return {key: _shown(world, each) for key, each in held.items()} if world.oddities.entities else held
    if isinstance(held, list):
        return [_shown(world, each) for each in held]
    return escape(held).replace("&#x27;", "&#039;") if isinstance(held, str) else held


def files(world: World, uploads: Uploads, form: Form) -> list[object]:
    """Return `GET /form/{id}/files`: one row for each file that was sent."""
    questions = [q.qid for q in form.questions.values() if q.type == "control_fileupload"]
    rows: list[object] = []
    for sent in world.submissions_of([form.form_id]):
        for answer in (sent.answers[qid] for qid in questions if qid in sent.answers):
            addresses = answer if isinstance(answer, list) else [str(answer)]
            rows += [uploads.row(form, sent, each, world.local(sent.created_at)) for each in addresses]
    return rows


def wrong_region() -> dict[str, object]:
    """Return what another region's host says; older accounts saw JSON without `content`."""
    return {"responseCode": 200, "message": "success", "duration": "3.10ms", "info": None}
