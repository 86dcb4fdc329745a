"""A courier under way: a process of its own with a time limit, so that no server ever delays a backup.

delivery = Delivery.begin(Job(urls, "Damage at red", "…"))
while (result := delivery.result()) is None: …       # or delivery.wait()
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from fonoteca.notify.addresses import label

PATIENCE_S = 30.0
_SPARE_S = 5.0
"""So much later a courier that did not end by itself is killed."""
SWITCH = "the dead-man's switch"
TOO_SLOW = "it did not answer in time"


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be delivered, and where to: a message to addresses, or a body to a dead-man's switch."""

    urls: tuple[str, ...] = field(default=(), repr=False)
    title: str = ""
    body: str = ""
    ping: str | None = field(default=None, repr=False)
    patience_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True)
class Result:
    """How it went. `reached`: addresses that have it. `failed`: reasons by what did not, without secrets."""

    reached: int
    failed: dict[str, str]


class Delivery:
    """One courier."""

    def __init__(self, job: Job, done: Callable[[], object] = lambda: None) -> None:
        """Send it off; `done` is called, in a thread, when there is a result."""
        self._job = job
        self._done = done
        self._result: Result | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "fonoteca.notify.courier"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = threading.Thread(target=self._attend, name="courier", daemon=True)
        self._thread.start()

    def result(self) -> Result | None:
        """How it went; None while it is under way."""
        return self._result

    def wait(self) -> Result:
        """Until it is known how it went: within the job's patience and a few seconds."""
        self._thread.join()
        return self._result or Result(0, {})

    def cancel(self) -> None:
        """End it now."""
        self._process.kill()
        self._thread.join()

    def _attend(self) -> None:
        job = self._job
        order = {
            "urls": job.urls,
            "title": job.title,
            "body": job.body,
            "ping": job.ping,
            "patience_s": job.patience_s,
        }
        try:
            said, _ = self._process.communicate(json.dumps(order).encode(), job.patience_s + _SPARE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            said, _ = self._process.communicate()
        self._result = _read(job, said)
        self._done()


def _read(job: Job, said: bytes) -> Result:
    """What the courier said of each; whoever is not spoken of did not answer in time."""
    answers = {each["address"]: str(each["reason"]) for each in map(_line, said.splitlines()) if each}
    wanted = {number: label(number, url) for number, url in enumerate(job.urls, 1)}
    if job.ping:
        wanted[0] = SWITCH
    failed = {name: answers.get(number, TOO_SLOW) for number, name in wanted.items()}
    return Result(
        sum(1 for reason in failed.values() if not reason),
        {name: reason for name, reason in failed.items() if reason},
    )


def _line(line: bytes) -> dict[str, Any] | None:
    """A line that was cut off says nothing."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"address", "reason"} <= found.keys() else None


def with_ending(url: str, ending: str) -> str:
    """The address of a switch with `/start` or `/fail` behind its path.

    >>> with_ending("https://hc.example.org/ping/key/slug?create=1", "fail")
    'https://hc.example.org/ping/key/slug/fail?create=1'
    """
    if not ending:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{ending}"))


def undelivered(failed: dict[str, str], problems: Sequence[str] = ()) -> str:
    """One sentence of what cannot be reached and why; empty where all is well."""
    said = [*problems, *(f"{name}: {reason}" for name, reason in failed.items())]
    if not said:
        return ""
    return f"notices do not arrive ({'; '.join(said)}). `fonoteca notify test` tries again."
