"""The journal: each kind of event is told, with time, place and agent, and nothing is written twice for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca import __version__
from fonoteca.archive import Access, Archive
from fonoteca.core.times import time_value
from fonoteca.tasks.log import log
from support.archives import OLD, Home, flip_byte

DAY = 24 * 3600 * 10**9
START = 1_790_000_000 * 10**9
AGENT = f"fonoteca {__version__}"


class Journal:
    """A home, its days, and its journal."""

    def __init__(self, base: Path, locations=("red",)) -> None:
        self.home = Home(base, locations)

    def at(self, number: float) -> Home:
        """The home on a day."""
        self.home.now = lambda: int(START + number * DAY)
        return self.home

    def lines(self, glob: str | None = None, since_ns: int = 0) -> list[dict]:
        """What `log` says."""
        with Archive.open(self.home.config, Access.READ) as archive:
            return list(log(archive, glob, since_ns))

    def of(self, kind: str, glob: str | None = None) -> list[dict]:
        """Events of one type."""
        return [each for each in self.lines(glob) if each["event"] == kind]


def day(line: dict) -> float:
    """On which day it was."""
    return (time_value(line["time"]) - START) / DAY


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Two files, backed up on the first day."""
    made = Journal(tmp_path, ("red", "blue"))
    made.at(1).write("x/a.jpg", b"one")
    made.home.write("x/b.jpg", b"other")
    made.home.backup()
    return made


def test_a_first_backup_is_ingestion_and_replication(journal: Journal) -> None:
    """Of each file, to each place, by this program."""
    told = [
        (each["event"], each["path"], each["location"], each["agent"]) for each in journal.lines("**/a.jpg")
    ]

    assert sorted(told, key=str) == [
        ("ingestion", "x/a.jpg", None, AGENT),
        ("replication", "x/a.jpg", "blue", AGENT),
        ("replication", "x/a.jpg", "red", AGENT),
    ]
    assert {1.0} == {day(each) for each in journal.lines()}


def test_a_first_backup_writes_nothing_for_it(journal: Journal) -> None:
    """It is read off what stands there anyway."""
    assert [(0,)] == journal.home.ask("SELECT count(*) FROM events")


def test_an_edit_is_a_modification_and_the_first_replication_stays_told(journal: Journal) -> None:
    """The copy's row says another one by then."""
    journal.at(2).write("x/a.jpg", b"two, longer", mtime_ns=OLD + 1)
    journal.home.backup()

    (edit,) = journal.of("modification")
    assert (2.0, "companion edited", "x/a.jpg") == (day(edit), edit["detail"], edit["path"])
    copied = [(day(each), each["location"]) for each in journal.of("replication", "**/a.jpg")]
    assert [(1.0, "blue"), (1.0, "red"), (2.0, "blue"), (2.0, "red")] == copied


def test_a_move_is_a_filename_change_of_the_file_and_of_each_copy(journal: Journal) -> None:
    """With both names; a pattern finds it by either."""
    os.rename(journal.home.base / "music/x", journal.home.base / "music/y")
    journal.at(2).backup()

    told = [
        (each["path"], each["was"], each["location"]) for each in journal.of("filename change", "x/a.jpg")
    ]
    assert [("y/a.jpg", "x/a.jpg", None)] == told
    told = [(each["was"], each["location"]) for each in journal.of("filename change", "y/a.jpg")]
    assert [("x/a.jpg", None), ("music/x/a.jpg", "blue"), ("music/x/a.jpg", "red")] == told


def test_going_and_coming_back_are_told(journal: Journal) -> None:
    """Both with their times."""
    path = journal.home.base / "music/x/a.jpg"
    path.rename(journal.home.base / "aside")
    journal.at(2).backup()
    assert [2.0] == [day(each) for each in journal.of("deaccession")]

    (journal.home.base / "aside").rename(path)
    journal.at(3).backup()
    assert [2.0] == [day(each) for each in journal.of("deaccession")]
    assert [1.0, 3.0] == [day(each) for each in journal.of("ingestion", "**/a.jpg")]


def test_a_check_that_failed_and_the_repair_after_it_are_told(journal: Journal) -> None:
    """What was wrong, where the right bytes came from, and where the wrong ones lie."""
    flip_byte(journal.home.place("red") / "music/x/a.jpg")
    journal.at(2).verify()
    journal.home.repair("red", apply=True)

    (failed,) = (each for each in journal.of("fixity check") if each["outcome"] == "failure" and each["path"])
    (recovery,) = journal.of("recovery")
    (aside,) = journal.of("quarantine")
    assert ("red", "x/a.jpg") == (failed["location"], failed["path"])
    assert failed["detail"].startswith("damaged: expected")
    assert ("red", "x/a.jpg", AGENT) == (recovery["location"], recovery["path"], recovery["agent"])
    assert recovery["detail"].endswith(("came from blue", "came from the library itself"))
    assert "red: .fonoteca/quarantine/" in aside["detail"]


def test_a_good_check_is_told_of_each_copy_and_of_the_run(journal: Journal) -> None:
    """The last of each copy, and every run with its counts."""
    journal.at(2).verify("red")
    journal.at(3).verify("red")

    checks = journal.of("fixity check", "**/a.jpg")
    runs = [each["detail"] for each in journal.of("fixity check") if each["path"] is None]
    assert [(3.0, "red", "media")] == [
        (day(each), each["location"], each["detail"].replace("bytes", "media")) for each in checks
    ]
    assert ["verify: 2 files as recorded, 0 findings"] * 2 == runs


def test_giving_up_a_version_is_a_deletion(journal: Journal) -> None:
    """Who gave up what, and why."""
    journal.at(2).write("x/a.jpg", b"two, longer", mtime_ns=OLD + 1)
    journal.home.backup()
    for number in range(3, 420, 5):  # the clock is not in doubt
        journal.at(number).scan()
    journal.at(420).verify()
    journal.home.prune("red", apply=True)

    (gone,) = journal.of("deletion")
    assert (420.0, "red", "x/a.jpg") == (day(gone), gone["location"], gone["path"])
    assert "older than policy.keep_versions" in gone["detail"]


def test_a_restore_is_a_dissemination(journal: Journal, tmp_path: Path) -> None:
    """How much went where; a rehearsal is none."""
    journal.at(2).restore(tmp_path / "dry", dry_run=True)
    journal.home.restore(tmp_path / "out")

    (line,) = journal.of("dissemination")
    assert (2.0, "music", AGENT) == (day(line), line["library"], line["agent"])
    assert f"2 files, 8 bytes, into {tmp_path / 'out'}" == line["detail"]


def test_a_restore_beside_a_writer_says_that_the_journal_lacks_it(journal: Journal, tmp_path: Path) -> None:
    """It waits for nobody, and hides nothing."""
    with Archive.open(journal.home.config, Access.WRITE):
        result = journal.home.restore(tmp_path / "out")

    assert (0, {b"x/a.jpg": "written", b"x/b.jpg": "written"}) == (result.code, result.restored)
    assert "This restore is not in the journal" in result.said


def test_since_and_order(journal: Journal) -> None:
    """Oldest first, and only what was asked for."""
    journal.at(2).write("x/c.jpg", b"late")
    journal.home.backup()

    times = [each["time"] for each in journal.lines()]
    assert sorted(times) == times
    assert {"x/c.jpg"} == {each["path"] for each in journal.lines(since_ns=START + 2 * DAY)}


def test_show_has_a_short_form(journal: Journal) -> None:
    """The last events of one file, also under its former name."""
    from fonoteca.tasks.show import show

    os.rename(journal.home.base / "music/x", journal.home.base / "music/y")
    journal.at(2).backup()
    with Archive.open(journal.home.config, Access.READ) as archive:
        told = show(archive, b"y/a.jpg")["log"]

    assert ["ingestion", "replication", "replication", *["filename change"] * 3] == [
        each["event"] for each in told
    ]


def test_each_line_has_the_same_keys(journal: Journal) -> None:
    """A program need not ask what is there."""
    journal.at(2).verify()
    keys = {"time", "event", "outcome", "library", "location", "path", "was", "detail", "agent"}

    assert {frozenset(keys)} == {frozenset(each) for each in journal.lines()}


def test_names_that_are_no_text_keep_their_bytes(journal: Journal) -> None:
    """As everywhere in JSON."""
    journal.at(2).write(b"caf\xe9.jpg", b"x")
    journal.home.backup()

    assert {"Y2Fm6S5qcGc="} == {each["path_b64"] for each in journal.lines(since_ns=START + 2 * DAY)}


@pytest.mark.parametrize("snapshots", [False, True])
def test_the_journal_outlives_the_catalogue(journal: Journal, *, snapshots: bool) -> None:
    """Moves and restores stand in the manifest; the rest is read off its lines."""
    os.rename(journal.home.base / "music/x", journal.home.base / "music/y")
    journal.at(2).backup()
    journal.home.restore(journal.home.base / "out")
    journal.at(2.5).backup()
    kinds = ("filename change", "dissemination", "ingestion")

    def told() -> list[dict]:
        found = [each for kind in kinds for each in journal.of(kind) if each["location"] is None]
        return [{**each, "agent": AGENT} for each in found]

    before = told()
    journal.home.lose_catalogue()
    if not snapshots:
        journal.home.lose_snapshots()

    journal.home.adopt(journal.home.place())

    assert 5 == len(before)
    assert before == told()


def test_a_full_segment_restates_the_journal_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adopting twice, or from two places, tells nothing twice."""
    os.rename(journal.home.base / "music/x", journal.home.base / "music/y")
    monkeypatch.setattr("fonoteca.tasks.manifest.closing.SEGMENT_LIMIT", 0)
    for number in (2, 3, 4):
        journal.at(number).backup()
    journal.home.lose_catalogue()
    for name in ("red", "blue"):
        journal.home.lose_snapshots(name)

    journal.home.adopt(journal.home.place("red"))
    journal.home.adopt(journal.home.place("blue"))

    assert 2 == len([each for each in journal.of("filename change") if each["location"] is None])
