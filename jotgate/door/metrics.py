"""The address for monitoring, for who has the token; to everybody else there is none."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

    from jotgate.checkup.metrics import Metric

_SCHEME = "bearer "


def metrics(door: Door, request: Request) -> Response:
    """Show the figures as Prometheus reads them."""
    token = door.parts.settings.metrics_token
    if token is None or not _has(request, token):
        return Response("not found\n", status=404, content_type="text/plain")
    # Loaded on first use: it comes with the extra `metrics`.
    from prometheus_client.exposition import choose_encoder

    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(_Collected(door.meter.read())), content_type=content_type)


def _has(request: Request, token: bytes) -> bool:
    presented = request.headers.get("Authorization", "")
    if presented[: len(_SCHEME)].lower() != _SCHEME:
        return False
    # Headers are Latin-1 (PEP 3333), a token may be any text.
    return hmac.compare_digest(presented[len(_SCHEME) :].strip().encode("latin-1", "replace"), token)


class _Collected:
    """What the library asks for metrics, with figures that were read."""

    def __init__(self, metrics: tuple[Metric, ...]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Family]:
        """Give each figure as the library has them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        from jotgate.checkup.metrics import COUNTER

        for one in self._metrics:
            make = CounterMetricFamily if one.kind == COUNTER else GaugeMetricFamily
            family = make(one.name, one.words, labels=one.labels)
            for labels, value in one.samples:
                family.add_metric(labels, value)
            yield family
