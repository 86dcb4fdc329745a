"""What changes an archive's setup: config, markers of locations, and the catalogue's rows for them.

Each function checks everything first and then acts. Music and copies are never touched.
"""

from __future__ import annotations

import dataclasses
import os
import sqlite3
from collections.abc import Sequence
from itertools import islice

from fonoteca.archive import Access, Archive, location_of
from fonoteca.catalogue import entries, journal, libraries, places
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.config import edit, names, urls
from fonoteca.config.load import check_text, read_text
from fonoteca.config.model import Config, FolderConfig, LocationConfig
from fonoteca.core.finding import FindingKind
from fonoteca.core.pattern import join
from fonoteca.disk.mounts import file_system
from fonoteca.errors import UsageError
from fonoteca.locations.base import Site
from fonoteca.tasks.places import founding, ground
from fonoteca.tasks.places.draft import Draft, SetupResult
from fonoteca.tasks.places.memory import remembered
from fonoteca.tasks.places.opening import is_remote
from fonoteca.tasks.places.trial import trial

__all__ = [
    "SetupResult",
    "init_config",
    "library_add",
    "library_adopt",
    "library_forget",
    "location_add",
    "location_forget",
    "location_release",
    "location_replace",
    "protect_setup",
]

_LOOKED_FOR = 50
"""So many known files are looked for in the folder that a library is said to have moved to."""


def init_config(config_path: str) -> list[str]:
    """Write a commented config, unless one stands there. Gives sentences."""
    if os.path.lexists(config_path):
        return [f"There is a config at {config_path} already; it was left as it is."]
    edit.write_config(config_path, edit.template())
    return [
        f"Wrote {config_path}: fill in a library and a location, then run `fonoteca config check`.",
        "`fonoteca library add` and `fonoteca location add` can do it for you.",
    ]


def protect_setup(
    config_path: str, sources: Sequence[bytes], targets: Sequence[str], *, plain_folder: bool = False
) -> SetupResult:
    """Have these libraries and locations in the config, and the locations set up. What stands is not changed.

    Raises UsageError with every objection, and nothing done.
    """
    draft = Draft(config_path)
    for source in sources:
        draft.add_library(ground.whole_path(source))
    for target in targets:
        draft.add_location(target, plain_folder=plain_folder)
    return draft.carry_out()


# libraries


def library_add(config_path: str, name: str, path: bytes, exclude: Sequence[str] = ()) -> SetupResult:
    """Add a folder of music to the config under this name."""
    expected = names.library_name_expected(name)
    if expected is not None:
        raise UsageError(f"A library cannot be called {name!r}: its name should be {expected}.")
    draft = Draft(config_path)
    draft.add_library(ground.whole_path(path), name, exclude)
    return draft.carry_out()


def library_adopt(config_path: str, name: str, path: bytes) -> SetupResult:
    """Take a library that moved: its path in config and catalogue. The next scan compares what is there."""
    folder = ground.whole_path(path)
    draft = Draft(config_path)
    if name not in draft.config.libraries and name in draft.memory.libraries:
        return library_add(
            config_path, name, path
        )  # a location told of it; the config does not say where it lies
    draft.move_library(name, folder)
    fault = ground.library_fault(folder)
    if fault is not None:
        draft.objections.append(fault)
    draft.agree()
    with Archive.open(draft.config, Access.WRITE) as archive:
        row = libraries.by_name(archive.catalogue, name)
        with transaction(archive.catalogue):
            if row is not None:
                libraries.place(archive.catalogue, row.id, folder, file_system(folder).identity)
            draft.save()
        draft.result.sentences.append(f"Library {name}: {ground.shown(folder)}. The next scan compares it.")
        if row is not None and _looks_strange(archive.catalogue, row, folder):
            draft.result.warnings.append(
                f"None of the files known of {name} was found in {ground.shown(folder)}. If it is the wrong "
                f"folder, run `fonoteca library adopt {name} PATH` again with the right one."
            )
    return draft.result


def _looks_strange(connection: sqlite3.Connection, row: LibraryRow, folder: bytes) -> bool:
    present = (each.path for each in entries.every(connection, row.id) if each.state == "present")
    sample = list(islice(present, _LOOKED_FOR))
    return bool(sample) and not any(os.path.lexists(join(folder, path)) for path in sample)


def library_forget(config_path: str, name: str) -> SetupResult:
    """Take a library out of the config; what is recorded of it stays, should it come back."""
    before = read_text(config_path)
    check_text(before, config_path)
    edit.write_config(config_path, edit.remove_library(before, name))
    return SetupResult(
        [
            f"Took the library {name} out of the config {config_path}.",
            "Its music, its copies and what is known of them stay as they are.",
        ]
    )


# locations


def location_add(
    config_path: str,
    name: str,
    place: str | None = None,
    *,
    removable: bool = False,
    plain_folder: bool = False,
    offsite: bool = False,
    key: str | None = None,
    known_hosts: str | None = None,
) -> SetupResult:
    """Add a place for copies under this name; without `place`, set up the one that the config has already."""
    expected = names.location_name_expected(name)
    if expected is not None:
        raise UsageError(f"A location cannot be called {name!r}: its name should be {expected}.")
    draft = Draft(config_path)
    if place is None:
        draft.set_up(name)
    else:
        draft.add_location(
            _as_path(place),
            name,
            removable=removable,
            plain_folder=plain_folder,
            offsite=offsite,
            key=key,
            known_hosts=known_hosts,
        )
        _try_out(draft)
    return draft.carry_out(alone=True)


def _try_out(draft: Draft) -> None:
    """A place beyond this machine that does not keep its word is found out before music is trusted to it."""
    if draft.objections:
        return
    for name in draft.to_found:
        config = draft.config.locations[name]
        broken = (
            [each for each in trial(config) if each.needed and not each.holds] if is_remote(config) else []
        )
        draft.objections += [f"{urls.shown(config)}: {each.name}: {each.detail}." for each in broken]


def _as_path(place: str) -> str:
    """A new place has no name yet, so that a bare word can only be a folder here."""
    return place if "/" in place or place.startswith((".", "~", "rclone:")) else f"./{place}"


def location_replace(config_path: str, name: str, *, plain_folder: bool = False) -> SetupResult:
    """Take an empty disk at the place of a lost one: what the lost one held no longer counts.

    Raises UsageError when the folder is some location already, or lies on no mounted drive.
    """
    config = check_text(read_text(config_path), config_path)
    location = _configured(config, name)
    shown = urls.shown(location)
    if isinstance(location, FolderConfig):
        fault = ground.location_fault(location.path, plain_folder=plain_folder or location.plain_folder)
        if fault is not None:
            raise UsageError(f"{fault} Nothing was done.")
    marker = founding.marker_at(location)
    if marker is not None:
        row = remembered(config).by_marker.get(marker.id)
        who = "is that location itself" if row and row.name == name else "is another location"
        raise UsageError(
            f"{shown} {who}: there is nothing to replace. Mount the empty disk there; "
            f"if the one that is there shall be {name} from now on, "
            f"run `fonoteca location adopt {urls.typed(location)}`."
        )
    with Archive.open(config, Access.WRITE) as archive:
        lost = places.by_name(archive.catalogue, name)
        held = _held(archive.catalogue, lost)
        founding.found_anew(archive, location, lost)
        journal.close(archive.catalogue, archive.now(), kinds=FindingKind, location=name)
    return SetupResult(
        [
            f"{shown} is {name} from now on. {held} on the lost disk no longer count.",
            f"Run `fonoteca backup {name}` to fill it.",
        ]
    )


def location_release(config_path: str, name: str) -> SetupResult:
    """Take away the lease of a run that ended without giving it back. Raises Locked while it is alive here.

    `name` may also be a URL, of a place that no config knows.
    """
    held = (_unknown(name) if urls.is_url(name) else _known(config_path, name)).release()
    if held is None:
        return SetupResult([f"Nobody writes at {name}; there was nothing to release."])
    return SetupResult(
        [
            f"Released {name}: it was held by {held}. If that run is not over after all, it stops at its next step."
        ]
    )


def _unknown(url: str) -> Site:
    server = urls.remote_place(url, "")
    return location_of(dataclasses.replace(server, name=urls.url(server, whole=False)), None)


def _known(config_path: str, name: str) -> Site:
    config = check_text(read_text(config_path), config_path)
    location = _configured(config, name)
    row = remembered(config).places.get(name)
    if row is None:
        raise UsageError(f"{name} has not been set up yet. {founding.first_step(location)}")
    return location_of(location, row.identity)


def location_forget(config_path: str, name: str, *, apply: bool = False) -> SetupResult:
    """Take a location out of config and catalogue; its files stay. Without `apply` only say what that means.

    One that only the catalogue still knows can be forgotten too.
    """
    before = read_text(config_path)
    config = check_text(before, config_path)
    row = remembered(config).places.get(name)
    if name not in config.locations and row is None:
        known = ", ".join(config.locations) or "none"
        raise UsageError(f"There is no location {name} in the config; it has: {known}.")
    if not apply:
        return SetupResult([*_foretold(config, name, row), "Nothing was done; add --apply to do it."])
    with Archive.open(config, Access.WRITE) as archive:
        meaning = _meaning(archive.catalogue, row, "no longer count")
        if name in config.locations:
            edit.write_config(config_path, edit.remove_location(before, name))
        with transaction(archive.catalogue):
            if row is not None:
                places.forget(archive.catalogue, row.id)
            journal.close(archive.catalogue, archive.now(), kinds=FindingKind, location=name)
    return SetupResult([f"Forgot the location {name}.", *meaning])


def _configured(config: Config, name: str) -> LocationConfig:
    location = config.locations.get(name)
    if location is not None:
        return location
    known = ", ".join(config.locations) or "none"
    raise UsageError(f"There is no location {name} in the config; it has: {known}.")


def _held(connection: sqlite3.Connection, row: PlaceRow | None) -> str:
    """`12,345 copies and 3 versions`, of a location."""
    number = row.id if row is not None else -1
    counts = [
        connection.execute(f"SELECT count(*) FROM {table} WHERE location = ?", (number,)).fetchone()[0]
        for table in ("copies", "versions")
    ]
    return f"{_count(counts[0], 'copy', 'copies')} and {_count(counts[1], 'version', 'versions')}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _foretold(config: Config, name: str, row: PlaceRow | None) -> list[str]:
    if row is None:
        return [f"The location {name} would go from the config; nothing is recorded of it."]
    with Archive.open(config, Access.READ) as archive:
        return _meaning(archive.catalogue, row, "would no longer count")


def _meaning(connection: sqlite3.Connection, row: PlaceRow | None, what: str) -> list[str]:
    if row is None:
        return []
    only = _only_here(connection, row)
    has = "entry has its" if only == 1 else "entries have their"
    alone = [f"{only:,} {has} only good copy there."] if only else []
    return [
        f"{_held(connection, row)} at {row.name} {what}.",
        f"The files at {row.place} stay as they are.",
        *alone,
    ]


def _only_here(connection: sqlite3.Connection, row: PlaceRow) -> int:
    """Entries whose only good copy is at this location."""
    found = connection.execute(
        "SELECT count(*) FROM copies p WHERE p.location = :location AND p.state = 'good' AND NOT EXISTS "
        "(SELECT 1 FROM copies o WHERE o.entry = p.entry AND o.location <> :location AND o.state = 'good')",
        {"location": row.id},
    ).fetchone()
    return int(found[0])
