"""The types of questions that JotForm offers: how an answer to each reads, and when it came back as it was given.

Read, shown, exported, looked up, locked: everything that is done with an answer goes by this table. The shapes in it
were seen in answers of JotForm's API that others captured. A type that is not in it shows every part with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from jotgate.answers import locks, readings
from jotgate.answers.locks import Lock
from jotgate.frozen import frozen
from jotgate.spelling import without_entities, without_markup

#: Whether JotForm's `prettyFormat` is what people see of an answer: "never" where it is a table, links or labels in
#: HTML, whose text says less than the answer; "plain" as long as it is plain text; "always", without its markup.
Pretty = Literal["never", "plain", "always"]


@frozen
class AnswerType:
    """One way in which answers come."""

    #: The answer as a text; "" if there is none.
    read: Callable[[object], str]
    pretty: Pretty = "never"
    #: What of the answer it is found by, if that is less than the text.
    sought: Callable[[object], str] | None = None
    #: Whether it is a date or a time, which the form spells in its own way.
    is_moment: bool = False
    #: Whether an answer that comes as a list is shown as a list.
    is_list: bool = False
    #: Whether what was filled in came back.
    lock: Lock = locks.text
    #: The same for one part, such as ``date[month]``.
    part_lock: Lock = locks.text

    @property
    def is_read_one_way(self) -> bool:
        """Say whether all forms spell an answer in the same way."""
        return self.pretty == "never"

    def shown(self, answer: object, pretty: object) -> str:
        """Return what people see of an answer, *pretty* being its `prettyFormat`."""
        # One that only repeats the answer says no more than it.
        if isinstance(pretty, str) and self.pretty != "never" and pretty != answer:
            return self._pretty(pretty) or self.read(answer)
        return self.read(answer)

    def _pretty(self, pretty: str) -> str:
        if self.pretty == "plain" and "<" in pretty:
            return ""
        # Where an answer also has the moment as its database spells it, that may stand at the end once more.
        if self.is_moment and pretty.endswith(" 00:00:00"):
            return ""
        return without_markup(pretty) if "<" in pretty else without_entities(pretty).strip()


#: Of any type that is not in the table: each part with its name, unless JotForm says how it reads.
OTHER = AnswerType(read=readings.every_part, pretty="always", is_list=True)

# As "Ada", 7, true
_TEXT = AnswerType(read=readings.every_part, lock=locks.written)
_EMAIL = AnswerType(read=readings.every_part, lock=locks.email)
# As "5", 5, 0, 2.5
_NUMBER = AnswerType(read=readings.every_part, lock=locks.number)
# As "Male"; ["Mathematics", "Poetry"]; {"other": "Chess"}; {"0": "Poetry", "other": "Chess"}
_CHOICE = AnswerType(read=readings.choices, is_list=True, lock=locks.choice, part_lock=locks.choice)
# As {"prefix": "Dr", "first": "Ada", "last": "Byron"}
_NAME = AnswerType(read=readings.name, pretty="plain")
# As {"full": "(214) 543-4999"}; {"country": "+1", "area": "214", "phone": "5434999"}
_PHONE = AnswerType(read=readings.phone, pretty="plain", lock=locks.phone, part_lock=locks.phone)
# As {"addr_line1": "1 High Street", "city": "Ely", "postal": "CB7"}; its prettyFormat labels each part, line by line
_ADDRESS = AnswerType(read=readings.address)
# As {"year": "2019", "month": "04", "day": "01", "hour": "1", "min": "00", "ampm": "AM", "datetime": "..."};
#    {"month": "January", "day": "1", "year": "1967"}; the forms' prettyFormats: 04-01-2019, 29-07-2016, January 1 1967
_DATE = AnswerType(
    read=readings.date,
    pretty="plain",
    is_moment=True,
    lock=locks.moment,
    part_lock=locks.part_of_moment,
)
# As {"hourSelect": "23", "minuteSelect": "00"}; {"hourSelect": "10", "minuteSelect": "30", "ampm": "AM"}
_TIME = AnswerType(
    read=readings.time,
    pretty="plain",
    is_moment=True,
    lock=locks.moment,
    part_lock=locks.part_of_moment,
)
# As {"implementation": "new", "date": "2026-02-01 18:00", "duration": "60", "timezone": "Europe/London (GMT)"}
_APPOINTMENT = AnswerType(
    read=readings.appointment, sought=readings.appointment_start, pretty="plain", is_moment=True
)
# As {"Java": "Proficient", "Scala": ""}; {"Foreman<br />": "[\"1\",\"8\"]"}; [["FAULT", "F12"], ["OK", ""]]
_MATRIX = AnswerType(read=readings.matrix)
# As {"from": "3", "to": "7"}
_RANGE = AnswerType(read=readings.limits, pretty="plain")
# As "https://..."; ["https://...", "https://..."]; its prettyFormat is links
_FILES = AnswerType(read=readings.choices, is_list=True)
# As {"paymentArray": "{\"product\":[\"Cake (Amount: 5.00 EUR)\"],\"total\":\"5.00\",\"currency\":\"EUR\"}"};
# As {"1": "{\"pid\":\"1002\",\"name\":\"Course\"}"}; {"price": "5.00"}
_PAYMENT = AnswerType(read=readings.payment, pretty="always")
# As "127"; "[{\"Name\":\"Ada\",\"Age\":\"12\"}]"
_WIDGET = AnswerType(read=readings.packed, pretty="always")
# As {"firstName": "Ada", "1": "Chess"}; ["Ada", "Chess"]
_BLANKS = AnswerType(read=readings.every_part, pretty="always")


_GATEWAYS = (
    "payment paypal paypalpro paypalexpress paypalcomplete paypalSPB stripe stripeACH stripeCheckout square authnet"
    " braintree 2co worldpay worldpayus clickbank googleco onebip mollie payu paymill paysafe payfast payjunction"
    " bluepay bluesnap cardconnect chargify cybersource dwolla echeck eway firstdata gocardless iyzico moneris"
    " pagseguro skrill sensepass afterpay purchaseOrder"
)


def _table(rows: Iterable[tuple[AnswerType, str]]) -> Mapping[str, AnswerType]:
    return {f"control_{name}": one for one, names in rows for name in names.split()}


TYPES: Mapping[str, AnswerType] = _table(
    [
        (
            _TEXT,
            "textbox textarea hidden autoincrement autocomp calculation passwordbox location signature captcha",
        ),
        (_EMAIL, "email"),
        (_NUMBER, "number spinner slider scale rating"),
        (_CHOICE, "checkbox radio dropdown yesno"),
        (_NAME, "fullname"),
        (_PHONE, "phone"),
        (_ADDRESS, "address"),
        (_DATE, "datetime birthdate"),
        (_TIME, "time"),
        (_APPOINTMENT, "appointment"),
        (_MATRIX, "matrix inputtable"),
        (_RANGE, "range"),
        (_FILES, "fileupload image"),
        (_WIDGET, "widget"),
        (_BLANKS, "inline mixed grading"),
        (_PAYMENT, _GATEWAYS),
    ]
)


def type_of(row: Mapping[str, object]) -> AnswerType:
    """Return the type of the question in *row*, as JotForm's map of answers has it."""
    name = row.get("type")
    return TYPES.get(name, OTHER) if isinstance(name, str) else OTHER


def is_answered(row: Mapping[str, object]) -> bool:
    """Say whether a question has an answer. 0 and false are answers; "", [], {} and null are none."""
    answer = row.get("answer")
    return bool(answer) or answer == 0
