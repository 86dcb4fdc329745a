"""What happens in a library ends at the locations, without a full scan: real files, real inotify, our clock."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fonoteca.daemon.work import Follow, Scan
from support.archives import OLD, Home, tree
from support.audio import make_audio
from support.keepers import Keeper, keeper


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive of some albums, not backed up yet."""
    made = Home(tmp_path)
    for album in ("Nina/Blues", "Nina/Wild", "Bill"):
        for number in range(3):
            made.write(f"{album}/{number}.jpg", f"{album} {number}".encode() * 50)
    return made


def mirrored(home: Home) -> bool:
    """Whether the location holds exactly what the library holds."""
    return tree(home.base / "music") == tree(home.place() / "music")


def after(one: Keeper) -> None:
    """Rest, and expect that no scan of everything was needed for it."""
    one.rest()
    assert 1 == len(one.did(Scan))


def test_the_first_thing_is_a_scan(home: Home) -> None:
    """What happened while nobody watched is found first."""
    with keeper(home) as one:
        one.rest()

        assert ["start"] == [each.work.reason for each in one.did(Scan)]
        assert mirrored(home)
        assert "watch: music: events, 5 folders" in one.said


def test_a_ripper_writes_an_album_in_pieces(home: Home) -> None:
    """Each track is copied once, when it rests, and none of them half."""
    with keeper(home) as one:
        one.rest()
        for number in range(4):
            path = home.base / f"music/New/{number}.jpg"
            path.parent.mkdir(exist_ok=True)
            with path.open("wb") as file:
                for _ in range(5):
                    file.write(b"piece" * 1000)
                    file.flush()
                    one.step()
                    one.hands.advance(1)
        after(one)

        assert mirrored(home)
        assert [(0,)] == home.ask("SELECT count(*) FROM versions")


def test_a_tagger_rewrites_two_hundred_files(home: Home) -> None:
    """All of them become new versions, in few runs."""
    for number in range(200):
        home.write(f"Big/{number // 20}/{number}.jpg", b"before %d" % number)
    with keeper(home) as one:
        one.rest()
        one.hands.advance(3600)
        for number in range(200):
            home.write(f"Big/{number // 20}/{number}.jpg", b"after it %d" % number, mtime_ns=OLD + 10**10)
        after(one)

        assert mirrored(home)
        assert [(200,)] == home.ask("SELECT count(*) FROM versions")
        assert len(one.did(Follow)) <= 5


def test_a_folder_is_moved_in(home: Home, tmp_path: Path) -> None:
    """With all below it, though only its top was told of."""
    outside = tmp_path / "outside"
    (outside / "deep/er").mkdir(parents=True)
    (outside / "deep/er/1.jpg").write_bytes(b"one")
    (outside / "0.jpg").write_bytes(b"zero")
    with keeper(home) as one:
        one.rest()
        outside.rename(home.base / "music/Inside")
        after(one)

        assert mirrored(home)


def test_what_happens_in_a_moved_folder_is_told_too(home: Home, tmp_path: Path) -> None:
    """A folder made and moved at once is watched to its end."""
    with keeper(home) as one:
        one.rest()
        (home.base / "music/tmp/a/b").mkdir(parents=True)
        (home.base / "music/tmp").rename(home.base / "music/Miles")
        after(one)
        home.write("Miles/a/b/1.jpg", b"later")
        after(one)

        assert mirrored(home)


def test_a_folder_is_moved_out(home: Home, tmp_path: Path) -> None:
    """Its entries are gone; their copies stay."""
    with keeper(home) as one:
        one.rest()
        (home.base / "music/Nina").rename(tmp_path / "gone")
        after(one)

        assert [(6,)] == home.ask("SELECT count(*) FROM entries WHERE state = 'gone'")
        assert (home.place() / "music/Nina/Blues/0.jpg").exists()


def test_a_folder_is_renamed(home: Home) -> None:
    """Copies are renamed; no byte is sent."""
    with keeper(home) as one:
        one.rest()
        (home.base / "music/Nina").rename(home.base / "music/Nina Simone")
        after(one)

        assert mirrored(home)
        (followed,) = (each for each in one.did(Follow) if each.counts.get("moved"))
        assert (6, None) == (followed.counts["moved"], followed.counts.get("copied_bytes"))


def test_a_file_moves_between_folders(home: Home) -> None:
    """One move, not one loss and one find."""
    with keeper(home) as one:
        one.rest()
        os.rename(home.base / "music/Bill/0.jpg", home.base / "music/Nina/Wild/zero.jpg")
        after(one)

        assert mirrored(home)
        assert [(0,)] == home.ask("SELECT count(*) FROM findings WHERE kind = 'gone'")


def test_a_file_that_is_written_on_and_on_waits_alone(home: Home) -> None:
    """Its neighbour is copied meanwhile, and it is copied when it rests."""
    with keeper(home) as one:
        one.rest()
        path = home.base / "music/Bill/running.jpg"
        with path.open("wb") as file:
            home.write("Bill/done.jpg", b"done")

            def is_copied() -> bool:
                file.write(b"more")
                file.flush()
                os.utime(path)
                return (home.place() / "music/Bill/done.jpg").exists()

            one.until(is_copied)
            assert not (home.place() / "music/Bill/running.jpg").exists()
        after(one)

        assert mirrored(home)


def test_a_file_that_is_written_for_an_hour_is_reported(home: Home) -> None:
    """Once, also where nothing else happens; and no more when it rests."""
    with keeper(home) as one:
        one.rest()
        path = home.base / "music/Bill/running.jpg"
        with path.open("wb") as file:
            for _ in range(3700 // 4):
                file.write(b"more")
                file.flush()
                while not one.daemon.watching.has_hints:
                    one.daemon.bell.wait(0.01)
                one.step(patient=False)
                one.hands.advance(4)
            one.until(lambda: one.daemon.worker.outcome is None, advancing=False)
        assert 1 == one.said.count("has been written to for more than an hour")
        after(one)

        assert mirrored(home)
        assert [] == home.ask("SELECT 1 FROM findings WHERE kind = 'changing' AND closed_ns IS NULL")


def test_names_of_any_bytes_are_followed(home: Home) -> None:
    """Line ends, and bytes that are no text."""
    with keeper(home) as one:
        one.rest()
        home.write(b"line\nend/not text \xff\xfe.jpg", b"a")
        home.write(b"\xff\xfe/b.jpg", b"b")
        after(one)

        assert mirrored(home)


def test_junk_is_no_news(home: Home) -> None:
    """A download that grows for hours wakes nobody."""
    with keeper(home) as one:
        one.rest()
        before = len(one.outcomes)
        home.write("Bill/film.mkv.part", b"a")
        home.write(".Trash-1000/files/x.jpg", b"a")
        one.rest()

        assert before == len(one.outcomes)


def test_our_own_reading_is_no_news(home: Home) -> None:
    """Else each backup would be the reason for the next one."""
    with keeper(home) as one:
        one.rest()
        before = len(one.outcomes)
        for folder, _, names in os.walk(home.base / "music"):
            for name in names:
                Path(folder, name).read_bytes()
        one.rest()

        assert before == len(one.outcomes)


def test_a_removed_tree_is_gone(home: Home) -> None:
    """An artist is deleted, folder by folder."""
    with keeper(home) as one:
        one.rest()
        shutil.rmtree(home.base / "music/Nina")
        after(one)

        assert [(6,)] == home.ask("SELECT count(*) FROM entries WHERE state = 'gone'")


def holds(home: Home) -> list[tuple[object, ...]]:
    """Kind and entries of each hold that stands."""
    return home.ask("SELECT kind, entries FROM holds WHERE ended_ns IS NULL")


def test_a_library_that_is_emptied_is_held(home: Home) -> None:
    """A partial look counts the whole library too: no copy is retired, whatever went folder by folder."""
    for number in range(10):
        home.write(f"Miles/{number}.jpg", b"miles %d" % number)
    with keeper(home) as one:
        one.rest()
        before = tree(home.place() / "music")
        for path in sorted((home.base / "music").rglob("*.jpg")):
            path.unlink()
        after(one)

        assert [("removed", 19)] == [(str(kind), entries) for kind, entries in holds(home)]
        assert before == tree(home.place() / "music")
        assert "fonoteca hold accept removed-" in one.said


def test_a_folder_that_went_out_of_a_big_library_is_no_mass(home: Home) -> None:
    """What was looked at is nearly all gone; of the library it is little."""
    for number in range(30):
        home.write(f"Others/{number}.jpg", b"other %d" % number)
    with keeper(home) as one:
        one.rest()
        shutil.rmtree(home.base / "music/Nina")
        after(one)

        assert [] == holds(home)
        assert not (home.place() / "music/Nina/Blues/0.jpg").exists()


def test_a_collection_that_is_encrypted_is_held(home: Home, tmp_path: Path) -> None:
    """Ransomware goes from folder to folder; none of what it leaves reaches the copies."""
    for number in range(6):
        make_audio("flac", tmp_path / "music" / f"Miles {number}/{number}.flac", tags={"TITLE": str(number)})
    shutil.rmtree(home.base / "music/Nina")
    shutil.rmtree(home.base / "music/Bill")
    with keeper(home) as one:
        one.rest()
        one.hands.advance(3600)
        before = tree(home.place() / "music")
        for path in sorted((home.base / "music").rglob("*.flac")):
            path.write_bytes(os.urandom(path.stat().st_size))
        after(one)

        assert before == tree(home.place() / "music")
        assert [6] == [entries for _, entries in holds(home)]
