"""An open file as the readers see it: its bytes, its name, its size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

BinaryFile: TypeAlias = IO[bytes] | io.RawIOBase

SMALL = 1 << 20
"""Files up to this size (1 MiB) are read whole, once; in larger ones the readers seek, through a buffer."""


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes of `size` behind `file`; `name` is the last part of the path."""

    file: BinaryFile
    name: bytes
    size: int

    @property
    def suffix(self) -> str:
        """Lower case, without its dot; empty where there is none."""
        _, dot, suffix = self.name.rpartition(b".")
        return suffix.lower().decode("ascii", "replace") if dot else ""

    def at(self, start: int, size: int) -> bytes:
        """Up to `size` bytes from `start` on; a negative start counts from the end of the file."""
        self.file.seek(max(0, start if start >= 0 else self.size + start))
        return self.file.read(size) or b""

    def behind(self, start: int) -> Source:
        """The same file as if it began at `start`: for readers that know nothing of what may lie in front."""
        if start == 0:
            self.file.seek(0)
            return self
        return Source(_Behind(self.file, start), self.name, self.size - start)


def source_of(data: bytes, name: bytes) -> Source:
    """Bytes in memory as a source."""
    return Source(io.BytesIO(data), name, len(data))


class _Behind(io.RawIOBase):
    """A read-only view of `file` from `start` on."""

    def __init__(self, file: BinaryFile, start: int) -> None:
        self._file = file
        self._start = start
        file.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size) or b""

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        place = self._file.seek(offset + self._start if whence == 0 else offset, whence)
        if place < self._start:
            raise OSError(22, "seek before the beginning")
        return place - self._start

    def tell(self) -> int:
        return self._file.tell() - self._start
