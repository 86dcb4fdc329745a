"""Traits are found by trying."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fonoteca.core.place import Traits
from fonoteca.disk import calls
from fonoteca.disk.folders import open_root
from fonoteca.disk.probing import probe


def probed(folder: Path) -> Traits:
    """What is found in `folder`."""
    fd = open_root(os.fsencode(folder))
    try:
        return probe(fd, b".scratch")
    finally:
        os.close(fd)


def test_linux_file_systems_take_everything_and_nothing_stays(tmp_path: Path) -> None:
    """The plain case."""
    found = probed(tmp_path)

    assert found == Traits(mtime_precision_ns=found.mtime_precision_ns)
    assert found.mtime_precision_ns in {1, 100}
    assert list(tmp_path.iterdir()) == []


def refuse_names(monkeypatch: pytest.MonkeyPatch, is_bad: Callable[[bytes], bool]) -> None:
    """Let files with some names not be made, as FAT and SMB do."""
    real = calls.open_

    def call(path: bytes, flags: int, *args: Any, **named: Any) -> int:
        if flags & os.O_CREAT and is_bad(path):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return real(path, flags, *args, **named)

    monkeypatch.setattr(calls, "open_", call)


def test_reserved_characters_trailing_dots_and_raw_bytes_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What vfat and exFAT refuse."""

    def is_bad(name: bytes) -> bool:
        try:
            text = name.decode()
        except UnicodeDecodeError:
            return True
        return bool(set(text) & set('<>:"|?*\\\x01\n')) or text.endswith((".", " ")) or len(text) > 255

    refuse_names(monkeypatch, is_bad)
    found = probed(tmp_path)

    assert found.reserved[:8] == '<>:"|?*\\'
    assert "\n" in found.reserved
    assert (found.utf8_only, found.trims_names) == (True, True)


def test_a_shorter_limit_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """eCryptfs holds 143 bytes."""
    refuse_names(monkeypatch, lambda name: len(name) > 143)
    found = probed(tmp_path)

    assert (found.name_limit, found.name_limit_unit) == (143, "bytes")


def test_case_folding_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT, exFAT, NTFS, SMB and some ext4 folders."""
    real = calls.lstat
    monkeypatch.setattr(
        calls, "lstat", lambda path, **named: real(path.replace(b"FOLD-CASE", b"fold-case"), **named)
    )

    assert probed(tmp_path).folds_case


@pytest.mark.parametrize("step", [100, 10_000_000, 1_000_000_000, 2_000_000_000])
def test_the_step_of_mtimes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """2 s on FAT, 10 ms on exFAT, 100 ns on NTFS."""
    real = calls.utime

    def call(path: bytes, *, ns: tuple[int, int], **named: Any) -> None:
        real(path, ns=(ns[0] // step * step, ns[1] // step * step), **named)

    monkeypatch.setattr(calls, "utime", call)

    assert probed(tmp_path).mtime_precision_ns == step


def test_missing_hard_links_and_times_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT, some FUSE and network mounts."""

    def refuse(*args: Any, **named: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(calls, "link", refuse)
    monkeypatch.setattr(calls, "utime", refuse)
    found = probed(tmp_path)

    assert (found.hard_links, found.mtime_precision_ns) == (False, None)
