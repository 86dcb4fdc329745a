"""Making a transfer: its readers, and a lane for each location, in a thread or in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from queue import SimpleQueue
from typing import NamedTuple

from fonoteca.archive import Archive
from fonoteca.catalogue import places
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core import naming
from fonoteca.core.entry import LibraryId
from fonoteca.errors import LocationError
from fonoteca.library.trust import Trust
from fonoteca.tasks.copying.apart import LaneApart
from fonoteca.tasks.copying.blocks import BlockPool
from fonoteca.tasks.copying.finish import finish
from fonoteca.tasks.copying.lanes import AnyLane, Lane
from fonoteca.tasks.copying.naming import Namer
from fonoteca.tasks.copying.predecessor import take_place_of
from fonoteca.tasks.copying.reading import Reader
from fonoteca.tasks.copying.transfer import Transfer
from fonoteca.tasks.copying.works import Works
from fonoteca.tasks.guarding.weighing import Counting
from fonoteca.tasks.looking.insight import Insights
from fonoteca.tasks.manifest.recover import folder_of
from fonoteca.tasks.manifest.seal import Ledger
from fonoteca.tasks.places.opening import Opened, is_remote

READERS = 2
APART_FILES = 1000
"""From so many files on each lane works in a process of its own: what is scarce then is the interpreter."""

BUFFERS = 24
"""Blocks of 1 MiB that readers and lanes share."""

BUFFERS_BEYOND = 12
"""So many where a location has a reading of its own: there may be several of those at once."""


class Made(NamedTuple):
    """A transfer, and the locations that could not take part in it."""

    transfer: Transfer
    failed: list[tuple[Opened, LocationError]]


def make_transfer(
    archive: Archive,
    config: LibraryConfig,
    row: LibraryRow,
    targets: Sequence[Opened],
    files: int,
    started_ns: int,
    *,
    part: str = "",
) -> Made:
    """A transfer of what is pending, `files` of them, from one library to `targets`; to none: it only reads.

    `part`: whose plan, as `pending` has it.
    """
    reports: SimpleQueue[object] = SimpleQueue()
    pool = BlockPool(BUFFERS_BEYOND if part else BUFFERS)
    apart = files >= APART_FILES and len(os.sched_getaffinity(0)) > 1
    lanes: list[AnyLane] = []
    namers: list[Namer] = []
    rows: list[places.PlaceRow] = []
    failed: list[tuple[Opened, LocationError]] = []
    for one in targets:
        try:
            folder = folder_of(one.place, row)
        except LocationError as error:
            failed.append((one, error))
            continue
        chain = places.chain(archive.catalogue, one.row.id, row.id)
        ledger = Ledger(one.place, LibraryId(row.uid), chain, archive.now)
        lane = Lane(len(lanes), one.config.name, one.place, ledger, reports, row.name, finish, take_place_of)
        lane.is_remote = is_remote(one.config)
        if lane.is_remote:  # a disk reads best what is read one after the other
            lane.streams = one.config.streams or one.place.traits.streams
        # A connection lives in threads, which do not come along into another process.
        lanes.append(LaneApart(lane, pool, reports) if apart and not lane.is_remote else lane)
        rule = naming.rule_named(one.row.identity.naming)
        namers.append(Namer(archive.catalogue, one.row.id, folder, rule))
        rows.append(one.row)
    insights = Insights(archive.now)
    trust = Trust(config.path)
    reader = Reader(config.path, lanes, pool, SimpleQueue(), reports.put, trust, archive.now, insights.look)
    recorder = Counting(archive.catalogue, row, rows, started_ns, part)
    works = Works(archive.catalogue, row.id, lanes, rows, namers)
    transfer = Transfer(archive, lanes, works, reader, READERS, reports, recorder, insights)
    return Made(transfer, failed)
