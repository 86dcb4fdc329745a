"""The ground that libraries and locations are to stand on, looked at before anything is written.

A fault is a whole sentence for a person, with what helps; None where there is none.
"""

from __future__ import annotations

import os

from fonoteca.disk.mounts import needs_plain_folder


def whole_path(word: bytes) -> bytes:
    """The absolute path that a word on the command line means. `..` goes where the file system says."""
    path = os.path.join(os.getcwdb(), os.path.expanduser(word))
    return os.path.realpath(path) if b".." in path.split(b"/") else os.path.abspath(path)


def shown(path: bytes) -> str:
    """A path for a sentence."""
    return path.decode("utf-8", "backslashreplace")


def same_folder(one: bytes, other: bytes) -> bool:
    """True when both paths lead to one folder, which need not be there."""
    return os.path.realpath(one) == os.path.realpath(other)


def library_fault(path: bytes) -> str | None:
    """Why a folder cannot be a library."""
    if not os.path.lexists(path):
        return f"There is no folder {shown(path)}: check the path, or mount its disk."
    if not os.path.isdir(path):
        return f"{shown(path)} is not a folder: a library is the folder that holds your music."
    try:
        os.scandir(path).close()
    except OSError as error:
        return f"{shown(path)} cannot be read ({error.strerror}): give yourself permission to read it."
    return None


def is_empty(path: bytes) -> bool:
    """True when a folder holds nothing at all. Raises OSError."""
    with os.scandir(path) as found:
        return next(found, None) is None


def location_fault(path: bytes, *, plain_folder: bool) -> str | None:
    """Why a folder, which need not be there yet, cannot be a location."""
    standing = path
    while not os.path.lexists(standing) and standing != b"/":
        standing = os.path.dirname(standing)
    if not os.path.isdir(standing):
        return f"{shown(standing)} is not a folder: copies need one."
    if not plain_folder and needs_plain_folder(path):
        return (
            f"{shown(path)} lies where drives are mounted, and none is mounted there: copies would fill this "
            f"computer's own disk. Mount the drive and run this again; "
            f"if a plain folder is what you want, add --plain-folder."
        )
    if not os.access(standing, os.W_OK | os.X_OK):
        return f"{shown(standing)} may not be written: it is read-only, or you lack permission there."
    return None


def is_reached_by_folders(root: bytes, path: bytes) -> bool:
    """True where folders alone lead from `root` to the file `path` in it: a link that took a folder's place leads
    elsewhere.
    """
    top, folder = os.path.realpath(root), os.path.dirname(path)
    return os.path.realpath(os.path.join(top, folder)) == os.path.join(top, folder).rstrip(b"/")
