"""What an answer of JotForm's API says, before anybody reads its content. Pure, and total on any bytes.

Two places tell success from failure, HTTP's status and the envelope's ``responseCode``, and
errors also come inside HTTP 200: both must say yes. The wordings and the shapes below are those
that clients recorded.
"""

from __future__ import annotations

import json
import re
from typing import Any

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.frozen import frozen
from jotgate.jotform.payloads import read_count
from jotgate.phrases import phrase
from jotgate.submissions import Submission

#: The largest answer that is read, unpacked.
MAX_ANSWER_BYTES = 2_000_000
_EXCERPT_CHARACTERS = 120
_MAX_INTEGER_DIGITS = 40
#: How far into the body of an error the words that name the limit are looked for.
_WORDS_BYTES = 2_000
_LIMIT_WORDS = re.compile(r"api[-_ ]limit", re.IGNORECASE)
#: How JotForm says that the day's calls are used up, according to those who saw it; it is not documented.
_LIMIT_CODES = frozenset({403, 429})
#: An escape of half a character whose other half is missing, or what might hide one: an escaped backslash.
#: Every branch begins with the same backslash, so that the search skips from one to the next.
_HALF_CHARACTER = re.compile(
    r"""\\(?:\\u[dD]
          |u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])
                  |(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F]))""",
    re.VERBOSE,
)


class CutOff(UpstreamError):
    """The answer ended too early; another try, or a smaller page, may come whole."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__(
            UpstreamReason.MALFORMED, phrase("JotForm's answer ended before it was complete"), status=status
        )


class TooLarge(UpstreamError):
    """The answer passed the size cap."""

    def __init__(self, head: bytes, limit_bytes: int, status: int) -> None:
        #: How it began.
        self.head = head
        #: The one submission that was asked for, without its answers, if the beginning tells which it is.
        self.row: Submission | None = None
        super().__init__(
            UpstreamReason.TOO_LARGE,
            phrase("JotForm's answer is larger than {number} bytes", number=str(limit_bytes)),
            status=status,
        )


@frozen
class Envelope:
    """One answer of the API."""

    #: Its content, unless there is a problem.
    content: Any
    #: The day's calls left, as JotForm says or as its refusal implies; None: it did not say.
    limit_left: int | None
    #: The page size that JotForm used, if it says so.
    page_rows: int | None
    #: How much was read, unpacked.
    size_bytes: int
    #: Why the content cannot be used.
    problem: UpstreamError | None = None


def read_envelope(http_status: int, body: bytes, *, secret: str) -> Envelope:
    """Read an answer; its `problem` says what is wrong with it, and never holds *secret*."""
    try:
        envelope = _decoded(body)
    except UpstreamError as illegible:
        return _wordless(http_status, body, illegible)
    code = _code(http_status, envelope.get("responseCode"))
    limit_left = None if code == 401 else read_count(envelope.get("limit-left"))
    said = _excerpt(envelope.get("message"), secret)
    problem = _problem(code, said, envelope)
    if problem is not None and problem.reason is UpstreamReason.OVER_LIMIT and _LIMIT_WORDS.search(said):
        limit_left = limit_left or 0
    return Envelope(
        content=envelope.get("content"),
        limit_left=limit_left,
        page_rows=_page_rows(envelope),
        size_bytes=len(body),
        problem=problem,
    )


def _wordless(http_status: int, body: bytes, problem: UpstreamError) -> Envelope:
    """Judge an answer without an envelope by its status and by the words that name the limit."""
    limit_left = None
    if not 200 <= http_status < 300:
        words = body[:_WORDS_BYTES].decode("ascii", "replace")
        named = _LIMIT_WORDS.search(words) is not None
        silent = words.strip() in ("", "null")
        # Proxies and maintenance answer alike: unless the limit is named, nothing is concluded about the quota.
        limit_left = 0 if named else None
        over = named or http_status == 429 or (silent and http_status in (403, 503))
        problem = _over_limit(http_status, "") if over else _refusal(http_status, "")
    return Envelope(
        content=None, limit_left=limit_left, page_rows=None, size_bytes=len(body), problem=problem
    )


def _decoded(body: bytes) -> dict[str, Any]:
    """Return the envelope in *body*; integers of absurd length, NaN and Infinity are not JSON here."""
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_int=_integer, parse_constant=_refuse_constant)
        if _HALF_CHARACTER.search(text):
            value = _without_half_characters(value)
    except json.JSONDecodeError:
        if not text.strip() or text.lstrip().startswith("{"):
            raise CutOff from None
        raise _not_understood(phrase("it is not JSON")) from None
    except UnicodeDecodeError as problem:
        if problem.reason == "unexpected end of data":
            raise CutOff from None
        raise _not_understood(phrase("it is not UTF-8")) from None
    except (ValueError, RecursionError):
        raise _not_understood(phrase("its JSON is out of bounds")) from None
    if not isinstance(value, dict):
        raise _not_understood(phrase("it is not a JSON object"))
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_DIGITS:
        raise ValueError("integer too long")
    return int(digits)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_half_characters(value: Any) -> Any:
    """Return *value* with "?" for every lone surrogate, which people can type and no database takes."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _code(http_status: int, response_code: object) -> int:
    """Return the less happy of both codes."""
    code = read_count(response_code)
    return http_status if code is None or not 200 <= http_status < 300 else code


def _problem(code: int, said: str, envelope: dict[str, Any]) -> UpstreamError | None:
    if _LIMIT_WORDS.search(said) or code in _LIMIT_CODES:
        return _over_limit(code, said)
    if not 200 <= code < 300:
        return _refusal(code, said)
    if "content" not in envelope:
        return _not_understood(
            phrase(
                "it has no content; the key may belong to another region (US, EU, HIPAA, Enterprise), see api_host"
            )
        )
    return None


def _over_limit(code: int, said: str) -> UpstreamError:
    words = phrase("JotForm refused the call, as it does when the day's API calls are used up")
    return UpstreamError(UpstreamReason.OVER_LIMIT, _quoting(words, code, said), status=code)


def _refusal(code: int, said: str) -> UpstreamError:
    reason, words = _by_code(code)
    return UpstreamError(reason, _quoting(words, code, said), status=code)


def _by_code(code: int) -> tuple[UpstreamReason, str]:
    if code == 401:
        return UpstreamReason.UNAUTHORIZED, phrase(
            "JotForm does not know the key, or what was asked for belongs to another account"
        )
    if code == 404:
        return UpstreamReason.NOT_FOUND, phrase("JotForm does not know the address")
    if 300 <= code < 400:
        return (
            UpstreamReason.REDIRECTED,
            phrase("JotForm sends the call elsewhere, and the key does not follow; see api_host"),
        )
    if 500 <= code < 600:
        return UpstreamReason.BROKEN, phrase("JotForm is broken or under maintenance")
    if 400 <= code < 500:
        return UpstreamReason.REFUSED, phrase("JotForm refused the call")
    return UpstreamReason.MALFORMED, phrase("JotForm's answer was not understood: it has no code")


def _page_rows(envelope: dict[str, Any]) -> int | None:
    result_set = envelope.get("resultSet")
    return read_count(result_set.get("limit")) if isinstance(result_set, dict) else None


def _excerpt(message: object, secret: str) -> str:
    """Return a short, printable piece of what JotForm said, without *secret*."""
    if not isinstance(message, str):
        return ""
    hidden = re.sub(re.escape(secret), "***", message[: 10 * _EXCERPT_CHARACTERS], flags=re.IGNORECASE)
    printable = "".join(character if " " <= character <= "~" else " " for character in hidden)
    return " ".join(printable.split())[:_EXCERPT_CHARACTERS]


def _quoting(words: str, code: int, said: str) -> str:
    answer = f"{code}: {said}" if said else str(code)
    # Translators: a whole sentence, and in parentheses what JotForm itself says.
    return phrase("{words} ({answer})", words=words, answer=answer)


def _not_understood(why: str) -> UpstreamError:
    return UpstreamError(
        UpstreamReason.MALFORMED, phrase("JotForm's answer was not understood: {why}", why=why)
    )
