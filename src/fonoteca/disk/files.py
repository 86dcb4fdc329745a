"""Small files of our own, whole: read at once, replaced at once."""

from __future__ import annotations

import os

from fonoteca.disk import calls

_LARGEST = 64 << 20


def read_whole(path: bytes, *, dir_fd: int | None = None) -> bytes:
    """All bytes of a small file (64 MiB at most, else OSError). Follows no link."""
    with calls.opened(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=dir_fd) as fd:
        return read_descriptor(fd)


def read_descriptor(fd: int) -> bytes:
    """All bytes of an open small file, from its beginning."""
    size = calls.fstat(fd).st_size
    if size > _LARGEST:
        raise OSError(27, os.strerror(27))
    buffer = bytearray(size + 1)
    filled = 0
    while filled < len(buffer) and (count := calls.read_into(fd, memoryview(buffer)[filled:], filled)):
        filled += count
    return bytes(buffer[:filled])


def replace_whole(path: bytes, data: bytes, *, dir_fd: int | None = None, mode: int = 0o644) -> None:
    """Make `path` hold `data`, at once and durably: after a power cut it is the old file or the new one.

    Written beside it, flushed, renamed over it, and the folder flushed. Raises OSError; the old file then
    stands.
    """
    folder, _, name = path.rpartition(b"/")
    beside = (folder + b"/" if folder else b"") + b"." + name[:200] + b".new"
    fd = calls.open_(
        beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode, dir_fd=dir_fd
    )
    try:
        calls.write_all(fd, data)
        calls.fsync(fd)
    finally:
        calls.close(fd)
    calls.rename(beside, path, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    flush_folder(folder or (b"." if dir_fd is not None or not path.startswith(b"/") else b"/"), dir_fd=dir_fd)


def flush_folder(folder: bytes, *, dir_fd: int | None = None) -> None:
    """Make the names in a folder durable."""
    with calls.opened(folder, os.O_RDONLY | os.O_DIRECTORY, dir_fd=dir_fd) as fd:
        calls.fsync(fd)


def make_folders(path: bytes) -> list[bytes]:
    """Make the folder and those above it that are missing, durably; those that were made, outermost first.

    Raises OSError.
    """
    parent = os.path.dirname(path)
    above: list[bytes] = []
    try:
        calls.mkdir(path, 0o755)
    except FileExistsError:
        return []
    except FileNotFoundError:
        if parent == path:
            raise
        above = make_folders(parent)
        calls.mkdir(path, 0o755)
    flush_folder(parent or b".")
    return [*above, path]


def remove_folders(made: list[bytes]) -> None:
    """Remove what `make_folders` made, innermost first, as far as it is empty."""
    for path in reversed(made):
        try:
            calls.rmdir(path)
        except OSError:
            return
