"""What a run has to read: questions about it cost what is pending, not what the archive holds."""

from __future__ import annotations

import sqlite3

import pytest

from fonoteca.catalogue import pending, schema

COPIES = 2000


@pytest.fixture
def catalogue() -> sqlite3.Connection:
    """Many copies at one location, and as many new files pending."""
    connection = sqlite3.connect(":memory:")
    for step in schema.STEPS:
        connection.executescript(step)
    numbers = [(number,) for number in range(1, COPIES + 1)]
    connection.executemany(
        "INSERT INTO entries (id, folder, name, kind, content, size, mtime_ns, ctime_ns, inode, trusted, read_ns, "
        "state, since_ns, added_ns) "
        "VALUES (?1, 1, CAST(?1 AS BLOB), 'companion', 1, 10, 0, 0, 0, 1, 0, 'present', 0, 0)",
        numbers,
    )
    connection.execute(
        "INSERT INTO contents (id, sha256, size, xxh3_128) VALUES (1, zeroblob(32), 10, zeroblob(16))"
    )
    connection.executemany(
        "INSERT INTO copies (location, entry, key, content, mtime_ns, level, published_ns, segment, state) "
        "VALUES (1, ?1, CAST(?1 AS BLOB), 1, 0, 4, 0, 1, 'good')",
        numbers,
    )
    pending.begin(connection)
    pending.add(connection, [(1, b"%d" % number, None, pending.NEW, 10, 0, 0, 0) for (number,) in numbers])
    pending.add(connection, [(1, b"w", 7, pending.WRITTEN, 10, 0, 0, 0)])
    return connection


def test_what_is_superseded_is_counted_from_what_is_pending(catalogue: sqlite3.Connection) -> None:
    """Two thousand new files beside a hundred thousand copies kept a daemon busy for many minutes."""
    thousands = 0

    def count() -> None:
        nonlocal thousands
        thousands += 1

    catalogue.set_progress_handler(count, 1000)

    assert (1, 10) == pending.superseded(catalogue, 1)
    assert thousands < 100
