"""What a file's inside says about its sound: the payload digest, and how far the format's own checks go.

The *payload* is the sound alone: the same before and after a tag edit, another one after any change of the sound. Its
definition for each family has a name with a version (`flac/1`); a digest is compared only with one of the same name.
Where the layout is not known there is no digest, with the reason: never a guess.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

VERSION = 1
"""Of the checks as a whole: contents that older ones looked at are looked at again."""


class Soundness(Enum):
    """What a format's own checks came to; never more than is known."""

    SOUND = "sound"
    """Every checksum that covers the sound was compared and holds, and nothing is missing at the end."""
    DAMAGED = "damaged"
    """A checksum fails, or the structure is cut or broken."""
    ALTERED = "altered after encoding"
    """The frames are whole, the encoder's own checksum over them is not: mp3gain and the like."""
    STRUCTURE = "structure only"
    """Sizes and tables fit together; the format has no checksum over the sound."""
    NO_CHECK = "no check in this format"
    """Nothing to hold against, or a layout that is not known."""


_SAID = {
    Soundness.SOUND: "All of its own checks hold",
    Soundness.DAMAGED: "It is damaged",
    Soundness.ALTERED: "Its frames are whole, and were altered after encoding",
    Soundness.STRUCTURE: "Its structure is whole; nothing in it tells whether each bit is",
    Soundness.NO_CHECK: "Nothing in it can be checked",
}


class Payload(NamedTuple):
    """The digest of the sound alone."""

    name: str
    """Family and version of the definition: `flac/1`."""
    digest: bytes
    """32 bytes: BLAKE3."""

    def __str__(self) -> str:
        return f"{self.name}:{self.digest.hex()}"

    @classmethod
    def from_text(cls, text: str) -> Payload:
        """What `str` made a text of. Raises ValueError."""
        name, colon, digits = text.rpartition(":")
        payload = cls(name, bytes.fromhex(digits))
        if not (name and colon) or len(payload.digest) != 32 or str(payload) != text:
            raise ValueError(f"{text!r} is not a payload digest")
        return payload


class SelfCheck(NamedTuple):
    """The outcome of a format's own checks."""

    soundness: Soundness
    detail: str = ""
    """What was checked, or what is wrong: `frame 812: CRC-16 differs`."""
    at: int | None = None
    """Byte offset in the file of the first thing that is wrong."""

    @property
    def in_words(self) -> str:
        """What, and where: `frame 812: CRC-16 differs, at byte 1,234,567`."""
        where = f"at byte {self.at:,}" if self.at is not None else ""
        return ", ".join(part for part in (self.detail, where) if part) or self.soundness.value

    @property
    def sentence(self) -> str:
        """For a person: `It is damaged: frame 812: CRC-16 differs, at byte 1,234,567.`"""
        detail = f": {self.in_words}" if self.detail else ""
        return f"{_SAID[self.soundness]}{detail}."


class Sound(NamedTuple):
    """All that one pass over a file says about its sound."""

    check: SelfCheck
    payload: Payload | None = None
    reason: str | None = None
    """Why there is no payload digest; None where there is one."""
    lossless: str | None = None
    """Digest of the decoded sound as the file itself declares it (`md5:…` of FLAC's STREAMINFO), equal for any
    compression of the same sound; None where the format has none or it is unset."""
