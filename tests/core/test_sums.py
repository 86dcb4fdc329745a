"""SHA256SUMS, held against the real `sha256sum`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.leaflet import verify_text
from fonoteca.core.naming import rule_named
from fonoteca.core.place import Key
from fonoteca.core.sums import BadSum, line, parse

HOSTILE = [
    *(
        b"plain.flac",
        b"new\nline",
        b"back\\slash",
        b"return\r",
        b"mid\rdle",
        b"trailing ",
        b"-dash",
        b" lead",
    ),
    *(b"*star", b"caf\xe9\xff", "Björk.flac".encode(), b"\\\\n", b"tab\t", b"#hash", b"\\", b"%3A"),
]
needs_sha256sum = pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")


@pytest.fixture
def place(tmp_path):
    """A folder with one file a hostile name, one a folder deeper, and its sums."""
    root = os.fsencode(tmp_path)
    os.mkdir(root + b"/music")
    keys = [*HOSTILE, *(b"music/" + name for name in HOSTILE)]
    for key in keys:
        with open(root + b"/" + key, "wb") as file:
            file.write(key)
    sums = b"".join(line(hashlib.sha256(key).digest(), Key(key)) for key in sorted(keys))
    (tmp_path / "SHA256SUMS").write_bytes(sums)
    return tmp_path


def check(place):
    """What `sha256sum -c` says: its exit code."""
    command = ["sha256sum", "-c", "--strict", "--status", "SHA256SUMS"]
    return subprocess.run(command, cwd=place, check=False, timeout=60).returncode


@needs_sha256sum
def test_sha256sum_accepts_every_hostile_name(place):
    """A stranger checks with what every Linux has."""
    assert check(place) == 0


@needs_sha256sum
def test_sha256sum_finds_a_flipped_byte(place):
    """Acceptance means nothing if damage is accepted too."""
    (place / "new\nline").write_bytes(b"new\nlinf")

    assert check(place) != 0


@needs_sha256sum
def test_our_lines_are_those_that_sha256sum_writes(place):
    """A person may compare our file with one of their own."""
    command = [b"sha256sum", b"--", *(b"music/" + name for name in HOSTILE)]
    theirs = subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=60).stdout
    ours = b"".join(
        line(hashlib.sha256(b"music/" + name).digest(), Key(b"music/" + name)) for name in HOSTILE
    )

    assert ours == theirs


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=1).filter(lambda key: b"\0" not in key))
def test_a_line_survives_parsing(sha256, key):
    """What we wrote we read."""
    assert list(parse([line(sha256, Key(key))])) == [(sha256, key)]


@pytest.mark.parametrize(
    "text", [b"\n", b"abc  name\n", b"0" * 64 + b"  \n", b"\\" + b"0" * 64 + b"  a\\x\n"]
)
def test_a_line_that_is_none_is_refused(text):
    """Damage in the list must not pass for a shorter list."""
    with pytest.raises(BadSum):
        list(parse([text]))


def test_the_leaflet_tells_a_stranger_how_to_check_and_where_names_stand():
    """It may be read in decades, by someone who never heard of us."""
    text = verify_text(["music", "Vinyl"], rule_named("windows/1"))

    assert "sha256sum -c --quiet SHA256SUMS" in text
    assert "    Vinyl/\n    music/\n" in text
    assert [word for word in ("windows/1", "%3A", "_b64") if word not in text] == []
    assert "%3A" not in verify_text(["music"], rule_named("posix/1"))
    assert max(map(len, text.splitlines())) <= 110
