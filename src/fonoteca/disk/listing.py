"""Listing one folder with the lstat of everything in it."""

from __future__ import annotations

import os
import stat as modes

from fonoteca.disk import calls


def list_folder(folder: bytes) -> tuple[list[tuple[bytes, os.stat_result]], str | None]:
    """Names with their lstat, in byte order, and why the listing is not complete (None when it is).

    A name that vanishes between listing and lstat is left out: it is not there. Never raises OSError.
    """
    found: list[tuple[bytes, os.stat_result]] = []
    error: str | None = None
    try:
        with os.scandir(folder) as names:
            for each in names:
                try:
                    found.append((each.name, each.stat(follow_symlinks=False)))
                except FileNotFoundError:
                    continue
                except OSError as problem:
                    error = error or f"{each.name!r}: {problem.strerror}"
    except OSError as problem:
        error = problem.strerror or str(problem)
    found.sort()
    return found, error


def read_link(path: bytes) -> bytes | None:
    """Where a symbolic link points, None when it can't be told."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def is_absent(root: bytes, path: bytes) -> bool:
    """True only when lstat says that no regular file stands at `path` below `root`, reached through folders alone.

    A link or a folder that took its place, or a link in place of one of its folders, is not the file. Any other trouble
    is not absence.
    """
    try:
        for end, byte in enumerate(path):
            if byte == _SLASH and not modes.S_ISDIR(os.lstat(root + b"/" + path[:end]).st_mode):
                return True
        return not modes.S_ISREG(os.lstat(root + b"/" + path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def born_ns(path: bytes) -> int | None:
    """When the file at `path` was made (ns since 1970); None where that is not to be had."""
    try:
        return calls.birth_ns(path)
    except OSError:
        return None


_SLASH = ord("/")
