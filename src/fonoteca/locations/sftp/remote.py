"""The folder on the server, as names below it: single steps, and many of one kind at once.

    remote = Remote("nas", link, b"/volume1/music-backup")
    remote.lstats([b"music/a.flac"])            # [Attributes(…)], None for what is not there
    remote.make_folders(b"music/Nina Simone")

Raises LocationError. Names are below the root; the server follows links in the folders on the way (SFTP has no way to
forbid it), never in the last name.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeAlias, TypeVar

from fonoteca.core.place import Space
from fonoteca.errors import Conflict, LocationError
from fonoteca.locations.sftp import packets, wire
from fonoteca.locations.sftp.border import Disk, meant
from fonoteca.locations.sftp.link import Link
from fonoteca.locations.sftp.packets import Attributes, string
from fonoteca.locations.sftp.wire import TOGETHER, Refusal, Severed, Wire

FILE_MODE = 0o644
FOLDER_MODE = 0o755
PIECE = 32 << 10
"""What every server takes in one write or gives in one read."""

LARGER_PIECE = 255 << 10
"""What OpenSSH takes and gives, as it says by its limits. Twice as fast here as pieces of 32 KB."""

T = TypeVar("T")
Listed: TypeAlias = list[tuple[bytes, Attributes]]
_READ_ONLY = 1


class Remote:
    """See the module. Usable from several threads."""

    def __init__(self, place: str, link: Link, root: bytes) -> None:
        self.place = place
        self.link = link
        self.root = root
        self._known: set[bytes] = set()
        """Folders that stand, as far as we know."""
        self._piece: int | None = None

    def path(self, name: bytes) -> bytes:
        """The path on the server."""
        if not name:
            return self.root
        return self.root + name if self.root.endswith(b"/") else self.root + b"/" + name

    @contextmanager
    def asking(self, key: bytes | None = None, *, needed: int = 0) -> Iterator[Wire]:
        """The session for questions and changes of names; what goes wrong is said as a LocationError about `key`."""
        session = self.link.shared("asking")
        try:
            yield session
        except Severed as severed:
            raise self.link.lost(severed, session) from severed
        except Refusal as refusal:
            raise self.meant(refusal, key, needed=needed) from refusal

    def meant(self, refusal: Refusal, key: bytes | None = None, *, needed: int = 0) -> LocationError:
        """What `refusal` means; for a plain failure the disk is asked."""
        disk = self._disk_or_none() if refusal.code == wire.FAILURE else None
        return meant(self.place, refusal, key, needed=needed, disk=disk)

    def has(self, extension: bytes) -> bool:
        """True when the server offers it."""
        return extension in self.link.shared("asking").extensions

    @property
    def piece(self) -> int:
        """How many bytes one read or write may have, as the server says; asked once."""
        if self._piece is None:
            self._piece = self._asked_piece()
        return self._piece

    def _asked_piece(self) -> int:
        if not self.has(packets.LIMITS):
            return PIECE
        with self.asking() as session:
            reply = session.reply(session.extended(packets.LIMITS))
        try:
            _packet, most_read, most_written = reply.long(), reply.long(), reply.long()
        except struct.error:
            return PIECE
        return max(PIECE, min(most_read, most_written, LARGER_PIECE))

    # looking

    def lstats(self, names: Sequence[bytes]) -> list[Attributes | None]:
        """What stands there, None for nothing. Raises LocationError for what cannot be looked at."""
        found = self.many(
            names, lambda ask, name: ask.send(packets.LSTAT, string(self.path(name))), Wire.attributes
        )
        return [self._or_none(name, each) for name, each in zip(names, found, strict=True)]

    def lstat(self, name: bytes) -> Attributes | None:
        """As `lstats`, of one."""
        return self.lstats([name])[0]

    def _or_none(self, name: bytes, found: Attributes | Refusal) -> Attributes | None:
        if not isinstance(found, Refusal):
            return found
        if found.code == wire.NO_SUCH_FILE:
            return None
        raise self.meant(found, name)

    def many(
        self, items: Iterable[bytes], ask: Callable[[Wire, bytes], int], answer: Callable[[Wire, int], T]
    ) -> list[T | Refusal]:
        """Ask for each item, many at once; what came for each, or how it was refused."""
        found: list[T | Refusal] = []
        rest = iter(items)
        with self.asking() as session:
            while some := list(islice(rest, TOGETHER)):
                for number in [ask(session, item) for item in some]:
                    try:
                        found.append(answer(session, number))
                    except Refusal as refusal:
                        found.append(refusal)
        return found

    def folders(self, names: Sequence[bytes]) -> list[Listed]:
        """What each of these folders holds; nothing of one that is not there. All are asked at once."""
        with self.asking() as session:
            opened = [session.send(packets.OPENDIR, string(self.path(name))) for name in names]
            handles = [
                self._handle(session, number, name) for number, name in zip(opened, names, strict=True)
            ]
            found: list[Listed] = [[] for _ in names]
            left = [index for index, handle in enumerate(handles) if handle]
            while left:
                asked = [(index, session.send(packets.READDIR, string(handles[index]))) for index in left]
                left = [index for index, number in asked if self._more(session, number, found[index])]
            ended = [session.send(packets.CLOSE, string(handle)) for handle in handles if handle]
            session.forget(ended)
        return found

    def _handle(self, session: Wire, number: int, name: bytes) -> bytes:
        try:
            return session.handle(number)
        except Refusal as refusal:
            if refusal.code == wire.NO_SUCH_FILE:
                return b""
            raise self.meant(refusal, name or None) from refusal

    def _more(self, session: Wire, number: int, found: Listed) -> bool:
        before = len(found)
        found.extend(each for each in session.names(number))
        return len(found) > before

    def disk(self) -> Disk | None:
        """Room and state of the disk below, None where the server does not tell."""
        if not self.has(packets.STATVFS):
            return None
        with self.asking() as session:
            reply = session.reply(session.extended(packets.STATVFS, string(self.root)))
        try:
            _size, unit, blocks, _free, available, *_files, _id, flags, _longest = struct.unpack(
                ">11Q", reply.data[:88]
            )
        except struct.error:
            return None
        return Disk(Space(blocks * unit, available * unit), bool(flags & _READ_ONLY))

    def _disk_or_none(self) -> Disk | None:
        try:
            return self.disk()
        except LocationError:
            return None  # the failure that led here is the one to be told

    # small files of ours

    def read_small(self, name: bytes, *, limit: int = PIECE) -> bytes | None:
        """The first `limit` bytes of a file, None where it is not there."""
        with self.asking(name) as session:
            number = session.send(
                packets.OPEN, string(self.path(name)), packets.word(packets.READING), packets.word(0)
            )
            handle = self._handle(session, number, name)
            if not handle:
                return None
            try:
                asked = session.send(packets.READ, string(handle), packets.long(0), packets.word(limit))
                return bytes(session.data(asked))
            finally:
                session.forget([session.send(packets.CLOSE, string(handle))])

    def write_small(self, name: bytes, data: bytes) -> None:
        """A new file of at most `PIECE` bytes, flushed where that can be had. Conflict where it stands."""
        with self.asking(name, needed=len(data)) as session:
            handle = session.handle(self._create(session, name))
            try:
                session.done(session.send(packets.WRITE, string(handle), packets.long(0), string(data)))
                if packets.FSYNC in session.extensions:
                    session.done(session.extended(packets.FSYNC, string(handle)))
            finally:
                session.done(session.send(packets.CLOSE, string(handle)))

    def _create(self, session: Wire, name: bytes) -> int:
        return session.send(
            packets.OPEN,
            string(self.path(name)),
            packets.word(packets.CREATING),
            packets.mode(FILE_MODE),
        )

    # changing names

    def make_folders(self, name: bytes) -> None:
        """Have this folder and those above it, up to the root."""
        parts = name.split(b"/") if name else []
        for count in range(1, len(parts) + 1):
            folder = b"/".join(parts[:count])
            if folder not in self._known:
                self._make_folder(folder)
                self._known.add(folder)

    def _make_folder(self, folder: bytes) -> None:
        with self.asking(folder) as session:
            try:
                session.done(
                    session.send(packets.MKDIR, string(self.path(folder)), packets.mode(FOLDER_MODE))
                )
            except Refusal:
                found = self.lstat(folder)
                if found is None:
                    raise
                if found.is_file and found.mode is not None:
                    raise Conflict(self.place, folder, "has a file in its way") from None

    def forget_folders(self) -> None:
        """Somebody removed folders behind our back: look anew."""
        self._known.clear()

    def renames(self, pairs: Sequence[tuple[bytes, bytes]], *, over: bool = False) -> list[Refusal | None]:
        """Rename each; `over`: in the place of what stands there (where the server can), else never."""
        plain: dict[bytes, bytes] = dict(pairs)
        if over:
            return self._all(
                plain,
                lambda ask, old: ask.extended(
                    packets.POSIX_RENAME, string(self.path(old)), string(self.path(plain[old]))
                ),
            )
        return self._all(
            plain,
            lambda ask, old: ask.send(packets.RENAME, string(self.path(old)), string(self.path(plain[old]))),
        )

    def links(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[Refusal | None]:
        """Give each a second name; never replaces."""
        return self._all(
            range(len(pairs)),
            lambda ask, number: ask.extended(
                packets.HARDLINK, string(self.path(pairs[number][0])), string(self.path(pairs[number][1]))
            ),
        )

    def removes(self, names: Sequence[bytes]) -> list[Refusal | None]:
        """Remove these files."""
        return self._all(names, lambda ask, name: ask.send(packets.REMOVE, string(self.path(name))))

    def remove_folder(self, name: bytes) -> bool:
        """Remove a folder if it is empty; False when it stays."""
        self._known.discard(name)
        answers = self._all([name], lambda ask, each: ask.send(packets.RMDIR, string(self.path(each))))
        return answers == [None]

    def set_times(self, times: Sequence[tuple[bytes, int]]) -> list[Refusal | None]:
        """Set mtimes (whole seconds since 1970)."""
        return self._all(
            times,
            lambda ask, each: ask.send(packets.SETSTAT, string(self.path(each[0])), packets.times(each[1])),
        )

    def flush(self, names: Iterable[bytes]) -> None:
        """Have the server's disk keep these files, and with them the names they were given last.

        A folder cannot be flushed over SFTP. A file's flush writes the file system's journal up to the file's last
        change, and a new name is one (ext4, XFS, Btrfs). Nothing where the server has no fsync.
        """
        if not self.has(packets.FSYNC):
            return
        rest = iter(names)
        while some := list(islice(rest, TOGETHER)):
            with self.asking() as session:
                opened = [
                    session.send(
                        packets.OPEN, string(self.path(name)), packets.word(packets.READING), packets.word(0)
                    )
                    for name in some
                ]
                handles = [each for each in (self._opened(session, number) for number in opened) if each]
                asked = [session.extended(packets.FSYNC, string(handle)) for handle in handles]
                ended = [session.send(packets.CLOSE, string(handle)) for handle in handles]
                session.forget(ended)
                for number in asked:
                    session.done(number)

    def _opened(self, session: Wire, number: int) -> bytes | None:
        try:
            return session.handle(number)
        except Refusal:
            return None  # it is gone again, or not ours to read: then there is nothing of it to keep

    def _all(self, items: Iterable[T], ask: Callable[[Wire, T], int]) -> list[Refusal | None]:
        found: list[Refusal | None] = []
        rest = iter(items)
        with self.asking() as session:
            while some := list(islice(rest, TOGETHER)):
                for number in [ask(session, item) for item in some]:
                    try:
                        session.done(number)
                        found.append(None)
                    except Refusal as refusal:
                        found.append(refusal)
        return found
