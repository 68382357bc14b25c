"""`jotgate sweep`, `status` and `quota`: what is read, what it costs, and what is late."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from jotgate.protocols import Place
from jotgate.stores import Store

from .conftest import Site

JOTGATE = Path(sys.executable).with_name("jotgate")
_ANSWERS = {"message": "without a ticket"}


def _form(site: Site, form: str) -> dict[str, object]:
    (line,) = site.lines("status")
    found: dict[str, object] = next(one for one in line["forms"] if one["form"] == form)
    return found


def test_a_sweep_reads_what_is_due_and_counts_the_verdicts(site: Site) -> None:
    """A new site's forms are due once; afterwards nothing is, until something comes."""
    (first,) = site.lines("sweep")
    assert sorted(first["forms"]) == ["students", "trip"]
    assert first["verdicts"] == {}
    assert "Nothing is due" in site.run("sweep").output
    site.sandbox.submit(site.students, _ANSWERS)
    site.parts().store.note_delivery(site.students, time.time() - 60)
    told = site.run("sweep")
    assert told.exit_code == 0
    assert told.stdout == "Read students: 1 unticketed.\n"


def test_a_form_is_read_although_it_is_not_due(site: Site) -> None:
    """--form reads in full at once, and only what it names."""
    site.run("sweep")
    site.sandbox.submit(site.trip, _ANSWERS)
    (line,) = site.lines("sweep", "--form", "trip")
    assert line["forms"] == ["trip"]
    assert line["verdicts"] == {"unticketed": 1}


def test_earlier_submissions_are_judged_on_request_only(site: Site) -> None:
    """What was there before the form was gated is left alone; --from 0 judges it, --from ID begins there."""
    early = [site.sandbox.submit(site.students, _ANSWERS, at=time.time() - age) for age in (900, 600, 300)]
    site.lines("sweep", "--form", "students")
    assert site.lines("submissions", "list") == []
    (line,) = site.lines("sweep", "--form", "students", "--from", early[1])
    assert line["verdicts"] == {"unticketed": 2}
    (line,) = site.lines("sweep", "--form", "students", "--from", "0")
    assert line["verdicts"] == {"unticketed": 1}


def test_a_sweep_that_fails_says_why_and_exits_1(site: Site) -> None:
    """JotForm's refusal is told for the form, and `status` is late and repeats it."""
    site.sandbox.add_fault("status", times=None, path="/form/*", code=401, message="You're not authorized")
    result = site.run("sweep", "--form", "students")
    assert result.exit_code == 1
    assert "students" in result.stderr
    status = site.run("status")
    assert status.exit_code == 1
    assert "LATE: students" in status.output
    site.sandbox.clear_faults()
    assert site.run("sweep", "--form", "students").exit_code == 0
    assert site.run("status").exit_code == 0


def test_a_form_without_ticket_field_is_told(site: Site) -> None:
    """A sweep of a form that never had the field exits 1 and says what is missing."""
    bare = site.sandbox.add_form("Bare", ticket_field=None)
    text = site.config.read_text("utf-8").replace(site.trip, bare)
    site.config.write_text(text, encoding="utf-8")
    result = site.run("sweep", "--form", "trip")
    assert result.exit_code == 1
    assert "no ticket field" in result.stderr


def test_misuse_of_sweep_reads_nothing(site: Site) -> None:
    """Unknown forms, --from without one form or with what is no id, --loop with a form: exit 2."""
    calls = site.sandbox.calls
    for args in (
        ["--form", "nowhere"],
        ["--from", "1"],
        ["--from", "1", "--form", "students", "--form", "trip"],
        ["--from", "x", "--form", "students"],
        ["--loop", "--form", "students"],
    ):
        assert site.run("sweep", *args).exit_code == 2, args
    assert site.sandbox.calls == calls


def test_a_sweep_waits_for_the_one_that_runs(site: Site) -> None:
    """While another process holds the lease the command waits, and then reads."""
    store: Store = site.parts().store
    assert store.take_lease("other", now=time.time(), seconds=60)
    store.close()

    def release() -> None:
        store.release_lease("other")
        store.close()

    timer = threading.Timer(0.5, release)
    timer.start()
    (line,) = site.lines("sweep", "--form", "students")
    timer.join()
    assert line["forms"] == ["students"]


def test_the_loop_sweeps_until_it_is_told_to_stop(site: Site) -> None:
    """As a process: a line for each sweep that read something, and exit 0 on SIGTERM."""
    environment = {**os.environ, "JOTGATE_CONFIG": str(site.config)}
    with subprocess.Popen(
        [str(JOTGATE), "sweep", "--loop", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        site.sandbox.submit(site.students, _ANSWERS)
        site.parts().store.note_delivery(site.students, time.time())
        second = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        watchdog.cancel()
    assert sorted(first["forms"]) == ["students", "trip"]
    assert second["verdicts"] == {"unticketed": 1}
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_quota_has_the_promised_fields_and_asks_only_on_request(site: Site) -> None:
    """limit, used, held, left, resets_at; without --refresh it makes no call, with it one."""
    before = site.sandbox.calls
    (line,) = site.lines("quota")
    assert set(line) == {"limit", "used", "held", "left", "resets_at"}
    assert site.sandbox.calls == before
    (fresh,) = site.lines("quota", "--refresh")
    assert site.sandbox.calls == before + 1
    assert fresh["used"] == before + 1
    assert fresh["left"] == fresh["limit"] - fresh["used"] - fresh["held"]
    assert "kept for commands" in site.run("quota").output


def test_an_unlimited_quota_has_no_numbers_for_limit_and_left(site: Site) -> None:
    """On the Enterprise plan limit and left are null."""
    site.configure(plan="enterprise")
    (line,) = site.lines("quota")
    assert line["limit"] is None
    assert line["left"] is None
    assert "Unlimited" in site.run("quota").output


def test_a_used_up_quota_stops_a_sweep_with_a_time(site: Site) -> None:
    """At 0 calls left the sweep exits 1 and says when it makes sense again."""
    site.parts().quota.discovered(limit=100, used=100)
    result = site.run("sweep", "--form", "students")
    assert result.exit_code == 1
    assert "used up" in result.stderr
    assert "Z" in result.stderr


def test_status_is_late_when_a_delivery_waits(site: Site) -> None:
    """A form due by delivery for over 3 minutes, with calls left, is late; without calls it is not."""
    site.run("sweep")
    assert site.run("status").exit_code == 0
    site.parts().store.note_delivery(site.students, time.time() - 200)
    late = site.run("status", "--json")
    assert late.exit_code == 1
    assert json.loads(late.stdout)["late"] is True
    site.parts().quota.discovered(limit=100, used=100)
    assert site.run("status").exit_code == 0


def test_status_tells_the_sweeps_and_verdicts_of_each_form(site: Site) -> None:
    """Before the first sweep a form is due now; afterwards last and next sweep are known."""
    assert _form(site, "students")["last_sweep"] is None
    site.run("sweep")
    site.sandbox.submit(site.students, _ANSWERS)
    site.run("sweep", "--form", "students")
    form = _form(site, "students")
    assert form["verdicts"] == {"unticketed": 1}
    assert str(form["next_sweep"]) > str(form["last_sweep"])
    assert form["ticket_field"] == "jotgate"


def test_status_tells_what_cannot_be_read(site: Site) -> None:
    """Which submission it is, why, and what to do; everything else goes on, but somebody has to look."""
    store = site.parts().store
    values = {
        "form": "students",
        "since": time.time() - 60,
        "retry_at": time.time() + 60,
        "reason": "too large",
    }
    store.note_place(Place(above="122", below="124", submission_id="123", tries=1, **values))
    store.note_place(Place(above="200", below=None, submission_id=None, tries=1, **values))
    result = site.run("status", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert any("submission 123 cannot be read: too large" in reason for reason in told["reasons"])
    assert any("a submission after 200, the last one, cannot be read" in reason for reason in told["reasons"])
    [form] = [one for one in told["forms"] if one["form"] == "students"]
    assert [place["submission_id"] for place in form["unreadable"]] == ["123", None]
