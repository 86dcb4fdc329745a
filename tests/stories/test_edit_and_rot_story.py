"""A collection of every family on a disk of its own: it is edited, then it rots, then it is mended."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Copied
from fonoteca.core.finding import FindingKind
from fonoteca.tasks.guarding.rejecting import reject
from support.archives import OLD, Home, Ran, ran
from support.audio import SUFFIX, make_audio
from support.disks import Disk, disk
from support.judged import read_twice
from support.retagging import same_size_edit
from support.tools import run_tool

FAMILIES = ("flac", "mp3", "vorbis", "opus", "m4a", "alac", "wav", "aiff", "wavpack", "wma", "tta")
EACH = 4
PLACES = ("red", "blue")
BLOCK = 1024


def collection(home: Home) -> list[tuple[Path, str, int]]:
    """Tracks with their family and number."""
    made = []
    for number in range(EACH * len(FAMILIES)):
        family = FAMILIES[number % len(FAMILIES)]
        path = home.base / f"music/Artist {number % 5}/{number:02}{SUFFIX[family]}"
        tags = {"TITLE": f"Song {number}", "ARTIST": "Nina Simone"}
        make_audio(family, path, tags=tags, seconds=0.4, seed=number // len(FAMILIES))
        os.utime(path, ns=(OLD + number * 10**9,) * 2)
        made.append((path, family, number))
    return made


def sent(ran: Ran) -> set[bytes]:
    """What went to any location."""
    return {event.path for event in ran.events if isinstance(event, Copied)}


def copies(home: Home, tracks: list[tuple[Path, str, int]]) -> dict[tuple[str, Path], bytes]:
    """What stands at the locations for each track."""
    music = home.base / "music"
    return {
        (name, path): (home.place(name) / "music" / path.relative_to(music)).read_bytes()
        for name in PLACES
        for path, _, _ in tracks
    }


def turn_bits_below(music: Disk, wanted: dict[Path, bytes], dice: random.Random) -> None:
    """One bit of each file, anywhere in it, changed in the image while it is not mounted: no stat moves."""
    extents = {path: blocks_of(path) for path in wanted}
    music.unmount()
    with music.image.open("r+b") as image:
        for path, data in wanted.items():
            at = dice.randrange(len(data))
            block = at // BLOCK
            first, where = next((a, p) for a, z, p in extents[path] if a <= block <= z)
            image.seek((where + block - first) * BLOCK + at % BLOCK)
            assert data[at : at + 1] == image.read(1)
            image.seek(-1, os.SEEK_CUR)
            image.write(bytes([data[at] ^ 1 << dice.randrange(8)]))
    music.mount()


def blocks_of(path: Path) -> list[tuple[int, int, int]]:
    """Extents of a file on its disk: first and last block in it, and the first one's place."""
    told = run_tool("filefrag", "-s", "-b1024", "-v", str(path))
    return [
        tuple(map(int, each)) for each in re.findall(r"^ *\d+: +(\d+)\.\. +(\d+): +(\d+)\.\.", told, re.M)
    ]


def test_edits_arrive_and_rot_does_not(tmp_path: Path):
    """The reason to choose this one: each edit is a version, no bad byte leaves, and everything bad is mended."""
    dice = random.Random(7)
    with disk(tmp_path, "music", megabytes=64) as music:
        home = Home(tmp_path, PLACES)
        tracks = collection(home)
        assert 0 == home.backup().code
        read_twice(home)

        for path, family, number in tracks:
            before = path.stat().st_mtime_ns
            if number % 4 == 3:
                path.write_bytes(same_size_edit(path.read_bytes()))
            else:
                tags = {"TITLE": f"Song {number} (live)", "ARTIST": "Nina Simone"}
                make_audio(family, path, tags=tags, seconds=0.4, seed=number // len(FAMILIES))
            if number % 4 >= 2:
                os.utime(path, ns=(before, before))
        edited = home.backup()

        assert (0, []) == (edited.code, edited.found())
        assert [("tag edit", len(tracks))] == home.ask("SELECT verdict, count(*) FROM history GROUP BY 1")
        wanted = {path: path.read_bytes() for path, _, _ in tracks}
        assert {(name, path): wanted[path] for name in PLACES for path in wanted} == copies(home, tracks)
        read_twice(home)

        turn_bits_below(music, wanted, dice)
        unseen = home.backup()
        assert (0, set()) == (unseen.code, sent(unseen))
        scrubbed = home.scrub()

        rotten = scrubbed.found(FindingKind.ROT)
        assert {os.fsencode(path.relative_to(home.base / "music")) for path in wanted} == {
            each.path for each in rotten
        }
        assert all("good copies at blue, red" in each.detail and each.repairable for each in rotten)
        assert 4 == scrubbed.code
        assert set() == sent(home.backup())
        assert {(name, path): wanted[path] for name in PLACES for path in wanted} == copies(home, tracks)

        home.repair(libraries=True, apply=True)

        assert wanted == {path: path.read_bytes() for path in wanted}
        assert 0 == home.verify().code
        (hold,) = home.ask("SELECT id FROM holds WHERE state = 'open'")  # so much rot at once is asked about
        assert 7 == home.backup().code
        with Archive.open(home.config, Access.WRITE) as archive:
            assert 0 == ran(reject(archive, str(hold[0]), apply=True)).code
        assert (0, wanted) == (home.backup().code, {path: path.read_bytes() for path in wanted})
        assert [] == home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL AND severity = 'damage'")
