"""Access codes: made, printed, read forgivingly, and kept as keyed fingerprints.

A code is ten random symbols (50 bits) and two check symbols, each standing for an element of GF(32), the
field of x^5 + x^2 + 1. With `a` a root of that polynomial and d_1 .. d_10 the random symbols, the check
symbols are the sum of a^i d_i and the sum of a^(2i) d_i: a Reed-Solomon code of distance 3. So no mistake in
one or two symbols, and no swap of two, turns one code into another, and a typo differs from a guess without a
look-up. (Of wilder mistakes, such as two groups exchanged, one in 1,024 goes unnoticed.)

Everything here is a pure function but for the random bytes, which come from `secrets`.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
import struct
import unicodedata
from collections.abc import Iterator
from enum import Enum
from functools import cache

from jotgate.frozen import frozen

#: Digits and capital letters without I, L, O and U (Crockford's base 32). A symbol's place is its value.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DATA_SYMBOLS = 10
CODE_SYMBOLS = 12
#: Longer texts are not looked into. A printed code has 14 characters; the rest is room for stray spaces.
MAX_TEXT_CHARS = 100
FINGERPRINT_BYTES = 16

#: What `made_of` takes.
BYTES_PER_CODE = 10
_CODES_PER_DRAW = 4096


class CodeText(str):
    """The canonical twelve symbols of a well-formed code: capital letters and digits, no separators.

    Only `parse`, `made_of` and the two generators make one. Whether it was ever given out is for the store to
    say. It is a string in every respect but its `repr`, which keeps the code out of tracebacks and logs.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "CodeText(<hidden>)"


class Hint(Enum):
    """Why a text cannot be a code, for a sentence that helps the person who typed it."""

    EMPTY = "empty"  #: nothing but separators.
    TOO_SHORT = "too_short"  #: fewer than twelve symbols.
    TOO_LONG = "too_long"  #: more than twelve symbols.
    FOREIGN_SYMBOL = "foreign_symbol"  #: twelve symbols, one of which no code has.
    TWO_READINGS = "two_readings"  #: twelve symbols, one of which may stand for either of two.
    CHECK_FAILED = "check_failed"  #: twelve symbols that do not belong together.


@frozen
class Mistyped:
    """A text that cannot be a code; nobody looked it up, and it does not count as a guess."""

    hint: Hint
    #: With FOREIGN_SYMBOL and TWO_READINGS, the first such symbol, a plain letter capitalised, or spelled like
    #: `U+0007` if it cannot be shown; empty with every other hint. A stranger typed it: escape it.
    symbol: str = ""


def _powers_of_a() -> tuple[int, ...]:
    """Return a^0 .. a^30 in GF(32), whose elements are 5-bit numbers."""
    powers = [1]
    while len(powers) < 31:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0b100101 if doubled & 0b100000 else doubled)
    return tuple(powers)


def _check_shares() -> tuple[tuple[int, ...], ...]:
    """Return what each value at each data position adds to the check symbols, as one 10-bit number."""
    powers = _powers_of_a()
    log = {element: exponent for exponent, element in enumerate(powers)}

    def share(position: int, value: int) -> int:
        if not value:
            return 0
        first = powers[(log[value] + position) % 31]
        second = powers[(log[value] + 2 * position) % 31]
        return first << 5 | second

    return tuple(
        tuple(share(position, value) for value in range(32)) for position in range(1, DATA_SYMBOLS + 1)
    )


# Made with the first new code: processes that only read codes have no use for these.
@cache
def _pair_shares() -> tuple[tuple[int, ...], ...]:
    """Return the same for the five pairs of neighbours: one look-up for two symbols."""
    return tuple(
        tuple(left[pair >> 5] ^ right[pair & 31] for pair in range(1024))
        for left, right in zip(_CHECK_SHARES[::2], _CHECK_SHARES[1::2], strict=True)
    )


@cache
def _pairs() -> tuple[str, ...]:
    return tuple(left + right for left in ALPHABET for right in ALPHABET)


def _folding() -> dict[int, str | None]:
    """Return the symbol to read for each ASCII character; one that is not listed stays as it is."""
    folding: dict[int, str | None] = {ord(lower): lower.upper() for lower in string.ascii_lowercase}
    folding |= dict.fromkeys(map(ord, "Oo"), "0")
    folding |= dict.fromkeys(map(ord, "IiLl"), "1")
    return folding | dict.fromkeys(map(ord, string.whitespace + "-._"), None)


_CHECK_SHARES = _check_shares()
_FOLDING = _folding()
_VALUES = bytes(max(ALPHABET.find(chr(byte)), 0) for byte in range(256))
#: Minus, middle dots, and what Japanese keyboards give for a hyphen and a full stop.
_SEPARATORS = "\u2212\u00b7\u2022\u30fb\u3002\u30fc"
#: Letters of other scripts that look like one of our symbols, whether small or capital. Turkish keyboards have two
#: letters I, and neither is the ASCII one in both cases.
_LOOK_ALIKES = dict(
    zip(
        "\u0130\u0131АВЕЅЗКМНОРСТУХІЈӀԚԜҮавеѕзкмнорстухіјӏԛԝүΑΒΕΖΗΙΚΜΝΟΡΤΥΧͿαβεζικμορτχϳ",
        "11ABES3KMH0PCTYX1J1QWYABES3KMH0PCTYX1J1QWYABEZH1KMN0PTYXJABEZ1KM0PTXJ",
        strict=True,
    )
)
#: Small Greek eta, nu and upsilon look like n, v and u or v, and their capitals like H, N and Y.
_TWO_READINGS = frozenset("ηνυ")
#: A link's `#code=` is a label, too.
_LABEL = re.compile(r".*[:=]", re.DOTALL)
_CORE = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
#: Spaces, line ends, dashes of all kinds, and invisible marks that come along when a code is copied.
_SEPARATOR_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf"})


def generate() -> CodeText:
    """Make one new code from 50 bits of the operating system's randomness."""
    return next(generate_many(1))


def generate_many(count: int) -> Iterator[CodeText]:
    """Make `count` new codes, a few thousand at a time, so that a million need no more memory than one.

    Codes are drawn independently: that a million hold the same one twice has odds of 1 in 2,000. The store's
    unique index keeps them apart, within a batch and from earlier ones; who stores a code tries another one
    then.
    """
    while count > 0:
        drawn = min(count, _CODES_PER_DRAW)
        count -= drawn
        yield from _made_of(secrets.token_bytes(drawn * BYTES_PER_CODE))


def made_of(random: bytes) -> CodeText:
    """Return the code that `BYTES_PER_CODE` random bytes make."""
    return next(_made_of(random))


def _made_of(random: bytes) -> Iterator[CodeText]:
    first, second, third, fourth, fifth = _pair_shares()
    pairs = _pairs()
    for a, b, c, d, e in struct.iter_unpack("<5H", random):
        a, b, c, d, e = a & 1023, b & 1023, c & 1023, d & 1023, e & 1023
        check = first[a] ^ second[b] ^ third[c] ^ fourth[d] ^ fifth[e]
        yield CodeText(f"{pairs[a]}{pairs[b]}{pairs[c]}{pairs[d]}{pairs[e]}{pairs[check]}")


def parse(text: str) -> CodeText | Mistyped:
    """Read what a person typed. Total: any string gives one of the two values.

    Forgiven are case, O for 0, I and L for 1, spaces, hyphens, dots and underscores anywhere, full-width
    forms, the decimal digits of any script, Cyrillic and Greek letters that look like one of our symbols, and
    what people copy along: quotes, brackets and other marks around the code, and a label such as "Code:" in
    front of it. Nothing else is guessed at: a letter that looks like two of our symbols is asked about, and a
    `CodeText` agrees with its own check symbols.
    """
    if len(text) > MAX_TEXT_CHARS:
        return Mistyped(hint=Hint.TOO_LONG)
    plain = text if text.isascii() else _in_ascii(text)
    symbols = plain.translate(_FOLDING)
    if len(symbols) != CODE_SYMBOLS:
        symbols = _unwrapped(plain).translate(_FOLDING)
    if len(symbols) != CODE_SYMBOLS:
        return Mistyped(hint=_length_hint(len(symbols)))
    if foreign := symbols.lstrip(ALPHABET):
        hint = Hint.TWO_READINGS if foreign[0] in _TWO_READINGS else Hint.FOREIGN_SYMBOL
        return Mistyped(hint=hint, symbol=_showable(foreign[0]))
    values = symbols.encode("ascii").translate(_VALUES)
    check = values[10] << 5 | values[11]
    for shares, value in zip(_CHECK_SHARES, values[:DATA_SYMBOLS], strict=True):
        check ^= shares[value]
    return Mistyped(hint=Hint.CHECK_FAILED) if check else CodeText(symbols)


def printed(code: str) -> str:
    """Return a canonical code as it is printed and shown, `XXXX-XXXX-XXXX`."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def fingerprint(code: CodeText, key: bytes) -> bytes:
    """Return the 16 bytes under which the store knows a code: HMAC-SHA-256 (RFC 2104), cut in half.

    The key must serve this purpose only; keeping purposes apart is for who holds the keys. Without the key, a
    fingerprint tells nothing about its code.
    """
    return hmac.digest(key, code.encode("ascii"), "sha256")[:FINGERPRINT_BYTES]


def _in_ascii(text: str) -> str:
    """Replace what has a plain equivalent and drop what only separates; the rest stays, to be shown."""
    return "".join(map(_plain, unicodedata.normalize("NFKC", text)))


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character in _SEPARATORS or unicodedata.category(character) in _SEPARATOR_CATEGORIES:
        return ""
    return _LOOK_ALIKES.get(character, character)


def _unwrapped(text: str) -> str:
    """Return what follows the last colon or equals sign, without the marks around it.

    Two mistyped symbols cannot turn into marks or a label and leave a code behind: twelve symbols must remain.
    """
    return _core(_LABEL.sub("", _core(text)))


def _core(text: str) -> str:
    core = _CORE.search(text)
    return core[0] if core else ""


def _length_hint(length: int) -> Hint:
    if not length:
        return Hint.EMPTY
    return Hint.TOO_SHORT if length < CODE_SYMBOLS else Hint.TOO_LONG


def _showable(symbol: str) -> str:
    return symbol if symbol.isprintable() else f"U+{ord(symbol):04X}"
