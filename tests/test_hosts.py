"""Where JotForm lives: which hosts may receive the API key, and which origins belong to them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jotgate.hosts import JotFormHost, Origin, read_origin, resolve_host

SHARED = ("https://www.jotform.com", "https://submit.jotform.com")

ALLOWED = {
    "us": ("https://api.jotform.com", "https://form.jotform.com"),
    "eu": ("https://eu-api.jotform.com", "https://eu.jotform.com"),
    "hipaa": ("https://hipaa-api.jotform.com", "https://hipaa.jotform.com"),
    "school.jotform.com": ("https://school.jotform.com/API", "https://school.jotform.com"),
    "a-1.jotform.com": ("https://a-1.jotform.com/API", "https://a-1.jotform.com"),
}

REFUSED = {
    "nothing": "",
    "another region": "de",
    "capitals": "US",
    "space": " us",
    "line break": "us\n",
    "plain host": "api.jotform.com.evil.example",
    "suffix": "school.jotform.com.evil.example",
    "prefix": "evil-jotform.com",
    "no dot": "schooljotform.com",
    "the domain itself": "jotform.com",
    "empty label": ".jotform.com",
    "two labels": "a.b.jotform.com",
    "trailing dot": "school.jotform.com.",
    "trailing line break": "school.jotform.com\n",
    "leading hyphen": "-school.jotform.com",
    "label too long": f"{'a' * 64}.jotform.com",
    "underscore": "my_school.jotform.com",
    "Cyrillic letter": "sch\u043eol.jotform.com",
    "Cyrillic domain": "school.j\u043etform.com",
    "full-width letters": "\uff53chool.jotform.com",
    "ideographic full stop": "school\u3002jotform.com",
    "Kelvin sign": "schoo\u212a.jotform.com",
    "Enterprise with a port": "school.jotform.com:8443",
    "Enterprise with a path": "school.jotform.com/API",
    "Enterprise as an address": "https://school.jotform.com/API",
    "user part": "canary@school.jotform.com",
    "user part that looks like a host": "school.jotform.com@evil.example",
    "query": "school.jotform.com?x=.jotform.com",
    "fragment": "evil.example#.jotform.com",
    "backslash": "evil.example\\.jotform.com",
    "percent": "evil.example%2f.jotform.com",
    "shared API host": "api.jotform.com",
    "shared form host": "form.jotform.com",
    "shared EU host": "eu-api.jotform.com",
    "own domain without the word": "https://forms.example.org/API",
    "own domain without https": "own:http://forms.example.org/API",
    "own domain without a path": "own:https://forms.example.org",
    "own domain with a longer path": "own:https://forms.example.org/API/../x",
    "own domain with a slash more": "own:https://forms.example.org/API/",
    "own domain with a port": "own:https://forms.example.org:8443/API",
    "own domain with a user part": "own:https://user:canary@forms.example.org/API",
    "own domain with a query": "own:https://forms.example.org/API?x=1",
    "own domain with a fragment": "own:https://forms.example.org/API#x",
    "own domain with a trailing dot": "own:https://forms.example.org./API",
    "own domain with a line break": "own:https://forms.example.org/API\n",
    "own domain in one label": "own:https://intranet/API",
    "own domain on this machine": "own:https://localhost/API",
    "own domain in dotted decimal": "own:https://127.0.0.1/API",
    "own domain in decimal": "own:https://2130706433/API",
    "own domain in octal": "own:https://0177.0.0.1/API",
    "own domain in hexadecimal": "own:https://0x7f000001/API",
    "own domain partly hexadecimal": "own:https://127.0.0.0x1/API",
    "own domain shortened": "own:https://127.1/API",
    "own domain in IPv6": "own:https://[::1]/API",
    "metadata service": "own:https://169.254.169.254/API",
    "own domain that is JotForm's": "own:https://api.jotform.com/API",
    "own domain too long": f"own:https://{'a.' * 127}example/API",
    "own domain with a Cyrillic letter": "own:https://f\u043erms.example.org/API",
    "sandbox without a port": "http://localhost",
    "sandbox with port 0": "http://localhost:0",
    "sandbox with a port in octal": "http://localhost:08701",
    "sandbox with too high a port": "http://localhost:65536",
    "sandbox with digits beyond ASCII": "http://localhost:\u0661\u0662\u0663\u0664",
    "sandbox with https": "https://localhost:8701",
    "sandbox with a path": "http://localhost:8701/API",
    "sandbox with a user part": "http://localhost:8701@evil.example",
    "sandbox on another host": "http://localhost.evil.example:8701",
    "sandbox on all addresses": "http://0.0.0.0:8701",
    "sandbox on another loopback address": "http://127.0.0.2:8701",
    "sandbox in IPv6": "http://[::1]:8701",
    "sandbox in decimal": "http://2130706433:8701",
    "another scheme": "file:///etc/passwd",
    "no scheme": "//evil.example",
}


@pytest.mark.parametrize("api_host", ALLOWED)
def test_each_region_and_enterprise_host_has_its_own_api_and_forms(api_host: str) -> None:
    """A key is sent to its account's own host only, and the door may frame all of JotForm's pages."""
    api_base, form_origin = ALLOWED[api_host]
    assert resolve_host(api_host) == JotFormHost(
        api_base=api_base,
        form_origin=form_origin,
        frame_sources=("https://*.jotform.com",),
        message_origins=(form_origin, *SHARED),
    )


def test_a_domain_of_the_customers_own_is_reached_only_by_asking_for_it() -> None:
    """With the word ``own:``, and its origin may be framed beside JotForm's."""
    assert resolve_host("own:https://forms.example.org/API") == JotFormHost(
        api_base="https://forms.example.org/API",
        form_origin="https://forms.example.org",
        frame_sources=("https://*.jotform.com", "https://forms.example.org"),
        message_origins=("https://forms.example.org", *SHARED),
    )


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_sandbox_has_two_origins_like_jotform(name: str) -> None:
    """Forms are on 127.0.0.1 and submit addresses on localhost, and nothing of JotForm's may be framed."""
    origins = ("http://127.0.0.1:8701", "http://localhost:8701")
    assert resolve_host(f"http://{name}:8701") == JotFormHost(
        api_base=f"http://{name}:8701", form_origin=origins[0], frame_sources=origins, message_origins=origins
    )


@pytest.mark.parametrize("case", REFUSED)
def test_no_other_host_ever_receives_the_api_key(case: str) -> None:
    """Whatever else is written is refused with a sentence that does not repeat it."""
    api_host = REFUSED[case]
    with pytest.raises(ValueError) as caught:
        resolve_host(api_host)
    assert len(str(caught.value).split()) > 5
    assert "canary" not in str(caught.value)


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"(own:)?https?://[a-z0-9.@:/\\#?%-]*", fullmatch=True),
        st.builds("{}.jotform.com{}".format, st.text(max_size=8), st.text(max_size=4)),
    )
)
@example("own:https://a.b/API")
def test_every_api_base_is_of_an_allowed_shape(text: str) -> None:
    """Any text is refused by `ValueError`, or leads to JotForm, to the domain it names, or to this machine."""
    try:
        host = resolve_host(text)
    except ValueError:
        return
    named = text.removeprefix("own:")
    assert text in ("us", "eu", "hipaa") or host.api_base in (named, f"https://{named}/API")
    assert not set(host.api_base) & set("@?#\\% ")


@pytest.mark.parametrize(
    ("text", "spelled", "loopback"),
    [
        ("https://school.example", "https://school.example", False),
        ("https://school.example/", "https://school.example", False),
        ("HTTPS://School.Example", "https://school.example", False),
        ("https://school.example:443", "https://school.example", False),
        ("https://school.example:8443", "https://school.example:8443", False),
        ("https://intranet", "https://intranet", False),
        ("https://192.0.2.7", "https://192.0.2.7", False),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", False),
        ("http://localhost", "http://localhost", True),
        ("http://localhost:80", "http://localhost", True),
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700", True),
        ("https://localhost:8700", "https://localhost:8700", True),
    ],
)
def test_an_origin_is_spelled_as_browsers_spell_it(text: str, spelled: str, loopback: bool) -> None:
    """Lower case, no default port, no slash: so it can be compared with an `Origin` header as it is."""
    origin = read_origin(text)
    assert str(origin) == spelled
    assert origin.netloc == spelled.partition("://")[2]
    assert origin.loopback is loopback
    assert read_origin(spelled) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "school.example",
        "//school.example",
        "http://school.example",
        "http://192.0.2.7",
        "http://localhost.evil.example",
        "ftp://school.example",
        "https://",
        "https://school.example/students",
        "https://school.example//",
        "https://school.example?x=1",
        "https://school.example#x",
        "https://user:canary@school.example",
        "https://school.example:",
        "https://school.example:0",
        "https://school.example:65536",
        "https://school.example:port",
        "https://school.example.",
        "https://school..example",
        "https://-school.example",
        "https://my_school.example",
        "https://school.example\n",
        " https://school.example",
        "https://school .example",
        "https://school.example\\@evil.example",
        "https://*.school.example",
        "https://school.example; script-src *",
        "https://school.example,https://evil.example",
        "*",
        "'self'",
        "data:",
        "null",
        "https://[::1]",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://0x7f.1",
        "https://127.1",
        "https://256.0.0.1",
        "https://m\u00fcnchen.example",
        "https://schoo\u212a.example",
        f"https://{'a.' * 127}example",
    ],
)
def test_what_is_no_plain_origin_is_refused(text: str) -> None:
    """Nothing that could end a header's value, name two places or be read as another address gets in."""
    with pytest.raises(ValueError) as caught:
        read_origin(text)
    assert "canary" not in str(caught.value)


def test_an_origin_can_be_told_from_another_by_its_port() -> None:
    """Two ports of one host are two origins."""
    assert Origin(scheme="https", host="a.example") != Origin(scheme="https", host="a.example", port=8443)
