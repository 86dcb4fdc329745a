"""The closing report: what a run did, what it found, and what is left to do, at a glance.

Backup: all done. 12.4 s
  red    12 files copied, 96.0 MB · media, read back from the device
  blue   12 files copied, 96.0 MB · bytes, read back

Damaged copies: 1
  music/Nina Simone/01.flac at blue: expected sha256 1f…, found 9c…

What to do next:
  fonoteca restore --to DIR --from red
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fonoteca.core.event import LibraryFailed, LocationFailed, Repaired, Scanned, WouldRepair
from fonoteca.core.finding import Finding, FindingKind, Severity
from fonoteca.core.report import ExitCode
from fonoteca.render.advice import next_commands
from fonoteca.render.console import console
from fonoteca.render.tally import SHOWN, AtLocation, Group, Sum, Tally
from fonoteca.render.words import (
    MENDED,
    counted,
    duration,
    files,
    finding,
    heading,
    level,
    outcome,
    rfc3339,
    safe,
    size,
    values,
    verdict_count,
    whereabouts,
)

_SEVERITY_STYLE = {
    Severity.NOTE: "dim",
    Severity.INCOMPLETE: "yellow",
    Severity.HELD: "yellow",
    Severity.DAMAGE: "bold red",
}


def report(tally: Tally, *, stream: IO[str] | None = None) -> None:
    """Print the closing report of a run that ended, or was stopped."""
    out = console(stream)
    _headline(out, tally)
    _libraries(out, tally)
    _locations(out, tally)
    _restored(out, tally)
    _would_move(out, tally)
    _would_retire(out, tally)
    _would(out, tally)
    _repaired(out, tally)
    _retagged(out, tally)
    if tally.left is not None:
        left = f"{files(tally.left.files)}, {size(tally.left.bytes)}"
        out.print(Text(f"  {left} left for the next run, which begins there"), soft_wrap=True)
    if tally.is_idle:
        out.print(Text("  Nothing was checked: no copy is recorded there yet.", style="yellow"))
    for line in complaints(tally):
        out.print(line, soft_wrap=True)
    _next(out, tally)


def complaints(tally: Tally) -> Iterator[Text]:
    """Failures, warnings and findings, worst kinds first; what `--quiet` still says."""
    for failure in tally.failures:
        asked = isinstance(failure, LibraryFailed) or failure.asked
        yield Text(safe(failure.sentence), style="yellow" if asked else "dim")
    for sentence in tally.warnings:
        yield Text(f"Note: {safe(sentence)}", style="yellow")
    order = list(Severity)
    groups = sorted(tally.findings.items(), key=lambda pair: -order.index(_severity(pair[1])))
    for kind, group in groups:
        yield from _group(kind, group)


def _group(kind: FindingKind, group: Group) -> Iterator[Text]:
    yield Text()
    yield Text(f"{heading(kind)}: {group.count:,}", style=_SEVERITY_STYLE[_severity(group)])
    for seen in group.first:
        yield Text(f"  {finding(seen)}")
    if group.count > len(group.first):
        yield Text(f"  … and {group.count - len(group.first):,} more: --json lists all", style="dim")


def _severity(group: Group) -> Severity:
    """Findings of one kind weigh alike."""
    seen: Finding = group.first[0]
    return seen.severity


def _headline(out: Console, tally: Tally) -> None:
    name = (tally.task or "run").capitalize()
    if tally.ended is None:
        out.print(Text(f"{name}: stopped. This much was finished and stands:", style="bold yellow"))
        return
    code = tally.ended.exit_code
    style = {ExitCode.DONE: "bold green", ExitCode.LOST: "bold red", ExitCode.REPAIRABLE: "bold red"}
    line = Text(f"{name}: ", style="bold")
    line.append(MENDED if tally.is_mended else outcome(code), style=style.get(ExitCode(code), "bold yellow"))
    line.append(f" {duration(tally.ended.seconds)}", style="dim")
    out.print(line, soft_wrap=True)


def _libraries(out: Console, tally: Tally) -> None:
    for scanned in tally.scanned.values():
        out.print(Text(f"  {safe(scanned.library)}: {_scan_sentence(scanned)}"), soft_wrap=True)
        if judged := tally.judged.get(scanned.library):
            told = ", ".join(verdict_count(each.verdict, each.files) for each in judged)
            out.print(Text(f"    of these {told}"), soft_wrap=True)
    if tally.in_libraries.files:
        out.print(Text(f"  {_sum('checked in the library', tally.in_libraries)}"))


def _scan_sentence(scanned: Scanned) -> str:
    """`412 entries, 3.3 GB; 12 new, 1 changed`."""
    changes = [
        f"{count:,} {word}"
        for count, word in (
            (scanned.new, "new"),
            (scanned.written, "changed"),
            (scanned.moved, "moved"),
            (scanned.gone, "gone"),
        )
        if count
    ]
    whole = "" if scanned.complete else "; not all of it could be seen"
    told = ", ".join(changes) or "nothing new"
    return f"{counted(scanned.entries, 'entry', 'entries')}, {size(scanned.bytes)}; {told}{whole}"


def _locations(out: Console, tally: Tally) -> None:
    names = list(dict.fromkeys([*tally.planned, *tally.at]))
    if not names:
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for name in names:
        at = tally.at.get(name, AtLocation())
        table.add_row(Text(f"  {safe(name)}", style="bold"), Text(_at_sentence(name, at, tally)))
    out.print(table)


def _at_sentence(name: str, at: AtLocation, tally: Tally) -> str:
    """What happened at one location; `up to date` where nothing had to."""
    parts = []
    if at.moved:
        parts.append(f"moved: {files(at.moved)}, no bytes sent")
    if at.retired:
        parts.append(f"retired: {files(at.retired)} gone from the library, kept as versions")
    if at.reverted:
        parts.append(f"reverted: {files(at.reverted)} back to an earlier version, no bytes sent")
    if at.copied.files:
        parts.append(_sum("copied", at.copied))
    if at.taken:
        parts.append(f"{at.taken:,} of them stood there already")
    if at.replaced:
        parts.append(f"{at.replaced:,} of them replaced, the old kept as versions")
    if at.repaired:
        parts.append(f"{at.repaired:,} of them found bad and repaired; bad bytes are in quarantine")
    if at.dated:
        parts.append(f"{files(at.dated)} dated anew")
    if at.verified.files:
        parts.append(_sum("verified", at.verified))
    if at.pruned.files:
        parts.append(_versions(at.pruned, "given up"))
    if at.prunable.files:
        parts.append(_versions(at.prunable, "may go"))
    short = _short(name, at, tally)
    if short > 0:
        parts.append(f"{files(short)} still to copy")
    if at.level is not None:
        parts.append(level(at.level))
    return " · ".join(parts) or "up to date"


def _short(name: str, at: AtLocation, tally: Tally) -> int:
    """Planned files that did not come there. Where a run came to its end, whatever was planned and not copied proved to
    be what stands there, or is held, and a finding says so.
    """
    planned = tally.planned.get(name)
    has_failed = any(isinstance(each, LocationFailed) and each.location == name for each in tally.failures)
    if planned is None or not (tally.ended is None or has_failed or tally.would.files):
        return 0
    return planned.files - at.copied.files - at.reverted - at.dated


def _versions(total: Sum, done: str) -> str:
    """`12 versions given up, 96.0 MB`."""
    return f"{counted(total.files, 'version', 'versions')} {done}, {size(total.bytes)}"


def _sum(done: str, total: Sum) -> str:
    """`12 files copied, 96.0 MB`."""
    return f"{files(total.files)} {done}, {size(total.bytes)}"


_RESTORED = {
    "written": "written",
    "already there": "already there, as they should be",
    "replaced": "replaced; what stood there is kept aside",
    "kept": "in conflict: something else stands there and was kept",
}


def _restored(out: Console, tally: Tally) -> None:
    for how, total in tally.restored.items():
        out.print(Text(f"  {_sum(_RESTORED.get(how, how), total)}"))
    for how, outcomes in tally.noted.items():
        out.print(Text(f"  {_noted(outcomes)} {_RESTORED.get(how, how)}"))
    for event in tally.restored_first:
        out.print(Text(f"    {whereabouts(event.library, event.path, None)}"), soft_wrap=True)
    hidden = sum(total.files for how, total in tally.restored.items() if how.startswith("would")) - SHOWN
    if hidden > 0:
        out.print(Text(f"    … and {hidden:,} more: --json lists all", style="dim"))


def _noted(outcomes: dict[str, int]) -> str:
    """`2 links, 1 empty folder`."""
    links, folders = outcomes.get("link", 0), outcomes.get("folder", 0)
    parts = [counted(links, "link", "links")] * bool(links)
    return ", ".join(parts + [counted(folders, "empty folder", "empty folders")] * bool(folders))


def _would_move(out: Console, tally: Tally) -> None:
    if not tally.would_move.files:
        return
    out.print(Text(f"  would move: {files(tally.would_move.files)}, no bytes sent"))
    for event in tally.would_move_first:
        places = ", ".join(safe(name) for name in event.locations)
        new = whereabouts(event.library, event.path, None)
        was = event.was.decode("utf-8", "backslashreplace")
        out.print(Text(f"    {safe(was)} → {new} at {places}"), soft_wrap=True)
    if tally.would_move.files > SHOWN:
        out.print(Text(f"    … and {tally.would_move.files - SHOWN:,} more: --json lists all", style="dim"))


def _would_retire(out: Console, tally: Tally) -> None:
    if not tally.would_retire.files:
        return
    out.print(
        Text(f"  would retire: {files(tally.would_retire.files)} gone from the library, kept as versions")
    )
    for event in tally.would_retire_first:
        places = ", ".join(safe(name) for name in event.locations)
        out.print(Text(f"    {whereabouts(event.library, event.path, None)} at {places}"), soft_wrap=True)
    if tally.would_retire.files > SHOWN:
        hidden = tally.would_retire.files - SHOWN
        out.print(Text(f"    … and {hidden:,} more: --json lists all", style="dim"))


def _would(out: Console, tally: Tally) -> None:
    if not tally.would.files:
        return
    out.print(Text(f"  {_sum('would be copied', tally.would)}"))
    for event in tally.would_first:
        where = whereabouts(event.library, event.path, None)
        places = ", ".join(safe(name) for name in event.locations)
        out.print(Text(f"    {where} → {places} ({safe(event.reason)})"), soft_wrap=True)
    if tally.would.files > SHOWN:
        out.print(Text(f"    … and {tally.would.files - SHOWN:,} more: --json lists all", style="dim"))


def _repaired(out: Console, tally: Tally) -> None:
    if not tally.repaired.files:
        return
    planned = isinstance(tally.repaired_first[0], WouldRepair)
    out.print(Text(f"  {_sum('would be repaired' if planned else 'repaired', tally.repaired)}"))
    for event in tally.repaired_first:
        where = whereabouts(event.library, event.path, event.location or "the library itself")
        what = "" if event.what == "copy" else f" ({event.what})"
        checked = "never" if event.source_verified_ns is None else rfc3339(event.source_verified_ns)
        source = f"from {safe(event.source)}, last verified {checked} ({event.source_level.word})"
        kept = f"; the bad bytes: {safe(event.kept)}" if isinstance(event, Repaired) and event.kept else ""
        out.print(Text(f"    {where}{what} {source}{kept}"), soft_wrap=True)
    if tally.repaired.files > SHOWN:
        out.print(Text(f"    … and {tally.repaired.files - SHOWN:,} more: --json lists all", style="dim"))


def _retagged(out: Console, tally: Tally) -> None:
    if not tally.retagged.files:
        return
    is_plan = tally.retagged_first[0].how != "written"
    out.print(
        Text(
            f"  {_sum('would get their old tags' if is_plan else 'with their old tags again', tally.retagged)}"
        )
    )
    for event in tally.retagged_first:
        where = whereabouts(event.library, event.path, None)
        how = f"the bytes of then, from {safe(event.source)}" if event.source else "written field by field"
        out.print(Text(f"    {where} ({how})"), soft_wrap=True)
        for change in event.changes:
            line = f"{safe(change.field)}: {values(change.old)} → {values(change.new)}"
            out.print(Text(f"      {line}"), soft_wrap=True)
    if tally.retagged.files > SHOWN:
        out.print(Text(f"    … and {tally.retagged.files - SHOWN:,} more: --json lists all", style="dim"))


def _next(out: Console, tally: Tally) -> None:
    advice = next_commands(tally)
    if not advice:
        return
    out.print(Text("\nWhat to do next:", style="bold"))
    for line in advice:
        out.print(Text(f"  {line}"), soft_wrap=True)
