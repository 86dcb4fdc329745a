"""Finding out what a server's disk can and cannot do, by trying it in a scratch folder that is removed again."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from fonoteca.core.place import Traits
from fonoteca.errors import LocationError
from fonoteca.locations.sftp import packets
from fonoteca.locations.sftp.packets import string
from fonoteca.locations.sftp.remote import Remote
from fonoteca.locations.sftp.stat import SECOND_NS
from fonoteca.locations.sftp.wire import Wire

STREAMS = 4
"""More sessions over one connection make nothing faster."""

_SUSPECTS = '<>:"|?*\\'
_CONTROL = "".join(map(chr, range(1, 32)))
_ODD_TIME_S = 1_234_567_891
"""Odd in seconds: FAT keeps every other one."""


def probe(remote: Remote, scratch: bytes) -> Traits:
    """What can be done there. Raises LocationError when even plain files cannot be made."""
    remote.make_folders(scratch)
    trial = _Trial(remote, scratch)
    try:
        remote.write_small(scratch + b"/plain", b"")
        return trial.traits()
    finally:
        trial.clear()


@dataclass(slots=True)
class _Trial:
    """Trials in one folder."""

    remote: Remote
    folder: bytes

    def traits(self) -> Traits:
        limit, unit = self._name_limit()
        return Traits(
            folds_case=self._is_seen_as(b"fold-case", b"FOLD-CASE"),
            normalises_unicode=self._normalises(),
            reserved=self._reserved(),
            utf8_only=not self._keeps([b"raw-\xff\xfe"]),
            trims_names=not self._keeps([b"dot.", b"blank "]),
            name_limit=limit,
            name_limit_unit=unit,
            mtime_precision_ns=self._precision(),
            hard_links=self._links(),
            durable_flush=self.remote.has(packets.FSYNC),
            streams=max(1, self.remote.link.count_sessions(STREAMS)),
        )

    def clear(self) -> None:
        """Remove what is there. Never raises: what stays is swept at the next opening."""
        try:
            names = [name for name, _ in self.remote.folders([self.folder])[0] if name not in (b".", b"..")]
            self.remote.removes([self._path(name) for name in names])
            self.remote.remove_folder(self.folder)
        except LocationError:
            return

    def _path(self, name: bytes) -> bytes:
        return self.folder + b"/" + name

    def _made(self, names: list[bytes]) -> list[bytes]:
        """Those of the names that could be made."""

        def ask(wire: Wire, name: bytes) -> int:
            path = string(self.remote.path(self._path(name)))
            return wire.send(packets.OPEN, path, packets.word(packets.CREATING), packets.mode(0o600))

        def answer(wire: Wire, number: int) -> None:
            wire.forget([wire.send(packets.CLOSE, string(wire.handle(number)))])

        answers = self.remote.many(names, ask, answer)
        return [name for name, refused in zip(names, answers, strict=True) if refused is None]

    def _keeps(self, names: list[bytes]) -> bool:
        """True when files of these names can be made and are listed under just these names."""
        made = self._made(names)
        listed = {name for name, _ in self.remote.folders([self.folder])[0]}
        self._remove(made)
        return set(names) <= listed

    def _remove(self, names: list[bytes]) -> None:
        self.remote.removes([self._path(name) for name in names])

    def _is_seen_as(self, name: bytes, other: bytes) -> bool:
        self._made([name])
        found = self.remote.lstat(self._path(other)) is not None
        self._remove([name])
        return found

    def _normalises(self) -> bool:
        composed = unicodedata.normalize("NFC", "nfé").encode()
        apart = unicodedata.normalize("NFD", "nfé").encode()
        return self._is_seen_as(composed, apart) or not self._keeps([apart])

    def _reserved(self) -> str:
        bad = "".join(each for each in _SUSPECTS if not self._keeps([f"re{each}served".encode()]))
        return bad if self._keeps([b"con\x01trol", b"new\nline"]) else bad + _CONTROL

    def _name_limit(self) -> tuple[int, str]:
        """The longest name, and whether it is counted in bytes or in UTF-16 units."""
        limit = 255 if self._can(b"n" * 255) else self._longest(255)
        return limit, "utf16" if self._can("é".encode() * limit) else "bytes"

    def _longest(self, above: int) -> int:
        low, high = 1, above
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self._can(b"n" * middle) else (low, middle)
        return low

    def _can(self, name: bytes) -> bool:
        made = self._made([name])
        self._remove(made)
        return bool(made)

    def _precision(self) -> int | None:
        if self.remote.set_times([(self._path(b"plain"), _ODD_TIME_S)])[0] is not None:
            return None
        found = self.remote.lstat(self._path(b"plain"))
        if found is None or found.mtime is None or abs(found.mtime - _ODD_TIME_S) > 1:
            return None
        return SECOND_NS if found.mtime == _ODD_TIME_S else 2 * SECOND_NS

    def _links(self) -> bool:
        if not self.remote.has(packets.HARDLINK):
            return False
        return self.remote.links([(self._path(b"plain"), self._path(b"linked"))])[0] is None
