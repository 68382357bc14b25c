"""Return paths and rights to move: only ours, only on this site, only for a while."""

from __future__ import annotations

import string
from collections.abc import Iterator
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.door.signing import Signer, is_local_path
from jotgate.signed.keyring import KeyRing
from jotgate.signed.tickets import OnPage
from jotgate.testing import FrozenClock
from tests.door.site import DOOR, SITE_URL, Site, running_site

KEYS = KeyRing([b"k" * 32])
BROWSER = b"b" * 16
ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "",
    "?x",
    "#x",
    "/é",
    "/\x00",
    "/\r\nSet-Cookie: a=b",
    "/%0d%0aSet-Cookie:a=b\r\n",
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(form={"page": "/students"}) as running:
        yield running


@pytest.mark.parametrize("path", [one for one in ELSEWHERE if "%0d" not in one])
def test_addresses_that_browsers_read_as_another_host_are_never_signed(path: str) -> None:
    """Every spelling of the corpus: nothing is signed, so nothing can lead there."""
    assert Signer(KEYS).sign_return(path) == ""
    assert not is_local_path(path)


@pytest.mark.parametrize("next_page", [*ELSEWHERE, "/students", "/jotgate/f/students"])
def test_an_unsigned_next_leads_nowhere(site: Site, next_page: str) -> None:
    """The Location actually sent is the form's page, whatever was asked for, at the door and on leaving."""
    visitor = site.visitor()
    answer = visitor.enter(site.code(), data={"next": next_page})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/students")
    answer = visitor.post(f"{DOOR}/leave", query_string={"next": next_page})
    assert answer.headers["Location"] == f"{DOOR}?left=1"


@pytest.mark.parametrize("next_page", ELSEWHERE)
def test_even_a_signed_address_leads_nowhere_else(site: Site, next_page: str) -> None:
    """What our own key signed is looked at again: a mistake elsewhere does not become an open redirect."""
    careless = Signer(site.parts.keys)
    assert Signer(site.parts.keys).read_return(careless._sign("return", b"/ok")) == "/ok"
    answer = site.visitor().enter(site.code(), data={"next": careless._sign("return", next_page.encode())})
    assert answer.headers["Location"] == "/students"


@given(
    path=st.text(st.characters(), max_size=30)
    | st.text("/\\.:@%\t evilhttps#?", max_size=20).map("/".__add__)
)
def test_what_is_signed_stays_on_this_site(path: str) -> None:
    """Whatever gets a signature resolves to our own host, as `urljoin` and the WHATWG rules read it."""
    signer = Signer(KEYS)
    text = signer.sign_return(path)
    if not text:
        return
    back = signer.read_return(text)
    assert back == path
    assert urlsplit(urljoin(SITE_URL + "/a/b", back)).netloc == urlsplit(SITE_URL).netloc
    # WHATWG: a backslash is a slash, and tabs and line ends are left out.
    as_browsers_read = back.replace("\\", "/").translate(dict.fromkeys(map(ord, "\t\r\n")))
    assert not as_browsers_read.startswith("//")
    assert set(back) <= set(string.printable) - set(string.whitespace)


def test_a_flood_is_led_back_by_one_text_and_a_late_visitor_by_a_new_one() -> None:
    """Within a minute one page is signed once; each text leads back for a day from its minute on, and no longer."""
    clock = FrozenClock()
    signer = Signer(KEYS, clock)
    texts = [signer.sign_return("/students")]
    for seconds in (1, 60, 86_400):
        clock.advance(seconds)
        texts.append(signer.sign_return("/students"))
    assert signer._signed_return.cache_info().misses == len(set(texts)) == 3
    assert [signer.read_return(text) for text in texts] == [None, None, None, "/students"]
    assert signer.sign_return("/teachers") not in texts


@given(text=st.text(st.characters(), max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    """What we did not sign is None or nothing, never a fault."""
    signer = Signer(KEYS)
    assert signer.read_return(text) is None
    assert signer.read_move(text, "students", BROWSER) == ()
    assert signer.read_page(text, "students", BROWSER) is None


def test_a_return_path_is_read_by_the_holder_of_any_live_key() -> None:
    """Old and new key both; another's key never; a right to move is no return path."""
    old, new, foreign = b"o" * 32, b"n" * 32, b"f" * 32
    text = Signer(KeyRing([old])).sign_return("/students")
    assert Signer(KeyRing([old, new])).read_return(text) == "/students"
    assert Signer(KeyRing([new])).read_return(text) is None
    assert Signer(KeyRing([foreign])).read_return(text) is None
    newest = Signer(KeyRing([old, new])).sign_return("/students")
    assert Signer(KeyRing([new])).read_return(newest) == "/students"
    right = Signer(KeyRing([old])).sign_move("students", BROWSER, [b"x" * 16])
    assert Signer(KeyRing([old])).read_return(right) is None
    assert Signer(KeyRing([old])).read_move(text, "students", BROWSER) == ()


def test_a_right_to_move_is_for_one_form_and_one_browser() -> None:
    """Anywhere else it is worth nothing."""
    signer = Signer(KEYS)
    right = signer.sign_move("students", BROWSER, [b"x" * 16, b"y" * 16])
    assert signer.read_move(right, "students", BROWSER) == (b"x" * 16, b"y" * 16)
    assert signer.read_move(right, "teachers", BROWSER) == ()
    assert signer.read_move(right, "students", b"c" * 16) == ()


def test_a_page_is_named_for_one_form_and_one_browser() -> None:
    """Its ticket is opened by no other browser, and for no other form."""
    signer = Signer(KEYS)
    for on_page in (OnPage(b"t" * 16), OnPage(b"t" * 16, 255, b"pag")):
        page = signer.sign_page("students", BROWSER, on_page)
        assert signer.read_page(page, "students", BROWSER) == on_page
    assert signer.read_page(page, "teachers", BROWSER) is None
    assert signer.read_page(page, "students", b"c" * 16) is None


def test_signatures_end() -> None:
    """A return path after a day, a right to move after a quarter of an hour; a minute of skew is forgiven."""
    clock = FrozenClock(1_800_000_000.0)
    signer = Signer(KEYS, clock)
    path, right = signer.sign_return("/students"), signer.sign_move("students", BROWSER, [b"x" * 16])
    for seconds, has_path, has_right in (
        (-61, False, False),
        (-59, True, True),
        (14 * 60, True, True),
        (16 * 60, True, False),
        (86_399, True, False),
        (86_460, False, False),
    ):
        clock.set(1_800_000_000.0 + seconds)
        assert (signer.read_return(path) == "/students") is has_path
        assert (signer.read_move(right, "students", BROWSER) != ()) is has_right


@pytest.mark.parametrize(
    "path",
    [
        "/inside/a%20b",
        "/inside/50%2525",
        "/inside/a%3Fb%23c",
        "/inside/gr%C3%BC%C3%9F",
        "/inside/x;y=1,2",
        "/inside",
    ],
)
@pytest.mark.parametrize("query", ["", "?a=1&b=%26%3D", "?q=gr%C3%BC%C3%9F&r=a+b", "?%2F%2Fevil.example"])
def test_a_guarded_page_is_come_back_to_exactly(site: Site, path: str, query: str) -> None:
    """Through the door and back: the same path and the same query, percent signs and all."""
    own = site.restarted(forms={"students": {**site.mapping["forms"]["students"], "protect": ["/inside"]}})
    visitor = own.visitor()
    to_door = visitor.get(path + query)
    assert to_door.status_code == 303
    page = visitor.get(to_door.headers["Location"])
    signed = page.text.partition('name="next" value="')[2].partition('"')[0]
    back = visitor.enter(own.code(), data={"next": signed}).headers["Location"]
    back_path, _, back_query = back.partition("?")
    assert unquote(back_path) == unquote(path)
    assert "?" + back_query == (query or "?")
    assert f"the site at {unquote(path)}".encode("latin-1", "replace")[:15] == visitor.get(back).data[:15]
