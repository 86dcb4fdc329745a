"""How things are said: names made safe for a terminal, sizes, times, levels, findings.

    >>> safe(b"01 Caf\\xc3\\xa9\\x1b[2J.flac")
    '01 Café\\\\x1b[2J.flac'
    >>> size(3_300_000_000)
    '3.3 GB'

Everything that comes from a file name, a tag, a store or a server passes through `safe` before it is printed.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from fonoteca.core.copy import Level
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.report import MEANING, ExitCode
from fonoteca.core.times import time_text
from fonoteca.core.verdict import Verdict

_LONG = 160
"""Letters of a tag that a person is shown."""
_JOINERS = "\u200c\u200d\u00a0\u3000"
"""Not "printable" to Python, harmless in a terminal and ordinary in names: joiners, and two blanks."""


def safe(text: str | bytes) -> str:
    """`text` with every control, bidi override, invisible or undecodable character escaped, on one line.

    Terminals obey control characters (ECMA-48) and reorder around bidi overrides (Unicode UAX #9), so a name
    that holds them could act, or lie about itself.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    """One character as itself, or as the escape a Python programmer and `printf` know."""
    if char.isprintable() or char in _JOINERS:
        return char
    point = ord(char)
    if 0xDC80 <= point <= 0xDCFF:  # surrogateescape: the byte that was not UTF-8
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x100:
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char, f"\\x{point:02x}")
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def safe_lines(text: str) -> str:
    """As `safe`, for our own sentences of several lines (a config's problems): line breaks stay."""
    return "\n".join(safe(line) for line in text.split("\n"))


_VERDICT_NOUNS = {
    Verdict.TAG_EDIT: ("tag edit", "tag edits"),
    Verdict.VOLATILE_EDIT: (
        "edit by a player (play count, rating, loudness)",
        "edits by players (play counts, …)",
    ),
    Verdict.COMPANION_EDITED: ("companion edited", "companions edited"),
    Verdict.UNPROVEN: (
        "replaced without proof, the old one pinned",
        "replaced without proof, the old ones pinned",
    ),
}


def verdict_count(verdict: Verdict, count: int) -> str:
    """So many contents that came by a verdict: `330 tag edits`, `2 replaced`."""
    one, many = _VERDICT_NOUNS.get(verdict, (verdict.value, verdict.value))
    return f"{count:,} {one if count == 1 else many}"


def size(count: float) -> str:
    """Bytes, decimal, three digits: `3.3 GB`."""
    from humanize import naturalsize

    return naturalsize(count, format="%.1f").replace(" Bytes", " bytes").replace(" Byte", " byte")


def values(several: Sequence[str] | None) -> str:
    """`Jazz; Soul`; `(none)` where there is no such field. Long ones are cut: `--json` has all."""
    if not several:
        return "(none)"
    text = safe("; ".join(several))
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def number(count: int) -> str:
    """`1,234`."""
    return f"{count:,}"


def files(count: int) -> str:
    """`1 file`, `1,234 files`."""
    return counted(count, "file", "files")


def counted(count: int, one: str, many: str) -> str:
    """`count` with the word that fits it."""
    return f"{count:,} {one if count == 1 else many}"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, name, smaller, small_name in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name}" + (f" {rest} {small_name}" if rest else "")
    return f"{whole} s"


def rfc3339(time_ns: int) -> str:
    """UTC, as RFC 3339: `2026-03-01T14:05:00Z`."""
    try:
        return time_text(time_ns)
    except ValueError:  # a damaged file system can hold a time that no calendar has
        return f"{time_ns} ns"


def when(time_ns: int | None, now_ns: int) -> str:
    """A local date, and how long ago: `2026-03-01 14:05, 3 days ago`; `never`."""
    if time_ns is None:
        return "never"
    try:
        local = datetime.datetime.fromtimestamp(time_ns / 1e9).astimezone()
    except (OverflowError, ValueError, OSError):
        return f"{time_ns} ns"
    return f"{local:%Y-%m-%d %H:%M}, {ago(time_ns, now_ns)}"


def moment(time_ns: int) -> str:
    """A local time: `2026-03-01 14:05:07`."""
    return f"{datetime.datetime.fromtimestamp(time_ns / 1e9).astimezone():%Y-%m-%d %H:%M:%S}"


def day(time_ns: int) -> str:
    """A local date: `2026-03-01`."""
    try:
        return f"{datetime.datetime.fromtimestamp(time_ns / 1e9).astimezone():%Y-%m-%d}"
    except (OverflowError, ValueError, OSError):
        return f"{time_ns} ns"


def ago(time_ns: int | None, now_ns: int) -> str:
    """`never`, `now`, `3 days ago`."""
    if time_ns is None:
        return "never"
    seconds = (now_ns - time_ns) / 1e9
    if abs(seconds) < 60:
        return "just now"
    from humanize import naturaltime

    return naturaltime(datetime.timedelta(seconds=seconds))


_LEVELS = {
    Level.NONE: "not checked",
    Level.EXISTENCE: "existence only",
    Level.SIZE: "size only",
    Level.DIGEST: "the store's digest",
    Level.BYTES: "bytes, read back",
    Level.MEDIA: "media, read back from the device",
}


def level(value: Level) -> str:
    """A level for a person."""
    return _LEVELS[value]


_HEADINGS = {
    FindingKind.UNREADABLE: "Could not be read",
    FindingKind.CHANGING: "Changed while it was read",
    FindingKind.SKIPPED: "Skipped: not a regular file",
    FindingKind.GONE: "Gone from the library; what its copies hold is kept",
    FindingKind.ROT: "Rot: the bytes turned though nothing wrote them; held, not copied",
    FindingKind.SUSPECT: "Suspect: differs though size and date are as recorded; held, not copied",
    FindingKind.DAMAGED_BY_WRITE: "Damaged by a write; held, not copied",
    FindingKind.UNSTABLE_READS: "Reads differently each time; not copied",
    FindingKind.MACHINE: "This machine is in doubt",
    FindingKind.NOT_SEEN: "Not seen",
    FindingKind.MISSING: "Missing copies",
    FindingKind.DAMAGED: "Damaged copies",
    FindingKind.UNREADABLE_COPY: "Unreadable copies",
    FindingKind.DIFFERS: "Something else stands where a copy should; left as it is",
    FindingKind.NOT_COPIED: "Not copied: the place refuses this file",
    FindingKind.CHANGED_AT_LOCATION: "Changed at the location; put into quarantine",
    FindingKind.EXTRA: "Extra files that nobody recorded",
    FindingKind.PUT_ASIDE: "Put into quarantine: stood where fonoteca writes",
    FindingKind.UNFINISHED: "Update unfinished; the next backup completes it",
    FindingKind.MANIFEST_DAMAGED: "Manifest damaged",
    FindingKind.ROLLED_BACK: "The location's memory was rolled back",
    FindingKind.NOT_RESTORED: "Not restored",
    FindingKind.TAGS_UNREADABLE: "Tags unreadable; the file is protected all the same",
    FindingKind.DAMAGED_INSIDE: "Damaged inside, by the file's own checks; kept as it is",
    FindingKind.SIDECAR_DIFFERS: "Not what a checksum file beside it says: edited since, or damaged before",
    FindingKind.SOUND_UNCHECKED: "Sound not checked; the file is protected all the same",
    FindingKind.CLOCK: "The clock is in doubt; nothing is given up for its age yet",
    FindingKind.HELD: "Held",
}


def heading(kind: FindingKind) -> str:
    """What a group of findings of one kind is called."""
    return _HEADINGS[kind]


def whereabouts(library: str | None, path: bytes | None, location: str | None) -> str:
    """`music/Nina Simone/01.flac at red`, with what is not known left out."""
    name = "/".join(safe(part) for part in (library, path) if part)
    at = f"at {safe(location)}" if location else ""
    return " ".join(part for part in (name, at) if part)


def finding(seen: Finding) -> str:
    """One finding on one line."""
    where = whereabouts(seen.library, seen.path, seen.location)
    detail = safe(seen.detail)
    if seen.repairable is False:
        detail = f"{detail.removesuffix('.')}. Nothing known can repair it."
    return f"{where}: {detail}" if where else detail


def outcome(code: int) -> str:
    """One sentence for how a run ended."""
    if code in _OUTCOMES:
        return _OUTCOMES[ExitCode(code)]
    known = next((MEANING[each] for each in MEANING if each == code), "ended by a signal")
    return f"{known[:1].upper()}{known[1:]}."


MENDED = "Damage was found and repaired."
"""Of a repair that left nothing; its exit code is that of damage that could be repaired."""

_OUTCOMES = {
    ExitCode.DONE: "All done.",
    ExitCode.INCOMPLETE: "Not complete: something could not be read or reached.",
    ExitCode.REPAIRABLE: "Damage was found; another good copy is known.",
    ExitCode.LOST: "Damage was found that nothing known here can repair.",
    ExitCode.POLICY: "Fewer good copies than the policy asks for.",
    ExitCode.HELD: "Something is held and waits for your word.",
    ExitCode.BUDGET: "The budget is reached; the next run goes on from here.",
    ExitCode.AWAY: "Something asked for is away; the rest is done.",
}
