"""The manual and the program say the same."""

import re
from pathlib import Path

import pytest
import typer

from fonoteca.cli.app import app
from fonoteca.core.report import MEANING
from fonoteca.render.lines import _KINDS

USAGE = (Path(__file__).parents[2] / "docs" / "usage.md").read_text("utf-8")


def commands():
    """Every command that can be typed: (`location add`, its click command, its context)."""
    root = typer.main.get_command(app)
    return list(_below(root, typer.Context(root, info_name="fonoteca"), ""))


def _below(group, ctx, before):
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        inner = typer.Context(command, info_name=name, parent=ctx)
        if hasattr(command, "list_commands"):
            yield from _below(command, inner, f"{before}{name} ")
        else:
            yield f"{before}{name}", command, inner


COMMANDS = commands()


@pytest.mark.parametrize(("name", "command", "ctx"), COMMANDS, ids=[name for name, *_ in COMMANDS])
def test_every_command_has_help_with_an_example(name, command, ctx):
    """A person in a hurry copies the example."""
    text = command.get_help(ctx)

    assert re.search(rf"Example:\n +\$ .*fonoteca {name}", text)


@pytest.mark.parametrize(("name", "command", "ctx"), COMMANDS, ids=[name for name, *_ in COMMANDS])
def test_every_command_and_option_is_in_the_manual(name, command, ctx):
    """What is not written down is not there."""
    section = re.search(rf"### `fonoteca {name}\b[^\n]*`\n(.*?)(?=\n### |\n## )", USAGE, re.DOTALL)
    everywhere = {"--help", "--config", "--json", "--quiet"}
    options = {opt for param in command.params for opt in param.opts if opt.startswith("--")} - everywhere

    assert section is not None
    assert {option for option in options if f"`{option}" not in section[1]} == set()
    assert f"    fonoteca {name}" in section[1] or f"fonoteca {name})" in section[1]


def test_the_exit_code_table_is_the_code_s():
    """A script trusts it."""
    table = re.search(r"## Exit codes\n(.*?)\n\n[^|]", USAGE, re.DOTALL)[1]
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", table, re.MULTILINE)

    assert {int(code): meaning for code, meaning in rows} == {
        int(code): text for code, text in MEANING.items()
    }


def test_every_json_type_is_in_the_manual():
    """A program's author finds every line that can come."""
    assert {kind for kind in _KINDS.values() if f"`{kind}`" not in USAGE} == set()
