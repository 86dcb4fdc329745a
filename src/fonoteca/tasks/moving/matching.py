"""Finding what moved: paths that nobody recorded, held against entries whose file is not under its path any more.

By inode, size and mtime first, which costs no reading: a renamed folder of 500 files is 500 rows in a table. Then by
the inode of a file that is older than our last reading of it (moved and edited). What is left is read where a lost
entry has its size, and matched by its bytes; then tracks by their payload (moved, and retagged by a program that writes
a new file). An entry that is found keeps its number, its history and its versions.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from fonoteca.archive import Archive
from fonoteca.catalogue import moves
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.moves import Candidate
from fonoteca.core.digest import Hasher
from fonoteca.core.entry import Content, FileStat, is_settled, kind_of
from fonoteca.core.event import Advanced, Event, Phase
from fonoteca.core.pattern import join, under
from fonoteca.core.plan.moves import Evidence, Pair, pairs
from fonoteca.disk import calls
from fonoteca.disk.listing import born_ns, is_absent
from fonoteca.disk.reading import open_source
from fonoteca.library.scan import file_stat
from fonoteca.library.trust import Trust
from fonoteca.tasks.crew import Cancelled, Crew
from fonoteca.tasks.moving.hearing import hear

TOGETHER = 1000
"""So many moves are written together."""

PARCEL_FILES, PARCEL_BYTES = 64, 64 << 20
READERS = 2
BLOCK_BYTES = 1 << 20

Sighting = tuple[int, Content, FileStat, bool]
"""Pending number, what was read, under which stat, and whether that stat can be believed."""


def match_moves(
    archive: Archive,
    row: LibraryRow,
    trust: Trust,
    unseen: Sequence[bytes],
    *,
    read: bool,
    at_home: Callable[[], Iterator[Event]],
) -> Generator[Event, None, dict[str, int]]:
    """Give every entry that has another path now that path; gives how many, by what they had been taken for.

    `unseen`: folders and files of which nothing is known this time. `read`: candidates may be read. `at_home` is called
    before that, to settle what is where it was though its stat is another one. Raises Interrupted.
    """
    one = Matching(archive.catalogue, row, trust, unseen)
    with transaction(archive.catalogue):
        if moves.begin(archive.catalogue, row.id):
            one.match(Evidence.STAT)
            one.match(Evidence.INODE)
        yield from at_home()
        if not moves.any_lost(archive.catalogue):
            return {}
    files, size = moves.candidate_totals(archive.catalogue) if read else (0, 0)
    if files:
        yield Phase("look for moved files", files, size)
        yield from _sight(archive, trust)
        one.match(Evidence.CONTENT)
    if read and (tracks := moves.hearable(archive.catalogue)):
        yield Phase("listen for moved tracks", len(tracks), sum(each.size for each in tracks))
        yield from hear(archive, trust, tracks)
        one.match(Evidence.SOUND)
    moves.drop_impossible(archive.catalogue)
    counts = moves.counts(archive.catalogue)
    if counts:
        with transaction(archive.catalogue):
            moves.apply(archive.catalogue, archive.now())
    return counts


@dataclass(slots=True)
class Matching:
    """One library's matching in one pass."""

    catalogue: sqlite3.Connection
    row: LibraryRow
    trust: Trust
    unseen: Sequence[bytes]

    def match(self, evidence: Evidence) -> None:
        """Write down every pair that this evidence shows."""
        found = pairs(moves.arrivals(self.catalogue, evidence), moves.lost(self.catalogue, evidence))
        kept = (pair for pair in found if self._holds(pair, evidence))
        rows = (
            (lost.entry, arrival.number, arrival.entry, kind_of(arrival.path).value, evidence.value)
            for arrival, lost in kept
        )
        # What is written belongs to groups that were read to their end, so neither question minds it.
        while some := list(islice(rows, TOGETHER)):
            moves.add(self.catalogue, some)

    def _holds(self, pair: Pair, evidence: Evidence) -> bool:
        arrival, lost = pair
        if moves.was_gone(self.catalogue, lost.entry) and not self._is_still_gone(lost.path):
            return False
        if evidence is not Evidence.INODE:
            return True
        # A freed inode number is given to the next new file, often at once: only a file that was there when we read
        # the entry can be it.
        if kind_of(arrival.path) is not kind_of(lost.path) or not _same_ending(arrival.path, lost.path):
            return False  # what encrypts files for a ransom writes over them and gives them another ending
        born = born_ns(join(self.trust.root, arrival.path))
        return born is not None and born <= moves.read_ns(self.catalogue, lost.entry)

    def _is_still_gone(self, path: bytes) -> bool:
        return not any(under(path, hidden) for hidden in self.unseen) and is_absent(self.trust.root, path)


def _same_ending(one: bytes, other: bytes) -> bool:
    return os.path.splitext(one)[1].lower() == os.path.splitext(other)[1].lower()


# reading candidates


def _sight(archive: Archive, trust: Trust) -> Iterator[Event]:
    """Read every candidate once, and write down what it is. What cannot be read, or changes, stays pending."""
    sighter = Sighter(archive, trust)
    sighter.crew = Crew(sighter.look, READERS)
    candidates = moves.candidates(archive.catalogue)
    for parcel, seen in sighter.crew.run(_parcels(candidates), archive.pause_point):
        moves.put_sighted(archive.catalogue, seen)
        yield Advanced(len(parcel), sum(each.size for each in parcel))


def _parcels(candidates: Iterator[Candidate]) -> Iterator[list[Candidate]]:
    parcel: list[Candidate] = []
    size = 0
    for each in candidates:
        parcel.append(each)
        size += each.size
        if len(parcel) >= PARCEL_FILES or size >= PARCEL_BYTES:
            yield parcel
            parcel, size = [], 0
    if parcel:
        yield parcel


@dataclass(slots=True)
class Sighter:
    """Reads files for what they are. Works in the threads of `crew`."""

    archive: Archive
    trust: Trust
    crew: Crew[list[Candidate], tuple[list[Candidate], list[Sighting]]] = field(init=False)

    def look(self, parcel: list[Candidate]) -> tuple[list[Candidate], list[Sighting]]:
        """The parcel, and what those of its files showed that stood still while they were read."""
        found = (self._one(each) for each in parcel)
        return parcel, [each for each in found if each is not None]

    def _one(self, candidate: Candidate) -> Sighting | None:
        path = join(self.trust.root, candidate.path)
        try:
            with open_source(path) as fd:
                status, read_ns = calls.fstat(fd), self.archive.now()
                content = self._read(fd)
            if file_stat(calls.lstat(path)) != file_stat(status) or content.size != status.st_size:
                return None
            racy_ns = self.trust.racy_ns(status.st_dev, candidate.path)
        except OSError:
            return None  # the reading that follows meets it again, and says what is wrong
        stat = file_stat(status)
        return candidate.number, content, stat, is_settled(stat, read_ns, racy_ns)

    def _read(self, fd: int) -> Content:
        hasher, buffer = Hasher(), memoryview(bytearray(BLOCK_BYTES))
        calls.advise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while count := calls.read_into(fd, buffer, hasher.size):
            hasher.update(buffer[:count])
            if self.crew.cancelled:
                raise Cancelled
        digests = hasher.digests()
        return Content(digests.sha256, hasher.size, digests.xxh3_128)
