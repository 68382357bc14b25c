"""Cookies: the matrix of what may come in a Cookie header, and how ours are set."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from jotgate.door.visitors import cookie_values
from tests.door.site import DOOR, Site, running_site, unknown_code

NAME = "jotgate-students"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


@pytest.fixture(scope="module")
def held(site: Site) -> str:
    """Return the value of a valid pass; no test may end it."""
    return site.admitted().cookie(NAME)


def shows_the_form(site: Site, cookies: str) -> bool:
    """Say whether a browser with this Cookie header is shown the form."""
    answer = site.visitor(keeps_cookies=False).get(DOOR, headers={"Cookie": cookies})
    assert answer.status_code == 200
    return "<iframe" in answer.text


def set_cookies(answer: TestResponse) -> dict[str, str]:
    """Return the Set-Cookie headers by the cookies' names, without their values."""
    found = {}
    for header in answer.headers.getlist("Set-Cookie"):
        pair, _, attributes = header.partition("; ")
        found[pair.partition("=")[0]] = attributes
    return found


@pytest.mark.parametrize(
    "header",
    [
        "{name}={good}",
        "{name}=garbage; {name}={good}",
        "{name}=; {name}=%00; {name}={good}",
        "a=b; {name}={good}; {name}=garbage",
        "{name}={good};{name}=x",
        "x{name}=y; {name}={good}",
        "theme=dark;  {name}={good}",
        "broken; =; {name}={good}",
        "{name}={good} ; other=1",
        "{name}={changed}; {name}={good}",
    ],
)
def test_a_valid_pass_is_found_among_others(site: Site, held: str, header: str) -> None:
    """The first cookie of the name may be another's, so all are tried."""
    changed = held[:-6] + ("A" if held[-6] != "A" else "B") + held[-5:]
    assert shows_the_form(site, header.format(name=NAME, good=held, changed=changed))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{name}=",
        "{name}=garbage",
        "{name}={first}",
        "{name}={long}",
        "{name}-x={good}",
        "x{name}={good}",
        "jotgate-teachers={good}",
        "jotgate={good}",
        "{name}={good}{good}",
    ],
)
def test_what_is_no_valid_pass_opens_nothing(site: Site, held: str, header: str) -> None:
    """Cut, prolonged, under another name: the door asks for a code."""
    assert not shows_the_form(site, header.format(name=NAME, good=held, first=held[:-8], long="x" * 9_000))


def test_a_pass_changed_in_any_byte_is_refused(site: Site, held: str) -> None:
    """Every character of the cookie that carries a whole byte's bits is authenticated."""
    for at in range(len(held) - 1):
        changed = held[:at] + ("A" if held[at] != "A" else "B") + held[at + 1 :]
        assert not shows_the_form(site, f"{NAME}={changed}"), at


def test_a_pass_opens_its_own_form_only(site: Site) -> None:
    """Under the other form's name it is worth nothing."""
    other = site.sandbox.add_form("Teachers")
    both = site.restarted(forms={**site.mapping["forms"], "teachers": {"id": other}})
    value = both.admitted().cookie(NAME)
    headers = {"Cookie": f"jotgate-teachers={value}"}
    assert "<iframe" not in both.visitor(keeps_cookies=False).get("/jotgate/f/teachers", headers=headers).text
    assert shows_the_form(both, f"{NAME}={value}")


def test_a_pass_ends_with_its_time() -> None:
    """`pass_ttl` of an hour: the form for 59 minutes, then the door; the cookie says so, too."""
    with running_site(form={"pass_ttl": "1h"}) as short:
        visitor = short.visitor()
        attributes = set_cookies(visitor.enter(short.code()))[NAME]
        assert "Max-Age=3600" in attributes or "Max-Age=3599" in attributes
        cookies = f"{NAME}={visitor.cookie(NAME)}"
        short.clock.ahead_seconds = 3_540.0
        assert shows_the_form(short, cookies)
        short.clock.ahead_seconds = 3_601.0
        assert not shows_the_form(short, cookies)


def test_passes_outlive_a_new_secret_and_end_with_their_own(site: Site) -> None:
    """Adding a key keeps every session; new passes need the new key; dropping the old one ends the old."""
    old_key = site.mapping["secret_keys"][0]
    new_key = "a new secret of more than thirty-two bytes"
    rotated = site.restarted(secret_keys=[old_key, new_key])
    only_new = site.restarted(secret_keys=[new_key])
    old = f"{NAME}={site.admitted().cookie(NAME)}"
    new = f"{NAME}={rotated.admitted().cookie(NAME)}"
    assert shows_the_form(rotated, old)
    assert shows_the_form(rotated, new)
    assert shows_the_form(only_new, new)
    assert not shows_the_form(only_new, old)
    assert not shows_the_form(site, new)


def test_every_admission_makes_a_new_pass_and_ends_the_one_before(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The value before and after differ; another process refuses the old one within 5 s."""

    class Later:
        at = 1_000.0

        @classmethod
        def monotonic(cls) -> float:
            return cls.at

    monkeypatch.setattr("jotgate.admission.revocations.time", Later)
    here, there = site.restarted(), site.restarted()
    code, visitor = here.code(uses=2), here.visitor()
    visitor.enter(code)
    before = visitor.cookie(NAME)
    assert shows_the_form(there, f"{NAME}={before}")
    visitor.enter(code)
    after = visitor.cookie(NAME)
    assert before != after
    assert not shows_the_form(here, f"{NAME}={before}")
    Later.at += 5.0
    assert not shows_the_form(there, f"{NAME}={before}")
    assert shows_the_form(there, f"{NAME}={after}")


def test_cookies_are_bound_to_the_host_when_it_is_reached_by_https(site: Site) -> None:
    """`__Host-` names, Secure, HttpOnly, SameSite=Lax, the whole site's path and no domain."""
    secure = site.restarted(site_url="https://school.example")
    answer = secure.visitor(base_url="https://school.example").enter(secure.code())
    cookies = set_cookies(answer)
    assert cookies.keys() == {"__Host-jotgate-students", "__Host-jotgate"}
    for attributes in cookies.values():
        wanted = {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}
        assert wanted <= set(attributes.split("; "))
        assert "Max-Age=" in attributes
        assert "Domain" not in attributes
    assert "Secure" not in set_cookies(site.visitor().enter(site.code()))[NAME]


def test_inside_a_named_parents_frame_cookies_are_partitioned(site: Site) -> None:
    """A portal that may frame the door gets cookies that browsers keep there, and that are dropped there."""
    framed = site.restarted(site_url="https://school.example", frame_parents=["https://portal.example"])
    visitor = framed.visitor(base_url="https://school.example")
    for answer in visitor.enter(framed.code()), visitor.post(f"{DOOR}/leave"):
        attributes = set_cookies(answer)["__Host-jotgate-students"]
        assert {"Secure", "SameSite=None", "Partitioned"} <= set(attributes.split("; "))


def test_a_door_page_makes_the_browser_known_and_an_embedding_page_does_not(site: Site) -> None:
    """No cookie is set on pages that only embed; the door sets one, once."""

    def embedding(environ: dict[str, object], start_response: object) -> list[bytes]:
        body = environ["jotgate.visit"].embed("students").encode()  # type: ignore[attr-defined]
        start_response("200 OK", [("Content-Type", "text/html")])  # type: ignore[operator]
        return [bytes(body)]

    own = Site(site.sandbox, site.mapping, application=embedding)
    visitor = own.visitor()
    assert set_cookies(visitor.get("/")) == {}
    assert set_cookies(visitor.get(DOOR)).keys() == {"jotgate"}
    assert set_cookies(visitor.get(DOOR)) == {}
    assert set_cookies(own.visitor().get(f"{DOOR}/done")) == {}


@given(
    raw=st.binary(max_size=60)
    | st.lists(
        st.sampled_from([b"jotgate-students=", b"jotgate=", b";", b" ", b'"', b"=", b"A" * 40, b"\xff"])
    ).map(b"".join)
)
def test_no_cookie_header_breaks_the_door(site: Site, raw: bytes) -> None:
    """Any bytes: the door asks for a code, and a posted one is judged as ever."""
    visitor = site.visitor(keeps_cookies=False)
    overrides = {"HTTP_COOKIE": raw.decode("latin-1")}
    assert visitor.get(DOOR, environ_overrides=overrides).status_code == 200
    assert visitor.get(f"{DOOR}/state", environ_overrides=overrides).status_code == 401


def test_a_guess_with_odd_cookies_is_still_a_guess(site: Site) -> None:
    """Cookies of others decide nothing about a code."""
    headers = {"Cookie": f"jotgate=\xff; {NAME}=\xff"}
    assert site.visitor(keeps_cookies=False).enter(unknown_code(), headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("a=1", ["1"]),
        ("a=1; a=2", ["1", "2"]),
        ("b=a=1; a=2", ["2"]),
        ("ba=1;a=2", ["2"]),
        ("a= 1 ; b=2", ["1"]),
        ("a=", [""]),
        ("", []),
    ],
)
def test_every_cookie_of_the_name_is_read_in_order(header: str, found: list[str]) -> None:
    """Of that name exactly."""
    assert list(cookie_values(header, "a")) == found
