"""What a run's events add up to: counts for the closing report, and the first findings of each kind.

Memory stays flat: a million copies are a few numbers, and of each kind of finding only the first are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fonoteca.core.copy import Level
from fonoteca.core.event import (
    BudgetReached,
    Copied,
    Event,
    Found,
    Judged,
    LibraryFailed,
    LocationFailed,
    Moved,
    Planned,
    Repaired,
    Restored,
    Retagged,
    Retired,
    RunEnded,
    RunStarted,
    Scanned,
    Verified,
    VersionPruned,
    Warned,
    WouldCopy,
    WouldMove,
    WouldRepair,
    WouldRetire,
)
from fonoteca.core.finding import Finding, FindingKind

SHOWN = 10
"""Findings of one kind, and files of a dry run, that a person is shown; `--json` lists all."""


_BAD = (FindingKind.DAMAGED, FindingKind.MISSING, FindingKind.UNREADABLE_COPY)
"""Findings that are about bytes at a location."""


@dataclass(slots=True)
class Sum:
    """Files and bytes."""

    files: int = 0
    bytes: int = 0

    def add(self, count: int) -> None:
        """One more file of `count` bytes."""
        self.files += 1
        self.bytes += count


@dataclass(slots=True)
class AtLocation:
    """What a run did at one location."""

    copied: Sum = field(default_factory=Sum)
    taken: int = 0
    """Of `copied`: they stood there already and were read and taken as copies."""
    reverted: int = 0
    """Copies that were made there of an earlier version: no bytes were sent."""
    replaced: int = 0
    """Of `copied`: they supersede an older content, which is kept as a version."""
    repaired: int = 0
    """Of `copied`: they take the place of copies that were found missing, damaged or changed."""
    dated: int = 0
    """Copies of which only the date was set anew."""
    moved: int = 0
    """Copies that only got another name."""
    retired: int = 0
    """Copies that became versions, since their entries are gone."""
    verified: Sum = field(default_factory=Sum)
    pruned: Sum = field(default_factory=Sum)
    """Versions that were given up there."""
    prunable: Sum = field(default_factory=Sum)
    """Versions that would be given up there."""
    level: Level | None = None
    """The weakest level that this run reached there."""

    def reached(self, level: Level) -> None:
        """Remember the weakest."""
        if self.level is None or level < self.level:
            self.level = level


@dataclass(slots=True)
class Group:
    """Findings of one kind: how many, and the first of them."""

    count: int = 0
    first: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """Takes every event of a run."""

    task: str = ""
    words: tuple[str, ...] = ()
    """The command line of the run, behind the program's name; empty where nobody typed one."""
    scanned: dict[str, Scanned] = field(default_factory=dict)
    judged: dict[str, list[Judged]] = field(default_factory=dict)
    """By library."""
    planned: dict[str, Planned] = field(default_factory=dict)
    at: dict[str, AtLocation] = field(default_factory=dict)
    in_libraries: Sum = field(default_factory=Sum)
    """Library files that were checked."""
    restored: dict[str, Sum] = field(default_factory=dict)
    noted: dict[str, dict[str, int]] = field(default_factory=dict)
    """Links and empty folders: by what became of them, how many of each."""
    restored_first: list[Restored] = field(default_factory=list)
    """The first that a dry run of restore would bring."""
    would: Sum = field(default_factory=Sum)
    would_first: list[WouldCopy] = field(default_factory=list)
    repaired: Sum = field(default_factory=Sum)
    repaired_first: list[WouldRepair | Repaired] = field(default_factory=list)
    """The first that were repaired, or of a plan would be."""
    retagged: Sum = field(default_factory=Sum)
    retagged_first: list[Retagged] = field(default_factory=list)
    """The first whose tags were, or of a plan would be, brought back."""
    would_move: Sum = field(default_factory=Sum)
    would_move_first: list[WouldMove] = field(default_factory=list)
    would_retire: Sum = field(default_factory=Sum)
    would_retire_first: list[WouldRetire] = field(default_factory=list)
    findings: dict[FindingKind, Group] = field(default_factory=dict)
    bad_at: dict[str, bool] = field(default_factory=dict)
    """Locations with damage, first found first: whether earlier versions are bad there, which no backup sends again."""
    failures: list[LocationFailed | LibraryFailed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    left: BudgetReached | None = None
    """What a budget left for the next run."""
    ended: RunEnded | None = None

    @property
    def is_idle(self) -> bool:
        """A verify that ended and looked at no file and saw nothing wrong: "all done" alone would overstate."""
        looked = self.in_libraries.files or any(at.verified.files for at in self.at.values())
        done = self.task in {"verify", "scrub"} and self.ended is not None
        return done and not (looked or self.findings or self.failures or self.left)

    @property
    def is_mended(self) -> bool:
        """A repair that ended, and nothing of what it was to mend is left."""
        done = self.ended is not None and any(isinstance(each, Repaired) for each in self.repaired_first)
        return done and not (self.findings or self.failures)

    def take(self, event: Event) -> None:
        """Add `event`; the commonest come first, since a run has them by the hundred thousand."""
        match event:
            case Copied():
                self._copied(event)
            case Verified():
                self._verified(event)
            case Restored(what="file"):
                self.restored.setdefault(event.how, Sum()).add(event.size)
                if event.how.startswith("would") and len(self.restored_first) < SHOWN:
                    self.restored_first.append(event)
            case Restored():
                outcomes = self.noted.setdefault(event.how, {})
                outcomes[event.what] = outcomes.get(event.what, 0) + 1
            case VersionPruned():
                at = self._place(event.location)
                (at.pruned if event.how == "pruned" else at.prunable).add(event.size)
            case Found():
                self._found(event.finding)
            case WouldRepair() | Repaired():
                self.repaired.add(event.size)
                if len(self.repaired_first) < SHOWN:
                    self.repaired_first.append(event)
            case Retagged():
                self.retagged.add(event.size)
                if len(self.retagged_first) < SHOWN:
                    self.retagged_first.append(event)
            case WouldCopy():
                self._would(event)
            case Moved():
                self._place(event.location).moved += 1
            case WouldMove():
                self.would_move.add(event.size)
                if len(self.would_move_first) < SHOWN:
                    self.would_move_first.append(event)
            case Retired():
                self._place(event.location).retired += 1
            case WouldRetire():
                self.would_retire.add(event.size)
                if len(self.would_retire_first) < SHOWN:
                    self.would_retire_first.append(event)
            case Scanned():
                self.scanned[event.library] = event
            case Judged():
                self.judged.setdefault(event.library, []).append(event)
            case Planned():
                self._planned(event)
            case LocationFailed() | LibraryFailed():
                self.failures.append(event)
            case BudgetReached():
                self.left = event
            case Warned():
                self.warnings.append(event.sentence)
            case RunStarted():
                self.task = event.task
            case RunEnded():
                self.task, self.ended = event.task, event
            case _:
                pass  # Phase, Advanced and Sealed say that work goes on; nothing of them is left at the end

    def _place(self, location: str) -> AtLocation:
        at = self.at.get(location)
        if at is None:
            at = self.at[location] = AtLocation()
        return at

    def _planned(self, event: Planned) -> None:
        """A location is told for each library what it still needs."""
        before = self.planned.get(event.location, Planned(event.location, 0, 0))
        files, size = before.files + event.files, before.bytes + event.bytes
        self.planned[event.location] = Planned(event.location, files, size)

    def _copied(self, event: Copied) -> None:
        at = self._place(event.location)
        if event.how == "time set":
            at.dated += 1
            return
        if event.how == "reverted":
            at.reverted += 1
            at.reached(event.level)
            return
        at.copied.add(event.size)
        at.taken += event.how == "taken"
        at.replaced += event.how == "replaced"
        at.repaired += event.how == "repaired"
        at.reached(event.level)

    def _verified(self, event: Verified) -> None:
        if event.location is None:
            self.in_libraries.add(event.size)
            return
        at = self._place(event.location)
        at.verified.add(event.size)
        at.reached(event.level)

    def _found(self, finding: Finding) -> None:
        group = self.findings.setdefault(finding.kind, Group())
        group.count += 1
        if len(group.first) < SHOWN:
            group.first.append(finding)
        if finding.location and finding.kind in _BAD:
            self.bad_at[finding.location] = (
                self.bad_at.get(finding.location, False) or finding.version is not None
            )

    def _would(self, event: WouldCopy) -> None:
        self.would.add(event.size)
        if len(self.would_first) < SHOWN:
            self.would_first.append(event)
