"""Finding out what a file system can and cannot do, by trying it in a scratch folder that is removed
again."""

from __future__ import annotations

import os
import unicodedata
from contextlib import suppress

from fonoteca.core.place import Traits
from fonoteca.disk import calls
from fonoteca.disk.folders import Folders
from fonoteca.disk.staging import sweep

_SUSPECTS = '<>:"|?*\\'
_CONTROL = "".join(map(chr, range(1, 32)))
_STEPS_NS = (1, 100, 1_000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000)
_ODD_TIME_NS = 1_234_567_891_123_456_789
"""A moment that no coarser clock can hold: odd in seconds, no zeros in its fraction."""


def probe(root_fd: int, scratch: bytes) -> Traits:
    """What the file system of `root_fd` can do. `scratch` is a folder below it that is made, used and
    removed.

    Raises OSError when even plain files cannot be made there.
    """
    sweep(root_fd, scratch)
    with Folders(root_fd) as folders:
        fd = os.dup(folders.get(scratch, make=True))
    try:
        _make(fd, b"plain")
        return _Probe(fd).traits()
    finally:
        calls.close(fd)
        with suppress(OSError):  # what stays is swept at the next opening
            sweep(root_fd, scratch)
            calls.rmdir(scratch, dir_fd=root_fd)


class _Probe:
    """Trials in one folder."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def traits(self) -> Traits:
        limit, unit = self._name_limit()
        return Traits(
            folds_case=self._is_seen_as(b"fold-case", b"FOLD-CASE"),
            normalises_unicode=self._normalises(),
            reserved=self._reserved(),
            utf8_only=not self._keeps(b"raw-\xff\xfe"),
            trims_names=not (self._keeps(b"dot.") and self._keeps(b"blank ")),
            name_limit=limit,
            name_limit_unit=unit,
            mtime_precision_ns=self._precision(),
            hard_links=self._links(),
        )

    def _keeps(self, name: bytes) -> bool:
        """True when a file of this name can be made and is listed under just this name."""
        try:
            _make(self._fd, name)
        except OSError:
            return False
        with calls.scandir(self._fd) as names:
            found = any(os.fsencode(entry.name) == name for entry in names)
        self._remove(name)
        return found

    def _remove(self, name: bytes) -> None:
        with suppress(FileNotFoundError):
            calls.unlink(name, dir_fd=self._fd)

    def _is_seen_as(self, name: bytes, other: bytes) -> bool:
        _make(self._fd, name)
        try:
            calls.lstat(other, dir_fd=self._fd)
        except OSError:
            return False
        finally:
            self._remove(name)
        return True

    def _normalises(self) -> bool:
        composed = "nfc-é".encode()
        if not self._can(composed):
            return True  # it does not even take one: names must not depend on the form
        decomposed = unicodedata.normalize("NFD", "nfc-é").encode()
        return (
            self._is_seen_as(composed, decomposed) or not self._keeps(composed) or not self._keeps(decomposed)
        )

    def _can(self, name: bytes) -> bool:
        try:
            _make(self._fd, name)
        except OSError:
            return False
        self._remove(name)
        return True

    def _reserved(self) -> str:
        bad = "".join(each for each in _SUSPECTS if not self._keeps(f"re{each}served".encode()))
        return bad if self._keeps(b"con\x01trol") and self._keeps(b"new\nline") else bad + _CONTROL

    def _name_limit(self) -> tuple[int, str]:
        """The longest name, and whether it is counted in bytes or in UTF-16 units."""
        limit = 255 if self._can(b"n" * 255) else self._longest(255)
        wide = self._can("é".encode() * limit)
        return limit, "utf16" if wide else "bytes"

    def _longest(self, above: int) -> int:
        low, high = 1, above
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self._can(b"n" * middle) else (low, middle)
        return low

    def _precision(self) -> int | None:
        try:
            calls.utime(b"plain", ns=(_ODD_TIME_NS, _ODD_TIME_NS), dir_fd=self._fd)
        except OSError:
            return None
        kept = calls.lstat(b"plain", dir_fd=self._fd).st_mtime_ns
        off = abs(kept - _ODD_TIME_NS)
        return next((step for step in _STEPS_NS if off < step and kept % step == 0), None)

    def _links(self) -> bool:
        try:
            calls.link(b"plain", b"linked", src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError:
            return False
        return calls.lstat(b"plain", dir_fd=self._fd).st_nlink == 2


def _make(fd: int, name: bytes) -> None:
    calls.close(calls.open_(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=fd))
