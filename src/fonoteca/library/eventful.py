"""Whether a library can be watched: file systems that tell nobody of changes, and how many watches are allowed."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from fonoteca.disk.mounts import Mount, file_system, is_remote, read_mounts

MAX_WATCHES = ("fs.inotify.max_user_watches", "user.max_inotify_watches")
"""Where the kernel keeps its limits: of the machine, and of the user namespace (a container) that we live in."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Events come. `folders`: how many are watched."""

    folders: int


@dataclass(frozen=True, slots=True)
class Unwatched:
    """No events come, for this reason: it has to be looked at again and again."""

    reason: str
    remedy: str = ""
    """One command, where one helps."""


State = Watched | Unwatched


def too_few(root: bytes) -> Unwatched:
    """What a person has to know: how many watches are needed, how many allowed, and what raises that."""
    needed = sum(1 for _ in os.walk(root))
    setting, allowed = _allowed()
    wanted = max(2 * needed, 2 * allowed, 65536)
    return Unwatched(
        f"{needed:,} folders need {needed:,} inotify watches, {allowed:,} are allowed for all programs together",
        f"sudo sysctl {setting}={wanted}",
    )


def _allowed() -> tuple[str, int]:
    """The setting that allows the fewest, and how many."""
    found = [(_value(name), name) for name in MAX_WATCHES]
    allowed, setting = min((each for each in found if each[0]), default=(0, MAX_WATCHES[0]))
    return setting, allowed


def _value(setting: str) -> int:
    try:
        with open("/proc/sys/" + setting.replace(".", "/"), encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def eventless(root: bytes) -> str | None:
    """The type of a file system at or below `root` whose changes nobody tells us of, or None."""
    found = file_system(root)
    if found.is_network or found.type.startswith("fuse."):
        return found.type
    inside = root.rstrip(b"/") + b"/"
    return next((mount.type for mount in read_mounts() if _is_silent(mount, inside)), None)


def _is_silent(mount: Mount, inside: bytes) -> bool:
    return mount.mount_point.startswith(inside) and (is_remote(mount) or mount.type.startswith("fuse."))


def remedy_of(error: OSError) -> str:
    """The command that helps where a watch could not begin."""
    if error.errno == errno.EMFILE:
        return "sudo sysctl fs.inotify.max_user_instances=1024"
    return ""
