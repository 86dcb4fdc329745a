"""Checksum files that lie beside the music, as evidence: each content is held against what they say of it, once.

They are older than our own memory, so they may know of damage that came before it. What they say stops nothing.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from fonoteca.archive import Archive
from fonoteca.catalogue import sidecars
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.sidecars import Due, Unread
from fonoteca.config.model import LibraryConfig
from fonoteca.core.entry import FileStat
from fonoteca.core.event import Advanced, Event, Phase
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.pattern import join
from fonoteca.core.sidecar import LARGEST, SOUND_MD5, claims, method_of
from fonoteca.disk import calls
from fonoteca.disk.reading import BLOCK_BYTES, open_source
from fonoteca.library.scan import file_stat
from fonoteca.tasks.looking.inside import tell_changes

PHASE = "checksum files"
_LOSSLESS = "md5:"


def hold_against(archive: Archive, config: LibraryConfig, row: LibraryRow) -> Iterator[Event]:
    """Read new checksum files, compare what they name, and tell what differs. Raises Interrupted.

    A file that cannot be read, or is no longer what was recorded, is left for the next run.
    """
    work = _Comparing(archive, config.path)
    for sidecar in sidecars.unread(archive.catalogue, row.id):
        work.read(sidecar)
    waiting = sidecars.due(archive.catalogue, row.id)
    if waiting:
        yield Phase(PHASE, len({each.entry for each in waiting}))
        for _, group in groupby(waiting, key=lambda each: each.entry):
            archive.pause_point()
            yield work.compare(list(group))
    differing = sidecars.differing(archive.catalogue, row.id)
    found = (
        _finding(row.name, path, list(group))
        for path, group in groupby(differing, key=lambda each: each.path)
    )
    yield from tell_changes(archive, row.name, [FindingKind.SIDECAR_DIFFERS], found)


@dataclass(slots=True)
class _Comparing:
    """Files of the library at `root`."""

    archive: Archive
    root: bytes

    def read(self, sidecar: Unread) -> None:
        """Keep what a checksum file says."""
        name = sidecar.path.rpartition(b"/")[2]
        data = b""
        if method_of(name) is not None and sidecar.stat.size <= LARGEST:
            parts: list[bytes] = []
            if not self._through(sidecar.path, sidecar.stat, lambda block: parts.append(bytes(block))):
                return
            data = b"".join(parts)
        with transaction(self.archive.catalogue):
            sidecars.put(self.archive.catalogue, sidecar, claims(name, data))

    def compare(self, due: list[Due]) -> Event:
        """Hold one file against all that is said of it; it is read once, or not at all."""
        one = due[0]
        sums = _Sums({each.method for each in due})
        is_read = not sums.wanted or self._through(one.path, one.stat, sums.update)
        if is_read:
            with transaction(self.archive.catalogue):
                for each in due:
                    sidecars.compared(self.archive.catalogue, each, _digest(each, sums))
        return Advanced(1, one.stat.size if sums.wanted else 0)

    def _through(self, path: bytes, expected: FileStat, take: Callable[[memoryview], object]) -> bool:
        """Hand every byte to `take`. False where it is not the file that was recorded, from beginning to end."""
        buffer, offset = memoryview(bytearray(BLOCK_BYTES)), 0
        try:
            with open_source(join(self.root, path)) as fd:
                if file_stat(calls.fstat(fd)) != expected:
                    return False
                while count := calls.read_into(fd, buffer, offset):
                    take(buffer[:count])
                    offset += count
                    self.archive.pause_point()
                return file_stat(calls.fstat(fd)) == expected
        except OSError:  # the scan reads it too, and says so
            return False


class _Sums:
    """Digests of one file that the catalogue does not have."""

    def __init__(self, methods: set[str]) -> None:
        self.wanted = methods & {"md5", "sha1", "crc32"}
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in self.wanted - {"crc32"}}
        self._crc = 0

    def update(self, block: memoryview) -> None:
        """The next bytes."""
        for each in self._hashes.values():
            each.update(block)
        if "crc32" in self.wanted:
            self._crc = zlib.crc32(block, self._crc)

    def digest(self, method: str) -> str:
        """Lower-case hex."""
        return f"{self._crc:08x}" if method == "crc32" else self._hashes[method].hexdigest()


def _digest(due: Due, sums: _Sums) -> str | None:
    """What the content has; None where it declares no MD5 of its sound."""
    if due.method == "sha256":
        return due.sha256.hex()
    if due.method == SOUND_MD5:
        is_md5 = due.lossless is not None and due.lossless.startswith(_LOSSLESS)
        return (due.lossless or "").removeprefix(_LOSSLESS) if is_md5 else None
    return sums.digest(due.method)


def _finding(library: str, path: bytes, differing: list[sidecars.Differing]) -> Finding:
    """What all checksum files say against one file."""
    said = [
        f"{os.fsdecode(each.sidecar)} says {each.method} {each.said}, it is {each.found}"
        for each in differing
    ]
    return Finding(FindingKind.SIDECAR_DIFFERS, "; ".join(said), library, path=path)
