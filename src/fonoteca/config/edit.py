"""Edits of a config's text that leave every other byte of it as the user wrote it, comments included.

    >>> print(add_library("# mine\\n", "music", "~/Music"), end="")
    # mine
    <BLANKLINE>
    [library.music]
    path = "~/Music"

New tables go to the end; a removed one takes the comments within it along and leaves those around it. tomlkit
writes the values, and makes the whole edit where somebody keeps libraries or locations in an inline table.
Texts that come in must load. Each edit is proved: the new text must mean the old data with one change, and
`write_config` loads it first.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from fonoteca.config.lines import Statement, statements
from fonoteca.config.load import check_text, read_text
from fonoteca.config.model import Config
from fonoteca.config.problems import dotted
from fonoteca.errors import UsageError


def template() -> str:
    """The commented config that `fonoteca init` writes. It loads, and names no folder yet."""
    from importlib.resources import files

    return files("fonoteca.config").joinpath("template.toml").read_text("utf-8")


def text_or_empty(path: str) -> str:
    """The config's text, which loads, or an empty one where no file is yet. Raises as `load.load` does."""
    if not os.path.exists(path):
        return ""
    text = read_text(path)
    check_text(text, path)
    return text


def add_library(text: str, name: str, path: str, exclude: Sequence[str] = ()) -> str:
    """`text` with a table `[library.NAME]` more. Raises UsageError when the name is taken."""
    table: dict[str, Any] = {"path": path}
    if exclude:
        table["exclude"] = list(exclude)
    return _added(text, "library", name, table)


def add_location(text: str, name: str, table: Mapping[str, Any]) -> str:
    """`text` with a table `[location.NAME]` more: `{"path": "/media/red/backup", "removable": True}`."""
    return _added(text, "location", name, dict(table))


def remove_library(text: str, name: str) -> str:
    """`text` without `[library.NAME]`. Raises UsageError when there is none."""
    return _removed(text, "library", name)


def remove_location(text: str, name: str) -> str:
    """`text` without `[location.NAME]`. Raises UsageError when there is none."""
    return _removed(text, "location", name)


def set_library_path(text: str, name: str, path: str) -> str:
    """`text` with another path for a library. Raises UsageError when there is no such library."""
    return _set_path(text, "library", name, path)


def set_location_path(text: str, name: str, path: str) -> str:
    """`text` with another path for a location that is a folder. Raises UsageError when there is no such
    location.
    """
    return _set_path(text, "location", name, path)


def _set_path(text: str, kind: str, name: str, path: str) -> str:
    data = _data(text)
    _require(data, kind, name)
    data[kind][name]["path"] = path
    place = next((s for s in statements(text) if not s.is_header and s.path == (kind, name, "path")), None)
    if place is None:
        return _proved(_by_tomlkit(text, (kind, name, "path"), path), data)
    return _proved(text[: place.value] + _value(path) + text[place.end :], data)


def write_config(path: str, text: str) -> Config:
    """Write a config whole or not at all, and give back what it means.

    Raises ConfigError, with nothing written, when the text does not load; UsageError when writing fails.
    A symbolic link is followed and stays; the mode stays, and is 0600 for a new file.
    """
    config = check_text(text, path)
    try:
        _replace(os.path.realpath(path), text.encode("utf-8"))
    except OSError as error:
        raise UsageError(
            f"The config {path} cannot be written: {error.strerror}. It is as it was."
        ) from error
    return config


def _added(text: str, kind: str, name: str, table: dict[str, Any]) -> str:
    data = _data(text)
    tables = data.setdefault(kind, {})
    if name in tables:
        raise UsageError(f"The config has a {kind} {name} already: choose another name, or edit that one.")
    tables[name] = table
    if any(statement.path == (kind,) and not statement.is_header for statement in statements(text)):
        return _proved(_by_tomlkit(text, (kind, name), table), data)
    lines = [f"[{kind}.{dotted([name])}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return _proved(text + gap + "\n".join(lines) + "\n", data)


def _removed(text: str, kind: str, name: str) -> str:
    data = _data(text)
    _require(data, kind, name)
    del data[kind][name]
    found = [s for s in statements(text) if s.path[:2] == (kind, name)]
    if not found:
        return _proved(_by_tomlkit(text, (kind, name), None), data)
    for run in reversed(_runs(list(statements(text)), found)):
        text = _cut(text, run[0].start, run[-1].end)
    if not data[kind]:
        # Whether an empty [library] table stays behind depends on how it was written; both mean the same.
        del data[kind]
    return _proved(text, data)


def _runs(everything: list[Statement], found: list[Statement]) -> list[list[Statement]]:
    """Neighbouring statements together, so that comments between them go and comments between runs stay."""
    runs: list[list[Statement]] = []
    last = -2
    for index, statement in enumerate(everything):
        if statement not in found:
            continue
        if index == last + 1:
            runs[-1].append(statement)
        else:
            runs.append([statement])
        last = index
    return runs


def _cut(text: str, start: int, end: int) -> str:
    """`text` without these characters, the rest of their line, and one of two blank lines around them."""
    start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    before, after = text[:start], text[line_end + 1 :] if line_end >= 0 else ""
    if not after and before.endswith("\n\n"):
        return before[:-1]
    blank_above = not before or before.endswith("\n\n")
    return before + (after.removeprefix("\n") if blank_above else after)


def _by_tomlkit(text: str, path: tuple[str, ...], value: object) -> str:
    """The edit inside an inline table, where lines are no help. None removes."""
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document
    for part in path[:-1]:
        table = table[part]
    if value is None:
        del table[path[-1]]
    elif isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update(value)
        table[path[-1]] = inline
    else:
        table[path[-1]] = value
    return tomlkit.dumps(document)


def _value(value: object) -> str:
    import tomlkit

    try:
        written = tomlkit.item(value).as_string()
        written.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{value!r} is not UTF-8, and a config must be: reach it by a symbolic link whose name is UTF-8."
        ) from error
    return written


def _data(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _require(data: Mapping[str, Any], kind: str, name: str) -> None:
    if name not in data.get(kind, {}):
        known = ", ".join(data.get(kind, {})) or "none"
        raise UsageError(f"The config has no {kind} {name}. It has: {known}.")


def _proved(text: str, data: Mapping[str, Any]) -> str:
    """`text`, which must mean `data`. The user's file is too dear to trust an editor with."""
    found = {key: value for key, value in tomllib.loads(text).items() if value != {}}
    if found != {key: value for key, value in data.items() if value != {}}:
        raise RuntimeError("an edit of the config changed more than it should have; nothing was written")
    return text


def _replace(target: str, data: bytes) -> None:
    folder = os.path.dirname(target)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    old = os.stat(target) if os.path.exists(target) else None
    descriptor, beside = tempfile.mkstemp(prefix=".fonoteca-config-", dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), old.st_mode & 0o7777 if old else 0o600)
            if old and os.geteuid() == 0:  # under sudo the config must stay its owner's
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
    _flush_folder(folder)


def _flush_folder(folder: str) -> None:
    """Without this the new name may be lost with the power, though the bytes are not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
