"""What JotForm's API says around its answers, as clients recorded it (the sandbox has its own, to be judged by)."""

from __future__ import annotations

DOCS = "https://api.jotform.com/docs"
#: Rows of a list that names no `limit`, and the most that one may name.
DEFAULT_LIMIT = 20
MAX_LIMIT = 1000


def success(
    content: object,
    *,
    duration: str,
    limit_left: int | None,
    result_set: dict[str, object] | None = None,
) -> dict[str, object]:
    """Return the body of an answer; `limit_left` None leaves `limit-left` out."""
    body: dict[str, object] = {
        "responseCode": 200,
        "message": "success",
        "content": content,
        "duration": duration,
        "info": None,
    }
    if result_set is not None:
        body["resultSet"] = result_set
    if limit_left is not None:
        body["limit-left"] = limit_left
    return body


def failure(code: int, message: str, *, info: str = DOCS) -> dict[str, object]:
    """Return the body of a refusal. No `duration`, so that one refusal is like the other to the byte."""
    return {"responseCode": code, "message": message, "content": "", "info": info}


def unauthorized(resource: str) -> dict[str, object]:
    """Refuse: bad key, unknown or foreign form or submission. The form's text ends in a blank."""
    blank = "" if resource == "submission-id" else " "
    message = f"You're not authorized to use (/{resource}){blank}"
    return failure(401, message, info=f"{DOCS}#{resource}")


def read_only(action: str) -> dict[str, object]:
    """Refuse a write with a read key; the wording was reported once and not confirmed."""
    return {"responseCode": 401, "message": f"You're not authorized to use {action} action.", "content": ""}


def not_available(path: str) -> dict[str, object]:
    """Refuse a path that is not JotForm's."""
    return failure(404, f"Requested URL ({path}) is not available!")


def over_limit(why: str) -> dict[str, object]:
    """Say that the day's calls are used up, in that of the reported ways that goes with the status 429."""
    return {"responseCode": 429, "message": "API-Limit exceeded", "content": "", "info": why}


def withheld(resource: str, form_id: str) -> dict[str, object]:
    """Refuse what the key sees and JotForm no longer shows to the site, and say which form."""
    message = (
        f"You're not authorized to use (/{resource}) - JotForm does not show form {form_id} to this site"
    )
    why = "The form was deleted at JotForm or given to another account, or the site's own key has changed."
    return failure(401, message, info=why)


def result_set(
    *, offset: int, limit: int, orderby: str, filter: dict[str, object], count: int
) -> dict[str, object]:
    """Return the echo that stands beside a list's content."""
    echo: dict[str, object] = {"offset": offset, "limit": limit}
    if orderby:
        echo["orderby"] = orderby
    if filter:
        echo["filter"] = filter
    return echo | {"count": count}
