"""Names and tags that act on terminals, break programs, or are no text: kept exactly, shown harmlessly."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.archives import HOSTILE, tree
from support.audio import make_audio
from support.stories import Person, Told

ACTING = (
    b"esc \x1b[2J\x1b]0;pwned\x07.jpg",
    b"c1 \xc2\x9b31m.jpg",
    b"carriage\rreturn.jpg",
    b"bell\x07.jpg",
    b" .jpg ",
)


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """Someone with every hostile name, and a track whose tags are worse."""
    person = Person(tmp_path)
    for name in (*HOSTILE, *ACTING):
        person.puts(b"odd/" + name, b"odd " + name)
    tags = {"TITLE": "\x1b[31mEvil\x07\x9b2J", "ARTIST": "a\u202eb"}
    make_audio("flac", person.music / "odd" / "tags.flac", tags=tags)
    (person.music / "odd" / "link").symlink_to("\x1b[2J")
    assert 0 == person.types("protect", person.music, "--to", person.home / "red").code
    return person


def test_nothing_reaches_the_terminal_raw(ana: Person) -> None:
    """A name could clear the screen, retitle the window, or hide what was said before it."""
    for name in ACTING:
        with open(bytes(ana.home) + b"/red/Music/odd/" + name, "wb") as file:
            file.write(b"x")

    said = [
        ana.types("list"),
        ana.types("show", ana.music / "odd/tags.flac"),
        ana.types("verify"),
        ana.types("status"),
        ana.types("restore", "--to", ana.home / "dry", "--dry-run"),
        ana.types("show", b"\x1b[2Jnothing"),
        ana.types("\x1b[2Jverify"),
    ]

    assert [set()] * len(said) == [told.controls for told in said]


def test_every_name_comes_back_as_it_was(ana: Person) -> None:
    """Bytes, names, dates, links: through the location and back."""
    told = ana.types("restore", "--from", ana.home / "red", "--to", ana.home / "back")

    assert 0 == told.code
    assert tree(ana.music) == tree(ana.home / "back")


def test_gnu_tools_agree_about_every_name(ana: Person) -> None:
    """`sha256sum` reads its own escaped form of them, `diff -r` sees no difference but the link."""
    sums = subprocess.run(["sha256sum", "-c", "--status", "SHA256SUMS"], cwd=ana.home / "red", check=False)
    (ana.music / "odd" / "link").unlink()
    found = subprocess.run(
        ["diff", "-r", ana.music, ana.home / "red/Music"], capture_output=True, check=False
    )

    assert (0, 0, b"") == (sums.returncode, found.returncode, found.stdout)


def test_programs_get_the_exact_bytes(ana: Person) -> None:
    """`path_b64` stands beside a `path` that is not UTF-8."""
    listed: Told = ana.types("list", "--json")

    paths = [line["path_b64"] for line in listed.lines if "path_b64" in line]
    assert 1 == len(paths)
    assert 0 == listed.code
