"""Segments: sealed ones show any damage, open ones give what is whole."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, RelPath
from fonoteca.core.manifest.encode import encode
from fonoteca.core.manifest.lines import Done, Folder, Have, Seal, Segment
from fonoteca.core.manifest.segment import (
    BadSegment,
    LaterSegment,
    SegmentFacts,
    SegmentWriter,
    check_segment,
    open_lines,
    read_open,
    read_sealed,
    split_lines,
)
from fonoteca.core.place import Key

HEADER = Segment(7, LibraryId("0f" * 16), "ab" * 32, 10**18, "fonoteca 0.1.0")
LINES = [
    Have(Key(b"music/a"), RelPath(b"a"), Content(bytes(32), 3, bytes(16)), 1, Level.MEDIA, 10**18),
    Folder(RelPath(b"caf\xe9"), 10**18),
    Done("b1", 10**18 + 1),
]


def written(lines=LINES):
    """An unsealed segment's bytes, and its writer."""
    writer = SegmentWriter(HEADER)
    return b"".join([writer.opening, *map(writer.add, lines)]), writer


def sealed():
    """A sealed segment's bytes."""
    body, writer = written()
    return body + writer.seal()


def blocks(data, size):
    """`data` in blocks of `size` bytes."""
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(st.integers(1, 700))
def test_a_segment_is_read_alike_whatever_the_blocks(size):
    """Block borders are the disk's affair."""
    data, (_, writer) = sealed(), written()

    assert list(read_sealed(blocks(data, size))) == [HEADER, *LINES]
    assert check_segment(blocks(data, size)) == SegmentFacts(HEADER, 4, writer.digest)


def is_believed(data):
    """Whether either way of reading a sealed segment accepts `data`."""
    for read in (check_segment, lambda blocks: list(read_sealed(blocks))):
        try:
            read([data])
        except BadSegment:
            continue
        return True
    return False


def test_any_truncation_of_a_sealed_segment_is_seen():
    """A manifest cut short must not pass for a smaller collection."""
    whole = sealed()

    assert [end for end in range(len(whole)) if is_believed(whole[:end])] == []


def test_any_flipped_bit_in_a_sealed_segment_is_seen():
    """Rot in our own memory is damage like any other."""
    whole, believed = sealed(), []
    for bit in range(len(whole) * 8):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        believed += [bit] if is_believed(bytes(data)) else []

    assert believed == []


@pytest.mark.parametrize("extra", [b"\n", b"{}\n", b"x", encode(LINES[0])])
def test_bytes_after_the_seal_are_seen(extra):
    """Nothing can be slipped in behind the seal."""
    with pytest.raises(BadSegment):
        check_segment([sealed() + extra])
    with pytest.raises(BadSegment):
        list(read_sealed([sealed() + extra]))


def test_a_line_that_is_no_line_is_seen_even_under_a_valid_seal():
    """A seal proves that bytes are unchanged, not that they can be meant."""
    writer = SegmentWriter.resume([encode(HEADER), b"nonsense\n"])
    data = b"".join([encode(HEADER), b"nonsense\n", writer.seal()])

    with pytest.raises(BadSegment, match="line 2"):
        list(read_sealed([data]))


def test_a_torn_last_line_of_an_open_segment_is_ignored():
    """A power cut in the middle of a line loses that line only."""
    body, _ = written()
    readings = [list(read_open([body[:-cut]])) for cut in range(1, len(encode(LINES[-1])) + 1)]

    assert [reading for reading in readings if reading != [HEADER, *LINES[:-1]]] == []


def test_an_open_segment_is_cut_back_to_its_whole_lines_and_goes_on():
    """Appending after a torn line would make one bad line of two good ones."""
    body, _ = written()
    kept = [raw for raw, _ in open_lines([body + b'{"op":"do'])]

    assert b"".join(kept) == body
    assert list(read_sealed([body, SegmentWriter.resume(kept).seal()])) == [HEADER, *LINES]


def test_zeros_at_the_end_of_an_open_segment_are_ignored():
    """Some file systems leave them after a power cut."""
    body, _ = written()

    assert list(read_open([body + bytes(512)])) == [HEADER, *LINES]


def test_damage_in_the_middle_of_an_open_segment_is_seen_after_what_came_before():
    """What was whole still counts; the rest is damage, not silence."""
    body, _ = written()
    lines, seen = list(split_lines([body])), []
    lines[2] = b"nonsense\n"

    with pytest.raises(BadSegment, match="line 3"):
        seen.extend(read_open(lines))
    assert seen == [HEADER, LINES[0]]


def test_an_open_segment_that_was_sealed_but_not_renamed_gives_its_lines():
    """The run died between seal and rename; nothing is lost."""
    assert list(read_open([sealed()])) == [HEADER, *LINES]


def test_an_empty_open_segment_holds_nothing():
    """It was created, and then the power went."""
    assert list(read_open([])) == []


def test_writing_goes_on_after_a_crash_with_the_same_seal():
    """A resumed segment is the one that would have been written in one go."""
    whole, writer = written()
    part, _ = written(LINES[:1])
    resumed = SegmentWriter.resume(split_lines([part]))
    data = part + b"".join(map(resumed.add, LINES[1:]))

    assert (data, resumed.seal()) == (whole, writer.seal())


def test_a_first_line_written_by_another_version_keeps_its_bytes_when_resumed():
    """The digest covers what stands in the file, not what we would have written."""
    first = encode(HEADER).replace(b'"writer"', b'"new":1,"writer"')
    resumed = SegmentWriter.resume([first])

    assert check_segment([first, resumed.seal()]).header == HEADER


def test_a_segment_of_another_format_is_refused_by_its_first_line():
    """Reading half of what a newer version says is worse than not reading it."""
    header = encode(HEADER).replace(b'"format":1', b'"format":2')

    for data in ([header], [header, encode(LINES[0])]):
        with pytest.raises(BadSegment, match="format is 2"):
            list(read_open(data))


def test_a_later_format_is_believed_only_under_a_seal_that_holds():
    """A newer version's segment is to be left alone; one flipped bit in our own is damage, and is mended."""
    header = encode(HEADER).replace(b'"format":1', b'"format":3')
    seal = encode(Seal(HEADER.number, 1, hashlib.sha256(header).hexdigest()))
    ours = encode(Seal(HEADER.number, 1, hashlib.sha256(encode(HEADER)).hexdigest()))

    with pytest.raises(LaterSegment, match="format is 3"):
        check_segment([header, seal])
    for last in (ours, encode(LINES[0]), b"torn"):
        with pytest.raises(BadSegment) as caught:
            check_segment([header, last])
        assert BadSegment is type(caught.value)


def test_a_line_without_end_does_not_fill_the_memory():
    """A gigabyte of zeros is damage, not a line."""
    with pytest.raises(BadSegment, match="longer"):
        list(split_lines(bytes(1 << 20) for _ in range(1000)))


def test_a_seal_is_exactly_this_line():
    """Writers in other languages must give it byte for byte."""
    assert encode(Seal(7, 123, "ab" * 32)) == b'{"op":"seal","n":7,"lines":123,"sha256":"%s"}\n' % (
        b"ab" * 32
    )
