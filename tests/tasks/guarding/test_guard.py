"""A mass change never reaches the copies unasked: what is held, what is let through, and what is no such change."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from mutagen.flac import FLAC

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import places
from fonoteca.core.event import Copied, WouldRetire
from fonoteca.core.finding import FindingKind
from fonoteca.core.judgement import Overall, judge
from fonoteca.errors import UsageError
from fonoteca.tasks import backup, hold
from fonoteca.tasks.guarding import rejecting
from fonoteca.tasks.manifest import closing
from fonoteca.tasks.prune import prunable
from fonoteca.tasks.status import status
from support.archives import OLD, Home, Ran, ran, tree
from support.audio import make_audio

TRACKS = 10


def holds_of(home: Home) -> list[tuple[str, int, int]]:
    """Kind, entries and total of each hold that stands."""
    with Archive.open(home.config, Access.READ) as archive:
        return [(each["kind"], each["entries"], each["total"]) for each in hold.listed(archive)]


def the_id(home: Home) -> str:
    """The id of the only hold."""
    with Archive.open(home.config, Access.READ) as archive:
        (each,) = hold.listed(archive)
        return str(each["id"])


def accept(home: Home) -> None:
    """Give one's word."""
    with Archive.open(home.config, Access.WRITE) as archive:
        hold.accept(archive, next(hold.listed(archive))["id"])


def copies_at(home: Home, name: str = "red") -> dict[bytes, tuple[str, bytes, int]]:
    """The plain files of the only library there."""
    return tree(home.place(name) / "music")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Companions, backed up."""
    found = Home(tmp_path)
    for number in range(30):
        found.write(f"{number:02d}.jpg", b"cover %d" % number)
    found.backup()
    return found


@pytest.fixture
def tracks(tmp_path: Path) -> Home:
    """Real tracks, backed up."""
    found = Home(tmp_path)
    for number in range(TRACKS):
        path = make_audio("flac", tmp_path / "music" / f"{number:02d}.flac", tags={"TITLE": str(number)})
        os.utime(path, ns=(OLD, OLD))
    assert 0 == found.backup().code
    return found


def sent(run: Ran) -> list[bytes]:
    """Paths of which bytes went anywhere."""
    return [event.path for event in run.events if isinstance(event, Copied)]


def music(home: Home) -> list[Path]:
    """The library's files in their order."""
    return sorted(path for path in (home.base / "music").rglob("*") if path.is_file())


def encrypt(paths: list[Path], suffix: str = "") -> None:
    """What ransomware does."""
    for path in paths:
        path.write_bytes(os.urandom(path.stat().st_size))
        if suffix:
            path.rename(path.with_name(path.name + suffix))


# removed


def test_an_emptied_library_is_held_and_its_copies_stand(home: Home) -> None:
    """The right folder on the right disk, and nothing in it: the worst moment for a faithful mirror."""
    before = copies_at(home)
    for path in music(home):
        path.unlink()
    codes = [home.backup().code, home.scan().code]
    codes += [home.backup().code for _ in range(28)]

    assert [7] * 30 == codes
    assert [("removed", 30, 30)] == holds_of(home)
    assert before == copies_at(home)


def test_a_hold_says_how_it_ends(home: Home) -> None:
    """Nobody should have to look a command up in such a moment."""
    for path in music(home):
        path.unlink()
    (finding,) = home.backup().found(FindingKind.HELD)

    assert f"fonoteca hold accept {the_id(home)}" in finding.detail
    assert f"fonoteca hold reject {the_id(home)}" in finding.detail


def test_a_hold_stands_although_the_files_are_back(home: Home) -> None:
    """Half of a library that comes and goes is a failing disk: a person is to look at it."""
    aside = home.base / "aside"
    shutil.copytree(home.base / "music", aside)
    for path in music(home):
        path.unlink()
    home.backup()
    shutil.copytree(aside, home.base / "music", dirs_exist_ok=True)

    assert 7 == home.backup().code
    assert [("removed", 30, 30)] == holds_of(home)


def test_a_hold_tells_what_it_came_to_stop(home: Home) -> None:
    """A person's word is about all of it: what went since is not to go along unseen, nor what is back to be mourned."""
    for path in music(home)[:20]:
        path.unlink()
    home.backup()
    kept = music(home)[0].read_bytes()
    for path in music(home)[:5]:
        path.unlink()
    home.backup()
    assert [("removed", 25, 30)] == holds_of(home)
    (music(home)[0].parent / "00.jpg").write_bytes(kept)

    (finding,) = home.backup().found(FindingKind.HELD)

    assert "25 of 30 entries (24 by now) removed" in finding.detail


def test_an_accepted_hold_is_over(home: Home) -> None:
    """The person's word: nothing is counted a second time."""
    for path in music(home)[:20]:
        path.unlink()
    assert 7 == home.backup().code
    accept(home)

    assert 0 == home.backup().code
    assert [] == holds_of(home)


@pytest.mark.parametrize(("count", "code"), [(15, 0), (16, 7)])
def test_half_of_a_library_may_go_and_no_more(home: Home, count: int, code: int) -> None:
    """The limit is a line, and the line is where the manual says."""
    for path in music(home)[:count]:
        path.unlink()

    assert code == home.backup().code


def test_a_library_without_a_guard_holds_nothing(home: Home) -> None:
    """A folder of sketches: its owner said so, by a word."""
    with open(home.config_path, "a") as file:
        file.write('\n[guard]\nlimit = "off"\n')
    for path in music(home):
        path.unlink()

    assert 0 == home.backup().code
    assert [] == holds_of(home)


def test_a_library_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """What is much in one folder is nothing in another."""
    home = Home(tmp_path, libraries=("music", "sketches"))
    config = Path(home.config_path)
    config.write_text(config.read_text().replace("[library.sketches]", '[library.sketches]\nguard = "off"'))
    for library in ("music", "sketches"):
        for number in range(5):
            home.write(f"{number}.jpg", b"%d" % number, library)
    home.backup()
    for library in ("music", "sketches"):
        for path in (home.base / library).iterdir():
            path.unlink()
    home.backup()

    assert [("removed", 5, 5)] == holds_of(home)


# overwritten


def test_random_bytes_over_sixty_percent_go_nowhere(tracks: Home) -> None:
    """Ransomware that keeps the names: not one of its files becomes a new version."""
    before = copies_at(tracks)
    encrypt(music(tracks)[:6])

    assert tracks.backup().code in (4, 7)
    assert {6} == {entries for _, entries, _ in holds_of(tracks)}
    assert before == copies_at(tracks)
    assert [] == list(tracks.place().glob(".fonoteca/versions/*/*"))


def test_what_is_held_stays_held_run_after_run(tracks: Home) -> None:
    """What comes later, few or many, does not slip through while a hold stands."""
    before = copies_at(tracks)
    encrypt(music(tracks)[:6])
    tracks.backup()
    encrypt(music(tracks)[6:8])
    tracks.scan()
    tracks.backup()

    assert before == copies_at(tracks)


def test_accepted_bytes_are_sent_and_the_old_are_kept(tracks: Home) -> None:
    """A person who did overwrite most of a library on purpose says so once."""
    before = {data for _, data, _ in copies_at(tracks).values()}
    encrypt(music(tracks)[:6])
    tracks.backup()
    while holds_of(tracks):
        accept(tracks)
    after = tracks.backup()

    assert [] == after.failed
    assert [] == holds_of(tracks)
    assert [path.read_bytes() for path in music(tracks)] == [
        path.read_bytes() for path in sorted((tracks.place() / "music").iterdir())
    ]
    kept = {path.read_bytes() for path in tracks.place().glob(".fonoteca/versions/*/*")}
    live = {data for _, data, _ in copies_at(tracks).values()}
    assert before <= kept | live


def test_truncated_files_go_nowhere_and_are_held_as_one(tracks: Home) -> None:
    """A crash or a full disk leaves empty files by the hundred."""
    before = copies_at(tracks)
    for path in music(tracks)[:6]:
        os.truncate(path, 0)

    assert tracks.backup().code == 4
    assert [("emptied", 6, 10)] == holds_of(tracks)
    assert before == copies_at(tracks)


def test_locked_files_are_not_added_while_the_originals_are_gone(tracks: Home) -> None:
    """Ransomware that renames: what it leaves is neither music nor anything that lies beside music."""
    before = copies_at(tracks)
    encrypt(music(tracks), ".locked")
    tracks.write("READ_ME_NOW.exe", b"pay")
    ended = [tracks.backup(), tracks.scan(), tracks.backup()]

    assert [7, 7, 7] == [each.code for each in ended]
    assert before == copies_at(tracks)
    assert [("removed", 10, 10)] == holds_of(tracks)


def test_a_scan_alone_records_none_of_the_locked_files(tracks: Home) -> None:
    """The service scans every few hours: what it sees must not be taken for known when the backup comes."""
    encrypt(music(tracks), ".locked")
    tracks.scan()
    tracks.backup()

    assert [] == tracks.ask("SELECT name FROM entries WHERE name LIKE CAST('%.locked' AS BLOB)")
    assert [("removed", 10, 10)] == holds_of(tracks)


def test_a_dry_run_would_retire_nothing_that_is_held(home: Home) -> None:
    """It says what a backup would do, and that is nothing."""
    for path in music(home):
        path.unlink()
    with Archive.open(home.config, Access.WRITE) as archive:
        told = ran(backup.backup(archive, dry_run=True))

    assert 7 == told.code
    assert [] == [event for event in told.events if isinstance(event, WouldRetire)]


def test_music_is_added_while_a_hold_stands_and_garbage_with_its_name_is_not(tracks: Home) -> None:
    """A hold must not stop protecting what is new."""
    for path in music(tracks):
        path.unlink()
    tracks.backup()
    make_audio("flac", tracks.base / "music" / "new" / "new.flac", tags={"TITLE": "new"}, seed=7)
    tracks.write("new/cover.jpg", b"cover")
    tracks.write("new/false.flac", os.urandom(5000))
    tracks.backup()

    assert {b"new", b"new/cover.jpg", b"new/new.flac"} == {
        path for path in copies_at(tracks) if path.startswith(b"new")
    }


# nothing of the kind


def test_new_modes_hold_nothing_and_send_nothing(home: Home) -> None:
    """`chmod -R` and `chown -R` move every ctime, and nothing else."""
    for path in music(home):
        path.chmod(0o600)
        os.chown(path, os.getuid(), os.getgid())
    ended = home.backup()

    assert (0, []) == (ended.code, sent(ended))
    assert [] == holds_of(home)


def test_hard_links_hold_nothing(home: Home) -> None:
    """A backup by `cp -al` beside the library moves every ctime too."""
    (home.base / "links").mkdir()
    for path in music(home):
        os.link(path, home.base / "links" / path.name)
    ended = home.backup()

    assert (0, []) == (ended.code, sent(ended))
    assert [] == holds_of(home)


def test_a_library_copied_to_a_new_disk_holds_nothing(home: Home) -> None:
    """Every inode and every ctime is another one, and each file is what it was."""
    shutil.copytree(home.base / "music", home.base / "copied", copy_function=shutil.copy2)
    shutil.rmtree(home.base / "music")
    (home.base / "copied").rename(home.base / "music")
    ended = home.backup()

    assert (0, []) == (ended.code, sent(ended))
    assert [] == holds_of(home)


def test_an_empty_mount_in_place_of_a_library_is_away(home: Home) -> None:
    """Another file system at the right path: nothing is counted, nothing is held."""
    with Archive.open(home.config, Access.WRITE) as archive:
        archive.catalogue.execute("UPDATE libraries SET file_system = 'uuid:of-another-disk'")
    for path in music(home):
        path.unlink()
    before = copies_at(home)

    assert 75 == home.backup().code
    assert [] == holds_of(home)
    assert before == copies_at(home)


# what the locations remember


def test_a_lost_catalogue_lifts_no_hold(home: Home) -> None:
    """The laptop died, and what it was holding back still waits for a word."""
    for path in music(home):
        path.unlink()
    home.backup()
    name, before = the_id(home), copies_at(home)
    home.lose_catalogue()
    home.lose_snapshots()
    home.adopt(home.place())

    assert name == the_id(home)
    assert [7, 7] == [home.backup().code, home.backup().code]
    assert [("removed", 30, 30)] == holds_of(home)
    assert before == copies_at(home)


def test_a_hold_that_a_few_files_kept_standing_is_not_lifted_either(home: Home) -> None:
    """What is there after the catalogue was lost would trip no guard: only the seal remembers."""
    aside = home.base / "aside"
    shutil.copytree(home.base / "music", aside)
    for path in music(home):
        path.unlink()
    home.backup()
    shutil.copytree(aside, home.base / "music", dirs_exist_ok=True)
    home.backup()
    home.lose_catalogue()
    home.lose_snapshots()
    home.adopt(home.place())

    assert 7 == home.backup().code


def test_a_restated_manifest_still_says_what_is_held(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full segment takes the place of all before it."""
    for path in music(home):
        path.unlink()
    home.backup()
    monkeypatch.setattr(closing, "SEGMENT_LIMIT", 0)
    home.backup()
    home.lose_catalogue()
    home.lose_snapshots()
    home.adopt(home.place())

    assert [("removed", 30, 30)] == holds_of(home)


def test_an_accepted_hold_does_not_come_back_with_a_lost_catalogue(home: Home) -> None:
    """Once said is said: the end of a hold is sealed as its beginning was."""
    for path in music(home)[:20]:
        path.unlink()
    home.backup()
    accept(home)
    home.backup()
    home.lose_catalogue()
    home.lose_snapshots()
    home.adopt(home.place())

    assert [] == holds_of(home)
    assert 0 == home.backup().code


def test_a_place_that_lagged_behind_reopens_no_hold(tmp_path: Path) -> None:
    """A drive from the drawer still says that it stands; the other one knows better."""
    home = Home(tmp_path, ("red", "blue"))
    for number in range(5):
        home.write(f"{number}.jpg", b"%d" % number)
    home.backup()
    for path in music(home):
        path.unlink()
    home.backup()
    accept(home)
    home.place("blue").rename(tmp_path / "drawer")
    home.backup()
    (tmp_path / "drawer").rename(home.place("blue"))
    home.lose_catalogue()
    for name in ("red", "blue"):
        home.lose_snapshots(name)
        home.adopt(home.place(name))

    assert [] == holds_of(home)


# put back


def reject(home: Home, *, apply: bool) -> Ran:
    """Give one's word that this was not meant."""
    with Archive.open(home.config, Access.WRITE if apply else Access.READ) as archive:
        return ran(rejecting.reject(archive, next(hold.listed(archive))["id"], apply=apply))


def test_a_rejected_removal_puts_everything_back(home: Home) -> None:
    """The same files, bytes and dates; and the hold is over."""
    before = tree(home.base / "music")
    for path in music(home)[:20]:
        path.unlink()
    home.backup()
    planned = reject(home, apply=False)
    nothing = tree(home.base / "music")
    done = reject(home, apply=True)

    assert 20 == len(planned.restored)
    assert 10 == len(nothing)
    assert {"written"} == set(done.restored.values())
    assert before == tree(home.base / "music")
    assert [] == holds_of(home)
    assert 0 == home.backup().code
    assert 0 == home.backup().code


def test_a_rejected_removal_takes_nothing_from_what_stands_there_now(home: Home) -> None:
    """A new file under an old name is somebody's work."""
    for path in music(home)[:20]:
        path.unlink()
    home.backup()
    home.write("00.jpg", b"new work")
    done = reject(home, apply=True)

    assert b"new work" == (home.base / "music" / "00.jpg").read_bytes()
    assert "kept" == done.restored[b"00.jpg"]
    assert 7 == done.code


def test_rejected_bytes_are_replaced_by_the_good_ones_and_kept_aside(tracks: Home) -> None:
    """Ransomware undone: each track is back, and what it wrote is still there to be looked at."""
    before = tree(tracks.base / "music")
    encrypt(music(tracks)[:6])
    bad = {path.read_bytes() for path in music(tracks)[:6]}
    tracks.backup()
    planned = reject(tracks, apply=False)
    while holds_of(tracks):
        done = reject(tracks, apply=True)
        assert done.code in (0, 4)

    assert planned.code == 4
    assert before == tree(tracks.base / "music")
    aside = {path.read_bytes() for path in tracks.place().rglob("quarantine/*/*") if path.is_file()}
    assert bad == aside
    assert 0 == tracks.backup().code


def test_what_was_written_since_is_not_replaced(tracks: Home) -> None:
    """Between the judgement and the word somebody may have put a file right by hand."""
    encrypt(music(tracks)[:6])
    tracks.backup()
    music(tracks)[0].write_bytes(b"by hand")
    reject(tracks, apply=True)

    assert b"by hand" == music(tracks)[0].read_bytes()
    assert 1 <= len(holds_of(tracks))


def test_a_word_about_no_hold_is_a_question(home: Home) -> None:
    """A slip of the finger ends nothing."""
    with Archive.open(home.config, Access.WRITE) as archive, pytest.raises(UsageError):
        hold.accept(archive, "removed-none")


# what is said


def test_status_tells_a_hold_and_how_it_ends(home: Home) -> None:
    """The one look that a person takes a week must not miss it."""
    for path in music(home):
        path.unlink()
    home.backup()
    with Archive.open(home.config, Access.READ) as archive:
        told = judge(status(archive))

    assert (Overall.HELD, 7) == (told.overall, told.exit_code)
    assert any(f"fonoteca hold accept {the_id(home)}" in reason.remedy for reason in told.reasons)


def test_a_single_damaged_file_is_damage_and_waits_for_no_word(tracks: Home) -> None:
    """Emptied by a crash, with good copies at hand: that is exit 4, not a question."""
    os.truncate(music(tracks)[0], 0)
    assert 4 == tracks.backup().code
    with Archive.open(tracks.config, Access.READ) as archive:
        told = judge(status(archive))

    assert (Overall.DAMAGED, 4) == (told.overall, told.exit_code)


def test_a_single_suspect_file_is_accepted_by_its_path(home: Home) -> None:
    """A program that kept size and date: one command says that it was meant."""
    path = home.write("03.jpg", b"COVER 3")
    assert 7 == home.backup().code
    assert b"cover 3" == (home.place() / "music" / "03.jpg").read_bytes()
    with Archive.open(home.config, Access.WRITE) as archive:
        hold.accept(archive, str(path))

    assert 0 == home.backup().code
    assert b"COVER 3" == (home.place() / "music" / "03.jpg").read_bytes()
    assert 1 == len(list(home.place().glob(".fonoteca/versions/*/*")))
    with Archive.open(home.config, Access.WRITE) as archive, pytest.raises(UsageError):
        hold.accept(archive, str(path))


def test_a_mass_edit_that_can_be_proven_flows(home: Home) -> None:
    """All covers scaled anew: they are judged first, and then sent."""
    for path in music(home)[:20]:
        path.write_bytes(b"scaled " + path.read_bytes())
    ended = home.backup()

    assert 0 == ended.code
    assert [] == holds_of(home)
    assert 20 == len(list(home.place().glob(".fonoteca/versions/*/*")))


def test_a_mass_retag_flows(tracks: Home) -> None:
    """Every track tagged anew in one evening: the sound is the same, so nobody is asked."""
    for path in music(tracks):
        tagged = FLAC(path)
        tagged["ALBUM"] = ["Pastel Blues"]
        tagged.save()
    ended = tracks.backup()

    assert 0 == ended.code
    assert [] == holds_of(tracks)
    assert sorted(tracks.ask("SELECT verdict, count(*) FROM history GROUP BY 1")) == [("tag edit", TRACKS)]


def test_nothing_is_pruned_while_a_hold_stands(home: Home) -> None:
    """What a person will ask for tomorrow must not have gone for its age tonight."""
    home.write("00.jpg", b"another")
    home.backup()
    for path in music(home)[1:]:
        path.unlink()
    home.backup()
    home.lose_catalogue()
    home.lose_snapshots()
    home.adopt(home.place())
    home.now = lambda: time.time_ns() + 500 * 24 * 3600 * 10**9
    with Archive.open(home.config, Access.READ) as archive:
        row = places.by_name(archive.catalogue, "red")
        assert row is not None
        given_up = prunable(archive, row, None, now_ns=home.now())

    assert [] == given_up
