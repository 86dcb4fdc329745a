"""How much memory a command takes, with all its children: sampled from `/proc` while it runs.

RSS counts a page that two processes share twice, PSS shares it out. What the machine feels is PSS, what
other tools report is RSS, so both are kept.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.05
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest sums over a process and its descendants, in bytes."""

    rss: int
    pss: int


class Sampler:
    """Watches one process tree until it is stopped.

    >>> with Sampler(process.pid) as sampler:   # doctest: +SKIP
    ...     process.wait()
    >>> sampler.peak.rss                        # doctest: +SKIP
    41234432
    """

    def __init__(self, pid: int) -> None:
        self.peak = Peak(0, 0)
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            tree = _tree(self._pid)
            rss, pss = sum(map(_rss, tree)), sum(map(_pss, tree))
            self.peak = Peak(max(self.peak.rss, rss), max(self.peak.pss, pss))


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            children.setdefault(_parent(int(entry)), []).append(int(entry))
    tree = [pid]
    for member in tree:
        tree.extend(children.get(member, ()))
    return tree


def _parent(pid: int) -> int:
    # The second field, a name, may hold blanks and brackets: the parent is the second word after it.
    words = _text(pid, "stat").rpartition(")")[2].split()
    return int(words[1]) if words else -1


def _rss(pid: int) -> int:
    words = _text(pid, "statm").split()
    return int(words[1]) * _PAGE if words else 0


def _pss(pid: int) -> int:
    for line in _text(pid, "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _text(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""  # it ended between two looks
