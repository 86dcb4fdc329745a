"""Block devices below file systems, and the UUIDs that file systems carry."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat as modes
import uuid as uuids

from fonoteca.disk import calls

_FS_IOC_GETFSUUID = 0x80111500  # _IOR(0x15, 0, struct fsuuid2): length byte, 16 bytes; Linux ≥ 6.9
_BTRFS_IOC_FS_INFO = 0x8400941F  # _IOR(0x94, 31, 1024 bytes): fsid at byte 16
_EXT_IOC_GETFSUUID = 0x8008662C  # _IOR('f', 44, struct fsuuid): length, flags, 16 bytes; ext4, Linux ≥ 6.0
_NO_SUCH_CALL = frozenset(
    {errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EACCES}
)
_BY_UUID = b"/dev/disk/by-uuid"


def block_device(number: str, source: str) -> int | None:
    """The device number below a mount (`8:1`, `/dev/sda1` in the mount table), None when there is no block
    device.

    Btrfs and the like have a number of their own (`0:45`): then the source says which device it is.
    """
    major, _, minor = number.partition(":")
    if major != "0":
        return os.makedev(int(major), int(minor))
    if not source.startswith("/dev/"):
        return None
    try:
        found = calls.stat(source)
    except OSError:
        return None  # a name from outside a container; nothing is claimed of it
    return found.st_rdev if modes.S_ISBLK(found.st_mode) else None


def is_direct(device: int) -> bool:
    """True for block devices of this machine beneath which no cache is known that reads could come from.

    Not network block devices and Ceph, whose bytes lie elsewhere. Nor loop devices that read their file through the
    cache of the file system around it (a container file, also beneath dm-crypt): an emptied cache above says nothing.
    """
    shown = f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"
    try:
        where = calls.readlink(shown)
        if re.search(r"/(nbd|rbd)\d", where):
            return False
        loop = re.search(r"/loop\d+", where)
        if loop is not None:
            return _reads_directly("/sys/block" + loop[0] + "/loop")
        beneath = os.listdir(shown + "/slaves") if os.path.isdir(shown + "/slaves") else []
        return all(is_direct(_number(f"{shown}/slaves/{name}/dev")) for name in beneath)
    except (OSError, ValueError):
        return False  # sysfs does not tell, so nothing is claimed


def _reads_directly(loop: str) -> bool:
    """Whether a loop device skips the cache around its file, and that file lies on such a device itself."""
    if _text(loop + "/dio") != "1":
        return False
    around = calls.stat(_text(loop + "/backing_file")).st_dev
    return os.major(around) != 0 and is_direct(around)


def _number(path: str) -> int:
    major, _, minor = _text(path).partition(":")
    return os.makedev(int(major), int(minor))


def _text(path: str) -> str:
    with calls.opened(os.fsencode(path), os.O_RDONLY) as fd:
        return os.fsdecode(os.read(fd, 4096)).rstrip("\n")


def uuid(fd: int, kind: str, device: int | None) -> str | None:
    """The file system's own UUID or serial number as `/dev/disk/by-uuid` writes it, None where nobody tells.

    `fd` is anything on it, also an O_PATH descriptor.
    """
    if not (modes.S_ISDIR(mode := calls.fstat(fd).st_mode) or modes.S_ISREG(mode)):
        return _by_link(device)
    try:
        readable = calls.open_(b"/proc/self/fd/%d" % fd, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return _by_link(device)  # not ours to read; udev tells everybody
    try:
        return _asked(readable, kind) or _by_link(device)
    finally:
        calls.close(readable)


def _asked(fd: int, kind: str) -> str | None:
    if kind == "btrfs":
        return _ioctl(fd, _BTRFS_IOC_FS_INFO, 1024, slice(16, 32))
    if kind not in {"ext2", "ext3", "ext4", "xfs", "f2fs"}:
        return None  # others tell a serial number of another form than by-uuid does
    found = _ioctl(fd, _FS_IOC_GETFSUUID, 17, slice(1, 17))
    if found is None and kind.startswith("ext"):
        return _ioctl(fd, _EXT_IOC_GETFSUUID, 24, slice(8, 24), b"\x10")
    return found


def _ioctl(fd: int, request: int, size: int, where: slice, head: bytes = b"") -> str | None:
    buffer = bytearray(head.ljust(size, b"\0"))
    try:
        fcntl.ioctl(fd, request, buffer)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise
        return None
    found = uuids.UUID(bytes=bytes(buffer[where]))
    return str(found) if found.int else None


def _by_link(device: int | None) -> str | None:
    if device is None:
        return None
    try:
        names = os.listdir(_BY_UUID)
    except OSError:
        return None  # no udev here, as in most containers
    for name in sorted(names):
        try:
            if calls.stat(_BY_UUID + b"/" + name).st_rdev == device:
                return os.fsdecode(name)
        except OSError:
            continue  # a link whose device was just unplugged
    return None
