"""Which family a file belongs to: by its first bytes, where these are silent by its name.

>>> family_of(b"fLaC\\0\\0\\0\\x22", "flac")
'flac'
"""

from __future__ import annotations

from fonoteca.core.entry import TRACK_SUFFIXES

_ASF_GUID = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_W64_GUID = bytes.fromhex("726966662e91cf11a5d628db04c10000")

_FOUR = {
    b"fLaC": "flac",
    b"OggS": "ogg",
    b"wvpk": "wavpack",
    b"MAC ": "ape",
    b"MPCK": "musepack",
    b"OFR ": "optimfrog",
    b"tBaK": "tak",
    b"TTA1": "tta",
    b"TTA2": "tta",
    b"MThd": "midi",
    b"DSD ": "dsf",
    b"ADIF": "aac",
    # known, but without a reader here
    b"\x1a\x45\xdf\xa3": "matroska",
    b"caff": "caf",
    b".snd": "au",
    b"dns.": "au",
    b"ajkg": "shorten",
    b"\x7f\xfe\x80\x01": "dts",
    b"\xfe\x7f\x01\x80": "dts",
    b".ra\xfd": "realaudio",
    b".RMF": "realaudio",
    b"IMPM": "it",
}
_TWO = {b"\x0b\x77": "ac3"}
_LONG = {_ASF_GUID: "asf", _W64_GUID: "w64", b"Extended Module:": "xm"}
_FORMS = {
    (b"RIFF", b"WAVE"): "wav",
    (b"RF64", b"WAVE"): "wav",
    (b"BW64", b"WAVE"): "wav",
    (b"FORM", b"AIFF"): "aiff",
    (b"FORM", b"AIFC"): "aiff",
}
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

NO_READER = frozenset(
    {"matroska", "caf", "au", "w64", "shorten", "dts", "realaudio", "xm", "it", "s3m", "mod"}
)
"""Families that are told by their first bytes but whose inside nothing here reads."""

_SHORT = frozenset({"mpeg", "aac", "ac3", "mp4", "s3m"})

_BY_SUFFIX = {
    **dict.fromkeys(("mp3", "mp2", "mp1", "mpa"), "mpeg"),
    **dict.fromkeys(("mpc", "mpp", "mp+"), "musepack"),
    **dict.fromkeys(("m4a", "m4b", "m4p", "m4r", "mp4", "alac", "aax", "aaxc"), "mp4"),
    **dict.fromkeys(("ogg", "oga", "opus", "spx"), "ogg"),
    **dict.fromkeys(("aif", "aiff", "aifc"), "aiff"),
    **dict.fromkeys(("wav", "wave", "rf64"), "wav"),
    **dict.fromkeys(("mid", "midi"), "midi"),
    **dict.fromkeys(("ac3", "eac3"), "ac3"),
    **dict.fromkeys(("ofr", "ofs"), "optimfrog"),
    **dict.fromkeys(("wma", "asf"), "asf"),
    "flac": "flac",
    "aac": "aac",
    "wv": "wavpack",
    "ape": "ape",
    "tak": "tak",
    "tta": "tta",
    "dsf": "dsf",
    "dff": "dsdiff",
}


def family_of(head: bytes, suffix: str) -> str | None:
    """The family whose reader is to try; None where neither bytes nor name are those of audio.

    `head` are the first bytes after any ID3v2 or APEv2 tag in front, 1,084 of them where there are as many.
    Short marks (an MPEG sync is eleven bits: a text in UTF-16 begins like one) count only under an audio
    file's name.
    """
    family = _by_bytes(head, suffix)
    if family in _SHORT and suffix not in TRACK_SUFFIXES:
        return None
    return family or _BY_SUFFIX.get(suffix)


def _by_bytes(head: bytes, suffix: str) -> str | None:
    if family := (_FOUR.get(head[:4]) or _TWO.get(head[:2]) or _LONG.get(head[:16])):
        return family
    if head[:3] == b"MP+":
        return "musepack"
    if form := _FORMS.get((head[:4], head[8:12])):
        return form
    if head[:4] == b"FRM8" and head[12:16] == b"DSD ":
        return "dsdiff"
    if head[4:8] in _MP4_BOXES:
        return "mp4"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # ADTS has layer bits 00, which no MPEG audio frame has.
        return "aac" if head[1] & 0xF6 == 0xF0 else "mpeg"
    if head[44:48] == b"SCRM":
        return "s3m"
    if suffix == "mod" and head[1080:1084] in (b"M.K.", b"M!K!", b"FLT4", b"4CHN", b"6CHN", b"8CHN"):
        return "mod"
    return None
