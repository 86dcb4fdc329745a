"""`SHA256SUMS` at a location: what `sha256sum -c` reads, one line a copy, sorted by the bytes of the key.

    >>> line(bytes(32), Key(b"music/01 Be My Husband.flac"))[60:]
    b'0000  music/01 Be My Husband.flac\\n'

GNU's escapes, as coreutils 9 writes them and reads them back: a name with a backslash, a newline or a
carriage return gets a backslash before the whole line and is written with `\\\\`, `\\n`, `\\r`. Other bytes
stand as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fonoteca.core.place import Key

NAME = b"SHA256SUMS"
"""Its key at a location."""

_LINE = re.compile(rb"(\\?)([0-9a-fA-F]{64}) [ *](.+)", re.DOTALL)
_SPECIAL = re.compile(rb"[\\\n\r]")
_ESCAPE = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_ESCAPED = re.compile(rb"\\(.?)", re.DOTALL)
_MEANING = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}


class BadSum(ValueError):
    """A line that `sha256sum -c` would not understand either."""


def line(sha256: bytes, key: Key) -> bytes:
    """One line for the copy under `key`; `sha256` is 32 bytes."""
    if _SPECIAL.search(key) is None:
        return b"%s  %s\n" % (sha256.hex().encode("ascii"), key)
    escaped = _SPECIAL.sub(lambda match: _ESCAPE[match[0]], key)
    return b"\\%s  %s\n" % (sha256.hex().encode("ascii"), escaped)


def parse(lines: Iterable[bytes]) -> Iterator[tuple[bytes, Key]]:
    """Digest (32 bytes) and key of each line, as `sha256sum` or we wrote it. Raises BadSum."""
    for number, text in enumerate(lines, start=1):
        match = _LINE.fullmatch(text.removesuffix(b"\n"))
        if match is None:
            raise BadSum(f"line {number} is not a checksum line")
        escaped, digest, name = match.groups()
        yield bytes.fromhex(digest.decode("ascii")), Key(_unescaped(name, number) if escaped else name)


def _unescaped(name: bytes, number: int) -> bytes:
    try:
        return _ESCAPED.sub(lambda match: _MEANING[match[1]], name)
    except KeyError as error:
        raise BadSum(f"line {number} has an escape that is not known") from error
