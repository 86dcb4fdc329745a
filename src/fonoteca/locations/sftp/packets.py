"""The packets of SFTP version 3, as bytes and back (draft-ietf-secsh-filexfer-02; OpenSSH's PROTOCOL).

    >>> string(b"ab")
    b'\\x00\\x00\\x00\\x02ab'
    >>> Reply(103, b"\\0\\0\\0\\2hi").string()
    b'hi'

Names stay bytes: a library may hold any that Linux allows, and paramiko's own client takes them for UTF-8.
"""

from __future__ import annotations

import stat as modes
import struct
from typing import NamedTuple

from fonoteca.core.digest import Block

INIT, VERSION = 1, 2
OPEN, CLOSE, READ, WRITE = 3, 4, 5, 6
LSTAT, SETSTAT, FSETSTAT, OPENDIR, READDIR = 7, 9, 10, 11, 12
REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME = 13, 14, 15, 16, 17, 18
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
EXTENDED, EXTENDED_REPLY = 200, 201

READING = 0x01
CREATING = 0x02 | 0x08 | 0x20
"""Write, make it, and fail where it stands."""

FSYNC = b"fsync@openssh.com"
POSIX_RENAME = b"posix-rename@openssh.com"
HARDLINK = b"hardlink@openssh.com"
STATVFS = b"statvfs@openssh.com"
LIMITS = b"limits@openssh.com"
COPY_DATA = b"copy-data"
"""draft-ietf-secsh-filexfer-extensions-00, section 7; OpenSSH 9.0."""

_WORD = struct.Struct(">I")
_LONG = struct.Struct(">Q")
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 1, 2, 4, 8, 0x80000000


class Attributes(NamedTuple):
    """What a server says of one name. None for what it leaves out; `mtime` in whole seconds."""

    size: int | None
    mode: int | None
    mtime: int | None

    @property
    def is_file(self) -> bool:
        """True for a regular file; where a server tells no modes, whatever is not known to be otherwise."""
        return self.mode is None or modes.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        """True for a folder."""
        return self.mode is not None and modes.S_ISDIR(self.mode)


def string(value: bytes) -> bytes:
    """A string with its length before it."""
    return _WORD.pack(len(value)) + value


def word(value: int) -> bytes:
    """32 bits."""
    return _WORD.pack(value)


def long(value: int) -> bytes:
    """64 bits."""
    return _LONG.pack(value)


def times(mtime: int) -> bytes:
    """Attributes that set nothing but both times, in seconds."""
    return _WORD.pack(_HAS_TIMES) + _WORD.pack(mtime) + _WORD.pack(mtime)


def mode(value: int) -> bytes:
    """Attributes that set nothing but the permissions."""
    return _WORD.pack(_HAS_MODE) + _WORD.pack(value)


class Reply:
    """One answer, read from its start. Raises struct.error where it is shorter than it should be."""

    __slots__ = ("_at", "data", "kind")

    def __init__(self, kind: int, data: Block) -> None:
        self.kind = kind
        self.data = memoryview(data)
        self._at = 0

    @property
    def is_read(self) -> bool:
        """True when nothing is left."""
        return self._at >= len(self.data)

    def word(self) -> int:
        """The next 32 bits."""
        (found,) = _WORD.unpack_from(self.data, self._at)
        self._at += 4
        return int(found)

    def long(self) -> int:
        """The next 64 bits."""
        (found,) = _LONG.unpack_from(self.data, self._at)
        self._at += 8
        return int(found)

    def string(self) -> bytes:
        """The next string."""
        return bytes(self.view())

    def view(self) -> memoryview:
        """The next string, not copied."""
        length = self.word()
        found = self.data[self._at : self._at + length]
        if len(found) < length:
            raise struct.error("a string that is longer than its packet")
        self._at += length
        return found

    def attributes(self) -> Attributes:
        """The next attributes."""
        flags = self.word()
        size = self.long() if flags & _HAS_SIZE else None
        if flags & _HAS_OWNER:
            self._at += 8
        found = self.word() if flags & _HAS_MODE else None
        mtime = None
        if flags & _HAS_TIMES:
            self._at += 4
            mtime = self.word()
        if flags & _HAS_MORE:
            for _ in range(self.word()):
                self.string()
                self.string()
        return Attributes(size, found, mtime)
