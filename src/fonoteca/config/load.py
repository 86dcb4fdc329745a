"""Reads a config: a file in, a `Config` out, or everything that is wrong with it, at once and by line.

    >>> check_text('[library.music]\\npath = "/music"', "/etc/fonoteca.toml").libraries["music"].path
    b'/music'

Nothing is touched: folders that are named are looked at, not opened, and need not exist.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from fonoteca.config import names
from fonoteca.config.model import (
    Background,
    Config,
    FolderConfig,
    LibraryConfig,
    LocationConfig,
    Metrics,
    Notify,
    RcloneConfig,
    S3Config,
    Schedule,
    SftpConfig,
)
from fonoteca.config.overlap import overlaps
from fonoteca.config.paths import Base, catalogue_at, catalogue_path
from fonoteca.config.problems import Complaint, dotted, located, shown, unknown_key
from fonoteca.config.schema import LIBRARY, LOCATIONS, SECTIONS, TABLES, Table, read_table
from fonoteca.core.policy import GuardLimit, Policy
from fonoteca.errors import ConfigError, Problem, UsageError

_AT = re.compile(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
_KINDS = {"folder": FolderConfig, "sftp": SftpConfig, "s3": S3Config, "rclone": RcloneConfig}
_TELLS = {"host": "sftp", "bucket": "s3", "remote": "rclone"}


def load(path: str) -> Config:
    """The config at `path`. Raises ConfigError with all problems, UsageError when there is no file."""
    return check_text(read_text(path), path)


def read_text(path: str) -> str:
    """The text of the config at `path`. UsageError when it can't be read, ConfigError if it isn't text."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no config at {path}. `fonoteca protect ~/Music --to /media/red/music-backup` writes "
            f"one and makes the first copies; `fonoteca init` writes a commented one to fill in."
        ) from error
    except IsADirectoryError as error:
        raise UsageError(
            f"{path} is a folder, and the config is a file: give its path, with its name."
        ) from error
    except OSError as error:
        raise UsageError(f"The config {path} cannot be read: {error.strerror}. Nothing was done.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            path, [Problem("file", "bytes that are not UTF-8", "text in UTF-8", line)]
        ) from error


def check_text(text: str, file: str, environ: Mapping[str, str] | None = None) -> Config:
    """The config that `text` means where it lies at `file` (which need not exist). Raises ConfigError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(file, [_syntax(error, text)]) from error
    reader = _Reader(raw, file, os.environ if environ is None else environ)
    config = reader.config()
    if reader.complaints:
        raise ConfigError(file, located(reader.complaints, text))
    return config


class _Reader:
    """One pass over a config. What cannot be understood is noted in `complaints`, and the pass goes on."""

    def __init__(self, raw: Mapping[str, Any], file: str, environ: Mapping[str, str]) -> None:
        self.raw = raw
        self.file = os.path.abspath(file)
        self.base = Base(os.path.dirname(self.file), environ)
        self.complaints: list[Complaint] = []

    def config(self) -> Config:
        """All of it; worth something only when there are no complaints."""
        self.complaints += [unknown_key((key,), TABLES) for key in self.raw if key not in TABLES]
        section = {
            name: self._table(table, self.raw.get(name, {}), (name,)) for name, table in SECTIONS.items()
        }
        named = section["archive"].get("catalogue")
        catalogue = catalogue_at(named) if named else catalogue_path(self.file)
        limit = section["guard"].get("limit", GuardLimit())
        libraries = dict(self._libraries(limit))
        locations = dict(self._locations())
        self.complaints += overlaps(self.raw, catalogue, self.base)
        return Config(
            file=self.file,
            catalogue=catalogue,
            libraries=libraries,
            locations=locations,
            policy=Policy(**section["policy"]),
            guard=limit,
            schedule=Schedule(**section["schedule"]),
            background=Background(**section["background"]),
            notify=Notify(**section["notify"]),
            metrics=Metrics(**section["metrics"]),
        )

    def _table(self, table: Table, raw: object, path: tuple[str, ...]) -> dict[str, Any]:
        """What one table says; nothing when anything is wrong in it."""
        given, complaints = read_table(raw, table, path, self.base)
        self.complaints += complaints
        return {} if complaints else given

    def _libraries(self, limit: object) -> Iterator[tuple[str, LibraryConfig]]:
        seen: dict[str, str] = {}
        for name, table in self._named("library"):
            self._check_name("library", name, names.library_name_expected(name))
            twin = seen.setdefault(names.folded(name), name)
            if twin != name:
                expected = f"a name that differs from {shown(twin)} in more than case or accents' form"
                self.complaints.append(Complaint(("library", name), f"the name {shown(name)}", expected))
            given = self._table(LIBRARY, table, ("library", name))
            if given:
                yield name, LibraryConfig(name, **{"guard": limit, **given})

    def _locations(self) -> Iterator[tuple[str, LocationConfig]]:
        for name, table in self._named("location"):
            self._check_name("location", name, names.location_name_expected(name))
            kind = self._kind(name, table)
            if kind is None:
                continue
            given = self._table(LOCATIONS[kind], table, ("location", name))
            given.pop("type", None)
            if given:
                yield name, _KINDS[kind](name=name, **given)

    def _named(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tables `[kind.NAME]`; whatever else stands there is a complaint."""
        expected = f"a table with a name of your choice: [{kind}.NAME]"
        tables = self.raw.get(kind, {})
        if not isinstance(tables, dict):
            self.complaints.append(Complaint((kind,), shown(tables), expected))
            return
        for name, table in tables.items():
            if isinstance(table, dict):
                yield name, table
            else:
                self.complaints.append(Complaint((kind, name), shown(table), expected))

    def _kind(self, name: str, table: Mapping[str, Any]) -> str | None:
        """The location's type; `path` alone makes a folder."""
        written = table.get("type")
        told = next((kind for key, kind in _TELLS.items() if key in table), None)
        if isinstance(written, str) and written in _KINDS:
            return written
        if written is None and told is None:
            return "folder"
        if written is None:
            self._complain_type(name, "nothing", f'type = "{told}"')
        else:
            self._complain_type(name, shown(written), "one of " + ", ".join(f'"{kind}"' for kind in _KINDS))
        return told

    def _complain_type(self, name: str, found: str, expected: str) -> None:
        self.complaints.append(Complaint(("location", name, "type"), found, expected))

    def _check_name(self, kind: str, name: str, expected: str | None) -> None:
        if expected is not None:
            self.complaints.append(Complaint((kind, name), f"the name {shown(name)}", expected))


def _syntax(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    """tomllib's one message as a problem; it stops at the first, and knows its line only within its text."""
    match = _AT.fullmatch(str(error))
    reason, line = (match[1], match[2]) if match else (str(error), None)
    number = int(line) if line else len(text.rstrip().splitlines()) or None
    if twice := re.fullmatch(r"Cannot declare \((.+?),?\) twice", reason):
        parts = re.findall(r"""'([^']*)'|"([^"]*)\"""", twice[1])
        return Problem(
            dotted(a or b for a, b in parts), "this table a second time", "each table once", number
        )
    if reason == "Cannot overwrite a value":
        return Problem("file", "a key that stands before", "each key once", number)
    return Problem("file", f"no TOML here ({reason})", 'lines such as path = "/home/ana/Music"', number)
