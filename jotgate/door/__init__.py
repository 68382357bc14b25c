"""The HTTP face of the gate: every address once, as a werkzeug request in and a response out.

The middleware and the Flask extension mount the same `jotgate.door.base.Door`.
"""
