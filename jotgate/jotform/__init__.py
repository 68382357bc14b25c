"""JotForm, read only: its API (`client`), what its answers mean (`envelope`, `payloads`, `times`), and its iframe.

Import `jotgate.jotform.client.JotFormClient` and `jotgate.jotform.embed.frame_address` from their homes; nothing
is loaded before that, and `requests` only with the first call.
"""
