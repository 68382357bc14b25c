"""The two forms that `jotgate sandbox` starts with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: A class signs up for a school trip.
STUDENTS: Sequence[Mapping[str, object]] = (
    {"qid": "1", "type": "head", "name": "heading", "text": "Class trip: who comes along?"},
    {"qid": "3", "type": "fullname", "name": "name", "text": "Your name", "required": True},
    {"qid": "4", "type": "textbox", "name": "class", "text": "Class", "required": True},
    {"qid": "5", "type": "email", "name": "email", "text": "E-mail of a parent"},
    {
        "qid": "6",
        "type": "radio",
        "name": "coming",
        "text": "Do you come along?",
        "options": ["Yes", "No", "Not sure yet"],
        "required": True,
    },
    {
        "qid": "7",
        "type": "checkbox",
        "name": "meals",
        "text": "Meals",
        "options": ["Breakfast", "Lunch", "Dinner"],
    },
    {"qid": "8", "type": "textarea", "name": "remarks", "text": "Anything that we should know?"},
    {"qid": "9", "type": "textbox", "name": "jotgate", "text": "Ticket", "hidden": True},
    {"qid": "2", "type": "button", "name": "submit2", "text": "Submit"},
)

#: An app's users report what they found at a place.
FIELD_REPORT: Sequence[Mapping[str, object]] = (
    {"qid": "1", "type": "head", "name": "heading", "text": "Field report"},
    {"qid": "3", "type": "textbox", "name": "site", "text": "Site", "required": True},
    {"qid": "4", "type": "datetime", "name": "visited", "text": "Date of the visit"},
    {
        "qid": "5",
        "type": "dropdown",
        "name": "condition",
        "text": "Condition",
        "options": ["Good", "Fair", "Poor"],
        "required": True,
    },
    {"qid": "6", "type": "number", "name": "count", "text": "Number of samples"},
    {"qid": "7", "type": "address", "name": "place", "text": "Address"},
    {"qid": "8", "type": "phone", "name": "phone", "text": "Phone for questions"},
    {"qid": "9", "type": "textarea", "name": "notes", "text": "Notes"},
    {"qid": "10", "type": "textbox", "name": "jotgate", "text": "Ticket", "hidden": True},
    {"qid": "2", "type": "button", "name": "submit2", "text": "Submit"},
)
