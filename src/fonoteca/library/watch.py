"""Being told where something happens in a library, by inotify through watchdog. A hint, never the truth.

    watch = Watch(wake)
    state = watch.add("music", b"/home/ana/Music", Exclusion(()))   # Watched, or Unwatched with the reason
    watch.drain()                                # [Hint("music", b"Nina Simone", b"01.flac", False)]

Names are bytes: any that Linux allows. `wake` is called from watchdog's threads when there is something to drain.
What was missed (a queue that ran over, a thread that died, too few watches) is told by `troubles`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

from fonoteca.core.pattern import Exclusion, split
from fonoteca.library.eventful import State, Unwatched, Watched, eventless, remedy_of, too_few
from fonoteca.library.inotify import Emitter, Hint, Observer, Told

_EVENTS: list[type[FileSystemEvent]] = [
    *(
        FileCreatedEvent,
        FileModifiedEvent,
        FileClosedEvent,
        FileMovedEvent,
        FileDeletedEvent,
        FileAttribEvent,
    ),
    *(DirCreatedEvent, DirMovedEvent, DirDeletedEvent, DirAttribEvent),
]
"""Not: opened, closed after reading. Our own reading is no news."""


class _Handler(FileSystemEventHandler):
    """Turns watchdog's events into hints."""

    def __init__(self, told: Told, library: str, root: bytes, exclusion: Exclusion) -> None:
        self._told, self._library, self._exclusion = told, library, exclusion
        self._prefix = root.rstrip(b"/") + b"/"

    def dispatch(self, event: FileSystemEvent) -> None:
        arrives = isinstance(event, DirCreatedEvent | DirMovedEvent)
        source, target = os.fsencode(event.src_path), os.fsencode(event.dest_path or b"")
        hints = [*self._hints(source, event.is_directory, whole=arrives and not target)]
        hints += self._hints(target, event.is_directory, whole=arrives)
        if hints:
            self._told.hint(hints)

    def _hints(self, whole_path: bytes, is_folder: bool, *, whole: bool) -> Iterator[Hint]:
        if not whole_path.startswith(self._prefix):
            return
        path = whole_path[len(self._prefix) :]
        if self._exclusion.covers(path):
            return
        folder, name = split(path)
        if not is_folder:
            yield Hint(self._library, folder, name, False)
            return
        yield Hint(self._library, folder, None, False)
        if path:
            yield Hint(self._library, path, None, whole)


class Watch:
    """All libraries that are watched."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._told = Told(wake)
        self._observers: dict[str, Observer] = {}

    def add(self, library: str, root: bytes, exclusion: Exclusion) -> State:
        """Watch the tree at `root`, anew if it was watched before. Raises nothing: what is wrong is the state."""
        self.drop(library)
        try:
            found = eventless(os.path.realpath(root))
            if found is not None:
                return Unwatched(f"no events on {found}")
            return self._start(library, os.path.realpath(root), exclusion)
        except OSError as error:
            return Unwatched(error.strerror or str(error), remedy_of(error))

    def _start(self, library: str, root: bytes, exclusion: Exclusion) -> State:
        observer = Observer(self._told, library)
        self._observers[library] = observer
        try:
            # Watchdog's annotations know text alone; bytes go through as they are, and so do all names.
            path: Any = root
            observer.schedule(
                _Handler(self._told, library, root, exclusion), path, recursive=True, event_filter=_EVENTS
            )
            observer.start()
        except OSError:
            self.drop(library)
            raise
        if library in self._told.limited:
            self.drop(library)
            return too_few(root)
        return Watched(self.folders(library))

    def folders(self, library: str) -> int:
        """How many folders of a library are watched now."""
        observer = self._observers.get(library)
        return sum(each.folders for each in observer.emitters if isinstance(each, Emitter)) if observer else 0

    def is_whole(self, library: str) -> bool:
        """Whether a library is watched, and everything that this takes lives."""
        return library in self._observers and self._observers[library].is_whole

    def cover(self, library: str, folder: bytes) -> None:
        """Watch a folder that came with all that it holds. One that was renamed while watchdog walked through it is
        left without watches below otherwise; whoever looks at it after this call misses nothing.
        """
        observer = self._observers.get(library)
        for each in observer.emitters if observer else ():
            if isinstance(each, Emitter) and folder:
                each.cover(os.fsencode(each.watch.path) + b"/" + folder)

    def drop(self, library: str) -> None:
        """Watch it no longer."""
        observer = self._observers.pop(library, None)
        if observer is not None:
            if observer.is_alive():
                observer.stop()
                observer.join()
            else:
                observer.on_thread_stop()
        with self._told.lock:
            self._told.limited.discard(library)
            self._told.overflowed.discard(library)

    def close(self) -> None:
        """Watch nothing any more."""
        for library in list(self._observers):
            self.drop(library)

    def drain(self) -> list[Hint]:
        """What was told since the last time, each place once."""
        with self._told.lock:
            hints, self._told.hints = self._told.hints, {}
        return [Hint(*key, whole) for key, whole in hints.items()]

    @property
    def has_hints(self) -> bool:
        """Whether there is something to drain."""
        return bool(self._told.hints)

    def troubles(self) -> dict[str, str]:
        """Libraries of which something may have been missed, each with the reason; each is told once, but for dead
        threads and too few watches, which end with `add` or `drop`.
        """
        with self._told.lock:
            found = dict.fromkeys(self._told.overflowed, "events came faster than they were read")
            self._told.overflowed.clear()
            found |= dict.fromkeys(self._told.limited & self._observers.keys(), LIMIT)
        for library, observer in self._observers.items():
            if not observer.is_whole:
                found[library] = "the watch died"
        return found


LIMIT = "too few inotify watches"
