"""Being told where something happens in a library, by inotify through watchdog. A hint, never the truth.

    watch = Watch(wake)
    state = watch.add("music", b"/home/ana/Music", Exclusion(()))   # Watched, or Unwatched with the reason
    watch.drain()                                # [Hint("music", b"Nina Simone", b"01.flac", False)]

Names are bytes: any that Linux allows. `wake` is called from watchdog's threads when there is something to drain.
What was missed (a queue that ran over, a thread that died, too few watches) is told by `troubles`.
"""

from __future__ import annotations

import errno
import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import InotifyFD

from fonoteca.core.pattern import Exclusion, split
from fonoteca.library.eventful import State, Unwatched, Watched, eventless, remedy_of, too_few

# Watching a folder once more is meant; watchdog thinks that it must be a mistake.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)

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


class Hint(NamedTuple):
    """Something happened to `name` in `folder`, or to the folder itself; `whole`: maybe to all below it."""

    library: str
    folder: bytes
    name: bytes | None
    whole: bool


@dataclass(slots=True)
class _Told:
    """What watchdog's threads tell the one that decides."""

    wake: Callable[[], None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    hints: dict[tuple[str, bytes, bytes | None], bool] = field(default_factory=dict)
    overflowed: set[str] = field(default_factory=set)
    limited: set[str] = field(default_factory=set)

    def hint(self, hint: Hint) -> None:
        key = hint[:3]
        with self.lock:
            first = not self.hints
            self.hints[key] = self.hints.get(key, False) or hint.whole
        if first:
            self.wake()

    def trouble(self, kind: set[str], library: str) -> None:
        with self.lock:
            kind.add(library)
        self.wake()


class _Group(InotifyWatchGroup):
    """Watchdog's watches of one tree, which tell what they could not see."""

    told: _Told
    library: str

    def on_queue_overflow(self) -> None:
        self.told.trouble(self.told.overflowed, self.library)
        super().on_queue_overflow()

    def _add_callback(self, path: bytes) -> None:
        try:
            wd = self._inotify_fd.add_callback(path, self.event_mask, self._callback, self._id)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.told.trouble(self.told.limited, self.library)
            elif path == self.path:
                raise
            return  # it vanished, or may not be read: the next scan says which
        self._active_callbacks_by_path[path] = wd
        self._active_callbacks_by_watch[wd] = path

    def cover(self, path: bytes) -> None:
        """Watch what lies at `path` and below. A folder that is watched already stays so, by its name of now."""
        with self._lock:
            for folder, _, _ in os.walk(path):
                self._add_callback(folder)


class _Emitter(InotifyEmitter):
    """Watchdog's emitter, over our `_Group`."""

    def __init__(self, *given: Any, told: _Told, library: str, **more: Any) -> None:
        super().__init__(*given, **more)
        self._kind = type("Group", (_Group,), {"told": told, "library": library})

    def on_thread_start(self) -> None:
        self._inotify = self._kind(
            self._inotify_fd,
            self.watch.path,
            is_recursive=True,
            event_mask=self.get_event_mask_from_filter(),
        )

    def cover(self, path: bytes) -> None:
        """See `_Group.cover`."""
        if isinstance(self._inotify, _Group):
            self._inotify.cover(path)

    @property
    def folders(self) -> int:
        """How many folders are watched."""
        return 0 if self._inotify is None else len(self._inotify._active_callbacks_by_watch)


class _Observer(BaseObserver):
    """One tree, with an inotify instance of its own, so that another tree's trouble is not ours."""

    def __init__(self, told: _Told, library: str) -> None:
        self.inotify = InotifyFD()
        self.inotify.start()
        super().__init__(_Emitter, inotify_fd=self.inotify, told=told, library=library)

    def on_thread_stop(self) -> None:
        super().on_thread_stop()
        self.inotify.stop()
        self.inotify.join()

    @property
    def is_whole(self) -> bool:
        """Whether every thread that brings events lives."""
        threads = [self, self.inotify, *self.emitters]
        return bool(self.emitters) and all(thread.is_alive() for thread in threads)


class _Handler(FileSystemEventHandler):
    """Turns watchdog's events into hints."""

    def __init__(self, told: _Told, library: str, root: bytes, exclusion: Exclusion) -> None:
        self._told, self._library, self._exclusion = told, library, exclusion
        self._prefix = root.rstrip(b"/") + b"/"

    def dispatch(self, event: FileSystemEvent) -> None:
        arrives = isinstance(event, DirCreatedEvent | DirMovedEvent)
        source, target = os.fsencode(event.src_path), os.fsencode(event.dest_path or b"")
        if source:
            self._tell(source, event.is_directory, whole=arrives and not target)
        if target:
            self._tell(target, event.is_directory, whole=arrives)

    def _tell(self, whole_path: bytes, is_folder: bool, *, whole: bool) -> None:
        if not whole_path.startswith(self._prefix):
            return
        path = whole_path[len(self._prefix) :]
        if self._exclusion.covers(path):
            return
        folder, name = split(path)
        if not is_folder:
            self._told.hint(Hint(self._library, folder, name, False))
            return
        self._told.hint(Hint(self._library, folder, None, False))
        if path:
            self._told.hint(Hint(self._library, path, None, whole))


class Watch:
    """All libraries that are watched."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._told = _Told(wake)
        self._observers: dict[str, _Observer] = {}

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
        observer = _Observer(self._told, library)
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
        return (
            sum(each.folders for each in observer.emitters if isinstance(each, _Emitter)) if observer else 0
        )

    def is_whole(self, library: str) -> bool:
        """Whether a library is watched, and everything that this takes lives."""
        return library in self._observers and self._observers[library].is_whole

    def cover(self, library: str, folder: bytes) -> None:
        """Watch a folder that came with all that it holds. One that was renamed while watchdog walked through it is
        left without watches below otherwise; whoever looks at it after this call misses nothing.
        """
        observer = self._observers.get(library)
        for each in observer.emitters if observer else ():
            if isinstance(each, _Emitter) and folder:
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
