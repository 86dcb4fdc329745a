"""The remote as names below its root: single steps, and many of one kind at once.

    remote = Remote("drive", client)
    remote.stat(b"music/a.flac")               # Stat(…), None for nothing
    remote.move(b"music/a.flac", b"music/b.flac")

Raises LocationError. rclone looks before it acts, as we do, but nothing makes both one step on most remotes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any, TypeAlias, TypeVar

from fonoteca.core.place import Key, Space, Stat
from fonoteca.errors import Broken, Conflict, Lost
from fonoteca.locations.rclone.border import is_absence, meant
from fonoteca.locations.rclone.client import Client, Connection, Failure
from fonoteca.locations.rclone.daemon import REMOTE
from fonoteca.locations.rclone.feed import Feed, Offer
from fonoteca.locations.rclone.stat import object_stat, sha256_of

T = TypeVar("T")
R = TypeVar("R")
Item: TypeAlias = dict[str, Any]
Fetched: TypeAlias = tuple[HTTPResponse, Connection]

AT_ONCE = 8
"""So many questions at once: most of their time is the way there and back."""


class Remote:
    """See the module. Usable from several threads."""

    def __init__(self, place: str, client: Client) -> None:
        self.place = place
        self.client = client
        self.keeps_times = True
        """As its traits say; until they are known, times are taken as they come."""
        self._known: set[bytes] = set()
        """Folders that stand, as far as we know: without one, rclone makes it."""
        self._feed: Feed | None = None
        self._pool: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """End rclone, and all that waits for it. Never raises; the next use begins anew."""
        feed, self._feed = self._feed, None
        pool, self._pool = self._pool, None
        self.client.close()
        if feed is not None:
            feed.close()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def asking(self, key: bytes | None = None, *, needed: int = 0) -> Iterator[Client]:
        """What goes wrong is said as a LocationError about `key`."""
        try:
            yield self.client
        except Failure as failure:
            raise meant(self.place, self.client.address, failure, key, needed=needed) from failure

    @property
    def pool(self) -> ThreadPoolExecutor:
        """Threads for what waits for rclone."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(AT_ONCE, "rclone")
        return self._pool

    def each(self, act: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """What `act` says of each, many at once, in order. Not from within itself."""
        return list(self.pool.map(act, items))

    def text(self, key: bytes) -> str:
        """The name as rclone takes it. Raises Conflict for what it cannot: its answers are JSON, and its lines end."""
        try:
            name = key.decode()
        except UnicodeDecodeError as error:
            raise Conflict(self.place, key, "is no name there: rclone takes UTF-8 alone") from error
        if not name.isprintable() and any(each < " " for each in name):
            raise Conflict(self.place, key, "is no name there: rclone reads none with control characters")
        return name

    # looking

    def features(self) -> Item:
        """What rclone says of the remote: `Features`, `Hashes`, `Precision` (ns), `Root`."""
        with self.asking() as client:
            return client.ask("operations/fsinfo")

    def stat(self, key: bytes) -> Stat | None:
        """What stands there, None for nothing and for what is no object."""
        name = self.text(key)
        with self.asking(key) as client:
            try:
                found = client.ask(
                    "operations/stat", remote=name, opt={"noMimeType": True, "filesOnly": True}
                )
            except Failure as failure:
                if is_absence(failure):
                    return None
                raise
        return object_stat(found.get("item"), keeps_times=self.keeps_times)

    def folder(self, name: bytes) -> list[tuple[bytes, Item]]:
        """What a folder holds, by whole name; nothing of one that is not there."""
        with self.asking(name or None) as client:
            try:
                found = client.ask("operations/list", remote=self.text(name), opt={"noMimeType": True})
            except Failure as failure:
                if is_absence(failure):
                    return []
                raise
        listed = found.get("list") or []
        return [(str(each["Path"]).encode("utf-8", "surrogatepass"), each) for each in listed]

    def sha256(self, key: bytes) -> bytes | None:
        """The store's own digest of what stands there, None where it tells none."""
        wanted = {"noMimeType": True, "filesOnly": True, "showHash": True, "hashTypes": ["sha256"]}
        with self.asking(key) as client:
            found = client.ask("operations/stat", remote=self.text(key), opt=wanted)
        return sha256_of(found.get("item"))

    def stands(self, name: bytes) -> bool:
        """True where a folder of this name is there."""
        with self.asking(name or None) as client:
            try:
                client.ask(
                    "operations/list", remote=self.text(name), opt={"noMimeType": True, "noModTime": True}
                )
            except Failure as failure:
                if is_absence(failure):
                    return False
                raise
        return True

    def space(self) -> Space | None:
        """Room there, None where the remote does not tell."""
        try:
            found = self.client.ask("operations/about")
        except Failure:
            return None
        total, free = found.get("total"), found.get("free")
        return Space(int(total), int(free)) if total is not None and free is not None else None

    def fetch(self, name: bytes, start: int = 0) -> Fetched | None:
        """The bytes of what stands there, None for nothing. They go back by `Client.end_fetch`."""
        with self.asking(name) as client:
            try:
                return client.fetch(self.text(name), start)
            except Failure as failure:
                if not is_absence(failure):
                    raise
        # Whatever kept it from opening the object, a cut line or a bad disk too, rclone calls "not found".
        if self.stat(name) is None:
            return None
        raise Lost(self.place, "rclone could not open it, and does not say why")

    # small files of ours

    def read_small(self, name: bytes, *, limit: int = 32 << 10) -> bytes | None:
        """The first `limit` bytes of a file, None where it is not there."""
        fetched = self.fetch(name)
        if fetched is None:
            return None
        reply, connection = fetched
        try:
            data = reply.read(limit)
            if len(data) < min(limit, int(reply.headers.get("Content-Length") or 0)):
                connection.http.close()
                raise Lost(self.place, "rclone broke off")
        except (OSError, HTTPException) as error:
            raise self.client.lost(connection, error) from error
        self.client.end_fetch(reply, connection)
        return data

    def write_small(self, name: bytes, data: bytes, mtime_ns: int) -> None:
        """A file of ours, in the place of what stands there."""
        uploading = self.send_small(name, data, mtime_ns)
        with self.asking(name, needed=len(data)):
            uploading.result()

    def send_small(self, name: bytes, data: bytes, mtime_ns: int) -> Future[None]:
        """As `write_small`; the answer comes later, and is a Failure where it cannot be done."""
        offer = self.offer(len(data), mtime_ns)
        uploading = self.pool.submit(self.upload, name, offer)
        self.give(offer, data)
        return uploading

    # sending

    def offer(self, size: int, mtime_ns: int) -> Offer:
        """Something that rclone may fetch."""
        if self._feed is None:
            self._feed = Feed(self.client.limit_s)
        return self._feed.offer(size, mtime_ns)

    def upload(self, name: bytes, offer: Offer) -> None:
        """Have rclone fetch the offer and put it under `name`, whatever stands there. Raises Failure, Lost, Away."""
        feed = self._feed
        try:
            self.client.ask(
                "operations/copyurl", changes=True, remote=self.text(name), url=offer.url, autoFilename=False
            )
        finally:
            if feed is not None:
                feed.forget(offer)

    def give(self, offer: Offer, data: bytes | bytearray) -> None:
        """All bytes of a small upload at once. Never raises: `upload` says what went wrong."""
        try:
            offer.send(data)
        except OSError:
            return
        offer.end()

    # changing

    def make_folders(self, names: Iterable[bytes]) -> None:
        """Have the folders of these names, one after the other: of many moves at once each would make its own, and some
        servers refuse that.
        """
        for folder in sorted({name.rpartition(b"/")[0] for name in names} - self._known - {b""}):
            with self.asking(folder) as client:
                client.ask("operations/mkdir", changes=True, remote=self.text(folder))
            self._known.add(folder)

    def move(self, name: bytes, target: bytes) -> None:
        """Rename on the other side. What stands under `target` would be lost: look first. Raises LocationError."""
        self._to("operations/movefile", name, target)

    def copy(self, name: bytes, target: bytes) -> None:
        """Copy on the other side, times and all. Raises LocationError."""
        self._to("operations/copyfile", name, target)

    def _to(self, command: str, name: bytes, target: bytes) -> None:
        with self.asking(target) as client:
            remote = f"{REMOTE}:"
            names = {"srcRemote": self.text(name), "dstRemote": self.text(target)}
            try:
                client.ask(command, changes=True, srcFs=remote, dstFs=remote, **names)
            except Failure as failure:
                if failure.status == 404:
                    raise Conflict(self.place, name, "is not there") from failure
                raise

    def remove(self, name: bytes) -> None:
        """Have nothing there. Raises LocationError."""
        with self.asking(name) as client:
            try:
                client.ask("operations/deletefile", changes=True, remote=self.text(name))
            except Failure as failure:
                if not is_absence(failure):
                    raise

    def remove_folder(self, name: bytes) -> bool:
        """Remove a folder that is empty; False where it is not, or the remote knows no folders."""
        self._known.discard(name)
        try:
            self.client.ask("operations/rmdir", changes=True, remote=self.text(name))
        except Failure:
            return False
        return True

    def purge(self, name: bytes) -> None:
        """Remove a folder of ours with all that is in it."""
        self._known.clear()
        with self.asking(name) as client:
            try:
                client.ask("operations/purge", changes=True, remote=self.text(name))
            except Failure as failure:
                if not is_absence(failure):
                    raise

    def touch(self, names: Sequence[bytes], when: str) -> None:
        """Give standing objects another time, all the same. rclone's remote control has no command for it: it runs one.
        Of several, what goes wrong with single ones need not be told.
        """
        words = ["--no-create", "--timestamp", when]
        if len(names) == 1:
            self._touch([*words, f"{REMOTE}:{self.text(names[0])}"], names[0])
            return
        with tempfile.NamedTemporaryFile("w", dir=self.client.folder, encoding="utf-8") as file:
            file.writelines(f"{self.text(name)}\n" for name in names)
            file.flush()
            self._touch([*words, "--recursive", "--files-from-raw", file.name, f"{REMOTE}:"])

    def _touch(self, words: list[str], name: bytes | None = None) -> None:
        with self.asking(name) as client:
            found = client.ask(
                "core/command", changes=True, command="touch", arg=words, returnType="COMBINED_OUTPUT"
            )
            if found.get("error"):
                raise Failure(str(found.get("result", "")), 500)

    def expect(self, key: Key, size: int) -> Stat:
        """What stands under a name that was just given. Raises Broken where it is not what was sent."""
        found = self.stat(key)
        if found is None or found.size != size:
            shown = key.decode("utf-8", "backslashreplace")
            what = "nothing" if found is None else f"{found.size:,} bytes"
            raise Broken(
                self.place, f"rclone said that {shown} was put there, and {what} of {size:,} stands there"
            )
        return found
