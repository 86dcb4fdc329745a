"""A catalogue that is filled by hand, with real folders beneath it.

memory = Remembered(tmp_path)
memory.add(b"a.flac", at=("red", "blue"))
with memory.open() as archive: ...
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import copies, database, entries, libraries, places
from fonoteca.config.model import Config, FolderConfig, LibraryConfig
from fonoteca.core.copy import Level
from fonoteca.core.digest import digest
from fonoteca.core.entry import Content, FileStat, kind_of
from fonoteca.core.pattern import split
from fonoteca.core.place import Identity
from fonoteca.core.policy import Policy
from fonoteca.disk.mounts import file_system
from support.places import folder_location

NOW = 1_750_000_000_000_000_000
"""2025-06-15, in ns."""


class Remembered:
    """One library `music` and some locations. `file_systems` are those that the catalogue believes in."""

    def __init__(
        self,
        folder: Path,
        file_systems: Mapping[str, str] | None = None,
        *,
        removable: Iterable[str] = (),
        policy: Policy | None = None,
    ) -> None:
        self.folder = folder
        self.music = folder / "music"
        self.music.mkdir()
        where = {"red": "uuid:red", "blue": "uuid:blue"} if file_systems is None else file_systems
        self.config = Config(
            file=None,
            catalogue=str(folder / "catalogue.sqlite"),
            libraries={"music": LibraryConfig("music", os.fsencode(self.music))},
            locations={
                name: FolderConfig(name=name, path=os.fsencode(folder / name), removable=name in removable)
                for name in where
            },
            policy=policy or Policy(),
        )
        self.connection = database.open_writer(self.config.catalogue)
        own = file_system(os.fsencode(self.music)).identity
        self.own_file_system = own
        self.library = libraries.add(self.connection, "a" * 32, "music", os.fsencode(self.music), own, NOW)
        self.places = {name: self._place(name, identity) for name, identity in where.items()}

    def _place(self, name: str, where: str) -> places.PlaceRow:
        location = folder_location(self.folder / name, name)
        marker = location.peek()
        assert marker is not None
        believed: Identity = replace(marker, file_system=where)
        with location.open(write=False) as place:
            traits = place.traits
        return places.put(self.connection, name, str(self.folder / name), believed, traits, NOW)

    def add(
        self,
        path: bytes,
        data: bytes | None = None,
        *,
        at: Iterable[str] = (),
        level: Level = Level.BYTES,
        verified_ns: int = NOW,
        on_disk: bool = False,
    ) -> int:
        """An entry with its copies; gives its number. Without `data` each path has bytes of its own."""
        body = path if data is None else data
        if on_disk:
            target = os.path.join(os.fsencode(self.music), path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            Path(os.fsdecode(target)).write_bytes(body)
        content = content_of(body)
        folder, name = split(path)
        number = libraries.put_folder(self.connection, self.library.id, folder)
        held = entries.put_content(self.connection, content)
        stat = self._stat(path, len(body)) if on_disk else FileStat(len(body), NOW, NOW, 1)
        entry = entries.next_number(self.connection)
        newcomer = entries.Newcomer(
            entry,
            number,
            name,
            kind_of(name).value,
            content.sha256,
            content.size,
            stat.mtime_ns,
            stat.ctime_ns,
            stat.inode,
            1,
            NOW,
        )
        entries.add_many(self.connection, [newcomer])
        for location in at:
            self.copy(location, entry, held, b"music/" + path, level, verified_ns)
        return entry

    def _stat(self, path: bytes, size: int) -> FileStat:
        found = os.lstat(os.path.join(os.fsencode(self.music), path))
        return FileStat(size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    def copy(
        self, location: str, entry: int, content: int, key: bytes, level: Level = Level.BYTES, when: int = NOW
    ) -> None:
        """A copy at a location."""
        number = self.places[location].id
        copies.record(self.connection, number, entry, key, content, NOW, level, when, 1)

    def damage(self, location: str, entry: int, state: str = "damaged") -> None:
        """Let a copy be found bad."""
        copies.set_state(self.connection, self.places[location].id, entry, state)

    def scanned(self, *, complete: bool = True) -> None:
        """Let a scan have looked at the library."""
        libraries.scanned(self.connection, self.library.id, NOW, complete)

    def open(self, access: Access = Access.READ) -> AbstractContextManager[Archive]:
        """The archive. Writing needs `close` before."""
        return Archive.open(self.config, access, now=lambda: NOW)


def content_of(data: bytes) -> Content:
    """The content of some bytes."""
    return Content(hashlib.sha256(data).digest(), len(data), digest(data).xxh3_128)
