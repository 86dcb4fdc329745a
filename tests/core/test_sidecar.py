"""Checksum files are read as their writers meant them, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.sidecar import Claim, claims, method_of

MD5 = "9e107d9d372bb6826bd81d3542a419d6"
NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), blacklist_characters="/\\;#:"),
    min_size=1,
).filter(lambda name: name not in (".", ".."))


@pytest.mark.parametrize(
    ("name", "method"),
    [
        (b"Album.md5", "md5"),
        (b"ALBUM.MD5", "md5"),
        (b"MD5SUMS", "md5"),
        (b"SHA256SUMS.txt", "sha256"),
        (b"a.sha1", "sha1"),
        (b"a.sha256", "sha256"),
        (b"a.sfv", "crc32"),
        (b"a.ffp", "sound md5"),
        (b"a.st5", "sound md5"),
        (b"md5", None),
        (b"a.txt", None),
        (b"", None),
    ],
)
def test_a_checksum_file_is_known_by_its_name(name, method):
    """A text that happens to hold digits says nothing about music."""
    assert method == method_of(name)


@pytest.mark.parametrize(
    ("name", "line", "claim"),
    [
        (b"a.md5", f"{MD5}  01 A.flac", Claim(b"01 A.flac", "md5", MD5)),
        (b"a.md5", f"{MD5} *01 A.flac", Claim(b"01 A.flac", "md5", MD5)),
        (b"a.md5", f"{MD5.upper()} *CD1\\01.flac", Claim(b"CD1/01.flac", "md5", MD5)),
        (b"a.md5", f"MD5 (01 A.flac) = {MD5}", Claim(b"01 A.flac", "md5", MD5)),
        (b"MD5SUMS", f"\\{MD5}  new\\nline", Claim(b"new\nline", "md5", MD5)),
        (b"a.sfv", "01 A.mp3 DEADBEEF", Claim(b"01 A.mp3", "crc32", "deadbeef")),
        (b"a.ffp", f"01 A: B.flac:{MD5}", Claim(b"01 A: B.flac", "sound md5", MD5)),
        (b"a.st5", f"{MD5}  [shntool]  01 A.shn", Claim(b"01 A.shn", "sound md5", MD5)),
        (b"SHA256SUMS", "ab" * 32 + "  ./a", Claim(b"a", "sha256", "ab" * 32)),
    ],
)
def test_each_writers_lines_are_understood(name, line, claim):
    """Thirty years of tools have left them beside the music."""
    assert [claim] == claims(name, b"\xef\xbb\xbf; a comment\r\n\r\n" + line.encode() + b"\r\n")


@pytest.mark.parametrize(
    "line",
    [
        "no sum",
        f"{MD5}  ../a",
        f"{MD5}  /etc/passwd",
        f"{MD5}  a//b",
        f"{MD5[:-1]}  a",
        f"{MD5}  \0",
        f"{MD5}",
    ],
)
def test_what_cannot_be_meant_is_left_out(line):
    """A path must not lead out of the folder, a digest not be half of one."""
    assert [] == claims(b"a.md5", line.encode())


@given(st.sampled_from([b"a.md5", b"a.sfv", b"a.ffp", b"a.st5", b"SHA256SUMS"]), st.binary(max_size=300))
def test_no_bytes_make_it_stumble(name, data):
    """Anybody may have written it."""
    for claim in claims(name, data):
        assert not claim.path.startswith(b"/")
        assert b".." not in claim.path.split(b"/")


@given(
    st.lists(
        st.tuples(NAMES, st.binary(min_size=16, max_size=16)), max_size=5, unique_by=lambda each: each[0]
    )
)
def test_every_line_that_a_tool_writes_comes_back(files):
    """Of any name, in each of the three forms."""
    expected = [(name.encode(), digest.hex()) for name, digest in files]
    forms = {
        b"a.md5": "".join(f"{digest.hex()}  {name}\n" for name, digest in files),
        b"a.ffp": "".join(f"{name}:{digest.hex()}\n" for name, digest in files),
        b"a.sfv": "".join(f"{name} {digest.hex()[:8]}\n" for name, digest in files),
    }

    found = {
        form: [(each.path, each.digest) for each in claims(form, text.encode())]
        for form, text in forms.items()
    }

    short = [(name, digest[:8]) for name, digest in expected]
    assert {b"a.md5": expected, b"a.ffp": expected, b"a.sfv": short} == found
