"""Clients that others wrote for JotForm, run against the sandbox and with a scoped key: ``make clients``."""
