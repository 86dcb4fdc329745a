"""File systems: who they are, and what can be relied on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fonoteca.disk import mounts
from fonoteca.disk.mounts import FileSystem, file_system, needs_plain_folder, read_mounts
from support.disks import SMALLEST, disk

TABLE = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard
40 27 8:1 /sub\040dir /media/My\040Disk\011with\134odd\012name rw - vfat /dev/sd\040a1 ro,uid=1000
41 27 0:45 / /mnt/nas ro,nosuid - nfs4 nas.lan:/export rw,vers=4.2
"""


def test_a_mount_table_is_read_with_its_escapes() -> None:
    """Labels hold blanks, tabs, newlines and backslashes."""
    _, root, red, nas = read_mounts(TABLE)

    assert (root.mount_point, root.type, root.source, root.device) == (b"/", "ext4", "/dev/vda", "254:0")
    assert red.mount_point == b"/media/My Disk\twith\\odd\nname"
    assert (red.root, red.source) == (b"/sub dir", "/dev/sd a1")
    assert "ro" in red.options
    assert (nas.source, "ro" in nas.options) == ("nas.lan:/export", True)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_an_identity_outlives_unmounting_and_differs_between_disks(tmp_path: Path, kind: str) -> None:
    """On it rests that a copy of a location is not taken for the location."""
    size = SMALLEST[kind]
    with (
        disk(tmp_path, "a b\\c", kind=kind, megabytes=size) as one,
        disk(tmp_path, "b", kind=kind, megabytes=size) as two,
    ):
        first = file_system(one.path)
        one.unmount()
        one.mount()

        assert file_system(one.path).identity == first.identity
        assert first.identity.startswith("uuid:")
        assert first.identity != file_system(two.path).identity
        assert first.mount_point == one.path
        assert first.type == kind
        assert first.flushes_together
        one.needs_direct()
        assert first.shows_media


def test_a_btrfs_subvolume_is_the_same_file_system(tmp_path: Path) -> None:
    """Copies count apart only on distinct file systems, whatever `stat` calls the device."""
    with disk(tmp_path, "red", kind="btrfs", megabytes=SMALLEST["btrfs"]) as made:
        subprocess.run(["btrfs", "-q", "subvolume", "create", str(made.mount_point / "sub")], check=True)
        top, sub = file_system(made.path), file_system(made.path + b"/sub")

    assert top.identity == sub.identity
    assert top.device != sub.device


def test_a_path_below_another_mount_point_is_on_the_inner_one(tmp_path: Path) -> None:
    """Found by the kernel's number, not by comparing paths."""
    with disk(tmp_path, "red") as made:
        (made.mount_point / "deep").mkdir()

        assert file_system(made.path + b"/deep").mount_point == made.path
        assert file_system(os.fsencode(tmp_path)).mount_point != made.path


def test_one_flush_for_all_only_where_it_is_known_to_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """FUSE may answer 0 and do nothing; kernels before 5.8 do not report errors."""

    def flushes(kind: str) -> bool:
        return FileSystem("x", kind, "x", b"/", 0, False, True, False).flushes_together

    assert [flushes(kind) for kind in ("ext4", "xfs", "btrfs", "f2fs", "tmpfs")] == [True] * 5
    assert [flushes(kind) for kind in ("fuseblk", "fuse.sshfs", "nfs4", "cifs", "vfat", "exfat", "ext3")] == [
        False
    ] * 7
    monkeypatch.setattr(mounts, "_kernel", lambda: (5, 7))
    assert not flushes("ext4")


def test_a_place_for_drives_without_a_drive_needs_the_users_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the system's own disk fills while they believe it goes to the drive."""
    places = {b"/media/red": b"/media/red", b"/mnt": b"/", b"/media": b"/", b"/": b"/"}

    def place(path: bytes) -> FileSystem:
        while path not in places:
            path = os.path.dirname(path)
        return FileSystem("x", "ext4", "x", places[path], 0, False, True, False)

    monkeypatch.setattr(mounts, "file_system", place)
    monkeypatch.setattr(mounts, "_standing", lambda path: path)
    paths = (
        b"/media/red/music",
        b"/media/blue/music",
        b"/mnt/x",
        b"/mnt",
        b"/home/ana/x",
        b"/mntx",
        b"/run/media/a/b",
    )

    assert [needs_plain_folder(path) for path in paths] == [False, True, True, True, False, False, True]
