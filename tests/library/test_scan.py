"""Rules of the walk over a library."""

from __future__ import annotations

import os
import socket
from types import SimpleNamespace

import pytest

from fonoteca.core.pattern import Exclusion
from fonoteca.library.scan import file_stat, walk


def listings(root, exclude=()):
    """Walk a folder; return what is listed by its path."""
    return {listing.path: listing for listing in walk(os.fsencode(root), Exclusion(exclude))}


def test_every_folder_is_listed_once_in_byte_order(tmp_path):
    """A plan that is made twice from the same library must be the same plan."""
    for name in ("b/x", "a/y", "a!/z"):
        (tmp_path / name).mkdir(parents=True)

    order = [listing.path for listing in walk(os.fsencode(tmp_path), Exclusion(()))]

    assert [b"", b"a", b"a/y", b"a!", b"a!/z", b"b", b"b/x"] == order


def test_links_are_reported_with_their_target_and_never_followed(tmp_path):
    """A link to the root of a disk must not pull that disk into the archive."""
    (tmp_path / "loop").symlink_to("..")

    seen = listings(tmp_path)

    assert [(b"loop", b"..")] == seen[b""].links
    assert {b""} == set(seen)


def test_sockets_and_fifos_are_odd_and_never_opened(tmp_path):
    """Opening a FIFO would hang the scan until somebody writes to it."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "sock"))
        seen = listings(tmp_path)

    assert [(b"pipe", "FIFO"), (b"sock", "socket")] == seen[b""].odd


@pytest.mark.parametrize("name", [b"caf\xe9.flac", b"line\nbreak", b"x" * 255, b" ", b"\xff\xfe"])
def test_any_name_that_linux_allows_is_listed_as_it_is(tmp_path, name):
    """A name that is not UTF-8 is still somebody's music."""
    with open(os.fsencode(tmp_path) + b"/" + name, "wb"):
        pass

    assert [name] == [found for found, _ in listings(tmp_path)[b""].files]


def test_junk_and_what_the_user_excludes_is_left_out(tmp_path):
    """A half-downloaded file is not part of a collection."""
    for name in ("a.flac", "b.flac.part", ".DS_Store"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "Incoming").mkdir()
    (tmp_path / "Incoming" / "new.flac").write_bytes(b"")

    seen = listings(tmp_path, ["Incoming"])

    assert [b"a.flac"] == [name for name, _ in seen[b""].files]
    assert {b""} == set(seen)


def test_a_folder_that_holds_only_what_is_left_out_is_empty(tmp_path):
    """Its copy would hold nothing, so restore must recreate it."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "Thumbs.db").write_bytes(b"")

    assert listings(tmp_path)[b"a"].is_empty


def test_a_folder_that_cannot_be_listed_says_so(tmp_path, monkeypatch):
    """What an unlisted folder lacks is not known to be gone."""
    from fonoteca.disk import listing

    (tmp_path / "a").mkdir()
    real = os.scandir

    def denied(path):
        if path.endswith(b"/a"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(listing.os, "scandir", denied)

    seen = listings(tmp_path)

    assert "Permission denied" == seen[b"a"].error
    assert not seen[b"a"].is_empty


def test_a_stat_is_what_the_catalogue_can_hold():
    """mergerfs and CIFS give inode numbers of 64 bits; a clock gone wild gives times beyond the year 2262."""
    found = SimpleNamespace(st_size=5, st_mtime_ns=1 << 64, st_ctime_ns=-(1 << 64), st_ino=(1 << 64) - 1)

    kept = file_stat(found)

    assert all(-(1 << 63) < each < 1 << 63 for each in kept)
