"""A stretch of a file that moves on as its readers do: one buffer, filled again and again.

    window = Window(source, start, end)
    while new := window.more(keep):        # bytes before the index `keep` are let go
        digest.update(new)
        ...                                # window.data[:window.size] is what there is, from window.offset on

Fresh memory for every block would cost more than the checksums do.
"""

from __future__ import annotations

from fonoteca.audio.source import Source

BLOCK = 1 << 18
"""Bytes read at once: what the second-level cache holds while digest, search and checksum pass over them."""


class Window:
    """Bytes of `source` between two offsets; `offset` is where `data` begins, `size` how much of it counts."""

    __slots__ = ("_source", "_view", "data", "end", "offset", "size")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.offset = start
        self.end = end
        self.size = 0
        self.data = bytearray(2 * BLOCK)
        self._view = memoryview(self.data)
        self._source = source

    @property
    def is_end(self) -> bool:
        """No bytes follow those in the window."""
        return self.offset + self.size >= self.end

    @property
    def view(self) -> memoryview:
        """What there is, without a copy; good until `more` is called."""
        return self._view[: self.size]

    def more(self, keep: int) -> memoryview:
        """Let go of what lies before the index `keep`, read on, and give the bytes that are new; none at the end.

        A file that is shorter than was said ends the window where it ends.
        """
        rest = self.size - keep
        self._view[:rest] = self._view[keep : self.size]
        self.offset, self.size = self.offset + keep, rest
        if rest + BLOCK > len(self.data):
            self._grow()
        file, place = self._source.file, self.offset + rest
        file.seek(place)
        new = self._view[rest : rest + min(BLOCK, self.end - place)]
        got = file.readinto(new) or 0  # type: ignore[union-attr]
        if not got:
            self.end = place
        self.size += got
        return new[:got]

    def _grow(self) -> None:
        larger = bytearray(2 * len(self.data))
        larger[: self.size] = self._view[: self.size]
        self.data, self._view = larger, memoryview(larger)
