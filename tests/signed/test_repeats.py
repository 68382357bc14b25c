"""What a page makes that is sent twice: the same again, for a while, and nothing that anybody else could make."""

from __future__ import annotations

from jotgate.door.signing import Signer
from jotgate.signed.keyring import KeyRing
from jotgate.signed.repeats import SHOWN_SECONDS, draw, may_be_shown


def test_the_same_seed_makes_the_same_and_each_name_something_else() -> None:
    """As many bytes as are asked for; without a seed, never the same twice."""
    assert draw(b"s" * 32, "code 1", 10) == draw(b"s" * 32, "code 1", 10)
    drawn = {
        draw(seed, name, 32) for seed in (b"s" * 32, b"t" * 32, None, None) for name in ("code 1", "key")
    }
    assert len(drawn) == 8
    assert [len(draw(seed, "key", count)) for seed in (b"s" * 32, None) for count in (8, 32)] == [
        8,
        32,
        8,
        32,
    ]


def test_a_seed_takes_both_the_page_and_the_secrets_of_the_site() -> None:
    """Another field, another right to change, or another site's secret: another seed."""
    signer, other = Signer(KeyRing([b"o" * 32])), Signer(KeyRing([b"p" * 32]))
    assert signer.seed("page") == signer.seed("page")
    assert len({signer.seed("page"), signer.seed("page "), other.seed("page")}) == 3


def test_what_was_made_is_shown_for_ten_minutes() -> None:
    """Also by a clock that was set back."""
    assert [may_be_shown(0.0, now) for now in (-9.0, 0.0, SHOWN_SECONDS - 1, SHOWN_SECONDS)] == [
        True,
        True,
        True,
        False,
    ]
