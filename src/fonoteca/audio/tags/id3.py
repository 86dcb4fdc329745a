"""ID3v2.2, 2.3, 2.4 and ID3v1, after Picard's mapping (picard-docs, appendix "Tag Mapping").

Raw form: `{"version": "2.3.0", "frames": {"TIT2": ["…"], "APIC:": {…}}, "unknown": [{"frame": "XYZW", …}]}`.
Frames of ID3v2.2 stand under their later names; the version says what lies on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fonoteca.audio.foreign import mutagen
from fonoteca.audio.model import Json, Picture, Tags
from fonoteca.audio.tags.fields import Fields, clock, fraction
from fonoteca.audio.tags.frames import Id3, Owned, Text
from fonoteca.audio.tags.raw import binary, jsonable, picture
from fonoteca.audio.tags.tables import ID3_TEXT, ID3_URL

_ROLES = {
    "arranger": "ARRANGER",
    "engineer": "ENGINEER",
    "producer": "PRODUCER",
    "mix": "MIXER",
    "mixer": "MIXER",
    "dj-mix": "DJMIXER",
    "composer": "COMPOSER",
    "conductor": "CONDUCTOR",
    "lyricist": "LYRICIST",
}
_MACHINE_COMMENTS = ("itun", "songs-db_", "musicmatch_")
"""Comments that programs write for themselves."""
_V1_COMMENT = "ID3v1 Comment"


def id3v2_tags(id3: Id3) -> Tags:
    """Normalised tags of one ID3v2 tag."""
    fields = Fields()
    several: dict[str, list[Any]] = {"COMM": [], "CHAP": [], "RVA2": []}
    for frame in id3.frames.values():
        name = frame.FrameID
        if field := ID3_TEXT.get(name):
            fields.add(field, *filter(None, frame.text))
        elif special := _SPECIAL.get(name):
            special(fields, frame)
        elif name in several:
            several[name].append(frame)
        elif name in ID3_URL:
            fields.add(ID3_URL[name], frame.url)
    _comments(fields, several["COMM"])
    _chapters(fields, several["CHAP"])
    _volume(fields, several["RVA2"])
    _old_dates(fields, id3.frames)
    _grouping(fields, id3.frames)
    return fields.tags()


def id3v2_pictures(id3: Id3) -> list[Picture]:
    """Attached pictures, in the order of the tag."""
    return [
        picture(frame.data, type=int(frame.type), mime=frame.mime, description=frame.desc)
        for frame in id3.frames.values()
        if frame.FrameID == "APIC"
    ]


def id3v2_raw(id3: Id3) -> Json:
    """The tag as it stands, for JSON."""
    raw: dict[str, Json] = {
        "version": id3.version,
        "frames": {key: _raw_frame(frame) for key, frame in id3.frames.items()},
    }
    if id3.unknown:
        raw["unknown"] = [
            {"frame": data[:4].decode("latin-1"), "data": binary(data[10:])} for data in id3.unknown
        ]
    return raw


def id3v1_values(data: bytes) -> dict[str, str]:
    """The fields of the 128 bytes of an ID3v1 or v1.1 tag; Latin-1, padding taken off."""
    values = {
        name: data[start:end].split(b"\0")[0].strip().decode("latin-1")
        for name, start, end in (
            ("TITLE", 3, 33),
            ("ARTIST", 33, 63),
            ("ALBUM", 63, 93),
            ("DATE", 93, 97),
            ("COMMENT", 97, 127 if data[125] or not data[126] else 125),
        )
    }
    if data[125] == 0 and data[126]:
        values["TRACKNUMBER"] = str(data[126])
    genres = mutagen("_constants.GENRES")
    if data[127] < len(genres):
        values["GENRE"] = genres[data[127]]
    return {name: value for name, value in values.items() if value}


def _genre(fields: Fields, frame: Any) -> None:
    """Numbers, `(17)` and `(17)Rock` become names; mutagen knows them all."""
    texts = frame.text
    if any(text[:1] == "(" or text.isdecimal() or text in ("RX", "CR") for text in texts):
        texts = mutagen("id3.TCON")(encoding=3, text=list(texts)).genres
    fields.add("GENRE", *filter(None, texts))


def _free(fields: Fields, frame: Any) -> None:
    name = frame.desc.removeprefix("QuodLibet::").upper()
    texts = list(filter(None, frame.text))
    if name.startswith("FMPS_PLAYCOUNT"):
        fields.add("_PLAYCOUNT", *(text.split(".")[0] for text in texts))
    elif name == "FMPS_RATING":
        fields.add("_RATING", *texts)
    if name:
        fields.add(name, *texts)


def _owner(fields: Fields, frame: Any) -> None:
    if frame.owner == "http://musicbrainz.org":
        fields.add("MUSICBRAINZ_TRACKID", frame.data.decode("ascii", "replace").rstrip("\0"))


def _lyrics(fields: Fields, frame: Any) -> None:
    if frame.text:
        fields.add("LYRICS", frame.text)


def _synced_lyrics(fields: Fields, frame: Any) -> None:
    if frame.format == 2:  # milliseconds; MPEG frames cannot be told in time from here
        lines = [
            f"[{at // 60_000:02}:{at // 1000 % 60:02}.{at % 1000 // 10:02}]{text}" for text, at in frame.text
        ]
        fields.add("SYNCEDLYRICS", "\n".join(line.replace("]\n", "]") for line in lines))


def _people(fields: Fields, frame: Any) -> None:
    for person in frame.people:
        role, name = (*person, "")[:2]
        field = _ROLES.get(role.lower()) if frame.FrameID != "TMCL" else None
        if name:
            fields.add(field or "PERFORMER", name if field or not role else f"{name} ({role})")


def _rating(fields: Fields, frame: Any) -> None:
    if frame.rating:
        fields.add("_RATING", fraction(frame.rating / 255))
    if getattr(frame, "count", 0):
        fields.add("_PLAYCOUNT", str(frame.count))


def _count(fields: Fields, frame: Any) -> None:
    fields.add("_PLAYCOUNT", str(frame.count))


def _link(fields: Fields, frame: Any) -> None:
    fields.add(f"URL:{frame.desc}" if frame.desc else "URL", frame.url)


_SPECIAL: dict[str, Callable[[Fields, Any], None]] = {
    "TCON": _genre,
    "TXXX": _free,
    "UFID": _owner,
    "USLT": _lyrics,
    "SYLT": _synced_lyrics,
    "TIPL": _people,
    "IPLS": _people,
    "TMCL": _people,
    "POPM": _rating,
    "PCNT": _count,
    "WXXX": _link,
}


def _comments(fields: Fields, frames: list[Any]) -> None:
    """The comment is the one without description, else the first that no program wrote for itself."""
    spare: list[str] = []
    for frame in frames:
        texts = [text for text in frame.text if text]
        if not frame.desc:
            fields.add("COMMENT", *texts)
        elif frame.desc == _V1_COMMENT:
            spare = texts
        else:
            fields.add(f"COMMENT:{frame.desc}", *texts)
            if not frame.desc.lower().startswith(_MACHINE_COMMENTS):
                spare = spare or texts
    fields.fill("COMMENT", *spare)


def _chapters(fields: Fields, frames: list[Any]) -> None:
    for frame in sorted(frames, key=lambda frame: int(frame.start_time)):
        titles = [str(sub) for sub in (frame.sub_frames or {}).values() if sub.FrameID == "TIT2"]
        fields.add(
            "_CHAPTERS", f"{clock(frame.start_time / 1000)} {titles[0] if titles else frame.element_id}"
        )


def _old_dates(fields: Fields, frames: dict[str, Any]) -> None:
    """ID3v2.3: year in TYER, day and month (`DDMM`) in TDAT, hour and minute in TIME."""
    year, day, time = (_first(frames, name) for name in ("TYER", "TDAT", "TIME"))
    if year and not fields.has("DATE"):
        if len(year) == 4 and len(day) == 4 and day.isdecimal():
            year += f"-{day[2:]}-{day[:2]}"
            if len(time) == 4 and time.isdecimal():
                year += f"T{time[:2]}:{time[2:]}:00"
        fields.add("DATE", year)
    if original := _first(frames, "TORY"):
        fields.fill("ORIGINALDATE", original)


def _grouping(fields: Fields, frames: dict[str, Any]) -> None:
    # Where iTunes wrote GRP1, TIT1 is the work; elsewhere it is the grouping (Picard's rule).
    if title := _first(frames, "TIT1"):
        fields.fill("WORK" if fields.has("GROUPING") else "GROUPING", title)


def _volume(fields: Fields, frames: list[Any]) -> None:
    for frame in frames:
        kind = frame.desc.upper()
        if kind in ("TRACK", "ALBUM") and frame.channel == 1:
            fields.fill(f"REPLAYGAIN_{kind}_GAIN", f"{frame.gain:+.2f} dB")
            if frame.peak:
                fields.fill(f"REPLAYGAIN_{kind}_PEAK", f"{frame.peak:.6f}")


def _first(frames: dict[str, Any], name: str) -> str:
    frame = frames.get(name)
    return str(frame.text[0]) if frame is not None and frame.text else ""


def _raw_frame(frame: Any) -> Json:
    if isinstance(frame, Text):
        texts: list[Json] = list(frame.text)
        if frame.desc is None:
            return texts
        raw: dict[str, Json] = {"desc": frame.desc, "text": texts}
        return raw if frame.lang is None else raw | {"lang": frame.lang}
    if isinstance(frame, Owned):
        return {"owner": frame.owner, "data": binary(frame.data)}
    values = {name: value for name, value in frame.__dict__.items() if name != "encoding"}
    if values.keys() == {"text"}:
        return jsonable(values["text"])
    return {name: _raw_value(value) for name, value in values.items()}


def _raw_value(value: Any) -> Json:
    if hasattr(value, "unknown_frames"):  # the frames inside a chapter
        return {key: _raw_frame(frame) for key, frame in value.items()}
    return jsonable(value)
