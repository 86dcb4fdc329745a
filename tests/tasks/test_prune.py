"""`prune` on real folders: what goes, what stays, and who else is asked."""

from __future__ import annotations

import os

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import journal, places
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.tasks import foresight
from fonoteca.tasks.prune import prunable
from fonoteca.tasks.status import status
from support.archives import OLD, Home, flip_byte, tree, verify_bare
from support.audio import make_audio

DAY = 24 * 3600 * 10**9
START = 1_750_000_000 * 10**9


class Calendar(Home):
    """An archive whose days the test counts."""

    def on(self, number, **files):
        """Write files on a day, and back up."""
        for name, data in files.items():
            self.write(f"{name}.jpg", data, mtime_ns=OLD + number * 10**9)
        self.now = lambda: START + number * DAY
        return self.backup()

    def later(self, number):
        """Only time goes on; a run each week keeps the clock believed."""
        with Archive.open(self.config, Access.WRITE, now=self.now) as archive:
            for each in range(self.now(), START + number * DAY, 7 * DAY):
                journal.run_started(archive.catalogue, f"{each}", "scan", each)
        self.now = lambda: START + number * DAY

    def blobs(self, name="red"):
        """What is kept under `versions/`, as bytes."""
        return sorted(each.read_bytes() for each in self.place(name).glob(".fonoteca/versions/*/*"))


@pytest.fixture
def home(tmp_path):
    """A song that was edited twice, on day 1 and day 4."""
    found = Calendar(tmp_path)
    found.on(0, a=b"one", b=b"other")
    found.on(1, a=b"two!")
    found.on(4, a=b"three")
    return found


def test_nothing_goes_before_its_time(home):
    """A year is a year."""
    home.later(365)
    ended = home.prune(apply=True)

    assert (ended.pruned, ended.code) == (set(), 0)
    assert home.blobs() == [b"one", b"two!"]


def test_without_apply_it_is_only_shown(home):
    """What removes, shows."""
    home.later(367)
    before = tree(home.place())
    ended = home.prune()

    assert (ended.pruned, ended.code) == ({("red", b"a.jpg", 3)}, 0)
    assert tree(home.place()) == before


def test_with_apply_what_is_old_enough_goes_for_good(home, tmp_path):
    """The blob, its record in the manifest and in the catalogue; the rest is as it was."""
    home.later(367)
    ended = home.prune(apply=True)

    assert (ended.pruned, ended.code) == ({("red", b"a.jpg", 3)}, 0)
    assert home.blobs() == [b"two!"]
    assert home.ask("SELECT count(*) FROM versions") == [(1,)]
    assert verify_bare(home.place()).found() == []
    assert home.prune(apply=True).pruned == set()
    assert home.verify().found() == []


def test_the_manifest_alone_knows_what_went(home):
    """A catalogue that is brought back claims nothing that was given up."""
    home.later(367)
    home.prune(apply=True)
    home.lose_snapshots()
    home.lose_catalogue()
    home.adopt(home.place())

    assert home.ask("SELECT c.size FROM versions v JOIN contents c ON c.id = v.content") == [(4,)]


def test_the_last_good_one_stays_while_the_copy_is_damaged(home):
    """The old content may be the only good one there."""
    home.later(800)
    flip_byte(home.place() / "music" / "a.jpg")
    home.verify("red")
    ended = home.prune(apply=True)

    assert ended.pruned == set()
    assert home.blobs() == [b"one", b"two!"]


def test_the_last_good_one_stays_behind_an_unproven_change(home):
    """Nothing says that the new bytes are music."""
    with Archive.open(home.config, Access.WRITE, now=home.now) as archive:
        archive.catalogue.execute(
            "UPDATE history SET verdict = 'replaced, unproven' WHERE time_ns > ?", [START + 3 * DAY]
        )
    home.later(800)

    assert home.prune(apply=True).pruned == {("red", b"a.jpg", 3)}
    assert home.blobs() == [b"two!"]


def test_the_last_good_one_stays_while_the_copy_was_never_read_back(home):
    """Level size proves a size."""
    with Archive.open(home.config, Access.WRITE, now=home.now) as archive:
        archive.catalogue.execute("UPDATE copies SET level = 2")
    home.now = lambda: START + 9 * DAY
    keep_none(home)

    assert home.prune().pruned == {("red", b"a.jpg", 3)}


def keep_none(home):
    """A policy that keeps versions for a day."""
    with open(home.config_path, "a") as file:
        file.write('\n[policy]\nkeep_versions = "1 day"\n')


def test_what_waits_for_a_word_keeps_all_its_versions(home):
    """A hold may end in putting an old content back."""
    keep_none(home)
    with Archive.open(home.config, Access.WRITE, now=home.now) as archive:
        archive.catalogue.execute("UPDATE entries SET state = 'held' WHERE name = x'612e6a7067'")
    home.now = lambda: START + 9 * DAY

    assert home.prune().pruned == set()


def test_a_clock_that_jumped_makes_it_wait_a_day(home):
    """Year 2035 after a dead battery: nothing is old because of that, not even on the second try."""
    home.now = lambda: START + 4000 * DAY
    first = home.prune(apply=True)
    home.now = lambda: START + 4000 * DAY + DAY // 2
    second = home.prune(apply=True)
    home.now = lambda: START + 4001 * DAY + 1
    third = home.prune(apply=True)

    assert [each.code for each in (first, second, third)] == [3, 3, 0]
    assert [each.kind for each in (*first.found(), *second.found())] == [FindingKind.CLOCK] * 2
    assert (second.pruned, len(third.pruned), home.blobs()) == (set(), 2, [])


def test_another_archives_record_of_the_same_bytes_keeps_them(home, tmp_path):
    """Two people share a drive; one gives up what the other still wants."""
    ben = Calendar(tmp_path / "ben", locations=(), libraries=("ours",))
    place = home.place()
    ben.adopt(place, "red")
    for number, data in ((5, b"one"), (6, b"two!")):
        ben.write("b.jpg", data, library="ours", mtime_ns=OLD + number * 10**9)
        ben.now = lambda number=number: START + number * DAY
        ben.backup()
    home.later(367)
    ended = home.prune(apply=True)

    assert ended.pruned == {("red", b"a.jpg", 3)}
    assert home.blobs() == [b"one", b"two!"]
    assert "another archive keeps them" in ended.said


def test_a_manifest_that_cannot_be_believed_stops_it(home, tmp_path):
    """Who cannot be asked may want it."""
    stranger = home.place() / ".fonoteca" / "libraries" / ("f" * 32) / "manifest"
    stranger.mkdir(parents=True)
    (stranger / "00000001.jsonl").write_bytes(b"no manifest\n")
    home.later(367)
    ended = home.prune(apply=True)

    assert (ended.pruned, home.blobs()) == (set(), [b"one", b"two!"])
    assert "cannot be believed" in ended.said


def test_content_with_the_same_sound_goes_earlier_only_where_room_is_short(home, monkeypatch):
    """A retag of everything must not stop the next album from being backed up."""
    with Archive.open(home.config, Access.WRITE, now=home.now) as archive:
        archive.catalogue.execute(
            "UPDATE history SET verdict = 'tag edit' WHERE time_ns < ?", [START + 3 * DAY]
        )
    home.later(90)
    with Archive.open(home.config, Access.READ, now=home.now) as archive:
        row = places.by_name(archive.catalogue, "red")
        roomy = prunable(archive, row, usable=100, needed=100)
        short = prunable(archive, row, usable=99, needed=100)

    assert roomy == []
    assert [(each.size, each.is_early) for each in short] == [(3, True)]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [({"TITLE": "b"}, 1), ({"TITLE": "a", "REPLAYGAIN_TRACK_GAIN": "-3 dB"}, 1), (None, 0)],
    ids=["a tag edit", "a volatile tag edit", "another recording"],
)
def test_a_retagged_track_is_one_whose_old_content_may_go_early(tmp_path, tags, expected):
    """What the verdict said when it came is what decides: real tracks, retagged or replaced."""
    home = Calendar(tmp_path)
    track = make_audio("flac", tmp_path / "music/a.flac", tags={"TITLE": "a"})
    home.on(0)
    make_audio("flac", track, tags=tags or {"TITLE": "a"}, seed=0 if tags else 5)
    os.utime(track, ns=(OLD, OLD))
    home.on(1)
    home.later(90)

    with Archive.open(home.config, Access.READ, now=home.now) as archive:
        row = places.by_name(archive.catalogue, "red")
        assert expected == len(prunable(archive, row, usable=0, needed=1))


def test_a_mass_retag_is_foretold(home, monkeypatch):
    """The room that old contents will take is said before the copying begins."""
    monkeypatch.setattr(foresight, "is_worth_saying", lambda extra, usable: extra > 0)
    ended = home.on(8, a=b"four", b=b"b new")

    assert (
        "2 files were written since. Of those that changed red will keep what they were as versions: up to 10 bytes"
        in ended.said
    )


def test_status_says_what_versions_take(home):
    """Room that is not music of today is no riddle."""
    with Archive.open(home.config, Access.READ, now=home.now) as archive:
        (red,) = status(archive).locations

    assert (red.versions, red.version_bytes) == (2, 7)


def test_a_location_that_is_away_is_named(home):
    """The others are pruned all the same."""
    os.rename(home.place(), home.base / "drawer")

    assert (home.prune("red").code, [each.kind for each in home.prune().failed]) == (75, ["Away"])


def test_who_asks_once_a_month_meets_no_wall(home):
    """What was old enough the last time may go now, though the clock jumps each time."""
    keep_none(home)
    home.now = lambda: START + 30 * DAY
    first = home.prune(apply=True)
    home.on(60, a=b"four!!")
    home.now = lambda: START + 90 * DAY
    second = home.prune(apply=True)

    assert (first.code, first.pruned) == (3, set())
    assert (second.code, second.pruned) == (0, {("red", b"a.jpg", 3), ("red", b"a.jpg", 4)})
    assert home.blobs() == [b"three"]


def test_a_retired_content_goes_in_its_time(home):
    """Removed by its owner, kept for a year, gone: with it the versions before it."""
    with Archive.open(home.config, Access.WRITE, now=home.now) as archive:
        number, moment = home_entry(archive), home.now()
        archive.catalogue.execute(
            "INSERT INTO versions SELECT NULL, location, entry, content, x'2e666f6e6f746563612f76657273696f6e732f78', "
            "mtime_ns, 'retired', ?, level, verified_ns, segment, 'good' FROM copies WHERE entry = ?",
            (moment, number),
        )
        archive.catalogue.execute("DELETE FROM copies WHERE entry = ?", (number,))
        archive.catalogue.execute(
            "UPDATE entries SET state = 'gone', since_ns = ? WHERE id = ?", (moment, number)
        )
        gone = Finding(FindingKind.GONE, "it is gone", "music", None, b"a.jpg")
        journal.note(archive.catalogue, gone, moment)
    home.later(368)
    almost = home.prune()
    home.now = lambda: START + 370 * DAY

    assert almost.pruned == {("red", b"a.jpg", 3)}
    assert home.prune().pruned == {("red", b"a.jpg", size) for size in (3, 4, 5)}


def home_entry(archive):
    """The number of `a.jpg`."""
    return archive.catalogue.execute("SELECT id FROM entries WHERE name = x'612e6a7067'").fetchone()[0]
