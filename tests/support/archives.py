"""A whole small archive for tests: a library, its config, locations, and what runs on them.

    home = Home(tmp_path)
    home.write("a/cover.jpg", b"…")
    home.backup()
    assert home.verify("red").code == 0

Files are companions, so that no process is started to read tags.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fonoteca.archive import Access, Archive
from fonoteca.config.load import load
from fonoteca.config.model import Config
from fonoteca.core.copy import Level
from fonoteca.core.event import (
    Event,
    Found,
    LocationFailed,
    Restored,
    RunEnded,
    Verified,
    VersionPruned,
    Warned,
)
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.policy import Budget
from fonoteca.tasks import adopt, backup, prune, repair, restore, scrub, setup, verify
from fonoteca.tasks.restoring.past import Earlier

HOSTILE = (
    b"new\nline.jpg",
    b"not utf-8 \xff\xfe.jpg",
    b"back\\slash.jpg",
    b" blanks .jpg",
    b"-rf.jpg",
    "Bj\u00f6rk \u2013 \u200fJ\u00f3ga.jpg".encode(),
    b"%41 percent%2E.jpg",
    b"n" * 251 + b".jpg",
)
"""Names that Linux allows and programs stumble over."""

OLD = 1_400_000_000_123_456_789
"""An mtime that nobody would set by accident."""


@dataclass(frozen=True)
class Ran:
    """What a task said."""

    events: tuple[Event, ...]

    @property
    def code(self) -> int:
        """Its exit code."""
        (ended,) = (event for event in self.events if isinstance(event, RunEnded))
        return ended.exit_code

    def found(self, kind: FindingKind | None = None) -> list[Finding]:
        """Its findings."""
        seen = [event.finding for event in self.events if isinstance(event, Found)]
        return [each for each in seen if kind in (None, each.kind)]

    @property
    def verified(self) -> dict[bytes, Level]:
        """Paths that were checked, with their level."""
        return {event.path: event.level for event in self.events if isinstance(event, Verified)}

    @property
    def restored(self) -> dict[bytes, str]:
        """How each path came back."""
        return {event.path: event.how for event in self.events if isinstance(event, Restored)}

    @property
    def pruned(self) -> set[tuple[str, bytes, int]]:
        """Location, path and size of versions that went, or may go."""
        events = [event for event in self.events if isinstance(event, VersionPruned)]
        return {(event.location, event.path, event.size) for event in events}

    @property
    def failed(self) -> list[LocationFailed]:
        """Locations that took no part."""
        return [event for event in self.events if isinstance(event, LocationFailed)]

    @property
    def said(self) -> str:
        """All warnings."""
        return "\n".join(event.sentence for event in self.events if isinstance(event, Warned))


def ran(events: Iterable[Event]) -> Ran:
    """Run a task to its end."""
    return Ran(tuple(events))


class Home:
    """One person's archive in a folder."""

    def __init__(
        self, base: Path, locations: Sequence[str] = ("red",), libraries: Sequence[str] = ("music",)
    ) -> None:
        self.base = base
        self.now: Callable[[], int] = time.time_ns
        self.config_path = str(base / "config.toml")
        for name in libraries:
            (base / name).mkdir(parents=True, exist_ok=True)
            setup.library_add(self.config_path, name, os.fsencode(base / name))
        for name in locations:
            setup.location_add(self.config_path, name, str(base / name), plain_folder=True)

    @property
    def config(self) -> Config:
        """As it stands now."""
        return load(self.config_path)

    @property
    def catalogue(self) -> Path:
        """The catalogue's file."""
        return Path(self.config.catalogue)

    def add_server(self, url: str, name: str = "nas", **more: Any) -> None:
        """Add a location on a server."""
        setup.location_add(self.config_path, name, url, **more)

    def place(self, name: str = "red") -> Path:
        """A location's folder."""
        return self.base / name

    def write(self, path: str | bytes, data: bytes, library: str = "music", mtime_ns: int = OLD) -> Path:
        """Put a file into a library."""
        whole = os.fsencode(self.base / library) + b"/" + os.fsencode(path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as file:
            file.write(data)
        os.utime(whole, ns=(mtime_ns, mtime_ns))
        return Path(os.fsdecode(whole))

    def exclude(self, *globs: str, library: str = "music") -> None:
        """Leave these out of a library from now on: what is recorded of them stays, and no run touches it."""
        config = Path(self.config_path)
        table = f"[library.{library}]\n"
        config.write_text(config.read_text().replace(table, f"{table}exclude = {list(globs)}\n"))

    def fill(self) -> None:
        """Some files, a folder that is empty, and links."""
        self.write("Nina Simone/cover.jpg", b"cover" * 1000)
        self.write("Nina Simone/Pastel Blues/booklet.pdf", os.urandom(300_000))
        self.write("notes.txt", b"")
        for name in HOSTILE:
            self.write(b"odd/" + name, b"odd " + name)
        music = os.fsencode(self.base / "music")
        os.makedirs(music + b"/empty/below")
        os.symlink(b"../nowhere \xff", music + b"/odd/dangling")
        os.symlink(b"Nina Simone", music + b"/nina")

    def backup(self) -> Ran:
        """Copy everything everywhere."""
        with Archive.open(self.config, Access.WRITE, now=self.now) as archive:
            return ran(backup.backup(archive))

    def backup_events(self) -> Iterator[Event]:
        """As `backup`, event by event."""
        with Archive.open(self.config, Access.WRITE, now=self.now) as archive:
            yield from backup.backup(archive)

    def scan(self) -> Ran:
        """Look at the libraries only."""
        with Archive.open(self.config, Access.WRITE, now=self.now) as archive:
            return ran(backup.scan(archive))

    def verify(self, *places: str, level: Level | None = None, sha256: bool = False) -> Ran:
        """Check all, or the named places."""
        with Archive.open(self.config, Access.WRITE, now=self.now) as archive:
            return ran(verify.verify(archive, list(places) or None, level=level, sha256=sha256))

    def scrub(
        self,
        *places: str,
        libraries: Sequence[str] = (),
        budget: Budget = scrub.WITHOUT_LIMIT,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], int] = time.time_ns,
    ) -> Ran:
        """Read again what is most in need of it."""
        with Archive.open(self.config, Access.WRITE, now=now) as archive:
            return ran(
                scrub.scrub(archive, places or None, libraries, budget=budget, clock=clock, sleep=sleep)
            )

    def repair(
        self, *places: str, source: str | None = None, libraries: bool = False, apply: bool = False
    ) -> Ran:
        """Put recorded bytes back, or with `apply` False say how."""
        with Archive.open(self.config, Access.WRITE if apply else Access.READ) as archive:
            return ran(
                repair.repair(archive, places or None, source=source, libraries=libraries, apply=apply)
            )

    def restore(
        self,
        target: Path,
        *patterns: str,
        source: str | None = None,
        overwrite: restore.Overwrite = restore.Overwrite.NEVER,
        dry_run: bool = False,
        earlier: Earlier | None = None,
    ) -> Ran:
        """Bring music back into `target`."""
        with Archive.open(self.config, Access.READ, now=self.now) as archive:
            return ran(
                restore.restore(
                    archive,
                    os.fsencode(target),
                    source=source,
                    patterns=patterns,
                    overwrite=overwrite,
                    dry_run=dry_run,
                    earlier=earlier,
                )
            )

    def prune(self, *places: str, apply: bool = False) -> Ran:
        """Give up old versions, or say which may go."""
        with Archive.open(self.config, Access.WRITE if apply else Access.READ, now=self.now) as archive:
            return ran(prune.prune(archive, list(places) or None, apply=apply))

    def adopt(self, place: Path | str, name: str | None = None) -> Ran:
        """Believe a place."""
        return ran(adopt.location_adopt(self.config_path, str(place), name))

    def lose_catalogue(self) -> None:
        """Its disk died."""
        shutil.rmtree(self.catalogue.parent)

    def lose_snapshots(self, name: str = "red") -> None:
        """No snapshot of the catalogue was put there yet."""
        for each in self.place(name).glob(".fonoteca/libraries/*/catalogue/*"):
            each.unlink()

    def segments(self, name: str = "red") -> list[Path]:
        """The sealed segments of a location's only library, oldest first."""
        return sorted(self.place(name).glob(".fonoteca/libraries/*/manifest/*.jsonl"))

    def ask(self, question: str) -> list[tuple[object, ...]]:
        """Rows of the catalogue."""
        with Archive.open(self.config, Access.READ) as archive:
            return [tuple(row) for row in archive.catalogue.execute(question)]


def verify_bare(place: Path | str, *, level: Level | None = None, sha256: bool = False) -> Ran:
    """Check a location with nothing else at hand."""
    return ran(verify.verify_bare(str(place), level=level, sha256=sha256))


def repair_bare(place: Path | str, source: Path | None = None, *, apply: bool = False) -> Ran:
    """Put recorded bytes back at a location with nothing else at hand."""
    return ran(repair.repair_bare(str(place), None if source is None else str(source), apply=apply))


def restore_bare(
    place: Path | str,
    target: Path,
    *patterns: str,
    overwrite: restore.Overwrite = restore.Overwrite.NEVER,
    earlier: Earlier | None = None,
) -> Ran:
    """Bring music back from a location with nothing else at hand."""
    return ran(
        restore.restore_bare(
            str(place), os.fsencode(target), patterns=patterns, overwrite=overwrite, earlier=earlier
        )
    )


def tree(folder: Path) -> dict[bytes, tuple[str, bytes, int]]:
    """Everything below a folder: kind, bytes or link target, mtime (files only)."""
    found: dict[bytes, tuple[str, bytes, int]] = {}
    root = os.fsencode(folder)
    for where, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = os.path.join(where, name)
            key = os.path.relpath(path, root)
            if os.path.islink(path):
                found[key] = ("link", os.readlink(path), 0)
            elif os.path.isdir(path):
                found[key] = ("folder", b"", 0)
            else:
                with open(path, "rb") as file:
                    found[key] = ("file", file.read(), os.stat(path).st_mtime_ns)
    return found


def flip_byte(path: Path, offset: int = 0) -> None:
    """Rot: one byte turns, size and mtime stay."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0x40]))
    os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))


def cut_short(path: Path, size: int) -> None:
    """Lose what comes after `size` bytes."""
    os.truncate(path, size)
