"""The border of local places: every OSError that would leave is turned into the LocationError that says what
it means.

    with Border("usb-red", key):
        names.put(…)                     # FileExistsError → Conflict, ENOSPC → Full, EROFS → Denied,
                                         # EFBIG → Refused, EIO → Broken

`meaning(number)` is total: a number nobody thought of is `Broken`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from enum import Enum, auto
from types import TracebackType

from fonoteca.core.place import OWN
from fonoteca.errors import Away, Broken, Conflict, Denied, Full, LocationError, Refused


class Meaning(Enum):
    """What an errno says about a place."""

    AWAY = auto()
    DENIED = auto()
    REFUSED = auto()
    FULL = auto()
    BROKEN = auto()
    ABSENT = auto()
    STANDS = auto()
    IN_THE_WAY = auto()
    BAD_NAME = auto()


_MEANING = {
    # the device or the server is not there
    errno.ENODEV: Meaning.AWAY,
    errno.ENXIO: Meaning.AWAY,
    errno.ENOMEDIUM: Meaning.AWAY,
    errno.ESTALE: Meaning.AWAY,
    errno.ENOTCONN: Meaning.AWAY,
    errno.ESHUTDOWN: Meaning.AWAY,
    errno.EHOSTDOWN: Meaning.AWAY,
    errno.EHOSTUNREACH: Meaning.AWAY,
    errno.ENETDOWN: Meaning.AWAY,
    errno.ENETUNREACH: Meaning.AWAY,
    errno.ENONET: Meaning.AWAY,
    errno.ENOLINK: Meaning.AWAY,
    errno.ECONNABORTED: Meaning.AWAY,
    errno.ECONNREFUSED: Meaning.AWAY,
    errno.ECONNRESET: Meaning.AWAY,
    errno.EPIPE: Meaning.AWAY,
    # it is there and refuses
    errno.EROFS: Meaning.DENIED,
    errno.ENOLCK: Meaning.DENIED,
    errno.EOPNOTSUPP: Meaning.DENIED,
    errno.ENOSYS: Meaning.DENIED,
    errno.ENOKEY: Meaning.DENIED,
    errno.EKEYEXPIRED: Meaning.DENIED,
    # it refuses one name, or all of them where no name was asked about
    errno.EACCES: Meaning.REFUSED,
    errno.EPERM: Meaning.REFUSED,
    errno.EFBIG: Meaning.REFUSED,
    errno.EMLINK: Meaning.REFUSED,
    errno.EXDEV: Meaning.REFUSED,
    errno.EBUSY: Meaning.REFUSED,
    errno.ETXTBSY: Meaning.REFUSED,
    # no room
    errno.ENOSPC: Meaning.FULL,
    errno.EDQUOT: Meaning.FULL,
    # about one name
    errno.ENOENT: Meaning.ABSENT,
    errno.EEXIST: Meaning.STANDS,
    errno.ENOTEMPTY: Meaning.STANDS,
    errno.ELOOP: Meaning.IN_THE_WAY,
    errno.ENOTDIR: Meaning.IN_THE_WAY,
    errno.EISDIR: Meaning.IN_THE_WAY,
    errno.ENAMETOOLONG: Meaning.BAD_NAME,
    errno.EILSEQ: Meaning.BAD_NAME,
    errno.EINVAL: Meaning.BAD_NAME,
}


def meaning(number: int | None) -> Meaning:
    """What `number` says; `BROKEN` for whatever is not known better."""
    return _MEANING.get(number or 0, Meaning.BROKEN)


class Border:
    """A with-block out of which only LocationErrors come. Cheap: one for each call (0.3 µs).

    `key`: the name that the block is about. `needed`: bytes that were to be written. `recheck` is asked
    whether the place is still there before a failure is called anything else; it raises Away when it is not.
    """

    __slots__ = ("_free", "_key", "_needed", "_recheck", "place")

    def __init__(
        self,
        place: str,
        key: bytes | None = None,
        *,
        needed: int = 0,
        free: Callable[[], int | None] | None = None,
        recheck: Callable[[], None] | None = None,
    ) -> None:
        self.place = place
        self._key = key
        self._needed = needed
        self._free = free
        self._recheck = recheck

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise self.seen(error) from error

    def seen(self, error: OSError) -> LocationError:
        """What `error` means here: for hot paths, where `try` costs nothing and a with-block does."""
        if self._recheck is not None and meaning(error.errno) in _DOUBTFUL:
            try:
                self._recheck()
            except LocationError as gone:
                return gone
        return self._translated(error)

    def _translated(self, error: OSError) -> LocationError:
        said = error.strerror or str(error)
        match meaning(error.errno):
            case Meaning.AWAY:
                return Away(self.place, said.lower(), "Mount or connect it and run this again.")
            case Meaning.REFUSED if self._is_users:
                return Refused(self.place, self._key or b"", _WHY.get(error.errno or 0, said.lower()))
            case Meaning.DENIED | Meaning.REFUSED:
                return Denied(self.place, self._reason(_WHY.get(error.errno or 0, said.lower())))
            case Meaning.FULL:
                return Full(self.place, self._needed, self._free() if self._free is not None else None)
            case named if named in _ABOUT_KEY and self._key is not None:
                return Conflict(self.place, self._key, _ABOUT_KEY[named])
            case _:
                code = errno.errorcode.get(error.errno or 0, "unknown")
                return Broken(self.place, self._reason(f"{said} ({code})"))

    @property
    def _is_users(self) -> bool:
        """True for a key outside `.fonoteca/`: where what is ours is refused, nothing works there."""
        return self._key is not None and not self._key.startswith(OWN + b"/")

    def _reason(self, text: str) -> str:
        if self._key is None:
            return text
        return f"{text}, at {os.fsencode(self._key).decode('utf-8', 'backslashreplace')}"


_DOUBTFUL = frozenset({Meaning.AWAY, Meaning.BROKEN, Meaning.ABSENT, Meaning.DENIED, Meaning.REFUSED})

_ABOUT_KEY = {
    Meaning.ABSENT: "is not there",
    Meaning.STANDS: "stands there already",
    Meaning.IN_THE_WAY: "has a symbolic link, a file or a folder in its way",
    Meaning.BAD_NAME: "has a name that this file system does not take",
}

_WHY = {
    errno.EROFS: "it is mounted read-only",
    errno.EFBIG: "the file is larger than that file system can hold (4 GiB on FAT)",
    errno.EXDEV: "another file system is mounted inside it",
    errno.ENOLCK: "files cannot be locked there, so two runs could not be kept apart",
    errno.EOPNOTSUPP: "that file system does not offer what is needed",
    errno.ENOSYS: "that file system does not offer what is needed",
}
