"""Rules of PATTERN."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.pattern import Exclusion, is_junk, matches, pattern

CASES = [
    ("Nina Simone/**", b"Nina Simone/Pastel Blues/01.flac", True),
    ("Nina Simone/*", b"Nina Simone/Pastel Blues/01.flac", True),
    ("Nina Simone", b"Nina Simone/Pastel Blues/01.flac", True),
    ("Nina Simone/*.flac", b"Nina Simone/Pastel Blues/01.flac", False),
    ("*.cue", b"a/b/disc.cue", True),
    ("*.cue", b"a/b/disc.cue.txt", False),
    ("/a", b"a/b", True),
    ("/a", b"x/a", False),
    ("a/**/d", b"a/d", True),
    ("a/**/d", b"a/b/c/d", True),
    ("B?rk", "Björk".encode()[:0] + "Börk".encode(), True),
    ("a[!b]c", b"adc", True),
    ("a[!b]c", b"abc", False),
    ("[*]", b"*", True),
    ("[", b"[", True),
    ("A", b"a", False),
]


@pytest.mark.parametrize(("text", "path", "expected"), CASES)
def test_a_pattern_means_what_a_person_would_expect(text, path, expected):
    """The same words serve exclude, list and restore; surprises there lose music."""
    assert expected == matches(pattern(text), path)


@given(st.text(max_size=30), st.binary(max_size=30))
def test_no_text_and_no_path_makes_matching_fail(text, path):
    """A pattern comes from a person and a path from anywhere."""
    assert matches(pattern(text), path) in (True, False)


@given(st.binary(min_size=1, max_size=20).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_a_plain_pattern_matches_the_name_it_is(name):
    """Without wild cards a pattern is just a name."""
    if any(mark in name for mark in b"*?["):
        return

    assert matches(pattern(name), b"folder/" + name)


def test_exclusion_covers_what_lies_below_an_excluded_folder():
    """An excluded folder is not entered, but an event may name a file in it."""
    exclusion = Exclusion(["Incoming"])

    assert exclusion.covers(b"Incoming/a/b.flac")
    assert not exclusion.covers(b"Artist/b.flac")


def test_a_name_that_only_looks_like_junk_is_kept():
    """`._` marks AppleDouble leavings; a track named `_.flac` is music."""
    assert is_junk(b"._a.flac")
    assert not is_junk(b"_.flac")
    assert not is_junk(b"...And Justice for All.flac")
