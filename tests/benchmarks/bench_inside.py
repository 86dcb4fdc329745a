"""Looking into files that are in the page cache: tags alone, tags and sound, and what decoding would cost.

python tests/benchmarks/bench_inside.py --scale 0.1

One process, one file after another: what a worker does. FLAC tracks of 8 MB, then tagged MP3s of 4 KB.
"""

from __future__ import annotations

import os
from pathlib import Path

import corpus
from measure import Contender, Result, arguments, chosen, rounds, scratch

from fonoteca.audio.border import Ticket
from fonoteca.audio.sound.decode import decoded_check
from fonoteca.audio.source import Source
from fonoteca.audio.task import read_batch
from fonoteca.core.entry import storable_inode

FILES = {"albums": 100, "mp3s": 10_000}
_LONG = 3600.0


def main() -> None:
    """Print a line a way of looking."""
    parser = arguments(__doc__)
    given = parser.parse_args()
    for kind, full in FILES.items():
        with scratch(given.scratch) as folder:
            corpus.KINDS[kind](folder, max(corpus.PER_FOLDER, round(full * given.scale)))
            tickets = [_ticket(path) for path in sorted(folder.rglob("*.*")) if path.is_file()]
            everyone = [
                Contender("tags", lambda: _look(tickets, hear=False)),  # noqa: B023 - called before the next round
                Contender("tags and sound", lambda: _look(tickets, hear=True)),  # noqa: B023
            ]
            if kind == "albums":
                everyone.append(Contender("decoding", lambda: _decode(tickets)))  # noqa: B023
            for result in rounds(chosen(everyone, given.only), given.rounds, lambda: None):
                print(_line(kind, result, tickets))


def _ticket(path: Path) -> Ticket:
    stat = path.stat()
    inode = storable_inode(stat.st_ino)
    return (os.fsencode(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, inode, 1)


def _look(tickets: list[Ticket], *, hear: bool) -> None:
    read_batch(tickets, _LONG, hear)


def _decode(tickets: list[Ticket]) -> None:
    for path, size, *_ in tickets:
        with open(path, "rb") as file:
            decoded_check(Source(file, os.path.basename(path), size), seconds=_LONG)


def _line(kind: str, result: Result, tickets: list[Ticket]) -> str:
    size = sum(ticket[1] for ticket in tickets)
    each, speed = result.median * 1000 / len(tickets), size / 1e6 / result.median
    return f"{kind}: {result.name}: {each:.2f} ms a file, {speed:,.0f} MB/s ({len(tickets):,} files)"


if __name__ == "__main__":
    main()
