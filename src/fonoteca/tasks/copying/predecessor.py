"""What stands under a key that is about to be superseded: what may be replaced, and where it is kept.

It is compared with what we published; where size or time is another, or its place among the versions is taken, it is
read. Only what we published becomes a version; strange, damaged or unreadable bytes go to quarantine.
"""

from __future__ import annotations

import os

from fonoteca.core.copy import Level
from fonoteca.core.digest import Hasher
from fonoteca.core.entry import Content
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.layout import quarantine_key, version_key
from fonoteca.core.place import Key, Stamp, Stat
from fonoteca.core.plan.copies import OldCopy, Target, Work, same_time
from fonoteca.errors import Broken, Conflict, Refused
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.manifest.seal import raise_first

ABOUT_ONE = (Broken, Conflict, Refused)
"""What reading one object may raise that says nothing of the others: a bad sector, a link there, no permission."""

Place = tuple[Stamp | None, Key | None, Finding | None]


def take_place_of(place: OpenLocation, target: Target, work: Work) -> Place:
    """The stamp of what stands under `target.key`, where to keep it, and what is odd about it.

    All None where nothing of ours stands: publishing will meet what does, and leave it. Raises LocationError for what
    is about the place, not for what is about this object.
    """
    old = target.old
    try:
        found = place.stat(target.key)
    except ABOUT_ONE:
        return None, None, None
    if found is None or old is None:
        return None, None, None
    blob = version_key(old.content.sha256, work.path)
    kept = place.stat(blob)
    if is_ours(place, old, found) and (kept is None or kept.stamp == found.stamp):
        return found.stamp, blob, None
    oddity = strange(place, target.key, old)
    if oddity is not None:
        kind, detail = oddity
        return found.stamp, *_aside(work, kind, detail)
    if kept is None or _holds(place, blob, old.content):
        return found.stamp, blob, None
    return found.stamp, blob, _clear(place, blob, work)


def content_at(place: OpenLocation, key: Key) -> tuple[Content, Level]:
    """What stands under `key`, read whole, and the level that reading reached. Raises LocationError."""
    hasher = Hasher()
    with place.read(key) as reading:
        for block in reading:
            hasher.update(block)
        digests = hasher.digests()
        return Content(digests.sha256, hasher.size, digests.xxh3_128), reading.level


def is_ours(place: OpenLocation, old: OldCopy, found: Stat) -> bool:
    """True when it is what we published, by size and time, of a copy that was good when last looked at."""
    precision = place.traits.mtime_precision_ns
    return old.good and found.size == old.content.size and same_time(old.mtime_ns, found.mtime_ns, precision)


def strange(place: OpenLocation, key: Key, old: OldCopy) -> tuple[FindingKind, str] | None:
    """What is wrong with the bytes that stand there, or None when they are what we published."""
    expected = old.content.sha256.hex()
    try:
        content, _ = content_at(place, key)
    except ABOUT_ONE as error:
        return FindingKind.UNREADABLE_COPY, f"expected sha256 {expected}, it cannot be read ({error.reason})"
    if content == old.content:
        return None
    return FindingKind.CHANGED_AT_LOCATION, f"expected sha256 {expected}, found {content.sha256.hex()}"


def _aside(work: Work, kind: FindingKind, detail: str) -> tuple[Key, Finding]:
    keep = quarantine_key(os.urandom(16).hex(), work.id, work.path)
    whole = f"{detail}; those bytes were put aside as {keep.decode('ascii', 'replace')}"
    return keep, Finding(kind, whole, path=work.path, repairable=True)


def _holds(place: OpenLocation, key: Key, content: Content) -> bool:
    try:
        return content_at(place, key)[0] == content
    except ABOUT_ONE:
        return False


def _clear(place: OpenLocation, blob: Key, work: Work) -> Finding:
    """A damaged blob stands where the old content shall be kept: it goes to quarantine, and the old takes its place."""
    shown = blob.decode("ascii", "replace")
    keep, finding = _aside(
        work, FindingKind.DAMAGED, f"an earlier version, kept as {shown}, was damaged and is kept there anew"
    )
    raise_first(place.move([(blob, keep)]))
    return finding
