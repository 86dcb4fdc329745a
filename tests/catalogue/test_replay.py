"""Manifest lines brought into the catalogue: what they say of the past."""

from __future__ import annotations

import pytest

from fonoteca.catalogue import database, libraries, places
from fonoteca.catalogue.places import Chain
from fonoteca.catalogue.replay import Replay
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, RelPath
from fonoteca.core.manifest.lines import Have, Pruned, Retired, Superseded
from fonoteca.core.place import Identity, Key, Traits

OLD, NEW = Content(b"o" * 32, 3, b"o" * 16), Content(b"n" * 32, 4, b"n" * 16)
BLOB = Key(b".fonoteca/versions/6f/6f.flac")


@pytest.fixture
def catalogue():
    """Nothing is known but two libraries and two locations."""
    connection = database.scratch(":memory:")
    for number, name in enumerate(("music", "books")):
        libraries.add(connection, f"{number}" * 32, name, b"", "", 0)
    for number, name in enumerate(("red", "blue")):
        identity = Identity(f"{number}" * 32, "n" * 32, f"uuid:{name}")
        places.put(connection, name, name, identity, Traits(), 0)
    yield connection
    connection.close()


def have(content, time_ns, added_ns=None):
    """`a` holds this content since."""
    return Have(Key(b"music/a"), RelPath(b"a"), content, 1, Level.BYTES, time_ns, added_ns=added_ns)


def kept(kind, until_ns):
    """The old content of `a`, last checked at 2."""
    return kind(Key(b"music/a"), RelPath(b"a"), OLD, 1, BLOB, "replaced", Level.BYTES, 2, until_ns=until_ns)


def replay(connection, lines, location=1, library=1):
    """Apply lines of a library's chain at a location that is believed in everything."""
    Replay(connection, location, library, believe_folders=True).apply(lines, 1)


def test_the_past_of_an_entry_comes_from_its_lines(catalogue):
    """Since when, and until when it was what; the date of a check is neither."""
    replay(catalogue, [have(OLD, 2), kept(Superseded, 5), have(NEW, 9)])

    assert catalogue.execute("SELECT added_ns FROM entries").fetchall() == [(2,)]
    assert catalogue.execute("SELECT time_ns, verdict FROM history").fetchall() == [(5, "replaced")]
    assert catalogue.execute("SELECT time_ns, verified_ns FROM versions").fetchall() == [(5, 2)]


def test_a_restated_line_says_since_when_the_entry_is_there(catalogue):
    """A full segment bears the dates of last checks, years after the beginning."""
    replay(catalogue, [kept(Superseded, 5), have(NEW, 900, added_ns=2)])

    assert catalogue.execute("SELECT added_ns FROM entries").fetchall() == [(2,)]


def test_a_retired_entry_is_gone_and_its_content_is_a_version(catalogue):
    """Removed from the library, kept at the location."""
    replay(catalogue, [have(OLD, 2), kept(Retired, 7)])

    assert catalogue.execute("SELECT state, since_ns FROM entries").fetchall() == [("gone", 7)]
    assert catalogue.execute("SELECT reason, time_ns FROM versions").fetchall() == [("retired", 7)]
    assert catalogue.execute("SELECT count(*) FROM copies").fetchall() == [(0,)]


def test_a_second_location_tells_no_second_history(catalogue):
    """A drive that lagged behind saw the same change at another time."""
    replay(catalogue, [have(OLD, 2), kept(Superseded, 5), have(NEW, 5)])
    places.set_chain(catalogue, 1, 1, Chain(1, "d", 1))
    replay(catalogue, [have(OLD, 2), kept(Superseded, 800), have(NEW, 800)], location=2)

    assert catalogue.execute("SELECT time_ns FROM history").fetchall() == [(5,)]
    assert catalogue.execute("SELECT time_ns FROM versions ORDER BY 1").fetchall() == [(5,), (800,)]


def test_pruning_in_one_library_leaves_the_records_of_another(catalogue):
    """Two libraries may name one blob; each gives up its own."""
    for library in (1, 2):
        replay(catalogue, [kept(Superseded, 5)], library=library)
    replay(catalogue, [Pruned(BLOB, None, "age", 9)])

    assert catalogue.execute("SELECT entry FROM versions").fetchall() == [(2,)]
