"""The documentation and the example hold what the code knows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from fonoteca.config.edit import template
from fonoteca.config.load import load
from fonoteca.config.schema import LIBRARY, LOCATIONS, SECTIONS, known_keys

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")
EXAMPLE = (ROOT / "config.example.toml").read_text("utf-8")


def test_every_key_is_documented_once():
    """A key that nobody can find is a key that nobody has."""
    documented = re.findall(r"^- `([a-z0-9_]+(?:\.<name>)?\.[a-z0-9_]+)`", PAGE, re.MULTILINE)

    assert sorted(known_keys()) == sorted(documented)


def test_every_example_of_the_page_loads(tmp_path):
    """Examples are copied before they are read."""
    blocks = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    assert blocks
    for block in blocks:
        (tmp_path / "config.toml").write_text(block)
        load(str(tmp_path / "config.toml"))


def test_the_example_config_has_every_table_and_every_type_of_location():
    """One look shows all that there is."""
    data = tomllib.loads(EXAMPLE)

    assert set(SECTIONS) - {"archive"} <= set(data)
    assert set(LOCATIONS) == {table.get("type", "folder") for table in data["location"].values()}
    assert set(LIBRARY) == {key for table in data["library"].values() for key in table}
    assert "[archive]" in EXAMPLE


def test_the_template_is_nothing_but_comments():
    """`init` decides nothing for anybody."""
    assert {} == tomllib.loads(template())
