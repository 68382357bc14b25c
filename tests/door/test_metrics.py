"""Figures for monitoring: true in every worker, and for nobody without the token."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client

import jotgate.checkup.metrics
from jotgate.checkup.metrics import METRICS
from jotgate.flask import JotGate
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import SITE_URL, Site, running_site, unknown_code

TOKEN = "a-token-for-prometheus-and-nobody-else"
ADDRESS = "/jotgate/metrics"
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every question be answered anew."""
    monkeypatch.setattr(jotgate.checkup.metrics, "KEPT_SECONDS", 0.0)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(metrics_token=TOKEN) as running:
        yield running


def scraped(application: Any, accept: str = "") -> dict[tuple[str, tuple[str, ...]], float]:
    """Ask as Prometheus does; return name and values of labels -> value."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": accept}
    answer = Client(application).get(ADDRESS, headers=headers, base_url=SITE_URL)
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def other_worker(site: Site) -> JotGateMiddleware:
    """Return the site as another process has it, as a Flask app."""
    return site.restarted().gate


def flask_app(site: Site) -> flask.Flask:
    """Return the site as a Flask app."""
    app = flask.Flask("school")
    JotGate().init_app(app, parts=site.restarted().parts)
    return app


def test_what_happened_is_told_by_every_worker_alike(site: Site) -> None:
    """Behind both mounts: who was let in, who was refused and why, and what the sweep made of submissions."""
    scraped(site.gate)
    before = scraped(site.gate)
    ticket_holder = site.admitted()
    site.admitted()
    code = site.code(valid_until=1.0)
    for _ in range(3):
        assert site.visitor().enter(code).status_code == 403
    assert site.visitor().enter(unknown_code()).status_code == 403
    site.sandbox.submit(site.form_id, {"message": "x"}, webhook=False)
    site.sweep()
    told = scraped(site.gate)
    grown = {key: value - before.get(key, 0.0) for key, value in told.items()}
    assert grown["jotgate_admissions_total", ("students",)] == 2
    assert grown["jotgate_refusals_total", ("students", "expired")] == 3
    assert grown["jotgate_verdicts_total", ("students", "unticketed")] == 1
    assert grown["jotgate_submissions", ("students", "unticketed")] == 1
    assert grown["jotgate_wrong_codes", ()] == 1
    assert told["jotgate_store_up", ()] == 1
    assert told["jotgate_ticket_field_missing", ("students",)] == 0
    assert told["jotgate_calls_used", ()] > 0
    assert told["jotgate_calls_left", ()] <= told["jotgate_calls_limit", ()]
    ages = "jotgate_sweep_age_seconds", ("students",)
    for worker in (other_worker(site), flask_app(site)):
        same = scraped(worker)
        assert {**same, ages: 0.0} == {**told, ages: 0.0}
    assert ticket_holder is not None


def test_counters_never_fall() -> None:
    """Entries that are added up count once, and those that retention removes were counted; refusals go on counting."""
    with running_site(metrics_token=TOKEN) as site:
        scraped(site.gate)
        site.admitted()
        before = scraped(site.gate)
        site.clock.ahead_seconds += 3 * 3600.0
        added_up = scraped(site.gate)
        key = "jotgate_admissions_total", ("students",)
        assert added_up[key] == before[key]
        store, now = site.parts.store, site.clock.now()
        store.retain("students", before=now - 3600.0, delete=True, now=now)
        store.driver.learn({"admitted": "SELECT count(*) FROM ledger WHERE event = 'browser.admitted'"})
        with store.driver.read() as tx:
            assert tx.one("admitted") == (0,)
        assert scraped(site.gate)[key] == before[key]
        site.admitted()
        assert scraped(site.gate)[key] == before[key] + 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer \u00fc\u00ff"},
        {"APIKEY": TOKEN},
    ],
)
def test_without_the_token_there_is_nothing(site: Site, headers: dict[str, str]) -> None:
    """The same bytes as where monitoring is off, however the token is wrong; nor does the query take one."""
    with_wrong = site.visitor().get(ADDRESS, headers=headers)
    off = Site(site.sandbox, {**site.mapping, "metrics_token": None}, clock=site.clock)
    without = off.visitor().get(ADDRESS, headers={"Authorization": f"Bearer {TOKEN}"})
    asked = site.visitor().get(f"{ADDRESS}?token={TOKEN}")
    for answer in (with_wrong, without, asked):
        assert (answer.status_code, answer.data) == (404, b"not found\n")
    # What differs from one answer to the next is nothing of ours.
    assert dict(with_wrong.headers) == dict(without.headers)
    off.parts.store.close()


def test_prometheus_gets_the_format_that_it_asks_for(site: Site) -> None:
    """OpenMetrics as well; caches keep neither."""
    headers = {
        "Authorization": f"bearer {TOKEN}",
        "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    }
    answer = site.visitor().get(ADDRESS, headers=headers)
    assert answer.content_type.startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_store_that_is_down_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the one figure that an alert needs."""
    from jotgate.errors import StoreUnavailable

    def down(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(site.parts.store, "form_states", down)
    assert scraped(site.gate) == {("jotgate_store_up", ()): 0.0}


def test_figures_are_read_every_few_seconds(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often somebody asks."""
    monkeypatch.setattr(jotgate.checkup.metrics, "KEPT_SECONDS", 3600.0)
    first = scraped(site.gate)
    site.admitted()
    assert scraped(site.gate) == first


@pytest.mark.checkout
@pytest.mark.parametrize("name", ["grafana.json", "alerts.yml", "metrics.md"])
def test_what_boards_alerts_and_pages_name_exists(site: Site, name: str) -> None:
    """Every metric, under the name that Prometheus has it by; and every label, with its metric."""
    text = (DOCS / name).read_text("utf-8")
    there = {f"{one.name}_total" if one.kind == "counter" else one.name: one for one in METRICS}
    named = set(re.findall(r"\bjotgate_[a-z_]+", text))
    assert named <= there.keys()
    assert len(named) > 10
    if name == "metrics.md":
        assert named == there.keys()
        return
    for metric, labels in re.findall(r"(jotgate_[a-z_]+)\{([^{}]*)\}", text.replace('\\"', '"')):
        used = re.findall(r"(\w+)(?:=~|!~|!=|=)", labels)
        assert set(used) <= set(there[metric].labels), metric


@pytest.mark.checkout
def test_the_board_can_be_imported() -> None:
    """JSON with panels that have a place, a title and a query each, and no two of one number."""
    board = json.loads((DOCS / "grafana.json").read_text("utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    for panel in panels:
        assert panel["title"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert all(target["expr"] for target in panel["targets"])
