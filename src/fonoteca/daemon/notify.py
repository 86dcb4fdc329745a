"""Speaking with systemd: ready, what is being done, still alive (sd_notify(3), three lines of text over a socket)."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manager:
    """Whoever started us, if it listens. Saying something to nobody does nothing."""

    address: str | None = None
    alive_every_s: float | None = None
    """How often it wants to hear that we are alive; None: not at all."""

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> Manager:
        """As NOTIFY_SOCKET and WATCHDOG_USEC say, where these are meant for us."""
        every = None
        if environment.get("WATCHDOG_PID", str(pid)) == str(pid):
            with suppress(ValueError):
                every = int(environment.get("WATCHDOG_USEC", "")) / 2_000_000
        return cls(environment.get("NOTIFY_SOCKET") or None, every)

    def ready(self) -> None:
        """The archive is watched from now on."""
        self._send("READY=1")

    def status(self, sentence: str) -> None:
        """One line for `systemctl status`."""
        self._send("STATUS=" + sentence.replace("\n", " "))

    def alive(self) -> None:
        """The loop goes round."""
        self._send("WATCHDOG=1")

    def reloading(self, monotonic_s: float) -> None:
        """The config is being read anew; `ready` ends that."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(monotonic_s * 1_000_000)}")

    def stopping(self) -> None:
        """Nothing new begins."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self.address is None:
            return
        where = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        # A manager that is gone is told nothing; the music is what matters.
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
        ):
            sender.connect(where)
            sender.send(message.encode())
