"""PATTERN: a glob inside a library, over bytes.

    >>> matches(pattern("Nina Simone/**"), b"Nina Simone/Pastel Blues/01.flac")
    True
    >>> matches(pattern("*.cue"), b"Nina Simone/Pastel Blues/disc.cue")
    True
    >>> matches(pattern("Incoming"), b"Incoming/new/a.flac")
    True

`*` and `?` stay within one name, `**` crosses folders, `[ab]` and `[!ab]` are classes. A pattern without `/` is held
against every name on the path; one with `/` against the path from the library's root. What matches a folder matches
all below it. Case counts. To mean `*`, `?` or `[` itself, write `[*]`, `[?]`, `[[]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

Pattern: TypeAlias = re.Pattern[bytes]

JUNK_NAMES = frozenset(
    b".DS_Store .AppleDouble .AppleDB .Spotlight-V100 .Trashes .fseventsd .TemporaryItems Thumbs.db ehthumbs.db "
    b"desktop.ini $RECYCLE.BIN @eaDir #recycle @Recycle @Recently-Snapshot .@__thumb #snapshot .Trash lost+found "
    b".directory .stfolder .stversions .sync .rsync-partial .fonoteca".split()
) | {b"System Volume Information"}
JUNK_BEGINNINGS = (b"._", b"~$", b".Trash-", b".nfs", b".fuse_hidden", b".goutputstream-", b".fonoteca-")
JUNK_ENDINGS = (b".part", b".partial", b".crdownload", b".!qB", b".!ut", b"~", b".swp", b".swo")
"""What is never part of a collection: leavings of systems, downloaders and editors. Always left out."""


def pattern(text: str | bytes) -> Pattern:
    """Compile a glob. Leading and trailing `/` do not matter. Never raises: a `[` without its `]` is itself."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    anchored = b"/" in raw.strip(b"/")
    body = _translate(raw.strip(b"/"))
    head = b"" if anchored or raw.startswith(b"/") else rb"(?:.*/)?"
    return re.compile(rb"(?s:" + head + body + rb"(?:/.*)?)\Z")


def matches(compiled: Pattern, path: bytes) -> bool:
    """True when `path`, or a folder above it, is meant."""
    return compiled.match(path) is not None


def is_junk(name: bytes) -> bool:
    """True for a name that no collection means."""
    return name in JUNK_NAMES or name.startswith(JUNK_BEGINNINGS) or name.endswith(JUNK_ENDINGS)


class Exclusion:
    """What a library leaves out: the junk, and the user's own patterns."""

    __slots__ = ("_patterns",)

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(pattern(text) for text in patterns)

    def __call__(self, folder: bytes, name: bytes) -> bool:
        """True when `name` in `folder` is left out; folders above it were asked before."""
        return self.within(folder)(name)

    def within(self, folder: bytes) -> Callable[[bytes], bool]:
        """The same for many names of one folder."""
        if not self._patterns:
            return is_junk
        return lambda name: is_junk(name) or any(matches(each, join(folder, name)) for each in self._patterns)

    def covers(self, path: bytes) -> bool:
        """True when `path` or any folder above it is left out."""
        parts = path.split(b"/")
        return any(is_junk(part) for part in parts) or any(matches(each, path) for each in self._patterns)


def is_glob(text: str) -> bool:
    """True when the text has a wild card."""
    return any(mark in text for mark in "*?[")


def under(path: bytes, folder: bytes) -> bool:
    """True when `path` lies in `folder` (b"" is the root) or is it."""
    return not folder or path == folder or path.startswith(folder + b"/")


def join(folder: bytes, name: bytes) -> bytes:
    """A path inside a library: b"" and b"a" give b"a"."""
    return folder + b"/" + name if folder else name


def split(path: bytes) -> tuple[bytes, bytes]:
    """The folder and the name of a path: b"a/b" gives (b"a", b"b")."""
    folder, _, name = path.rpartition(b"/")
    return folder, name


def _translate(raw: bytes) -> bytes:
    out, index = b"", 0
    while index < len(raw):
        if raw.startswith(b"**/", index):
            out, index = out + rb"(?:.*/)?", index + 3
        elif raw.startswith(b"**", index):
            out, index = out + rb".*", index + 2
        else:
            piece, index = _one(raw, index)
            out += piece
    return out


def _one(raw: bytes, index: int) -> tuple[bytes, int]:
    mark = raw[index : index + 1]
    if mark == b"*":
        return rb"[^/]*", index + 1
    if mark == b"?":  # one character, however many bytes UTF-8 gives it
        return rb"(?:[\xc0-\xff][\x80-\xbf]+|[^/])", index + 1
    if mark == b"[" and (end := raw.find(b"]", index + 2)) > 0:
        inside = raw[index + 1 : end]
        negated = inside[:1] in (b"!", b"^")
        chars = re.escape(inside[1:] if negated else inside).replace(rb"\-", b"-")
        try:
            re.compile(b"[" + chars + b"]")
        except re.error:
            return re.escape(mark), index + 1
        return b"[" + (b"^/" if negated else b"") + chars + b"]", end + 1
    return re.escape(mark), index + 1
