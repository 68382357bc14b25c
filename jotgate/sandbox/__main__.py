"""`python -m jotgate.sandbox`."""

from .cli import sandbox_command

if __name__ == "__main__":
    sandbox_command(prog_name="python -m jotgate.sandbox")
