"""How far the stats of files can be trusted, file system by file system: a library may have others mounted inside.

trust = Trust(b"/home/ana/Music")
trust.racy_ns(status.st_dev, path)      # 60 s on a network mount, 2 s elsewhere
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fonoteca.core.entry import RACY_NETWORK_NS, RACY_NS
from fonoteca.core.pattern import join
from fonoteca.core.verdict import trusts_ctime
from fonoteca.disk.mounts import FileSystem, file_system


@dataclass(slots=True)
class Trust:
    """File systems below `root` by device number, each looked up once. Usable from several threads."""

    root: bytes
    _found: dict[int, FileSystem] = field(default_factory=dict)

    def of(self, device: int, path: bytes) -> FileSystem:
        """The file system of `device` (an `st_dev`), on which `path` (below the root) lies. Raises OSError."""
        found = self._found.get(device)
        if found is None:
            found = self._found[device] = file_system(join(self.root, path) if path else self.root)
        return found

    def racy_ns(self, device: int, path: bytes) -> int:
        """A stat is proof when its times are older than its reading by more than this (ns)."""
        return RACY_NETWORK_NS if self.of(device, path).is_network else RACY_NS

    def ctime(self, device: int, path: bytes) -> bool:
        """Whether ctimes and inode numbers mean anything there."""
        return trusts_ctime(self.of(device, path).type)
