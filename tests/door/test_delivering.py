"""Webhook bodies: an honest one marks its form as due, and no other does any harm."""

from __future__ import annotations

import gc
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.door.delivering import MAX_BODY_BYTES
from jotgate.flask import JotGate
from tests.door.site import HOOK_SECRET, Site, running_site

HOOK = f"/jotgate/hook/{HOOK_SECRET}"
MULTIPART = "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def delivery(site: Site, **changes: str) -> dict[str, str]:
    """Return the fields that matter of an honest delivery."""
    return {"formID": site.form_id, "submissionID": "5", "rawRequest": '{"q3_name":"Ada"}', **changes}


def multipart(fields: dict[str, str]) -> bytes:
    """Return *fields* as JotForm posts them."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, "--b--\r\n"]).encode()


def due_seq(site: Site) -> int:
    """Return how many deliveries were noted."""
    return sum(state.due_seq for state in site.parts.store.form_states())


def test_an_honest_delivery_is_noted_on_disk_before_its_200(site: Site) -> None:
    """Multipart or form-encoded: the form is due in the store that another process opens."""
    for body in (
        {"data": multipart(delivery(site)), "content_type": MULTIPART},
        {"data": delivery(site)},
    ):
        before = due_seq(site)
        answer = site.visitor().post(HOOK, **body)
        assert (answer.status_code, answer.text) == (200, "noted\n")
        assert due_seq(site.restarted()) == before + 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"--b\r\n", 400),
        (b"--b--\r\n", 400),
        (b"\0" * 1_000, 400),
        (b"--b\r\n" * 1_000, 400),
        (b'--b\r\nContent-Disposition: form-data; name="formID"\r\n\r\n1\r\n--b--\r\n', 400),
        (b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n' * 1_001 + b"--b--\r\n", 400),
        (b"x" * (MAX_BODY_BYTES + 1), 413),
    ],
)
def test_what_is_no_delivery_is_refused(site: Site, body: bytes, status: int) -> None:
    """400 for what cannot be read or has too many parts, 413 for more than 10 MB; nothing is noted."""
    before = due_seq(site)
    assert site.visitor().post(HOOK, data=body, content_type=MULTIPART).status_code == status
    assert due_seq(site) == before


@pytest.mark.parametrize("length", [3_500_000, 9_900_000])
def test_a_delivery_with_signatures_is_noted(site: Site, length: int) -> None:
    """They come as base64 in the body, and make it as large; in a host that takes less itself, too."""
    before = due_seq(site)
    body = multipart(delivery(site, rawRequest="A" * length))
    app = flask.Flask("school")
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = 100_000
    JotGate().init_app(app, parts=site.parts)
    for application in (site.gate, app):
        answer = site.visitor(application).post(HOOK, data=body, content_type=MULTIPART)
        assert (answer.status_code, answer.text) == (200, "noted\n")
    assert due_seq(site) == before + 2


def test_a_body_without_a_length_is_read_where_it_ends(site: Site) -> None:
    """A chunked one that the server took apart; in one that did not, reading would never end, and is not tried."""
    whole = multipart(delivery(site))

    class Input:
        def __init__(self) -> None:
            self.left = io.BytesIO(whole)

        def read(self, size: int = -1) -> bytes:
            return self.left.read(size)

    def status(stream: object, **environ: object) -> int:
        overrides = {"wsgi.input": stream, "CONTENT_TYPE": MULTIPART, **environ}
        return (
            site.visitor().post(HOOK, environ_overrides=overrides, headers={"Content-Length": ""}).status_code
        )

    before = due_seq(site)
    assert status(Input(), **{"wsgi.input_terminated": True}) == 200
    assert status(io.BytesIO(whole)) == 200
    assert status(Input()) == 400
    assert status(io.BytesIO(whole + b"x" * MAX_BODY_BYTES)) == 413
    assert due_seq(site) == before + 2


def test_a_body_cut_at_any_byte_is_refused(site: Site) -> None:
    """Werkzeug reads a truncated multipart body as an empty form; here it is 400, wherever it was cut."""
    whole = multipart(delivery(site))
    before = due_seq(site)
    for length in range(len(whole) - len(b"--\r\n")):
        answer = site.visitor().post(HOOK, data=whole[:length], content_type=MULTIPART)
        assert answer.status_code == 400, whole[:length]
    assert due_seq(site) == before


def test_a_sender_who_stops_halfway_is_refused(site: Site) -> None:
    """Fewer bytes than Content-Length promised: 400."""
    whole = multipart(delivery(site))
    for content_type in MULTIPART, "application/x-www-form-urlencoded":
        answer = site.visitor().post(
            HOOK,
            data=whole,
            content_type=content_type,
            environ_overrides={"CONTENT_LENGTH": str(len(whole) + 50)},
        )
        assert answer.status_code == 400


def test_a_delivery_for_a_foreign_form_changes_nothing(site: Site) -> None:
    """It is answered with 200, so that JotForm does not call a real hook broken, and ignored."""
    before = due_seq(site)
    for form_id in ("1", site.sandbox.foreign_form_id, "1" * 20):
        answer = site.visitor().post(HOOK, data=delivery(site, formID=form_id))
        assert (answer.status_code, answer.text) == (200, "ignored\n")
    assert due_seq(site) == before


def test_a_delivery_without_a_usable_form_id_is_refused(site: Site) -> None:
    """JotForm's are numbers; it is answered with 400."""
    before = due_seq(site)
    for form_id in (
        "",
        " ",
        "x",
        "1" * 21,
        "١٢٣",
        f"{site.form_id}\n",
        f" {site.form_id}",
        "../1",
        "-1",
        "1e3",
        "\0",
    ):
        assert site.visitor().post(HOOK, data=delivery(site, formID=form_id)).status_code == 400
    assert due_seq(site) == before


@pytest.mark.parametrize(
    "secret", ["x", HOOK_SECRET[:-1], HOOK_SECRET + "x", HOOK_SECRET.upper(), "gehéim", "%00"]
)
def test_a_wrong_secret_is_an_address_that_there_is_not(site: Site, secret: str) -> None:
    """404, and the body is not even read."""
    before = due_seq(site)
    assert site.visitor().post(f"/jotgate/hook/{secret}", data=delivery(site)).status_code == 404
    assert due_seq(site) == before


def test_both_secrets_are_good_while_one_is_being_replaced(site: Site) -> None:
    """Two hook secrets at a time, each as good as the other."""
    both = site.restarted(hook_secrets=["an-older-hook-secret", HOOK_SECRET])
    for secret in "an-older-hook-secret", HOOK_SECRET:
        assert both.visitor().post(f"/jotgate/hook/{secret}", data=delivery(site)).text == "noted\n"


PIECES = st.sampled_from(
    [
        b"--b",
        b"--b--",
        b"\r\n",
        b"\r\n\r\n",
        b"Content-Disposition: form-data; ",
        b'name="formID"',
        b"name*=UTF-8''%ff",
        b'filename="f"',
        b"Content-Type: text/plain; charset=nonsense\r\n",
        b"=",
        b"&",
        b"formID=1",
        b"\xff\xfe",
        b";",
    ]
)
BODIES = st.binary(max_size=200) | st.lists(PIECES | st.binary(max_size=10), max_size=15).map(b"".join)
TYPES = st.sampled_from(
    [
        MULTIPART,
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=b; charset=utf-16",
        "multipart/mixed; boundary=b",
        "application/x-www-form-urlencoded",
        "application/json",
        "x",
        "",
    ]
)


@given(
    body=BODIES,
    content_type=TYPES | st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=30),
)
def test_no_body_breaks_the_hook(site: Site, body: bytes, content_type: str) -> None:
    """Any bytes under any content type: 400, or 200 for what happens to be a delivery."""
    overrides = {"CONTENT_TYPE": content_type}
    answer = site.visitor().post(HOOK, data=body, environ_overrides=overrides)
    assert answer.status_code in (200, 400)


def resident_bytes() -> int:
    """Return this process's resident memory (Linux: proc(5), the second field of statm, in pages)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pytest.skip("this system has no /proc to read the resident memory from")


@pytest.mark.slow
def test_deliveries_leave_no_memory_behind(site: Site) -> None:
    """Growth stays under 10 MB over 2,400 bodies of 10 kB, whole, cut, shapeless and of another kind."""
    visitor = site.visitor()
    padded = multipart(delivery(site, formID="1", rawRequest="x" * 10_000))
    kinds: list[dict[str, Any]] = [
        {"data": padded, "content_type": MULTIPART},
        {"data": padded[:-30], "content_type": MULTIPART},
        {"data": b"--b\r\n" + b"x" * 10_000, "content_type": MULTIPART},
        {"data": b"\0" * 10_000, "content_type": "application/json"},
    ]

    def deliver(rounds: int) -> None:
        for _ in range(rounds):
            for kind in kinds:
                visitor.post(HOOK, **kind)
        gc.collect()

    deliver(50)
    before = resident_bytes()
    deliver(600)
    assert resident_bytes() - before < 10_000_000


@pytest.mark.checkout
def test_the_call_that_the_documentation_tries_the_webhook_with_works(site: Site) -> None:
    """With the fields that it names: 200 at the right secret, as it says."""
    text = (Path(__file__).parents[2] / "docs/troubleshooting.md").read_text("utf-8")
    [shown] = re.findall(r"curl -i (.*?)https://\S+/hook/", text, re.DOTALL)
    fields = dict(re.findall(r"-d (\w+)=(\S+)", shown))
    assert fields["formID"].isdigit()
    answer = site.visitor().post(HOOK, data={**fields, "formID": site.form_id})
    assert answer.status_code == 200
