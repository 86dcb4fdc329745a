"""What befell most of a library at once: another disk, `chmod -R`, a time zone. Stats are believed, and read later.

Entries brought back from a manifest (no ctime known) are read at once: their first scan compares digests.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fonoteca.catalogue import entries, moves, pending
from fonoteca.core.entry import FileStat
from fonoteca.core.event import Event, Warned
from fonoteca.core.pattern import join
from fonoteca.core.plan.stamps import FEWEST, common_shift, shift_of
from fonoteca.library.scan import file_stat

if TYPE_CHECKING:
    from fonoteca.tasks.scan import Pass

_PROVEN = "e.ctime_ns <> 0 AND e.trusted AND e.state = 'present'"
_CHUNK = 1000


def believe_masses(one: Pass) -> Iterator[Event]:
    """Take out of what is to be read what moved with most of its library. Belongs into the pass's transaction."""
    _touched(one)
    yield from _shifted(one)


def _touched(one: Pass) -> None:
    """Most of a library touched at once is a new disk or a restore: believe size and mtime now, re-read soon."""
    touched, total = one.counts["touched"], one.counts["entries"]
    if touched < FEWEST or touched * 2 <= total:
        return
    for number, entry, path, *_ in _rows(one, pending.TOUCHED):
        stat = _stat(one, path)
        if stat is not None:
            _believe(one, number, entry, stat)


def _shifted(one: Pass) -> Iterator[Event]:
    """The times of most files moved by one and the same amount: the clock of the disk did, and nobody wrote them.

    Where a file has a lasting inode and kept it, somebody did something to that file: it is read.
    """
    if one.counts["written"] < FEWEST or one.counts["written"] * 2 <= one.counts["entries"]:
        return
    counts = Counter(
        shift
        for *_, size, was, seen_size, seen, in_place in _rows(one, pending.WRITTEN)
        if size == seen_size and not in_place and (shift := shift_of(was, seen)) is not None
    )
    shift = common_shift(counts, of=one.counts["entries"])
    if shift is None:
        return
    believed = 0
    for number, entry, path, size, was, seen_size, seen, in_place in _rows(one, pending.WRITTEN):
        stat = _stat(one, path)
        if (
            stat is None
            or in_place
            or (size, shift_of(was, seen)) != (seen_size, shift)
            or stat.mtime_ns != seen
        ):
            continue
        _believe(one, number, entry, stat)
        believed += 1
    one.counts["written"] -= believed
    one.counts["touched"] += believed
    yield Warned(
        f"The times of {believed:,} files of {one.row.name} moved together by {_in_words(shift)}: a time zone, summer "
        "time or a disk with coarser times. Their sizes are as recorded: they are believed now, and read again later."
    )


def _rows(one: Pass, reason: str) -> Iterable[tuple[int, int, bytes, int, int, int, int, int]]:
    """Pending number, entry, path, recorded size and mtime, seen size and mtime, and whether it is the same inode.

    Rows may go while they are walked.
    """
    last = 0
    while True:
        rows = one.catalogue.execute(
            "SELECT p.id, e.id, f.path, e.name, e.size, e.mtime_ns, p.size, p.mtime_ns, "
            "p.inode <> 0 AND p.inode = e.inode FROM pending p "
            "JOIN entries e ON e.id = p.entry JOIN folders f ON f.id = e.folder "
            f"WHERE p.reason = ? AND p.id > ? AND p.id NOT IN (SELECT pending FROM moves) AND {_PROVEN} "
            "ORDER BY p.id LIMIT ?",
            (reason, last, _CHUNK),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        for number, entry, folder, name, *rest in rows:
            yield (number, entry, join(folder, name), *rest)


def _stat(one: Pass, path: bytes) -> FileStat | None:
    try:
        return file_stat(os.lstat(join(one.config.path, path)))
    except OSError:
        return None  # it stays pending; reading it will say what is wrong


def _believe(one: Pass, number: int, entry: int, stat: FileStat) -> None:
    entries.relocated(one.catalogue, entry, stat, now_ns=one.started_ns)
    moves.is_at_home(one.catalogue, entry, number)


def _in_words(shift: int) -> str:
    """`+1 h`, `-5.75 h`, `less than 2 s`."""
    return f"{shift / 3_600e9:+g} h" if shift else "less than 2 s"


__all__ = ["believe_masses"]
