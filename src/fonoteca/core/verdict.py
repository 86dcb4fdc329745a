"""What a difference means: the whole verdict table of the design. Pure and total; the first row that matches decides.

    >>> judge(Facts(stat=StatClass.UNMOVED, readings=Readings.EQUAL))
    <Verdict.ROT: 'rot'>
    >>> judge(Facts(stat=StatClass.WRITTEN, is_track=False)).leads_outward
    True

Whatever is not known proves nothing: the defaults of `Facts` are the least that can be said of a file that was read.
Numbers in comments are rows of the table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from fonoteca.core.entry import FileStat
from fonoteca.core.sound import Payload, Soundness


class StatClass(StrEnum):
    """How a stat compares with the recorded one."""

    UNMOVED = "unmoved"
    """Size, mtime and ctime are equal."""
    TOUCHED = "touched"
    """Size and mtime are equal, ctime or inode moved (chmod, hard link, rename, a new disk)."""
    WRITTEN = "written"
    """Size or mtime moved."""
    CTIME_UNKNOWN = "ctime unknown"
    """Size and mtime are equal, and there is no ctime to trust (FAT, exFAT, many network mounts)."""


class Sight(StrEnum):
    """What the pass over a library saw of a path."""

    SEEN = "seen"
    AWAY = "away"
    """The library's mount is wrong or absent."""
    HIDDEN = "hidden"
    """Its folder was not fully listed, is newly excluded or unreadable, or the file kept changing while it was read."""
    ABSENT = "absent"
    """Its folder was fully listed on the recorded mount, and lstat says at the end of the pass that it is not there."""


class Origin(StrEnum):
    """Whose content stands at a path, by what is known of the whole library."""

    RECORDED = "recorded"
    """The entry that is recorded under this path."""
    NEW = "new"
    """A new path, and no entry explains it."""
    GONE = "gone"
    """A new path, with the content or the inode of an entry that is gone from its own."""
    STANDING = "standing"
    """A new path, with the content of an entry that still stands at its own."""
    EXCHANGED = "exchanged"
    """A known path, with the recorded content of another known path that changed too."""


class Readings(StrEnum):
    """How often the bytes were read, and whether they were the same each time."""

    NONE = "none"
    ONCE = "once"
    EQUAL = "equal"
    """Twice, the second time past the cache."""
    UNEQUAL = "unequal"


class Sameness(StrEnum):
    """How two payloads compare."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    """One of them is lacking, or they are digests of different definitions."""


class Facts(NamedTuple):
    """All that a verdict may look at. `stat` and the sound compare with the entry that `origin` speaks of."""

    sight: Sight = Sight.SEEN
    origin: Origin = Origin.RECORDED
    stat: StatClass | None = None
    """None: there is no recorded stat to compare with."""
    readings: Readings = Readings.ONCE
    is_same: bool = False
    """The content is the recorded one. Where two readings differ, that of the second reading, past the cache."""
    is_earlier: bool = False
    """The content is one that was recorded of this entry earlier."""
    is_track: bool = True
    is_emptied: bool = False
    """It has no bytes, and had some."""
    is_own_format: bool = True
    """It still parses as what its name says; True where nobody looked."""
    payload: Sameness = Sameness.UNKNOWN
    is_lossless_same: bool = False
    """The digests of the decoded sound that both contents declare are equal."""
    before: Soundness | None = None
    """What the format's own checks said of the recorded content; None: they were not made."""
    now: Soundness | None = None
    """The same of what was read."""
    tags_parse: bool = False
    is_volatile: bool = False
    """Only fields changed that programs count by themselves (`core/retag`)."""


class Verdict(StrEnum):
    """The meaning of what was seen. The word is what the catalogue, manifests and people read."""

    LIBRARY_AWAY = "library away"
    NOT_SEEN = "not seen"
    MOVED = "moved"
    """The recorded content of an entry that is gone from its own path. A file that moved and was edited has the verdict
    of the edit: its origin says that it moved too."""
    SWAPPED = "swapped"
    DUPLICATE = "duplicate"
    ADDED = "added"
    ADDED_DAMAGED = "added damaged"
    """New, and the format's own checks fail: copied all the same, since a poor copy beats none."""
    UNCHANGED = "unchanged"
    REVERTED = "reverted"
    """A content that was recorded of this entry before."""
    ROT = "rot"
    """Other bytes under a stat that did not move, read twice: the file system wrote nothing, the bytes turned."""
    UNSTABLE = "unstable reads"
    """Two readings differ, and the second is not what was recorded: the machine is to be doubted."""
    DAMAGED = "damaged by a write"
    """Emptied, no longer of its own format, or its own checks fail where they passed."""
    COMPANION_EDITED = "companion edited"
    TAG_EDIT = "tag edit"
    VOLATILE_EDIT = "volatile tag edit"
    """Play count, rating, loudness and the like."""
    SUSPECT = "suspect"
    """Nothing shows that somebody wanted this, and nothing shows that it is damage."""
    RECOMPRESSED = "recompressed"
    REPLACED = "replaced"
    """Other sound, and the format's own checks say that it is whole."""
    UNPROVEN = "replaced, unproven"
    """Other sound as far as is known, written by somebody, and nothing to prove it: the old content is pinned."""
    REMOVED = "removed"

    @property
    def leads_outward(self) -> bool:
        """True when what was read may be published at a location."""
        return self not in _STAYS

    @property
    def is_held(self) -> bool:
        """True when the entry waits for a person's word, or for its recorded content to be back."""
        return self in _HELD

    @property
    def is_version(self) -> bool:
        """True when what was read takes the place of the recorded content, which becomes history."""
        return self in _VERSIONS

    @property
    def pins_old(self) -> bool:
        """True when the superseded content is kept whatever its age, since the new one is not proven good."""
        return self is Verdict.UNPROVEN


_HELD = frozenset({Verdict.ROT, Verdict.SUSPECT, Verdict.DAMAGED})
_STAYS = _HELD | {Verdict.UNSTABLE, Verdict.LIBRARY_AWAY, Verdict.NOT_SEEN, Verdict.REMOVED}
_VERSIONS = frozenset(
    {
        Verdict.REVERTED,
        Verdict.COMPANION_EDITED,
        Verdict.TAG_EDIT,
        Verdict.VOLATILE_EDIT,
        Verdict.RECOMPRESSED,
        Verdict.REPLACED,
        Verdict.UNPROVEN,
    }
)
_NOT_LOOKED_AT = {
    Sight.AWAY: Verdict.LIBRARY_AWAY,  # 1
    Sight.HIDDEN: Verdict.NOT_SEEN,  # 2
    Sight.ABSENT: Verdict.REMOVED,  # 21
}


def judge(facts: Facts) -> Verdict:
    """What `facts` mean for an entry, or for a new path."""
    if facts.sight is not Sight.SEEN:
        return _NOT_LOOKED_AT[facts.sight]
    if facts.readings is Readings.NONE:
        return _unread(facts)
    is_known = facts.origin not in (Origin.NEW, Origin.STANDING)
    if facts.readings is Readings.UNEQUAL and not (is_known and facts.is_same):
        return Verdict.UNSTABLE  # 11, before all that believes in what was read
    if not is_known:
        return _new(facts)
    if facts.origin is Origin.EXCHANGED:  # it moves ctimes: under an unmoved stat it is a misdirected read
        return _changed(facts) if facts.stat is StatClass.UNMOVED else Verdict.SWAPPED  # 4
    if facts.is_same:
        return Verdict.MOVED if facts.origin is Origin.GONE else Verdict.UNCHANGED  # 3, 8
    return _changed(facts)


def wants_second_reading(facts: Facts) -> bool:
    """True when other bytes were read once under an equal size and mtime: read again, past the cache, before judging.

    What differs may have turned in memory on its way.
    """
    if facts.readings is not Readings.ONCE or facts.is_same:
        return False
    return facts.stat not in (None, StatClass.WRITTEN)


def wants_insight(facts: Facts) -> bool:
    """True when the bytes alone cannot say what a difference means: the file's inside is asked before judging."""
    if facts.is_same or not facts.is_track or facts.origin is not Origin.RECORDED or facts.stat is None:
        return False
    if facts.readings is Readings.UNEQUAL or facts.stat is StatClass.UNMOVED:
        return False
    return not (facts.is_emptied or facts.is_earlier)


def _unread(facts: Facts) -> Verdict:
    """By the stat alone. Without a ctime, all that can be said is that size and mtime stand."""
    if facts.origin is Origin.RECORDED and facts.stat in (StatClass.UNMOVED, StatClass.CTIME_UNKNOWN):
        return Verdict.UNCHANGED  # 7
    if facts.stat is StatClass.TOUCHED:  # a rename keeps the inode, and moves its ctime
        return _RENAMED.get(facts.origin, Verdict.NOT_SEEN)
    return Verdict.NOT_SEEN


_RENAMED = {Origin.GONE: Verdict.MOVED, Origin.EXCHANGED: Verdict.SWAPPED}  # 3, 4


def _new(facts: Facts) -> Verdict:
    if facts.origin is Origin.STANDING:
        return Verdict.DUPLICATE  # 5
    return Verdict.ADDED_DAMAGED if facts.now is Soundness.DAMAGED else Verdict.ADDED  # 6


def _changed(facts: Facts) -> Verdict:
    """Other bytes than the recorded ones."""
    if facts.stat is StatClass.UNMOVED:
        return Verdict.ROT if facts.readings is Readings.EQUAL else Verdict.SUSPECT  # 10
    if facts.is_earlier and not facts.is_emptied:
        return Verdict.REVERTED  # 9; many a file was seen empty once, and nobody goes back to that
    is_written = facts.stat is StatClass.WRITTEN
    if is_written and (facts.is_emptied or not facts.is_own_format):
        return Verdict.DAMAGED  # 12
    if not facts.is_track:
        return Verdict.COMPANION_EDITED if is_written else Verdict.SUSPECT  # 13, 16
    return _same_sound(facts) if facts.payload is Sameness.SAME else _other_sound(facts)


def _same_sound(facts: Facts) -> Verdict:
    if facts.stat not in (StatClass.TOUCHED, StatClass.WRITTEN):
        return Verdict.SUSPECT  # 15
    is_worse = facts.now is Soundness.DAMAGED and facts.before is not Soundness.DAMAGED
    if is_worse:  # the sound is whole and its frame broke: a tagger that left wrong offsets or sizes
        return Verdict.DAMAGED if facts.stat is StatClass.WRITTEN else Verdict.SUSPECT
    if not facts.tags_parse or not facts.is_own_format:
        return Verdict.SUSPECT
    return Verdict.VOLATILE_EDIT if facts.is_volatile else Verdict.TAG_EDIT  # 14


def _other_sound(facts: Facts) -> Verdict:
    is_written, is_sound = facts.stat is StatClass.WRITTEN, facts.now is Soundness.SOUND
    # A self-check covers the sound and not the tags: where nobody wrote, it proves something only if the sound is known
    # to be another.
    if not is_written and not (is_sound and facts.payload is Sameness.DIFFERS and facts.is_own_format):
        return Verdict.SUSPECT  # 16
    if facts.now is Soundness.DAMAGED and facts.before in _PASSED:
        return Verdict.DAMAGED  # 17, also where the damage left nothing to be digested
    if facts.is_lossless_same and facts.now is not Soundness.DAMAGED:
        return Verdict.RECOMPRESSED  # 18; broken frames still declare the digest that they had
    return Verdict.REPLACED if is_sound else Verdict.UNPROVEN  # 19, 20


_PASSED = frozenset({Soundness.SOUND, Soundness.STRUCTURE, Soundness.ALTERED})
"""What counts as passed: an MP3 that was altered after encoding has whole frames."""


def sameness(before: Payload | None, now: Payload | None) -> Sameness:
    """How two payloads compare: only digests of the same name do."""
    if before is None or now is None or before.name != now.name:
        return Sameness.UNKNOWN
    return Sameness.SAME if before.digest == now.digest else Sameness.DIFFERS


def stat_class(
    recorded: FileStat, seen: FileStat, *, ctime_trusted: bool, is_settled: bool = True
) -> StatClass:
    """Compare two stats of one path. `ctime_trusted` is False on file systems that keep no true ctime or inode.

    `is_settled` is False where the recorded times were so young when the file was read that a write in the same
    moment could have kept them: an equal ctime proves nothing then, another one still does.
    """
    if (recorded.size, recorded.mtime_ns) != (seen.size, seen.mtime_ns):
        return StatClass.WRITTEN
    if not ctime_trusted or recorded.ctime_ns == 0:
        return StatClass.CTIME_UNKNOWN
    if (recorded.ctime_ns, recorded.inode) != (seen.ctime_ns, seen.inode):
        return StatClass.TOUCHED
    return StatClass.UNMOVED if is_settled else StatClass.CTIME_UNKNOWN


_NO_TRUE_CTIME = frozenset(
    {"vfat", "msdos", "exfat", "ntfs", "ntfs3", "hfs", "hfsplus", "cifs", "smb3", "smbfs", "9p"}
)


def trusts_ctime(file_system_type: str) -> bool:
    """Whether a file system keeps a true change time and lasting inode numbers (FAT, SMB and FUSE ones do not)."""
    return file_system_type not in _NO_TRUE_CTIME and not file_system_type.startswith("fuse")
