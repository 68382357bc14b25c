"""E-mail addresses: which text is one, and how it is spelled for a mail server."""

from __future__ import annotations

import re
import unicodedata

from jotgate.frozen import frozen

_MAX_ADDRESS_CHARS = 254
_MAX_NAME_CHARS = 200
# RFC 5321 and RFC 6531, without quoted names and literal addresses, which no list of people has.
_LOCAL = re.compile(r"[^\s@<>(),:;\"\[\]\\\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAMED = re.compile(r"(.*?)\s*<([^<>]*)>")
#: Letters that nobody sees, or that turn the text around them: a name could look like another one.
_UNSEEN = ("Cc", "Cs", "Co", "Zl", "Zp")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@frozen
class Mailbox:
    """Somebody who gets mails, or sends them."""

    #: As people read it; may be empty.
    name: str
    #: With a domain that mail servers know, in ASCII.
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]


def read_address(text: str) -> str:
    """Return the address in *text* with its domain as mail servers spell it (IDNA 2008).

    Raises:
        ValueError: it is none.
    """
    local, _, domain = text.strip().rpartition("@")
    domain = _domain(domain)
    address = f"{unicodedata.normalize('NFC', local)}@{domain}"
    unseen = any(unicodedata.category(letter) in (*_UNSEEN, "Cf") for letter in local)
    if _LOCAL.fullmatch(local) is None or unseen or len(address) > _MAX_ADDRESS_CHARS:
        raise ValueError("it must be an e-mail address, such as office@school.example")
    return address


def read_mailbox(text: str) -> Mailbox:
    """Return the mailbox in *text*, such as ``Riverside School <office@school.example>``, or an address alone.

    Raises:
        ValueError: it is none.
    """
    found = _NAMED.fullmatch(text.strip())
    if found is None:
        return Mailbox(name="", address=read_address(text))
    return Mailbox(name=tidy_name(found[1].strip().strip('"')), address=read_address(found[2]))


def tidy_name(text: str) -> str:
    """Return *text* fit for a header and a line of a mail: on one line, nothing in it that is not seen."""
    text = _TURNING.sub("", text)
    seen = "".join(" " if unicodedata.category(letter) in _UNSEEN else letter for letter in text)
    return " ".join(seen.split())[:_MAX_NAME_CHARS]


def _domain(text: str) -> str:
    if not text.isascii():
        # Loaded on first use: few addresses need it. Python's own codec knows IDNA of 2003 only, by which
        # straße.example is strasse.example, which is somebody else's.
        import idna

        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise ValueError("its domain is not one that exists") from None
    domain = text.lower()
    if _DOMAIN.fullmatch(domain) is None:
        raise ValueError("it must be an e-mail address, such as office@school.example")
    return domain
