"""What stops *us*. What is wrong with the world's data is a Finding (`core/finding.py`), never raised.

    FonotecaError
    ├── UsageError                 the command line asks for something that cannot be meant
    │   └── ConfigError            everything wrong with one config file, all at once
    ├── Interrupted                the user asked to stop; what was done stands
    ├── OutputFailed               our answer could not be written: the disk behind stdout is full
    ├── Locked                     another run writes this archive
    ├── CatalogueError             our memory cannot be used
    │   ├── CatalogueCorrupt
    │   ├── CatalogueNewer         written by a newer fonoteca
    │   └── CatalogueUnwritable
    ├── LibraryError               a library cannot be used as it is
    │   └── LibraryAway            its folder or its file system is not there
    └── LocationError              the only family that crosses the border of `locations/`
        ├── Away                   not there, or something else is in its place
        │   ├── Lost               the connection to it broke off in the middle: asking again may help
        │   └── Paused             its timetable says: not now
        ├── Denied                 there, but it refuses us
        │   └── Refused            it refuses one object: too large, a folder that may not be written; others go on
        ├── Full                   no room for these bytes
        ├── Broken                 a read or a write failed on the device
        ├── Conflict               a key holds something other than what was expected
        ├── Foreign                a marker or manifest that cannot be believed (version, seal, copy)
        └── NameTaken              the library's folder name belongs to another library there

Each error carries its facts as fields and forms its sentence from them: what happened, where, what it
means, and the command that helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class FonotecaError(Exception):
    """Anything that stops a task. `str()` is a whole sentence for a person."""


class UsageError(FonotecaError):
    """The words on the command line cannot be meant as they stand."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a config file: `line 4, location.red.removable: found "yes", expected true or false`."""

    path: str
    """Dotted, as a person would say it: `location.red.path`."""
    found: str
    expected: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}, " if self.line is not None else ""
        return f"{where}{self.path}: found {self.found}, expected {self.expected}"


class ConfigError(UsageError):
    """Everything wrong with one config file, found in one pass; nothing was touched."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{file} has {count} problem{'s' if count != 1 else ''}; nothing was done:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class Interrupted(FonotecaError):
    """The user asked to stop. Nothing half-made stays under a real name; running again continues."""

    def __init__(self, signal_number: int = 2) -> None:
        self.signal_number = signal_number
        super().__init__("Stopped. What was finished stands; run the same command again to continue.")


class OutputFailed(FonotecaError):
    """What we had to say could not be written to stdout."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The output could not be written: {reason}. What was finished stands; "
            f"make room where it goes, or send it elsewhere, and run the same command again."
        )


class Locked(FonotecaError):
    """Another process writes this archive."""

    def __init__(self, what: str, pid: int | None, *, who: str | None = None, remedy: str = "") -> None:
        self.what = what
        self.pid = pid
        user = who or (f"process {pid}" if pid is not None else "another process")
        more = f"; {remedy}" if remedy else ""
        super().__init__(
            f"{what} is in use by {user}: wait for it to end, or stop it, and run this again{more}."
        )


class CatalogueError(FonotecaError):
    """The catalogue at `path` cannot be used."""

    def __init__(self, path: str, sentence: str) -> None:
        self.path = path
        super().__init__(sentence)


class CatalogueCorrupt(CatalogueError):
    """SQLite says that the file is damaged."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            path,
            f"The catalogue {path} is damaged ({reason}). Your music and its copies are not touched by this. "
            f"Move that file aside, then run `fonoteca location adopt PLACE` for each location: "
            f"it brings the memory back.",
        )


class CatalogueNewer(CatalogueError):
    """A newer fonoteca wrote it."""

    def __init__(self, path: str, found: int, known: int) -> None:
        self.found = found
        self.known = known
        super().__init__(
            path,
            f"The catalogue {path} has schema {found}; this fonoteca knows schemas up to {known}. "
            f"Nothing was touched. Use the newer fonoteca that wrote it.",
        )


class CatalogueUnwritable(CatalogueError):
    """Its disk is full or read-only, or permission is lacking: `reason` in the system's own words."""

    def __init__(self, path: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            path,
            f"The catalogue {path} cannot be written: {reason}. Nothing is recorded that cannot be kept, "
            f"so nothing was copied after this. Make room or permission there, "
            f"or set `catalogue` under [archive] in the config to another place.",
        )


class LibraryError(FonotecaError):
    """The library `name` at `path` cannot be used as it is."""

    def __init__(self, name: str, path: str, sentence: str) -> None:
        self.name = name
        self.path = path
        super().__init__(sentence)


class LibraryAway(LibraryError):
    """Its folder is not there, or not on the file system on which it was recorded."""

    def __init__(self, name: str, path: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            name,
            path,
            f"The library {name} is away: {reason}. Nothing counts as removed and its copies are untouched. "
            f"Mount it and run this again; if it has moved for good, run `fonoteca library adopt {name} PATH`.",
        )


class LocationError(FonotecaError):
    """Something a location could not do. `place` is its name or path as the user wrote it."""

    def __init__(self, place: str, sentence: str) -> None:
        self.place = place
        super().__init__(sentence)


class Away(LocationError):
    """The place is not there, or another thing is in its place. Nothing was read as missing or written."""

    def __init__(self, place: str, reason: str, remedy: str = "") -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(place, f"{place} is away: {reason}." + (f" {remedy}" if remedy else ""))


class Lost(Away):
    """The connection broke off, or no answer came in time. Transient: whoever asks again may be answered."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason, "What was finished stands; run this again.")


class Paused(Away):
    """The person's timetable lets nothing flow now. `until` is a minute of the day, local time."""

    def __init__(self, place: str, until: int) -> None:
        self.until = until
        self.reason = f"paused by its rate until {until // 60:02}:{until % 60:02}"
        self.remedy = "What was finished stands; run this again then."
        LocationError.__init__(self, place, f"{place} is {self.reason}. {self.remedy}")


class Denied(LocationError):
    """The place is there and refuses: permissions, a read-only file system."""

    def __init__(self, place: str, reason: str, remedy: str = "") -> None:
        self.reason = reason
        super().__init__(place, f"{place} refuses: {reason}." + (f" {remedy}" if remedy else ""))


class Refused(Denied):
    """The place refuses this one object: it is too large, or its folder may not be written. Others it takes."""

    def __init__(self, place: str, key: bytes, reason: str) -> None:
        self.key = key
        super().__init__(place, f"{reason}, at {key.decode('utf-8', 'backslashreplace')}")


class Full(LocationError):
    """There is no room. `needed` and `free` are bytes; `free` already leaves out the reserve."""

    def __init__(self, place: str, needed: int, free: int | None) -> None:
        self.needed = needed
        self.free = free
        known = f", {free:,} bytes are free above its reserve" if free is not None else ""
        super().__init__(
            place, f"{place} is full: {needed:,} bytes are needed{known}. Make room there and run this again."
        )


class Broken(LocationError):
    """The device or the server failed under us (I/O error, a connection that died)."""

    def __init__(self, place: str, reason: str) -> None:
        self.reason = reason
        super().__init__(place, f"{place} failed: {reason}.")


class Conflict(LocationError):
    """`key` holds something other than what the caller expected; nothing was replaced."""

    def __init__(self, place: str, key: bytes, reason: str) -> None:
        self.key = key
        self.reason = reason
        shown = key.decode("utf-8", "backslashreplace")
        super().__init__(place, f"{shown} at {place} {reason}; it was left as it is.")


class Foreign(LocationError):
    """What the place says of itself cannot be believed: another version, a broken seal, a copied marker."""

    def __init__(self, place: str, reason: str, remedy: str = "") -> None:
        self.reason = reason
        super().__init__(
            place, f"{place} cannot be trusted as it is: {reason}." + (f" {remedy}" if remedy else "")
        )


class NameTaken(LocationError):
    """The folder `name` at this place belongs to another library; a free name is proposed."""

    def __init__(self, place: str, name: str, proposal: str) -> None:
        self.name = name
        self.proposal = proposal
        super().__init__(
            place,
            f"At {place} the folder {name} belongs to another library. "
            f"Give this one another name in the config, for example [library.{proposal}].",
        )
