"""Checksum files that lie beside music: what they say of which file.

    >>> claims(b"album.ffp", b"01 Song.flac:9e107d9d372bb6826bd81d3542a419d6")
    [Claim(path=b'01 Song.flac', method='sound md5', digest='9e107d9d372bb6826bd81d3542a419d6')]

Known are `.md5`, `.sha1`, `.sha256`, `MD5SUMS` and the like (as coreutils and BSD write them), `.sfv` (name, CRC-32),
`.ffp` (name, MD5 of the decoded sound, as `metaflac --show-md5sum` writes it) and `.st5` (the same, as shntool does).
They are evidence, not proof: a tag edit after they were written makes the sum of a whole file another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LARGEST = 4 << 20
"""Bytes; what is larger is no such file."""

SOUND_MD5 = "sound md5"
_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "crc32": 8, SOUND_MD5: 32}
"""Hex digits of each method."""
_SUFFIXES = {
    b"md5": "md5",
    b"sha1": "sha1",
    b"sha256": "sha256",
    b"sfv": "crc32",
    b"ffp": SOUND_MD5,
    b"st5": SOUND_MD5,
}
_NAMES = {b"md5sums": "md5", b"sha1sums": "sha1", b"sha256sums": "sha256"}

_SUM = re.compile(rb"(\\?)([0-9A-Fa-f]+)(?:[ \t]+\[shntool\][ \t]+| [ *]|[ \t]+\*?)(.+)")
_BSD = re.compile(rb"[A-Z0-9-]+ ?\((.+)\) ?= ?([0-9A-Fa-f]+)")
_ESCAPES = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}


class Claim(NamedTuple):
    """One file, by its path from the sidecar's folder on, should have this digest (lower-case hex)."""

    path: bytes
    method: str
    """`md5`, `sha1`, `sha256` and `crc32` of all its bytes, `sound md5` of the decoded sound."""
    digest: str


def method_of(name: bytes) -> str | None:
    """What a file of this name holds sums of; None where it is no checksum file."""
    lower = name.lower()
    known = _NAMES.get(lower.removesuffix(b".txt"))
    return known or _SUFFIXES.get(lower.rpartition(b".")[2] if b"." in lower else b"")


def claims(name: bytes, data: bytes) -> list[Claim]:
    """What it says, in its order; lines that cannot be meant, and paths that lead out of its folder, are left out."""
    method = method_of(name)
    if method is None:
        return []
    return list(dict.fromkeys(_claims(method, data.removeprefix(b"\xef\xbb\xbf"))))


def _claims(method: str, data: bytes) -> Iterator[Claim]:
    for line in data.splitlines():
        if not line.strip() or line.lstrip()[:1] in (b";", b"#"):
            continue
        found = _split(method, line.strip(b" \t"))
        if found is None:
            continue
        path, digest = _inside(found[0]), found[1].lower().decode("ascii")
        if path is not None and len(digest) == _LENGTHS[method] and not digest.strip("0123456789abcdef"):
            yield Claim(path, method, digest)


def _split(method: str, line: bytes) -> tuple[bytes, bytes] | None:
    """Path and digits of one line; None where it has another form."""
    if method == "crc32":
        path, _, digits = line.replace(b"\t", b" ").rpartition(b" ")
        return (path.rstrip(), digits) if digits.isascii() else None
    if method == SOUND_MD5 and line[-33:-32] == b":":
        return (line[:-33], line[-32:]) if line[-32:].isascii() else None
    if found := _BSD.fullmatch(line):
        return found[1], found[2]
    if found := _SUM.fullmatch(line):
        path = re.sub(rb"\\[\\nr]", lambda hit: _ESCAPES[hit[0]], found[3]) if found[1] else found[3]
        return path, found[2]
    return None


def _inside(path: bytes) -> bytes | None:
    """The path with `/` between its parts; None where it leads elsewhere."""
    parts = path.replace(b"\\", b"/").removeprefix(b"./").split(b"/")
    return None if {b"", b".", b".."} & set(parts) or b"\0" in path else b"/".join(parts)
