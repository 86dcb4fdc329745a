"""The lines of a manifest, as values; docs/format.md has their fields.

A line states what holds from then on. `Have` is the commonest: this key holds this content of this entry.

    Have(Key(b"music/a.flac"), RelPath(b"a.flac"), Content(…), mtime_ns, Level.BYTES, time_ns)

Times are nanoseconds since 1970, digests raw bytes. A segment belongs to one library, so lines don't name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, RelPath
from fonoteca.core.place import Key
from fonoteca.core.sound import Sound

FORMAT = 1
"""The format of segments that this version writes, and the only one it reads."""

Json: TypeAlias = Mapping[str, Any]
"""A JSON object: text, numbers, lists and the like, as `json` gives it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The first line of a segment. `full` restates all that holds: earlier segments are superseded."""

    number: int
    library: LibraryId
    prev: str | None
    """The seal digest (hex) of the segment before this one; None for the first."""
    time_ns: int
    writer: str
    """For example `fonoteca 0.1.0`."""
    full: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """The last line of a sealed segment. `digest` (hex SHA-256) covers every byte before this line."""

    number: int
    lines: int
    """Lines before this one, the first included."""
    digest: str


class Have(NamedTuple):
    """`key` holds `content`, the entry `path`. `level` was reached at `time_ns`."""

    key: Key
    path: RelPath
    content: Content
    mtime_ns: int
    level: Level
    time_ns: int
    payload: str | None = None
    """Digest of the sound alone, named and versioned: `flac/1:<hex>`."""
    tag_digest: str | None = None
    check: str | None = None
    """What the format's own checksums said, for example `sound`."""
    added_ns: int | None = None
    """When the entry was first seen; None: this line's time says it, or an earlier line."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What `old` held stands under `new`; `path` is the entry's new path. An exchange is two `Have` lines."""

    old: Key
    new: Key
    path: RelPath
    time_ns: int


@dataclass(frozen=True, slots=True)
class _Version:
    key: Key
    path: RelPath
    content: Content
    mtime_ns: int
    kept: Key
    reason: str
    """The verdict's word, or who asked."""
    level: Level
    """Of the bytes under `kept`."""
    time_ns: int
    payload: str | None = None
    tag_digest: str | None = None
    check: str | None = None
    until_ns: int | None = None
    """When it was superseded or retired; None: `time_ns` is the best that is known."""


@dataclass(frozen=True, slots=True)
class Superseded(_Version):
    """An earlier content of `key`, kept under `kept`. Takes nothing from `key`: a `Have` says the new."""


@dataclass(frozen=True, slots=True)
class Retired(_Version):
    """The entry is gone from its library: what `key` held is under `kept`, and nothing stands at `key`."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The versions recorded for `key` under `kept` are given up; with `key` None, all that name `kept`.

    The blob itself goes when no record names it.
    """

    kept: Key
    key: Key | None
    reason: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class Folder:
    """An empty folder of the library; `gone` takes the statement back."""

    path: RelPath
    time_ns: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of the library and its target, never followed; `gone` (target empty) takes it back."""

    path: RelPath
    target: bytes
    time_ns: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Tags:
    """What was read inside a content, known by `sha256` and `size`."""

    sha256: bytes
    size: int
    time_ns: int
    tag_digest: str | None = None
    tool: str | None = None
    """What read it, for example `mutagen 1.48.1`."""
    error: str | None = None
    """Why there are no tags."""
    tags: Mapping[str, list[str]] = field(default_factory=dict)
    """Normalised: `{"TITLE": ["…"], …}`."""
    raw: Any = None
    pictures: list[Json] = field(default_factory=list)
    audio: Json = field(default_factory=dict)
    """Container, codec, duration (s), sample_rate (Hz), channels, bit_rate (bit/s), bits_per_sample."""
    drm: str | None = None
    sound: Sound | None = None
    """Payload digest and self-check; None where its sound was not looked at."""
    sound_version: int | None = None
    """Of the checks that say so (`core.sound.VERSION`)."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A journal line: `kind` is the event's name (PREMIS words)."""

    kind: str
    time_ns: int
    detail: Json = field(default_factory=dict)


class AddStep(NamedTuple):
    """`content` is about to be published under `key`, where nothing stands."""

    key: Key
    path: RelPath
    content: Content
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class OverStep:
    """`content` is about to replace what `key` holds (`old_sha256`, `old_size`), which goes to `keep`."""

    key: Key
    path: RelPath
    content: Content
    mtime_ns: int
    old_sha256: bytes
    old_size: int
    keep: Key


@dataclass(frozen=True, slots=True)
class MoveStep:
    """What `old` holds is about to be renamed to `new`: a live key, or one under `versions/`."""

    old: Key
    new: Key
    path: RelPath
    content: Content
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class DropStep:
    """The blob `kept` is about to be deleted: this segment's seal gives up every record that names it."""

    kept: Key


Step: TypeAlias = AddStep | OverStep | MoveStep | DropStep


@dataclass(frozen=True, slots=True)
class Intent:
    """What a batch is about to do, flushed before it is done. `Done` with the same `batch` ends it."""

    batch: str
    steps: tuple[Step, ...]
    time_ns: int


@dataclass(frozen=True, slots=True)
class Done:
    """The batch is finished, and the lines before this one say what came of it."""

    batch: str
    time_ns: int


class HoldState(StrEnum):
    """Where a hold stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Held:
    """A stop on propagation, over one entry or (`path` None) over a kind of change in the whole library."""

    id: str
    kind: str
    state: HoldState
    time_ns: int
    path: RelPath | None = None
    detail: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A line that a newer version wrote: kept as it is, never fatal. `raw` ends with the newline."""

    op: str
    raw: bytes


Line: TypeAlias = (
    Segment
    | Seal
    | Have
    | Moved
    | Superseded
    | Retired
    | Pruned
    | Folder
    | Link
    | Tags
    | Happened
    | Intent
    | Done
    | Held
    | Unknown
)
