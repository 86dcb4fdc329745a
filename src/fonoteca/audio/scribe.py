"""The scribe: tags written by mutagen in a process that can be killed.

with Scribe() as scribe:
    why = scribe.write(path, size, now, then)       # None: it was written
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Self

from fonoteca.audio.limits import file_seconds
from fonoteca.audio.read import reason_of
from fonoteca.audio.tags.writing import write_tags
from fonoteca.audio.worker import open_pool


class Scribe:
    """Writes tags; a file has `seconds` and what its size allows (`limits`), and `memory` (bytes).

    Its process is spawned for the first file, and anew after one that broke it. One scribe belongs to one thread.
    """

    def __init__(self, seconds: float = 10.0, memory: int = 1 << 30) -> None:
        self._seconds = seconds
        self._memory = memory
        self._pool: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()

    def _let_go(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()

    def write(self, path: bytes, size: int, now: Any, then: Any) -> str | None:
        """Give the file at `path` (`size` in bytes) the raw tags `then` instead of `now`; why not, or None.

        Where it says why, the file may be changed by half.
        """
        if self._pool is None:
            self._pool = open_pool(1, self._memory)
        limit = file_seconds(self._seconds, size)
        future = self._pool.schedule(write_one, args=(path, now, then), timeout=limit)
        try:
            why: str | None = future.result()
        except TimeoutError:
            self._let_go()
            return f"writing its tags took longer than {limit:.3g} s"
        except Exception as error:  # noqa: BLE001 - its process died, or gave what cannot be understood: this file's fault
            self._let_go()
            return f"writing its tags failed ({reason_of(error)})"
        return why


def write_one(path: bytes, now: Any, then: Any) -> str | None:
    """Runs in the process: why it could not be written, or None."""
    try:
        write_tags(path, now, then)
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    except Exception as error:  # noqa: BLE001 - foreign code over foreign bytes: whatever it raises is about this file
        return f"its tags cannot be written ({reason_of(error)})"
    return None
