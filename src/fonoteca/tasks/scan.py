"""Look at libraries and compare them with what the catalogue remembers; decide from stats what must be read.

`look` writes the differences into the run's pending table and yields what a person should know.
`scan` is the command: it also reads what is new or changed, and records it, without copying anything.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fonoteca.archive import Archive
from fonoteca.catalogue import entries, journal, libraries, pending
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.entries import Known
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.entry import FileStat, RelPath
from fonoteca.core.event import Event, Found, Phase, Scanned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.pattern import Exclusion, join, split, under
from fonoteca.core.verdict import StatClass, stat_class, trusts_ctime
from fonoteca.disk.mounts import FileSystem
from fonoteca.library.scan import Listing, file_stat, walk
from fonoteca.library.trust import Trust
from fonoteca.tasks.moving.absence import confirm_absent, say_gone
from fonoteca.tasks.moving.masses import believe_masses
from fonoteca.tasks.moving.matching import match_moves


@dataclass(slots=True)
class Pass:
    """One look at one library: what was seen so far."""

    archive: Archive
    row: LibraryRow
    config: LibraryConfig
    place: FileSystem
    started_ns: int
    known_folders: dict[bytes, tuple[int, str | None]]
    trust: Trust
    seen_folders: dict[bytes, str | None] = field(default_factory=dict)
    """With the file system mounted inside the library on which each lies; None: the library's own."""
    unseen: list[bytes] = field(default_factory=list)
    """Folders whose content is not known this time; nothing below them counts as gone."""
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: {"entries": 0, "bytes": 0, "new": 0, "written": 0, "touched": 0}
    )

    def find(self, kind: FindingKind, detail: str, path: bytes | None) -> None:
        """Note something about this library."""
        self.findings.append(Finding(kind, detail, library=self.row.name, path=path))

    @property
    def catalogue(self) -> sqlite3.Connection:
        """The archive's catalogue."""
        return self.archive.catalogue


def look(archive: Archive, config: LibraryConfig, *, read: bool = True) -> Iterator[Event]:
    """Walk one library and fill the pending table with what must be read. Entries that have another path now get it;
    with `read` also those that only their bytes can tell.

    Yields findings and one `Scanned`. Raises LibraryAway or LibraryError when it cannot be looked at at all,
    Interrupted between two folders when the user asked to stop.
    """
    row, place = archive.library(config)
    yield Phase("scan")
    known = {path: (number, where) for number, path, where in libraries.folders(archive.catalogue, row.id)}
    one = Pass(archive, row, config, place, archive.now(), known, Trust(config.path))
    pending.begin(archive.catalogue)
    with transaction(archive.catalogue):
        for listing in walk(config.path, Exclusion(config.exclude), enter=_gate(one)):
            archive.pause_point()
            _compare(one, listing)
            yield from _drain(one)
        _unlisted_folders(one)
        confirm_absent(one)
    yield from _drain(one)
    moved = yield from match_moves(
        archive, row, one.trust, one.unseen, read=read, at_home=lambda: believe_masses(one)
    )
    with transaction(archive.catalogue):
        for reason, count in moved.items():
            one.counts[reason] -= count
        gone = say_gone(one)
        complete = not one.unseen
        libraries.scanned(archive.catalogue, row.id, archive.now(), complete)
    yield from _drain(one)
    yield Scanned(
        row.name,
        one.counts["entries"],
        one.counts["bytes"],
        one.counts["new"],
        one.counts["written"],
        one.counts["touched"],
        gone,
        complete,
        sum(moved.values()),
    )


def _gate(one: Pass) -> Callable[[RelPath, int], bool]:
    """Whether a folder may be entered: not when another file system is there than the recorded one."""

    def enter(path: RelPath, device: int) -> bool:
        where = _file_system_of(one, path, device)
        recorded = one.known_folders.get(path)
        if recorded is None or recorded[1] == where or not path:
            return True
        if recorded[1] is None and where is not None and not _has_entries(one, recorded[0]):
            return True  # a mount appeared over a folder in which nothing was recorded: it hides nothing
        _hidden(one, path, recorded[1] or one.place.identity, where or one.place.identity)
        return False

    return enter


def _hidden(one: Pass, path: bytes, expected: str, found: str) -> None:
    """Another file system than the recorded one: nothing below counts as gone."""
    one.unseen.append(path)
    detail = (
        f"expected the file system {expected} mounted here, found {found}: mount it and run this again; if it is gone "
        f"for good, run `fonoteca library adopt {one.row.name} PATH`"
    )
    one.find(FindingKind.NOT_SEEN, detail, path)


def _file_system_of(one: Pass, path: bytes, device: int) -> str | None:
    """None for the library's own file system, else the identity of the one that is mounted inside."""
    found = one.trust.of(device, path).identity
    return None if found == one.place.identity else found


def _has_entries(one: Pass, folder: int) -> bool:
    return (
        one.catalogue.execute("SELECT 1 FROM entries WHERE folder = ? LIMIT 1", (folder,)).fetchone()
        is not None
    )


def _compare(one: Pass, listing: Listing) -> None:
    """Hold one folder against what was recorded of it."""
    one.seen_folders[listing.path] = _file_system_of(one, listing.path, listing.device)
    if listing.error is not None:
        one.unseen.append(listing.path)
        one.find(FindingKind.UNREADABLE, f"this folder could not be listed: {listing.error}", listing.path)
    for name, what in listing.odd:
        one.find(FindingKind.SKIPPED, f"a {what}, not a file: never opened", join(listing.path, name))
    folder = _folder_id(one, listing)
    one.counts["entries"] += len(listing.files)
    one.counts["bytes"] += sum(status.st_size for _, status in listing.files)
    if not _all_unmoved(one, folder, listing):
        _compare_each(one, listing, folder)


def _all_unmoved(one: Pass, folder: int, listing: Listing) -> bool:
    """True when the folder shows what was recorded, no more and no less: how most folders are found."""
    seen = {
        (name, each.st_size, each.st_mtime_ns, each.st_ctime_ns, each.st_ino, 1)
        for name, each in listing.files
    }
    return seen == entries.stats_in(one.catalogue, folder)


def _compare_each(one: Pass, listing: Listing, folder: int) -> None:
    known = entries.known_in(one.catalogue, folder)
    kind = one.trust.of(listing.device, listing.path).type
    rows: list[pending.Row] = []
    for name, status in listing.files:
        recorded = known.pop(name, None)
        reason = _reason(recorded, status, kind)
        if reason is not None:
            seen = file_stat(status)
            inode = seen.inode if trusts_ctime(kind) else 0
            entry = recorded.entry if recorded else None
            rows.append((folder, name, entry, reason, seen.size, seen.mtime_ns, seen.ctime_ns, inode))
            one.counts[reason] = one.counts.get(reason, 0) + 1
    if rows:
        pending.add(one.catalogue, rows)
    if known:
        _not_in_listing(one, listing, known)


def _reason(recorded: Known | None, status: os.stat_result, kind: str) -> str | None:
    """Why a file must be read, or None when its stat says that it is as recorded."""
    if recorded is None:
        return pending.NEW
    old = FileStat(recorded.size, recorded.mtime_ns, recorded.ctime_ns, recorded.inode)
    new = file_stat(status)
    if old == new and recorded.trusted and recorded.state == "present":
        return None
    moved = stat_class(old, new, ctime_trusted=trusts_ctime(kind))
    if moved is StatClass.WRITTEN:
        return pending.WRITTEN
    if (
        moved is StatClass.CTIME_UNKNOWN
        and recorded.ctime_ns
        and recorded.trusted
        and recorded.state == "present"
    ):
        return None  # all that such a file system can say is that size and mtime stand
    return pending.TOUCHED


def _folder_id(one: Pass, listing: Listing) -> int:
    where = one.seen_folders[listing.path]
    recorded = libraries.folder(one.catalogue, one.row.id, listing.path)
    if recorded is None or (recorded[1], recorded[2]) != (where, listing.is_empty):
        folder = libraries.put_folder(one.catalogue, one.row.id, listing.path, where, listing.is_empty)
    else:
        folder = recorded[0]
    if listing.error is None and libraries.links_in(one.catalogue, folder) != dict(listing.links):
        libraries.set_links(one.catalogue, folder, listing.links)
    return folder


def _not_in_listing(one: Pass, listing: Listing, known: dict[bytes, Known]) -> None:
    """Recorded names that the folder no longer shows: left out now, not known, or absent."""
    excluded = set(listing.excluded)
    for name, recorded in known.items():
        if name in excluded:
            _newly_excluded(one, join(listing.path, name), recorded)
        elif listing.error is None and recorded.state != "gone":
            pending.put_absent(one.catalogue, [recorded.entry])


def _newly_excluded(one: Pass, path: bytes, recorded: Known) -> None:
    if recorded.state == "excluded":
        return
    entries.set_state(one.catalogue, recorded.entry, "excluded", one.started_ns)
    one.find(FindingKind.NOT_SEEN, "the config leaves it out now; its copies stay as they are", path)


def _unlisted_folders(one: Pass) -> None:
    """Folders that were recorded and that no listing showed: their entries are absent, unless something hides them."""
    exclusion = Exclusion(one.config.exclude)
    for path, (folder, where) in one.known_folders.items():
        if path in one.seen_folders or any(under(path, hidden) for hidden in one.unseen):
            continue
        if where is not None and where != _around(one, path) and not exclusion.covers(path):
            # An automounter takes the folder away with the mount: what lay on it is away, not removed.
            _hidden(one, path, where, "nothing")
            continue
        known = entries.known_in(one.catalogue, folder)
        if exclusion.covers(path):
            for name, recorded in known.items():
                _newly_excluded(one, join(path, name), recorded)
            continue
        pending.put_absent(one.catalogue, [each.entry for each in known.values() if each.state != "gone"])
        libraries.put_folder(one.catalogue, one.row.id, path, None, is_empty=False)
        libraries.set_links(one.catalogue, folder, [])


def _around(one: Pass, path: bytes) -> str | None:
    """On which file system the nearest folder above lies that was seen."""
    while path:
        path = split(path)[0]
        if path in one.seen_folders:
            return one.seen_folders[path]
    return None


def _drain(one: Pass) -> Iterator[Event]:
    """Hand on what was found so far, each recorded first."""
    found, one.findings = one.findings, []
    if found:
        with transaction(one.catalogue):  # of all that is gone at once, not a commit each
            for finding in found:
                journal.note(one.catalogue, finding, one.started_ns)
    yield from map(Found, found)
