"""A streaming walk over a library: one `Listing` a folder, depth first, names in byte order.

Nothing is opened but folders. Symbolic links are reported with their target and never followed; sockets, FIFOs and
devices are reported as odd. A folder that could not be listed to its end says so in `error`: what it lacks is then
not known to be gone.
"""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fonoteca.core.entry import FileStat, RelPath, storable_inode, storable_ns
from fonoteca.core.pattern import Exclusion, join
from fonoteca.disk.listing import list_folder, read_link


@dataclass(slots=True)
class Listing:
    """What one folder holds. Names are bytes; `files` pairs each with its lstat, for the speed of comparing."""

    path: RelPath
    device: int
    files: list[tuple[bytes, os.stat_result]] = field(default_factory=list)
    links: list[tuple[bytes, bytes]] = field(default_factory=list)
    folders: list[tuple[bytes, int]] = field(default_factory=list)
    """Name and device number."""
    odd: list[tuple[bytes, str]] = field(default_factory=list)
    excluded: list[bytes] = field(default_factory=list)
    error: str | None = None
    """Why the folder was not listed to its end, or None."""

    @property
    def is_empty(self) -> bool:
        """True when a copy of this folder would hold nothing."""
        return not (self.files or self.links or self.folders or self.odd) and self.error is None


def walk(
    root: bytes,
    exclusion: Exclusion,
    *,
    start: bytes = b"",
    enter: Callable[[RelPath, int], bool] | None = None,
) -> Iterator[Listing]:
    """Every folder below `root`, from `start` (a path inside it) on. `enter(path, device)` False leaves one out.

    Raises nothing for what lies inside; the caller has made sure that `root` is there.
    """
    top = os.lstat(join(root, start)) if start else os.stat(root)
    pending: list[tuple[bytes, int]] = [(start, top.st_dev)]
    while pending:
        path, device = pending.pop()
        if enter is not None and not enter(RelPath(path), device):
            continue
        listing = _list(root, RelPath(path), device, exclusion)
        yield listing
        pending.extend((join(path, name), number) for name, number in reversed(listing.folders))


def file_stat(found: os.stat_result) -> FileStat:
    """The part of a stat that verdicts need, as the catalogue can hold it."""
    return FileStat(
        found.st_size,
        storable_ns(found.st_mtime_ns),
        storable_ns(found.st_ctime_ns),
        storable_inode(found.st_ino),
    )


def _list(root: bytes, path: RelPath, device: int, exclusion: Exclusion) -> Listing:
    listing = Listing(path, device)
    folder = join(root, path) if path else root
    found, listing.error = list_folder(folder)
    is_left_out = exclusion.within(path)
    for each in found:
        if is_left_out(each[0]):
            listing.excluded.append(each[0])
        elif modes.S_ISREG(each[1].st_mode):
            listing.files.append(each)
        else:
            _sort_in(listing, folder, *each)
    return listing


def _sort_in(listing: Listing, folder: bytes, name: bytes, status: os.stat_result) -> None:
    mode = status.st_mode
    if modes.S_ISDIR(mode):
        listing.folders.append((name, status.st_dev))
    elif modes.S_ISLNK(mode):
        target = read_link(folder + b"/" + name)
        if target is None:
            listing.error = listing.error or "a symbolic link could not be read"
        else:
            listing.links.append((name, target))
    else:
        listing.odd.append((name, _ODD.get(modes.S_IFMT(mode), "special file")))


_ODD = {
    modes.S_IFSOCK: "socket",
    modes.S_IFIFO: "FIFO",
    modes.S_IFBLK: "block device",
    modes.S_IFCHR: "character device",
}
