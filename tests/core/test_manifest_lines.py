"""Lines of a manifest: each survives its bytes, and damaged or hostile ones are refused."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, RelPath
from fonoteca.core.manifest.decode import decode
from fonoteca.core.manifest.encode import encode
from fonoteca.core.manifest.fields import BadLine
from fonoteca.core.manifest.lines import (
    AddStep,
    Done,
    DropStep,
    Folder,
    Happened,
    Have,
    Held,
    HoldState,
    Intent,
    Link,
    Moved,
    MoveStep,
    OverStep,
    Pruned,
    Retired,
    Seal,
    Segment,
    Superseded,
    Tags,
    Unknown,
)
from fonoteca.core.place import Key
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness

names = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.text(min_size=1, max_size=8).map(lambda t: t.encode("utf-8", "ignore")),
)
paths = (
    st.lists(names.map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"_")), min_size=1, max_size=3)
    .filter(lambda parts: not {b"", b".", b".."} & set(parts))
    .map(lambda parts: RelPath(b"/".join(parts)))
)
live = paths.filter(lambda path: path[:10].lower() != b".fonoteca/").map(lambda path: Key(b"music/" + path))
blobs = paths.map(lambda path: Key(b".fonoteca/versions/" + path))
sizes = st.integers(0, 2**63)
times = st.integers(0, 4 * 10**18)
mtimes = st.integers(-(2**63), 2**63)
sha256s = st.binary(min_size=32, max_size=32)
contents = st.builds(Content, sha256s, sizes, st.binary(min_size=16, max_size=16))
texts = st.text(max_size=12)
maybe = st.none() | texts
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(texts, json_values, max_size=3)
levels = st.sampled_from(Level)
steps = st.one_of(
    st.builds(AddStep, live, paths, contents, mtimes),
    st.builds(OverStep, live, paths, contents, mtimes, sha256s, sizes, blobs),
    st.builds(MoveStep, live, live | blobs, paths, contents, mtimes),
    st.builds(DropStep, blobs),
)
payloads = st.builds(Payload, texts.filter(bool), sha256s)
heard = st.builds(
    Sound,
    st.builds(SelfCheck, st.sampled_from(Soundness), texts, st.none() | sizes),
    st.none() | payloads,
    maybe,
    maybe,
)
libraries = st.just(LibraryId("0f" * 16))


def plain_have(path, *rest):
    """A `Have` whose key says its path."""
    return Have(Key(b"music/" + path), path, *rest)


lines = st.one_of(
    st.builds(Segment, sizes, libraries, st.none() | st.just("ab" * 32), times, texts, st.booleans()),
    st.builds(Seal, sizes, sizes, sha256s.map(bytes.hex)),
    st.builds(Have, live, paths, contents, mtimes, levels, times, maybe, maybe, maybe, st.none() | times),
    st.builds(plain_have, paths, contents, mtimes, levels, times),
    st.builds(Moved, live, live, paths, times),
    st.builds(
        Superseded, live, paths, contents, mtimes, blobs, texts, levels, times, maybe, maybe, maybe,
        st.none() | times,
    ),
    st.builds(
        Retired, live, paths, contents, mtimes, blobs, texts, levels, times, maybe, maybe, maybe,
        st.none() | times,
    ),
    st.builds(Pruned, blobs, st.none() | live, texts, times),
    st.builds(Folder, paths, times, st.booleans()),
    st.builds(Link, paths, names.map(lambda name: name.replace(b"\0", b"_") or b"_"), times),
    st.builds(Link, paths, st.just(b""), times, st.just(True)),
    st.builds(
        Tags, sha256s, sizes, times, maybe, maybe, maybe,
        st.dictionaries(texts, st.lists(texts, max_size=2), max_size=2),
        json_values, st.lists(objects, max_size=2), objects, maybe,
    ),
    st.builds(Tags, sha256s, sizes, times, sound=heard, sound_version=st.none() | sizes),
    st.builds(Happened, texts, times, objects),
    st.builds(Intent, texts, st.lists(steps, max_size=3).map(tuple), times),
    st.builds(Done, texts, times),
    st.builds(Held, texts, texts, st.sampled_from(HoldState), times, st.none() | paths, objects),
)  # fmt: skip


@given(lines)
def test_every_line_survives_its_bytes(line):
    """What a location says today is read the same in ten years."""
    raw = encode(line)

    assert decode(raw) == line
    assert raw.count(b"\n") == 1
    assert raw.endswith(b"\n")


@given(lines, st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_line_is_refused_or_read_never_a_crash(line, position, byte):
    """Rot in an open segment meets no unexpected exception."""
    raw = bytearray(encode(line))
    raw[position % len(raw)] = byte
    with contextlib.suppress(BadLine):
        decode(bytes(raw))


def test_a_line_is_what_docs_and_grep_expect():
    """People and other programs read these fields by name."""
    path = b"Nina Simone/01 Be My Husband.flac"
    line = Have(
        Key(b"music/" + path),
        RelPath(path),
        Content(bytes(32), 7, bytes(16)),
        5,
        Level.MEDIA,
        10**9,
        "flac/1:00",
    )

    assert json.loads(encode(line)) == {
        "op": "have",
        "key": "music/Nina Simone/01 Be My Husband.flac",
        "size": 7,
        "mtime_ns": 5,
        "sha256": "00" * 32,
        "xxh3_128": "00" * 16,
        "payload": "flac/1:00",
        "level": "media",
        "time": "1970-01-01T00:00:01Z",
    }


def test_the_original_path_stands_where_the_key_does_not_say_it():
    """An encoded name gives the original name back without our code."""
    line = Have(Key(b"music/AC%3ADC"), RelPath(b"AC:DC"), Content(bytes(32), 7, bytes(16)), 5, Level.BYTES, 0)

    assert json.loads(encode(line))["path"] == "AC:DC"


def test_a_line_of_a_newer_version_is_kept():
    """An older fonoteca reads past what it does not know."""
    raw = b'{"op":"sung","by":"Nina"}\n'

    assert decode(raw) == Unknown("sung", raw)
    assert encode(Unknown("sung", raw)) == raw


HAVE = {
    "op": "have", "key": "music/a", "size": 1, "mtime_ns": 2, "sha256": "00" * 32, "xxh3_128": "00" * 16,
    "level": "bytes", "time": "2025-01-01T00:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"key": "../etc/passwd"},
        {"key": "/etc/passwd"},
        {"key": "music/../../x"},
        {"key": ".fonoteca/location.json"},
        {"key": ".FonoTeca/location.json"},
        {"key": "music"},
        {"key": 5},
        {"key_b64": "Li4vYQ=="},
        {"path": "../x"},
        {"path": "a\u0000b"},
        {"size": -1},
        {"size": 1.5},
        {"size": True},
        {"size": "1"},
        {"sha256": "00" * 31},
        {"sha256": "AB" * 32},
        {"sha256": " " + "00" * 32},
        {"xxh3_128": None},
        {"level": "certain"},
        {"level": []},
        {"time": "yesterday"},
        {"time": 5},
        {"payload": 5},
        {"op": None},
        {"op": []},
    ],
)
def test_a_line_that_cannot_be_meant_is_refused(change):
    """What a location says of itself may be damaged or hostile, and restore writes where it points."""
    decode(json.dumps(HAVE).encode())

    with pytest.raises(BadLine):
        decode(json.dumps(HAVE | change).encode())


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"[]", b"5", b"{", b"\xff", b'{"op":NaN}', b"[" * 100_000, b'{"op":"have"}']
)
def test_what_is_no_line_is_refused(raw):
    """Zeros, torn text, other JSON: never an unexpected exception."""
    with pytest.raises(BadLine):
        decode(raw)


@pytest.mark.parametrize(
    "kept", ["music/a", ".fonoteca/location.json", ".fonoteca/versions/../location.json"]
)
def test_a_version_lies_under_versions_only(kept):
    """Pruning deletes what a line names."""
    raw = json.dumps({"op": "pruned", "kept": kept, "reason": "age", "time": "2025-01-01T00:00:00Z"}).encode()

    with pytest.raises(BadLine):
        decode(raw)


def test_what_json_cannot_hold_is_not_written():
    """A reader in another language would stumble over NaN."""
    with pytest.raises(ValueError):
        encode(Happened("check", 0, {"ratio": float("nan")}))


def test_lone_surrogates_in_tags_are_written_as_escapes():
    """Some tags hold half a character; a line is UTF-8 all the same."""
    line = Tags(bytes(32), 1, 0, tags={"TITLE": ["\ud800"]})

    assert (decode(encode(line)), b"\\ud800" in encode(line)) == (line, True)


def test_a_self_check_is_what_docs_and_grep_expect():
    """Damage that was in a file from the first day on is to be told from damage of later."""
    check = SelfCheck(Soundness.DAMAGED, "frame 2: CRC-16 differs", 77)
    line = Tags(
        bytes(32), 1, 0, sound=Sound(check, Payload("flac/1", b"\xab" * 32), None, "md5:0a"), sound_version=1
    )

    fields = json.loads(encode(line))

    assert {
        "payload": "flac/1:" + "ab" * 32,
        "self_check": {"word": "damaged", "detail": "frame 2: CRC-16 differs", "at": 77, "version": 1},
        "lossless": "md5:0a",
    } == {name: fields[name] for name in ("payload", "self_check", "lossless")}


def test_an_outcome_that_a_newer_version_knows_is_not_guessed_at():
    """Its sound is looked at again, by the checks that are here."""
    line = Tags(bytes(32), 1, 0, sound=Sound(SelfCheck(Soundness.SOUND)), sound_version=9)

    read = decode(encode(line).replace(b'"sound"', b'"splendid"'))

    assert Tags(bytes(32), 1, 0) == read


@pytest.mark.parametrize("payload", ["flac/1", "flac/1:ab", ":" + "ab" * 32, "flac/1:" + "AB" * 32])
def test_a_payload_that_can_be_none_is_refused(payload):
    """A digest that was cut compares unequal for ever."""
    raw = encode(Tags(bytes(32), 1, 0, sound=Sound(SelfCheck(Soundness.SOUND), reason="x")))

    with pytest.raises(BadLine):
        decode(raw.replace(b'"payload_reason":"x"', f'"payload":"{payload}"'.encode()))
