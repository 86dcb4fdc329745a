"""Bringing libraries to locations beyond this machine: each at its own speed, after what is near has its copies.

A network is no match for a disk, and may stall: so drives are served first and alone, and then each server from a
reading of its own, beside the others. Whatever one of them does, the others and the drives do not wait for it: not
while it is opened, enrolled or sealed either (`turns`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Lock, Thread

from fonoteca.archive import Archive
from fonoteca.catalogue import pending, places
from fonoteca.config.model import LocationConfig
from fonoteca.core.event import Event
from fonoteca.core.policy import Rate
from fonoteca.errors import LocationError, Locked, UsageError
from fonoteca.locations.base import Location, OpenLocation
from fonoteca.tasks.copying.bringing import Bringing, Present
from fonoteca.tasks.copying.ceding import Ceding
from fonoteca.tasks.copying.turns import TURN, Baton, side_by_side
from fonoteca.tasks.places.opening import Opened, admitted, failure, is_remote


def near_and_far(configs: Sequence[LocationConfig]) -> tuple[list[LocationConfig], list[LocationConfig]]:
    """Those that share one reading, and those that have one each: servers, and whatever has a rate of its own.

    A single one needs no second reading.
    """
    far = [each for each in configs if is_remote(each) or each.rate != Rate()]
    near = [each for each in configs if each not in far]
    return (far, []) if len(far) == 1 and not near else (near, far)


def bring_beyond(near: Bringing, configs: Sequence[LocationConfig], present: Present) -> Iterator[Event]:
    """Bring the libraries, which the run of `near` just looked at, to each of `configs`, side by side."""
    baton = Baton(lambda: not near.archive.catalogue.in_transaction)
    return side_by_side([_bring(near, each, present, baton) for each in configs], baton)


def _bring(
    near: Bringing, config: LocationConfig, present: Present, baton: Baton
) -> Generator[Event, None, None]:
    archive = near.archive
    with ExitStack() as stack:
        found = yield from _opened(archive, config, stack, near.named, baton)
        if found is None:
            return
        found.place = Ceding(found.place, baton)
        bringing = replace(near, opened=[found], part=f"_{found.row.id}", turns=True)
        yield from bringing.enrol(present)
        for library, row in present:
            if not bringing.alive():
                return
            pending.begin_part(archive.catalogue, bringing.part)
            yield from bringing.follow(row)
            yield from bringing.plan(library, row)
            yield from bringing.room(row)
            yield from bringing.transfer(library, row)
        yield from bringing.seal(present)


def _opened(
    archive: Archive, config: LocationConfig, stack: ExitStack, named: bool, baton: Baton
) -> Generator[Event, None, Opened | None]:
    """Open it in a thread, so that a server that lets us wait keeps nobody else; None where it takes no part."""
    try:
        row, location = admitted(archive, config)
        opening = _Opening(location)
        stack.enter_context(_closed(opening, baton))
        opening.start()
        while opening.is_alive():
            archive.pause_point()
            yield TURN
        place = opening.place()
    except (LocationError, Locked, UsageError) as error:
        yield failure(archive, config, error, named=named)
        return None
    places.seen(archive.catalogue, row.id, archive.now(), row.place)
    return Opened(config, row, place)


@contextmanager
def _closed(opening: _Opening, baton: Baton) -> Iterator[None]:
    """Closed in the end, which is a word with the server too."""
    try:
        yield
    finally:
        with baton.ceded():
            opening.close()


class _Opening(Thread):
    """A place being opened. Closing it closes the place, also one that is open only later."""

    def __init__(self, location: Location) -> None:
        super().__init__(name=f"{location.name} opens", daemon=True)
        self._location = location
        self._stack = ExitStack()
        self._changing = Lock()
        self._is_wanted = True
        self._place: OpenLocation | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Open it."""
        try:
            self._place = self._stack.enter_context(self._location.open(write=True))
        except BaseException as error:  # noqa: BLE001 - whoever asks for the place is told
            self._error = error
        with self._changing:
            if not self._is_wanted:
                self._stack.close()

    def place(self) -> OpenLocation:
        """The open place, or why there is none."""
        if self._error is not None:
            raise self._error
        assert self._place is not None
        return self._place

    def close(self) -> None:
        """Nobody wants it any more."""
        with self._changing:
            self._is_wanted = False
            if not self.is_alive():
                self._stack.close()
