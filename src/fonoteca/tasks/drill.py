"""`drill`: a random sample is restored to a temporary folder and compared, so that restoring is known to work.

for event in drill(archive, Random()):
    ...
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from fonoteca.archive import Archive
from fonoteca.catalogue.entries import PATH
from fonoteca.core.event import Event, Found, Phase, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.pattern import join
from fonoteca.disk import calls
from fonoteca.tasks.restore import Restoring
from fonoteca.tasks.restoring.filling import Overwrite
from fonoteca.tasks.run import run

SAMPLE_FILES = 20
SAMPLE_BYTES = 2 << 30
"""So many files or bytes are brought back at most."""

_BLOCK = 1 << 20
_SCRATCH = ".drill-"


class Sampled(NamedTuple):
    """One entry that is to come back as it was recorded."""

    library: str
    path: bytes
    size: int
    sha256: bytes


def drill(archive: Archive, chance: Random, *, files: int = SAMPLE_FILES) -> Iterator[Event]:
    """Restore up to `files` entries that have a copy, and hold their bytes against the record.

    Nothing is left of it. Raises Interrupted, LocationError where the temporary folder cannot be filled.
    """
    return run(archive, "drill", _events(archive, chance, files))


def _events(archive: Archive, chance: Random, files: int) -> Iterator[Event]:
    folder = os.path.dirname(archive.config.catalogue)
    sweep(folder)
    sample = sampled(archive, chance, files)
    if not sample:
        yield Warned("There is nothing yet that a restore drill could bring back.")
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix=_SCRATCH) as scratch:
        target = os.fsencode(scratch)
        yield Phase("restore drill", len(sample), sum(each.size for each in sample))
        yield from _restored(archive, target, sample)
        several = len(archive.config.libraries) > 1
        for each in sample:
            archive.pause_point()
            path = join(each.library.encode(), each.path) if several else each.path
            if (detail := _differs(target + b"/" + path, each)) is not None:
                yield Found(Finding(FindingKind.NOT_RESTORED, detail, each.library, path=each.path))


def _restored(archive: Archive, target: bytes, sample: list[Sampled]) -> Iterator[Event]:
    from fonoteca.core.pattern import pattern

    words = [literal(each.path) for each in sample]
    job = Restoring(archive, target, None, [pattern(each) for each in words], words, Overwrite.NEVER)
    yield from job.events(dry_run=False)


def literal(path: bytes) -> str:
    """A pattern that means this one path."""
    text = path.decode("utf-8", "surrogateescape")
    return "/" + "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def sampled(archive: Archive, chance: Random, files: int) -> list[Sampled]:
    """Entries chosen by chance among those that have a good copy, within the bounds of a drill."""
    connection = archive.catalogue
    last = int(connection.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()[0])
    found: dict[int, Sampled] = {}
    left = SAMPLE_BYTES
    for _ in range(files if last else 0):
        row = connection.execute(
            f"SELECT e.id, l.name, {PATH}, c.size, c.sha256 FROM entries e JOIN folders f ON f.id = e.folder "
            "JOIN libraries l ON l.id = f.library JOIN contents c ON c.id = e.content WHERE e.id >= ? AND c.size <= ? "
            "AND e.state = 'present' AND EXISTS (SELECT 1 FROM copies p WHERE p.entry = e.id "
            "AND p.content = e.content AND p.state = 'good') ORDER BY e.id LIMIT 1",
            (chance.randint(1, last), left),
        ).fetchone()
        if row is not None and row[0] not in found and row[1] in archive.config.libraries:
            found[row[0]] = Sampled(*row[1:])
            left -= row[3]
    return [found[number] for number in sorted(found)]


def _differs(path: bytes, wanted: Sampled) -> str | None:
    digest, size = hashlib.sha256(), 0
    try:
        with calls.opened(path, os.O_RDONLY | os.O_NOFOLLOW) as fd:
            while block := calls.read(fd, _BLOCK):
                digest.update(block)
                size += len(block)
    except OSError as error:
        return f"a restore drill did not bring it back: {error.strerror or error}"
    if (digest.digest(), size) != (wanted.sha256, wanted.size):
        return "a restore drill brought other bytes back than were recorded"
    return None


def sweep(folder: str) -> None:
    """Remove what a drill that was killed left behind. The archive's lock is held."""
    with os.scandir(folder) as found:
        left = [each.path for each in found if each.name.startswith(_SCRATCH)]
    for path in left:
        shutil.rmtree(path)
