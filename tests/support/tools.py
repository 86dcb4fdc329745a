"""Programs of the system that some tests need."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def tool(name: str) -> str:
    """The path of a program; the test is skipped where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"the program {name} is not installed")
    return found


def run_tool(name: str, *arguments: str) -> str:
    """Run it to its end, and give what it printed; a failure shows what it said."""
    done = subprocess.run([tool(name), *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "surrogateescape")
