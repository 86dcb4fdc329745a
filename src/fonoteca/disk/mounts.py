"""Which file system a path lies on, who it is, and what can be relied on there.

    >>> file_system(b"/media/red").identity              # doctest: +SKIP
    'uuid:6f1c2f5e-…'

The mount is found by the kernel's own number of it (`mnt_id` of an open descriptor), not by comparing paths
or device numbers: Btrfs and overlays answer `stat` with other device numbers than the mount table holds.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache

from fonoteca.disk import calls, volumes

_TOGETHER = frozenset({"ext4", "xfs", "btrfs", "f2fs", "tmpfs"})
_MEDIA = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "vfat", "msdos", "exfat", "ntfs3"})
_NETWORK = frozenset(
    {"9p", "afs", "ceph", "cifs", "coda", "davfs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs"}
    | {"fuse.davfs2", "fuse.glusterfs", "fuse.gvfsd-fuse", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"}
    | {"vboxsf", "virtiofs"}
)
_MOUNTED_HERE = (b"/media", b"/run/media", b"/mnt", b"/Volumes")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the mount table. `mount_point` is bytes as it is, escapes undone."""

    id: int
    device: str
    """`8:1`, as the kernel numbers it."""
    root: bytes
    mount_point: bytes
    options: frozenset[str]
    type: str
    source: str


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Where a path lies. `identity` is the same after every mount of the same file system, where it has one
    to tell: `uuid:6f1c…`, `server:/export`; else `dev:…`, `tmpfs:<mount point>` and the like."""

    identity: str
    type: str
    source: str
    mount_point: bytes
    device: int
    """`st_dev`: differs between Btrfs subvolumes of one file system."""
    is_network: bool
    is_local_block: bool
    read_only: bool

    @property
    def flushes_together(self) -> bool:
        """One `syncfs` makes everything durable and reports its errors; elsewhere it may do nothing and say
        0."""
        return self.type in _TOGETHER and _kernel() >= (5, 8)

    @property
    def shows_media(self) -> bool:
        """Reading past the cache can be shown here: a local block device with no cache beneath, under a file system
        known to obey."""
        return self.is_local_block and self.type in _MEDIA


def file_system(path: bytes) -> FileSystem:
    """The file system that holds `path` (links followed). Raises OSError."""
    with calls.opened(path, os.O_PATH) as fd:
        return file_system_of(fd)


def file_system_of(fd: int) -> FileSystem:
    """The file system of an open descriptor."""
    mount = _mount_of(fd)
    device = volumes.block_device(mount.device, mount.source)
    return FileSystem(
        identity=_identity(fd, mount, device),
        type=mount.type,
        source=mount.source,
        mount_point=mount.mount_point,
        device=calls.fstat(fd).st_dev,
        is_network=is_remote(mount),
        is_local_block=device is not None and volumes.is_direct(device),
        read_only="ro" in mount.options,
    )


def _identity(fd: int, mount: Mount, device: int | None) -> str:
    if mount.type in {"tmpfs", "ramfs", "overlay"}:
        return f"{mount.type}:{os.fsdecode(mount.mount_point)}"
    if is_remote(mount):
        return mount.source
    uuid = volumes.uuid(fd, mount.type, device)
    if uuid is not None:
        return f"uuid:{uuid}"
    if device is not None:
        return f"dev:{mount.source}"
    return f"{mount.type}:{mount.source}"


def is_remote(mount: Mount) -> bool:
    """True where the bytes lie on another machine: others may change them, and nobody tells us."""
    return mount.type in _NETWORK or _looks_remote(mount)


def _looks_remote(mount: Mount) -> bool:
    """`server:/export`, `//server/share`, `user@host:path`: sources that name another machine."""
    return mount.source.startswith("//") or (mount.type.startswith("fuse") and "@" in mount.source)


def _mount_of(fd: int) -> Mount:
    number = _mount_id(fd)
    for mount in read_mounts():
        if mount.id == number:
            return mount
    raise FileNotFoundError(f"mount {number} is not in the mount table")


def _mount_id(fd: int) -> int:
    with calls.opened(b"/proc/self/fdinfo/%d" % fd, os.O_RDONLY) as info:
        found = re.search(rb"^mnt_id:\s*(\d+)", _read_all(info), re.MULTILINE)
    if found is None:
        raise FileNotFoundError("/proc/self/fdinfo names no mnt_id")
    return int(found[1])


def read_mounts(table: bytes | None = None) -> list[Mount]:
    """The mounts that this process sees, or those in `table` (text of /proc/self/mountinfo, proc(5))."""
    if table is None:
        with calls.opened(b"/proc/self/mountinfo", os.O_RDONLY) as fd:
            table = _read_all(fd)
    return [_parse(line) for line in table.splitlines() if b" - " in line]


def _parse(line: bytes) -> Mount:
    here, _, there = line.partition(b" - ")
    fields = here.split(b" ")
    kind, source, own_options, *_ = [*there.split(b" "), b"", b""]
    options = frozenset(os.fsdecode(fields[5]).split(",")) | (
        {"ro"} & set(os.fsdecode(own_options).split(","))
    )
    return Mount(
        id=int(fields[0]),
        device=os.fsdecode(fields[2]),
        root=_unescaped(fields[3]),
        mount_point=_unescaped(fields[4]),
        options=options,
        type=os.fsdecode(kind),
        source=os.fsdecode(_unescaped(source)),
    )


def _unescaped(field: bytes) -> bytes:
    r"""Space, tab, newline and backslash stand as `\040`, `\011`, `\012`, `\134`."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes((int(found[1], 8),)), field)


def _read_all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 1 << 16):
        parts.append(part)
    return b"".join(parts)


@cache
def _kernel() -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def needs_plain_folder(path: bytes) -> bool:
    """True when `path` lies where drives are mounted (/media, /run/media, /mnt, /Volumes) but none is mounted
    there.

    Writing there would fill the system's own disk while the user believes that it goes to the drive.
    """
    whole = os.path.realpath(path)
    top = mounted_under(path)
    if top is None:
        return False
    mount_point = file_system(_standing(whole)).mount_point
    return not (mount_point == top or mount_point.startswith(top + b"/"))


def mounted_under(path: bytes) -> bytes | None:
    """Which of the folders where drives are mounted `path` lies in (/media, /run/media, /mnt, /Volumes), or None."""
    whole = os.path.realpath(path)
    return next((each for each in _MOUNTED_HERE if whole == each or whole.startswith(each + b"/")), None)


def _standing(path: bytes) -> bytes:
    """The nearest folder upwards that is there."""
    while not os.path.lexists(path) and path != b"/":
        path = os.path.dirname(path)
    return path
