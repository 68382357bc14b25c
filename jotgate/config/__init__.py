"""Settings: read once, checked whole, frozen."""

from __future__ import annotations

from jotgate.config.settings import Settings

__all__ = ["Settings"]
