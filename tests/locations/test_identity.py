"""A place says who it is, and whatever it says wrongly keeps us out."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fonoteca.core.place import Traits
from fonoteca.errors import Away, Conflict, Denied, Foreign
from fonoteca.locations.folder import FolderLocation
from fonoteca.locations.identity import marker_bytes, new_identity, parse_marker
from support.places import folder_location, put


@pytest.fixture
def location(tmp_path: Path) -> FolderLocation:
    """An adopted folder."""
    return folder_location(tmp_path / "red")


def marker(location: FolderLocation) -> Path:
    """Its file."""
    return Path(os.fsdecode(location.path), ".fonoteca/location.json")


def change(location: FolderLocation, **values: Any) -> None:
    """Write other values into it."""
    value = json.loads(marker(location).read_text())
    marker(location).write_text(json.dumps({**value, **values}))


def refused(location: FolderLocation) -> str:
    """The sentence with which opening fails."""
    with pytest.raises((Away, Foreign, Denied)) as caught, location.open(write=False):
        pass
    return f"{type(caught.value).__name__}: {caught.value}"


def test_a_marker_comes_back_as_it_was_written() -> None:
    """Identity and traits survive, whatever the names of file systems."""
    identity = replace(new_identity(b"/"), file_system="nas:/export/\udcff ü")
    traits = Traits(folds_case=True, reserved='<>:"|', mtime_precision_ns=2_000_000_000)

    found = parse_marker("red", marker_bytes(identity, traits))

    assert (found.identity, found.traits) == (identity, traits)


def test_a_folder_without_marker_is_away(location: FolderLocation) -> None:
    """An empty mount point is not an empty location."""
    marker(location).unlink()

    assert refused(location).startswith("Away: red is away: ")
    assert location.peek() is None


def test_a_folder_that_is_not_there_is_away(location: FolderLocation) -> None:
    """Nothing is made where a drive is to be mounted."""
    shutil.rmtree(location.path)

    assert "is not there" in refused(location)
    assert not os.path.exists(location.path)


def test_a_file_in_its_place_is_away(location: FolderLocation) -> None:
    """The path is wrong."""
    shutil.rmtree(location.path)
    Path(os.fsdecode(location.path)).write_bytes(b"")

    assert "is not a folder" in refused(location)


def test_another_location_in_its_place_is_away(location: FolderLocation, tmp_path: Path) -> None:
    """Two drives that are mounted the wrong way round."""
    other = folder_location(tmp_path / "blue")
    location.path = other.path

    assert "another location is in its place" in refused(location)


def test_the_nonce_counts_as_well_as_the_id(location: FolderLocation) -> None:
    """A marker cannot be made by hand from what reports show."""
    change(location, nonce="0" * 32)

    assert "another location" in refused(location)


def test_a_marker_copied_to_another_file_system_is_away(location: FolderLocation) -> None:
    """`cp -a` of a location is not the location."""
    change(location, file_system="uuid:somewhere-else")

    assert "a copy of it" in refused(location)
    assert "fonoteca location adopt red" in refused(location)


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="there is no second file system")
def test_a_copy_of_the_whole_location_on_another_disk_is_away(location: FolderLocation) -> None:
    """The same with a real second file system."""
    copy = Path("/dev/shm") / f"fonoteca-copy-{os.getpid()}"
    shutil.copytree(os.fsdecode(location.path), copy)
    try:
        location.path = os.fsencode(copy)

        assert "a copy of it" in refused(location)
    finally:
        shutil.rmtree(copy)


def test_the_same_location_found_under_another_path_is_the_location(location: FolderLocation) -> None:
    """A drive may be mounted elsewhere."""
    os.rename(location.path, location.path + b" elsewhere")
    location.path += b" elsewhere"

    with location.open(write=True) as place:
        assert place.identity == location.expected


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '{"type": "other"}', '{"type": "fonoteca location", "format": 1}', "[" * 100_000],
)
def test_a_damaged_marker_cannot_be_trusted(location: FolderLocation, text: str) -> None:
    """Neither believed nor overwritten."""
    marker(location).write_text(text)

    assert refused(location).startswith("Foreign: ")
    assert location.expected is not None
    with pytest.raises(Foreign):
        location.adopt(location.expected)
    assert marker(location).read_text() == text


def test_a_marker_of_a_newer_format_is_left_to_the_newer_program(location: FolderLocation) -> None:
    """We do not know what it promises."""
    change(location, format=2)

    assert "Use the newer fonoteca" in refused(location)


def test_a_newer_writer_may_have_noted_more_traits(location: FolderLocation) -> None:
    """Within a format, what is not known is left aside."""
    value = json.loads(marker(location).read_text())
    change(location, traits={**value["traits"], "sings": True}, more="to come")

    with location.open(write=False) as place:
        assert place.traits == Traits()


def test_a_bare_location_is_opened_for_reading_only(location: FolderLocation) -> None:
    """Without a memory of it we may look, not touch."""
    location.expected = None
    with location.open(write=False) as place:
        assert place.identity == location.peek()
    with pytest.raises(Denied), location.open(write=True):
        pass


def test_adopting_leaves_what_stands_there_and_nothing_else(tmp_path: Path) -> None:
    """An existing mirror becomes a location as it is."""
    (tmp_path / "red/music").mkdir(parents=True)
    (tmp_path / "red/music/a.flac").write_bytes(b"theirs")
    folder_location(tmp_path / "red")

    found = sorted(str(path.relative_to(tmp_path / "red")) for path in (tmp_path / "red").rglob("*"))
    assert found == [".fonoteca", ".fonoteca/location.json", "music", "music/a.flac"]
    assert (tmp_path / "red/music/a.flac").read_bytes() == b"theirs"


def test_probing_leaves_nothing(tmp_path: Path) -> None:
    """Looking at a place does not make it ours."""
    location = FolderLocation("red", os.fsencode(tmp_path / "red"), None)

    assert isinstance(location.probe(), Traits)
    assert os.listdir(location.path) == []


def test_adopting_again_keeps_who_it_is_and_what_it_holds(location: FolderLocation) -> None:
    """After moving to a new disk the marker is written anew."""
    assert location.expected is not None
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
    location.adopt(location.expected, Traits(streams=2))

    with location.open(write=True) as place:
        assert place.traits.streams == 2


def test_a_place_is_not_adopted_over_another_location(location: FolderLocation) -> None:
    """Its manifests would belong to nobody."""
    other = replace(new_identity(location.path), id="2" * 32)
    with pytest.raises(Conflict):
        location.adopt(other)

    assert location.peek() == location.expected


def test_an_identity_made_for_another_file_system_is_not_written(tmp_path: Path) -> None:
    """The drive went between the question and the answer."""
    identity = replace(new_identity(os.fsencode(tmp_path)), file_system="uuid:gone")
    location = FolderLocation("red", os.fsencode(tmp_path / "red"), identity)
    with pytest.raises(Away):
        location.adopt(identity)

    assert location.peek() is None


def test_a_copy_is_read_as_a_bare_location_when_it_is_asked_for_so(location: FolderLocation) -> None:
    """`restore --from` a copied drive has to work; with an expectation it stays away."""
    change(location, file_system="uuid:somewhere-else")
    bare = FolderLocation("red", location.path, None, anywhere=True)
    expecting = FolderLocation("red", location.path, location.expected, anywhere=True)
    with bare.open(write=False) as place:
        assert place.identity.id == location.expected.id if location.expected else False

    assert "a copy of it" in refused(expecting)
