"""Where things lie under `.fonoteca/`, as keys. These names need no escape under any naming rule.

>>> segment_key(LibraryId("0" * 32), 7)[-24:]
b'/manifest/00000007.jsonl'
"""

from __future__ import annotations

import re

from fonoteca.core.entry import LibraryId
from fonoteca.core.place import OWN, Key

LOCATION = Key(OWN + b"/location.json")
LEASE = Key(OWN + b"/lease.json")
LIBRARIES = Key(OWN + b"/libraries/")
VERSIONS = Key(OWN + b"/versions/")
INCOMING = Key(OWN + b"/incoming/")
MOVING = Key(OWN + b"/moving/")
QUARANTINE = Key(OWN + b"/quarantine/")

_SEGMENT = re.compile(rb"([0-9]{8,})(\.open)?\.jsonl")
_SUFFIX = re.compile(rb"\.[A-Za-z0-9]{1,15}\Z")


def library_key(library: LibraryId) -> Key:
    """Its folder, with the closing slash."""
    return Key(LIBRARIES + library.encode("ascii") + b"/")


def card_key(library: LibraryId) -> Key:
    """`library.json`."""
    return Key(library_key(library) + b"library.json")


def head_key(library: LibraryId) -> Key:
    """`HEAD`."""
    return Key(library_key(library) + b"HEAD")


def manifest_key(library: LibraryId) -> Key:
    """The folder of segments, with the closing slash."""
    return Key(library_key(library) + b"manifest/")


def catalogue_key(library: LibraryId) -> Key:
    """The folder of catalogue snapshots, with the closing slash."""
    return Key(library_key(library) + b"catalogue/")


def segment_key(library: LibraryId, number: int) -> Key:
    """A sealed segment."""
    return Key(manifest_key(library) + b"%08d.jsonl" % number)


def open_key(library: LibraryId, number: int) -> Key:
    """A segment that is being written."""
    return Key(manifest_key(library) + b"%08d.open.jsonl" % number)


def segment_number(key: Key) -> tuple[int, bool] | None:
    """The number in a segment's key, and whether it is open; None for any other key."""
    match = _SEGMENT.fullmatch(key.rpartition(b"/")[2])
    return None if match is None else (int(match[1]), match[2] is not None)


def version_key(sha256: bytes, path: bytes) -> Key:
    """The blob that keeps a content: `versions/<2 hex>/<hex>.<suffix>`; the suffix is that of `path`."""
    name = sha256.hex().encode("ascii")
    suffix = _SUFFIX.search(path)
    return Key(VERSIONS + name[:2] + b"/" + name + (suffix[0].lower() if suffix else b""))


def quarantine_key(run_id: str, number: int, path: bytes) -> Key:
    """A name for replaced bytes: `quarantine/<run id>/<number>.<suffix>`."""
    suffix = _SUFFIX.search(path)
    return Key(
        QUARANTINE + b"%s/%06d%s" % (run_id.encode("ascii"), number, suffix[0].lower() if suffix else b"")
    )
