"""An exam morning in miniature: real servers, a real database, and three hours of simulated time."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from jotgate.admission.grants import Terms, people
from jotgate.config import Settings
from jotgate.outcomes import Verdict
from jotgate.protocols import SubmissionFilter
from jotgate.sandbox import Sandbox
from jotgate.wiring import Parts, build
from tests.door.site import DOOR, HOOK_SECRET, settings_of, ticket_in
from tests.machines.morning import SharedClock
from tests.patience import until
from tests.schemas import fresh_schema
from tests.servers.serving import free_port, process

from .school import MONDAY

# Its three hours take half a minute with everything real.
pytestmark = pytest.mark.slow

#: Eight o'clock in New York.
_BEGIN = MONDAY + 8 * 3_600
_HOURS = 3.0
_OUTAGE = (_BEGIN + 3_600.0, _BEGIN + 3_600.0 + 600.0)
#: Students who are at the door at the same moment.
_AT_ONCE = 4


@dataclass
class Exam:
    """The site, its JotForm, and what the students saw."""

    url: str
    clock: SharedClock
    sandbox: Sandbox
    form_id: str
    parts: Parts
    waits: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def attend(self, at: float, code: str) -> None:
        """Be one student: enter the code, open the form, submit it."""
        with self.turn:
            self._weather(at)
            self.clock.set(at)
        began = time.monotonic()
        status, cookies, _ = self._ask("POST", urlencode({"code": code}))
        self.waits.append(time.monotonic() - began)
        while status == 503:
            self.refused.append(status)
            time.sleep(0.2)
            status, cookies, _ = self._ask("POST", urlencode({"code": code}))
        assert status == 303
        _, _, page = self._ask("GET", cookies=cookies)
        self.sandbox.submit(self.form_id, {"jotgate": ticket_in(page), "message": "my answers"})

    def _weather(self, at: float) -> None:
        """Take JotForm down, and bring it back when its absence was noticed."""
        begins, ends = _OUTAGE
        if self.clock.now() < begins <= at:
            self.sandbox.stop()
        if self.clock.now() < ends <= at:
            until(self._noticed, what="the outage is noticed")
            self.sandbox.start()

    def _noticed(self) -> bool:
        [state] = self.parts.store.form_states()
        return (state.last_error_at or 0.0) >= _OUTAGE[0]

    def _ask(self, method: str, body: str = "", cookies: str = "") -> tuple[int, str, str]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}
        connection.request(method, DOOR, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        given = [one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie") or []]
        return answer.status, "; ".join(given), page


@contextmanager
def exam(postgres_url: str, folder: Path) -> Iterator[Exam]:
    """Start two processes of gunicorn on PostgreSQL, and a JotForm that loses a tenth of its webhooks."""
    clock_file, settings_file, url = folder / "clock", folder / "settings", f"127.0.0.1:{free_port()}"
    clock = SharedClock.made(clock_file, _BEGIN - 60)
    with fresh_schema(postgres_url) as store, Sandbox(clock=clock, plan="bronze") as sandbox:
        form_id = sandbox.add_form("Exam", webhooks=[f"http://{url}/jotgate/hook/{HOOK_SECRET}"])
        sandbox.add_fault("webhook_lost", None, probability=0.1)
        clock.set(_BEGIN - 30)
        mapping = settings_of(sandbox, form_id, folder, store=store, plan="bronze", sweeper="auto")
        settings_file.write_text(json.dumps(mapping))
        parts = build(Settings.from_mapping(mapping | {"sweeper": "external"}), clock=clock)
        parts.sweep.run(["students"], operator=True)
        site = Exam(f"http://{url}", clock, sandbox, form_id, parts)
        gunicorn = (
            sys.executable,
            "-m",
            "gunicorn",
            "--bind",
            url,
            "--workers",
            "2",
            "--graceful-timeout",
            "1",
        )
        environment = {"JOTGATE_TEST_SETTINGS": str(settings_file), "JOTGATE_TEST_CLOCK": str(clock_file)}
        with process((*gunicorn, "tests.machines.morning:site()"), folder / "log", **environment):
            until(lambda: _is_up(url), what="the site answers")
            yield site
        parts.store.close()


def _is_up(url: str) -> bool:
    with suppress(OSError):
        connection = http.client.HTTPConnection(url, timeout=10)
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    return False


@pytest.mark.parametrize("students", [1_000, pytest.param(20_000, marks=pytest.mark.nightly)])
def test_an_exam_morning(postgres_url: str, tmp_path: Path, students: int) -> None:
    """In three hours, with lost webhooks and ten minutes without JotForm: each is judged once, within the plan."""
    with exam(postgres_url, tmp_path) as site:
        codes = [one.code for one in site.parts.grants.create(Terms(form="students"), people(count=students))]
        began = time.monotonic()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            times = (_BEGIN + _HOURS * 3_600 * number / students for number in range(students))
            list(pool.map(site.attend, times, codes))
        took = time.monotonic() - began

        def all_judged() -> bool:
            site.clock.set(site.clock.now() + 10)
            return site.parts.store.form_states()[0].settled >= students

        until(all_judged, what="every submission is judged")
        records = list(site.parts.store.submissions(SubmissionFilter()))
        assert len({record.submission_id for record in records}) == len(records) == students
        assert {record.verdict for record in records} == {Verdict.VERIFIED}
        assert site.parts.store.form_states()[0].settled == students
        assert {grant.used for grant in site.parts.store.grants()} == {1}
        assert site.sandbox.calls <= 10_000
        assert site.sandbox.calls <= site.parts.quota.usage().used <= 10_000
        late = sorted((record.judged_at or 0.0) - record.created_at for record in records)
        _tell(site, took, late)


def _tell(site: Exam, took: float, late: list[float]) -> None:
    count, waits = len(site.waits), sorted(site.waits)
    lost = sum(sent.status is None or sent.status != 200 for sent in site.sandbox.webhooks_sent)
    print(
        f"{count:,} students in {took:.0f} s, {_AT_ONCE} at a time: the door's POST took {_ms(waits, 0.5)} ms at the"
        f" median, {_ms(waits, 0.99)} ms at the 99th percentile, {_ms(waits, 1)} ms at most;"
        f" {len(site.refused)} had to try again. {site.sandbox.calls:,} calls;"
        f" {count - len(site.sandbox.webhooks_sent) + lost:,} webhooks lost; simulated time to the verdict:"
        f" {late[len(late) // 2]:.0f} s at the median, {late[int(len(late) * 0.99)]:.0f} s at the 99th percentile."
    )


def _ms(waits: list[float], share: float) -> str:
    return f"{waits[max(int(len(waits) * share) - 1, 0)] * 1_000:.0f}"
