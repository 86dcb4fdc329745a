"""Independent tag writers on the families of sizes and tables: what they do to the file is no change of its sound.

mutagen, ffmpeg (`-c copy`), TagLib (kid3-cli), AtomicParsley and WavPack's own wvtag: none shares code with another,
nor with the readers here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from mutagen.aiff import AIFF
from mutagen.asf import ASF, ASFByteArrayAttribute
from mutagen.dsdiff import DSDIFF
from mutagen.dsf import DSF
from mutagen.id3 import APIC, TIT2
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp4 import MP4, MP4Cover
from mutagen.musepack import Musepack
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from fonoteca.core.sound import Sound, Soundness
from support.audio import make_png
from support.sounds import Sample, sample, sound_of
from support.tools import run_tool

SUFFIX = {
    "m4a": "m4a", "alac": "m4a", "fragments": "m4a", "fragments on moof": "m4a", "quicktime pcm": "mov",
    "wav": "wav", "rf64": "wav", "wav 24": "wav", "aiff": "aiff", "aifc": "aifc", "wavpack": "wv",
    "hybrid wavpack": "wv", "tta": "tta", "ape": "ape", "musepack sv8": "mpc", "musepack sv7": "mpc",
    "dsf": "dsf", "dsdiff": "dff", "wma": "wma",
}  # fmt: skip
BIG = 5 << 20


def big_png() -> bytes:
    """Five megabytes that begin as a picture does."""
    return make_png() + random.Random(5).randbytes(BIG)


def placed(name: str, folder: Path) -> tuple[Sample, Path]:
    """A sample as a file."""
    one = sample(name)
    path = folder / f"a.{SUFFIX[name]}"
    path.write_bytes(one.data)
    return one, path


def sound_at(family: str, path: Path) -> Sound:
    """What is said of the file as it is now."""
    return sound_of(family, path.read_bytes(), path.name.encode())


def with_mutagen(path: Path) -> None:
    """A title and a cover of five megabytes."""
    cover = big_png()
    if path.suffix in (".m4a", ".mov"):
        mp4 = MP4(path)
        mp4["\xa9nam"], mp4["covr"] = "A title", [MP4Cover(cover, MP4Cover.FORMAT_PNG)]
        mp4.save()
        return
    if path.suffix == ".wma":
        asf = ASF(path)
        asf["Title"], asf["WM/Picture"] = "A title", [ASFByteArrayAttribute(cover[:60_000])]
        asf.save()
        return
    apes = {".wv": WavPack, ".ape": MonkeysAudio, ".mpc": Musepack}
    if path.suffix in apes:
        file = apes[path.suffix](path)
        if file.tags is None:
            file.add_tags()
        file["Title"], file["Cover Art (Front)"] = "A title", b"a.png\0" + cover
        file.save()
        return
    kinds = {".wav": WAVE, ".aiff": AIFF, ".aifc": AIFF, ".tta": TrueAudio, ".dsf": DSF, ".dff": DSDIFF}
    file = kinds[path.suffix](path)
    if file.tags is None:
        file.add_tags()
    file.tags.add(TIT2(encoding=3, text="A title"))
    file.tags.add(APIC(encoding=3, mime="image/png", type=3, desc="front", data=cover))
    file.save()


def with_kid3(path: Path) -> None:
    """A title, a rating and a cover of five megabytes, by TagLib."""
    picture = path.parent / "cover.png"
    picture.write_bytes(big_png())
    run_tool("kid3-cli", "-c", 'set title "A title"', "-c", f'set picture:"{picture}" ""', str(path))


def with_ffmpeg(path: Path) -> None:
    """A title; the whole container is written anew."""
    aside = path.with_name(f"b{path.suffix}")
    form = {".mpc": (), ".aifc": ("-f", "aiff")}.get(path.suffix, ())
    run_tool(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        "0:a",
        "-c",
        "copy",
        "-metadata",
        "title=T",
        *form,
        str(aside),
    )
    aside.replace(path)


def with_atomicparsley(path: Path) -> None:
    """A title and a cover of five megabytes."""
    picture = path.parent / "cover.png"
    picture.write_bytes(big_png())
    run_tool("AtomicParsley", str(path), "--title", "A title", "--artwork", str(picture), "--overWrite")


def without_any(path: Path) -> None:
    """AtomicParsley takes all tags away again."""
    with_atomicparsley(path)
    run_tool("AtomicParsley", str(path), "--metaEnema", "--overWrite")


def with_wvtag(path: Path) -> None:
    """A title and a cover of five megabytes, then the title taken away."""
    picture = path.parent / "cover.png"
    picture.write_bytes(big_png())
    run_tool("wvtag", "-q", "-y", "--allow-huge-tags", "-w", "Title=A title", "-w", "Artist=B",
             "--write-binary-tag", f"Cover Art (Front)=@{picture}", str(path))  # fmt: skip
    run_tool("wvtag", "-q", "-y", "-d", "Title", str(path))


def with_mpcgain(path: Path) -> None:
    """ReplayGain, which stands in the stream itself."""
    run_tool("mpcgain", str(path))


WRITERS: dict[Callable[[Path], None], tuple[str, ...]] = {
    with_mutagen: ("m4a", "alac", "fragments on moof", "wav", "wav 24", "aiff", "aifc", "wavpack", "hybrid wavpack",
                   "tta", "musepack sv8", "dsf", "dsdiff", "wma"),
    with_kid3: ("m4a", "alac", "wav", "wav 24", "aiff", "wavpack", "tta", "musepack sv8", "dsf", "dsdiff", "wma"),
    with_ffmpeg: ("m4a", "alac", "fragments", "fragments on moof", "quicktime pcm", "wav", "rf64", "wav 24",
                  "aiff", "aifc", "wavpack", "tta", "wma"),
    with_atomicparsley: ("m4a", "alac"),
    without_any: ("m4a", "alac"),
    with_wvtag: ("wavpack", "hybrid wavpack"),
    with_mpcgain: ("musepack sv8",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("writer", "name"), [(writer, name) for writer, names in WRITERS.items() for name in sorted(names)],
    ids=lambda value: getattr(value, "__name__", value),
)  # fmt: skip
def test_a_tag_edit_leaves_the_digest_and_the_word(writer: Callable[[Path], None], name: str, tmp_path: Path):
    """Else each retagged album would come up as replaced or damaged."""
    one, path = placed(name, tmp_path)
    before = sound_at(one.family, path)

    writer(path)

    after = sound_at(one.family, path)
    assert one.data != path.read_bytes()
    assert before.payload == after.payload, after
    # ffmpeg leaves out the block that holds WavPack's MD5: the header announces it, so something is missing.
    is_less = (writer, name) == (with_ffmpeg, "wavpack")
    assert (Soundness.STRUCTURE if is_less else before.check.soundness) == after.check.soundness


@pytest.mark.parametrize(
    ("writer", "name"),
    [
        (with_mutagen, "fragments"),
        (with_atomicparsley, "fragments"),
        (with_atomicparsley, "fragments on moof"),
    ],
)
def test_a_writer_that_breaks_the_offsets_shows(writer: Callable[[Path], None], name: str, tmp_path: Path):
    """These three really do it: `moov` grows and places are not, or not all, moved with it. ffmpeg decodes noise."""
    one, path = placed(name, tmp_path)
    before = sound_at(one.family, path)

    writer(path)

    after = sound_at(one.family, path)
    assert before.payload != after.payload
    assert Soundness.DAMAGED is after.check.soundness
