"""After a run of its own, without a daemon: the same words to the same people, before the command ends.

A run at a terminal tells nobody: its person sees it. One from cron tells, asks for the dead-man's switch and writes the
figures; where a daemon runs, that tells.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

from fonoteca.archive import Access, Archive
from fonoteca.config.model import Config
from fonoteca.errors import FonotecaError
from fonoteca.notify.herald import Herald
from fonoteca.tasks.service import service_status


def tell(config: Config, task: str, code: int, *, is_watched: bool) -> list[str]:
    """Gives what is wrong with telling itself. Never raises, and takes a minute at the longest."""
    if service_status(config.catalogue).is_alive:
        return []
    if config.metrics.file is None and (is_watched or not config.notify.needs_network):
        return []
    herald = Herald(config, socket.gethostname(), os.environ, time.time_ns)
    said: list[str] = []
    try:
        with Archive.open(config, Access.WRITE) as archive:
            herald.load(archive)
            herald.look(archive)
        if is_watched:
            herald.ended(code)
            herald.write_figures()
        else:
            said = _told(herald, task, code)
        if herald.is_dirty:
            with Archive.open(config, Access.WRITE) as archive:
                herald.save(archive)
    except FonotecaError as error:
        said.append(f"Nobody could be told of this: {error}")
    return said


def _told(herald: Herald, task: str, code: int, sleep: Callable[[float], object] = time.sleep) -> list[str]:
    herald.heard(task, time.monotonic(), code=code)
    said = herald.step(time.monotonic())
    while herald.is_under_way:
        sleep(0.05)
        said += herald.step(time.monotonic())
    return said
