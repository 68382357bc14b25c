"""A local JotForm for trying and testing: form pages, submit address, webhooks and REST API, on loopback."""

from .faults import FaultKind
from .server import Sandbox
from .webhooks import SentWebhook
from .world import LoggedCall, Oddities

__all__ = ["FaultKind", "LoggedCall", "Oddities", "Sandbox", "SentWebhook"]
