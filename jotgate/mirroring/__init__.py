"""Scoped keys, and JotForm's own read paths answered for what such a key sees."""
