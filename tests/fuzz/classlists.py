"""Class lists, as spreadsheets write them, and the sheets of codes that go back into spreadsheets."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.classlist import test_reading, test_writing
from tests.fuzz.properties import Property, broken_by


def properties(held: ExitStack) -> list[Property]:
    """Return what to try."""
    pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")
    from tests.classlist import test_workbooks

    return [
        broken_by(test_reading.test_any_bytes_are_read_or_refused_with_sentences),
        broken_by(test_workbooks.test_any_damage_to_a_workbook_is_read_or_refused_with_sentences),
        broken_by(test_writing.test_what_was_written_is_read_back_unchanged),
        broken_by(test_writing.test_no_cell_is_a_formula_whatever_separator_the_reader_assumes),
    ]
