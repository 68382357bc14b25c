"""Answers of every type of question, as JotForm's API was seen to give them, and what is right for each.

The shapes are those of captures and test data that others published; names, numbers and addresses are made up.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Shape(NamedTuple):
    """One captured answer, and what becomes of it."""

    #: The type of the question, without ``control_``.
    type: str
    answer: Any
    #: How it reads.
    text: str
    #: JotForm's `prettyFormat`, if it gave one.
    pretty: str | None = None
    #: Some ways to ask for it that find it, besides the text itself.
    found_by: tuple[str, ...] = ()
    #: Some that do not.
    not_found_by: tuple[str, ...] = ()
    #: What an app may have filled in to get it back so.
    given: tuple[str, ...] = ()
    #: What it must not have been, or else it was changed.
    not_given: tuple[str, ...] = ()
    #: The same of its parts: part -> (what was filled in, what was not).
    parts: tuple[tuple[str, str, str], ...] = ()

    @property
    def row(self) -> dict[str, Any]:
        """The question with its answer, as JotForm's map of answers has it."""
        row = {
            "name": "asked",
            "order": "3",
            "text": "Asked",
            "type": f"control_{self.type}",
            "answer": self.answer,
        }
        return row if self.pretty is None else row | {"prettyFormat": self.pretty}


#: The table that JotForm makes of a matrix: the columns in its head, and a picture of a tick where a row has it.
_TICKED = (
    '<table summary="" cellpadding="4"><tr><th style="border:none">&nbsp;</th><th>Proficient</th><th>None</th></tr>'
    '<tr><th nowrap="nowrap">Java\t</th><td align="center"><img src="https://jotform.us/images/tick.png" alt="X" />'
    "</td><td>-</td></tr></table>"
)
_UPLOADS = "https://www.jotform.com/uploads/sample_owner/213335607234147/5141380755815289484"
_COURSE = json.dumps(
    {"pid": "1002", "name": "First aid", "description": "Date: January 1, 2026\nTime: 08:00-17:00"}
)
_BILL = json.dumps(
    {
        "product": ["Cake (Amount: 5.00 EUR, Quantity: 2)", "Tea (Amount: 2.00 EUR)"],
        "total": "12.00",
        "currency": "EUR",
    }
)

SHAPES = (
    Shape(
        "textbox",
        "O&#039;Brien",
        "O'Brien",
        found_by=("O\u2019Brien", "o&#39;brien", " O'BRIEN\u200b"),
        not_found_by=("OBrien",),
        given=("O'Brien", "O&#039;Brien", " O'Brien\n"),
        not_given=("O'Brian", "o'brien", ""),
    ),
    Shape(
        "textbox",
        "123.456.789-09",
        "123.456.789-09",
        found_by=("12345678909", "123 456 789 09", "\uff11\uff12\uff13.456.789-09"),
        not_found_by=("12345678900", "2345678909"),
        given=("123.456.789-09", "12345678909"),
        not_given=("123.456.789-08", "12345678900", "123.45678909"),
    ),
    Shape("textbox", "1234.56", "1234.56", given=("1234.56",), not_given=("123456", "12.3456")),
    Shape("textbox", "1 234.56", "1 234.56", not_given=("123456",)),
    Shape("textbox", "-12-345", "-12-345", not_given=("12345",)),
    Shape(
        "textbox",
        "Zoe\u0308",
        "Zoe\u0308",
        found_by=("Zo\u00eb", "ZO\u00cb"),
        not_found_by=("Zoe",),
        given=("Zo\u00eb",),
        not_given=("Zoe",),
    ),
    Shape("textbox", True, "true", given=("true",), not_given=("false",)),
    Shape("textbox", False, "false", given=("false",), not_given=("true", "")),
    Shape(
        "textarea",
        "I&#039;ll come.\r\nGreetings &amp; thanks",
        "I'll come.\r\nGreetings & thanks",
        found_by=("i'll come. greetings & thanks",),
        given=("I'll come.\nGreetings & thanks",),
        not_given=("I'll come.",),
    ),
    Shape("hidden", "a=1&copy=2", "a=1&copy=2", given=("a=1&copy=2",), not_given=("a=1",)),
    Shape(
        "email",
        "Ada@Mail.example",
        "Ada@Mail.example",
        found_by=("ada@mail.example", " ada @mail.example"),
        not_found_by=("ad@mail.example",),
        given=("ada@mail.example",),
        not_given=("eve@mail.example",),
    ),
    Shape("number", 0, "0", given=("0", "0.0"), not_given=("1", "", "-1")),
    Shape(
        "number",
        2.5,
        "2.5",
        found_by=("2.5",),
        not_found_by=("25",),
        given=("2.50",),
        not_given=("25", "2.05"),
    ),
    Shape(
        "number",
        "120.45",
        "120.45",
        not_found_by=("12045",),
        given=("0120.45",),
        not_given=("12045", "1204.5"),
    ),
    Shape("spinner", "3", "3", given=("3", "03"), not_given=("4",)),
    Shape("slider", "70", "70", given=("70",), not_given=("7",)),
    Shape("scale", "4", "4", given=("4",), not_given=("5",)),
    Shape("rating", 5, "5", given=("5",), not_given=("4",)),
    Shape("yesno", "YES", "YES", found_by=("yes",), given=("Yes",), not_given=("No",)),
    Shape("radio", "Not sure, yet", "Not sure, yet", given=("Not sure, yet",), not_given=("Not sure",)),
    Shape(
        "radio",
        {"other": "Chess &amp; draughts"},
        "Chess & draughts",
        given=("Chess & draughts",),
        not_given=("Chess",),
    ),
    Shape("dropdown", "Window", "Window", given=("Window",), not_given=("Aisle",)),
    Shape("dropdown", ["Coach", "Window"], "Coach; Window", given=("Coach,Window",), not_given=("Coach",)),
    Shape(
        "checkbox",
        ["Mathematics", "", "Poetry"],
        "Mathematics; Poetry",
        "Mathematics; Poetry",
        given=("Mathematics,Poetry", "Poetry, Mathematics", "Mathematics; Poetry"),
        not_given=("Mathematics", "Mathematics,Poetry,Art", "Mathematics,Poet", "MathematicsPoetry", ""),
    ),
    Shape(
        "checkbox",
        {"0": "Poetry", "other": "Chess"},
        "Poetry; Chess",
        given=("Poetry,Chess",),
        not_given=("Poetry",),
    ),
    Shape(
        "fullname",
        {"prefix": "Dr", "first": "Ada", "middle": "", "last": "O&#039;Byron", "suffix": "II"},
        "Dr Ada O'Byron II",
        "Dr Ada O&#039;Byron II",
        found_by=("dr ada o\u2019byron ii",),
        parts=(("first", "Ada", "Eve"), ("last", "O'Byron", "Byron")),
    ),
    Shape(
        "fullname",
        {"first": "Anna", "last": "Nagy"},
        "Nagy Anna",
        "Nagy Anna",
        found_by=("anna nagy",),
        parts=(("last", "Nagy", ""),),
    ),
    Shape(
        "phone",
        {"full": "(214) 543-4999"},
        "(214) 543-4999",
        "(214) 543-4999",
        found_by=("2145434999", "214-543 4999"),
        not_found_by=("5434999",),
        given=("2145434999", "214 543 4999"),
        not_given=("2145434998", "214543499"),
        parts=(("full", "2145434999", "2145434990"),),
    ),
    Shape(
        "phone",
        {"area": "214", "phone": "5434999"},
        "(214) 5434999",
        "(214) 5434999",
        found_by=("2145434999",),
        parts=(("phone", "543-4999", "543"),),
    ),
    Shape(
        "phone", {"country": "+44", "area": "", "phone": "0100199"}, "+44 0100199", found_by=("440100199",)
    ),
    Shape(
        "address",
        {
            "addr_line1": "1 High Street",
            "addr_line2": "",
            "city": "Ely",
            "state": "",
            "postal": "CB7 4AA",
            "country": "United Kingdom",
        },
        "1 High Street, Ely, CB7 4AA, United Kingdom",
        "Street Address: 1 High Street<br>City: Ely<br>Postal / Zip Code: CB7 4AA",
        parts=(("city", "Ely", "Eli"), ("postal", " CB7  4AA", "CB74AB")),
    ),
    Shape(
        "datetime",
        {"year": "2016", "day": "29", "month": "07"},
        "29-07-2016",
        "29-07-2016",
        found_by=("2016-07-29", "29.7.2016", "29/07/2016", "July 29, 2016", "29 juli 2016"),
        not_found_by=("2016-07-28", "29-07-2017"),
        given=("2016-07-29", "29.07.2016"),
        not_given=("2016-07-28", "29-08-2016"),
        parts=(("month", "7", "8"), ("day", "29", "28"), ("year", "2016", "16")),
    ),
    Shape(
        "datetime",
        {"month": "04", "day": "01", "year": "2019", "hour": "1", "min": "05", "ampm": "PM"},
        "04-01-2019 1:05 PM",
        "04-01-2019 1:05 PM",
        found_by=("2019-04-01 13:05", "4/1/2019 1:05pm", "2019-04-01 1:05 pm"),
        not_found_by=("01-04-2019 1:05 PM", "2019-01-04 13:05"),
        given=("2019-04-01 1:05 PM", "04/01/2019 13:05"),
        not_given=("2019-04-01 1:05 AM", "01/04/2019 13:05"),
        parts=(("min", "5", "6"), ("ampm", "pm", "am")),
    ),
    Shape(
        "datetime",
        {
            "month": "06",
            "day": "18",
            "year": "2024",
            "timeInput": "01:29",
            "hour": "01",
            "min": "29",
            "ampm": "PM",
            "datetime": "2024-06-18 13:29:00",
        },
        "06-18-2024 01:29 PM",
        "06-18-2024 01:29 PM",
        found_by=("2024-06-18 13:29", "6/18/2024 1:29pm"),
        not_found_by=("2024-06-18 01:29",),
        given=("2024-06-18 1:29 PM",),
        not_given=("2024-06-18 1:29 AM",),
        parts=(("hour", "1", "2"), ("ampm", "pm", "am")),
    ),
    Shape(
        "datetime",
        {"month": "06", "day": "18", "year": "2024", "timeInput": "13:29"},
        "2024-06-18 13:29",
        found_by=("18.06.2024 13:29", "2024-06-18 1:29 pm"),
    ),
    Shape(
        "datetime",
        {"year": "1990", "month": "11", "day": "22", "datetime": "1990-11-22 00:00:00"},
        "1990-11-22",
        found_by=("22.11.1990",),
    ),
    Shape(
        "datetime",
        {"datetime": "1984-02-23 00:00:00"},
        "02-23-1984",
        "02-23-1984",
        found_by=("1984-02-23",),
        not_found_by=("1984-02-24",),
    ),
    Shape(
        "datetime",
        {"month": "4", "day": "16", "year": "2024", "datetime": "2024-04-16 00:00:00"},
        "2024-04-16",
        "04-16-2024-2024-04-16 00:00:00",
    ),
    Shape(
        "birthdate",
        {"month": "January", "day": "1", "year": "1967"},
        "1967-01-01",
        found_by=("1.1.1967", "January 1 1967", "1 January 1967"),
        not_found_by=("1967-01-02",),
        given=("1967-01-01", "1 January 1967"),
        not_given=("1967-02-01",),
        parts=(("month", "1", "2"), ("month", "January", "June")),
    ),
    Shape(
        "birthdate",
        {"month": "Juli", "day": "4", "year": "2001"},
        "Juli 4 2001",
        "Juli 4 2001",
        found_by=("2001-07-04", "4. Juli 2001"),
    ),
    Shape(
        "time",
        {"hourSelect": "23", "minuteSelect": "00"},
        "23:00",
        found_by=("11:00 PM",),
        not_found_by=("11:00",),
        given=("23:00", "11:00 pm"),
        not_given=("11:00",),
        parts=(("minuteSelect", "0", "1"),),
    ),
    Shape("time", {"hourSelect": "0", "minuteSelect": "00"}, "0:00", "0:00", found_by=("00:00",)),
    Shape(
        "time",
        {"hourSelect": "10", "minuteSelect": "5", "ampm": "AM", "timeInput": "10:05"},
        "10:05 AM",
        found_by=("10:05",),
        not_found_by=("22:05",),
    ),
    Shape(
        "time",
        {
            "hourSelect": "9",
            "minuteSelect": "00",
            "ampm": "AM",
            "hourSelectRange": "5",
            "minuteSelectRange": "30",
            "ampmRange": "PM",
        },
        "9:00 AM - 5:30 PM",
    ),
    Shape(
        "appointment",
        {
            "implementation": "new",
            "date": "2026-02-01 18:00",
            "duration": "60",
            "timezone": "Europe/London (GMT)",
        },
        "2026-02-01 18:00, 60 minutes, Europe/London (GMT)",
        found_by=("2026-02-01 18:00", "2026-02-01 6:00 pm"),
        not_found_by=("2026-02-01",),
        parts=(("date", "2026-02-01 18:00", "2026-02-01 19:00"),),
    ),
    Shape(
        "appointment",
        {"implementation": "new", "date": "", "duration": "60", "timezone": "Europe/London (GMT)"},
        "",
    ),
    Shape(
        "matrix",
        {"Java\t": "Proficient", "Scala": "", "Bash": "None"},
        "Java: Proficient; Bash: None",
        _TICKED,
        found_by=("java: proficient; bash: none",),
        not_found_by=("Proficient; None",),
    ),
    Shape(
        "matrix",
        {"country": "Very important", "price": "Not at all"},
        "country: Very important; price: Not at all",
    ),
    Shape(
        "matrix",
        {"Foreman / Mayordomo": '["1","8"]', "Finishers": '["",""]', "Laborers<br />": '["2",""]'},
        "Foreman / Mayordomo: 1, 8; Laborers: 2, -",
    ),
    Shape("matrix", [["", "", ""], ["zaca", "6", "8"], ["", "", ""]], "zaca, 6, 8"),
    Shape("matrix", {"Ada": ["1", "2"], "Bob": {"Mon": "3"}}, "Ada: 1, 2; Bob: 3"),
    Shape("range", {"from": "3", "to": "7"}, "3 - 7"),
    Shape(
        "fileupload",
        [f"{_UPLOADS}/a.png", f"{_UPLOADS}/b%20c.pdf"],
        f"{_UPLOADS}/a.png; {_UPLOADS}/b%20c.pdf",
        f'<a href="{_UPLOADS}/a.png">a.png</a>',
    ),
    Shape("fileupload", f"{_UPLOADS}/a.png", f"{_UPLOADS}/a.png"),
    Shape("fileupload", [], ""),
    Shape(
        "signature",
        f"{_UPLOADS}/5141380755815289484_signature_22.png",
        f"{_UPLOADS}/5141380755815289484_signature_22.png",
    ),
    Shape(
        "payment",
        {"paymentArray": _BILL, "1": _COURSE},
        "Cake (Amount: 5.00 EUR, Quantity: 2); Tea (Amount: 2.00 EUR); total: 12.00 EUR",
    ),
    Shape("stripe", {"1": _COURSE}, "First aid"),
    Shape(
        "paypal", _COURSE, "pid: 1002; name: First aid; description: Date: January 1, 2026\nTime: 08:00-17:00"
    ),
    Shape("square", {"price": "5.00"}, "price: 5.00"),
    Shape(
        "payment",
        {"1": _COURSE},
        "First aid (5.00 EUR); Total 5.00 EUR",
        "<ul><li>First aid (5.00 EUR)</li></ul><br/><b>Total</b>&nbsp;5.00 EUR",
    ),
    Shape("widget", "127", "127", "127", given=("127",), not_given=("128",)),
    Shape("widget", '[{"Name":"Ada","Age":"12"},{"Name":"Bob","Age":""}]', "Name: Ada, Age: 12; Name: Bob"),
    Shape("widget", "[unfinished", "[unfinished"),
    Shape("widget", "x", "Name: Ada; Age: 12", "<p>Name: Ada</p><script>alert(1)</script><p>Age: 12</p>"),
    Shape("inline", {"firstName": "Ada", "1": "Chess", "2": ""}, "firstName: Ada; Chess"),
    Shape("grading", ["3", "4"], "3; 4"),
    Shape("autoincrement", "0042", "0042", not_found_by=("42",), given=("0042",), not_given=("42",)),
    Shape(
        "unheard_of",
        {"left": "1", "right": {"up": ["a", "b"], "down": 0}},
        "left: 1; right: up: a, b, down: 0",
    ),
    Shape("unheard_of", {"left": "1"}, "One to the left", "One to the <b>left</b>"),
    Shape("unheard_of", "as it is", "as it is", given=("as it is",), not_given=("as it was",)),
)


def shapes_and(what: str) -> list[tuple[Shape, Any]]:
    """Return each shape with each of its ways to be asked for, or filled in."""
    return [(shape, one) for shape in SHAPES for one in getattr(shape, what)]
