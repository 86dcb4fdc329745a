"""Folder locations on real small disks: full, read-only, unmounted, swapped, rotten below the cache."""

from __future__ import annotations

import mmap
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.place import Key
from fonoteca.disk.mounts import file_system
from fonoteca.errors import Away, Denied, Full
from fonoteca.locations.folder import FolderLocation
from support.disks import SMALLEST, Disk, disk
from support.places import content, folder_location, keys, put, stage


@pytest.fixture
def red(tmp_path: Path) -> Iterator[Disk]:
    """A small ext4 disk."""
    with disk(tmp_path, "red") as made:
        yield made


def music(made: Disk) -> FolderLocation:
    """A location on it."""
    return folder_location(made.path + b"/music-backup")


def test_a_full_disk_fails_alone_and_clearly_and_what_was_finished_stands(red: Disk, tmp_path: Path) -> None:
    """Real ENOSPC: the others go on, nothing half-made stays."""
    with music(red).open(write=True) as place, folder_location(tmp_path / "blue").open(write=True) as other:
        assert put(place, b"music/good", b"x" * 4096).error is None
        with place.batch() as batch, pytest.raises(Full) as caught:
            for number in range(100):
                stage(batch, b"music/%d" % number, bytes(1 << 20))
                batch.flush()
        assert put(other, b"music/good", b"x").error is None

        assert keys(place) == [b"music/good"]
        assert caught.value.needed == 1 << 20
        assert caught.value.free == 0
        space = place.space()
        assert space is not None
        assert space.free > 1 << 20  # the staged files of the batch that was left are gone


def test_a_read_only_disk_refuses_and_is_still_read(red: Disk) -> None:
    """Linux remounts a failing ext4 read-only; what it holds can still be restored."""
    location = music(red)
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
    red.remount("ro")
    with pytest.raises(Denied, match="read-only"), location.open(write=True):
        pass
    with location.open(write=False) as place:
        assert content(place, b"music/a") == b"x"


def test_an_unmounted_disk_is_away_and_nothing_lands_beneath_its_mount_point(red: Disk) -> None:
    """The mount point is an ordinary folder of the system's disk then."""
    location = music(red)
    with location.open(write=True) as place, place.batch() as batch:
        staged = stage(batch, b"music/a", b"x")
        batch.flush()
        red.unmount(lazily=True)
        os.makedirs(location.path)
        with pytest.raises(Away):
            list(batch.publish([staged]))
        with pytest.raises(Away):
            place.check()
    with pytest.raises(Away), location.open(write=False):
        pass

    assert os.listdir(location.path) == []


def test_a_closed_location_lets_its_disk_be_unmounted(red: Disk) -> None:
    """Without force: nothing of ours is open."""
    location = music(red)
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        content(place, b"music/a")
    red.unmount()
    red.mount()

    with location.open(write=False) as place:
        assert content(place, b"music/a") == b"x"


def test_the_same_disk_is_known_again_and_a_copy_on_another_is_not(red: Disk, tmp_path: Path) -> None:
    """The identity of a file system is its own, not its mount's."""
    location = music(red)
    before = file_system(red.path)
    red.unmount()
    with disk(tmp_path, "first"):  # takes the loop device that was free
        red.mount()
        assert file_system(red.path).identity == before.identity
        with location.open(write=True):
            pass
    with disk(tmp_path, "blue") as blue:
        assert file_system(blue.path).identity != before.identity
        shutil.copytree(os.fsdecode(location.path), blue.mount_point / "music-backup")
        location.path = blue.path + b"/music-backup"
        with pytest.raises(Away, match="a copy of it"), location.open(write=False):
            pass


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
@pytest.mark.parametrize("size", [5000, 300_000])
def test_the_level_media_is_what_lies_on_the_disk(tmp_path: Path, kind: str, size: int) -> None:
    """A byte that is altered below the cache is seen by a reading at `media`, and not by a cached one."""
    with disk(tmp_path, "red", kind=kind, megabytes=SMALLEST[kind]) as made:
        made.needs_direct()
        data = os.urandom(size)
        location = music(made)
        with location.open(write=True) as place:
            put(place, b"music/a", data)
            _alter_behind_the_cache(made, Path(os.fsdecode(location.path), "music/a"), data)
            with place.read(Key(b"music/a")) as reading:
                level = reading.level
                try:
                    seen = b"".join(bytes(block) for block in reading)
                except Exception as error:  # Btrfs has checksums of its own
                    seen = repr(error).encode()

    assert level == Level.MEDIA
    assert seen != data


def _alter_behind_the_cache(made: Disk, cached: Path, data: bytes) -> None:
    """Alter what lies on the disk while the cache still holds `data`.

    Whatever else runs on the machine may empty its caches in between (a benchmark does so on purpose); then it is put
    right and done again.
    """
    needle = data[-64:]
    for _ in range(50):
        assert cached.read_bytes() == data
        _alter_below(made, needle)
        if _bytes_of(cached) == data:
            return
        _alter_below(made, bytes((*needle[:7], needle[7] ^ 1, *needle[8:])))
        os.posix_fadvise(fd := os.open(cached, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)
    pytest.skip("the caches of this machine are emptied all the time")


def _bytes_of(path: Path) -> bytes | None:
    """What a reading gives, None where the file system itself notices the damage (Btrfs)."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def _alter_below(made: Disk, needle: bytes) -> None:
    """Change one bit of the image where `needle` lies. Loop devices read the image through the cache of its
    disk."""
    image = made.image.read_bytes()
    where = image.find(needle)
    assert where > 0
    with open(made.image, "r+b") as file:
        while where >= 0:
            file.seek(where + 7)
            file.write(bytes((needle[7] ^ 1,)))
            where = image.find(needle, where + 1)
        os.fsync(file.fileno())


def test_an_image_that_is_read_through_the_cache_around_it_is_never_called_media(red: Disk) -> None:
    """A container file: an emptied cache above it proves nothing about the one below."""
    red.needs_direct()
    loop, location = file_system(red.path).source, music(red)
    with location.open(write=True) as place:
        put(place, b"music/a", os.urandom(300_000))
    subprocess.run(["losetup", "--direct-io=off", loop], check=True)
    with location.open(write=False) as place, place.read(Key(b"music/a")) as reading:
        level = reading.level

    assert level == Level.BYTES


def test_a_file_that_a_player_maps_is_read_from_the_disk_or_not_called_media(red: Disk) -> None:
    """Its pages stay in the cache whatever one asks for."""
    needle = os.urandom(64)
    data = os.urandom(8000) + needle
    location = music(red)
    with location.open(write=True) as place:
        put(place, b"music/a", data)
        with open(location.path + b"/music/a", "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            assert mapped[:] == data
            _alter_below(red, needle)
            with place.read(Key(b"music/a")) as reading:
                level, seen = reading.level, b"".join(bytes(block) for block in reading)
            still_mapped = mapped[:]
            mapped.close()

    assert still_mapped == data
    assert (level == Level.MEDIA) == (seen != data)


@pytest.mark.parametrize(
    ("kind", "options"), [("ext4", "data=journal"), ("btrfs", "compress-force=zstd"), ("btrfs", "")]
)
def test_direct_reading_that_quietly_uses_the_cache_is_not_called_media(
    tmp_path: Path, kind: str, options: str
) -> None:
    """These take O_DIRECT and serve some files from the cache all the same, where a player's mapping keeps pages."""
    with disk(tmp_path, "red", kind=kind, megabytes=SMALLEST[kind], options=options) as made:
        made.needs_direct()
        location = music(made)
        with location.open(write=True) as place:
            put(place, b"music/a", b"la la la " * 40_000)
            with open(location.path + b"/music/a", "rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
                assert b"la la" in mapped[:]
                with place.read(Key(b"music/a")) as reading:
                    while_mapped = reading.level
                mapped.close()
            with place.read(Key(b"music/a")) as reading:
                afterwards = reading.level

    assert while_mapped == Level.BYTES
    assert afterwards == Level.MEDIA


def test_staged_files_are_read_back_from_the_disk(red: Disk) -> None:
    """What the read-back proves is what a power cut would leave."""
    red.needs_direct()
    needle = os.urandom(64)
    location = music(red)
    with location.open(write=True) as place, place.batch() as batch:
        staged = stage(batch, b"music/a", os.urandom(300_000) + needle)
        batch.flush()
        _alter_below(red, needle)
        with batch.read(staged) as reading:
            assert reading.level == Level.MEDIA
            assert not b"".join(bytes(block) for block in reading).endswith(needle)
