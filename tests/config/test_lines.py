"""Line numbers for dotted paths."""

from __future__ import annotations

import tomllib
from textwrap import dedent

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.config.lines import line_of, lines, statements

SAMPLE = dedent('''\
    # a comment with [brackets] and "quotes"
    top = 1
    dotted.key . "with blank" = 2

    [library.music]   # why
    path = "/a # no comment"   # a comment
    exclude = [
      "a]", # ] not the end
      'b"',
    ]
    text = """
    [not.a.header]
    key = "no key" \\""" ""\\"
    """""
    after = true
    [ location . "Ana's \\u0041" ]
    inline = { path = "x", deep = { deeper = 1 } }
    literal = \'\'\'
    [also.no.header]
    \'\'\'
    when = 2026-01-02T03:04:05Z
    [[list]]
    a = 1
    [[list]]
    a = 2
    ''')


def test_each_table_and_key_has_the_line_on_which_it_stands():
    """A problem without its line is a search in the dark."""
    known = lines(SAMPLE)

    expected = {
        ("top",): 2,
        ("dotted", "key", "with blank"): 3,
        ("library",): 5,
        ("library", "music"): 5,
        ("library", "music", "path"): 6,
        ("library", "music", "exclude"): 7,
        ("library", "music", "text"): 11,
        ("library", "music", "after"): 15,
        ("location", "Ana's A"): 16,
        ("location", "Ana's A", "inline"): 17,
        ("location", "Ana's A", "literal"): 18,
        ("location", "Ana's A", "when"): 21,
        ("list",): 22,
        ("list", "a"): 23,
    }
    assert expected == {path: known[path] for path in expected}
    assert tomllib.loads(SAMPLE)
    assert not any("header" in part for path in known for part in path)


def test_a_key_within_an_inline_table_has_the_line_of_the_key_that_holds_it():
    """An approximate line beats none."""
    assert 17 == line_of(lines(SAMPLE), ("location", "Ana's A", "inline", "deep", "deeper"))


def test_a_missing_key_has_the_line_of_its_table():
    """That is where the person must write it."""
    assert 5 == line_of(lines(SAMPLE), ("library", "music", "guard"))


def test_a_table_that_is_not_there_has_no_line():
    """An invented line would send people to the wrong place."""
    assert line_of(lines(SAMPLE), ("policy", "copies")) is None


def test_carriage_returns_do_not_move_lines():
    """The file may come from a Windows machine."""
    assert lines(SAMPLE) == lines(SAMPLE.replace("\n", "\r\n"))


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS.filter(bool), inner, max_size=3),
    max_leaves=5,
)
TABLES = st.dictionaries(
    TEXTS.filter(bool), st.dictionaries(TEXTS.filter(bool), VALUES, max_size=3), max_size=3
)


@given(TABLES)
def test_every_statement_is_found_and_its_value_is_where_it_says(data):
    """Edits cut at these offsets: one that is off by one would break a config."""
    text = tomlkit.dumps(data)
    meant = tomllib.loads(text)

    for statement in statements(text):
        found = meant
        for part in statement.path:
            found = found[part] if isinstance(found, dict) else None
        if (
            not statement.is_header and found is not None
        ):  # None: a list of tables, which a config of ours has not
            assert {"v": found} == tomllib.loads(f"v = {text[statement.value : statement.end]}")
    known = lines(text)
    assert {(key,) for key in meant} == {path for path in known if len(path) == 1}
