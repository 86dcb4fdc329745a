"""The chain: HEAD, what follows what, and whose memory is newer."""

from __future__ import annotations

import pytest

from fonoteca.core.entry import LibraryId
from fonoteca.core.manifest.chain import (
    Ahead,
    Behind,
    Equal,
    Forked,
    Head,
    LibraryCard,
    Tip,
    compare,
    decode_card,
    decode_head,
    encode_card,
    encode_head,
    follows,
)
from fonoteca.core.manifest.fields import BadLine
from fonoteca.core.manifest.layout import open_key, quarantine_key, segment_key, segment_number, version_key
from fonoteca.core.manifest.lines import Segment
from fonoteca.core.naming import rule_named, to_key
from fonoteca.core.place import Key

LIBRARY = LibraryId("0f" * 16)
A, B, C, D = ("aa" * 32, "bb" * 32, "cc" * 32, "dd" * 32)


def chain(*digests):
    """The seal digests of segments 1, 2, … and how to ask for one."""
    known = dict(enumerate(digests, start=1))
    tip = Tip(len(digests), digests[-1]) if digests else None
    return tip, known.get


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((), (), Equal()),
        ((A, B), (A, B), Equal()),
        ((), (A, B), Ahead(1)),
        ((A,), (A, B, C), Ahead(2)),
        ((A, B, C), (A,), Behind(1)),
        ((A, B), (), Behind(0)),
        ((A, B), (A, C), Forked(1)),
        ((A, B), (A, C, D), Forked(1)),
        ((A, B, C), (A, D), Forked(1)),
        ((A, B), (C, D), Forked(0)),
    ],
)
def test_the_relation_of_two_chains(ours, theirs, expected):
    """Equal goes on, ahead is read first, behind and forked are rolled back to the common seal."""
    (our_tip, our_digest), (their_tip, their_digest) = chain(*ours), chain(*theirs)

    assert compare(our_tip, their_tip, their_digest, our_digest) == expected


def test_what_cannot_be_proven_counts_as_forked():
    """A location that has more but can't show our seal may be another story altogether."""
    assert compare(Tip(2, B), Tip(9, D), lambda number: None) == Forked(0)


def test_a_location_that_was_compacted_since_is_ahead():
    """Our seal is gone because a later segment restates everything; another one in its place is another story."""
    full = {2: 5}.get

    assert compare(Tip(2, B), Tip(9, D), lambda number: None, their_full=full) == Ahead(5)
    assert compare(Tip(2, B), Tip(9, D), {2: C}.get, their_full=full) == Forked(0)


def test_a_chain_begins_with_one_and_links_by_the_seal_before():
    """A segment taken out or put in breaks the chain."""

    def begun(number, prev):
        return Segment(number, LIBRARY, prev, 0, "w")

    assert follows(begun(1, None), None)
    assert follows(begun(3, B), Tip(2, B))
    assert not follows(begun(3, C), Tip(2, B))
    assert not follows(begun(4, B), Tip(2, B))
    assert not follows(begun(2, None), None)


def test_head_and_card_survive_their_bytes():
    """Two small files that everything begins with."""
    head, card = Head(LIBRARY, Tip(7, A), 10**18), LibraryCard(LIBRARY, "Müsik", 10**18)

    assert (decode_head(encode_head(head)), decode_card(encode_card(card))) == (head, card)


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_head_cut_short_is_refused(cut):
    """A torn HEAD must not name an earlier seal."""
    with pytest.raises(BadLine):
        decode_head(encode_head(Head(LIBRARY, Tip(7, A), 10**18))[:-cut])


@pytest.mark.parametrize("folder", ["", ".", "..", "a/b", ".fonoteca", "a\u0000"])
def test_a_card_whose_folder_leads_elsewhere_is_refused(folder):
    """A hostile card must not make our own folder a library's."""
    with pytest.raises(BadLine):
        decode_card(encode_card(LibraryCard(LIBRARY, folder, 0)))


def test_segments_are_found_by_their_names():
    """A listing of the folder is enough to know the chain's files."""
    keys = [segment_key(LIBRARY, 7), open_key(LIBRARY, 123_456_789), Key(b"x/HEAD"), Key(b"x/7.jsonl")]

    assert list(map(segment_number, keys)) == [(7, False), (123_456_789, True), None, None]


@pytest.mark.parametrize(
    ("path", "suffix"),
    [(b"a/b.FLAC", b".flac"), (b"a.b/c", b""), (b"x.tar.gz", b".gz"), (b"a.m?3", b""), (b"a.\xff", b"")],
)
def test_a_version_is_named_by_its_digest_and_a_harmless_suffix(path, suffix):
    """A player opens it, and every place can hold the name."""
    expected = b".fonoteca/versions/ff/" + b"ff" * 32 + suffix

    assert version_key(b"\xff" * 32, path) == expected


@pytest.mark.parametrize("rule", ["windows/1", "object/1"])
def test_our_own_keys_need_no_escape(rule):
    """They are written as they are, under every naming rule."""
    for key in (
        segment_key(LIBRARY, 7),
        open_key(LIBRARY, 7),
        version_key(bytes(32), b"a.flac"),
        quarantine_key("ab", 1, b"x.mp3"),
    ):
        assert to_key("m", key, rule_named(rule)) == b"m/" + key
