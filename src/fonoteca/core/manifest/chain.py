"""The chain of segments: `HEAD`, how one segment follows another, and whose memory is newer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from fonoteca.core.entry import LibraryId
from fonoteca.core.manifest.encode import json_line
from fonoteca.core.manifest.fields import LIBRARY_ID, BadLine, count, digest, json_object, text
from fonoteca.core.manifest.lines import FORMAT, Segment
from fonoteca.core.times import time_text, time_value


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest seal that somebody knows of: segment `number` and its seal digest (hex)."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """The file `HEAD`: the newest seal, as its writer saw it. A sealed segment that follows it counts too."""

    library: LibraryId
    tip: Tip
    time_ns: int


@dataclass(frozen=True, slots=True)
class LibraryCard:
    """The file `library.json`: which library this is, and which folder at the location is its own."""

    id: LibraryId
    folder: str
    """The folder's name before the naming rule: the library's name when it came here."""
    time_ns: int


def encode_head(head: Head) -> bytes:
    """One line."""
    seal = {"n": head.tip.number, "sha256": head.tip.digest}
    return json_line({"format": FORMAT, "library": head.library, **seal, "time": time_text(head.time_ns)})


def decode_head(raw: bytes) -> Head:
    """What `encode_head` wrote. Raises BadLine."""
    fields = _whole(raw)
    try:
        tip = Tip(count(fields, "n"), digest(fields, "sha256").hex())
        return Head(_library(text(fields, "library")), tip, time_value(text(fields, "time")))
    except (KeyError, TypeError, ValueError) as error:
        raise BadLine(f"a field is missing or wrong: {error}") from error


def encode_card(card: LibraryCard) -> bytes:
    """One line."""
    return json_line(
        {"format": FORMAT, "id": card.id, "folder": card.folder, "time": time_text(card.time_ns)}
    )


def decode_card(raw: bytes) -> LibraryCard:
    """What `encode_card` wrote. Raises BadLine."""
    fields = _whole(raw)
    try:
        folder = text(fields, "folder")
        if "/" in folder or "\0" in folder or folder in ("", ".", "..", ".fonoteca"):
            raise ValueError("folder can't be a library's")
        return LibraryCard(_library(text(fields, "id")), folder, time_value(text(fields, "time")))
    except (KeyError, TypeError, ValueError) as error:
        raise BadLine(f"a field is missing or wrong: {error}") from error


def follows(header: Segment, tip: Tip | None) -> bool:
    """True when the segment begun by `header` comes next after `tip` (None: is the first of all)."""
    if tip is None:
        return header.number == 1 and header.prev is None
    return header.number == tip.number + 1 and header.prev == tip.digest


@dataclass(frozen=True, slots=True)
class Equal:
    """The location's memory and ours end with the same seal."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The location knows more: read its segments from `first` on, then go on."""

    first: int


@dataclass(frozen=True, slots=True)
class Behind:
    """The location knows less than we do, and all of it is ours: it was rolled back. 0: nothing is left."""

    common: int


@dataclass(frozen=True, slots=True)
class Forked:
    """The location tells another story after segment `common`; 0 where no common seal could be shown."""

    common: int


Relation: TypeAlias = Equal | Ahead | Behind | Forked


def compare(
    ours: Tip | None,
    theirs: Tip | None,
    their_digest: Callable[[int], str | None],
    our_digest: Callable[[int], str | None] = lambda number: None,
    their_full: Callable[[int], int | None] = lambda number: None,
) -> Relation:
    """How the location's chain stands to the seal that we remember (design, decision 10).

    The first two callables give the seal digest of segment n, None where it is no longer known. Since each seal
    covers the one before, one equal pair proves all that came earlier. `their_full` gives a full segment after
    n: where ours is gone and a later one restates everything, the location was compacted since, so it is ahead.
    What can't be proven otherwise counts as forked.
    """
    if ours is None:
        return Equal() if theirs is None else Ahead(first=1)
    if theirs is None:
        return Behind(common=0)
    if theirs == ours:
        return Equal()
    if theirs.number > ours.number:
        known = their_digest(ours.number)
        if known == ours.digest:
            return Ahead(first=ours.number + 1)
        full = their_full(ours.number) if known is None else None
        if full is not None:
            return Ahead(first=full)
    if theirs.number < ours.number and our_digest(theirs.number) == theirs.digest:
        return Behind(common=theirs.number)
    return Forked(common=_common(min(ours.number, theirs.number), their_digest, our_digest))


def _common(
    newest: int, their_digest: Callable[[int], str | None], our_digest: Callable[[int], str | None]
) -> int:
    for number in range(newest, 0, -1):
        known = our_digest(number)
        if known is not None and known == their_digest(number):
            return number
    return 0


def _whole(raw: bytes) -> dict[str, object]:
    if not raw.endswith(b"\n"):
        raise BadLine("it is cut short")
    fields = json_object(raw)
    if fields.get("format") != FORMAT:
        raise BadLine(f"its format is {fields.get('format')}; this version reads format {FORMAT}")
    return fields


def _library(value: str) -> LibraryId:
    if LIBRARY_ID.fullmatch(value) is None:
        raise ValueError("library is not 32 hex digits")
    return LibraryId(value)
