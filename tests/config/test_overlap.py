"""Folders that lie in one another."""

from __future__ import annotations

from textwrap import dedent

import pytest

from fonoteca.config.load import check_text
from fonoteca.errors import ConfigError


def overlaps(tmp_path, text: str) -> list[tuple[str, str]]:
    """(path, found) of every problem; `@` in the text stands for a real folder."""
    with pytest.raises(ConfigError) as caught:
        check_text(dedent(text).replace("@", str(tmp_path)), str(tmp_path / "config.toml"), {})
    return [(p.path, p.found.replace(str(tmp_path), "@")) for p in caught.value.problems]


LIBRARY = '[library.music]\npath = "@/Music"\n'


@pytest.mark.parametrize(
    "path", ["@/Music/backup", "@/other/../Music/backup", "@/Music/not/yet/there", "Music/./backup"]
)
def test_a_location_inside_a_library_is_refused(tmp_path, path):
    """Each backup would back up the backup."""
    found = overlaps(tmp_path, f'{LIBRARY}[location.red]\npath = "{path}"\n')

    assert [("location.red.path", f'"{path}", which lies inside library.music ("@/Music")')] == found


def test_a_library_inside_a_location_is_refused(tmp_path):
    """A library is never written to, and a location is."""
    found = overlaps(tmp_path, f'[location.red]\npath = "@"\n[archive]\ncatalogue = "/nowhere/c"\n{LIBRARY}')

    assert [("location.red.path", '"@", inside which library.music ("@/Music") lies')] == found


def test_a_location_that_is_the_library_is_refused(tmp_path):
    """The library's own file is not a copy."""
    found = overlaps(tmp_path, f'{LIBRARY}[location.red]\npath = "@/Music/"\n')

    assert [("location.red.path", '"@/Music/", the folder of library.music ("@/Music") too')] == found


def test_a_location_that_reaches_the_library_by_a_symbolic_link_is_refused(tmp_path):
    """Names differ, the folder is one."""
    (tmp_path / "Music").mkdir()
    (tmp_path / "link").symlink_to("Music")

    found = overlaps(tmp_path, f'{LIBRARY}[location.red]\npath = "@/link/backup"\n')

    assert ["location.red.path"] == [path for path, _ in found]


def test_a_location_that_holds_the_library_behind_a_link_is_refused(tmp_path):
    """The link may as well be the library's."""
    (tmp_path / "disk" / "Music").mkdir(parents=True)
    (tmp_path / "Music").symlink_to("disk/Music")

    found = overlaps(tmp_path, f'{LIBRARY}[location.red]\npath = "@/disk"\n')

    assert ["location.red.path"] == [path for path, _ in found]


def test_a_folder_with_two_names_and_no_link_is_known_by_its_inode(tmp_path, monkeypatch):
    """A bind mount, or another case on a folding file system: no link to resolve, and one folder still."""
    (tmp_path / "Music").mkdir()
    (tmp_path / "bind").symlink_to("Music")
    monkeypatch.setattr("fonoteca.config.overlap.os.path.realpath", lambda path: path)

    for path in ("@/bind", "@/bind/inner"):
        found = overlaps(tmp_path, f'{LIBRARY}[location.red]\npath = "{path}"\n')
        assert ["location.red.path"] == [path for path, _ in found]


def test_dots_behind_a_symbolic_link_are_resolved_by_the_file_system(tmp_path):
    """`link/..` is the folder above the link's target, not above the link."""
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("disk/deep")

    text = '[library.music]\npath = "@/disk/Music"\n[location.red]\npath = "@/link/../Music"\n'
    found = overlaps(tmp_path, text)

    assert ["location.red.path"] == [path for path, _ in found]


@pytest.mark.parametrize(
    ("a", "b"), [("@/red", "@/red/"), ("@/red", "@/red/inner"), ("@/red/inner", "@/red")]
)
def test_two_locations_on_one_folder_or_in_one_another_are_refused(tmp_path, a, b):
    """Two names for one folder would count one copy twice."""
    found = overlaps(tmp_path, f'[location.a]\npath = "{a}"\n[location.b]\npath = "{b}"\n')

    assert ["location.b.path"] == [path for path, _ in found]


@pytest.mark.parametrize(("a", "b"), [("@/m", "@/m"), ("@/m", "@/m/inner"), ("@/m/inner", "@/m")])
def test_two_libraries_on_one_folder_or_in_one_another_are_refused(tmp_path, a, b):
    """One file would be two entries."""
    found = overlaps(tmp_path, f'[library.a]\npath = "{a}"\n[library.b]\npath = "{b}"\n')

    assert ["library.b.path"] == [path for path, _ in found]


@pytest.mark.parametrize(("a", "b"), [("@/music", "@/music2"), ("@/a", "@/b")])
def test_folders_beside_one_another_are_fine(tmp_path, a, b):
    """`music2` begins with `music` and lies beside it."""
    text = f'[library.x]\npath = "{a}"\n[location.y]\npath = "{b}"\n'.replace("@", str(tmp_path))

    assert ["y"] == list(check_text(text, str(tmp_path / "c.toml"), {}).locations)


@pytest.mark.parametrize("table", ["library", "location"])
def test_a_catalogue_inside_a_library_or_a_location_is_refused(tmp_path, table):
    """It changes while it is read, and would be lost together with what it remembers."""
    found = overlaps(tmp_path, f'[archive]\ncatalogue = "@/x/memory"\n[{table}.x]\npath = "@/x"\n')

    assert [
        ("archive.catalogue", f'"@/x/memory/catalogue.sqlite", which lies inside {table}.x ("@/x")')
    ] == found


def test_a_catalogue_in_its_usual_place_is_checked_too(tmp_path):
    """A whole home folder as a library would hold it."""
    found = overlaps(tmp_path, '[library.x]\npath = "@"\n')

    assert ["archive.catalogue"] == [path for path, _ in found]


def test_folders_are_compared_while_single_values_are_wrong(tmp_path):
    """Else the worst mistake would show only after the small ones are mended."""
    found = overlaps(
        tmp_path, f'{LIBRARY}[location.red]\nremovable = 1\npath = "@/Music/x"\ncolour = "red"\n'
    )

    expected = ["location.red.removable", "location.red.path", "location.red.colour"]
    assert expected == [path for path, _ in found]


@pytest.mark.parametrize(
    "body",
    [
        'type = "sftp"\nhost = "nas"\npath = "/a"\n',
        'type = "s3"\nbucket = "ab"\nprefix = "p"\n',
        'type = "rclone"\nremote = "g:m"\n',
    ],
)
def test_two_locations_on_one_remote_place_are_refused(tmp_path, body):
    """Two names for one bucket would count one copy twice."""
    found = overlaps(tmp_path, f"[location.a]\n{body}[location.b]\n{body}")

    assert [("location.b", "the same place as location.a")] == found
