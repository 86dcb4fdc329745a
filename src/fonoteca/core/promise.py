"""What a place can and cannot promise, as values: the rows of `fonoteca location test`.

>>> [promise.name for promise in promises(Traits(folds_case=True)) if promise.holds is False]
['case kept apart', 'conditional write', 'digests of its own']
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.core.place import Space, Traits

_UNITS = {1: "nanoseconds", 1_000: "microseconds", 1_000_000: "milliseconds", 1_000_000_000: "seconds"}


class Promise(NamedTuple):
    """One thing that a place can do or not. `holds` None: a fact that is neither good nor bad."""

    name: str
    holds: bool | None
    detail: str
    needed: bool = False
    """Without it no copy there is to be trusted."""


def promises(traits: Traits, space: Space | None = None) -> Iterator[Promise]:
    """What was found out about a place by trying, in words."""
    in_one_step = traits.hard_links or traits.atomic_upload
    yield Promise(
        "replacing in one step",
        in_one_step,
        "the old stays until the new stands"
        if in_one_step
        else "a name is empty for a moment; a run that is cut off there is completed by the next",
    )
    yield Promise(
        "durable flush",
        traits.durable_flush,
        "what was flushed outlives a power cut"
        if traits.durable_flush
        else "nobody can say when a disk over there has the bytes",
    )
    yield Promise(
        "case kept apart",
        not traits.folds_case,
        "A.flac and a.flac are one name: fonoteca tells them apart"
        if traits.folds_case
        else "A.flac and a.flac are two",
    )
    yield Promise(
        "accents kept as written",
        not traits.normalises_unicode,
        "NFC and NFD are one name: fonoteca tells them apart"
        if traits.normalises_unicode
        else "NFC and NFD are two names",
    )
    yield _names(traits)
    yield Promise("times", traits.mtime_precision_ns is not None, _precision(traits.mtime_precision_ns))
    yield Promise(
        "conditional write",
        traits.conditional_write,
        "it refuses what another wrote meanwhile"
        if traits.conditional_write
        else "looked at before; a lock or lease keeps runs apart",
    )
    yield Promise(
        "digests of its own",
        traits.store_digest is not None,
        f"{traits.store_digest}, without download" if traits.store_digest else "copies are read back",
    )
    yield Promise("transfers at once", None, str(traits.streams))
    if space is not None:
        yield Promise("room", None, f"{space.free:,} of {space.total:,} bytes free")


def _names(traits: Traits) -> Promise:
    unit = "UTF-16 units" if traits.name_limit_unit == "utf16" else "bytes"
    lacks = []
    if traits.reserved:
        shown = traits.reserved.encode("unicode_escape").decode()
        lacks.append(f"not {shown if len(shown) < 40 else shown[:40] + '…'}")
    if traits.utf8_only:
        lacks.append("UTF-8 alone")
    if traits.trims_names:
        lacks.append("no dot or blank at the end")
    said = f"up to {traits.name_limit} {unit}" + (
        f"; {', '.join(lacks)}: fonoteca writes others" if lacks else ""
    )
    return Promise("any name", not lacks, said)


def _precision(step_ns: int | None) -> str:
    if step_ns is None:
        return "not kept there; the manifest has them"
    unit = max((each for each in _UNITS if step_ns % each == 0), default=1)
    return f"kept to {step_ns // unit} {_UNITS[unit]}" if step_ns != unit else f"kept to {_UNITS[unit]}"
