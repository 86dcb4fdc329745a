"""Putting the unit in its place, starting it, looking at it, taking it away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from fonoteca.config.model import Config, FolderConfig
from fonoteca.disk.mounts import file_system, mounted_under
from fonoteca.errors import UsageError
from fonoteca.service.unit import NAME, Unit, text

SYSTEM_FOLDER = "/etc/systemd/system"


@dataclass(frozen=True, slots=True)
class Manager:
    """The user's own systemd, or with `is_system` the machine's."""

    is_system: bool
    folder: str

    @classmethod
    def of(cls, environment: dict[str, str], *, is_system: bool) -> Manager:
        """Where units of this manager lie."""
        if is_system:
            return cls(True, SYSTEM_FOLDER)
        config = environment.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
        return cls(False, os.path.join(config, "systemd", "user"))

    @property
    def path(self) -> str:
        """The unit file."""
        return os.path.join(self.folder, NAME)

    def command(self, *words: str) -> list[str]:
        """`systemctl` with these words, for this manager."""
        return ["systemctl", *([] if self.is_system else ["--user"]), *words]

    def run(self, *words: str) -> tuple[int, str]:
        """Exit code and output. Raises UsageError where there is no systemctl."""
        try:
            done = subprocess.run(
                self.command(*words), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError as error:
            raise UsageError(
                "There is no systemctl here: start `fonoteca daemon` by whatever starts programs."
            ) from error
        return done.returncode, (done.stdout + done.stderr).strip()


def unit_of(config: Config, config_path: str, *, user: str | None) -> Unit:
    """The unit for this archive."""
    writable = [os.path.dirname(config.catalogue)]
    network = config.notify.needs_network
    if config.metrics.file is not None:
        writable.append(os.path.dirname(config.metrics.file))
    for each in config.locations.values():
        if isinstance(each, FolderConfig):
            writable.append(os.fsdecode(reached_through(each.path) if each.removable else each.path))
        else:
            network = True
    command = (os.path.abspath(sys.executable), "-m", "fonoteca", "--config", config_path, "daemon")
    return Unit(command, tuple(writable), network, user)


def reached_through(path: bytes) -> bytes:
    """The folder in which the drive of a removable location is mounted.

    The drive itself is never named: the unit would have a mount of its own of it, which keeps the device busy after
    `umount`, and "eject it now" would be a lie.
    """
    top = mounted_under(path)
    if top is not None:
        return top
    standing = path
    while not os.path.isdir(standing):
        standing = os.path.dirname(standing)
    mount_point = file_system(standing).mount_point
    return os.path.dirname(mount_point if mount_point != b"/" else path)


def install(manager: Manager, unit: Unit) -> str:
    """Write the unit; gives its text. Raises UsageError where that is not allowed."""
    written = text(unit)
    try:
        os.makedirs(manager.folder, exist_ok=True)
        with open(manager.path + ".new", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(written)
        os.replace(manager.path + ".new", manager.path)
    except OSError as error:
        raise UsageError(_refused(manager, error)) from error
    return written


def uninstall(manager: Manager) -> bool:
    """Stop the daemon and take its unit away; False where there was none. Raises UsageError."""
    if not os.path.exists(manager.path):
        return False
    with suppress(UsageError):  # without systemctl nothing was started by it
        manager.run("disable", "--now", NAME)
    try:
        os.unlink(manager.path)
    except OSError as error:
        raise UsageError(_refused(manager, error)) from error
    with suppress(UsageError):
        manager.run("daemon-reload")
    return True


def start(manager: Manager) -> Sequence[str]:
    """Have it started now and at each boot or login; gives what went wrong."""
    wrong = []
    for words in (("daemon-reload",), ("enable", NAME), ("restart", NAME)):
        code, said = manager.run(*words)
        if code:
            wrong.append(f"`{' '.join(manager.command(*words))}` failed: {said}")
            break
    return wrong


def _refused(manager: Manager, error: OSError) -> str:
    hint = " Run it as root." if manager.is_system else ""
    return f"{manager.path} could not be written: {error.strerror}.{hint}"
