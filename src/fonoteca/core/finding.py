"""Damage or lack that was seen. A value; what stops us is an exception (`errors.py`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class FindingKind(StrEnum):
    """What was seen. The word is what JSON, the catalogue and people read."""

    # in a library
    UNREADABLE = "unreadable"
    """A file or folder of a library could not be read."""
    CHANGING = "changing"
    """A file changed while it was read, twice."""
    SKIPPED = "skipped"
    """Not a regular file, a link or a folder (socket, FIFO, device): never opened."""
    GONE = "gone"
    """An entry is no longer in its library; its copies are untouched."""
    ROT = "rot"
    """The bytes of a library file turned: its stat did not move, and two readings agree."""
    SUSPECT = "suspect"
    """The bytes of a library file differ though its size and mtime are as recorded, and nothing shows why."""
    DAMAGED_BY_WRITE = "damaged by a write"
    """A library file was written, and is empty, of no known form, or failing its own checks now."""
    UNSTABLE_READS = "unstable reads"
    """Two readings of a library file differ: the machine is to be doubted, nothing is copied from it."""
    MACHINE = "machine in doubt"
    """So many files of a library turned at once that it is not about single files."""
    NOT_SEEN = "not seen"
    """A part of a library could not be looked at: a mount that is away, a folder not fully listed."""
    # at a location
    MISSING = "missing"
    """A copy that should stand at a location is not there."""
    DAMAGED = "damaged"
    """A copy's bytes are not what was recorded."""
    UNREADABLE_COPY = "unreadable copy"
    """A copy stands there but could not be read."""
    DIFFERS = "differs at location"
    """Something else stands under the key that a copy should have; it is left as it is."""
    NOT_COPIED = "not copied"
    """The place refuses this one file: it is too large for its file system, or its folder may not be written."""
    CHANGED_AT_LOCATION = "changed at location"
    """A copy was changed behind our back; the strange bytes were put into quarantine."""
    EXTRA = "extra"
    """A file at a location that nobody recorded; listed, not alarmed about."""
    PUT_ASIDE = "put aside"
    """A file of somebody's stood under a name that fonoteca writes (SHA256SUMS); it lies in quarantine now."""
    UNFINISHED = "update unfinished"
    """A run was cut off between an intent and its end; the next backup completes it."""
    MANIFEST_DAMAGED = "manifest damaged"
    ROLLED_BACK = "rolled back"
    """The location's memory is older than ours, or forked from it: its claims fall to `none`."""
    # in the folder that a restore fills
    NOT_RESTORED = "not restored"
    """An entry could not be brought back: no good copy of it is here, or the folder cannot take it."""
    # about a file's inside
    TAGS_UNREADABLE = "tags unreadable"
    DAMAGED_INSIDE = "damaged inside"
    """A file's own checksums or structure say that its sound is damaged; it is copied as it is."""
    SOUND_UNCHECKED = "sound not checked"
    """Looking at its sound took too long, or too much."""
    SIDECAR_DIFFERS = "sidecar differs"
    """A checksum file beside the music says something else of a file: it was edited since, or it is not that file."""
    # about the machine
    CLOCK = "clock in doubt"
    """The wall clock differs by more than seven days from the journal: nothing is given up for its age yet."""
    # about a hold
    HELD = "held"


class Severity(StrEnum):
    """How a finding weighs in an exit code."""

    NOTE = "note"
    """Worth a line, no more: an extra file, a skipped socket."""
    INCOMPLETE = "incomplete"
    """Something asked for could not be done (exit 3)."""
    HELD = "held"
    """Waits for a person's word (exit 7)."""
    DAMAGE = "damage"
    """Bytes are wrong or missing (exit 4 or 5)."""


_SEVERITY = {
    FindingKind.UNREADABLE: Severity.INCOMPLETE,
    FindingKind.CHANGING: Severity.INCOMPLETE,
    FindingKind.SKIPPED: Severity.NOTE,
    FindingKind.GONE: Severity.NOTE,
    FindingKind.ROT: Severity.DAMAGE,
    FindingKind.SUSPECT: Severity.HELD,
    FindingKind.DAMAGED_BY_WRITE: Severity.DAMAGE,
    FindingKind.UNSTABLE_READS: Severity.INCOMPLETE,
    FindingKind.MACHINE: Severity.INCOMPLETE,
    FindingKind.NOT_SEEN: Severity.INCOMPLETE,
    FindingKind.MISSING: Severity.DAMAGE,
    FindingKind.DAMAGED: Severity.DAMAGE,
    FindingKind.UNREADABLE_COPY: Severity.DAMAGE,
    FindingKind.DIFFERS: Severity.INCOMPLETE,
    FindingKind.NOT_COPIED: Severity.INCOMPLETE,
    FindingKind.CHANGED_AT_LOCATION: Severity.DAMAGE,
    FindingKind.EXTRA: Severity.NOTE,
    FindingKind.PUT_ASIDE: Severity.NOTE,
    FindingKind.UNFINISHED: Severity.INCOMPLETE,
    FindingKind.MANIFEST_DAMAGED: Severity.DAMAGE,
    FindingKind.ROLLED_BACK: Severity.INCOMPLETE,
    FindingKind.NOT_RESTORED: Severity.INCOMPLETE,
    FindingKind.TAGS_UNREADABLE: Severity.NOTE,
    FindingKind.DAMAGED_INSIDE: Severity.DAMAGE,
    FindingKind.SOUND_UNCHECKED: Severity.NOTE,
    FindingKind.SIDECAR_DIFFERS: Severity.NOTE,
    FindingKind.CLOCK: Severity.INCOMPLETE,
    FindingKind.HELD: Severity.HELD,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing seen. `path` is the track's path in its library (bytes) where there is one, else a key."""

    kind: FindingKind
    detail: str
    """One sentence part: what was expected and what was found."""
    library: str | None = None
    location: str | None = None
    path: bytes | None = None
    repairable: bool | None = None
    """True when another copy or the library entry stands at `bytes` or better; None where that is not known."""
    version: str | None = None
    """The key of the earlier version that it is about, as shown; None where it is about a copy or a file."""

    @property
    def severity(self) -> Severity:
        """How it weighs."""
        return _SEVERITY[self.kind]

    def of_version(self, key: bytes) -> Finding:
        """The same, of the earlier version that is kept under `key`."""
        shown = key.decode("ascii", "replace")
        return replace(self, detail=f"an earlier version, kept as {shown}: {self.detail}", version=shown)
