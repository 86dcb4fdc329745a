"""What the inside of two contents says about the change between them: the part of a verdict that needs more than bytes.

>>> from fonoteca.core.verdict import Facts, StatClass, judge
>>> whole = Sound(SelfCheck(Soundness.SOUND), Payload("flac/1", bytes(32)))
>>> before = Insight(whole, TagSet({"TITLE": ("Be My Husbnd",)}))
>>> after = Insight(whole, TagSet({"TITLE": ("Be My Husband",)}))
>>> judge(with_insight(Facts(stat=StatClass.WRITTEN), before, after))
<Verdict.TAG_EDIT: 'tag edit'>
"""

from __future__ import annotations

from dataclasses import dataclass

from fonoteca.core.retag import TagSet, differences, is_volatile_edit
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness
from fonoteca.core.verdict import Facts, Sameness, sameness


@dataclass(frozen=True, slots=True)
class Insight:
    """What was read inside one content."""

    sound: Sound | None = None
    """None where nobody looked, or nobody could."""
    tags: TagSet | None = None
    """None where they cannot be read."""
    is_audio: bool = True
    """False where its bytes are those of no audio file at all; True, too, where nobody looked."""

    @property
    def check(self) -> Soundness | None:
        """What its own checks came to."""
        return self.sound.check.soundness if self.sound is not None else None

    @property
    def payload(self) -> Payload | None:
        """The digest of its sound."""
        return self.sound.payload if self.sound is not None else None

    @property
    def is_own_format(self) -> bool:
        """False where it is no audio, or where somebody looked and found neither a tag nor sound of that form."""
        if not self.is_audio:
            return False
        has_tags = self.tags is not None and bool(self.tags.all)
        return has_tags or self.payload is not None or self.check not in _FORMLESS


_FORMLESS = (Soundness.DAMAGED, Soundness.NO_CHECK)

NOTHING = Insight()
"""Nobody looked."""


def with_insight(facts: Facts, before: Insight | None, now: Insight) -> Facts:
    """`facts`, and what the insides of the recorded content and of what was read say."""
    old = before or NOTHING
    same = sameness(old.payload, now.payload)
    return facts._replace(
        payload=same,
        is_own_format=now.is_own_format or not old.is_own_format,
        is_lossless_same=_is_lossless_same(old.sound, now.sound),
        before=old.check,
        now=now.check,
        tags_parse=now.tags is not None,
        is_volatile=same is Sameness.SAME and _is_volatile(old.tags, now.tags),
    )


def _is_lossless_same(before: Sound | None, now: Sound | None) -> bool:
    if before is None or now is None or before.lossless is None:
        return False
    return before.lossless == now.lossless


def _is_volatile(before: TagSet | None, now: TagSet | None) -> bool:
    return before is not None and now is not None and is_volatile_edit(differences(before, now))


__all__ = ["NOTHING", "Insight", "Payload", "SelfCheck", "Sound", "Soundness", "TagSet", "with_insight"]
