"""Names at a location: legal there, readable back, never two paths under one key."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fonoteca.core.naming import (
    fold,
    folder_key,
    is_shortened,
    rule_for,
    rule_named,
    tell_apart,
    to_key,
    to_path,
)
from fonoteca.core.place import Key, Traits

RULES = [
    "posix/1",
    "posix/1+folds+bytes143",
    "posix/1+utf8",
    "windows/1",
    "windows/1+bytes255",
    "windows/1+not23",
    "object/1",
    "object/1+folds+key900",
]
DEVICE = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(\..*)?", re.I | re.DOTALL
)

traps = st.sampled_from(
    [
        b"%",
        b"%3A",
        b"%20",
        b"%2E",
        b"%25",
        b"%43",
        b"%~2",
        b"%-0123456789abcdef",
        b"CON",
        b"aux",
        b"com1",
        b".",
    ]
    + [
        b" ",
        b":",
        b"?",
        b"\\",
        b"\n",
        b"\x7f",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b".flac",
        b"~",
        b"25",
        b"#",
    ]
    + [text.encode() for text in ("é", "e\u0301", "ß", "ı", "𝄞", "\u200d", "\x80", "\ufffe", "：")]
)
texts = st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass"))
pieces = st.one_of(traps, st.binary(max_size=8), texts)
repeats = st.sampled_from([1, 1, 1, 40])
names = (
    st.builds(lambda parts, times: b"".join(parts) * times, st.lists(pieces, max_size=6), repeats)
    .map(lambda name: name.replace(b"/", b"").replace(b"\0", b"")[:255])
    .filter(lambda name: name not in (b"", b".", b".."))
)
paths = st.lists(names, min_size=1, max_size=5).map(b"/".join)
rules = st.sampled_from(RULES).map(rule_named)


@given(paths, rules)
@example(b"a\xc3%A9", rule_named("windows/1"))
@example(b"foo%2E.", rule_named("windows/1"))
def test_a_key_gives_its_path_back_unless_it_says_that_it_was_cut(path, rule):
    """The names of a location are enough to restore, but for the few that are marked."""
    key = to_key("music", path, rule)

    assert to_path(key, rule) == (None if is_shortened(key) else path)


@given(paths, paths, rules)
@example(b"x" * 255 + b"/" + b"y" * 255, b"x" * 255 + b"/" + b"y" * 254 + b"z", rule_named("object/1"))
def test_two_paths_never_have_one_key(first, second, rule):
    """One file must not stand in for another."""
    keys = {to_key("music", first, rule), to_key("music", second, rule)}

    assert len(keys) == len({first, second})


@given(st.lists(paths, max_size=8, unique=True), st.sampled_from(["windows/1", "posix/1+folds+bytes143"]))
def test_keys_stay_apart_where_a_place_folds_names(some, rule_name):
    """On FAT `Song.flac` and `song.flac` are one file; ours must be two, and readable back."""
    rule, taken, keys = rule_named(rule_name), set(), []
    for path in some:
        key = to_key("music", path, rule, taken.__contains__)
        taken.add(fold(key, rule))
        keys.append((path, key))

    assert len(taken) == len(some)
    assert all(to_path(key, rule) == (None if is_shortened(key) else path) for path, key in keys)


@given(paths, st.sampled_from(["windows/1", "windows/1+bytes255"]))
def test_every_key_is_legal_on_windows(path, rule_name):
    """Reserved characters, control characters, trailing dots and blanks, devices, lengths."""
    rule = rule_named(rule_name)
    for name in to_key("music", path, rule).decode().split("/"):
        assert set(name) & set('<>:"|?*\\') == set()
        assert min(name) >= " "
        assert name[-1] not in ". "
        assert DEVICE.fullmatch(name) is None
        assert len(name.encode("utf-16-le")) // 2 <= 255
        assert rule_name == "windows/1" or len(name.encode()) <= 255


@given(paths)
def test_every_key_is_legal_in_a_bucket(path):
    """A key is at most 1,024 bytes of UTF-8 that XML can carry."""
    key = to_key("music", path, rule_named("object/1")).decode()

    assert len(key.encode()) <= 1024
    assert not any(c < " " or "\x7f" <= c < "\xa0" or c in "\ufffe\uffff" for c in key)
    assert all(len(name.encode()) <= 255 for name in key.split("/"))


@given(paths.filter(lambda path: not re.search(rb"%-[0-9a-f]{16}", path)))
def test_what_linux_allows_passes_posix_unchanged(path):
    """A location on ext4 is a mirror, byte for byte."""
    assert to_key("music", path, rule_named("posix/1")) == b"music/" + path


@pytest.mark.parametrize(
    "name",
    [
        "01 Be My Husband.flac",
        "100% Pure.mp3",
        "My%20Song.mp3",
        "Vol. 2 …",
        "Björk",
        "：？！",
        "Concerto.flac",
        "~2",
    ],
)
@pytest.mark.parametrize("rule", ["windows/1", "object/1"])
def test_harmless_names_stay_as_they_are(name, rule):
    """A mirror that renames without need is no mirror."""
    assert to_key("music", name.encode(), rule_named(rule)) == b"music/" + name.encode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"AC:DC?.flac", b"AC%3ADC%3F.flac"),
        (b"etc.", b"etc%2E"),
        (b"end. ", b"end.%20"),
        (b"AUX.flac", b"%41UX.flac"),
        (b"nul", b"%6Eul"),
        (b"B%3A.flac", b"B%253A.flac"),
        (b"caf\xe9", b"caf%E9"),
        (b"50%~2.flac", b"50%25~2.flac"),
        (b"x" * 300 + b".flac", b"x" * 232 + b"%-64e0e89acfd54163.flac"),
    ],
)
def test_the_windows_alphabet_is_this_one(name, expected):
    """These names stand on people's drives for decades: the alphabet never changes under its name."""
    assert to_key("music", name, rule_named("windows/1")) == b"music/" + expected


def test_a_cut_name_keeps_its_extension_and_fits():
    """Players go by the ending."""
    key = to_key("music", ("é" * 128 + ".flac").encode(), rule_named("posix/1+bytes143"))

    assert key.decode().endswith(".flac")
    assert len(key) == len(b"music/") + 143


def test_a_name_that_bears_our_mark_gets_another():
    """Else a file copied from a location under its cut name could meet the file whose name was cut."""
    long = b"x" * 300 + b".flac"
    cut = to_key("music", long, rule_named("posix/1")).removeprefix(b"music/")

    assert to_key("music", cut, rule_named("posix/1")) != to_key("music", long, rule_named("posix/1"))


@pytest.mark.parametrize(
    ("first", "second"),
    [("Song", "SONG"), ("Björk", "Bjo\u0308rk"), ("ı", "I"), ("♥", "♥\ufe0f"), ("K", "\u212a")],
)
def test_fold_is_equal_for_names_that_some_place_holds_to_be_one(first, second):
    """One suffix too many costs nothing, one too few loses a file's place."""
    rule = rule_named("windows/1")

    assert fold(Key(first.encode()), rule) == fold(Key(second.encode()), rule)


def test_places_that_keep_names_apart_fold_nothing():
    """ext4 holds `A` and `a` side by side."""
    assert fold(Key(b"music/A"), rule_named("posix/1")) == b"music/A"


def test_the_second_of_two_bears_a_number_before_its_extension():
    """The ending stays what players go by, and the number can be read off again."""
    rule = rule_named("windows/1")
    key = tell_apart(Key(b"music/Song.flac"), 2, rule)

    assert (key, to_path(key, rule)) == (b"music/Song%~2.flac", b"Song.flac")


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        (Traits(), "posix/1"),
        (Traits(folds_case=True), "posix/1+folds"),
        (Traits(name_limit=143), "posix/1+bytes143"),
        (Traits(utf8_only=True), "posix/1+utf8"),
        (Traits(reserved=':?"', folds_case=True, trims_names=True, name_limit_unit="utf16"), "windows/1"),
        (Traits(name_limit_unit="utf16"), "windows/1"),
        (Traits(reserved="<>", trims_names=True), "windows/1+bytes255"),
        (Traits(reserved="#:", name_limit_unit="utf16"), "windows/1+not23"),
        (Traits(utf8_only=True, key_limit=1024), "object/1"),
        (Traits(utf8_only=True, key_limit=1000), "object/1+key1000"),
    ],
)
def test_a_rule_is_named_by_what_the_place_can_do(traits, expected):
    """The name in the marker is all that a later reader has."""
    rule = rule_for(traits)

    assert (rule.name, rule_named(expected)) == (expected, rule)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "posix/2",
        "posix/1+",
        "posix/1+folds2",
        "windows/1+not25",
        "posix/1+bytes20",
        "object/1+key9",
        "posix/1+not2",
    ],
)
def test_an_unknown_rule_is_refused(name):
    """A newer fonoteca may name things in a way that this one would break."""
    with pytest.raises(ValueError):
        rule_named(name)


def test_the_folder_of_a_library_is_a_name_like_others():
    """A library may be called as its folder is, whatever the place."""
    assert (folder_key("AUX", rule_named("windows/1")), folder_key("Mus:k", rule_named("posix/1"))) == (
        b"%41UX",
        b"Mus:k",
    )


@pytest.mark.parametrize(
    "key", [b"SHA256SUMS", b".fonoteca/location.json", b"music/%3a.flac", b"music/a:b", b"music/%41.flac"]
)
def test_a_key_that_no_path_has_gives_none(key):
    """What a stranger put there is not taken for ours."""
    path = to_path(Key(key), rule_named("windows/1"))

    assert path is None or to_key("music", path, rule_named("windows/1")) == key
