"""Writing a location's manifest: the intent of a batch before it, its outcome and the seal after it.

One chain for each library at each location. A batch's intents stand in `<n>.open.jsonl` before anything is
published; once all stands, `<n>.jsonl` says what came of it, `HEAD` names it, and the open segment goes. Whoever
opens the location after a crash finds the intents and completes or forgets them (`tasks/manifest/recover.py`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from fonoteca import __version__
from fonoteca.catalogue.places import Chain
from fonoteca.core.entry import LibraryId
from fonoteca.core.manifest.chain import Head, Tip, encode_head
from fonoteca.core.manifest.layout import head_key, manifest_key, open_key, segment_key, segment_number
from fonoteca.core.manifest.lines import Intent, Line, Segment, Step
from fonoteca.core.manifest.segment import SegmentWriter
from fonoteca.core.place import Key, Stamp
from fonoteca.errors import LocationError
from fonoteca.locations.base import Batch, OpenLocation, Outcome, Staged
from fonoteca.locations.patience import Patience

WRITER = f"fonoteca {__version__}"
_SPOOL_BYTES = 8 << 20


@dataclass(slots=True)
class Ledger:
    """One library's manifest at one open location. Belongs to one thread at a time."""

    place: OpenLocation
    library: LibraryId
    chain: Chain | None
    now: Callable[[], int]

    @property
    def next(self) -> int:
        """The number of the segment that will be sealed next."""
        return self.chain.n + 1 if self.chain else 1

    def stage_intent(self, batch: Batch, name: str, steps: Iterable[Step]) -> Staged:
        """Stage the open segment that says what `batch` is about to do; publish it before or with the rest."""
        writer = self._writer(full=False)
        data = writer.opening + writer.add(Intent(name, tuple(steps), self.now()))
        key = open_key(self.library, self.next)
        found = self.place.stat(key)  # of a batch that came to nothing in this very run
        return stage_bytes(batch, key, data, self.now(), replaces=found.stamp if found else None)

    def seal(self, lines: Iterable[Line], *, full: bool = False, keep_intent: bool = False) -> Chain:
        """Write `lines` as the next sealed segment, durable, with HEAD; forget the open one. Raises LocationError.

        With `keep_intent` it stays until `forget_sealed_intent`: what it names is done after the seal.
        """
        number = self.next
        writer = self._writer(full=full)
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
            spool.write(writer.opening)
            for line in lines:
                spool.write(writer.add(line))
            tip = Tip(number, writer.digest)
            spool.write(writer.seal())
            self._publish(tip, spool)
        first = number if full else (self.chain.first if self.chain else 1)
        # Only restating everything mends a damaged chain; one more segment doesn't.
        damaged = self.chain is not None and self.chain.damaged and not full
        self.chain = Chain(number, tip.digest, first, damaged)
        if not keep_intent:
            self._forget_open(number)
        return self.chain

    def forget_intent(self) -> None:
        """The batch came to nothing: none of what it intended was done. Raises LocationError."""
        self._forget_open(self.next)

    def forget_sealed_intent(self) -> None:
        """What was to be done after the last seal is done. Raises LocationError."""
        self._forget_open(self.next - 1)

    def drop_restated(self) -> None:
        """Delete the segments that the last full one restates."""
        first = self.chain.first if self.chain else 1
        listed = [key for key, _ in self.place.list(manifest_key(self.library))]
        old = [key for key in listed if (segment_number(key) or (first, False))[0] < first]
        raise_first(self.place.delete(old))

    def _publish(self, tip: Tip, spool: IO[bytes]) -> None:
        """Publish segment and HEAD. Where the connection breaks off, both are tried again: each is whole or not at all,
        and what a lost try had done is seen.
        """
        tries = 0

        def once() -> None:
            nonlocal tries
            tries += 1
            self._publish_once(tip, spool, again=tries > 1)

        Patience(tries=2).ask(once)

    def _stands(self, key: Key, spool: IO[bytes]) -> bool:
        """True when a try whose answer was lost had put this segment there."""
        if self.place.stat(key) is None:
            return False
        spool.seek(0)
        with self.place.read(key) as reading:
            return all(bytes(block) == spool.read(len(block)) for block in reading) and not spool.read(1)

    def _publish_once(self, tip: Tip, spool: IO[bytes], *, again: bool) -> None:
        size = spool.seek(0, os.SEEK_END)
        key = segment_key(self.library, tip.number)
        stands = again and self._stands(key, spool)
        spool.seek(0)
        head = encode_head(Head(self.library, tip, self.now()))
        standing = self.place.stat(head_key(self.library))
        with self.place.batch() as batch:
            staged = []
            if not stands:
                writing = batch.create(key, size, self.now())
                for block in _blocks(spool):
                    writing.write(block)
                staged.append(writing.finish())
            stamp = standing.stamp if standing else None
            staged.append(stage_bytes(batch, head_key(self.library), head, self.now(), replaces=stamp))
            batch.flush()
            raise_first(batch.publish(staged))

    def _forget_open(self, number: int) -> None:
        key = open_key(self.library, number)
        if self.place.stat(key) is not None:
            raise_first(self.place.delete([key]))

    def _writer(self, *, full: bool) -> SegmentWriter:
        previous = self.chain.digest if self.chain else None
        return SegmentWriter(Segment(self.next, self.library, previous, self.now(), WRITER, full))


def stage_bytes(
    batch: Batch, key: Key, data: bytes, mtime_ns: int, *, replaces: Stamp | None = None
) -> Staged:
    """Stage a small object of ours, over what stands there now (its stamp) or where nothing does."""
    writing = batch.create(key, len(data), mtime_ns, over=replaces)
    writing.write(data)
    return writing.finish()


def put_bytes(place: OpenLocation, key: Key, data: bytes, mtime_ns: int) -> None:
    """Write one small object of ours, durable, in the place of what stood there. Raises LocationError."""
    standing = place.stat(key)
    with place.batch() as batch:
        staged = stage_bytes(batch, key, data, mtime_ns, replaces=standing.stamp if standing else None)
        batch.flush()
        raise_first(batch.publish([staged]))


def raise_first(outcomes: Iterable[Outcome]) -> None:
    """Exhaust `outcomes` (only then is all durable) and raise the first error among them."""
    error: LocationError | None = None
    for outcome in outcomes:
        error = error or outcome.error
    if error is not None:
        raise error


def _blocks(spool: IO[bytes]) -> Iterator[bytes]:
    while block := spool.read(1 << 20):
        yield block
