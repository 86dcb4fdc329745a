"""What a library and a location may be called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.config.names import (
    folded,
    library_name_expected,
    location_name_expected,
    propose_library_name,
    propose_location_name,
)


@pytest.mark.parametrize("name", ["music", "Ana's music", "Música", "音楽", "a.b", "x" * 100, "-x"])
def test_a_library_may_be_called_what_a_folder_may_be_called_anywhere(name):
    """Its name is a folder at every location."""
    assert library_name_expected(name) is None


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".fonoteca", ".hidden", "a/b", "a\\b", "a:b", "a?", "trailing.", "trailing ", " leading",
     "a\nb", "a\x00b",
     "SHA256SUMS", "verify.TXT", "x" * 101, "音" * 67, 'say "hi"', "a|b", "<a>", "a*"],
)  # fmt: skip
def test_a_library_name_that_some_file_system_or_we_cannot_take_is_refused(name):
    """A name that is fine on ext4 and lost on exFAT would show only at the second location."""
    assert library_name_expected(name)


@pytest.mark.parametrize("name", ["red", "usb-red", "cloud_2", "Köln", "a.b"])
def test_a_location_has_a_plain_name(name):
    """Names as people have for their drives."""
    assert location_name_expected(name) is None


@pytest.mark.parametrize(
    "name", ["", "a/b", ".red", "~red", "-red", "my drive", "sftp://nas", "rclone:gdrive", "a\tb", "a\x1bb"]
)
def test_a_location_name_that_looks_like_a_path_a_url_or_an_option_is_refused(name):
    """On the command line a PLACE is a name, a path or a URL, told apart by these signs alone."""
    assert location_name_expected(name)


def test_names_that_differ_in_case_or_accents_form_alone_are_one():
    """A folding file system would put both libraries into one folder."""
    assert folded("MÚSICA") == folded("mu\u0301sica")


@pytest.mark.parametrize(
    ("path", "taken", "expected"),
    [
        (b"/home/ana/Music", [], "Music"),
        (b"/home/ana/Music/", ["music"], "Music-2"),
        (b"/", [], "music"),
        (b"/home/ana/.hidden", [], "hidden"),
        (b"/srv/a:b\xff", [], "a-b-"),
        (b"/srv/SHA256SUMS", [], "SHA256SUMS-2"),
    ],
)
def test_a_library_is_proposed_the_name_of_its_folder(path, taken, expected):
    """`protect` asks no questions."""
    assert expected == propose_library_name(path, taken)


@pytest.mark.parametrize(
    ("path", "taken", "expected"),
    [
        (b"/media/red/music-backup", [], "red"),
        (b"/media/ana/BLUE 2/music", [], "BLUE-2"),
        (b"/media/ana/BLUE", [], "BLUE"),
        (b"/run/media/ana/green/x", [], "green"),
        (b"/mnt/nas/backup", [], "nas"),
        (b"/mnt/nas/backup", ["nas"], "backup"),
        (b"/srv/backup", [], "backup"),
        (b"/", [], "location"),
        (b"/media/red/b", ["red", "b", "media"], "location"),
    ],
)
def test_a_location_is_proposed_the_name_of_its_drive(path, taken, expected):
    """Two drives with a folder `music-backup` each are known by the drives."""
    assert expected == propose_location_name(path, taken, user="ana")


@given(st.binary(max_size=30), st.lists(st.sampled_from(["music", "location", "a", "music-2"]), max_size=4))
def test_what_is_proposed_is_always_valid_and_free(path, taken):
    """Any folder that Linux allows can be protected without thinking of a name."""
    library, location = propose_library_name(path, taken), propose_location_name(path, taken)

    assert (None, None) == (library_name_expected(library), location_name_expected(location))
    assert not {folded(library), folded(location)} & {folded(name) for name in taken}
