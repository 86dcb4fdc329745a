"""What a connection has for the time of a run: tables that lie in a file, and functions of our own in SQL.

One connection serves several threads in turn (`tasks.copying.turns`). While any statement on it has rows that are yet
to be read, SQLite drops no table and changes no function; both may be made. So what is there is emptied and used again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable


def provide_table(connection: sqlite3.Connection, name: str, columns: str, *indexes: str) -> None:
    """Make the table `temp.<name>` of `columns`, or empty it. `indexes`: each as `<name> ON <table> (…)`."""
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} {columns}")
    for index in indexes:
        connection.execute(f"CREATE INDEX IF NOT EXISTS temp.{index}")
    connection.execute(f"DELETE FROM temp.{name}")


def provide_function(
    connection: sqlite3.Connection, name: str, arguments: int, function: Callable[..., bytes | int]
) -> None:
    """Make a deterministic function known to this connection, unless it knows one of that name: it keeps the first."""
    known = connection.execute(
        "SELECT 1 FROM pragma_function_list WHERE name = ? LIMIT 1", (name,)
    ).fetchone()
    if known is None:
        connection.create_function(name, arguments, function, deterministic=True)
