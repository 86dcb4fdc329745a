"""`tags restore`: old tags come back into the user's files, exactly, and nothing else of them changes."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.audio import scribe
from fonoteca.core.event import Retagged
from fonoteca.core.finding import FindingKind
from fonoteca.core.retag import Change
from fonoteca.disk import replacing
from fonoteca.tasks import prune, retag
from fonoteca.tasks.retagging import staging
from support import faults
from support.archives import Home, Ran, flip_byte, ran
from support.audio import SUFFIX, make_audio
from support.dying import write_or_stick
from support.tools import run_tool

DAY = 24 * 3600 * 10**9
START = 1_790_000_000 * 10**9
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, perm, who)
    for tag, perm, who in (
        (1, 6, 2**32 - 1),
        (2, 4, 12345),
        (4, 4, 2**32 - 1),
        (16, 4, 2**32 - 1),
        (32, 0, 2**32 - 1),
    )
)
"""An access list that lets one more user read (acl(5), as the kernel stores it)."""


class Retagging(Home):
    """A home whose track had another title on the first day."""

    def day(self, number: float) -> Ran:
        """Back up on a day."""
        self.now = lambda: int(START + number * DAY)
        return self.backup()

    def forget(self) -> None:
        """Years later no version is kept any more."""
        for number in (449, 450.5):  # asked twice: a clock that jumped is not believed at once
            self.day(number)
            with Archive.open(self.config, Access.WRITE, now=self.now) as archive:
                ran(prune.prune(archive, apply=True))
        assert [] == self.ask("SELECT 1 FROM versions")

    def retag(self, glob: str = "**", number: float = 1, *, apply: bool = True) -> Ran:
        """Bring back the tags of a day."""
        at_ns = int(START + number * DAY)
        with Archive.open(self.config, Access.WRITE if apply else Access.READ) as archive:
            return ran(retag.restore(archive, glob, at_ns, apply=apply))


def written(result: Ran) -> list[Retagged]:
    """What came back, or would."""
    return [event for event in result.events if isinstance(event, Retagged)]


def refused(result: Ran) -> str:
    """The one reason why nothing was done."""
    assert [] == written(result)
    (finding,) = result.found(FindingKind.NOT_RESTORED)
    assert 3 == result.code
    return finding.detail


def retitle(path: Path, title: str = "Wrong") -> None:
    """By TagLib."""
    run_tool("kid3-cli", "-c", f"set title {title}", str(path))


@pytest.fixture
def home(tmp_path: Path) -> Retagging:
    """A FLAC that was titled right, then wrong; both contents are kept."""
    made = Retagging(tmp_path)
    path = make_audio("flac", tmp_path / "music/x/a.flac", tags={"TITLE": "Right"}, picture=True)
    made.first = path.read_bytes()
    made.day(1)
    retitle(path)
    made.second = path.read_bytes()
    made.day(2)
    return made


def song(home: Home) -> Path:
    """The track."""
    return home.base / "music/x/a.flac"


TITLE = Change("TITLE", ("Wrong",), ("Right",))


def test_without_apply_the_plan_is_shown_and_nothing_touched(home: Retagging) -> None:
    """What replaces, shows first."""
    before = song(home).stat()

    result = home.retag(apply=False)

    (event,) = written(result)
    assert ("music", b"x/a.flac", "would be written", "red") == (
        event.library,
        event.path,
        event.how,
        event.source,
    )
    assert (TITLE,) == event.changes
    assert (0, home.second, before) == (result.code, song(home).read_bytes(), song(home).stat())


def test_the_bytes_of_then_come_back_with_owner_mode_lists_and_attributes(home: Retagging) -> None:
    """Tags, pictures and padding are what they were; all else is as it is."""
    os.setxattr(song(home), "user.rating", b"5")
    os.setxattr(song(home), "system.posix_acl_access", ACL)
    home.day(2.5)
    before = song(home).stat()

    result = home.retag()

    now = song(home).stat()
    assert (0, home.first) == (result.code, song(home).read_bytes())
    assert [("written", (TITLE,))] == [(each.how, each.changes) for each in written(result)]
    assert (before.st_mode, before.st_uid, before.st_gid) == (now.st_mode, now.st_uid, now.st_gid)
    assert b"5" == os.getxattr(song(home), "user.rating")
    assert ACL == os.getxattr(song(home), "system.posix_acl_access")
    assert ["a.flac"] == os.listdir(song(home).parent)


def test_what_was_replaced_is_a_version_after_the_next_backup(home: Retagging) -> None:
    """So the way back stays open too."""
    home.retag()
    home.day(3)

    kept = {path.read_bytes() for path in home.place().glob(".fonoteca/versions/*/*")}
    assert home.second in kept
    assert home.first == (home.place() / "music/x/a.flac").read_bytes()

    home.retag(number=2.5)
    assert home.second == song(home).read_bytes()


@pytest.mark.parametrize("family", sorted(SUFFIX.keys() - {"aac", "ac3"}))
def test_every_family_gets_its_tags_back(tmp_path: Path, family: str) -> None:
    """Whole contents come back where they are kept."""
    home = Retagging(tmp_path)
    path = make_audio(family, tmp_path / f"music/a{SUFFIX[family]}", tags={"TITLE": "Right"})
    first = path.read_bytes()
    home.day(1)
    retitle(path)
    home.day(2)

    result = home.retag()

    assert (0, first) == (result.code, path.read_bytes())


def test_nothing_is_done_where_the_tags_are_what_they_were(home: Retagging) -> None:
    """Twice is once."""
    home.retag()
    home.day(3)

    assert ([], 0) == (written(home.retag()), home.retag().code)


def test_a_pattern_that_means_nothing_is_said(home: Retagging) -> None:
    """A slip of the finger is no success."""
    assert "matches the pattern y/**" in refused(home.retag("y/**"))
    assert "that was there then" in refused(home.retag(number=0))


def test_what_is_kept_nowhere_yet_is_not_replaced(home: Retagging) -> None:
    """It would be lost."""
    retitle(song(home), "Newer")
    home.now = lambda: START + 3 * DAY
    home.scan()
    newer = song(home).read_bytes()

    assert "`fonoteca backup` first" in refused(home.retag())
    assert newer == song(home).read_bytes()


def test_a_file_that_was_written_since_is_left_alone(home: Retagging) -> None:
    """An edit that nobody looked at yet."""
    retitle(song(home), "Newer")
    newer = song(home).read_bytes()

    assert "`fonoteca backup` first" in refused(home.retag())
    assert newer == song(home).read_bytes()


def test_a_file_that_is_written_meanwhile_is_left_alone(
    home: Retagging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its stat is looked at just before the swap."""
    swap = replacing.Replacement.swap

    def swap_late(self: replacing.Replacement, expected):
        song(home).write_bytes(b"an edit")
        return swap(self, expected)

    monkeypatch.setattr(replacing.Replacement, "swap", swap_late)

    assert "changed meanwhile" in refused(home.retag())
    assert (b"an edit", ["a.flac"]) == (song(home).read_bytes(), os.listdir(song(home).parent))


def test_a_damaged_copy_of_then_is_no_source(home: Retagging) -> None:
    """It is compared while it is read."""
    (blob,) = home.place().glob(".fonoteca/versions/*/*")
    flip_byte(blob, 200)

    assert "no copy of what it was proved right" in refused(home.retag())
    assert home.second == song(home).read_bytes()


def test_another_copy_serves_where_one_is_damaged(tmp_path: Path) -> None:
    """The next best is read."""
    home = Retagging(tmp_path, ("red", "blue"))
    path = make_audio("flac", tmp_path / "music/x/a.flac", tags={"TITLE": "Right"})
    first = path.read_bytes()
    home.day(1)
    retitle(path)
    home.day(2)
    (blob,) = home.place("red").glob(".fonoteca/versions/*/*")
    flip_byte(blob, 200)

    assert (0, first) == (home.retag().code, path.read_bytes())


def test_a_location_that_is_away_is_named_with_what_helps(home: Retagging) -> None:
    """It alone keeps what the file was."""
    home.place().rename(home.base / "elsewhere")

    assert "connect a location that keeps one" in refused(home.retag())


def test_another_sound_is_not_put_back_for_its_tags(home: Retagging) -> None:
    """A better rip stays, whatever its tags."""
    make_audio("flac", song(home), tags={"TITLE": "Other"}, seed=5)
    home.day(3)

    assert "its sound was another one then" in refused(home.retag())


def test_a_sound_that_came_out_otherwise_is_not_given_the_name(
    home: Retagging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is looked into once more before it counts."""
    monkeypatch.setattr(staging.Staging, "look", lambda self, staged: {})

    assert "the sound of what was written is another one" in refused(home.retag())
    assert (home.second, ["a.flac"]) == (song(home).read_bytes(), os.listdir(song(home).parent))


def test_a_link_in_the_path_leads_nowhere(home: Retagging, tmp_path: Path) -> None:
    """What lies behind it is not the library."""
    song(home).parent.rename(tmp_path / "outside")
    song(home).parent.symlink_to(tmp_path / "outside")

    assert "a symbolic link stands in its path" in refused(home.retag())


@pytest.mark.parametrize("number", range(1, 8))
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_file(home: Retagging, number: int) -> None:
    """Never none, never half of one; the same words again finish it."""
    child = os.fork()
    if child == 0:
        try:
            os.environ[faults.KILL_AT] = str(number)
            faults.install_from_environment()
            home.retag()
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert song(home).read_bytes() in (home.first, home.second)
    home.day(3)
    home.retag()
    assert (home.first, ["a.flac"]) == (song(home).read_bytes(), os.listdir(song(home).parent))


# no copy of what it was is kept any more


WRITABLE = sorted(SUFFIX.keys() - {"aac", "ac3"})
MANY = {
    "TITLE": "Right",
    "ARTIST": "Zo\u00eb & Bj\u00f6rk",
    "ALBUM": "Album",
    "TRACKNUMBER": "3",
    "GENRE": "Jazz",
    "DATE": "1965",
    "COMMENT": "was good",
}


@pytest.mark.parametrize("family", WRITABLE)
def test_fields_are_written_back_in_every_family(tmp_path: Path, family: str) -> None:
    """By mutagen, into the present file: the sound is the same, and so are the tags."""
    home = Retagging(tmp_path)
    path = make_audio(family, tmp_path / f"music/a{SUFFIX[family]}", tags=MANY)
    home.day(1)
    before = inside_of(home)
    run_tool(
        "kid3-cli", "-c", "set title Wrong", "-c", "set artist Nobody", "-c", "set comment ''", str(path)
    )
    home.day(2)
    edited = path.read_bytes()
    home.forget()

    result = home.retag()

    assert (0, [None]) == (result.code, [each.source for each in written(result)])
    assert edited != path.read_bytes()
    home.now = lambda: int(START + 451 * DAY)
    home.backup()
    assert before == inside_of(home)
    assert [(b"a" + SUFFIX[family].encode(), "present")] == home.ask("SELECT name, state FROM entries")


def inside_of(home: Home) -> tuple[object, object]:
    """Tags and payload digest of the one entry."""
    (found,) = home.ask(
        "SELECT a.payload, d.document FROM entries e JOIN analyses a ON a.content = e.content "
        "JOIN documents d ON d.content = a.content"
    )
    payload, document = found
    return payload, json.loads(zlib.decompress(document).split(b"\n")[0])


def test_fields_that_come_out_otherwise_are_not_given_the_name(
    home: Retagging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that did nothing, or wrote something else, is found out."""
    home.forget()
    monkeypatch.setattr(scribe.Scribe, "write", lambda *arguments: None)

    assert "these fields did not come out as they were: TITLE" in refused(home.retag())
    assert (home.second, ["a.flac"]) == (song(home).read_bytes(), os.listdir(song(home).parent))


def test_a_writer_that_hangs_is_ended(home: Retagging, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is left alone."""
    home.forget()
    monkeypatch.setattr(scribe, "write_one", write_or_stick)
    monkeypatch.setattr(scribe, "file_seconds", lambda seconds, size: 0.2)

    assert "writing its tags took longer than 0.2 s" in refused(home.retag())
    assert (home.second, ["a.flac"]) == (song(home).read_bytes(), os.listdir(song(home).parent))


def test_pictures_stay_where_only_their_digests_are_known(home: Retagging) -> None:
    """The fields come back, and it is said what does not."""
    run_tool("metaflac", "--remove", "--block-type=PICTURE", str(song(home)))
    home.day(3)
    home.forget()

    result = home.retag()

    assert [("written", (TITLE,))] == [(each.how, each.changes) for each in written(result)]
    (finding,) = result.found(FindingKind.NOT_RESTORED)
    assert (3, True) == (result.code, "the present ones stay" in finding.detail)


def test_owner_mode_lists_and_attributes_stay_when_fields_are_written(home: Retagging) -> None:
    """As where whole contents come back."""
    os.setxattr(song(home), "user.rating", b"5")
    os.setxattr(song(home), "system.posix_acl_access", ACL)
    home.forget()
    before = song(home).stat()

    assert 0 == home.retag().code

    now = song(home).stat()
    assert (before.st_mode, before.st_uid, before.st_gid) == (now.st_mode, now.st_uid, now.st_gid)
    assert (b"5", ACL) == (
        os.getxattr(song(home), "user.rating"),
        os.getxattr(song(home), "system.posix_acl_access"),
    )
    assert ["a.flac"] == os.listdir(song(home).parent)


def test_the_journal_tells_of_it(home: Retagging) -> None:
    """What was written into a file of the user's own, from where, and which fields."""
    home.retag(apply=False)
    assert [] == home.ask("SELECT type FROM events WHERE type = 'metadata modification'")

    home.retag()
    ((path, detail),) = home.ask("SELECT path, detail FROM events WHERE type = 'metadata modification'")
    assert (b"x/a.flac", "tags of 2026-09-22T14:13:20Z written back, from red: TITLE") == (path, detail)
