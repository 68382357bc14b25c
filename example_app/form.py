"""The school's forms, as its office would build them at JotForm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ENROLMENT: Sequence[Mapping[str, object]] = (
    {"qid": "1", "type": "head", "name": "heading", "text": "About the pupil"},
    {"type": "fullname", "name": "name", "text": "Name of the pupil", "required": True},
    {"type": "datetime", "name": "born", "text": "Date of birth", "required": True},
    {
        "type": "dropdown",
        "name": "class",
        "text": "Class",
        "options": ["7a", "7b", "8a", "8b", "9a", "9b"],
        "required": True,
    },
    {"type": "email", "name": "guardian", "text": "E-mail of a parent or guardian", "required": True},
    {
        "type": "radio",
        "name": "lunch",
        "text": "School lunch",
        "options": ["Every day", "Some days", "No lunch"],
    },
    {"type": "textarea", "name": "notes", "text": "Anything that we should know?"},
    {"type": "textbox", "name": "jotgate", "text": "Ticket", "hidden": True},
    {"qid": "2", "type": "button", "name": "submit", "text": "Send"},
)

FIELD_REPORT: Sequence[Mapping[str, object]] = (
    {"qid": "1", "type": "head", "name": "heading", "text": "What did you see?"},
    {"type": "textbox", "name": "place", "text": "Place", "readonly": True},
    {"type": "textbox", "name": "observer", "text": "Seen by", "required": True},
    {
        "type": "dropdown",
        "name": "species",
        "text": "Species",
        "options": ["Blackbird", "Great tit", "Hedgehog", "Brimstone", "Something else"],
        "required": True,
    },
    {"type": "number", "name": "count", "text": "How many?", "required": True},
    {"type": "textarea", "name": "notes", "text": "Anything else?"},
    {"type": "textbox", "name": "jotgate", "text": "Ticket", "hidden": True},
    {"qid": "2", "type": "button", "name": "submit", "text": "Send"},
)
