"""What was read inside contents: tags, pictures, sound and its checks; and which manifests say so.

Tags, raw tags and pictures are one compressed document a content, a line of JSON each: most readers do not want
the raw tags, which are the largest, and so need not parse them.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fonoteca.catalogue.entries import PATH
from fonoteca.core.entry import FileStat
from fonoteca.core.manifest.lines import Tags
from fonoteca.core.sound import VERSION, Payload, SelfCheck, Sound, Soundness

AUDIO = ("container", "codec", "duration", "sample_rate", "channels", "bit_rate", "bits_per_sample")
"""The properties, under the names of columns, manifest and JSON alike: s, Hz, bit/s, bit."""
SOUND = (
    "sound_version",
    "payload",
    "payload_reason",
    "soundness",
    "sound_detail",
    "sound_at",
    "lossless",
    "unheard",
)
NOT_AUDIO = "neither its name nor its first bytes are those of an audio file"
COLUMNS = ", ".join(
    ("a.time_ns", "a.tool", "a.error", "a.drm", "d.document", *(f"a.{name}" for name in (*SOUND, *AUDIO)))
)
"""What `row_of` takes, of `analyses a` and `documents d`."""


@dataclass(frozen=True, slots=True)
class AnalysisRow:
    """The analysis of one content. `error` says what could not be had, None when all could."""

    time_ns: int
    tool: str
    """For example `mutagen 1.48.1`."""
    error: str | None = None
    tags: Mapping[str, list[str]] = field(default_factory=dict)
    raw_json: str = "{}"
    """The raw tags, still as JSON."""
    pictures: Sequence[Mapping[str, Any]] = ()
    audio: Mapping[str, Any] = field(default_factory=dict)
    """What is known of `AUDIO`; empty where nothing is."""
    drm: str | None = None
    sound: Sound | None = None
    """None where it was not looked at, or where nobody knows how (`sound_version` tells)."""
    sound_version: int | None = None
    """Of the checks that looked; None: none did, so they will."""
    unheard: str | None = None
    """Why its sound could not be looked at."""

    @property
    def is_no_audio(self) -> bool:
        """True where neither its name nor its first bytes are those of an audio file."""
        return self.error == NOT_AUDIO

    @property
    def raw(self) -> Any:
        """The raw tags."""
        return json.loads(self.raw_json, parse_constant=str)  # NaN is no JSON, and manifests are strict


class Lacking(NamedTuple):
    """A track without an analysis, as its entry was last recorded. `path` is inside its library."""

    entry: int
    content: int
    path: bytes
    stat: FileStat


def put(connection: sqlite3.Connection, content: int, row: AnalysisRow) -> None:
    """Record what was read inside a content; what was known of it goes, and manifests are told anew."""
    connection.execute("DELETE FROM told WHERE content = ?", (content,))
    names = ("content", "time_ns", "tool", "error", "drm", *SOUND, *AUDIO)
    values = (content, row.time_ns, row.tool, row.error, row.drm, *_of_sound(row), *map(row.audio.get, AUDIO))
    connection.execute(
        f"INSERT OR REPLACE INTO analyses ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values
    )
    connection.execute(
        "INSERT OR REPLACE INTO documents (content, document) VALUES (?, ?)", (content, _packed(row))
    )


def _of_sound(row: AnalysisRow) -> tuple[Any, ...]:
    """The values of `SOUND`."""
    if row.sound is None:
        return (row.sound_version, None, None, None, None, None, None, row.unheard)
    check, payload, reason, lossless = row.sound
    text = None if payload is None else str(payload)
    return (
        row.sound_version,
        text,
        reason,
        check.soundness.value,
        check.detail,
        check.at,
        lossless,
        row.unheard,
    )


_ROW = f"SELECT {COLUMNS} FROM analyses a JOIN documents d ON d.content = a.content "


def get(connection: sqlite3.Connection, content: int) -> AnalysisRow | None:
    """What is known of the inside of a content, or None when nobody looked yet."""
    found = connection.execute(_ROW + "WHERE a.content = ?", (content,)).fetchone()
    return row_of(found) if found else None


def row_of(found: tuple[Any, ...]) -> AnalysisRow:
    """A row from the columns `COLUMNS`."""
    time_ns, tool, error, drm, document, *values = found
    tags, raw_json, pictures = zlib.decompress(document).decode("utf-8", "surrogatepass").split("\n")
    of_sound, of_audio = values[: len(SOUND)], values[len(SOUND) :]
    audio = {name: value for name, value in zip(AUDIO, of_audio, strict=True) if value is not None}
    return AnalysisRow(
        time_ns,
        tool,
        error,
        json.loads(tags),
        raw_json,
        json.loads(pictures),
        audio,
        drm,
        sound_of(of_sound),
        of_sound[0],
        of_sound[-1],
    )


def sound_of(values: Sequence[Any]) -> Sound | None:
    """The sound from the columns `SOUND`."""
    _, payload, reason, soundness, detail, at, lossless, _ = values
    if soundness is None:
        return None
    check = SelfCheck(Soundness(soundness), detail, at)
    return Sound(check, Payload.from_text(payload) if payload is not None else None, reason, lossless)


def lacking(connection: sqlite3.Connection, library: int, after: int = 0, chunk: int = 512) -> list[Lacking]:
    """Present tracks whose content has no analysis, or none of its sound: the first `chunk` after entry `after`."""
    rows = connection.execute(
        f"SELECT e.id, e.content, {PATH}, e.size, e.mtime_ns, e.ctime_ns, e.inode "
        # CROSS JOIN: entries in their own order, so that each chunk begins where the last one ended.
        f"FROM entries e CROSS JOIN folders f ON f.id = e.folder WHERE e.id > ? AND f.library = ? AND {_LACKS} "
        "ORDER BY e.id LIMIT ?",
        (after, library, chunk),
    )
    return [Lacking(entry, content, path, FileStat(*stat)) for entry, content, path, *stat in rows]


_LACKS = (
    "e.kind = 'track' AND e.state = 'present' "
    f"AND NOT EXISTS (SELECT 1 FROM analyses a WHERE a.content = e.content AND a.sound_version >= {VERSION})"
)


def count_lacking(connection: sqlite3.Connection, library: int) -> tuple[int, int]:
    """How many contents such tracks have, and their bytes."""
    found = connection.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM (SELECT e.size FROM entries e "
        f"CROSS JOIN folders f ON f.id = e.folder WHERE f.library = ? AND {_LACKS} GROUP BY e.content)",
        (library,),
    ).fetchone()
    return int(found[0]), int(found[1])


# what manifests say


def line(connection: sqlite3.Connection, content: int) -> Tags | None:
    """The manifest line that states a content's analysis, or None when there is none."""
    row = get(connection, content)
    if row is None:
        return None
    sha256, size = connection.execute("SELECT sha256, size FROM contents WHERE id = ?", (content,)).fetchone()
    return Tags(
        sha256,
        size,
        row.time_ns,
        tool=row.tool or None,
        error=row.error,
        tags=row.tags,
        raw=row.raw,
        pictures=list(row.pictures),
        audio=row.audio,
        drm=row.drm,
        sound=row.sound,
        sound_version=row.sound_version if row.sound is not None else None,
    )


def take_line(connection: sqlite3.Connection, content: int, line: Tags) -> None:
    """Record what a manifest states of a content, unless what is known is newer."""
    known = connection.execute("SELECT time_ns FROM analyses WHERE content = ?", (content,)).fetchone()
    if known is not None and known[0] >= line.time_ns:
        return
    raw = json.dumps(line.raw if line.raw is not None else {}, ensure_ascii=False, separators=(",", ":"))
    audio = {name: line.audio[name] for name in AUDIO if line.audio.get(name) is not None}
    pictures = list(line.pictures)
    row = AnalysisRow(
        line.time_ns,
        line.tool or "",
        line.error,
        line.tags,
        raw,
        pictures,
        audio,
        line.drm,
        line.sound,
        line.sound_version,
    )
    put(connection, content, row)


def untold(connection: sqlite3.Connection, location: int, library: int) -> list[int]:
    """Contents with a good copy at a location whose analysis its manifest does not state yet."""
    if _all_told(connection, location):
        return []
    rows = connection.execute(
        "SELECT a.content FROM analyses a WHERE NOT EXISTS "
        "(SELECT 1 FROM told t WHERE t.location = :location AND t.content = a.content) AND EXISTS "
        # CROSS JOIN: from the content to its entries; the other way round is the square of the work.
        "(SELECT 1 FROM entries e CROSS JOIN folders f ON f.id = e.folder AND f.library = :library "
        "CROSS JOIN copies p ON p.location = :location AND p.entry = e.id AND p.content = e.content "
        "AND p.state = 'good' WHERE e.content = a.content) ORDER BY a.content",
        {"location": location, "library": library},
    )
    return [content for (content,) in rows]


def _all_told(connection: sqlite3.Connection, location: int) -> bool:
    """What is told was analysed, so equal counts are equal sets: 20 times as fast as comparing them."""
    known, stated = connection.execute(
        "SELECT (SELECT count(*) FROM analyses), (SELECT count(*) FROM told WHERE location = ?)", (location,)
    ).fetchone()
    return bool(known == stated)


def told(connection: sqlite3.Connection, location: int, contents: Iterable[int]) -> None:
    """A location's manifest states these contents' analyses from now on."""
    connection.executemany(
        "INSERT OR IGNORE INTO told (location, content) VALUES (?, ?)",
        ((location, each) for each in contents),
    )


def already_told(connection: sqlite3.Connection, location: int, library: int) -> list[int]:
    """Contents, present and earlier ones of a library, whose analyses a location's manifest states."""
    inside = "JOIN entries e ON e.id = x.entry JOIN folders f ON f.id = e.folder WHERE f.library = :library"
    rows = connection.execute(
        "SELECT content FROM told WHERE location = :location AND content IN ("
        "SELECT e.content FROM entries e JOIN folders f ON f.id = e.folder WHERE f.library = :library "
        f"UNION SELECT x.content FROM history x {inside} UNION SELECT x.content FROM versions x {inside}) "
        "ORDER BY content",
        {"location": location, "library": library},
    )
    return [content for (content,) in rows]


def _packed(row: AnalysisRow) -> bytes:
    # A newline in JSON text is only ever space between values, so that lines keep the parts apart.
    raw = (row.raw_json or "{}").replace("\n", " ")
    text = "\n".join((json.dumps(dict(row.tags)), raw, json.dumps(list(row.pictures))))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 6)
