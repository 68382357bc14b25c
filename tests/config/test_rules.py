"""Every setting by itself: what is refused, and what durations and times mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jotgate.config import Settings, rules
from tests.config.test_settings import FORM_KEYS, KEYS, for_flask, policy, problems_of, usable, with_form

REFUSED: dict[str, tuple[object, ...]] = {
    "site_url": (
        7,
        "",
        "school.example",
        "http://school.example",
        "https://school.example/path",
        b"https://a.b",
    ),
    "api_key": ("", " key", "key\n", "k\u00e9y", "k" * 257, b"key", ["key"]),
    "api_host": (
        "api.jotform.com.evil.example",
        "US",
        "https://forms.example.org/API",
        "http://10.0.0.1:80",
        1,
    ),
    "plan": ("Gold", "platinum", 1_000, [], {}),
    "secret_keys": (
        "s" * 32,
        b"s" * 32,
        [],
        [""],
        ["s" * 31],
        [b"s" * 31],
        [7],
        ["s" * 40, None],
        {"a": "b"},
    ),
    "code_keys": ("c" * 32, [], ["c" * 31], ["c" * 40 + "\n"], ["\ud800" * 32]),
    "hook_secrets": (
        "h" * 32,
        [],
        ["h" * 15],
        ["h" * 129],
        ["h/" * 16],
        ["../" * 8],
        ["a" * 16] * 3,
        [b"h" * 16],
    ),
    "store": (
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "sqlite:///file:a.db",
        "sqlite:///dir/",
        "sqlite:///a\n.db",
        "sqlite:///a\x00.db",
        "mysql://localhost/jotgate",
        "postgresql://",
        "postgresql://local host/jotgate",
        "jotgate.db",
        Path("jotgate.db"),
        1,
    ),
    "url_prefix": (
        "",
        "/",
        "jotgate",
        "/jotgate/",
        "//jotgate",
        "/a//b",
        "/../a",
        "/a/..",
        "/j\u00f6t",
        "/a b",
        "/a?b",
    ),
    "site_name": ("", 7, "two\nlines", "x" * 101),
    "site_logo": ("", "logo.png", "//elsewhere/logo.png", 7),
    "contact": ("", 7, "two\nlines", "x" * 201),
    "languages": ("de", [], ["deutsch!"], ["de", "de"], [7], ["eo"]),
    "translations": ("/nowhere/translations", 7),
    "language_loader": ("module:function", 1),
    "mode": ("reporting", "off", True, ["enforce"]),
    "sweeper": ("Thread", "cron", 1),
    "trusted_proxies": (-1, 11, True, 1.0, "1", 10**5000),
    "proxy_header": ("X-Real-IP", "forwarded", "", 1, ["Forwarded"]),
    "http_proxy": (
        "proxy.example:3128",
        "socks5://proxy.example",
        "http://",
        "http://a b",
        "http://a:70000",
        "http://a/x",
    ),
    "frame_hosts": (
        "https://a.example",
        ["*"],
        ["'self'"],
        ["https://*.a.example"],
        ["https://a.example; script-src *"],
    ),
    "frame_parents": (
        "https://a.example",
        ["http://a.example"],
        ["https://a.example\r\nX: y"],
        [None],
        ["data:"],
    ),
    "scoped_key_origins": (
        "*",
        ["null"],
        ["http://a.example"],
        ["https://*.a.example"],
        ["https://a.example/path"],
        ["https://a.example\r\nX: y"],
        [None],
    ),
    "subject_loader": ("module:function", 1),
    "admin_check": (True, "yes"),
    "mail_server": ("http://smtp.school.example", "smtp.school.example:0", "smtp school", "", 587, "a:b:c"),
    "mail_tls": ("ssl", True, "STARTTLS"),
    "mail_user": ("", "office\n", 7),
    "mail_password": ("", "x" * 501, 7),
    "mail_from": (
        "office",
        "Office",
        "a@b@c.example",
        7,
        "Office <office@school.example>\r\nBcc: x@y.example",
    ),
    "mail_reply_to": ("office", ""),
    "mail_rate": (0, 6_001, "30", True),
    "mail_sender": (True, "smtp"),
    "mail_templates": ("", "/srv\n", 7),
    "metrics_token": ("short", "m" * 31, 7, ["m" * 32]),
    "forms": ([], "students", 7, [{"id": "1"}]),
}
FORM_REFUSED: dict[str, tuple[object, ...]] = {
    "id": (
        "",
        "x",
        "1" * 21,
        "1\n",
        " 1",
        "+1",
        "1_0",
        "\u0661\u0662",
        -1,
        0,
        10**20,
        10**5000,
        True,
        1.0,
        b"1",
    ),
    "title": ("", "  ", "a\nb", "a\x00b", "a\u2028b", "\ud800", "t" * 201, 7),
    "access": ("apps", [], "any", ["code", 7], {"code": 1}, 7),
    "page": (
        "",
        "students",
        "//evil.example",
        "/students//x",
        "/\\evil.example",
        "/a\\b",
        "https://evil.example",
        "/a b",
        "/a\n",
        "/a\r\nSet-Cookie: x",
        "/\x00",
        "/sch\u00fcler",
        7,
    ),
    "ticket_field": ("", "a b", "a[b]", "a&b", "f" * 65, 7, "\u0661"),
    "team_id": ("", "a b", "t" * 65, "7\n", 7, "\u0661"),
    "opens_at": (
        "2026-09-01",
        dt.date(2026, 9, 1),
        dt.time(8, 0),
        "08:00",
        "2026-13-01 08:00",
        "2026-02-30T08:00:00Z",
        "1 September 2026",
        "20260901T0800",
        "2026-09-01T08:00:00+0200",
        "\u0662026-09-01 08:00",
        "1999-12-31 23:59",
        "3000-01-01 00:00",
        dt.datetime.min.replace(tzinfo=dt.timezone.utc),
        dt.datetime.max.replace(tzinfo=dt.timezone.utc),
        1_788_242_400,
        True,
    ),
    "closes_at": ("tomorrow", "2026-09-01 25:00", float("nan")),
    "timezone": (
        "",
        "Berlin",
        "Europe",
        "Mars/Olympus",
        "../etc/passwd",
        "/etc/localtime",
        "UTC\n",
        "x" * 5_000,
        2,
    ),
    "capacity": (0, -1, True, 1.5, "10", 10**10),
    "uses": (0, "1", 0.5),
    "ticket_ttl": (
        0,
        -1,
        "0s",
        "24",
        "24 h",
        "h",
        "1h30m",
        "\u0661h",
        "367d",
        True,
        float("nan"),
        float("inf"),
        10**5000,
    ),
    "pass_ttl": ("", [], "999999999d"),
    "locked_fields": (
        "name",
        [""],
        ["a b"],
        ["a[b"],
        ["a[b][c]"],
        [7],
        ["a", "a"],
        ["jotgate"],
        ["n\u00e4me"],
    ),
    "owner_field": ("", ["a"], "a b", "a[b", "jotgate", 7),
    "lookup_fields": (7, [None], ["name[]"], ["jotgate"]),
    "lookup_kinds": (
        ["digits"],
        "exact",
        {"email": "letters"},
        {"name[]": "text"},
        {7: "text"},
        {"unlisted": "text"},
    ),
    "show_fields": ("class", ["x" * 65], ["jotgate"]),
    "tell_fields": ("class", ["x" * 65], ["jotgate"], ["class", "class"]),
    "deleted": ("drop", True, ["revoke"]),
    "keep": (30, "24h", "0d", "36526d", "90 d", "", True),
    "after_keep": ("keep", 1, ["delete"]),
    "protect": (
        "/a",
        ["a"],
        [""],
        ["//a"],
        ["/a/../b"],
        ["/./a"],
        ["/a%20b"],
        ["/a?b"],
        ["/a\\b"],
        ["/a;b"],
        ["/\n"],
        [7],
    ),
    "display": ("popup", 1),
    "mode": ("off", 1, ["report"]),
    "languages": ("de", [], ["deutsch!"], ["de", "de"], [7], ["eo"]),
}


def cases(table: Mapping[str, tuple[object, ...]]) -> list[Any]:
    """Return each value of *table* with its key, as a case of its own."""
    return [
        pytest.param(key, value, id=f"{key}-{number}")
        for key, values in table.items()
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(("key", "value"), cases(REFUSED))
def test_an_unsafe_value_is_refused_by_name(key: str, value: object) -> None:
    """One problem, which names the key as it was written, in a mapping and in Flask."""
    [problem] = problems_of(usable(**{key: value}))
    assert problem.startswith((f"{key}: ", f"{key} must "))
    [problem] = problems_of(for_flask(usable(**{key: value})), Settings.from_flask_config)
    assert problem.startswith((f"JOTGATE_{key.upper()}: ", f"JOTGATE_{key.upper()} must "))


@pytest.mark.parametrize(("key", "value"), cases(FORM_REFUSED))
def test_an_unsafe_value_of_a_form_is_refused_by_name(key: str, value: object) -> None:
    """One problem, which names the form and the key."""
    [problem] = problems_of(with_form(**{key: value}))
    assert problem.startswith(f"forms.students.{key}: ")


def test_the_tables_of_refused_values_leave_no_setting_out() -> None:
    """A setting added later needs its own rows, and no form's key is forgotten."""
    assert tuple(REFUSED) == KEYS
    assert tuple(FORM_REFUSED) == FORM_KEYS


def test_a_site_that_only_reports_does_so_on_every_form() -> None:
    """One form may be on report alone; the site's mode holds for all of them."""
    assert policy(mode="report").reports_only
    assert not policy().reports_only
    whole = Settings.from_mapping(usable(mode="report"))
    assert all(one.reports_only for one in whole.policies.values())


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(1, 1.0), (0.5 + 1, 1.5), ("90s", 90.0), ("30m", 1_800.0), ("24h", 86_400.0), ("366d", 366 * 86_400.0)],
)
def test_a_duration_is_seconds_or_text_with_a_unit(written: object, seconds: float) -> None:
    """Both ways of writing it mean the same."""
    assert policy(ticket_ttl=written).ticket_ttl_seconds == seconds


@pytest.mark.parametrize(
    ("written", "zone", "utc"),
    [
        ("2026-07-01 08:00", "Europe/Berlin", "2026-07-01T06:00"),
        ("2026-01-01T08:00:30", "Europe/Berlin", "2026-01-01T07:00:30"),
        ("2026-07-01T08:00Z", "Europe/Berlin", "2026-07-01T08:00"),
        ("2026-07-01T08:00:00+05:30", "Europe/Berlin", "2026-07-01T02:30"),
        (dt.datetime(2026, 7, 1, 8), "America/New_York", "2026-07-01T12:00"),  # noqa: DTZ001
        (dt.datetime(2026, 7, 1, 8, tzinfo=ZoneInfo("Asia/Tokyo")), "Europe/Berlin", "2026-06-30T23:00"),
        ("2026-07-01 08:00", None, "2026-07-01T08:00"),
        ("2026-10-25 02:30+01:00", "Europe/Berlin", "2026-10-25T01:30"),
        ("2026-03-29 01:59", "Europe/Berlin", "2026-03-29T00:59"),
        ("2026-03-29 03:00", "Europe/Berlin", "2026-03-29T01:00"),
    ],
)
def test_a_time_without_an_offset_is_read_by_the_forms_own_clocks(
    written: object, zone: str | None, utc: str
) -> None:
    """With an offset it is that moment, wherever the form is; without a timezone the clocks show UTC."""
    expected = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.timezone.utc).timestamp()
    assert policy(opens_at=written, timezone=zone).opens_at == expected


@pytest.mark.parametrize(
    ("written", "zone", "why"),
    [
        ("2026-03-29 02:30", "Europe/Berlin", "does not exist"),
        ("2026-10-25 02:30", "Europe/Berlin", "comes twice"),
        ("2026-03-08 02:00", "America/New_York", "does not exist"),
        ("2026-11-01 01:59", "America/New_York", "comes twice"),
        ("2026-04-05 01:45", "Australia/Lord_Howe", "comes twice"),
        (dt.datetime(2026, 10, 25, 2, 30, fold=1), "Europe/Berlin", "comes twice"),  # noqa: DTZ001
    ],
)
def test_a_time_that_the_clocks_skip_or_repeat_is_not_guessed_at(
    written: object, zone: str, why: str
) -> None:
    """A form must not open an hour from when its owner meant: the sentence asks for an offset."""
    [problem] = problems_of(with_form(closes_at=written, timezone=zone))
    assert why in problem
    assert "offset" in problem


@pytest.mark.parametrize(
    ("day", "zone", "begins", "ends"),
    [
        ("2026-07-01", "Europe/Berlin", "2026-06-30T22:00", "2026-07-01T22:00"),
        ("2028-02-29", "UTC", "2028-02-29T00:00", "2028-03-01T00:00"),
        ("2026-12-31", "Asia/Kathmandu", "2026-12-30T18:15", "2026-12-31T18:15"),
        # 23 and 25 hours long.
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00"),
        # The clocks go from midnight to one, or back to midnight.
        ("2026-04-23", "Africa/Cairo", "2026-04-22T22:00", "2026-04-23T22:00"),
        ("2026-10-31", "America/Havana", "2026-10-31T04:00", "2026-11-01T04:00"),
    ],
)
def test_a_day_alone_is_all_of_that_day(day: str, zone: str, begins: str, ends: str) -> None:
    """From its first moment to the first one of the next, whatever the clocks do at midnight."""
    moments = [dt.datetime.fromisoformat(f"{one}+00:00").timestamp() for one in (begins, ends)]
    assert [rules.beginning(day, ZoneInfo(zone)), rules.end(day, ZoneInfo(zone))] == moments
    both = [read("2026-07-01T12:00", ZoneInfo(zone)) for read in (rules.beginning, rules.end)]
    assert both[0] == both[1]


@pytest.mark.parametrize("text", ["2026-02-29", "2026-2-1", "1999-01-01", "3000-01-01", "", "soon"])
def test_what_is_no_day_has_no_end(text: str) -> None:
    """ValueError with what to write, as for every moment."""
    for read in (rules.beginning, rules.end):
        with pytest.raises(ValueError, match="it must be"):
            read(text, ZoneInfo("UTC"))


def test_a_form_closes_after_it_opens() -> None:
    """Compared as moments, not as they are written."""
    assert policy(opens_at="2026-09-01T12:00+02:00", closes_at="2026-09-01T11:00Z").closes_at is not None
    assert problems_of(with_form(opens_at="2026-09-01T12:00Z", closes_at="2026-09-01T13:00+02:00")) == (
        "forms.students.closes_at: it must be later than opens_at.",
    )
