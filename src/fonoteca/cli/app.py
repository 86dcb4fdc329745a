"""The tree of commands. A command's module is imported when it is called, or when help lists it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from fonoteca.cli.face import Flags, global_flags
from fonoteca.cli.stopping import Stop
from fonoteca.cli.suggest import suggestion
from fonoteca.errors import UsageError

MODULES = {
    "protect": "protect",
    "init": "init",
    "library": "library",
    "location": "location",
    "scan": "scan",
    "list": "listing",
    "backup": "backup",
    "verify": "verify",
    "scrub": "scrub",
    "repair": "repair",
    "hold": "hold",
    "restore": "restore",
    "versions": "versions",
    "prune": "prune",
    "tags": "tags",
    "log": "log",
    "status": "status",
    "show": "show",
    "daemon": "daemon",
    "service": "service",
    "notify": "notify",
    "pause": "pause",
    "resume": "resume",
    "config": "config",
    "demo": "demo",
}
"""Command → its module in this package, in the order in which a newcomer meets them."""

# Typer may carry a click of its own or use the installed one; both call this class UsageError.
_ClickUsageError: type[Any] = typer.BadParameter.__mro__[1]


class Commands(TyperGroup):
    """The commands, made when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In `MODULES`' order."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command `cmd_name`, or None. An unknown one gets a suggestion."""
        if cmd_name in MODULES:
            module = import_module(f"fonoteca.cli.{MODULES[cmd_name]}")
            command = get_command(module.app)
            command.name = cmd_name
            _hide_types(command)
            return command
        if ctx is None or ctx.resilient_parsing:
            return None
        meant = suggestion(cmd_name, MODULES)
        hint = (
            f" Did you mean `{'fonoteca ' if ' ' in meant or '-' in meant else ''}{meant}`?" if meant else ""
        )
        raise UsageError(f"There is no command `{cmd_name}`.{hint} `fonoteca --help` lists them all.")


def _hide_types(command: Any) -> None:
    """Help says what an argument means; newer typers add `<list[bytes]>`, which helps nobody."""
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            parameter.display_type_rich = lambda ctx: None
    for each in getattr(command, "commands", {}).values():
        _hide_types(each)


app = typer.Typer(
    name="fonoteca",
    cls=Commands,
    help="""Keep the music you own safe: checksummed, tagged, copied to several places, verified.

    \b
    Example:
      $ fonoteca protect ~/Music --to /media/red/music --to /media/blue/music
    """,
    callback=global_flags,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def invoke(arguments: list[str], stop: Stop) -> int:
    """Run one command line; what the command returns is the exit code. Raises what the command raises."""
    command = get_command(app)
    try:
        code = command.main(
            args=arguments,
            prog_name="fonoteca",
            standalone_mode=False,
            obj=Flags(stop, words=tuple(arguments)),
        )
    except _ClickUsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.ctx.get_help())
            return 0
        where = error.ctx.command_path if error.ctx is not None else "fonoteca"
        message = error.format_message().replace("Value error, ", "")
        raise UsageError(f"{message} `{where} --help` shows how it is used.") from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except SystemExit as error:
        # typer ends the process by itself when a pipe is closed; how that ends is main's matter
        if isinstance(error.__context__, BrokenPipeError):
            raise error.__context__ from None
        raise
    return int(code or 0)
