"""The answer of an HTTP/1.1 server (RFC 9112): its head at once, its body as it is read."""

from __future__ import annotations

from typing import Protocol

_LONGEST_LINE = 1 << 16
_MOST_HEADERS = 200
_LONGEST = 1 << 20


class Spoilt(Exception):
    """What came is no answer, or broke off."""


class Foreign(Spoilt):
    """What came is of another protocol: asking again does not help."""


class Source(Protocol):
    """What comes over a connection."""

    def readline(self, limit: int, /) -> bytes: ...

    def readinto(self, buffer: memoryview, /) -> int: ...


class Line(Protocol):
    """Where an answer comes from."""

    def release(self, *, clean: bool) -> None:
        """It was read to its end, or is given up."""
        ...


class Answer:
    """See the module. Its connection is free again when the body was read to its end or closed."""

    def __init__(self, file: Source, line: Line | None, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers
        """Names in lower case."""
        self._file = file
        self._line = line
        self._is_kept = True
        self._left: int | None = 0
        """Bytes that are to come of the body, or of its present chunk; None: until the connection ends."""
        self._is_chunked = False

    @classmethod
    def begun(cls, file: Source, line: Line, method: str, *, spoilt: bool = False) -> Answer:
        """Its head. `spoilt`: the connection is good for nothing more. Raises OSError, Spoilt."""
        status, version, headers = _head(file)
        while 100 <= status < 200:
            status, version, headers = _head(file)
        made = cls(file, line, status, headers)
        made._is_kept = (
            not spoilt and version >= b"HTTP/1.1" and headers.get("connection", "").lower() != "close"
        )
        made._measure(method)
        return made

    def _measure(self, method: str) -> None:
        """How the end of the body is told (RFC 9112, section 6.3)."""
        if method == "HEAD" or self.status in (204, 304):
            self._end()
        elif "chunked" in self.headers.get("transfer-encoding", ""):
            self._is_chunked = True
            self._next_chunk()
        elif "content-length" in self.headers:
            self._left = _number(self.headers["content-length"].encode(), 10)
            if self._left == 0:
                self._end()
        else:
            self._left, self._is_kept = None, False

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def readinto(self, buffer: memoryview) -> int:
        """The next bytes; 0 at the end. Raises OSError, Spoilt where it breaks off."""
        if self._line is None:
            return 0
        room = len(buffer) if self._left is None else min(len(buffer), self._left)
        count = self._file.readinto(buffer[:room])
        if self._left is None:
            if not count:
                self._end()
            return count
        self._left -= count
        if not count:
            self.close()
            raise Spoilt("it broke off")
        if not self._left:
            self._finished()
        return count

    def _finished(self) -> None:
        if self._is_chunked:
            self._file.readline(_LONGEST_LINE)
            self._next_chunk()
        else:
            self._end()

    def _next_chunk(self) -> None:
        size = _number(self._file.readline(_LONGEST_LINE).partition(b";")[0].strip(), 16)
        self._left = size
        if size == 0:
            while self._file.readline(_LONGEST_LINE) not in (b"\r\n", b"\n", b""):
                pass  # what is told behind the body
            self._end()

    def read(self, limit: int = _LONGEST) -> bytes:
        """All of it, at most `limit` bytes. Raises OSError, Spoilt."""
        data = bytearray(
            min(limit, self._left) if self._left and not self._is_chunked else min(limit, 1 << 16)
        )
        used = 0
        while used < len(data) and (count := self.readinto(memoryview(data)[used:])):
            used += count
            if used == len(data) and used < limit:
                data.extend(bytes(min(limit - used, used)))
        return bytes(data[:used])

    def drain(self) -> None:
        """Read what is left, so that the connection is good for the next request."""
        scratch = memoryview(bytearray(1 << 16))
        while self.readinto(scratch):
            pass

    def close(self) -> None:
        """No more is wanted. Never raises."""
        line, self._line = self._line, None
        if line is not None:
            line.release(clean=False)

    def _end(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.release(clean=self._is_kept)


def _head(file: Source) -> tuple[int, bytes, dict[str, str]]:
    first = file.readline(_LONGEST_LINE)
    version, _, rest = first.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise Foreign("no HTTP") if first else Spoilt("closed")
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = file.readline(_LONGEST_LINE)
        if line in (b"\r\n", b"\n"):
            return int(rest[:3]), version, headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            break
        headers[name.strip().lower()] = value.strip()
    raise Spoilt("its head is not one")


def _number(text: bytes, base: int) -> int:
    try:
        found = int(text, base)
    except ValueError as error:
        raise Spoilt("a length is not one") from error
    if found < 0:
        raise Spoilt("a length is not one")
    return found
