"""DSF and DSDIFF: the format of the one-bit samples, and the samples.

`dsf/1` is the digest over two parts (`payload.Digesting`):

1. the 40 bytes of the `fmt ` chunk behind its header of twelve;
2. the data of the `data` chunk behind its header of twelve: as much as there is where the file ends within it.

`dsdiff/1` is the digest over an even number of parts: for each local chunk of `PROP` that describes the sound, and
then for the first `DSD ` or `DST ` chunk, its id and its data. Those are all `FS  `, then all `CHNL`, `CMPR`, `LSCO`.

The structure holds where the sizes fit the file, and in DSF where the samples are as many as declared.
Sources: Sony, "DSF File Format Specification" 1.01; Philips, "DSDIFF" 1.5.
"""

from __future__ import annotations

from collections.abc import Sequence

from fonoteca.audio.chunks import Chunk, chunks
from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.layout import Broken, Strange, feed, fields, told
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "dsf/1"
NAME_DSDIFF = "dsdiff/1"
_DESCRIBING = (b"FS  ", b"CHNL", b"CMPR", b"LSCO")
_LONGEST = 1 << 16


def read(source: Source) -> Sound:
    """The sound of a DSF file, or of a DSDIFF file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    head = source.at(0, 16)
    if head[:4] == b"DSD ":
        return _dsf(source)
    if head[:4] == b"FRM8" and head[12:16] == b"DSD ":
        return _dsdiff(source)
    raise Strange("neither a DSF nor a DSDIFF file")


def _dsf(source: Source) -> Sound:
    _, head, total, tag = fields(source, 0, "<4sQQQ")
    name, size = fields(source, 28, "<4sQ")
    if head != 28 or name != b"fmt " or size != 52:
        raise Strange("a DSF header of another form")
    version, kind, _, channels, _, bits, samples, block, _ = fields(source, 40, "<IIIIIIQII")
    name, size = fields(source, 80, "<4sQ")
    if name != b"data" or size < 12:
        raise Broken("there is no data chunk behind the format", 80)
    stop = 80 + size
    digest = Digesting(NAME)
    digest.part(source.at(40, 40))
    digest.begin(max(0, min(stop, source.size) - 92))
    feed(source, 92, min(stop, source.size), digest.update)
    detail = None
    if stop > source.size or total > source.size:
        detail = f"the file ends {max(stop, total) - source.size} bytes too early"
    elif total < stop or (tag and not stop <= tag <= total):
        detail = "its sizes contradict each other"
    elif (version, kind) == (1, 0) and bits in (1, 8) and _needed(samples, channels, bits, block) > size - 12:
        detail = "there are fewer samples than declared"
    if detail:
        return Sound(SelfCheck(Soundness.DAMAGED, detail, min(stop, source.size)), digest.payload())
    return Sound(
        SelfCheck(Soundness.STRUCTURE, "its sizes fit the file and its number of samples"), digest.payload()
    )


def _needed(samples: int, channels: int, bits: int, block: int) -> int:
    """Bytes of the samples of all channels, whose last block may be cut short in spite of the specification."""
    return (samples * bits + 7) // 8 * channels if block else 0


def _dsdiff(source: Source) -> Sound:
    _, size, _ = fields(source, 0, ">4sQ4s")
    end = sound_span(source).end
    found = [chunk for chunk in chunks(source, 16, source.size, ">Q") if chunk.start - 12 < end]
    sound = next((chunk for chunk in found if chunk.id in (b"DSD ", b"DST ")), None)
    prop = next((chunk for chunk in found if chunk.id == b"PROP"), None)
    if sound is None or prop is None:
        raise Broken("there is no sound, or nothing that describes it", source.size)
    digest = Digesting(NAME_DSDIFF)
    for chunk in _describing(source, prop):
        digest.part(chunk.id)
        digest.part(chunk.read(source, _LONGEST))
    digest.part(sound.id)
    digest.begin(sound.size)
    feed(source, sound.start, sound.start + sound.size, digest.update)
    return Sound(_check(source, found, size, sound), digest.payload())


def _describing(source: Source, prop: Chunk) -> list[Chunk]:
    if source.at(prop.start, 4) != b"SND ":
        raise Strange("properties of something that is no sound")
    local = list(chunks(source, prop.start + 4, prop.start + prop.size, ">Q"))
    found = [chunk for name in _DESCRIBING for chunk in local if chunk.id == name]
    if not {b"FS  ", b"CHNL", b"CMPR"} <= {chunk.id for chunk in found}:
        raise Broken("the sound's properties are not all there", prop.start)
    if any(chunk.declared > min(chunk.size, _LONGEST) for chunk in found):
        raise Broken("the sound's properties do not fit their chunk", prop.start)
    return found


def _check(source: Source, found: Sequence[Chunk], size: int, sound: Chunk) -> SelfCheck:
    for chunk in found:
        if chunk.declared > chunk.size and (chunk is sound or chunk.id.isascii()):
            detail = f"the file ends {chunk.declared - chunk.size} bytes too early"
            return SelfCheck(Soundness.DAMAGED, detail, source.size)
    if size + 12 < sound.start + sound.size:
        return SelfCheck(Soundness.DAMAGED, "the sound ends behind the end of the form", size + 12)
    if size + 12 > source.size + 1:  # the last chunk may lack its pad byte
        detail = f"the file ends {size + 12 - source.size} bytes before its form"
        return SelfCheck(Soundness.DAMAGED, detail, source.size)
    return SelfCheck(Soundness.STRUCTURE, "the sizes of its chunks fit the file")
