"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "clock",
        "digest",
        "guard",
        "manifest.layout",
        "naming",
        "paths",
        "retag",
        "sums",
        "verdict",
        "plan.stamps",
        "insight",
    ],
)
def test_examples_in_docstrings_hold(module):
    """A newcomer tries them first."""
    results = doctest.testmod(importlib.import_module(f"fonoteca.core.{module}"))

    assert (results.failed, results.attempted > 0) == (0, True)
