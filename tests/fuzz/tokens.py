"""Apps' tokens, JWTs, proofs of a key and apps' secrets, and the address where a token is redeemed."""

from __future__ import annotations

from contextlib import ExitStack

from tests.door import test_entering
from tests.door.site import running_site
from tests.fuzz.properties import Property, broken_by
from tests.signed import test_jwts, test_proofs, test_segments, test_tokens

_IN_CLASSES = (
    test_tokens.TestAnyText.test_no_text_that_is_not_signed_is_a_token,
    test_tokens.TestAnyText.test_no_json_that_is_signed_does_harm,
    test_tokens.TestSecrets.test_no_other_text_is_a_secret,
    test_jwts.TestReading.test_no_text_that_is_not_signed_is_a_jwt,
    test_jwts.TestPublicKeys.test_any_text_is_a_key_or_a_sentence,
    test_proofs.TestFaults.test_no_other_text_is_a_proof,
)


def properties(held: ExitStack) -> list[Property]:
    """Return what to try; *held* keeps the site."""
    site = held.enter_context(running_site(form={"access": "app"}))
    field = test_entering.Field(site, site.app_secret(return_url=test_entering.RETURN_URL))
    return [
        *(broken_by(test, self=None) for test in _IN_CLASSES),
        broken_by(test_segments.test_a_text_has_one_spelling),
        broken_by(test_proofs.test_any_address_has_one_plain_spelling_or_none),
        broken_by(test_entering.test_no_text_in_a_tokens_place_breaks_the_door, field=field),
    ]
