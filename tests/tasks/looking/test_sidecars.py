"""Checksum files beside the music are held against it once, and what differs is told."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path

import pytest

from fonoteca.core.event import Phase
from fonoteca.core.finding import FindingKind
from fonoteca.core.report import ExitCode
from support.archives import Home, Ran
from support.audio import make_audio

DIFFERS = FindingKind.SIDECAR_DIFFERS
WRITERS = {
    "a.md5": lambda name, data: f"{hashlib.md5(data).hexdigest()} *{name}\n",
    "a.sha1": lambda name, data: f"{hashlib.sha1(data).hexdigest()}  {name}\n",
    "SHA256SUMS": lambda name, data: f"{hashlib.sha256(data).hexdigest()}  {name}\n",
    "a.sfv": lambda name, data: f"{name} {zlib.crc32(data):08X}\n",
    "a.ffp": lambda name, data: f"{name}:{data[26:42].hex()}\n",  # STREAMINFO's MD5
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An album of two tracks."""
    home = Home(tmp_path)
    make_audio("flac", tmp_path / "music/Album/1.flac", seconds=1)
    make_audio("flac", tmp_path / "music/Album/2.flac", seconds=1, seed=2)
    return home


def writes(home: Home, sidecar: str, *, wrong: str = "") -> None:
    """Lay a checksum file beside the album; the sum of `wrong` has another last digit, names stay as they are."""
    album = home.base / "music/Album"
    lines = []
    for name in ("1.flac", "2.flac"):
        data = album.joinpath(name).read_bytes()
        other = bytes(26) + bytes(16) + data[42:] if name == wrong else data
        lines.append(WRITERS[sidecar](name, other))
    album.joinpath(sidecar).write_text("".join(lines))


def looked(done: Ran) -> int:
    """How many files were compared."""
    return sum(
        event.files or 0
        for event in done.events
        if isinstance(event, Phase) and event.name == "checksum files"
    )


@pytest.mark.parametrize("sidecar", WRITERS)
def test_what_agrees_is_compared_once(home: Home, sidecar: str):
    """Reading it all again in each run would be a scrub that nobody asked for."""
    writes(home, sidecar)

    first, second = home.backup(), home.backup()

    assert ([], [], 2, 0) == (first.found(), second.found(), looked(first), looked(second))


@pytest.mark.parametrize("sidecar", WRITERS)
def test_what_differs_is_a_finding_that_names_both(home: Home, sidecar: str):
    """Whoever made the sums years ago knew the file before we did."""
    writes(home, sidecar, wrong="2.flac")

    done, again = home.backup(), home.backup()

    (finding,) = done.found(DIFFERS)
    assert b"Album/2.flac" == finding.path
    assert finding.detail.startswith(f"Album/{sidecar} says ")
    assert (ExitCode.DONE, []) == (done.code, again.found())


def test_a_content_that_changed_is_compared_again(home: Home):
    """And the finding ends when the file is again what the sum says."""
    writes(home, "a.md5")
    home.backup()
    track = home.base / "music/Album/1.flac"
    whole = track.read_bytes()
    track.write_bytes(whole + b"\0" * 9)
    edited = home.backup()
    track.write_bytes(whole)
    os.utime(track, (1e9, 1e9))

    home.backup()

    assert ([b"Album/1.flac"], 1) == ([each.path for each in edited.found(DIFFERS)], looked(edited))
    assert [] == home.ask("SELECT path FROM findings WHERE closed_ns IS NULL")


def test_a_checksum_file_that_was_written_anew_is_read_anew(home: Home):
    """What it said before counts no more."""
    writes(home, "a.md5", wrong="1.flac")
    home.backup()
    writes(home, "a.md5")
    os.utime(home.base / "music/Album/a.md5", (1e9, 1e9))

    home.backup()

    assert [] == home.ask("SELECT path FROM findings WHERE closed_ns IS NULL")


def test_a_file_that_comes_later_is_compared_when_it_is_there(home: Home):
    """A checksum file may arrive before the music does."""
    writes(home, "a.md5")
    track = home.base / "music/Album/1.flac"
    data = track.read_bytes()
    track.unlink()
    first = home.backup()
    track.write_bytes(data)

    assert (1, 1) == (looked(first), looked(home.backup()))
