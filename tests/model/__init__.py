"""The whole site against a small model of what it promises, and against death at every step."""
