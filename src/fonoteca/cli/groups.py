"""The groups `library`, `location`, `tags` and `config`: an unknown word among their commands gets a suggestion too."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from fonoteca.cli.suggest import suggestion_in
from fonoteca.errors import UsageError


class Group(TyperGroup):
    """Commands under one word."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command `cmd_name`. Raises UsageError for an unknown one."""
        found = super().get_command(ctx, cmd_name)
        if found is not None or ctx is None or ctx.resilient_parsing:
            return found
        meant = suggestion_in(cmd_name, self.commands)
        hint = f" Did you mean `fonoteca {self.name} {meant}`?" if meant else ""
        raise UsageError(
            f"There is no command `{self.name} {cmd_name}`.{hint} `fonoteca {self.name} --help` lists them all."
        )
