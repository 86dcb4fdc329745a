"""What every command has: the global flags, the archive they lead to, and how its events are shown.

    @app.command()
    @faced
    def scan(face: Face, library: LibraryOption = None) -> int:
        with face.archive(Access.WRITE) as archive:
            return face.play(tasks.scan(archive, library))

`faced` gives the command `--config`, `--json` and `--quiet`, good before the command as well as after.
"""

from __future__ import annotations

import inspect
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fonoteca.cli.stopping import Stop

if TYPE_CHECKING:
    from fonoteca.archive import Access, Archive
    from fonoteca.config.model import Config
    from fonoteca.core.event import Event
    from fonoteca.render.lines import Lines
    from fonoteca.tasks.places.draft import SetupResult

ConfigFlag = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="The config to use.", parser=str, show_default=False),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON Lines, for programs.", show_default=False)]
QuietFlag = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only errors and findings.", show_default=False)
]


TOLD = {"backup", "scan", "scrub"}
"""Commands that a timetable runs: what they found is told to whoever the config names, where nobody watches."""


def print_version(wanted: bool) -> None:
    """Answer `--version`, whatever else was typed."""
    if wanted:
        from fonoteca import __version__

        typer.echo(f"fonoteca {__version__}")
        raise typer.Exit


VersionFlag = Annotated[
    bool,
    typer.Option(
        "--version",
        "-V",
        help="Print the version and end.",
        show_default=False,
        is_eager=True,
        callback=print_version,
    ),
]


@dataclass
class Flags:
    """The global flags as far as the command line has been read."""

    stop: Stop
    config: str | None = None
    json: bool = False
    quiet: bool = False
    words: tuple[str, ...] = ()
    """The command line behind the program's name."""

    def merge(self, config: str | None, json: bool, quiet: bool) -> None:
        """What is said later adds to what was said before."""
        self.config = config or self.config
        self.json = self.json or json
        self.quiet = self.quiet or quiet


def global_flags(
    ctx: typer.Context,
    config_file: ConfigFlag = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    version: VersionFlag = False,
) -> None:
    """Take the flags that stand before a command."""
    ctx.obj.merge(config_file, as_json, quiet)


def group_flags(
    ctx: typer.Context, config_file: ConfigFlag = None, as_json: JsonFlag = False, quiet: QuietFlag = False
) -> None:
    """The same between a group and its command: `fonoteca location --json list`."""
    ctx.obj.merge(config_file, as_json, quiet)


@dataclass
class Face:
    """One command's way to the archive and back to the person or program that called it."""

    flags: Flags
    wrote: bool = False
    """The archive was opened for writing."""

    @property
    def stop(self) -> Stop:
        """Set when the user asks to stop."""
        return self.flags.stop

    @cached_property
    def config_path(self) -> str:
        """The absolute path of the config, whether it is there or not."""
        from fonoteca.config.paths import config_path

        return config_path(self.flags.config, os.environ)

    @cached_property
    def config(self) -> Config:
        """The config. Raises ConfigError, UsageError."""
        from fonoteca.config.load import load

        return load(self.config_path)

    def archive(self, access: Access) -> AbstractContextManager[Archive]:
        """The archive of the config, open. Raises Locked, CatalogueError."""
        from fonoteca.archive import Access, Archive

        self.wrote = self.wrote or access is Access.WRITE
        return Archive.open(self.config, access=access, stop=self.stop)

    @cached_property
    def lines(self) -> Lines:
        """Where JSON goes."""
        from fonoteca.render.lines import Lines

        return Lines(sys.stdout.write, uuid.uuid4().hex, quiet=self.flags.quiet)

    def play(self, events: Iterable[Event]) -> int:
        """Show a task's events as asked for; returns its exit code. Raises what the task raises."""
        from fonoteca.cli.playing import play

        return play(events, self)

    def setup(self, result: SetupResult) -> None:
        """Say what a change of the setup did, and what to know about it."""
        self.tell(result.sentences)
        self.warn(result.warnings)
        self.done()

    def done(self) -> None:
        """The last JSON line of a command that is no run: a program sees that it came to its end."""
        if self.flags.json:
            self.lines.line("summary", {"exit_code": 0, "counts": {}})

    def answer(self, kind: str, values: Mapping[str, Any], show: Callable[[], None]) -> None:
        """Give the one result that was asked for: a JSON line of type `kind`, or what `show` prints."""
        if self.flags.json:
            self.lines.line(kind, values)
        else:
            show()

    def stream(
        self,
        kind: str,
        values: Iterable[Mapping[str, Any]],
        show: Callable[[Mapping[str, Any]], str],
        *,
        none: str = "Nothing is recorded that could be listed.",
    ) -> None:
        """Give many results, one a line, as they come; JSON ends with a `summary` of how many. `none`: said of none."""
        count = 0
        for each in values:
            count += 1
            self.stop.check()
            if self.flags.json:
                self.lines.line(kind, each)
            else:
                sys.stdout.write(show(each) + "\n")
        if self.flags.json:
            self.lines.line("summary", {"exit_code": 0, "counts": {"listed": count}})
        elif not count and not self.flags.quiet:
            typer.echo(none, err=True)

    def tell(self, sentences: Iterable[str]) -> None:
        """What was done, a sentence a line; each a `done` line in JSON. Nothing with `--quiet`."""
        from fonoteca.render.words import safe

        for sentence in sentences:
            if self.flags.json:
                self.lines.line("done", {"sentence": sentence})
            elif not self.flags.quiet:
                typer.echo(safe(sentence))

    def warn(self, sentences: Iterable[str]) -> None:
        """What a person should know, on stderr; each a `warning` line in JSON."""
        from fonoteca.render.words import safe

        for sentence in sentences:
            if self.flags.json:
                self.lines.line("warning", {"sentence": sentence})
            else:
                typer.echo(f"Note: {safe(sentence)}", err=True)


def faced(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """Turn `command(face, …)` into what typer calls: its own parameters, and the global flags after them."""
    signature = inspect.signature(command, eval_str=True)
    own = list(signature.parameters.values())[1:]

    def called(ctx: typer.Context, **given: Any) -> int | None:
        ctx.obj.merge(given.pop("config_file"), given.pop("as_json"), given.pop("quiet"))
        face = Face(ctx.obj)
        code = command(face, **given)
        if face.wrote and ctx.info_name in TOLD and not given.get("dry_run"):
            from fonoteca.cli.afterwards import tell

            tell(face, ctx.info_name, code or 0)
        return code

    flags = inspect.signature(group_flags, eval_str=True).parameters
    context, *rest = flags.values()
    called.__signature__ = inspect.Signature([context, *own, *rest])  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in [context, *own, *rest]}
    called.__name__, called.__doc__ = command.__name__, command.__doc__
    return called
