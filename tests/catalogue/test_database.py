"""The catalogue's file, beside threads that read it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fonoteca.catalogue.database import open_writer, snapshot
from fonoteca.errors import CatalogueUnwritable


def test_a_snapshot_is_made_while_another_thread_is_amid_reading(tmp_path: Path) -> None:
    """Two servers are served at once over one connection: what one is reading must not end the other's run."""
    path = str(tmp_path / "catalogue.sqlite")
    writer = open_writer(path)
    writer.execute("CREATE TABLE kept (number INTEGER)")
    writer.executemany("INSERT INTO kept VALUES (?)", [(number,) for number in range(1000)])
    reading = writer.execute("SELECT number FROM kept")
    reading.fetchone()

    snapshot(path, str(tmp_path / "copy.sqlite"))

    copy = sqlite3.connect(tmp_path / "copy.sqlite")
    assert [(1000,)] == copy.execute("SELECT count(*) FROM kept").fetchall()
    assert 999 == len(reading.fetchall())
    copy.close()
    writer.close()


def test_a_snapshot_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    """The caller warns of it and goes on; the catalogue itself is whole."""
    path = str(tmp_path / "catalogue.sqlite")
    open_writer(path).close()

    with pytest.raises(CatalogueUnwritable) as told:
        snapshot(path, str(tmp_path / "nowhere" / "copy.sqlite"))

    assert "open" in told.value.reason
