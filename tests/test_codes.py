"""Access codes: every small mistake is recognised, every forgivable spelling is read, nothing crashes."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import pickle
import random
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate import codes
from jotgate.codes import ALPHABET, CodeText, Hint, Mistyped

KEY = b"a key of thirty-two bytes, or so"
FULL_WIDTH = {ord(symbol): ord(symbol) - 0x21 + 0xFF01 for symbol in ALPHABET + ALPHABET.lower()}
DIGITS = {
    "Arabic-Indic": "٠١٢٣٤٥٦٧٨٩",
    "Extended Arabic-Indic": "۰۱۲۳۴۵۶۷۸۹",
    "Devanagari": "०१२३४५६७८९",
    "full-width": "０１２３４５６７８９",
}
CYRILLIC = {"A": "Аа", "B": "Вв", "C": "Сс", "E": "Ее", "H": "Нн", "K": "Кк", "M": "Мм", "P": "Рр", "T": "Тт"}
CYRILLIC |= {"0": "Оо", "1": "Іі", "3": "Зз", "J": "Јј", "S": "Ѕѕ", "X": "Хх", "Y": "Уу"}
GREEK = {"A": "Αα", "B": "Ββ", "E": "Εε", "H": "Η", "K": "Κκ", "M": "Μμµ", "N": "Ν", "P": "Ρρ", "T": "Ττ"}
GREEK |= {"0": "Οο", "1": "Ιι", "X": "Χχ", "Y": "Υ", "Z": "Ζζ"}
SPELLINGS_OF = {"0": "0Oo", "1": "1IiLl\u0130\u0131"} | {s: s + s.lower() for s in ALPHABET[2:]}
SEPARATORS = ["", " ", "-", "--", ".", "_", "\t", "\r\n", "\u00a0", "\u2009", "\u200b", "\u2010", "\u2011"]
SEPARATORS += [
    "\u2013",
    "\u2014",
    "\u2212",
    "\u00b7",
    "\uff0d",
    "\u30fc",
    "\u3000",
    "\ufeff",
    "\u202a",
    "\u00ad",
]


def times_a(element: int) -> int:
    """Multiply by a root of x^5 + x^2 + 1 in GF(32)."""
    return (element << 1) ^ (37 if element > 15 else 0)


def coded(data: list[int]) -> str:
    """Append the check symbols by Horner's rule, without the tables under test."""
    first = second = 0
    for value in reversed(data):
        first = times_a(first ^ value)
        second = times_a(times_a(second ^ value))
    return "".join(ALPHABET[value] for value in [*data, first, second])


DATA = st.lists(st.integers(0, 31), min_size=10, max_size=10)
CODES = DATA.map(coded)


def added(code: str, error: dict[int, int]) -> str:
    """Add field elements (an exclusive or of values) to the symbols at some positions."""
    return "".join(ALPHABET[ALPHABET.index(s) ^ error.get(i, 0)] for i, s in enumerate(code))


def small_errors() -> Iterator[dict[int, int]]:
    """Give every error pattern of one and of two symbols: 12 * 31 + 66 * 31 * 31."""
    for place, size in itertools.product(range(12), range(1, 32)):
        yield {place: size}
    for one, other in itertools.combinations(range(12), 2):
        for first, second in itertools.product(range(1, 32), repeat=2):
            yield {one: first, other: second}


def test_the_alphabet_is_the_digits_and_letters_that_cannot_be_confused() -> None:
    """32 different symbols (five bits each), and none of I, L, O and U."""
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    assert ALPHABET.isalnum()
    assert ALPHABET.isupper()
    assert not set(ALPHABET) & set("ILOU")


def test_the_sum_of_two_codes_is_a_code() -> None:
    """Codes are a linear code, so what holds for errors on one code holds for the same errors on all."""
    for one, other in zip(codes.generate_many(500), codes.generate_many(500), strict=True):
        error = {i: ALPHABET.index(symbol) for i, symbol in enumerate(other)}
        assert isinstance(codes.parse(added(one, error)), CodeText)


@pytest.mark.parametrize("code", ["0" * 12, coded([*range(10)]), coded([*range(31, 11, -2)])])
def test_every_mistake_in_one_or_two_symbols_is_recognised(code: str) -> None:
    """All 63,798 error patterns of weight one and two fail the check, on the zero code and on real ones."""
    assert codes.parse(code) == code
    patterns = 0
    for error in small_errors():
        assert codes.parse(added(code, error)) == Mistyped(hint=Hint.CHECK_FAILED)
        patterns += 1
    assert patterns == 12 * 31 + 66 * 31 * 31


@given(CODES)
def test_every_swap_of_two_different_symbols_is_recognised(code: str) -> None:
    """Two symbols exchanged, neighbours or not, are a mistake in two symbols."""
    for one, other in itertools.combinations(range(12), 2):
        swapped = list(code)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        if code[one] != code[other]:
            assert codes.parse("".join(swapped)) == Mistyped(hint=Hint.CHECK_FAILED)


@given(DATA)
def test_generated_codes_have_the_documented_check_symbols(data: list[int]) -> None:
    """The tables agree with arithmetic in GF(32) done step by step, in reading and in making codes."""
    assert codes.parse(coded(data)) == coded(data)
    code = codes.generate()
    assert coded([ALPHABET.index(symbol) for symbol in code[:10]]) == code


def test_wilder_mistakes_are_recognised_but_for_one_in_a_thousand() -> None:
    """Exchanged groups and random symbols pass the two check symbols by chance only (20 in 20,000)."""
    noise = random.Random(7)
    exchanged = [code[4:8] + code[:4] + code[8:] for code in codes.generate_many(20_000)]
    guessed = ["".join(noise.choices(ALPHABET, k=12)) for _ in range(20_000)]
    for texts in exchanged, guessed:
        assert sum(isinstance(codes.parse(text), CodeText) for text in texts) < 60


def test_every_symbol_occurs_at_every_data_position_as_often_as_the_others() -> None:
    """50 bits of entropy: over 10^5 codes no position prefers a symbol (3,125 of each expected)."""
    drawn = list(codes.generate_many(100_000))
    assert len(set(drawn)) == len(drawn) == 100_000
    for position in range(12):
        column = [code[position] for code in drawn]
        counts = [column.count(symbol) for symbol in ALPHABET]
        assert all(2_625 < count < 3_625 for count in counts)


def test_a_large_batch_is_made_in_bounded_memory() -> None:
    """20,000 codes that nobody keeps leave a peak far under what keeping them would need."""
    tracemalloc.start()
    try:
        made = sum(1 for _ in codes.generate_many(20_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made == 20_000
    assert peak < 500_000


@pytest.mark.parametrize("count", [0, 1, 4095, 4096, 4097, 8192])
def test_a_batch_has_exactly_as_many_codes_as_asked_for(count: int) -> None:
    """The borders of the chunks that randomness is drawn in lose and add none."""
    assert sum(1 for _ in codes.generate_many(count)) == count


@given(CODES, st.data())
def test_a_code_is_read_in_every_forgivable_spelling(code: str, data: st.DataObject) -> None:
    """Case, O/0, I/L/1, and separators of all kinds anywhere make no difference."""
    typed = data.draw(st.sampled_from(SEPARATORS))
    for symbol in code:
        typed += data.draw(st.sampled_from(SPELLINGS_OF[symbol])) + data.draw(st.sampled_from(SEPARATORS))
    assert codes.parse(typed) == code


@given(CODES)
def test_a_code_is_read_from_keyboards_of_other_scripts(code: str) -> None:
    """Full-width letters and digits, and the digits of other scripts, stand for the plain ones."""
    assert codes.parse(codes.printed(code).translate(FULL_WIDTH)) == code
    assert codes.parse(code.lower().translate(FULL_WIDTH)) == code
    for digits in DIGITS.values():
        assert codes.parse(codes.printed(code).translate(str.maketrans("0123456789", digits))) == code


@given(CODES, st.data())
def test_a_code_is_read_in_letters_that_look_like_its_own(code: str, data: st.DataObject) -> None:
    """Cyrillic and Greek keyboards have letters that look like ours, small and capital; they may be mixed."""
    looks = {s: s + CYRILLIC.get(s, "") + GREEK.get(s, "") for s in ALPHABET}
    typed = "".join(data.draw(st.sampled_from(looks[symbol])) for symbol in code)
    assert codes.parse(typed) == codes.parse(codes.printed(typed)) == code


@given(st.text("".join([ALPHABET, *CYRILLIC.values(), *GREEK.values()]), min_size=12, max_size=12))
def test_small_and_capital_letters_never_make_two_codes_of_one_text(text: str) -> None:
    """A letter has one reading, whatever becomes of its case on the way."""
    assert codes.parse(text) == codes.parse(text.upper())


@pytest.mark.parametrize("letter", ["η", "ν", "υ"])
def test_a_letter_that_looks_like_two_symbols_is_asked_about(letter: str) -> None:
    """A small Greek nu looks like v, and its capital like N: jotgate does not choose."""
    asked = Mistyped(hint=Hint.TWO_READINGS, symbol=letter)
    assert codes.parse(f"0000-0000-000{letter}") == asked
    assert codes.parse(f"0000-0000-00{letter}U") == asked


WRAPPINGS = [
    '"{}"',
    "'{}'",
    "({})",
    "[{}]",
    "<{}>",
    "«{}»",
    "„{}“",
    "\u2018{}\u2019",
    "「{}」",
    "**{}**",
    "`{}`",
    "({}).",
    "“{}”!",
]
LABELS = [
    "Code: {}",
    "code:{}",
    "Your access code: {}.",
    "Code d’accès : {}",
    "Zugangscode:\t({})",
    "CODE：{}",
    "Code = {}",
]
LABELS += ["https://school.example/jotgate/f/students#code={}", "Ann: code: “{}”,", "- Код: {};"]


@pytest.mark.parametrize("around", ["{}.", "\u2705 {}", *WRAPPINGS, *LABELS])
@given(CODES)
def test_what_people_copy_along_with_a_code_is_forgiven(around: str, code: str) -> None:
    """Quotes, brackets, a label that ends in a colon, and a full stop around a right code make no difference."""
    assert codes.parse(around.format(codes.printed(code))) == code
    assert codes.parse(around.format(code.lower())) == code


def test_a_printed_code_has_three_groups_of_four() -> None:
    """The printed form is the canonical one with two hyphens, and is read back."""
    code = codes.generate()
    shown = codes.printed(code)
    assert [len(group) for group in shown.split("-")] == [4, 4, 4]
    assert shown.replace("-", "") == code
    assert codes.parse(shown) == code


@pytest.mark.parametrize(
    ("text", "hint", "symbol"),
    [
        ("", Hint.EMPTY, ""),
        (" - \u200b\u2014\n", Hint.EMPTY, ""),
        ("ABC", Hint.TOO_SHORT, ""),
        ("0000-0000-000", Hint.TOO_SHORT, ""),
        ("0000-0000-0000-0", Hint.TOO_LONG, ""),
        ("-" * 101, Hint.TOO_LONG, ""),
        ("0" * 10_000_000, Hint.TOO_LONG, ""),
        ("\ufdfa" * 100, Hint.TOO_LONG, ""),
        ("0000-u000-000!", Hint.FOREIGN_SYMBOL, "U"),
        ("0000-0000-000\u00e9", Hint.FOREIGN_SYMBOL, "\u00e9"),
        ("0000-0000-000\u00df", Hint.FOREIGN_SYMBOL, "\u00df"),
        ("0000-0000-000\u042f", Hint.FOREIGN_SYMBOL, "\u042f"),
        ("0000-0000-000\u0410", Hint.CHECK_FAILED, ""),
        ("0000-0000-000\x00", Hint.FOREIGN_SYMBOL, "U+0000"),
        ("0000-0000-000\ud800", Hint.FOREIGN_SYMBOL, "U+D800"),
        ("0000-0000-0001", Hint.CHECK_FAILED, ""),
        ('"0000-0000-0001"', Hint.CHECK_FAILED, ""),
        ("Code: 0000-0000-00u0", Hint.FOREIGN_SYMBOL, "U"),
        ("(0000-0000-000)", Hint.TOO_SHORT, ""),
        ('"" :', Hint.EMPTY, ""),
        ("Ann 0000-0000-0000", Hint.TOO_LONG, ""),
        ("0000:0000:0000", Hint.TOO_SHORT, ""),
    ],
)
def test_a_mistyped_code_says_what_is_wrong_with_it(text: str, hint: Hint, symbol: str) -> None:
    """Each way of being no code has its hint, and a symbol that no code has is named."""
    assert codes.parse(text) == Mistyped(hint=hint, symbol=symbol)


UNICODE = st.text(st.characters(codec=None), max_size=120)  # lone surrogates included


@given(st.one_of(UNICODE, st.text(ALPHABET + "ilou- \u00e9\u0661\uff21", min_size=10, max_size=16)))
def test_any_text_is_read_or_refused_without_an_exception(text: str) -> None:
    """Whatever is typed gives a value, and what is shown of it can be sent as UTF-8."""
    match codes.parse(text):
        case CodeText() as code:
            assert len(code) == 12
            assert set(code) <= set(ALPHABET)
            assert codes.parse(codes.printed(code)) == code
        case Mistyped(hint=hint, symbol=symbol):
            assert bool(symbol) == (hint in (Hint.FOREIGN_SYMBOL, Hint.TWO_READINGS))
            assert symbol.isprintable()
            symbol.encode("utf-8")


def test_a_fingerprint_is_half_an_hmac_of_the_canonical_code() -> None:
    """The stored form is fixed for good: printed cards outlive releases."""
    code = codes.parse("0000-0000-0000")
    assert isinstance(code, CodeText)
    expected = hmac.new(KEY, b"000000000000", hashlib.sha256).digest()[:16]
    assert codes.fingerprint(code, KEY) == expected
    assert codes.fingerprint(code, KEY + b"!") != expected


def test_the_check_symbols_never_change_between_releases() -> None:
    """Codes printed by this release must be read by every later one; these were worked out by hand.

    For the first, a^1 and a^2 are 2 and 4. For the second, a^10 and a^20 are 17 and 12.
    """
    assert codes.parse("1000-0000-0024") == "100000000024"
    assert codes.parse("\u0130000-0000-0024") == codes.parse("\u0131000-0000-0024") == "100000000024"
    assert codes.parse("0000-0000-01HC") == "0000000001HC"


def test_the_longest_text_is_still_read() -> None:
    """One character more is told as too long."""
    longest = "1000-0000-0024".ljust(codes.MAX_TEXT_CHARS)
    assert codes.parse(longest) == "100000000024"
    assert codes.parse(longest + " ") == Mistyped(hint=Hint.TOO_LONG)


def test_a_code_does_not_show_in_its_repr() -> None:
    """Tracebacks, debuggers and logs of values do not spell codes out, and a code survives pickling."""
    code = codes.generate()
    assert repr(code) == f"{code!r}" == "CodeText(<hidden>)"
    assert code not in repr([code])
    assert str(code) == f"{code}" == "".join(code)
    copied = pickle.loads(pickle.dumps(code))
    assert copied == code
    assert type(copied) is CodeText


def test_the_same_random_bytes_make_the_same_code() -> None:
    """A page that is sent again makes no other code: ten bits for two symbols, and two that check the ten."""
    of_random = {bytes(10): "000000000000", bytes(range(10)): "80R284R68842", b"\xff" * 10: "ZZZZZZZZZZ4C"}
    assert {random: codes.made_of(random) for random in of_random} == of_random
    assert [codes.parse(code) for code in of_random.values()] == list(of_random.values())
