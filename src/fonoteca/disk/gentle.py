"""Working in the background so that whoever plays music notices nothing: last in line for the disk and the processor,
and with little memory afterwards.

Linux keeps both priorities for each thread, so a thread that is gentle leaves the others as they are, and takes it
with it when it ends.
"""

from __future__ import annotations

import gc
import os
from contextlib import suppress

from fonoteca.disk import calls, native

NICE = 10
"""Niceness, of 19 at most."""
IDLE, BEST_EFFORT = 3, 2
"""Classes of ioprio_set(2)."""
LOWEST = 7


def be_gentle() -> None:
    """Give this thread the lowest disk priority (idle; where that is refused the last of best effort) and little CPU.

    A wish: a kernel or scheduler that knows no such priorities reads as it always does.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    try:
        calls.set_io_priority(IDLE, 0)
    except OSError:
        with suppress(OSError):
            calls.set_io_priority(BEST_EFFORT, LOWEST)


def be_small() -> None:
    """Give the memory back that a piece of work needed: whoever rests for hours does so in little of it."""
    native.trim_memory()


def be_smallest() -> None:
    """As `be_small`, for a process that does nothing else: what points at itself, buffers among it, would stay until
    Python happens to look. Looking takes as long as the process is large.
    """
    gc.collect()
    be_small()
