"""Setting up: every objection first, then what was asked for, and never a change to what stands."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import copies, entries, journal, libraries, places
from fonoteca.config.load import load
from fonoteca.config.model import FolderConfig
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.disk import mounts
from fonoteca.errors import ConfigError, Locked, UsageError
from fonoteca.locations.folder import FolderLocation
from fonoteca.tasks import setup
from fonoteca.tasks.places import founding
from support.remembered import NOW


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A person's folder with some music in it; also where the shell is."""
    (tmp_path / "Music" / "A").mkdir(parents=True)
    (tmp_path / "Music" / "A" / "01.flac").write_bytes(b"sound")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def config(home):
    """Where the config is to lie."""
    return str(home / "conf" / "config.toml")


def protect(config, *targets, source=b"Music", **options):
    """Protect the music at these places."""
    return setup.protect_setup(config, [source], list(targets), **options)


def refused(config, *targets, **options):
    """Why that is refused; nothing may be left behind."""
    with pytest.raises(UsageError) as caught:
        protect(config, *targets, **options)
    return str(caught.value)


def marker(path):
    """Who the folder says it is, None where it says nothing."""
    return founding.marker_at(FolderConfig(name="x", path=os.fsencode(path)))


def written(config):
    """The config's text."""
    return Path(config).read_text()


def write(config, text):
    """Have this config."""
    Path(config).write_text(text)


# protect


def test_protect_writes_the_config_and_sets_up_the_places(home, config):
    """The first five minutes end with places that a backup can use."""
    result = protect(config, "./red", "./blue")

    found = load(config)
    assert {name: each.path for name, each in found.libraries.items()} == {
        "Music": os.fsencode(home / "Music")
    }
    assert list(found.locations) == ["red", "blue"]
    assert result.sentences[0] == f"Wrote the config {config}"
    with Archive.open(found, Access.READ) as archive:
        rows = {row.name: row.identity for row in places.every(archive.catalogue)}
    assert rows == {"red": marker(home / "red"), "blue": marker(home / "blue")}


def test_a_place_that_was_set_up_can_be_opened_for_writing(home, config):
    """What setup records and what stands there must agree, or no backup could begin."""
    protect(config, "./red")

    found = load(config)
    with (
        Archive.open(found, Access.WRITE) as archive,
        archive.location(found.locations["red"]).open(write=True) as place,
    ):
        assert place.identity == marker(home / "red")


def test_protect_again_changes_nothing(home, config):
    """Running it again continues; it must not double anything."""
    protect(config, "./red")
    before, who = written(config), marker(home / "red")

    protect(config, str(home / "A" / ".." / "red"), source=os.fsencode(home / "Music") + b"/")

    assert (written(config), marker(home / "red")) == (before, who)


def test_protect_adds_what_is_missing_and_keeps_comments(home, config):
    """A person's notes in their config are theirs."""
    protect(config, "./red")
    with open(config, "a") as file:
        file.write("\n# my note\n")

    protect(config, "./red", "./blue")

    assert "# my note" in written(config)
    assert list(load(config).locations) == ["red", "blue"]


def test_a_link_to_a_known_place_is_that_place(home, config):
    """Two names for one folder would be counted as two copies."""
    protect(config, "./red")
    (home / "link").symlink_to(home / "red")

    protect(config, "./link")

    assert list(load(config).locations) == ["red"]


def test_every_objection_is_heard_at_once(home, config):
    """One at a time would take a person five tries."""
    (home / "file").write_bytes(b"")

    with pytest.raises(UsageError) as caught:
        setup.protect_setup(
            config, [b"nowhere", b"file", b"Music"], ["./Music/copy", "./file/x", "ftp://bucket/x", "green"]
        )

    said = str(caught.value)
    for part in (
        "There is no folder",
        "is not a folder: a library",
        "which lies inside library.Music",
        "is not a folder: copies",
        "can use folders, sftp://USER@HOST:PORT/PATH, s3://BUCKET/PREFIX",
        "and rclone:REMOTE:PATH only",
        "There is no location green",
        "`fonoteca location add green PLACE`",
    ):
        assert part in said
    assert not os.path.exists(config)
    assert not os.path.exists(home / "conf")


def test_a_source_inside_a_target_is_refused(home, config):
    """A backup would copy its own copies for ever."""
    assert "inside which library.Music" in refused(config, ".")


def test_an_unreadable_source_is_refused(home, config, monkeypatch):
    """Better now than as an empty archive later."""

    def deny(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("fonoteca.tasks.places.ground.os.scandir", deny)

    assert "cannot be read (Permission denied)" in refused(config, "./red")


def test_an_empty_source_is_allowed_and_said(home, config):
    """It may be a mount that is away, or a collection that begins today."""
    (home / "New").mkdir()

    result = protect(config, "./red", source=b"New")

    assert any("New is empty" in each for each in result.warnings)


@pytest.mark.parametrize("there", [True, False])
def test_an_unmounted_drive_is_refused(home, config, monkeypatch, there):
    """Copies would fill the system's own disk while a person believes them on a drive."""
    monkeypatch.setattr(mounts, "_MOUNTED_HERE", (os.fsencode(home / "media"),))
    if there:
        (home / "media" / "red").mkdir(parents=True)

    assert "--plain-folder" in refused(config, "./media/red")
    assert (home / "media" / "red").exists() == there


def test_a_plain_folder_is_taken_when_it_is_meant(home, config, monkeypatch):
    """Some people do keep a plain folder there; the config remembers that."""
    monkeypatch.setattr(mounts, "_MOUNTED_HERE", (os.fsencode(home / "media"),))

    protect(config, "./media/red", plain_folder=True)

    assert load(config).locations["red"].plain_folder
    assert marker(home / "media" / "red") is not None


def test_one_disk_for_all_works_with_a_plain_warning(home, config):
    """It is better than nothing, and must not pass for two copies."""
    result = protect(config, "./red", "./blue")

    assert any(each.startswith("red lies on the same file system as Music") for each in result.warnings)
    assert "red and blue lie on one file system: together they count as one copy." in result.warnings


def test_one_place_that_fails_leaves_the_others_set_up(home, config, monkeypatch):
    """A broken drive must not keep the good one from being filled."""
    real = FolderLocation.probe

    def fail(self):
        if self.name == "red":
            from fonoteca.errors import Broken

            raise Broken("red", "Input/output error")
        return real(self)

    monkeypatch.setattr(FolderLocation, "probe", fail)

    result = protect(config, "./red", "./blue")

    assert any("red failed: Input/output error" in each for each in result.warnings)
    assert (marker(home / "red"), marker(home / "blue") is None) == (None, False)
    assert list(load(config).locations) == ["red", "blue"]


def test_what_failed_is_set_up_by_the_next_run(home, config, monkeypatch):
    """Run it again and it continues."""
    protect(config, "./red", "./blue")
    with Archive.open(load(config), Access.WRITE) as archive:
        places.forget(archive.catalogue, places.by_name(archive.catalogue, "red").id)
    shutil.rmtree(home / "red")

    protect(config, "./red", "./blue")

    assert marker(home / "red") is not None


def test_a_place_that_another_catalogue_knows_is_to_be_adopted(home, config):
    """Its manifest knows more than a new catalogue: nothing may be begun over it."""
    protect(config, "./red")
    shutil.rmtree(home / "conf")

    said = refused(config, "./red")

    assert f"fonoteca location adopt {home / 'red'}" in said
    assert "The catalogue is new" in said


def test_a_copy_of_a_place_is_refused(home, config):
    """Two folders with one marker would be taken for one another."""
    protect(config, "./red")
    shutil.copytree(home / "red", home / "blue")

    assert "carries a copy of red's marker" in refused(config, "./blue")


def test_a_place_of_ours_comes_back_under_its_name(home, config):
    """A line deleted from the config by hand is put back with what is known of the place."""
    protect(config, "./red")
    text = written(config)
    write(config, text[: text.index("[location.red]")])

    protect(config, "./red")

    with Archive.open(load(config), Access.READ) as archive:
        assert [row.name for row in places.every(archive.catalogue)] == ["red"]


def test_a_wrong_config_is_left_as_it_is(home, config):
    """An edit on top of a mistake would hide it."""
    os.makedirs(os.path.dirname(config))
    write(config, "[library.x]\npath = 3\n")

    with pytest.raises(ConfigError):
        protect(config, "./red")

    assert written(config) == "[library.x]\npath = 3\n"


def test_nothing_is_written_while_another_run_writes(home, config):
    """Two runs at once would each believe in their own config."""
    protect(config, "./red")
    before = written(config)

    with Archive.open(load(config), Access.WRITE), pytest.raises(Locked):
        protect(config, "./blue")

    assert written(config) == before


def test_a_name_that_is_taken_gets_a_number(home, config):
    """The folder's name stays readable at every location."""
    (home / "old" / "Music").mkdir(parents=True)

    setup.protect_setup(config, [b"Music", b"old/Music"], ["./red"])

    assert list(load(config).libraries) == ["Music", "Music-2"]


# init


def test_init_writes_a_config_that_loads(config):
    """It is the first file that a careful person sees of us."""
    sentences = setup.init_config(config)

    assert config in sentences[0]
    assert load(config).libraries == {}


def test_init_leaves_a_config_alone(home, config):
    """Overwriting would lose an archive's setup."""
    protect(config, "./red")
    before = written(config)

    setup.init_config(config)

    assert written(config) == before


# libraries


def test_library_add_takes_name_and_excludes(home, config):
    """The name is what people will read at each location for decades."""
    setup.library_add(config, "music", b"Music", ["Incoming/**"])

    library = load(config).libraries["music"]
    assert (library.path, library.exclude) == (os.fsencode(home / "Music"), ("Incoming/**",))


def test_library_add_refuses_a_name_that_no_folder_can_have(home, config):
    """It would fail at the first location with FAT."""
    with pytest.raises(UsageError, match="cannot be called"):
        setup.library_add(config, "a/b", b"Music")


def test_library_adopt_moves_it_in_config_and_catalogue(home, config):
    """A new disk is no reason to forget anything."""
    protect(config, "./red")
    with Archive.open(load(config), Access.WRITE) as archive:
        archive.library(archive.config.libraries["Music"])
    os.rename(home / "Music", home / "Moved")

    result = setup.library_adopt(config, "Music", b"Moved")

    with Archive.open(load(config), Access.WRITE) as archive:
        row, _ = archive.library(archive.config.libraries["Music"])
    assert row.path == os.fsencode(home / "Moved")
    assert result.warnings == []


def test_library_adopt_doubts_a_folder_without_any_known_file(home, config):
    """A slip of the finger would make all of the music look gone."""
    protect(config, "./red")
    (home / "Other").mkdir()
    with Archive.open(load(config), Access.WRITE) as archive:
        row, _ = archive.library(archive.config.libraries["Music"])
        _remember(archive.catalogue, row.id)

    result = setup.library_adopt(config, "Music", b"Other")

    assert "None of the files known" in result.warnings[0]


def test_library_adopt_needs_a_known_name_and_a_folder(home, config):
    """Nothing is changed on a guess."""
    protect(config, "./red")

    with pytest.raises(UsageError, match="no library nope"):
        setup.library_adopt(config, "nope", b"Music")
    with pytest.raises(UsageError, match="There is no folder"):
        setup.library_adopt(config, "Music", b"gone")


def test_library_forget_keeps_what_is_known(home, config):
    """Should it come back, nothing has to be read again."""
    protect(config, "./red")
    with Archive.open(load(config), Access.WRITE) as archive:
        archive.library(archive.config.libraries["Music"])

    setup.library_forget(config, "Music")

    assert load(config).libraries == {}
    with Archive.open(load(config), Access.READ) as archive:
        assert libraries.by_name(archive.catalogue, "Music") is not None


# locations


def _remember(connection, library, *places_of_copies):
    """One entry with copies at these places (catalogue numbers)."""
    folder = libraries.put_folder(connection, library, b"")
    content = Content(b"s" * 32, 5, b"x" * 16)
    held = entries.put_content(connection, content)
    entries.add_many(
        connection,
        [entries.Newcomer(7, folder, b"a.flac", "track", content.sha256, 5, NOW, NOW, 1, 1, NOW)],
    )
    for place in places_of_copies:
        copies.record(connection, place, 7, b"Music/a.flac", held, NOW, Level.BYTES, NOW, 1)


def _with_copy(config):
    """A library with one entry that stands at red."""
    with Archive.open(load(config), Access.WRITE) as archive:
        row, _ = archive.library(archive.config.libraries["Music"])
        red = places.by_name(archive.catalogue, "red")
        _remember(archive.catalogue, row.id, red.id)
        finding = Finding(FindingKind.DAMAGED, "bad", "Music", "red", b"a.flac")
        journal.note(archive.catalogue, finding, NOW)


def _counts(config):
    """Locations, copies and open findings in the catalogue."""
    with Archive.open(load(config), Access.READ) as archive:
        return tuple(
            archive.catalogue.execute(sql).fetchone()[0]
            for sql in (
                "SELECT count(*) FROM locations",
                "SELECT count(*) FROM copies",
                "SELECT count(*) FROM findings WHERE closed_ns IS NULL",
            )
        )


def test_location_add_takes_its_options(home, config):
    """A drive on a shelf is added with one word about it."""
    setup.location_add(config, "shelf", "./drive", removable=True)

    location = load(config).locations["shelf"]
    assert (location.path, location.removable) == (os.fsencode(home / "drive"), True)


def test_location_add_sets_up_one_that_the_config_has(home, config):
    """A config written by hand needs its markers too."""
    setup.init_config(config)
    with open(config, "a") as file:
        file.write(f'\n[location.red]\npath = "{home / "red"}"\n')

    setup.location_add(config, "red")

    assert marker(home / "red") is not None


def test_location_add_that_fails_says_so_by_its_error(home, config, monkeypatch):
    """Alone, a failure is the outcome and not a note."""
    from fonoteca.errors import Full

    def fail(self):
        raise Full("red", 4096, 0)

    monkeypatch.setattr(FolderLocation, "probe", fail)

    with pytest.raises(Full):
        setup.location_add(config, "red", "./red")


@pytest.mark.parametrize("name", ["-x", "a b", ".hidden", "s3:x"])
def test_location_add_refuses_names_that_mean_something_else(home, config, name):
    """On the command line it could never be named again."""
    with pytest.raises(UsageError, match="cannot be called"):
        setup.location_add(config, name, "./red")


def test_location_replace_takes_an_empty_disk(home, config):
    """The lost disk's copies must not be believed to stand on the new one."""
    protect(config, "./red")
    _with_copy(config)
    shutil.rmtree(home / "red")
    (home / "red").mkdir()

    result = setup.location_replace(config, "red")

    assert "1 copy and 0 versions" in result.sentences[0]
    assert _counts(config) == (1, 0, 0)
    with Archive.open(load(config), Access.READ) as archive:
        assert places.by_name(archive.catalogue, "red").identity == marker(home / "red")


def test_location_replace_refuses_the_disk_that_is_not_lost(home, config):
    """Its copies are good; forgetting them would cost a whole backup."""
    protect(config, "./red")
    _with_copy(config)

    with pytest.raises(UsageError, match="is that location itself"):
        setup.location_replace(config, "red")

    assert _counts(config) == (1, 1, 1)


def test_location_replace_refuses_an_unmounted_place(home, config, monkeypatch):
    """The empty folder under a missing drive is not the new drive."""
    protect(config, "./media/red")
    shutil.rmtree(home / "media" / "red")
    monkeypatch.setattr(mounts, "_MOUNTED_HERE", (os.fsencode(home / "media"),))

    with pytest.raises(UsageError, match="--plain-folder"):
        setup.location_replace(config, "red")


def test_location_forget_only_says_what_it_would_do(home, config):
    """What removes, shows first."""
    protect(config, "./red")
    _with_copy(config)
    before = written(config)

    result = setup.location_forget(config, "red")

    assert result.sentences[0] == "1 copy and 0 versions at red would no longer count."
    assert "1 entry has its only good copy there." in result.sentences
    assert (written(config), _counts(config)) == (before, (1, 1, 1))


def test_location_forget_applied_leaves_the_files(home, config):
    """Out of config and catalogue; what stands there is a person's own."""
    protect(config, "./red")
    _with_copy(config)

    setup.location_forget(config, "red", apply=True)

    assert (dict(load(config).locations), _counts(config)) == ({}, (0, 0, 0))
    assert marker(home / "red") is not None


def test_location_forget_takes_what_only_the_catalogue_knows(home, config):
    """A crash between config and catalogue must be possible to finish."""
    protect(config, "./red")
    text = written(config)
    write(config, text[: text.index("[location.red]")])

    setup.location_forget(config, "red", apply=True)

    assert _counts(config) == (0, 0, 0)


def test_an_unknown_location_is_named_with_those_that_are(home, config):
    """A typo should cost one look."""
    protect(config, "./red")

    for call in (setup.location_forget, setup.location_replace):
        with pytest.raises(UsageError, match="it has: red"):
            call(config, "rad")
