"""The log has one traceback for one outage, however many requests and sweeps it fails."""

from __future__ import annotations

import logging

import pytest

from jotgate.errors import StoreError, StoreUnavailable, UpstreamError, UpstreamReason
from jotgate.outages import QUIET_SECONDS, OutageLog

LOGGER = logging.getLogger("jotgate.test")


class Watch:
    """A clock for what this process measures."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def monotonic(self) -> float:
        """Return the moment."""
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return the clock that the log of outages looks at."""
    watch = Watch()
    monkeypatch.setattr("jotgate.outages.time", watch)
    return watch


def fail(outages: OutageLog, error: StoreError | UpstreamError | None = None) -> None:
    """Note one more fault."""
    error = error or StoreUnavailable("the store at /srv/x.db cannot be used: disk is full")
    outages.note(LOGGER, "request.failed", error, endpoint="show")


def test_an_outage_is_one_traceback_and_a_line_a_minute(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    """Four hundred faults in five minutes: one traceback, five lines, and the lines count all of them."""
    outages = OutageLog()
    for _ in range(400):
        fail(outages)
        watch.seconds += 0.75
    fail(outages)
    assert [record.exc_info is not None for record in caplog.records] == [True, False, False, False, False]
    assert {record.reason for record in caplog.records} == {  # type: ignore[attr-defined]
        "the store at /srv/x.db cannot be used: disk is full"
    }
    counted = sum(record.times for record in caplog.records)  # type: ignore[attr-defined]
    assert 320 < counted <= 401


def test_the_next_outage_is_logged_whole_again(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    """After a minute without a fault it was over."""
    outages = OutageLog()
    fail(outages)
    watch.seconds += QUIET_SECONDS + 1
    fail(outages)
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


def test_another_kind_of_fault_is_not_hidden_by_an_outage(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that is down says nothing about JotForm."""
    outages = OutageLog()
    fail(outages)
    fail(outages, UpstreamError(UpstreamReason.TIMEOUT, "JotForm did not answer in time"))
    assert len([record for record in caplog.records if record.exc_info]) == 2
