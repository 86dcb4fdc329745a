"""Names that objects get before they are published, written down in `incoming/`: what a run that was cut off left under
them is taken away by the next opening (`undo`), or it would stand in the way of what the file is by then.

    names = Names(store, place.note)
    names.note([(key, size)])         # before anything is put there
    names.forget()                    # the intent stands, and says what is under them

Only what is younger than its note and has the noted size is removed: whatever stood there before is somebody else's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from fonoteca.core.place import Key
from fonoteca.errors import Full
from fonoteca.locations.keys import INCOMING
from fonoteca.locations.s3.border import Missing
from fonoteca.locations.s3.store import Store

NOTES = b"-naming-"
"""In the name of a note: `.fonoteca/incoming/<opening>-naming-<number>`."""


class Names:
    """Of one batch. Usable from several threads."""

    def __init__(self, store: Store, name: Callable[[bytes], Key]) -> None:
        self._store = store
        self._name = name
        self._noted: set[Key] = set()
        self._notes: list[Key] = []
        self._lock = threading.Lock()

    def note(self, named: Sequence[tuple[Key, int]]) -> None:
        """Write these keys and sizes down, those that are not yet. Raises LocationError."""
        with self._lock:
            fresh = [(key, size) for key, size in named if key not in self._noted]
            self._noted.update(key for key, _ in fresh)
        if not fresh:
            return
        note = self._name(NOTES)
        with self._lock:
            self._notes.append(note)
        try:
            self._store.put(note, json.dumps([[key.decode(), size] for key, size in fresh]).encode())
        except Full as full:  # what is to come is more than the note
            raise Full(full.place, sum(size for _, size in fresh), full.free) from full

    def forget(self) -> None:
        """Have no note any more. Raises LocationError: what it names would be removed one day."""
        with self._lock:
            notes, self._notes = self._notes, []
        for error in self._store.delete(notes).values():
            raise error


def undo(store: Store, left: Iterable[Key]) -> None:
    """Take away what was put under noted names and never published, as `left` (what lies in `incoming/`) tells.

    Raises LocationError.
    """
    gone: list[Key] = []
    for note in left:
        if NOTES not in note.removeprefix(INCOMING):
            continue
        written = _written(store, note)
        for key, size in _named(store.read_small(note, 1 << 24) or b""):
            found = _written(store, key)
            if written is not None and found is not None and found[1] == size and found[0] >= written[0]:
                gone.append(key)
    for error in store.delete(gone).values():
        raise error


def _written(store: Store, key: Key) -> tuple[datetime, int] | None:
    """When by the server's clock, and how large."""
    try:
        reply = store.call("head_object", key, Key=store.name(key))
    except Missing:
        return None
    return reply["LastModified"], int(reply["ContentLength"])


def _named(data: bytes) -> list[tuple[Key, int]]:
    try:
        return [(Key(key.encode()), int(size)) for key, size in json.loads(data)]
    except (ValueError, AttributeError, TypeError):
        return []  # a note that was not written by us, or not to its end
