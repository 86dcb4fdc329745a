"""Holding an entry whose bytes nobody can vouch for: its state, and the finding with the verdict and good copies."""

from __future__ import annotations

import sqlite3

from fonoteca.catalogue import copies, entries, journal
from fonoteca.core.finding import Finding, FindingKind, Severity
from fonoteca.core.verdict import Verdict

KINDS = {
    Verdict.ROT: FindingKind.ROT,
    Verdict.SUSPECT: FindingKind.SUSPECT,
    Verdict.DAMAGED: FindingKind.DAMAGED_BY_WRITE,
    Verdict.UNSTABLE: FindingKind.UNSTABLE_READS,
}
"""The finding for each verdict under which a file is read and nothing of it is copied."""

_SAID = {
    Verdict.ROT: "its size and times are as recorded, and two readings agree on other bytes",
    Verdict.SUSPECT: "its size and mtime are as recorded, the bytes are not, and nothing shows who changed them",
    Verdict.DAMAGED: "it was written, and is no longer whole",
    Verdict.UNSTABLE: "two readings of it differ, so the memory, the cable or the disk is to be suspected",
}


def hold(
    connection: sqlite3.Connection,
    library: str,
    path: bytes,
    entry: int,
    verdict: Verdict,
    found: bytes,
    now_ns: int,
) -> Finding:
    """Hold an entry, and record why. `found` is the SHA-256 that was read. The finding of another verdict is over."""
    kind = KINDS[verdict]
    entries.set_state(connection, entry, "held", now_ns)
    others = [each for each in KINDS.values() if each is not kind]
    journal.close(connection, now_ns, kinds=others, library=library, path=path)
    finding = Finding(kind, _detail(connection, entry, verdict, found), library, path=path)
    if finding.severity is Severity.DAMAGE:
        is_repairable = copies.is_repairable(connection, None, entry)
        finding = Finding(kind, finding.detail, library, path=path, repairable=is_repairable)
    journal.note(connection, finding, now_ns)
    return finding


def _detail(connection: sqlite3.Connection, entry: int, verdict: Verdict, found: bytes) -> str:
    row = entries.by_id(connection, entry)
    expected = row.sha256.hex() if row else "nothing"
    places = copies.good_at(connection, entry)
    good = f"good copies at {', '.join(places)}" if places else "no good copy of it is known"
    read = f"expected sha256 {expected}, found {found.hex()}"
    return f"{verdict.value}: {_SAID[verdict]}: {read}; held, not copied; {good}"
