"""What a tag edit changed, field by field, and whether a person or a program wanted it.

    >>> before = TagSet({"TITLE": ("Be My Husbnd",), "_PLAYCOUNT": ("4",)})
    >>> after = TagSet({"TITLE": ("Be My Husband",), "_PLAYCOUNT": ("5",)})
    >>> [(each.field, each.is_volatile) for each in differences(before, after)]
    [('TITLE', False), ('_PLAYCOUNT', True)]

**Volatile** fields are those that players and scanners write by themselves: play count, rating, last played,
ReplayGain, R128, and the name of the encoder. All others are **curated**. An edit that changed no field at all
(padding, another version of ID3) is volatile too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fonoteca.core.digest import digest

PICTURES = "_PICTURES"
"""The field under which embedded pictures are told: `3:<sha256>` each, 3 being a front cover as in ID3's APIC."""

_VOLATILE = re.compile(
    r"_RATING|_?PLAYCOUNT|PLAY_COUNT(ER)?|_?LASTPLAYED|LAST_PLAYED|FIRST_PLAYED|SKIPCOUNT|SKIP_COUNT|PLAYED_TIMESTAMP"
    r"|RATING(:.*)?|FMPS_.*|REPLAYGAIN_.*|R128_.*|MP3GAIN_.*|(COMMENT:)?ITUNNORM|ENCODER|ENCODEDBY|ENCODERSETTINGS"
    r"|ENCODING|ENCODERVERSION"
)


@dataclass(frozen=True, slots=True)
class TagSet:
    """The tags of one content: fields to ordered values, and pictures in the order of the file."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pictures: Sequence[str] = ()
    """As `picture_word` makes them."""

    @property
    def all(self) -> dict[str, tuple[str, ...]]:
        """Every field that has a value, the pictures among them."""
        found = {name: tuple(values) for name, values in self.fields.items() if values}
        if self.pictures:
            found[PICTURES] = tuple(self.pictures)
        return found


class Change(NamedTuple):
    """One field with both its values: `()` where it was not there."""

    field: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def is_volatile(self) -> bool:
        """True where a program may have done it by itself."""
        return is_volatile(self.field)


class TagDigests(NamedTuple):
    """SHA-256 (32 bytes each) of canonical JSON: volatile fields apart, so that they do not hide an edit."""

    curated: bytes
    volatile: bytes

    def __str__(self) -> str:
        return f"tags/1:{self.curated.hex()}:{self.volatile.hex()}"


def tag_set(tags: Mapping[str, Sequence[str]], pictures: Iterable[Mapping[str, Any]] = ()) -> TagSet:
    """Tags and pictures as the catalogue and manifests hold them."""
    return TagSet(tags, tuple(picture_word(each) for each in pictures))


def picture_word(picture: Mapping[str, Any]) -> str:
    """A picture's type and digest: `3:9f86d0…`."""
    return f"{picture.get('type', 0)}:{picture['sha256']}"


def is_volatile(name: str) -> bool:
    """True for a field that programs write by themselves. `name` is normalised: upper case."""
    return _VOLATILE.fullmatch(name) is not None


def differences(before: TagSet, after: TagSet) -> tuple[Change, ...]:
    """Every field whose values differ, by name; the order of values counts."""
    old, new = before.all, after.all
    return tuple(
        Change(name, old.get(name, ()), new.get(name, ()))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def is_volatile_edit(changes: Iterable[Change]) -> bool:
    """True when nothing changed that a person cares for."""
    return all(each.is_volatile for each in changes)


def tag_digests(tags: TagSet) -> TagDigests:
    """The digests of both parts of a tag set. Equal sets have equal digests, whatever the order of their fields."""
    found = tags.all
    curated = {name: values for name, values in found.items() if not is_volatile(name)}
    volatile = {name: values for name, values in found.items() if is_volatile(name)}
    return TagDigests(_digest(curated), _digest(volatile))


def _digest(fields: Mapping[str, Sequence[str]]) -> bytes:
    # Plain ASCII: a half surrogate, as broken tags have them, could not be encoded otherwise.
    text = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return digest(text.encode("ascii")).sha256
