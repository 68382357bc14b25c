"""The story behind a reference: what happened, why, and what the visitor reads; for the CLI and the office's pages."""

from __future__ import annotations

from jotgate.door.messages import Message, message_for, message_for_state
from jotgate.frozen import frozen
from jotgate.ledger import Entry
from jotgate.outcomes import Reason, Refuse
from jotgate.records.wording import Meaning, meaning_of, meaning_of_refusal
from jotgate.speaking import IN_ENGLISH, Language
from jotgate.wiring import Parts


@frozen
class Story:
    """What a reference stands for."""

    #: None for a refusal that leaves no entry.
    entry: Entry | None
    meaning: Meaning
    #: What the door says about it to the visitor.
    message: Message | None


def find_story(parts: Parts, ref: str, language: Language = IN_ENGLISH) -> Story | None:
    """Return what *ref* stands for: an entry's reference, or a reason in capitals; None if nothing is known.

    What the visitor reads is said in *language*.

    Raises:
        StoreUnavailable: nothing can be looked up.
    """
    name = ref.strip().upper().replace("-", "_").replace(" ", "_")
    if name in Reason.__members__:
        reason = Reason[name]
        return Story(
            entry=None,
            meaning=meaning_of_refusal(reason),
            message=_refusal(parts, reason, None, name, language),
        )
    entry = parts.store.explain(ref.strip())
    return None if entry is None else story_of(parts, entry, ref, language)


def story_of(parts: Parts, entry: Entry, ref: str, language: Language = IN_ENGLISH) -> Story:
    """Return the story of *entry*; *ref* is how it is asked for."""
    meaning, message = meaning_of(entry), None
    if meaning.verdict is not None:
        message = message_for_state(meaning.verdict.value, language=language)
    elif meaning.refused is not None:
        message = _refusal(parts, meaning.refused, entry.form, ref, language)
    return Story(entry=entry, meaning=meaning, message=message)


def _refusal(parts: Parts, reason: Reason, form: str | None, ref: str, language: Language) -> Message:
    policy = parts.settings.policies.get(form) if form else None
    return message_for(Refuse(reason=reason, ref=ref), policy, parts.clock.now(), language=language)
