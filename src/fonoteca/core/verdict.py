"""What a difference means. Pure, total: the first row that matches decides.

Rows are those of the verdict table in the design; this is its part for a world without payload digests: a written file
is a new version, a file whose size and mtime stand still while its bytes differ is held, a lack is only reported.
"""

from __future__ import annotations

from enum import StrEnum

from fonoteca.core.entry import Content, FileStat


class StatClass(StrEnum):
    """How a stat compares with the recorded one."""

    UNMOVED = "unmoved"
    """Size, mtime and ctime are equal."""
    TOUCHED = "touched"
    """Size and mtime are equal, ctime or inode moved (chmod, hard link, rename, a new disk)."""
    WRITTEN = "written"
    """Size or mtime moved."""
    CTIME_UNKNOWN = "ctime unknown"
    """Size and mtime are equal, and there is no ctime to trust (FAT, exFAT, many network mounts)."""


class Verdict(StrEnum):
    """The meaning of what was read."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    """New bytes under a moved stat: a new version."""
    HELD = "content differs"
    """New bytes though size and mtime stand still: rot, or a writer that hides. Never copied out."""


def stat_class(recorded: FileStat, seen: FileStat, *, ctime_trusted: bool) -> StatClass:
    """Compare two stats of one path. `ctime_trusted` is False on file systems that keep no true ctime or inode."""
    if (recorded.size, recorded.mtime_ns) != (seen.size, seen.mtime_ns):
        return StatClass.WRITTEN
    if not ctime_trusted or recorded.ctime_ns == 0:
        return StatClass.CTIME_UNKNOWN
    if (recorded.ctime_ns, recorded.inode) != (seen.ctime_ns, seen.inode):
        return StatClass.TOUCHED
    return StatClass.UNMOVED


def judge(recorded: Content | None, moved: StatClass | None, found: Content) -> Verdict:
    """What `found`, just read, means for an entry whose content was `recorded` (None: never seen)."""
    if recorded is None or moved is None:
        return Verdict.ADDED
    if (recorded.sha256, recorded.size) == (found.sha256, found.size):
        return Verdict.UNCHANGED
    if moved is StatClass.WRITTEN:
        return Verdict.REPLACED
    return Verdict.HELD


_NO_TRUE_CTIME = frozenset(
    {"vfat", "msdos", "exfat", "ntfs", "ntfs3", "hfs", "hfsplus", "cifs", "smb3", "smbfs", "9p"}
)


def trusts_ctime(file_system_type: str) -> bool:
    """Whether a file system keeps a true change time and lasting inode numbers (FAT, SMB and FUSE ones do not)."""
    return file_system_type not in _NO_TRUE_CTIME and not file_system_type.startswith("fuse")
