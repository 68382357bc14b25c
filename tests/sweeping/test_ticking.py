"""What a server lets run besides requests, as its own module says."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from jotgate.sweeping.ticking import freezes_threads, tick


def the_server_is(monkeypatch: pytest.MonkeyPatch, **attributes: Any) -> None:
    """Let uWSGI's module have these attributes."""
    server = types.ModuleType("uwsgi")
    vars(server).update(attributes)
    monkeypatch.setitem(sys.modules, "uwsgi", server)


@pytest.mark.parametrize(
    ("attributes", "freezes"), [({"has_threads": 0}, True), ({"has_threads": 1}, False), ({}, False)]
)
def test_a_server_without_threads_is_recognised(
    monkeypatch: pytest.MonkeyPatch, attributes: dict[str, int], freezes: bool
) -> None:
    """uWSGI says in its own module whether threads run; what says nothing has them."""
    assert not freezes_threads()
    the_server_is(monkeypatch, **attributes)
    assert freezes_threads() is freezes


class Timer:
    """uWSGI's signals and timers, of which the site itself may use some."""

    def __init__(self, used: set[int], master: int = 7) -> None:
        self.calls: dict[int, Callable[[int], object]] = {}
        self.timers: list[tuple[int, int]] = []
        self.attributes = {
            "masterpid": lambda: master,
            "signal_registered": lambda number: number in used,
            "register_signal": lambda number, _, call: self.calls.update({number: call}),
            "add_timer": lambda number, seconds: self.timers.append((number, seconds)),
        }


def test_the_servers_own_timer_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a signal that the site does not use."""
    timer, called = Timer({255, 254}), []
    the_server_is(monkeypatch, **timer.attributes)
    assert tick(2, lambda: called.append("now"))
    assert timer.timers == [(253, 2)]
    timer.calls[253](253)
    assert called == ["now"]


def test_where_there_is_no_timer_nothing_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    """On other servers, without uWSGI's master, and where every signal is in use."""
    assert not tick(2, list)
    for timer in (Timer(set(), master=0), Timer(set(range(256)))):
        the_server_is(monkeypatch, **timer.attributes)
        assert not tick(2, list)
        assert timer.timers == []
