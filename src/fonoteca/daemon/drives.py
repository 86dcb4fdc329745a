"""Drives that come and go: told by the kernel's mount table, and by looking once a minute.

Nothing is kept open: what is mounted can be taken away at any time.
"""

from __future__ import annotations

import os
import select
from dataclasses import dataclass, field
from typing import NamedTuple

from fonoteca.config.model import Config, FolderConfig
from fonoteca.daemon.clock import Bell

MOUNTS = "/proc/self/mountinfo"
_MARKER = b"/.fonoteca/location.json"


class Changes(NamedTuple):
    """Names of what came and what went since the last look."""

    locations_came: list[str]
    locations_went: list[str]
    libraries_came: list[str]
    libraries_went: list[str]


@dataclass(slots=True)
class Drives:
    """What is there now, by name: device and inode of a location's marker, of a library's folder."""

    bell: Bell
    _locations: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    _libraries: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    fd: int = field(default_factory=lambda: os.open(MOUNTS, os.O_RDONLY | os.O_CLOEXEC))
    """Has something when the mount table changed."""

    def __post_init__(self) -> None:
        # poll(2) on the mount table tells of a change as a priority event (proc(5)).
        self.bell.watch(self.fd, select.POLLPRI)

    def close(self) -> None:
        """Ask the kernel no more."""
        self.bell.forget(self.fd)
        os.close(self.fd)

    def look(self, config: Config) -> Changes:
        """What came and went. At the first look nothing did."""
        places = {
            name: _seen(each.path + _MARKER)
            for name, each in config.locations.items()
            if isinstance(each, FolderConfig)
        }
        own = {name: _seen(each.path) for name, each in config.libraries.items()}
        came, went = _compared(self._locations, places)
        own_came, own_went = _compared(self._libraries, own)
        self._locations, self._libraries = places, own
        return Changes(came, went, own_came, own_went)

    def has_library(self, name: str) -> bool:
        """Whether its folder was there at the last look."""
        return self._libraries.get(name) is not None

    def has_location(self, name: str) -> bool:
        """Whether something calls itself a location there."""
        return self._locations.get(name) is not None


Seen = dict[str, tuple[int, int] | None]


def _compared(before: Seen, now: Seen) -> tuple[list[str], list[str]]:
    came = [name for name, each in now.items() if name in before and each and each != before[name]]
    went = [name for name, each in now.items() if before.get(name) and each is None]
    return came, went


def _seen(path: bytes) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
