"""Ana spoils a file, looks what it was before, and gets it back; later she makes room."""

from __future__ import annotations

import os

from fonoteca.catalogue import database
from support.stories import Person


def test_an_old_content_is_found_and_brought_back(tmp_path):
    """From the mistake to the old bytes in three commands."""
    ana = Person(tmp_path)
    ana.puts("cover.jpg", b"as it was")
    ana.types("protect", ana.music, "--to", ana.home / "red")
    ana.puts("cover.jpg", b"spoilt, and longer")
    os.utime(ana.music / "cover.jpg", ns=(10**18, 10**18))
    ana.types("backup")
    listed = ana.types("versions", ana.music / "cover.jpg", "--json")
    number = listed.lines[0]["id"]
    shown = ana.types("versions", "cover.jpg")
    back = ana.types("restore", "--version", number, "--to", ana.home / "back")

    assert (listed.code, shown.code, back.code) == (0, 0, 0)
    assert [each["type"] for each in listed.lines] == ["version", "summary"]
    assert shown.out.startswith(f"{number}  until ")
    assert "at red as a version: " in shown.out
    assert (ana.home / "back" / "cover.jpg").read_bytes() == b"as it was"


def test_the_past_is_asked_for_in_words_that_are_checked(tmp_path):
    """A wrong word costs nothing, and says what is right."""
    ana = Person(tmp_path)
    ana.puts("cover.jpg", b"as it was")
    ana.types("protect", ana.music, "--to", ana.home / "red")
    told = [
        ana.types("restore", "--to", ana.home / "out", *words)
        for words in (
            ("--at", "some day"),
            ("--at", "2020-01-01", "--version", "abcd"),
            ("--at", "2020-01-01"),
        )
    ]

    assert [each.code for each in told] == [2, 2, 3]
    assert "2026-05-01T18:30" in told[0].err
    assert "give one of them" in told[1].err


def test_prune_shows_and_then_does(tmp_path):
    """Nothing is removed by a command that did not say so."""
    ana = Person(tmp_path)
    ana.puts("cover.jpg", b"as it was")
    ana.types("protect", ana.music, "--to", ana.home / "red")
    ana.puts("cover.jpg", b"another, and longer")
    ana.types("backup")
    with database.open_writer(str(ana.catalogue)) as connection:
        connection.execute("UPDATE versions SET time_ns = time_ns - 366 * 86400 * 1000000000")

    def blobs():
        return list((ana.home / "red").glob(".fonoteca/versions/*/*"))

    shown, before = ana.types("prune"), blobs()
    done = ana.types("prune", "--apply")

    assert (shown.code, len(before)) == (0, 1)
    assert "1 version may go, 9 bytes" in shown.out
    assert "fonoteca prune red --apply" in shown.out
    assert (done.code, blobs()) == (0, [])
    assert "1 version given up, 9 bytes" in done.out
