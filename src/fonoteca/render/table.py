"""Tables for people: the status of an archive, locations, libraries, one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from rich.table import Table
from rich.text import Text

from fonoteca.core.judgement import Judgement, Overall, judge
from fonoteca.core.status import ArchiveStatus, LibraryStatus, LocationStatus, Presence, ServiceStatus
from fonoteca.render.console import console
from fonoteca.render.words import ago, day, duration, number, safe, size, when

_STYLE = {
    Overall.SAFE: "bold green",
    Overall.DAMAGED: "bold red",
    Overall.LOST: "bold red",
}


def status(now: ArchiveStatus, *, stream: IO[str] | None = None) -> None:
    """Print what `fonoteca status` knows: the word, its reasons, libraries, locations."""
    out = console(stream)
    for part in parts(now):
        out.print(part, soft_wrap=isinstance(part, Text))


def parts(now: ArchiveStatus) -> Iterator[Text | Table]:
    """What `fonoteca status` shows, from top to bottom."""
    verdict = judge(now)
    line = Text("Archive: ")
    line.append(verdict.overall.value, style=_STYLE.get(verdict.overall, "bold yellow"))
    yield line
    yield from reasons(verdict, now.time_ns)
    yield from (Text(f"  Note: {safe(warning)}") for warning in now.warnings)
    yield from (Text(safe(each)) for each in service(now))
    if now.libraries:
        yield Text()
        yield _libraries(now)
    if now.locations:
        yield Text()
        yield _locations(now)
        yield Text()
        yield _checks(now)
    if kept := [_kept(each) for each in now.locations if each.versions]:
        yield Text(f"\nEarlier versions: {'; '.join(kept)}.")


def service(now: ArchiveStatus) -> list[str]:
    """What the daemon does, how it watches, and what is next; nothing where none was started."""
    one = now.service
    if one.pid is None:
        return []
    sign = ago(one.last_sign_ns, now.time_ns)
    if one.died:
        return [f"Daemon: dead. Process {one.pid} showed its last sign of life {sign}; start it again."]
    if not one.watch:
        return [f"Daemon: process {one.pid} does not answer; its last sign of life was {sign}."]
    lines = [
        f"Daemon: {doing(one)} (process {one.pid}), last sign of life {sign}",
        *(f"watch: {name}: {how}" for name, how in one.watch),
    ]
    if one.next_times:
        name, at = one.next_times[0]
        lines.append(f"next: {name}, {when(at, now.time_ns)}")
    return lines


def doing(one: ServiceStatus) -> str:
    """`scan: copy to red, 1,200 of 4,000 files, 3.2 GB of 9.1 GB, 2 min 20 s left`, or `at rest`."""
    if one.doing is None:
        return f"paused for another {duration(one.paused_s)}" if one.paused_s else "at rest"
    phase = f"{one.phase} to {one.place}" if one.phase == "copy" and one.place else one.phase
    parts = [f"{one.doing}: {phase}" if phase else one.doing]
    if one.files or one.files_done:
        parts.append(f"{number(one.files_done)}{f' of {number(one.files)}' if one.files else ''} files")
    if one.bytes:
        parts.append(f"{size(one.bytes_done)} of {size(one.bytes)}")
    if one.left_s is not None:
        parts.append(f"{duration(one.left_s)} left")
    return ", ".join(parts)


def in_short(now: ArchiveStatus) -> str:
    """One line: `incomplete (3 entries are not yet copied to red.); scan: copy to red, 12 of 40 files`."""
    verdict = judge(now)
    word = verdict.overall.value
    if verdict.exit_code and verdict.reasons:
        word += f" ({safe(verdict.reasons[0].sentence)})"
    one = now.service
    if one.pid is None:
        return f"{word}; no daemon"
    if one.died:
        return f"{word}; the daemon is dead (process {one.pid})"
    return f"{word}; {safe(doing(one))}" if one.watch else f"{word}; the daemon does not answer"


def _kept(location: LocationStatus) -> str:
    """`red 1,204, 3.3 GB`."""
    return f"{safe(location.name)} {number(location.versions)}, {size(location.version_bytes)}"


def standing(now: ArchiveStatus, *, stream: IO[str] | None = None) -> None:
    """Print what each location holds, after a run, and the archive's word for it."""
    out = console(stream)
    if now.locations:
        out.print()
        out.print(_locations(now))
    verdict = judge(now)
    line = Text("\nArchive: ")
    line.append(verdict.overall.value, style=_STYLE.get(verdict.overall, "bold yellow"))
    if verdict.exit_code:
        line.append(f". {safe(verdict.reasons[0].sentence)} `fonoteca status` says more.")
    out.print(line, soft_wrap=True)


def reasons(verdict: Judgement, now_ns: int) -> list[Text]:
    """A line a reason, since when it is so, and the command that helps."""
    lines = []
    for reason in verdict.reasons:
        line = Text(f"  {safe(reason.sentence)}")
        if reason.remedy:
            line.append(f"  → {safe(reason.remedy)}", style="bold")
        if reason.since_ns is not None:
            line.append(f"  (since {when(reason.since_ns, now_ns)})", style="dim")
        lines.append(line)
    return lines


def _libraries(now: ArchiveStatus) -> Table:
    table = _table("Library", "Entries", "Size", "Too few copies", "Held", "Gone", "Last scan")
    for library in now.libraries:
        table.add_row(*_library_cells(library, now))
    return table


def _library_cells(library: LibraryStatus, now: ArchiveStatus) -> list[Text]:
    name = library.name if library.present else f"{library.name} (away)"
    short = library.below(now.wanted_copies)
    return [
        Text(safe(name)),
        Text(number(library.entries)),
        Text(size(library.bytes)),
        _alarm(short),
        _alarm(library.held),
        Text(number(library.gone)),
        Text(ago(library.last_scan_ns, now.time_ns)),
    ]


def _locations(now: ArchiveStatus) -> Table:
    table = _table("Location", "Copies", "Size", "Missing", "Damaged", "Level", "Oldest check", "Free")
    for location in now.locations:
        table.add_row(*_location_cells(location, now))
    return table


def _location_cells(location: LocationStatus, now: ArchiveStatus) -> list[Text]:
    present = location.presence is Presence.PRESENT
    name = location.name if present else f"{location.name} ({location.presence.value})"
    return [
        Text(safe(name)),
        Text(number(location.copies)),
        Text(size(location.bytes)),
        _alarm(location.missing + location.vanished),
        _alarm(location.damaged - location.vanished),
        Text(location.level.word if location.copies else "–"),
        Text(_oldest(location, now)),
        Text(size(location.free_bytes) if location.free_bytes is not None else "–"),
    ]


def _oldest(location: LocationStatus, now: ArchiveStatus) -> str:
    if not location.copies:
        return "–"
    if location.never_verified:
        return f"{number(location.never_verified)} never"
    return ago(location.oldest_verified_ns, now.time_ns)


def _checks(now: ArchiveStatus) -> Table:
    """How well each location keeps up with the policy's re-reading, and how long it will."""
    table = _table("Location", "Oldest check", "Read within policy", "Overdue at this pace")
    for location in now.locations:
        share = "–" if location.share_within is None else f"{int(location.share_within * 100)} %"
        table.add_row(*_plain(location.name, _oldest(location, now), share, _overdue(location, now)))
    return table


def _overdue(location: LocationStatus, now: ArchiveStatus) -> str:
    if not location.copies:
        return "–"
    if location.overdue_ns is None:
        return "no"
    return "now" if location.overdue_ns <= now.time_ns else day(location.overdue_ns)


def _alarm(count: int) -> Text:
    """A count that should be nought."""
    return Text(number(count), style="bold red" if count else "")


def _table(*headings: str) -> Table:
    """Left first column, figures to the right; narrow terminals fold words instead of cutting them."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", title_justify="left", pad_edge=False)
    for index, heading in enumerate(headings):
        words = heading in {
            "Level",
            "Last scan",
            "Oldest check",
            "Overdue at this pace",
            "Place",
            "Path",
            "State",
        }
        table.add_column(heading, justify="left" if index == 0 or words else "right", overflow="fold")
    return table


def libraries(now: ArchiveStatus, *, stream: IO[str] | None = None) -> None:
    """Print the libraries, each with its folder."""
    table = _table("Library", "Path", "Entries", "Size", "Last scan")
    for each in now.libraries:
        scanned = ago(each.last_scan_ns, now.time_ns)
        table.add_row(*_plain(each.name, each.path, number(each.entries), size(each.bytes), scanned))
    console(stream).print(table if now.libraries else "There is no library yet.")


def locations(now: ArchiveStatus, *, stream: IO[str] | None = None) -> None:
    """Print the locations, each with its place."""
    table = _table("Location", "Place", "State", "Copies", "Size", "Free")
    for each in now.locations:
        free = "–" if each.free_bytes is None else size(each.free_bytes)
        copies = (number(each.copies), size(each.bytes))
        table.add_row(*_plain(each.name, each.place, each.presence.value, *copies, free))
    console(stream).print(table if now.locations else "There is no location yet.")


def _plain(*cells: str) -> list[Text]:
    return [Text(safe(cell)) for cell in cells]


def tree(values: Mapping[str, Any], *, stream: IO[str] | None = None) -> None:
    """Print nested JSON-able values as indented `name: value` lines: everything known of one file."""
    out = console(stream)
    for line in _tree_lines(values, 0):
        out.print(line, soft_wrap=True)


def _tree_lines(value: Any, depth: int) -> list[Text]:
    """Empty values are left out: what is not known needs no line."""
    lines: list[Text] = []
    pad = "  " * depth
    for name, each in value.items():
        if each is None or each == [] or each == {}:
            continue
        if isinstance(each, Mapping):
            lines += [Text(f"{pad}{safe(str(name))}:", style="bold"), *_tree_lines(each, depth + 1)]
        elif isinstance(each, list):
            lines += _list_lines(str(name), each, depth)
        else:
            lines.append(Text(f"{pad}{safe(str(name))}: {safe(str(each))}"))
    return lines


def _list_lines(name: str, values: list[Any], depth: int) -> list[Text]:
    pad = "  " * depth
    if not any(isinstance(each, Mapping) for each in values):
        return [Text(f"{pad}{safe(name)}: {'; '.join(safe(str(each)) for each in values)}")]
    lines = [Text(f"{pad}{safe(name)}:", style="bold")]
    for each in values:
        lines += (
            _tree_lines(each, depth + 1) if isinstance(each, Mapping) else [Text(f"{pad}  {safe(str(each))}")]
        )
        lines.append(Text())
    return lines[:-1]
