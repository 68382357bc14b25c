"""Views as a site that checks its types has them: `make check` reads this file, and no test runs it."""

from __future__ import annotations

from flask import Flask

from jotgate.flask import JotGate

app = Flask(__name__)
gate = JotGate(app)


@app.get("/<int:number>")
@gate.requires_pass("students")
def by_pass(number: int) -> str:
    return str(number)


@app.get("/async/<int:number>")
@gate.requires_pass("students")
async def by_pass_later(number: int) -> tuple[str, int]:
    return str(number), 200


@app.get("/submitted")
@gate.requires_submission("students", accept_pending=True)
async def by_submission() -> dict[str, int]:
    return {"number": 1}
