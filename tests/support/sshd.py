"""A real OpenSSH server of our own on loopback, as whoever runs the tests: own host keys, own config, a high port.

with sshd(tmp_path) as server:
    location = sftp_location(server, tmp_path / "nas")
"""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fonoteca.core.naming import rule_for
from fonoteca.locations.sftp.address import Address
from fonoteca.locations.sftp.location import SftpLocation
from support.tools import run_tool

_CONFIG = """\
ListenAddress {address}
Port {port}
HostKey {folder}/hostkey
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp internal-sftp
LogLevel ERROR
{more}
"""


@dataclass
class Sshd:
    """A server. `folder` holds its keys and config, and `id`, the private key that it lets in."""

    folder: Path
    port: int
    address: str = "127.0.0.1"
    more: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def known_hosts(self) -> Path:
        """The file that vouches for it."""
        return self.folder / "known_hosts"

    @property
    def key(self) -> Path:
        """The key that it lets in."""
        return self.folder / "id"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        config = self.folder / "sshd_config"
        config.write_text(
            _CONFIG.format(folder=self.folder, port=self.port, address=self.address, more=self.more)
        )
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        command = [_program(), "-D", "-f", str(config), "-E", str(self.folder / "log")]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "sshd does not answer"

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.address, self.port), timeout=1) as made:
                return made.recv(4) == b"SSH-"
        except OSError:
            return False

    def kill(self) -> None:
        """End it and every session of it at once, as a power cut would."""
        for pid in self.everybody():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process is not None:
            self.process.wait()
            self.process = None

    def everybody(self) -> list[int]:
        """Its process and those of its sessions."""
        if self.process is None:
            return []
        found = [self.process.pid]
        parents = dict(_parents())
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def new_host_key(self, name: str = "hostkey") -> None:
        """Another host key than it had; it counts from the next start."""
        for each in (self.folder / name, self.folder / f"{name}.pub"):
            each.unlink(missing_ok=True)
        run_tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name))

    def vouch(self, port: int | None = None) -> None:
        """Write its host key into known_hosts; `port`: as it is seen through a proxy."""
        kind, key = (self.folder / "hostkey.pub").read_text().split()[:2]
        host = f"[{self.address}]:{port or self.port}"
        with self.known_hosts.open("a") as file:
            file.write(f"{host} {kind} {key}\n")

    def at(self, path: Path | bytes, *, port: int | None = None) -> Address:
        """The address of a folder there."""
        return Address(
            self.address,
            os.fsencode(path),
            port or self.port,
            getpass.getuser(),
            str(self.key),
            str(self.known_hosts),
        )

    def url(self, path: Path, *, port: int | None = None) -> str:
        """The folder as a PLACE."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return (
            f"sftp://{getpass.getuser()}@{host}:{port or self.port}{path}"
            f"?key={self.key}&known_hosts={self.known_hosts}"
        )


def _parents() -> Iterator[tuple[int, int]]:
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                yield int(each.name), int((each / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue  # it ended while we looked


def _program() -> str:
    found = next(
        (each for each in ("/usr/sbin/sshd", "/usr/local/sbin/sshd") if os.access(each, os.X_OK)), None
    )
    if found is None:
        pytest.skip("sshd is not installed")
    return found


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody listens on."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@contextmanager
def sshd(folder: Path, *, address: str = "127.0.0.1", more: str = "") -> Iterator[Sshd]:
    """A server that runs; `more` are further lines of its config. Skips the test where there is no sshd."""
    _program()
    folder.mkdir(parents=True, exist_ok=True)
    server = Sshd(folder, free_port(address), address, more)
    server.new_host_key()
    server.new_host_key("id")
    (folder / "authorized_keys").write_bytes((folder / "id.pub").read_bytes())
    server.vouch()
    server.start()
    try:
        yield server
    finally:
        server.kill()


SFTP_ONLY = "ForceCommand internal-sftp\nAllowTcpForwarding no\nPermitTTY no"
"""What a NAS gives an account that is for files alone."""


def sftp_location(
    server: Sshd, path: Path, name: str = "nas", *, port: int | None = None, limit_s: float = 20
) -> SftpLocation:
    """A folder there, made and adopted."""
    address = server.at(path, port=port)
    bare = SftpLocation(name, address, None, limit_s=limit_s)
    traits = bare.probe()
    identity = bare.new_identity(rule_for(traits).name)
    bare.adopt(identity, traits)
    return SftpLocation(name, address, identity, limit_s=limit_s)
