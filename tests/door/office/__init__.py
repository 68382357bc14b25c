"""The office, through HTTP."""
