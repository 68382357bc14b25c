"""Group ``judging``: from JotForm's list of submissions to their verdicts, in processor time and in calls."""

from __future__ import annotations

import datetime as dt
import json
import logging
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import requests

from jotgate.admission.gate import Seen
from jotgate.admission.grants import Terms, people
from jotgate.jotform.envelope import read_envelope
from jotgate.jotform.payloads import read_rows, read_submission
from jotgate.jotform.times import NEW_YORK, Wall, zone_named
from jotgate.outcomes import Admit, Verdict
from jotgate.protocols import Consumer
from jotgate.sandbox import Sandbox
from jotgate.signed.browsers import new_browser
from jotgate.signed.keyring import CodeKeys
from jotgate.signed.tickets import OnPage, ticket_text
from jotgate.submissions import examine
from jotgate.wiring import Parts, build
from tests.bench.measuring import Size, Target, laps, middle_quotient, print_table
from tests.bench.site import FORM, settings_for

_FORM_ID = "241234567890123"
_WALL = Wall()
#: How often the text is read for the floor, before and after.
_READINGS = 5
#: Submissions that the sweep settles in one transaction.
_AT_ONCE = 100
_FLOOR = "json.loads of the same text"
_STEPS = (
    "read the JSON text",
    "make submissions of it",
    "examine tickets and answers",
    "settle them in the store",
)


def run(scratch: Path, size: Size) -> Iterator[Target]:
    """Measure, print, and give what judging is to cost."""
    logging.disable(logging.CRITICAL)
    ratio = _one_list(scratch, size, consumers=0)
    yield Target(row=f"judging {size.submissions:,} submissions", beside=_FLOOR, ratios=[ratio], limits=[10])
    _one_list(scratch, size, consumers=2)
    _whole_sweep(scratch, size)


def _one_list(scratch: Path, size: Size, *, consumers: int) -> float:
    """Judge one list; so many callbacks are to be told of each verdict, which is written beside it.

    Returns how many times as much that takes as to read the text alone.
    """
    taken: list[list[float]] = []
    for number in range(size.repetitions):
        parts = build(settings_for(scratch / f"list-{consumers}-{number}.db"))
        for name in range(consumers):
            parts.store.add_consumer(Consumer(consumer=f"school.note{name}", kind="python"), now=time.time())
        text = _list_text(_tickets(parts, size.submissions))
        before = laps(json.loads(text) for _ in range(_READINGS))
        steps = laps(_judged(parts, text, size.submissions))
        after = laps(json.loads(text) for _ in range(_READINGS))
        taken.append([statistics.median(before + after), *steps, sum(steps)])
    columns = list(zip(*taken, strict=True))
    names = (_FLOOR, *_STEPS, f"all of it, {len(text) / 1e6:.1f} MB")
    lines = [
        [name, f"{statistics.median(ms):.1f}", f"{middle_quotient(ms, columns[0]):.2f}"]
        for name, ms in zip(names, columns, strict=True)
    ]
    told = f", {consumers} callbacks to be told of each" if consumers else ""
    title = f"{size.submissions:,} submissions of one list call{told}"
    print_table(title, ("row", "CPU ms", "of json.loads"), lines)
    return middle_quotient(columns[-1], columns[0])


def _judged(parts: Parts, text: bytes, count: int) -> Iterator[str]:
    """Give every submission its verdict; tell the name of each step when it is done."""
    answer = read_envelope(200, text, secret="not-in-it")
    yield _STEPS[0]
    rows = [read_submission(row, _WALL) for row in read_rows(answer.content)]
    yield _STEPS[1]
    policy = replace(parts.settings.policies[FORM], lookup_fields=("email",), show_fields=("name", "classes"))
    code_keys = CodeKeys(parts.settings.code_keys)
    candidates = [
        examine(row, policy, ticket_qid="7", keys=parts.keys, code_keys=code_keys) for row in rows if row
    ]
    yield _STEPS[2]
    settled = []
    for first in range(0, count, _AT_ONCE):
        some = candidates[first : first + _AT_ONCE]
        settled += parts.store.settle(some, capacity=None, now=time.time())
    yield _STEPS[3]
    assert [one.verdict for one in settled] == [Verdict.VERIFIED] * count


def _whole_sweep(scratch: Path, size: Size) -> None:
    """Sweep against a sandbox, beside the way without lists: one call for each submission that a webhook named."""
    count = size.submissions
    with Sandbox(plan="enterprise") as sandbox:
        form_id = sandbox.add_form("Students", form_id=_FORM_ID)
        parts = build(
            settings_for(
                scratch / "sweep.db", api_host=sandbox.api, api_key=sandbox.read_key, plan="enterprise"
            )
        )
        # The first sweep finds the ticket field and where to begin.
        parts.sweep.run(operator=True)
        ids = []
        for ticket in _tickets(parts, count):
            answers = {"jotgate": ticket, "name": {"first": "Ada", "last": "Byron"}, "message": "Here I am."}
            ids.append(sandbox.submit(form_id, answers, webhook=False))
        before, began = sandbox.calls, time.perf_counter()
        swept = parts.sweep.run([FORM])
        seconds, calls = time.perf_counter() - began, sandbox.calls - before
        verified = sum(one.verdict is Verdict.VERIFIED for one in swept.settled)
        assert verified == count, swept
        before, began = sandbox.calls, time.perf_counter()
        with requests.Session() as session:
            session.trust_env = False
            for submission_id in ids:
                session.get(
                    f"{sandbox.api}/submission/{submission_id}", headers={"APIKEY": sandbox.read_key}
                ).json()
        single_seconds, single_calls = time.perf_counter() - began, sandbox.calls - before
    lines = [
        ["jotgate's sweep, verdicts settled", f"{calls}", f"{seconds:.2f}"],
        ["floor: one GET each (requests), only read", f"{single_calls}", f"{single_seconds:.2f}"],
    ]
    print_table(
        f"{count:,} submissions read from a sandbox in the same process", ("row", "calls", "seconds"), lines
    )


def _tickets(parts: Parts, count: int) -> list[str]:
    """Admit *count* people, each with a code and a browser of their own, and return their tickets' texts."""
    codes = [issued.code for issued in parts.grants.create(Terms(form=FORM), people(count=count))]
    tickets = []
    for number, code in enumerate(codes):
        seen = Seen(browser=new_browser(time.time()), network=f"198.51.100.{number % 250}/32")
        admit = parts.gate.admit(code, form=FORM, seen=seen)
        assert isinstance(admit, Admit), admit
        tickets.append(ticket_text(OnPage(admit.ticket_id, 0), parts.keys))
    return tickets


def _list_text(tickets: list[str]) -> bytes:
    """Return what JotForm's API answers: one submission with six questions for each ticket."""
    first = (int(time.time()) - 1_124_190_800) * 10**10
    content = [_row(str(first + number), ticket) for number, ticket in enumerate(tickets)]
    envelope = {"responseCode": 200, "message": "success", "content": content, "limit-left": 4321}
    return json.dumps(envelope).encode()


def _row(submission_id: str, ticket: str) -> dict[str, object]:
    return {
        "id": submission_id,
        "form_id": _FORM_ID,
        "ip": "203.0.113.7",
        "created_at": f"{dt.datetime.now(zone_named(NEW_YORK)):%Y-%m-%d %H:%M:%S}",
        "updated_at": None,
        "status": "ACTIVE",
        "new": "1",
        "flag": "0",
        "notes": "",
        "answers": {
            "1": {"name": "heading", "order": "1", "text": "Students", "type": "control_head"},
            "3": _answer("name", "Name", "control_fullname", {"first": "Ada", "last": "Byron"}),
            "4": _answer("email", "Email", "control_email", "ada@school.example"),
            "5": _answer("message", "Message", "control_textarea", "I should like to take part. " * 8),
            "6": _answer("classes", "Classes", "control_checkbox", ["Mathematics", "Poetry"]),
            "7": _answer("jotgate", "Ticket", "control_textbox", ticket),
        },
    }


def _answer(name: str, text: str, kind: str, answer: object) -> Mapping[str, object]:
    return {"name": name, "order": "2", "text": text, "type": kind, "answer": answer}
