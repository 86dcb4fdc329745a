"""The quick way through an ID3v2 tag against mutagen's own."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen import id3

from fonoteca.audio.foreign import mutagen
from fonoteca.audio.tags.frames import Owned, Text, known_frames, read_id3v2

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), min_size=1, max_size=200
)
FRAME = st.one_of(
    st.builds(
        lambda name, encoding, texts: getattr(id3, name)(encoding=encoding, text=texts),
        st.sampled_from(["TIT2", "TPE1", "TALB", "TRCK", "TPOS", "TCON", "TCOM", "TBPM", "TSRC", "TCMP"]),
        st.sampled_from([1, 3]),
        st.lists(TEXT, min_size=1, max_size=3),
    ),
    st.builds(
        lambda encoding, name, texts: id3.TXXX(encoding=encoding, desc=name, text=texts),
        st.sampled_from([1, 3]),
        TEXT,
        st.lists(TEXT, min_size=1, max_size=3),
    ),
    st.builds(
        lambda encoding, name, text: id3.COMM(encoding=encoding, lang="eng", desc=name, text=[text]),
        st.sampled_from([1, 3]),
        TEXT,
        TEXT,
    ),
    st.builds(
        lambda owner, data: id3.UFID(owner=owner, data=data),
        st.sampled_from(["http://a", "b"]),
        st.binary(max_size=64),
    ),
    st.builds(lambda data: id3.PRIV(owner="o", data=data), st.binary(min_size=1, max_size=300)),
    st.builds(
        lambda data: id3.APIC(encoding=3, mime="image/png", desc="d", data=data), st.binary(max_size=300)
    ),
)


def _plain(frames: dict[str, object]) -> dict[str, object]:
    return {key: list(getattr(frame, "text", [])) or _rest(frame) for key, frame in frames.items()}


def _rest(frame: object) -> object:
    return (frame.owner, frame.data) if isinstance(frame, Owned | id3.UFID) else frame.__dict__


@pytest.mark.parametrize("version", [3, 4])
def test_the_quick_way_finds_what_mutagen_finds(version: int):
    """Speed is worth nothing if one title in a thousand reads otherwise."""

    @settings(max_examples=150)
    @given(st.lists(FRAME, min_size=1, max_size=6))
    def check(frames: list[id3.Frame]) -> None:
        file = io.BytesIO()
        tag = id3.ID3()
        for frame in frames:
            tag.add(frame)
        tag.save(file, v2_version=version, v1=0)
        data = file.getvalue()
        slow = mutagen("id3.ID3")(
            io.BytesIO(data), known_frames=known_frames(), translate=False, load_v1=False
        )

        assert _plain(dict(slow.items())) == _plain(read_id3v2(data).frames)

    check()


def test_plain_text_does_take_the_quick_way():
    """A change that sends every frame to mutagen would double the time and break nothing else."""
    file = io.BytesIO()
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text=["T"]))
    tag.add(id3.TRCK(encoding=0, text=["1/2"]))
    tag.add(id3.TXXX(encoding=1, desc="d", text=["v"]))
    tag.add(id3.COMM(encoding=1, lang="eng", desc="", text=["c"]))
    tag.add(id3.UFID(owner="o", data=b"d"))
    tag.save(file)

    frames = read_id3v2(file.getvalue()).frames

    assert {Text, Owned} == {type(frame) for frame in frames.values()}
