"""A local JotForm for trying and testing: form pages, submit address, webhooks and REST API, on loopback."""

from .faults import FaultKind
from .oddities import Odd, Oddities
from .server import Sandbox
from .webhooks import SentWebhook
from .world import LoggedCall

__all__ = ["FaultKind", "LoggedCall", "Odd", "Oddities", "Sandbox", "SentWebhook"]
