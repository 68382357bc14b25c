"""jotgate in a Flask site: ``JotGate(app)``."""

from __future__ import annotations

from jotgate.flask.extension import JotGate

__all__ = ["JotGate"]
