"""docs/format.md: its reader reads what our writer writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, RelPath
from fonoteca.core.manifest.decode import _READERS, _STEPS
from fonoteca.core.manifest.layout import open_key, segment_key
from fonoteca.core.manifest.lines import Have, Intent, Moved, Retired, Segment, Tags
from fonoteca.core.manifest.replay import replay
from fonoteca.core.manifest.segment import SegmentWriter, read_sealed
from fonoteca.core.naming import rule_named, to_key
from fonoteca.core.place import Key

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text("utf-8")
LIBRARY = LibraryId("0f" * 16)
PATHS = [
    b"plain.flac",
    b"AC:DC/Live?.flac",
    b"caf\xe9.mp3",
    b"x" * 300 + b".ogg",
    b"new\nline",
    b"\xe2\x80\xa8.wav",
]


@pytest.fixture
def holdings():
    """The page's own reader."""
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    space = {}
    exec(code[1], space)
    return space["holdings"]


def have(path, rule):
    """A line for `path` under the naming rule."""
    content = Content(bytes(31) + bytes([len(path) % 256]), len(path), bytes(16))
    return Have(to_key("music", path, rule_named(rule)), RelPath(path), content, 1, Level.MEDIA, 10**18)


def lay(root, segments):
    """Write `segments` (lists of lines; a leading True makes a full one) below `root`. Returns all lines."""
    previous, everything = None, []
    for number, lines in enumerate(segments, start=1):
        writer = SegmentWriter(Segment(number, LIBRARY, previous, 10**18, "test", full=True in lines))
        body = [writer.opening, *(writer.add(line) for line in lines if line is not True)]
        previous = writer.digest
        file = root / segment_key(LIBRARY, number).decode()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join([*body, writer.seal()]))
        everything += read_sealed([file.read_bytes()])
    return everything


@pytest.mark.parametrize("rule", ["posix/1", "windows/1", "object/1"])
def test_the_readers_of_the_page_and_ours_agree(tmp_path, holdings, rule):
    """A stranger gets from the page what we get from our code."""
    lines = [have(path, rule) for path in PATHS]
    first = lines[0]
    blob = Key(b".fonoteca/versions/00/00.flac")
    away = Moved(first.key, Key(b"music/moved/a.flac"), RelPath(b"moved/a.flac"), 10**18)
    gone = Retired(lines[1].key, lines[1].path, lines[1].content, 1, blob, "removed", Level.MEDIA, 10**18)
    ours = replay(lay(tmp_path, [lines, [away, gone, Tags(bytes(32), 1, 10**18)]]))
    (tmp_path / open_key(LIBRARY, 3).decode()).write_bytes(b'{"op":"segm')

    theirs = holdings(tmp_path / f".fonoteca/libraries/{LIBRARY}")
    expected = {k: (h.path, h.content.sha256.hex(), h.content.size) for k, h in ours.have.items()}
    assert theirs == expected
    assert len(theirs) == len(PATHS) - 1


def test_the_pages_reader_begins_anew_with_a_full_segment(tmp_path, holdings):
    """Segments that a full one restates may be gone."""
    lay(tmp_path, [[have(b"old", "posix/1")], [True, have(b"new", "posix/1")]])
    library = tmp_path / f".fonoteca/libraries/{LIBRARY}"

    assert list(holdings(library)) == [b"music/new"]
    (tmp_path / segment_key(LIBRARY, 1).decode()).unlink()
    assert list(holdings(library)) == [b"music/new"]


def test_the_pages_reader_sees_damage(tmp_path, holdings):
    """Its short check is the whole check."""
    lay(tmp_path, [[have(b"a", "posix/1")], [have(b"b", "posix/1")]])
    file = tmp_path / segment_key(LIBRARY, 1).decode()
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole + b"\n", whole.replace(b'"size":1', b'"size":2')):
        file.write_bytes(damaged)
        with pytest.raises(ValueError):
            holdings(tmp_path / f".fonoteca/libraries/{LIBRARY}")


def test_every_op_and_step_is_on_the_page():
    """What is not written down is not a format."""
    assert [op for op in _READERS if f"`{op}`" not in PAGE and f'"op":"{op}"' not in PAGE] == []
    assert [step for step in _STEPS if f'"do":"{step}"' not in PAGE] == []
    assert Intent.__name__.lower() in PAGE


def test_the_names_on_the_page_are_those_that_we_write():
    """Examples are read more often than rules."""
    windows = rule_named("windows/1")

    assert to_key("m", b"100%20.mp3", windows) == b"m/100%20.mp3"
    assert to_key("m", b"a%3A", windows) == b"m/a%253A"
