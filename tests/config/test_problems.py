"""How problems are put into words."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.config.problems import dotted, quoted, shown, unknown_key


@given(st.text(st.characters(codec="utf-8")))
def test_quoted_text_is_toml_and_prints_on_one_line(text):
    """What a message shows can be pasted into the config, and never moves a terminal's cursor."""
    assert {"v": text} == tomllib.loads(f"v = {quoted(text)}")
    assert quoted(text).isprintable()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, "true"), (3, "3"), ("a\x1b[2J", '"a\\u001b[2J"'), ([1], "a list"), ({}, "a table"), ("é", '"é"')],
)
def test_a_value_is_shown_as_it_stands_in_the_file(value, expected):
    """People look for what they wrote."""
    assert expected == shown(value)


def test_a_long_value_is_cut():
    """A pasted novel must not bury the problem."""
    assert 130 > len(shown("x" * 10_000))


def test_a_part_of_a_path_is_quoted_where_toml_needs_it():
    """The path can be pasted as a key."""
    assert 'library."Ana\'s.music".path' == dotted(("library", "Ana's.music", "path"))


@pytest.mark.parametrize(
    ("key", "hint"), [("pth", " (did you mean path?)"), ("COPIES", " (did you mean copies?)"), ("zzz", "")]
)
def test_an_unknown_key_names_the_one_that_was_probably_meant(key, hint):
    """Most unknown keys are slips of the pen."""
    assert f"one of: path, copies{hint}" == unknown_key(("x", key), ["path", "copies"]).expected
