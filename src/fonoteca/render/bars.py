"""The moving display: a bar a location, with files, bytes, rate and time left. Imported when first drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column
from rich.text import Text

from fonoteca.render.console import console
from fonoteca.render.live import Gauge
from fonoteca.render.words import size


class Speed(TransferSpeedColumn):
    """The rate of the last half minute; empty where no bytes move."""

    def render(self, task: Task) -> Text:
        """As rich has it, without its question mark."""
        return super().render(task) if task.speed else Text()


class Bars:
    """Draws gauges under each other, in 80 columns too; a thread of rich's keeps it moving."""

    def __init__(self, stream: IO[str]) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=26)),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=6)),
            TextColumn("{task.fields[files]}", markup=False, table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[amount]}", markup=False, table_column=Column(no_wrap=True)),
            Speed(),
            TimeRemainingColumn(compact=True),
            console=console(stream),
            refresh_per_second=5,
            transient=True,
            expand=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._tasks: dict[str, TaskID] = {}
        self._progress.start()

    def show(self, gauges: Sequence[Gauge]) -> None:
        """Make the display say what `gauges` say now; one that knows nothing is left out beside others."""
        shown = [gauge for gauge in gauges if len(gauges) == 1 or gauge.seen_files or gauge.total_files]
        for gone in self._tasks.keys() - {gauge.title for gauge in shown}:
            self._progress.remove_task(self._tasks.pop(gone))
        for gauge in shown:
            self._update(gauge)

    def _update(self, gauge: Gauge) -> None:
        task = self._tasks.get(gauge.title)
        if task is None:
            task = self._progress.add_task(gauge.title, total=None, files="", amount="")
            self._tasks[gauge.title] = task
        count = f"{gauge.seen_files:,}" + (f"/{gauge.total_files:,}" if gauge.total_files else "")
        done, total = gauge.seen_bytes, gauge.total_bytes
        amount = f"{size(done)}/{size(total)}" if total else size(done) if done else ""
        self._progress.update(task, completed=done, total=total, files=count, amount=amount)

    def print(self, line: str) -> None:
        """A line that stays, above the display."""
        self._progress.console.print(Text(line))

    def close(self) -> None:
        """Take the display away."""
        self._progress.stop()
