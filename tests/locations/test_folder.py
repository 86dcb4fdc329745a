"""A folder as a location: durable in the right order, crash-safe, locked, and touching nothing of others."""

from __future__ import annotations

import dataclasses
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.place import Key
from fonoteca.disk import cache, calls, mounts
from fonoteca.errors import Away, Broken, Conflict, Denied, Full, Locked
from fonoteca.locations.folder import FolderLocation
from support.faults import KILL_AT, Log, fail_at, recorded
from support.places import content, folder_location, keys, put, stage, stamp

SRC = Path(__file__).parents[2] / "src"
ORDER = ("write_all", "syncfs", "fsync", "read_into", "link", "rename_noreplace", "rename")


@pytest.fixture
def location(tmp_path: Path) -> FolderLocation:
    """An adopted folder."""
    return folder_location(tmp_path / "red")


def published(location: FolderLocation, monkeypatch: pytest.MonkeyPatch, *, again: bool = False) -> Log:
    """The seam's calls while one object is staged, flushed, read back and published."""
    with location.open(write=True) as place:
        old = stamp(place, b"music/new/a.flac") if again else None
        with recorded(monkeypatch) as log, place.batch() as batch:
            keep = b".fonoteca/versions/old" if again else None
            staged = stage(batch, b"music/new/a.flac", b"sound", over=old, keep=keep)
            batch.flush()
            with batch.read(staged) as reading:
                assert [bytes(block) for block in reading] == [b"sound"]
            (outcome,) = batch.publish([staged])
        assert outcome.error is None
    return log


def test_written_then_flushed_then_read_back_then_published_then_names_flushed(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is the promise: take any flush away and a power cut can lose what was called safe."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: True))
    log = published(location, monkeypatch)

    # the marker is read by each check of identity
    wanted = ["write_all", "syncfs", "read_into", "rename_noreplace", "syncfs"]
    assert [name for name in _without_marker(log) if name in ORDER] == wanted


def _without_marker(log: Log) -> list[str]:
    """The calls without those of `check`, which opens the marker, reads it and closes it."""
    names: list[str] = []
    inside = False
    for name, arguments in log.entries:
        if name == "opened" and b"location.json" in bytes(arguments[0]):
            inside = True
        if not inside:
            names.append(name)
        if name == "close":
            inside = False
    return names


def test_where_one_flush_for_all_cannot_be_trusted_each_file_and_each_folder_is_flushed(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On FUSE and others syncfs may do nothing and say 0."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: False))
    log = published(location, monkeypatch)

    # one file; the names `a.flac` in new, `new` in music, `music` in the root
    wanted = ["write_all", "fsync", "read_into", "rename_noreplace", "fsync", "fsync", "fsync"]
    assert [name for name in _without_marker(log) if name in ORDER] == wanted


def test_the_old_has_its_second_name_durably_before_the_new_takes_its_first(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut may keep the rename and lose the link, and with it the old version."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: True))
    published(location, monkeypatch)
    log = published(location, monkeypatch, again=True)

    wanted = ["write_all", "syncfs", "read_into", "link", "syncfs", "rename", "syncfs"]
    assert [name for name in _without_marker(log) if name in ORDER] == wanted


@pytest.mark.parametrize("together", [True, False])
def test_a_flush_that_fails_is_never_called_durable(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    """A device that loses writes says so once, at the flush."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: together))
    with location.open(write=True) as place, place.batch() as batch:
        fail_at(monkeypatch, "syncfs" if together else "fsync", errno.EIO)
        with pytest.raises(Broken):
            stage(batch, b"music/a", b"x")
            batch.flush()


def test_names_that_were_not_flushed_are_not_reported(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outcome says that the name survives a power cut."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: True))
    with location.open(write=True) as place, place.batch() as batch:
        staged = stage(batch, b"music/a", b"x")
        batch.flush()
        fail_at(monkeypatch, "syncfs", errno.EIO)
        with pytest.raises(Broken):
            next(batch.publish([staged]))


@pytest.mark.parametrize(
    ("number", "wanted"),
    [(errno.ENOSPC, Full), (errno.EDQUOT, Full), (errno.EIO, Broken), (errno.EROFS, Denied)],
)
def test_a_write_that_fails_says_what_it_means_and_leaves_nothing(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch, number: int, wanted: type[Exception]
) -> None:
    """Each failure has its own name and remedy."""
    with location.open(write=True) as place:
        with place.batch() as batch:
            good = stage(batch, b"music/good", b"x")
            fail_at(monkeypatch, "write_all", number)
            with pytest.raises(wanted):
                stage(batch, b"music/bad", b"y")
            batch.flush()
            outcomes = list(batch.publish([good]))

        assert [outcome.error for outcome in outcomes] == [None]
        assert keys(place) == [b"music/good"]


def test_full_says_how_much_was_needed_and_how_much_is_free(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence helps to make room."""
    with location.open(write=True) as place, place.batch() as batch:
        fail_at(monkeypatch, "write_all", errno.ENOSPC)
        with pytest.raises(Full) as caught:
            stage(batch, b"music/a", b"12345")
        space = place.space()

    assert caught.value.needed == 5
    assert space is not None
    assert caught.value.free is not None


def test_what_a_dead_run_left_is_swept_when_the_place_is_opened_for_writing(location: FolderLocation) -> None:
    """Staged files count for nothing; names on their way are never swept, for an intent completes them."""
    own = location.path + b"/.fonoteca"
    os.makedirs(own + b"/incoming/7/deep")
    os.makedirs(own + b"/moving")
    for name in (b"/incoming/7/0", b"/incoming/7/deep/1", b"/moving/x"):
        Path(os.fsdecode(own + name)).write_bytes(b"left")
    with location.open(write=False):
        seen_by_reader = os.path.exists(own + b"/incoming/7/0")
    with location.open(write=True) as place:
        on_their_way = keys(place, b".fonoteca/moving/")

        assert keys(place, b"") == [b".fonoteca/location.json"]

    assert seen_by_reader
    assert os.listdir(own + b"/incoming") == []
    assert on_their_way == [b".fonoteca/moving/x"]


def test_sweeping_does_not_follow_links(location: FolderLocation, tmp_path: Path) -> None:
    """A link in `incoming` must not lead the broom into the music."""
    (tmp_path / "music").mkdir()
    (tmp_path / "music/a.flac").write_bytes(b"x")
    os.makedirs(location.path + b"/.fonoteca/incoming")
    os.symlink(tmp_path / "music", location.path + b"/.fonoteca/incoming/link")
    with location.open(write=True):
        pass

    assert (tmp_path / "music/a.flac").read_bytes() == b"x"


def test_nothing_stays_open_so_that_the_drive_can_be_unmounted(location: FolderLocation) -> None:
    """A daemon that holds a handle makes a drive busy for ever."""
    before = sorted(os.listdir("/proc/self/fd"))
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        content(place, b"music/a")
        keys(place)
        list(place.move([(Key(b"music/a"), Key(b"b/c"))]))

    assert sorted(os.listdir("/proc/self/fd")) == before


def test_moving_removes_the_folders_it_emptied_and_no_others(location: FolderLocation) -> None:
    """A mirror does not keep the ghost of an album's old name."""
    with location.open(write=True) as place:
        put(place, b"music/old/disc 1/a", b"x")
        put(place, b"music/b", b"x")
        list(place.move([(Key(b"music/old/disc 1/a"), Key(b"music/new/a"))]))

    assert sorted(os.listdir(location.path + b"/music")) == [b"b", b"new"]


def test_a_link_or_a_file_in_the_way_is_a_conflict(location: FolderLocation, tmp_path: Path) -> None:
    """Bytes must not follow a link out of the location."""
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", location.path + b"/linked")
    Path(os.fsdecode(location.path + b"/file")).write_bytes(b"")
    with location.open(write=True) as place:
        outcomes = [put(place, b"linked/a", b"x"), put(place, b"file/a", b"x")]
        with pytest.raises(Conflict):
            place.read(Key(b"linked/a"))

    assert [type(outcome.error) for outcome in outcomes] == [Conflict, Conflict]
    assert os.listdir(tmp_path / "outside") == []


def test_links_and_odd_files_are_no_objects_and_never_block(location: FolderLocation) -> None:
    """Opening a FIFO would wait for ever."""
    os.mkdir(location.path + b"/music")
    os.mkfifo(location.path + b"/music/fifo")
    os.symlink(b"nowhere", location.path + b"/music/link")
    with location.open(write=True) as place:
        assert keys(place) == []
        assert place.stat(Key(b"music/fifo")) is None
        assert place.stat(Key(b"music/link")) is None
        for key in (b"music/fifo", b"music/link", b"music"):
            with pytest.raises(Conflict):
                place.read(Key(key))


def test_modes_are_0644_and_0755_whatever_the_umask(tmp_path: Path) -> None:
    """Another machine's player must be able to read the mirror."""
    script = (
        "import os; os.umask(0o077)\n"
        "from pathlib import Path; from support.places import *\n"
        f"location = folder_location(Path({str(tmp_path / 'red')!r}))\n"
        "with location.open(write=True) as place: put(place, b'music/a', b'x')\n"
    )
    run_child(script)

    assert (tmp_path / "red/music").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "red/music/a").stat().st_mode & 0o777 == 0o644


def run_child(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A Python child that can import the project and the test helpers."""
    path = os.pathsep.join([str(SRC), str(Path(__file__).parents[1])])
    command = [sys.executable, "-c", script]
    variables = {**os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False, timeout=120)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done


def test_the_lock_names_its_holder_and_dies_with_it(location: FolderLocation) -> None:
    """After a kill -9 nobody has to remove a lock file by hand."""
    script = (
        "import sys; from fonoteca.locations.folder import *\n"
        "from fonoteca.core.place import Identity\n"
        f"location = FolderLocation('red', {location.path!r}, {location.expected!r})\n"
        "with location.open(write=True): print('open', flush=True); sys.stdin.read()\n"
    )
    variables = {**os.environ, "PYTHONPATH": str(SRC)}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(Locked) as caught, location.open(write=True):
            pass
        child.kill()
        child.wait()
        with location.open(write=True):
            pass

    assert caught.value.pid == child.pid


STORY = """
from support.faults import install_from_environment
from support.places import *
from fonoteca.core.place import Identity
location = FolderLocation('red', {path!r}, {expected!r})
install_from_environment()
with location.open(write=True) as place:
    with place.batch() as batch:
        staged = [stage(batch, b'music/new/%d' % n, b'%d' % n * 3000) for n in range(2)]
        old = stamp(place, b'music/old')
        staged.append(stage(batch, b'music/old', b'new' * 1000, over=old, keep=b'.fonoteca/versions/v'))
        batch.flush()
        list(batch.publish(staged))
    list(place.move([(b'music/new/1', b'music/moved/1')]))
print('done')
"""


@pytest.mark.parametrize("hard_links", [True, False])
def test_a_kill_at_any_call_leaves_whole_files_and_loses_none(tmp_path: Path, hard_links: bool) -> None:
    """Every file under a real name is whole, and the old content is under its key or its version's."""
    for turn in range(1, 200):
        location = folder_location(tmp_path / f"red{turn}")
        with location.open(write=True) as place:
            put(place, b"music/old", b"old" * 1000)
        if not hard_links:
            assert location.expected is not None
            location.adopt(location.expected, dataclasses.replace(location.probe(), hard_links=False))
        script = STORY.format(path=location.path, expected=location.expected)
        done = run_child(script, **{KILL_AT: str(turn)})
        with location.open(write=True) as place:
            found = {key: content(place, key) for key in [*keys(place), *keys(place, b".fonoteca/versions/")]}
        whole = {
            b"music/new/0": b"0" * 3000,
            b"music/new/1": b"1" * 3000,
            b"music/moved/1": b"1" * 3000,
            b".fonoteca/versions/v": b"old" * 1000,
        }

        assert b"old" * 1000 in found.values()
        for key, data in found.items():
            expected = {whole.get(key)} if key in whole else {b"old" * 1000, b"new" * 1000}
            assert data in expected, (turn, key)
        assert list(Path(os.fsdecode(location.path)).glob(".fonoteca/incoming/*")) == []
        if done.stdout == "done\n":
            break
    else:
        pytest.fail("the story never came to its end")


def test_the_folder_that_was_opened_is_looked_for_again_before_each_batch(location: FolderLocation) -> None:
    """When the drive goes, nothing is written to what lies beneath its mount point."""
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        os.rename(location.path, location.path + b".gone")
        os.mkdir(location.path)
        with pytest.raises(Away), place.batch():
            pass
        with pytest.raises(Away):
            keys(place)

    assert os.listdir(location.path) == []


def test_publishing_looks_again_too(location: FolderLocation) -> None:
    """The drive may go between flush and publish."""
    with location.open(write=True) as place, place.batch() as batch:
        staged = stage(batch, b"music/a", b"x")
        batch.flush()
        os.rename(location.path, location.path + b".gone")
        with pytest.raises(Away):
            list(batch.publish([staged]))

    assert not os.path.exists(location.path + b".gone/music")


def test_an_input_output_error_of_a_place_that_went_is_called_away(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pulled drive answers EIO; that the drive is gone helps more than that a read failed."""
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        with place.read(Key(b"music/a")) as reading:
            os.rename(location.path, location.path + b".gone")
            fail_at(monkeypatch, "read_into", errno.EIO)
            with pytest.raises(Away):
                list(reading)


def test_permissions_are_told_apart_from_absence(tmp_path: Path) -> None:
    """An ordinary user who may not look must not be told that the music is missing."""
    location = folder_location(tmp_path / "red")
    with location.open(write=True) as place:
        put(place, b"music/secret/a", b"x")
    os.chmod(location.path + b"/music/secret", 0)
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if not folder.stat().st_mode & 0o001 and folder.owner() == tmp_path.owner():
            folder.chmod(folder.stat().st_mode | 0o011)
    script = (
        "import os\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "from support.places import *; from fonoteca.errors import *; from fonoteca.core.place import *\n"
        f"location = FolderLocation('red', {location.path!r}, {location.expected!r})\n"
        "with location.open(write=False) as place:\n"
        "    for look in (lambda: keys(place), lambda: content(place, b'music/secret/a'),\n"
        "                 lambda: place.stat(b'music/secret/a')):\n"
        "        try: print(look())\n"
        "        except Denied: print('denied')\n"
        "if os.getuid() == 65534:\n"
        "    try: location.open(write=True).__enter__()\n"
        "    except Denied: print('denied')\n"
        "else: print('denied')\n"
    )
    # everything that the child needs is imported before it becomes somebody else
    script = "import support.places, fonoteca.errors\n" + script
    done = run_child(script)
    os.chmod(location.path + b"/music/secret", 0o755)

    assert done.stdout == "denied\n" * 4


@pytest.mark.parametrize("verb", ["move", "delete", "retime"])
def test_other_changes_are_reported_only_when_they_are_durable(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """What is recorded must survive a power cut, whatever the verb."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: True))
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        changes = {
            "move": lambda: place.move([(Key(b"music/a"), Key(b"music/b"))]),
            "delete": lambda: place.delete([Key(b"music/a")]),
            "retime": lambda: place.retime([(Key(b"music/a"), 0)]),
        }
        fail_at(monkeypatch, "syncfs", errno.EIO)
        with pytest.raises(Broken):
            next(changes[verb]())


@pytest.fixture
def linkless(location: FolderLocation, monkeypatch: pytest.MonkeyPatch) -> FolderLocation:
    """A place without hard links, as FAT: the old is renamed, not linked."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: True))
    fail_at(monkeypatch, "link", errno.EPERM, always=True)
    return location


def test_without_hard_links_the_old_is_durably_renamed_before_the_new_takes_its_name(
    linkless: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut may leave neither under any name."""
    published(linkless, monkeypatch)
    log = published(linkless, monkeypatch, again=True)

    # the flush after `link` is for the folder of versions, which is new
    renames = ["rename_noreplace", "syncfs", "rename_noreplace", "syncfs"]
    wanted = ["write_all", "syncfs", "read_into", "link", "syncfs", *renames]
    assert [name for name in _without_marker(log) if name in ORDER] == wanted


def test_without_hard_links_a_new_that_cannot_take_the_name_gives_it_back(
    linkless: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has happened then."""
    with linkless.open(write=True) as place:
        put(place, b"music/a", b"old")
        fail_at(monkeypatch, "rename_noreplace", errno.EIO, nth=2)
        outcome = put(place, b"music/a", b"new", over=stamp(place, b"music/a"), keep=b".fonoteca/versions/v")

        assert isinstance(outcome.error, Broken)
        assert content(place, b"music/a") == b"old"
        assert place.stat(Key(b".fonoteca/versions/v")) is None


def test_a_file_that_is_changed_while_the_old_is_put_aside_is_not_run_over(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the second name and the rename lies a flush: time enough for a tagger."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: True))
    real = calls.syncfs

    def flush_while_somebody_writes(fd: int) -> None:
        real(fd)
        Path(os.fsdecode(location.path + b"/music/theirs")).write_bytes(b"theirs")
        os.rename(location.path + b"/music/theirs", location.path + b"/music/a")

    with location.open(write=True) as place:
        put(place, b"music/a", b"old")
        with place.batch() as batch:
            over = stamp(place, b"music/a")
            staged = stage(batch, b"music/a", b"new", over=over, keep=b".fonoteca/versions/v")
            batch.flush()
            monkeypatch.setattr(calls, "syncfs", flush_while_somebody_writes)
            (outcome,) = batch.publish([staged])

        assert isinstance(outcome.error, Conflict)
        assert content(place, b"music/a") == b"theirs"


def test_a_staged_file_whose_pages_stayed_is_not_called_media(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emptying the cache of a batch is a wish; the level is what was shown."""
    monkeypatch.setattr(cache, "is_uncached", lambda fd, size: False)
    monkeypatch.setattr(calls, "direct_alignment", lambda fd: 0)
    with location.open(write=True) as place, place.batch() as batch:
        staged = stage(batch, b"music/a", b"x")
        batch.flush()
        with batch.read(staged) as reading:
            assert reading.level == Level.BYTES


def test_a_second_reading_of_a_staged_file_is_proven_anew(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one has brought its pages into the cache."""
    with location.open(write=True) as place, place.batch() as batch:
        staged = stage(batch, b"music/a", b"x")
        batch.flush()
        for _ in range(2):
            with recorded(monkeypatch) as log, batch.read(staged) as reading:
                list(reading)

    assert "advise" in log.names()


def test_a_new_time_is_flushed_in_the_file_itself(
    location: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flushing its folder would not do: the time lies in the file."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: False))
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        with recorded(monkeypatch) as log:
            list(place.retime([(Key(b"music/a"), 0)]))

    assert log.names("utime", "fsync") == [
        "utime",
        "fsync",
        "fsync",
        "fsync",
    ]  # the file, its folder, the root
