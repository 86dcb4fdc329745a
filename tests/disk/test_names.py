"""Names: never replaced by accident, durable when flushed, whatever the file system offers."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.disk import calls
from fonoteca.disk.folders import Folders, open_root
from fonoteca.disk.names import Names
from support.faults import fail_at, recorded


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    """A handle of the temporary folder."""
    fd = open_root(os.fsencode(tmp_path))
    yield fd
    os.close(fd)


@pytest.fixture(params=["renameat2", "link", "look"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way there is of not replacing."""
    if request.param != "renameat2":
        fail_at(monkeypatch, "rename_noreplace", errno.EINVAL, always=True)
    if request.param == "look":
        fail_at(monkeypatch, "link", errno.EPERM, always=True)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_a_name_that_stands_is_not_replaced(tmp_path: Path, root: int) -> None:
    """Whatever the file system offers."""
    (tmp_path / "staged").write_bytes(b"new")
    (tmp_path / "stands").write_bytes(b"old")
    with Names(root, together=True) as names:
        with pytest.raises(FileExistsError):
            names.put(root, b"staged", b"stands")
        names.put(root, b"staged", b"deep/er/free")

    assert (tmp_path / "stands").read_bytes() == b"old"
    assert (tmp_path / "deep/er/free").read_bytes() == b"new"
    assert not (tmp_path / "staged").exists()


def test_a_link_that_stands_is_not_replaced_either(tmp_path: Path, root: int, way: str) -> None:
    """Even one that leads nowhere."""
    (tmp_path / "staged").write_bytes(b"new")
    (tmp_path / "stands").symlink_to("nowhere")
    with Names(root, together=True) as names, pytest.raises(FileExistsError):
        names.put(root, b"staged", b"stands")

    assert way
    assert (tmp_path / "stands").is_symlink()


def test_a_folder_that_was_removed_meanwhile_is_made_again(tmp_path: Path, root: int) -> None:
    """Handles are kept for a while; names count."""
    for name in ("1", "2"):
        (tmp_path / name).write_bytes(b"x")
    with Names(root, together=True) as names:
        names.put(root, b"1", b"music/1")
        (tmp_path / "music/1").unlink()
        (tmp_path / "music").rmdir()
        names.put(root, b"2", b"music/2")

    assert (tmp_path / "music/2").read_bytes() == b"x"


def test_without_one_flush_for_all_every_changed_folder_is_flushed(
    tmp_path: Path, root: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newly made ones, and the ones they were made in, too."""
    (tmp_path / "staged").write_bytes(b"x")
    with recorded(monkeypatch) as log, Names(root, together=False) as names:
        names.put(root, b"staged", b"a/b/c")
        names.flush()
        names.flush()

    assert log.names("fsync", "syncfs") == ["fsync", "fsync", "fsync"]


def test_nothing_changed_needs_no_flush(root: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flush costs a disk revolution."""
    with recorded(monkeypatch) as log, Names(root, together=True) as names:
        names.remove(b"none")
        names.flush()

    assert log.names("fsync", "syncfs") == []


def test_pruning_stops_at_the_first_folder_in_use(tmp_path: Path, root: int) -> None:
    """And never removes the root."""
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/kept").write_bytes(b"")
    (tmp_path / "d/e").mkdir(parents=True)
    with Names(root, together=True) as names:
        names.prune(b"a/b/c")
        names.prune(b"d/e")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["kept"]


def test_handles_of_folders_are_few(tmp_path: Path, root: int) -> None:
    """A library has more folders than a process may have open files."""
    before = len(os.listdir("/proc/self/fd"))
    with Folders(root, limit=8) as folders:
        for number in range(50):
            folders.get(b"%d" % number, make=True)
        most = len(os.listdir("/proc/self/fd"))

    assert most <= before + 8
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(list(tmp_path.iterdir())) == 50


@pytest.mark.parametrize("kernel", ["new", "old"])
def test_a_path_never_leaves_its_root(
    tmp_path: Path, root: int, monkeypatch: pytest.MonkeyPatch, kernel: str
) -> None:
    """Neither through a link to a folder nor through one to a file."""
    if kernel == "old":
        fail_at(monkeypatch, "openat2", errno.ENOSYS, always=True)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/file").write_bytes(b"x")
    (tmp_path / "folder link").symlink_to("in")
    (tmp_path / "file link").symlink_to("in/file")
    os.close(calls.open_beneath(root, b"in/file", os.O_RDONLY))
    for path in (b"folder link/file", b"file link"):
        with pytest.raises(OSError, match=r"symbolic|Not a directory"):
            calls.open_beneath(root, path, os.O_RDONLY)


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """write(2) may take less than it was given."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, block: real(fd, memoryview(block)[:3]))
    with open(tmp_path / "a", "wb") as file:
        calls.write_all(file.fileno(), b"0123456789")

    assert (tmp_path / "a").read_bytes() == b"0123456789"
