"""Tables and functions of a run, made while other threads are amid reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from fonoteca.catalogue import due, moves, pending, standing
from fonoteca.catalogue.database import scratch
from fonoteca.catalogue.temporary import provide_function, provide_table


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A catalogue of which some statement has rows that nobody has read yet."""
    connection = scratch(":memory:")
    connection.execute("CREATE TABLE read (number INTEGER)")
    connection.executemany("INSERT INTO read VALUES (?)", [(number,) for number in range(100)])
    reading = connection.execute("SELECT number FROM read")
    reading.fetchone()
    yield connection
    assert 99 == len(reading.fetchall())
    connection.close()


def test_a_table_that_is_there_is_emptied(connection: sqlite3.Connection) -> None:
    """It cannot be dropped while any statement is being read, were it of another table."""
    for _ in range(2):
        provide_table(connection, "seen", "(name TEXT UNIQUE)", "seen_name ON seen (name)")
        connection.execute("INSERT INTO seen VALUES ('once')")

    assert [("once",)] == connection.execute("SELECT name FROM temp.seen").fetchall()


def test_a_function_that_is_known_stays(connection: sqlite3.Connection) -> None:
    """SQLite changes none while a statement is being read."""
    provide_function(connection, "twice", 1, lambda number: 2 * number)
    halfway = connection.execute("SELECT twice(number) FROM read")
    assert (0,) == halfway.fetchone()
    provide_function(connection, "twice", 1, lambda number: 2 * number)

    assert (2,) == halfway.fetchone()


def test_each_run_may_begin_while_another_thread_reads(connection: sqlite3.Connection) -> None:
    """Two servers are served in turn over one connection, and a second library follows a first."""
    for _ in range(2):
        pending.begin(connection)
        pending.begin_part(connection, "_1")
        standing.begin(connection)
        moves.begin(connection, 1)
        due.gather(connection, [1], [1])
