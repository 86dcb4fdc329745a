"""Protected files are flagged, whatever of their tags can be read."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from support.audio import inside, make_audio
from support.crafted import protected_mp4, protected_wma


@pytest.mark.parametrize(("entry", "word"), [(b"drms", "fairplay"), (b"enca", "cenc")])
def test_a_protected_sample_entry_is_seen(entry: bytes, word: str, tmp_path: Path):
    """The owner should know which of their purchases no other player can open."""
    found = inside(protected_mp4(tmp_path / "a.m4a", entry))

    assert (word, ["Locked"]) == (found.drm, found.tags["TITLE"])


@pytest.mark.parametrize(("suffix", "word"), [("m4p", "fairplay"), ("aax", "audible"), ("aaxc", "audible")])
def test_an_ending_that_only_protected_files_have_is_enough(suffix: str, word: str, tmp_path: Path):
    """Sellers' own endings mean protection even where the sample entry looks plain."""
    path = make_audio("m4a", tmp_path / "a.m4a", tags={"TITLE": "T"}).rename(tmp_path / f"a.{suffix}")

    found = inside(path)

    assert (word, ["T"]) == (found.drm, found.tags["TITLE"])


@pytest.mark.parametrize(
    "guid", ["2211b3fb-bd23-11d2-b4b7-00a0c955fc6e", "298ae614-2622-4c17-b935-dae07ee9289c"]
)
def test_asf_content_encryption_is_seen(guid: str, tmp_path: Path):
    """Both the old and the extended object mean that the sound is encrypted."""
    found = inside(protected_wma(tmp_path / "a.wma", UUID(guid).bytes_le))

    assert ("wmdrm", ["Locked"]) == (found.drm, found.tags["TITLE"])


@pytest.mark.parametrize("family", ["m4a", "wma"])
def test_a_plain_file_is_not_flagged(family: str, tmp_path: Path):
    """A false flag would frighten the owner away from files that work everywhere."""
    path = make_audio(family, tmp_path / ("a.m4a" if family == "m4a" else "a.wma"))

    assert inside(path).drm is None


def test_a_protected_file_whose_tags_cannot_be_read_is_still_flagged(tmp_path: Path):
    """That it is protected matters more than why its tags are odd."""
    path = protected_mp4(tmp_path / "a.m4a")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"hdlr", b"xxxx"))

    found = inside(path)

    assert ("fairplay", {}, True) == (found.drm, found.tags, (found.note or "").startswith("protected"))
