"""Digests made on the server, where it gives a shell and the user allows it: no byte of music comes here for them.

    digester = Digester(link, b"/volume1/music-backup")
    digester.of(b"music/a.flac")            # SHA-256, or XXH3-128; None where the server cannot say

SHA-256 proves more, so whatever makes it is asked first; where there is but `xxhsum`, that (one that knows XXH3: it is
tried on nothing at all).

One process over there does all of them: paths go in with a NUL behind each, a line comes back for each. What it says is
the server's word (level `digest`): whoever doubts it reads the bytes.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fonoteca.core.place import StoreDigest
from fonoteca.locations.sftp.link import Link
from fonoteca.locations.sftp.wire import Severed

if TYPE_CHECKING:
    from paramiko import Channel

_READY = b"fonoteca:"
_COMMAND = """\
exec sh -c 'if command -v sha256sum >/dev/null; then s=sha256sum; \
elif command -v shasum >/dev/null; then s="shasum -a 256"; elif command -v sha256 >/dev/null; then s="sha256 -q"; \
elif case "$(xxhsum -H2 2>/dev/null </dev/null)" in 99aa06d3014798d86001c324468d497f*) true;; *) false;; esac; \
then s="xxhsum -H2"; else s=; fi; echo "fonoteca:$s"; [ -n "$s" ] || exit 0; \
exec xargs -0 -n 1 sh -c "$s 2>/dev/null < \\"\\$1\\" || echo -" sh 2>/dev/null'"""
"""The file is its input, so that no name is ever read as an option and no line is escaped."""

_LINE = re.compile(rb"([0-9a-f]{64}|[0-9a-f]{32})(?:[ \r].*)?")
_KINDS = {32: "sha256", 16: "xxh3_128"}
"""By their length in bytes."""


@dataclass(slots=True)
class Digester:
    """See the module. Usable from several threads, one after the other."""

    link: Link
    root: bytes
    limit_s: float = 3600.0
    """A disk over there reads a file of some gigabytes in minutes."""
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _channel: Channel | None = None
    _held: bytearray = field(default_factory=bytearray)
    _cannot: bool = False

    def of(self, name: bytes) -> StoreDigest | None:
        """The digest of one file; None where it cannot be had. Raises Lost, Away, Denied."""
        with self._asking:
            if self._cannot:
                return None
            try:
                channel = self._ready()
                if channel is None:
                    return None
                channel.sendall(self._path(name) + b"\0")
                line = self._line(channel)
            except (OSError, EOFError) as error:
                self.close()
                raise self.link.lost(Severed("the connection broke off while it made digests")) from error
        found = _LINE.fullmatch(line)
        value = bytes.fromhex(found[1].decode()) if found else b""
        return StoreDigest(_KINDS[len(value)], value) if value else None

    def close(self) -> None:
        """End the process over there. Never raises."""
        channel, self._channel = self._channel, None
        self._held.clear()
        if channel is not None:
            channel.close()

    def _path(self, name: bytes) -> bytes:
        whole = self.root.rstrip(b"/") + b"/" + name
        return whole if whole.startswith(b"/") else b"./" + whole

    def _ready(self) -> Channel | None:
        """The process, started when it is first needed; None where there is no shell, or nothing that makes digests."""
        if self._channel is None or self._channel.closed:
            self._held.clear()
            self._channel = self.link.command(_COMMAND, self.limit_s)
            said = self._line(self._channel) if self._channel is not None else b""
            if self._channel is None or not said.startswith(_READY) or said == _READY:
                self._cannot = True
                self.close()
        return self._channel

    def _line(self, channel: Channel) -> bytes:
        """The next line; what came where the process ended before it."""
        while (end := self._held.find(b"\n")) < 0 and len(self._held) < 1 << 16:
            some = channel.recv(1 << 12)
            if not some:
                break
            self._held += some
        line = bytes(self._held[:end]) if end >= 0 else bytes(self._held)
        del self._held[: len(line) + 1]
        return line
