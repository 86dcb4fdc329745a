"""Real small disks for tests: file-system images on loop devices, where we are root and loop devices are to
be had."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fonoteca.disk.mounts import file_system


@dataclass(frozen=True)
class Disk:
    """A mounted image."""

    image: Path
    mount_point: Path
    kind: str
    options: str = ""

    @property
    def path(self) -> bytes:
        """The mount point as the program takes it."""
        return os.fsencode(self.mount_point)

    def remount(self, options: str) -> None:
        """Change mount options, such as `ro`."""
        _run("mount", "-o", f"remount,{options}", str(self.mount_point))

    def unmount(self, *, lazily: bool = False) -> None:
        """Unmount; lazily: the path goes at once, handles stay good, as when a drive is pulled."""
        _run("umount", *(["-l"] if lazily else []), str(self.mount_point))

    def mount(self) -> None:
        """Mount it again. Reading it skips the cache around the image where that can be had."""
        loop = _attached(self.image)
        try:
            _run("mount", *(["-o", self.options] if self.options else []), loop, str(self.mount_point))
        finally:
            _run("losetup", "-d", loop)  # it goes when it is unmounted

    def needs_direct(self) -> None:
        """Skip where the image is read through a cache below, so that nothing is ever called `media`."""
        if not file_system(self.path).is_local_block:
            pytest.skip("loop devices here read their files through a cache")


@contextmanager
def disk(
    folder: Path, name: str = "disk", *, kind: str = "ext4", megabytes: int = 16, options: str = ""
) -> Iterator[Disk]:
    """An image of a file system, mounted at `folder/name` with `options`. Skips the test where that cannot be had."""
    needs_loop(kind)
    image, mount_point = folder / f"{name}.img", folder / name
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    _run(f"mkfs.{kind}", *_QUIET.get(kind, ()), str(image))
    mount_point.mkdir()
    made = Disk(image, mount_point, kind, options)
    made.mount()
    try:
        yield made
    finally:
        while os.path.ismount(mount_point):
            made.unmount(lazily=True)
        image.unlink()


_QUIET = {"ext4": ("-q", "-F", "-m", "0"), "xfs": ("-q", "-f"), "btrfs": ("-q", "-f"), "vfat": ()}
SMALLEST = {"ext4": 16, "xfs": 300, "btrfs": 128}
"""Megabytes."""


def needs_loop(kind: str = "ext4") -> None:
    """Skip, with the reason, where images of this kind cannot be mounted."""
    reason = _cannot(kind)
    if reason:
        pytest.skip(reason)


@functools.cache
def _cannot(kind: str) -> str | None:
    if os.geteuid() != 0:
        return "mounting an image takes root"
    if not shutil.which(f"mkfs.{kind}"):
        return f"mkfs.{kind} is not installed"
    if kind not in Path("/proc/filesystems").read_text().split():
        return f"this kernel has no {kind}"
    if subprocess.run(["losetup", "-f"], capture_output=True, check=False).returncode:
        return "no loop device is free"
    return None


def _attached(image: Path) -> str:
    """A loop device for `image`, with direct I/O if its file system has that."""
    for direct in ("on", "off"):
        command = ["losetup", "-f", "--show", f"--direct-io={direct}", str(image)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
