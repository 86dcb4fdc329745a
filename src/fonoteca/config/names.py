"""What a library and a location may be called, and names to propose.

A library's name is a folder's name at every location, whatever file system that has; a location's must not
be taken for a path, a URL or an option on the command line.

    >>> library_name_expected("Music"), location_name_expected("sftp://nas")
    (None, 'a name without / : or blanks')
    >>> propose_location_name(b"/media/red/music-backup", taken=[])
    'red'
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator

_LONGEST = 100
_LONGEST_BYTES = 200
_RESERVED = '/<>:"|?*\\'
_OURS = ("sha256sums", "verify.txt")
_MOUNT_ROOTS = ("media", "mnt", "Volumes")


def library_name_expected(name: str) -> str | None:
    """What a library's name should be instead of `name`, or None when it will do."""
    if fault := _length_expected(name):
        return fault
    if name.startswith("."):
        return "a name that does not begin with a dot"
    if name[-1] in ". " or name[0] == " ":
        return "a name that does not end in a dot and has no blank at its ends"
    if any(character in _RESERVED for character in name):
        return f"a name without any of {' '.join(_RESERVED)}"
    if name.lower() in _OURS:
        return "another name: a file of ours has this one at each location"
    return None


def location_name_expected(name: str) -> str | None:
    """What a location's name should be instead of `name`, or None when it will do."""
    if fault := _length_expected(name):
        return fault
    if name[0] in ".~-":
        return "a name that does not begin with . ~ or -"
    if any(character in "/:" or character.isspace() for character in name):
        return "a name without / : or blanks"
    return None


def folded(name: str) -> str:
    """Equal for two names that some file system holds to be one (case, Unicode form)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def propose_library_name(path: bytes, taken: Iterable[str]) -> str:
    """A free, valid name for a library at `path`: its folder's name, or that with a number."""
    stem = "".join("-" if character in _RESERVED else character for character in _readable(path).strip(". "))
    used = {folded(name) for name in taken}
    candidates = (name for name in _numbered(stem or "music") if library_name_expected(name) is None)
    return next(name for name in candidates if folded(name) not in used)


def propose_location_name(path: bytes, taken: Iterable[str], user: str | None = None) -> str:
    """A free, valid name for a location at `path`: the drive's where it has one, else its folder's.

    `user` is the login name: desktops mount drives at `/media/USER/LABEL`.
    """
    parts = [_readable(part) for part in path.split(b"/") if part]
    stems = [stem for stem in (_drive(parts, user), *reversed(parts)) if stem] or ["location"]
    used = {folded(name) for name in taken}
    plain = ["-".join(stem.replace("/", "-").replace(":", "-").split()).lstrip(".~-") for stem in stems]
    candidates = [
        *plain,
        *(name for _, name in zip(range(len(used) + 1), _numbered("location"), strict=False)),
    ]
    return next(
        name for name in candidates if location_name_expected(name) is None and folded(name) not in used
    )


def propose_server_name(host: str, path: bytes, taken: Iterable[str]) -> str:
    """A free, valid name for a folder on a server: the server's first name, or for a bare address the folder's.

    >>> propose_server_name("nas.lan", b"/volume1/music-backup", [])
    'nas'
    """
    first = host.split(".")[0]
    if ":" in host or first.isdigit() or not first:
        return propose_location_name(path, taken)
    return propose_location_name(os.fsencode(first), taken)


def _drive(parts: list[str], user: str | None) -> str | None:
    """The label of the drive that a path lies on, as far as its words tell."""
    root = next((index for index, part in enumerate(parts) if part in _MOUNT_ROOTS), len(parts))
    below = parts[root + 1 :]
    if len(below) > 1 and (below[0] == user or parts[:2] == ["run", "media"]):
        below = below[1:]
    return below[0] if below else None


def _length_expected(name: str) -> str | None:
    if not name:
        return "a name"
    if len(name) > _LONGEST or len(name.encode("utf-8", "surrogatepass")) > _LONGEST_BYTES:
        return f"a name of at most {_LONGEST} characters and {_LONGEST_BYTES} bytes"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        return "a name without control characters"
    return None


def _readable(path: bytes) -> str:
    """The last part of a path as text that a person can type; what is not UTF-8 becomes a dash."""
    text = os.path.basename(path.rstrip(b"/")).decode("utf-8", "replace")
    return "".join("-" if c == "\ufffd" or not c.isprintable() else c for c in text)[:40]


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1
