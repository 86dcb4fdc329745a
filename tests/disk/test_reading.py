"""Reading local files: only regular ones, whole, and past the cache where that is shown."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from fonoteca.core.copy import Level
from fonoteca.disk import cache, calls
from fonoteca.disk.mounts import FileSystem, file_system
from fonoteca.disk.reading import NotRegular, open_source, read_past_cache, reading_again
from support.faults import fail_at


def whole(path: Path, *, media: bool) -> tuple[Level, bytes]:
    """Level and bytes of a reading."""
    with reading_again(os.open(path, os.O_RDONLY), media=media) as reading:
        return reading.level, b"".join(bytes(block) for block in reading)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A flushed file of some blocks, with a ragged end."""
    path = tmp_path / "a.flac"
    path.write_bytes(os.urandom((2 << 20) + 777))
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
    return path


def test_a_source_is_a_regular_file(tmp_path: Path) -> None:
    """A FIFO would wait for ever, a device has side effects, a link leads elsewhere."""
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
    for name in ("link", "fifo", "s", "."):
        with pytest.raises(NotRegular), open_source(os.fsencode(tmp_path / name)):
            pass
    with open_source(os.fsencode(tmp_path / "a")) as fd:
        assert os.read(fd, 10) == b"x"


def test_a_source_that_is_gone_is_absent_not_odd(tmp_path: Path) -> None:
    """The scan tells them apart."""
    with pytest.raises(FileNotFoundError), open_source(os.fsencode(tmp_path / "none")):
        pass


def test_access_times_that_are_not_ours_to_keep_do_not_stop_us(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O_NOATIME is refused for files of others."""
    fail_at(monkeypatch, "open_", errno.EPERM)
    with open_source(os.fsencode(file)) as fd:
        assert os.fstat(fd).st_size == file.stat().st_size


def test_a_reading_is_whole_at_every_level(file: Path) -> None:
    """Direct reading needs alignment, and files end where they end."""
    data = file.read_bytes()

    assert whole(file, media=True)[1] == data
    assert whole(file, media=False) == (Level.BYTES, data)
    assert b"".join(map(bytes, read_past_cache(os.fsencode(file)))) == data


def test_what_could_not_be_evicted_nor_read_directly_is_not_called_media(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A level is what was shown, never what was wished."""
    monkeypatch.setattr(cache, "is_uncached", lambda fd, size: False)
    monkeypatch.setattr(calls, "direct_alignment", lambda fd: 0)

    assert whole(file, media=True) == (Level.BYTES, file.read_bytes())


def test_alignment_that_we_do_not_keep_is_not_called_media(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device with blocks of 16 KiB would refuse our reads or serve them from the cache."""
    monkeypatch.setattr(cache, "is_uncached", lambda fd, size: False)
    monkeypatch.setattr(calls, "direct_alignment", lambda fd: 16384)

    assert whole(file, media=True)[0] == Level.BYTES


def test_a_kernel_that_tells_nothing_shows_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither cachestat nor mincore: no proof."""
    fail_at(monkeypatch, "cached_pages", errno.ENOSYS, always=True)
    fail_at(monkeypatch, "mapped_pages", errno.EPERM, always=True)
    with file.open("rb") as opened:
        assert cache.is_uncached(opened.fileno(), 10) is False


@pytest.mark.parametrize("way", ["cached_pages", "mapped_pages"])
def test_both_ways_of_asking_see_cached_pages(file: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Older kernels have only the second."""
    if way == "mapped_pages":
        fail_at(monkeypatch, "cached_pages", errno.ENOSYS, always=True)
    with file.open("rb") as opened:
        fd = opened.fileno()
        os.pread(fd, 4096, 1 << 20)

        assert cache.is_uncached(fd, file.stat().st_size) is False
        if file_system(os.fsencode(file)).shows_media:
            assert cache.evict(fd, file.stat().st_size) is True


def test_a_page_in_the_middle_counts(file: Path) -> None:
    """Asking for the first page only would call half-cached files media."""
    if not file_system(os.fsencode(file)).shows_media:
        pytest.skip("the temporary folder is not on a local disk")
    with file.open("rb") as opened:
        fd = opened.fileno()
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(fd, 1, 1 << 20)

        assert cache.is_uncached(fd, file.stat().st_size) is False


@pytest.mark.parametrize(
    ("kind", "local", "wanted"),
    [
        ("ext4", True, True),
        ("xfs", True, True),
        ("vfat", True, True),
        ("ext4", False, False),
        ("fuseblk", True, False),
        ("nfs4", False, False),
        ("overlay", False, False),
        ("tmpfs", False, False),
        ("zfs", False, False),
    ],
)
def test_media_is_for_known_file_systems_on_local_devices(kind: str, local: bool, wanted: bool) -> None:
    """Everywhere else the bytes may come from any cache on the way."""
    place = FileSystem("x", kind, "x", b"/", 0, is_network=False, is_local_block=local, read_only=False)

    assert place.shows_media is wanted


def test_an_error_while_reading_is_not_an_early_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a file would have a digest too."""
    fail_at(monkeypatch, "read_into", errno.EIO, nth=2)
    with pytest.raises(OSError, match="Input/output"):
        whole(file, media=False)
