"""What a person finds beside the music at a location: `SHA256SUMS` and `VERIFY.txt`, for use without fonoteca.

Both names may have been somebody's before. `.fonoteca/papers.json` holds the digests of what fonoteca wrote there; a
file that is none of it is put into quarantine before it is replaced, and that is said. `SHA256SUMS` speaks of all that
stands there: the lines of libraries that another archive keeps at the same place are carried over.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from operator import itemgetter
from typing import IO

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, journal, places
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core import leaflet, naming, sums
from fonoteca.core.digest import Block
from fonoteca.core.event import Event, Found
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.layout import quarantine_key
from fonoteca.core.place import OWN, Key
from fonoteca.errors import Conflict, Refused
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.copying.predecessor import ABOUT_ONE
from fonoteca.tasks.manifest.chains import cards, read_bytes
from fonoteca.tasks.manifest.neighbours import their_sums
from fonoteca.tasks.manifest.seal import put_bytes, raise_first

SUMS_KEY = Key(sums.NAME)
VERIFY_KEY = Key(leaflet.NAME)
PAPERS_KEY = Key(OWN + b"/papers.json")
_BLOCK = 1 << 20


def write_papers(archive: Archive, place: OpenLocation, row: PlaceRow) -> Iterator[Event]:
    """Write both, at most once a run, when copies changed. Yields findings. Raises LocationError."""
    with tempfile.TemporaryFile() as spool:
        _spool_sums(archive, place, row, spool)
        sums_stand = yield from _put(archive, place, row, SUMS_KEY, spool)
    with tempfile.TemporaryFile() as spool:
        folders = [card.folder for card in cards(place)]
        spool.write(leaflet.verify_text(folders, naming.rule_named(row.identity.naming)).encode())
        leaflet_stands = yield from _put(archive, place, row, VERIFY_KEY, spool)
    if sums_stand and leaflet_stands:
        with transaction(archive.catalogue):
            places.set_sums_stale(archive.catalogue, row.id, stale=False)


# the lines


def _spool_sums(archive: Archive, place: OpenLocation, row: PlaceRow, spool: IO[bytes]) -> None:
    ours = (
        (bytes(copy.key), sums.line(copy.sha256, Key(copy.key)))
        for copy in copies.at(archive.catalogue, row.id)
        if copy.state != "missing"
    )
    # Both are in the order of their keys; a person's file may not be, and then the result is not either.
    for _, line in heapq.merge(ours, their_sums(archive, place, row), key=itemgetter(0)):
        spool.write(line)


# writing one of them


def _put(
    archive: Archive, place: OpenLocation, row: PlaceRow, key: Key, spool: IO[bytes]
) -> Generator[Event, None, bool]:
    """Write `spool` under `key`; gives whether it stands. What was somebody else's is kept in quarantine."""
    try:
        keep = _replace(place, key, spool, archive.now())
    except (Conflict, Refused) as error:
        detail = f"its name there {error.reason}: move away what is in its way and run backup again"
        yield _blocked(archive, row, key, detail)
        return False
    _unblocked(archive, row, key)
    if keep is not None:
        shown = keep.decode("ascii", "replace")
        detail = f"it was not written by fonoteca, which writes a file of this name; it lies in {shown} now"
        yield Found(Finding(FindingKind.PUT_ASIDE, detail, None, row.name, key))
    return True


def _replace(place: OpenLocation, key: Key, spool: IO[bytes], now: int) -> Key | None:
    """Write it where it is not what stands there; gives the name under which somebody else's file is kept."""
    wanted = _digest(_blocks(spool))
    standing = place.stat(key)
    found = _standing(place, key) if standing is not None else None
    if found == wanted:
        return None
    written = _written(place)
    is_ours = found is not None and found in written.get(key.decode(), [])
    keep = None if standing is None or is_ours else quarantine_key(os.urandom(16).hex(), 0, key)
    # Said before it is done: a run that is cut off in between must know its own file again.
    written[key.decode()] = [found, wanted] if found is not None and is_ours else [wanted]
    put_bytes(place, PAPERS_KEY, json.dumps(written, indent=1).encode() + b"\n", now)
    with place.batch() as batch:
        over = standing.stamp if standing is not None else None
        writing = batch.create(key, spool.seek(0, os.SEEK_END), now, over=over, keep=keep)
        for block in _blocks(spool):
            writing.write(block)
        staged = writing.finish()
        batch.flush()
        raise_first(batch.publish([staged]))
    return keep


def _written(place: OpenLocation) -> dict[str, list[str]]:
    """By name, the digests of what fonoteca wrote there; the last two, where a run may have been cut off."""
    try:
        found = json.loads(read_bytes(place, PAPERS_KEY) or b"{}")
    except ValueError:
        return {}  # damaged: then nothing there is known to be ours, and all of it is kept
    if not isinstance(found, dict):
        return {}
    return {name: digests for name, digests in found.items() if isinstance(digests, list)}


def _standing(place: OpenLocation, key: Key) -> str | None:
    """The digest of what stands there; None when it cannot be read, and then it is kept aside."""
    try:
        with place.read(key) as reading:
            return _digest(reading)
    except ABOUT_ONE:
        return None


def _digest(blocks: Iterable[Block]) -> str:
    whole = hashlib.sha256()
    for block in blocks:
        whole.update(block)
    return whole.hexdigest()


def _blocks(spool: IO[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    while block := spool.read(_BLOCK):
        yield block


def _blocked(archive: Archive, row: PlaceRow, key: Key, detail: str) -> Found:
    finding = Finding(FindingKind.DIFFERS, detail, None, row.name, key)
    with transaction(archive.catalogue):
        journal.note(archive.catalogue, finding, archive.now())
    return Found(finding)


def _unblocked(archive: Archive, row: PlaceRow, key: Key) -> None:
    over = [FindingKind.DIFFERS]
    with transaction(archive.catalogue):
        journal.close(archive.catalogue, archive.now(), kinds=over, location=row.name, path=key)
