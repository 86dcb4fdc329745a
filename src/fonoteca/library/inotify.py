"""Watchdog's inotify, made to tell what it could not see: a queue that ran over, too few watches.

One tree has one `Observer`, with an inotify instance of its own, so that another tree's trouble is not ours.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
    inotify_add_watch,
)
from watchdog.observers.inotify_c import Watch as InotifyWatch

# What watchdog warns of is told by `Told`, in words for people.
logging.getLogger("watchdog").setLevel(logging.CRITICAL)


class Hint(NamedTuple):
    """Something happened to `name` in `folder`, or to the folder itself; `whole`: maybe to all below it."""

    library: str
    folder: bytes
    name: bytes | None
    whole: bool


@dataclass(slots=True)
class Told:
    """What watchdog's threads tell the one that decides."""

    wake: Callable[[], None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    hints: dict[tuple[str, bytes, bytes | None], bool] = field(default_factory=dict)
    overflowed: set[str] = field(default_factory=set)
    limited: set[str] = field(default_factory=set)

    def hint(self, hints: Iterable[Hint]) -> None:
        with self.lock:  # both ends of a move at once: else one could be looked at before the other is known
            first = not self.hints
            for library, folder, name, whole in hints:
                key = (library, folder, name)
                self.hints[key] = self.hints.get(key, False) or whole
        if first:
            self.wake()

    def trouble(self, kind: set[str], library: str) -> None:
        with self.lock:
            kind.add(library)
        self.wake()


class _Inotify(InotifyFD):
    """Watchdog's inotify, for which watching a folder once more is no mistake, and one that may not be read is one.

    Watchdog answers the first with a warning as long as all its watches together, and takes -1 for a watch.
    """

    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        wd: WatchDescriptor = inotify_add_watch(self._inotify_fd, path, mask)
        if wd == -1:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        self._watch_for_wd.setdefault(wd, InotifyWatch(wd, mask, path)).callbacks[id_] = callback
        return wd


class _Group(InotifyWatchGroup):
    """Watchdog's watches of one tree, which tell what they could not see."""

    told: Told
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
        self._remove_watch_internally(wd)  # the name that it had before
        self._active_callbacks_by_path[path] = wd
        self._active_callbacks_by_watch[wd] = path

    def _remove_watch_internally(self, wd: WatchDescriptor) -> None:
        """Watchdog's own dies of a watch that is known no more, or whose path has another one by now."""
        path = self._active_callbacks_by_watch.pop(wd, None)
        if path is not None and self._active_callbacks_by_path.get(path) == wd:
            del self._active_callbacks_by_path[path]

    def cover(self, path: bytes) -> None:
        """Watch what lies at `path` and below. A folder that is watched already stays so, by its name of now."""
        with self._lock:
            for folder, _, _ in os.walk(path):
                self._add_callback(folder)


class Emitter(InotifyEmitter):
    """Watchdog's emitter, over our `_Group`."""

    def __init__(self, *given: Any, told: Told, library: str, **more: Any) -> None:
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


class Observer(BaseObserver):
    """One tree, with an inotify instance of its own, so that another tree's trouble is not ours."""

    def __init__(self, told: Told, library: str) -> None:
        self.inotify = _Inotify()
        self.inotify.start()
        super().__init__(Emitter, inotify_fd=self.inotify, told=told, library=library)

    def on_thread_stop(self) -> None:
        super().on_thread_stop()
        self.inotify.stop()
        self.inotify.join()

    @property
    def is_whole(self) -> bool:
        """Whether every thread that brings events lives."""
        threads = [self, self.inotify, *self.emitters]
        return bool(self.emitters) and all(thread.is_alive() for thread in threads)
