"""Every type of question that JotForm offers: captured shapes in; the right text, lookup and lock out."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.answers import TYPES, FormAnswers, asked_for, keep, text_of
from jotgate.policy import LOOKUP_KINDS
from jotgate.signed.keyring import CodeKeys
from tests.captured_answers import SHAPES, Shape, shapes_and
from tests.test_answers import JSON

KEYS = CodeKeys([b"o" * 32])


def found(shape: Shape, text: str, kind: str = "") -> bool:
    """Look for the answer as somebody asks for it."""
    kinds = {"asked": kind} if kind else {}
    kept = keep(
        FormAnswers({"3": shape.row}),
        form_id="1",
        ticket_qid="7",
        lookup_fields=["asked"],
        show_fields=[],
        code_keys=KEYS,
        lookup_kinds=kinds,
    )
    met = {one for _, one in kept.lookups} & set(asked_for(KEYS, "1", "asked", text, kind))
    # The store counts them: with two of one field, another field would not be looked at.
    assert len(met) < 2
    return bool(met)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.type)
def test_a_captured_answer_reads_as_a_person_would_read_it_out(shape: Shape) -> None:
    """As JotForm shows it where its words say as much, and else as the table has it; no row and no part is lost."""
    assert text_of(shape.answer, f"control_{shape.type}", shape.pretty) == shape.text
    assert FormAnswers({"3": shape.row}).get("asked", "") == shape.text


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.text], ids=lambda shape: shape.type)
def test_what_people_see_of_an_answer_finds_it(shape: Shape) -> None:
    """Whoever copies it from an export, in capitals and with a no-break blank at its end."""
    assert found(shape, shape.text)
    assert found(shape, shape.text.upper() + "\u00a0")
    assert not found(shape, shape.text + " x")


@pytest.mark.parametrize(("shape", "asked"), shapes_and("found_by"))
def test_another_spelling_of_an_answer_finds_it(shape: Shape, asked: str) -> None:
    """Entities, marks, accents, widths, masks, dates: as a person at a desk would say."""
    assert found(shape, asked)


@pytest.mark.parametrize(("shape", "asked"), shapes_and("not_found_by"))
def test_another_answer_is_not_found(shape: Shape, asked: str) -> None:
    """A digit, a letter, a day make a difference."""
    assert not found(shape, asked)


@pytest.mark.parametrize(("shape", "given"), shapes_and("given"))
def test_an_honest_answer_came_back_as_it_was_given(shape: Shape, given: str) -> None:
    """However JotForm spells it."""
    assert FormAnswers({"3": shape.row}).came_back("asked", given)


@pytest.mark.parametrize(("shape", "given"), shapes_and("not_given"))
def test_a_changed_answer_did_not_come_back(shape: Shape, given: str) -> None:
    """However small the change is."""
    assert not FormAnswers({"3": shape.row}).came_back("asked", given)


@pytest.mark.parametrize(("shape", "part"), shapes_and("parts"))
def test_a_part_comes_back_by_itself(shape: Shape, part: tuple[str, str, str]) -> None:
    """Prefilled as ``date[month]=7``, zero-filled by JotForm; a changed one is seen."""
    name, honest, changed = part
    answers = FormAnswers({"3": shape.row})
    assert answers.came_back(f"asked[{name}]", honest)
    assert not answers.came_back(f"asked[{name}]", changed)


def test_the_table_has_a_captured_shape_of_each_way_to_read() -> None:
    """So that no row of it is without a test."""
    shown = {TYPES[f"control_{shape.type}"].read for shape in SHAPES if f"control_{shape.type}" in TYPES}
    assert {one.read for one in TYPES.values()} == shown


@pytest.mark.parametrize(
    ("kind", "written", "asked", "is_found"),
    [
        ("digits", "ID 12-3", "123", True),
        ("digits", "ID 12-3", "124", False),
        ("digits", "no number", "no number", False),
        ("text", "123.456.789-09", "12345678909", False),
        ("text", "O\u2019Brien", "o'brien", True),
        ("date", "4.7.2016", "04/07/2016", True),
        ("date", "13.7.2016", "2016-07-13", True),
        ("date", "soon", "SOON", True),
        ("email", "mailto:ada@mail.example", "ADA@mail.example", True),
        ("exact", "aB-12", "aB-12 ", True),
        ("exact", "O&#039;Brien", "O'Brien", True),
        ("exact", "aB-12", "ab-12", False),
        ("exact", "aB-12", "aB12", False),
    ],
)
def test_a_lookup_field_may_be_compared_in_its_own_way(
    kind: str, written: str, asked: str, is_found: bool
) -> None:
    """As the setting says: by digits, as a date or an e-mail address, as any text, or to the letter."""
    assert found(Shape("textbox", written, written), asked, kind) is is_found


@given(st.sampled_from([*TYPES, "control_unheard_of", ""]), JSON, st.none() | st.text(), st.text())
def test_any_answer_of_any_type_has_a_text(
    name: str, answer: Any, pretty: str | None, given_text: str
) -> None:
    """Whatever a person wrote, or JotForm made of it; and it can be looked for, and locked."""
    row = {"name": "asked", "type": name, "answer": answer, "prettyFormat": pretty}
    answers = FormAnswers({"3": row})
    assert isinstance(text_of(answer, name, pretty), str)
    assert answers.came_back("asked", given_text) in (True, False)
    for kind in ("", *LOOKUP_KINDS):
        found(Shape(name.removeprefix("control_"), answer, "", pretty), given_text, kind)


def test_markup_of_strangers_is_never_shown() -> None:
    """JotForm's own markup is taken off; what hides in it goes with it."""
    for pretty in (
        "<img src=x onerror=alert(1)>ok",
        "<script>x</script>ok",
        "<style>x</style>ok<table>",
    ):
        assert text_of("x", "control_widget", pretty) == "ok"


#: In seconds of the processor: a hundred times what it takes. By the square of its length it would be minutes.
READ_ONCE = 20


@pytest.mark.parametrize(
    "piece",
    ["0", "0.0", "1 ", "1,", "(1", "&amp;", "&#0", "\u0663", "a@", '{"a":', "jan ", "<a ", "\u0301\u0323"],
)
def test_a_long_answer_of_a_strangers_holds_nobody_up(piece: str) -> None:
    """Whatever its type and wherever it is read, shown, looked up or compared with what was locked."""
    text = "a" * (not piece.isascii()) + piece * (60_000 // len(piece)) + "x"
    began = process_time()
    for name, kind in {id(kind): (name, kind) for name, kind in TYPES.items()}.values():
        text_of(text, name, text + "<br>")
        for locked in "12345", "5", "a,b", "07-04-2016":
            assert not kind.lock(locked, text, text)
            assert not kind.part_lock(locked, text, text)
    for way in LOOKUP_KINDS:
        asked_for(KEYS, "1", "asked", text, way)
    assert process_time() - began < READ_ONCE
