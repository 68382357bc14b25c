"""Answers as they are looked up: two spellings that a person at a desk takes for the same are the same here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from jotgate.answers import dates
from jotgate.signed.keyring import CodeKeys
from jotgate.spelling import INVISIBLE, normal_form, without_entities

FINGERPRINT_BYTES = 16

_PURPOSE = "lookup"
#: Typographic marks, and what keyboards have for them; nothing for what nobody sees.
_SEEN = INVISIBLE | str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4\u0060\uff07", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d", "-")
)
_DIGIT = re.compile(r"[0-9]")
_OTHER_DIGIT = r"[^\D0-9]"
#: Digits with the marks that offices and masks put between them: telephone numbers, numbers of documents.
_MARKED_NUMBER = re.compile(r"[+(]?[0-9][0-9 ()./-]*")
#: One mark before one or two last digits parts the cents off.
_AMOUNT = r"[0-9]+[.,][0-9]{1,2}"
#: Shorter numbers with marks are places and ranges: room 2-14 is not room 214.
_LEAST_DIGITS = 5


def normalised(text: str, kind: str = "") -> str:
    """Return *text* as it is looked up, "" if nothing can be found by it.

    *kind* is one of `jotgate.policy.LOOKUP_KINDS`, or "": what the text looks like says how it is compared.
    """
    return _exact(text) if kind == "exact" else KINDS[kind](_plain(text))


def fingerprints(
    code_keys: CodeKeys, form_id: str, name: str, text: str, kind: str = ""
) -> tuple[bytes, ...]:
    """Return the 16 bytes that stand for *text* in field *name* of JotForm's form, under every code key, newest first.

    Texts that `normalised` makes equal have the same ones. None for a text by which nothing can be found. Without
    the key, a fingerprint tells nothing, not even that another field holds the same.
    """
    normal = normalised(text, kind)
    return _fingerprints(code_keys, form_id, name, normal) if normal else ()


def asked_for(code_keys: CodeKeys, form_id: str, name: str, text: str, kind: str = "") -> tuple[bytes, ...]:
    """Return the fingerprints under which an answer that is asked for may be kept.

    Rows that were kept before texts were compared as they are now are found by the spelling that they had.
    """
    if kind == "exact":
        return fingerprints(code_keys, form_id, name, text, kind)
    plain = _plain(text)
    wanted = KINDS[kind](plain)
    found = _fingerprints(code_keys, form_id, name, wanted) if wanted else ()
    earlier = plain if text.isascii() and "&" not in text and "`" not in text else _as_before(text)
    return found if earlier == wanted else found + _fingerprints(code_keys, form_id, name, earlier)


def fingerprint(code_keys: CodeKeys, form_id: str, name: str, text: str) -> bytes:
    """Return what is kept of a text that is `normalised`: its fingerprint under the newest code key."""
    return code_keys.mac(_PURPOSE, _message(form_id, name, text))[:FINGERPRINT_BYTES]


def _fingerprints(code_keys: CodeKeys, form_id: str, name: str, text: str) -> tuple[bytes, ...]:
    message = _message(form_id, name, text)
    return tuple([mac[:FINGERPRINT_BYTES] for mac in code_keys.macs(_PURPOSE, message)])


def _message(form_id: str, name: str, text: str) -> bytes:
    return "\0".join((form_id, name, text)).encode("utf-8", "surrogatepass")


def _as_before(text: str) -> str:
    if not text.isascii():
        text = normal_form("NFKC", text)
    text = " ".join(text.casefold().split())
    return text if text.isascii() else normal_form("NFKC", text)


def _plain(text: str) -> str:
    """Return plain forms (NFKC) of small letters, keyboards' marks and digits, single blanks, nothing invisible."""
    text = without_entities(text)
    if text.isascii():
        return " ".join(text.casefold().replace("`", "'").split())
    text = text.translate(_SEEN)
    if not text.isascii():
        text = normal_form("NFKC", text).translate(_SEEN)
        text = normal_form("NFKC", text.casefold())
        text = re.sub(_OTHER_DIGIT, lambda found: str(unicodedata.decimal(found[0])), text)
    return " ".join(text.casefold().split())


def _by_its_looks(text: str) -> str:
    if text.isdecimal():
        return text
    if "@" in text:
        return _email(text)
    if _may_be_moment(text) and (moment := dates.spelled(text)):
        return moment
    if text[:1] in "+(0123456789" and _MARKED_NUMBER.fullmatch(text) and not re.fullmatch(_AMOUNT, text):
        digits = _digits(text)
        return digits if len(digits) >= _LEAST_DIGITS else text
    return text


def _may_be_moment(text: str) -> bool:
    """Say whether *text* begins or ends with a year, or has a colon. Much cheaper than to read it."""
    ends = text[-4:].isdecimal() and not text[-5:-4].isdecimal()
    return ends or ":" in text or (text[:4].isdecimal() and not text[4:5].isdecimal())


def _digits(text: str) -> str:
    return "".join(_DIGIT.findall(text))


def _email(text: str) -> str:
    return text.replace(" ", "").removeprefix("mailto:")


def _exact(text: str) -> str:
    return normal_form("NFC", without_entities(text)).strip()


def _same(text: str) -> str:
    return text


#: How a plain text is compared, by kind; ``exact`` is for texts as they came.
KINDS: Mapping[str, Callable[[str], str]] = {
    "": _by_its_looks,
    "text": _same,
    "digits": _digits,
    "date": lambda text: dates.spelled(text) or text,
    "email": _email,
}
