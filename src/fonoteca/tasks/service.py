"""How the daemon of an archive is: asked, and where it does not answer, told from the lock that it held."""

from __future__ import annotations

import os
from typing import Any

from fonoteca.core.status import ServiceStatus
from fonoteca.disk.asking import ask
from fonoteca.disk.lock import holder, left_by

PATIENCE_S = 1.0


def lock_of(catalogue: str) -> str:
    """The lock that one daemon of an archive holds as long as it lives."""
    return catalogue + ".daemon.lock"


def service_status(catalogue: str) -> ServiceStatus:
    """Never waits longer than `PATIENCE_S`."""
    lock = lock_of(catalogue)
    pid = left_by(lock)
    if pid is None:
        return ServiceStatus()
    found = ask(catalogue, "status", patience=PATIENCE_S)
    sign_ns = os.stat(lock).st_mtime_ns
    if found is None:
        return ServiceStatus(pid, is_alive=holder(lock) is not None, last_sign_ns=sign_ns)
    return _read(found, sign_ns)


def _read(found: dict[str, Any], sign_ns: int) -> ServiceStatus:
    return ServiceStatus(
        pid=found["pid"],
        is_alive=True,
        last_sign_ns=sign_ns,
        doing=found["doing"],
        phase=found.get("phase"),
        files=found.get("files"),
        files_done=found.get("files_done", 0),
        bytes=found.get("bytes"),
        bytes_done=found.get("bytes_done", 0),
        place=found.get("place"),
        left_s=found.get("left_s"),
        since_ns=found["since_ns"],
        paused_s=found["paused_s"],
        watch=tuple(sorted(found["watch"].items())),
        next_times=tuple(sorted(found["next_times"].items(), key=lambda each: each[1])),
    )
