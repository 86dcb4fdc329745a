"""What a location is and can do, as values.

A **key** names an object at a location: `b"music/Nina Simone/…/01.flac"`, `/` between parts, relative to its root.
Keys are bytes, so that a folder on a Linux file system can hold every name as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, NewType

Key = NewType("Key", bytes)

Stamp = NewType("Stamp", str)
"""Says "exactly this object": compared, never read. Good for one opening of a location."""

OWN = b".fonoteca"
"""The one folder at a location that is ours."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a location is. `nonce` is random: a marker can't be made by hand. `file_system`: where it was adopted."""

    id: str
    nonce: str
    file_system: str
    """For example `uuid:6f1c…` or `server:/export`; a copy of the marker on another file system is not the location."""
    format: int = 1
    naming: str = "posix/1"


@dataclass(frozen=True, slots=True)
class Traits:
    """What a place can and cannot do, probed when it is added. Plain data."""

    folds_case: bool = False
    """`A.flac` and `a.flac` are one name there."""
    normalises_unicode: bool = False
    """NFC and NFD forms of a name are one name there."""
    reserved: str = ""
    """Characters that a name cannot hold there, for example `<>:"|?*\\`."""
    utf8_only: bool = False
    """A name that is not UTF-8 is refused there."""
    trims_names: bool = False
    """Trailing dots and blanks are lost or refused there (FAT, NTFS, SMB)."""
    name_limit: int = 255
    """Longest single name, in the unit of `name_limit_unit`."""
    name_limit_unit: str = "bytes"
    """`bytes` (ext4, XFS, Btrfs) or `utf16` (FAT, exFAT, NTFS)."""
    key_limit: int | None = None
    """Longest whole key in bytes, less what stands before it (an S3 prefix); None where only names are limited."""
    mtime_precision_ns: int | None = 1
    """Smallest step of a stored mtime; None where mtimes cannot be set."""
    hard_links: bool = True
    durable_flush: bool = True
    """What was flushed stays through a power cut over there, as far as the place itself can say."""
    atomic_upload: bool = False
    conditional_write: bool = False
    store_digest: str | None = None
    """The digest that the store itself keeps, for example `sha256`."""
    streams: int = 4
    """How many transfers at once serve this place well."""


class Stat(NamedTuple):
    """What a location says of one object. `mtime_ns` is None where it keeps none."""

    size: int
    mtime_ns: int | None
    stamp: Stamp
    store_digest: bytes | None = None


class StoreDigest(NamedTuple):
    """What a store itself says of an object's bytes. `kind` as in `Traits.store_digest`."""

    kind: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Space:
    """Room at a location, in bytes."""

    total: int
    free: int
    """What we may write, before the reserve is taken off."""

    @property
    def reserve(self) -> int:
        """What stays free: max(1 %, 1 GiB), at most 5 % of a small disk."""
        return min(max(self.total // 100, 1 << 30), self.total // 20)

    @property
    def usable(self) -> int:
        """Free bytes above the reserve."""
        return max(0, self.free - self.reserve)


@dataclass(frozen=True, slots=True)
class NamingRule:
    """How paths become keys at a place: derived from its traits, written into its marker as `naming`.

    `name` says all of it (`core/naming.py` has the grammar): make one with `rule_for` or `rule_named`, not by hand.
    """

    name: str = "posix/1"
    reserved: frozenset[str] = field(default_factory=frozenset)
    utf8_only: bool = False
    trims_names: bool = False
    name_limit: int = 255
    name_limit_unit: str = "bytes"
    folds: bool = False
    """Case or Unicode form is not kept apart, so clashes must be told apart by us."""
    key_limit: int | None = None
    """Longest whole key, in bytes."""
