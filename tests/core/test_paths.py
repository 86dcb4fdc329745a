"""Paths in JSON, and paths that stay where they belong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.paths import path_fields, path_value, stays_inside


@given(st.binary())
def test_any_bytes_survive_json(value):
    """A name that is not UTF-8 is still a name."""
    fields = json.loads(json.dumps(path_fields("path", value)))

    assert path_value(fields, "path") == value


def test_text_stands_alone_where_it_says_all():
    """Most lines need no base64."""
    assert path_fields("key", "Björk".encode()) == {"key": "Björk"}


def test_what_is_not_utf8_is_readable_and_exact():
    """People read the one, programs the other."""
    assert path_fields("path", b"caf\xe9") == {"path": "caf\ufffd", "path_b64": "Y2Fm6Q=="}


@pytest.mark.parametrize("fields", [{"path": 5}, {"path_b64": "?"}, {"path_b64": 5}, {"path": "\ud800"}])
def test_nonsense_is_refused(fields):
    """A damaged field must not become a path."""
    with pytest.raises((TypeError, ValueError)):
        path_value(fields, "path")


@pytest.mark.parametrize(
    "path",
    [b"", b"/", b"/a", b"a/", b"a//b", b".", b"..", b"../a", b"a/..", b"a/../b", b"./a", b"a/.", b"a\0b"],
)
def test_a_path_that_leads_out_is_seen(path):
    """A hostile manifest must not write outside the folder that is restored."""
    assert not stays_inside(path)


@pytest.mark.parametrize("path", [b"a", b".hidden", b"..a", b"a/...", b"a/..b/c.", b"-", b"\n"])
def test_odd_but_honest_paths_stay(path):
    """Linux allows them, so people have them."""
    assert stays_inside(path)
