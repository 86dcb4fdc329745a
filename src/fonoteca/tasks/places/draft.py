"""A config in the making: what shall be added is checked against the disks and the catalogue first.

Nothing is touched until `carry_out`; until then every objection is gathered, so that a person hears them all
at once.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import places
from fonoteca.config import edit, names, urls
from fonoteca.config.load import check_text
from fonoteca.config.model import FolderConfig, RcloneConfig, RemoteConfig, S3Config, SftpConfig
from fonoteca.config.overlap import overlaps
from fonoteca.config.paths import Base
from fonoteca.core.sharing import shared
from fonoteca.disk.mounts import file_system, needs_plain_folder
from fonoteca.errors import LocationError, UsageError
from fonoteca.tasks.places import founding, ground
from fonoteca.tasks.places.memory import remembered
from fonoteca.tasks.places.opening import is_path, server_in

_NEW = "the new location"
"""What a place is called in sentences that has no name yet."""

HEADER = """\
# fonoteca's config. What you write here stays when fonoteca adds to it; `fonoteca config check` proofreads.
"""


@dataclass(frozen=True, slots=True)
class SetupResult:
    """What was done, and what a person should know about it, in sentences."""

    sentences: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Draft:
    """A config's text, growing. Raises ConfigError at once when what stands is wrong."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.before = edit.text_or_empty(path)
        self.text = self.before or HEADER
        self.config = check_text(self.text, path)
        self.memory = remembered(self.config)
        self.objections: list[str] = []
        self.result = SetupResult()
        self.to_found: list[str] = []
        """Locations that have no marker of ours yet."""

    def add_library(self, folder: bytes, name: str | None = None, exclude: Sequence[str] = ()) -> None:
        """Have a library there. One that the config has under the same path is left as it is."""
        standing = self._library_at(folder)
        if standing is not None and name in (None, standing):
            self._say(f"The library {standing} ({ground.shown(folder)}) is in the config already.")
            return
        fault = ground.library_fault(folder)
        if fault is not None:
            self.objections.append(fault)
            return
        chosen = name or self._library_name(folder)
        if self._take(edit.add_library(self.text, chosen, os.fsdecode(folder), exclude)):
            self._say(f"Library {chosen}: {ground.shown(folder)}")
            self._look_at_library(chosen, folder)

    def _library_at(self, folder: bytes) -> str | None:
        every = self.config.libraries.values()
        return next((each.name for each in every if ground.same_folder(each.path, folder)), None)

    def _library_name(self, folder: bytes) -> str:
        """The one that the catalogue has for this folder, or its own, made legal and free."""
        for row in self.memory.libraries.values():
            if row.path == folder and row.name not in self.config.libraries:
                return row.name
        # One that a location told of, and nobody where it lies: this is it, if the name says so.
        placed = [row.name for row in self.memory.libraries.values() if row.path]
        return names.propose_library_name(folder, [*self.config.libraries, *placed])

    def _look_at_library(self, name: str, folder: bytes) -> None:
        row = self.memory.libraries.get(name)
        if row is not None and row.path and row.path != folder:
            self._warn(
                f"The catalogue remembers a library {name} at {ground.shown(row.path)}. If this is the same "
                f"music, run `fonoteca library adopt {name} {ground.shown(folder)}`; "
                f"if not, choose another name."
            )
        if ground.is_empty(folder):
            self._warn(f"{ground.shown(folder)} is empty: there is nothing to protect in it yet.")

    def add_location(
        self,
        word: str,
        name: str | None = None,
        *,
        removable: bool = False,
        plain_folder: bool = False,
        offsite: bool = False,
        key: str | None = None,
        known_hosts: str | None = None,
    ) -> None:
        """Have a location there: a path, a URL, or the name of one that the config has. The files are for a URL."""
        more = {each: True for each, wanted in (("removable", removable), ("offsite", offsite)) if wanted}
        files = {"key": key, "known_hosts": known_hosts}
        given = {
            each: os.path.abspath(os.path.expanduser(file))
            for each, file in files.items()
            if file is not None
        }
        if urls.is_url(word):
            self._add_server(word, name, given, more)
        elif given:
            self.objections.append(
                f"--{next(iter(given)).replace('_', '-')} is for servers, and {word} is none."
            )
        elif not is_path(word):
            self.set_up(word)
        else:
            self._add_folder(ground.whole_path(os.fsencode(word)), name, more, plain_folder)

    def set_up(self, name: str) -> None:
        """Give a location of the config its marker, if it has none yet."""
        if name not in self.config.locations:
            known = ", ".join(self.config.locations) or "none"
            self.objections.append(
                f"There is no location {name} in the config; it has: {known}. Say where the new one lies: "
                f"`fonoteca location add {name} PLACE`; PLACE is a folder, for example ./{name}, or a URL."
            )
        elif name in self.memory.places:
            self._say(f"The location {name} is set up already.")
        else:
            self.to_found.append(name)

    def _add_folder(self, folder: bytes, name: str | None, more: dict[str, Any], plain_folder: bool) -> None:
        standing = self._location_at(folder)
        if standing is not None and name in (None, standing):
            self.set_up(standing)
            return
        try:
            fault = ground.location_fault(folder, plain_folder=plain_folder)
        except OSError as error:
            fault = str(error)
        if fault is not None:
            self.objections.append(fault)
            return
        table = {**_table(folder, plain_folder=plain_folder), **more}
        self._add_place(FolderConfig(name=name or _NEW, path=folder), name, table)

    def _location_at(self, folder: bytes) -> str | None:
        folders = [each for each in self.config.locations.values() if isinstance(each, FolderConfig)]
        return next((each.name for each in folders if ground.same_folder(each.path, folder)), None)

    def _add_server(self, word: str, name: str | None, given: dict[str, str], more: dict[str, Any]) -> None:
        try:
            config = urls.remote_place(word, name or _NEW)
            if given and not isinstance(config, SftpConfig):
                raise UsageError(
                    f"--{next(iter(given)).replace('_', '-')} is for SFTP servers, and {word} is none."
                )
            config = replace(config, **given)  # type: ignore[arg-type]  # two of its files
        except UsageError as error:
            self.objections.append(str(error))
            return
        standing = server_in(self.config, config)
        if standing is not None and name in (None, standing):
            self.set_up(standing)
            return
        self._add_place(config, name, {**urls.table(config), **more})

    def _add_place(
        self, config: FolderConfig | RemoteConfig, name: str | None, table: dict[str, Any]
    ) -> None:
        try:
            fault, name = self._judged(config, name)
        except (LocationError, OSError) as error:
            fault = str(error)
        if fault is not None or name is None:
            self.objections.append(fault or f"{urls.shown(config)} cannot be named.")
            return
        if self._take(edit.add_location(self.text, name, table)):
            self._say(f"Location {name}: {urls.shown(config)}")
            self.to_found.append(name)

    def _judged(self, config: FolderConfig | RemoteConfig, name: str | None) -> tuple[str | None, str | None]:
        """What speaks against a place as a location, and the name that it gets."""
        marker = founding.marker_at(config)
        if marker is None:
            return self._named(config, name)
        refusal = founding.stranger(config, marker, self.memory.by_marker)
        if refusal is not None:
            return refusal, name
        row = self.memory.by_marker[marker.id]
        if row.name in self.config.locations:
            empty = "an empty folder"
            return f"{urls.shown(config)} carries a copy of {row.name}'s marker: choose {empty}.", name
        return None, name or row.name

    def _named(self, config: FolderConfig | RemoteConfig, name: str | None) -> tuple[str | None, str | None]:
        if name is None:
            return None, proposed_name(config, [*self.config.locations, *self.memory.places])
        row = self.memory.places.get(name)
        if row is not None and name not in self.config.locations:
            return (
                f"The catalogue remembers another location {name} ({row.place}): choose another name, "
                f"or run `fonoteca location forget {name}` first."
            ), name
        return None, name

    def move_library(self, name: str, folder: bytes) -> None:
        """Give a library another path. Raises UsageError when the config has no such library."""
        if name in self.config.libraries and self.config.libraries[name].path == folder:
            return
        self._take(edit.set_library_path(self.text, name, os.fsdecode(folder)))

    def _take(self, text: str) -> bool:
        """Go on with `text`, unless folders would lie in one another."""
        base = Base(os.path.dirname(os.path.abspath(self.path)), os.environ)
        clashes = [
            f"The {each.path[0]} cannot be {each.found}: choose {each.expected}."
            for each in overlaps(tomllib.loads(text), self.config.catalogue, base)
        ]
        if clashes:
            self.objections += clashes
            return False
        self.text = text
        self.config = check_text(text, self.path)
        return True

    def agree(self) -> None:
        """Raise UsageError with every objection there is. Nothing was touched."""
        if not self.objections:
            return
        if len(self.objections) == 1:
            raise UsageError(f"{self.objections[0]} Nothing was done.")
        raise UsageError("\n".join(["Nothing was done:", *(f"  {each}" for each in self.objections)]))

    def save(self) -> None:
        """Write the config, if it says anything new."""
        if self.text == self.before:
            return
        edit.write_config(self.path, self.text)
        done = "Changed the" if self.before else "Wrote the"
        self.result.sentences.insert(0, f"{done} config {self.path}")

    def carry_out(self, *, alone: bool = False) -> SetupResult:
        """Write the config, then set up the new locations: one that fails is said, the others go on.

        Raises UsageError when there are objections, Locked when another run writes; with `alone`, when there
        is but one location, the LocationError that it fails with.
        """
        self.agree()
        with Archive.open(self.config, Access.WRITE) as archive:
            self.save()
            for name in dict.fromkeys(self.to_found):
                self._found(archive, name, alone=alone)
            self.result.warnings.extend(_shared(archive))
        return self.result

    def _found(self, archive: Archive, name: str, *, alone: bool) -> None:
        try:
            founding.found(archive, self.config.locations[name])
        except UsageError as error:
            if alone:
                raise
            self._warn(f"{error} {name} is not set up yet.")
        except LocationError as error:
            if alone:
                raise
            self._warn(f"{error} {name} is not set up yet: then run `fonoteca location add {name}`.")

    def _say(self, sentence: str) -> None:
        self.result.sentences.append(sentence)

    def _warn(self, sentence: str) -> None:
        self.result.warnings.append(sentence)


def _table(folder: bytes, *, plain_folder: bool) -> dict[str, Any]:
    table: dict[str, Any] = {"path": os.fsdecode(folder)}
    if plain_folder and needs_plain_folder(folder):
        table["plain_folder"] = True
    return table


def proposed_name(config: FolderConfig | RemoteConfig, taken: Sequence[str]) -> str:
    """A free name for a place: the drive's, the server's, or the folder's."""
    if isinstance(config, S3Config):
        return names.propose_location_name(config.bucket.encode(), taken)
    if isinstance(config, RcloneConfig):
        return names.propose_location_name(os.fsencode(config.remote.lstrip(":").partition(":")[0]), taken)
    if not isinstance(config, FolderConfig):
        return names.propose_server_name(config.host, config.path, taken)
    return names.propose_location_name(config.path, taken)


def _shared(archive: Archive) -> list[str]:
    """What lies on one disk, of all that is there now."""
    known = {row.name: row.identity.file_system for row in places.every(archive.catalogue)}
    locations = {name: known[name] for name in archive.config.locations if name in known}
    own = {each.name: _file_system(each.path) for each in archive.config.libraries.values()}
    return list(shared({name: where for name, where in own.items() if where is not None}, locations))


def _file_system(path: bytes) -> str | None:
    try:
        return file_system(path).identity
    except OSError:
        return None  # a library that is away; whoever uses it will say so
