"""The settings of the forms: one table for each, under the name that the site gives it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from jotgate.config import rules
from jotgate.config.languages import languages
from jotgate.config.tables import Rules, read_table, shown
from jotgate.policy import DEFAULT_TICKET_FIELD, LOOKUP_KINDS, FormPolicy

_NAME = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
_MAX_FORMS = 1_000
_MAX_TITLE_CHARS = 200
_MAX_PREFIXES = 100
_MAX_FIELDS = 100
_MAX_COUNT = 10**9

_access_kind = rules.choice("code", "app")
_form_id = rules.matching(r"[0-9]{1,20}", "JotForm's number of the form, 1 to 20 digits, as in its address")


def _form_id_or_number(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**20:
        return str(value)
    return _form_id(value)


def _access(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_access_kind(value),)
    return rules.list_of(_access_kind, least=1, most=2)(value)


_field = rules.matching(
    r"[A-Za-z0-9_-]{1,64}(?:\[[A-Za-z0-9_]{1,32}\])?",
    'a field\'s unique name, such as "class" or "name[first]", or its number',
)


def _fields(value: object) -> tuple[str, ...]:
    fields = rules.list_of(_field, most=_MAX_FIELDS)(value)
    if len(set(fields)) != len(fields):
        raise ValueError("it must name each field once")
    return fields


_kind = rules.choice(*LOOKUP_KINDS)


def _kinds(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError(
            'it must be a table of fields and how they are compared, such as {document = "digits"}'
        )
    kinds = {}
    for name, kind in value.items():
        try:
            kinds[_field(name)] = _kind(kind)
        except ValueError as problem:
            raise ValueError(f"{shown(str(name))}: {problem}") from None
    return kinds


FORM_RULES: Rules = {
    "id": _form_id_or_number,
    "title": rules.short_text(_MAX_TITLE_CHARS),
    "access": _access,
    "page": rules.page,
    "ticket_field": rules.matching(
        r"[A-Za-z0-9_-]{1,64}",
        "the field's unique name, or its number: letters, digits, hyphens, underscores",
    ),
    "team_id": rules.matching(r"[0-9A-Za-z_-]{1,64}", "the team's id at JotForm: letters and digits"),
    "opens_at": rules.moment,
    "closes_at": rules.moment,
    "timezone": rules.timezone,
    "capacity": rules.whole_number(1, _MAX_COUNT),
    # Of one person, by whatever way.
    "uses": rules.whole_number(1, _MAX_COUNT),
    "ticket_ttl": rules.duration,
    "pass_ttl": rules.duration,
    "locked_fields": _fields,
    "owner_field": _field,
    "lookup_fields": _fields,
    "lookup_kinds": _kinds,
    "show_fields": _fields,
    "tell_fields": _fields,
    "deleted": rules.choice("keep", "revoke"),
    "keep": rules.days,
    "after_keep": rules.choice("pseudonymise", "delete"),
    "protect": rules.list_of(rules.path_prefix, most=_MAX_PREFIXES),
    "display": rules.choice("iframe", "redirect"),
    "mode": rules.choice("enforce", "report"),
    "languages": languages,
}
_NEEDED = {"id": "it is the number in the form's address at JotForm."}
#: Keys whose values go into a policy as they are, and what the policy calls them.
_TAKEN_OVER = {
    "title": "title",
    "access": "access",
    "page": "page",
    "ticket_field": "ticket_field",
    "team_id": "team_id",
    "timezone": "timezone",
    "capacity": "capacity",
    "uses": "uses",
    "ticket_ttl": "ticket_ttl_seconds",
    "pass_ttl": "pass_ttl_seconds",
    "locked_fields": "locked_fields",
    "owner_field": "owner_field",
    "lookup_fields": "lookup_fields",
    "lookup_kinds": "lookup_kinds",
    "show_fields": "show_fields",
    "tell_fields": "tell_fields",
    "deleted": "deleted",
    "keep": "keep_seconds",
    "after_keep": "after_keep",
    "protect": "protect",
    "display": "display",
    "languages": "languages",
}


def read_forms(forms: object, *, name: str, problems: list[str]) -> dict[str, FormPolicy]:
    """Return the policy of each form that is in order; add the faults of the others to *problems*.

    *name* is what the table of forms is called where the user wrote it.
    """
    if not isinstance(forms, Mapping):
        problems.append(f"{name} must be a table with a table for each form, under a name of yours.")
        return {}
    if len(forms) > _MAX_FORMS:
        problems.append(f"{name} must hold at most {_MAX_FORMS} forms.")
        return {}
    policies: dict[str, FormPolicy] = {}
    for form, table in forms.items():
        policy = _read_form(form, table, name=name, problems=problems)
        if policy is not None:
            policies[policy.form] = policy
    _note_shared_ids(policies, name, problems)
    return policies


def _read_form(form: object, table: object, *, name: str, problems: list[str]) -> FormPolicy | None:
    if not isinstance(form, str):
        problems.append(f"{name}: the name of a form must be text.")
        return None
    path = f"{name}.{form if re.fullmatch(_NAME, form) else shown(form)}"
    found = len(problems)
    if re.fullmatch(_NAME, form) is None:
        problems.append(
            f"{path}: the name of a form must be 1 to 64 lower-case letters, digits and hyphens,"
            " with no hyphen at either end."
        )
    values = read_table(table, FORM_RULES, name=path, prefix=f"{path}.", needed=_NEEDED, problems=problems)
    opens_at, closes_at = _window(values, path, problems)
    _note_ticket_field(values, path, problems)
    _note_kinds(values, path, problems)
    if len(problems) > found:
        return None
    taken = {ours: values[key] for key, ours in _TAKEN_OVER.items() if key in values}
    return FormPolicy(
        form=form,
        form_id=values["id"],
        opens_at=opens_at,
        closes_at=closes_at,
        reports_only=values.get("mode") == "report",
        **{"title": form, **taken},
    )


def _window(values: Mapping[str, Any], path: str, problems: list[str]) -> tuple[float | None, float | None]:
    zone = ZoneInfo(values.get("timezone", "UTC"))
    ends: dict[str, float] = {}
    for key in ("opens_at", "closes_at"):
        if key not in values:
            continue
        try:
            ends[key] = rules.instant(values[key], zone)
        except ValueError as problem:
            problems.append(f"{path}.{key}: {problem}.")
    if len(ends) == 2 and ends["opens_at"] >= ends["closes_at"]:
        problems.append(f"{path}.closes_at: it must be later than opens_at.")
    return ends.get("opens_at"), ends.get("closes_at")


def _note_ticket_field(values: Mapping[str, Any], path: str, problems: list[str]) -> None:
    """Note where the ticket field stands among the fields that are for people."""
    ticket_field = values.get("ticket_field", DEFAULT_TICKET_FIELD)
    for key in ("locked_fields", "lookup_fields", "show_fields", "tell_fields"):
        if ticket_field in values.get(key, ()):
            problems.append(f"{path}.{key}: the ticket field must not be among them.")
    if values.get("owner_field") == ticket_field:
        problems.append(f"{path}.owner_field: it must not be the ticket field.")


def _note_kinds(values: Mapping[str, Any], path: str, problems: list[str]) -> None:
    """Note ways of comparing for fields that nobody looks up."""
    for name in values.get("lookup_kinds", ()):
        if name not in values.get("lookup_fields", ()):
            problems.append(f"{path}.lookup_kinds: {shown(name)} is not among its lookup_fields.")


def _note_shared_ids(policies: Mapping[str, FormPolicy], name: str, problems: list[str]) -> None:
    first: dict[str, str] = {}
    for form, policy in policies.items():
        other = first.setdefault(policy.form_id, form)
        if other != form:
            problems.append(f"{name}.{form}.id: it is the id of {name}.{other} as well.")
