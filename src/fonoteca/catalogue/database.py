"""The SQLite file: opened for one writer or for readers, brought to the newest schema, errors said in our words.

A writer holds WAL and `synchronous=FULL`, so what was committed outlives a power cut. A reader opens the file read-only
and is never blocked. Where the folder is read-only too, SQLite's `immutable` mode still lets it be read.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote

from fonoteca.catalogue.schema import STEPS, VERSION
from fonoteca.errors import CatalogueCorrupt, CatalogueError, CatalogueNewer, CatalogueUnwritable

APPLICATION_ID = 0x666F6E6F
"""`fono`: tells our file from any other SQLite file."""

_UNWRITABLE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class CatalogueMissing(CatalogueError):
    """There is none yet; a reader has nothing to read."""

    def __init__(self, path: str) -> None:
        super().__init__(
            path, f"There is no catalogue at {path} yet: run `fonoteca backup` or `fonoteca protect` first."
        )


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn what SQLite raises within into `CatalogueError`s with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if primary in _UNWRITABLE:
            raise CatalogueUnwritable(path, str(error)) from error
        if primary in _DAMAGED:
            raise CatalogueCorrupt(path, str(error)) from error
        raise CatalogueError(path, f"The catalogue {path} failed: {error}.") from error


def open_writer(path: str) -> sqlite3.Connection:
    """The one writer's connection, with the newest schema. The caller holds the archive's lock.

    Raises CatalogueCorrupt, CatalogueNewer, CatalogueUnwritable.
    """
    with translated(path):
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise CatalogueUnwritable(path, error.strerror or str(error)) from error
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            _prepare_writer(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def open_reader(path: str) -> sqlite3.Connection:
    """A read-only connection. Raises CatalogueMissing, CatalogueCorrupt, CatalogueNewer."""
    if not os.path.exists(path):
        raise CatalogueMissing(path)
    with translated(path):
        if os.path.isfile(path) and not os.path.getsize(path):
            raise CatalogueMissing(path)  # made by a writer that came no further
        connection = _connect_reader(path)
        found = _schema_of(connection, path)
        if found < VERSION:
            connection.close()
            raise CatalogueError(
                path,
                f"The catalogue {path} has the older schema {found}: run `fonoteca scan` once to bring it up.",
            )
        return connection


def scratch(path: str) -> sqlite3.Connection:
    """A catalogue that lives for one run (a bare location is read into it); durability does not matter."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = FILE")
    _upgrade(connection, 0)
    return connection


def snapshot(catalogue: str, path: str) -> None:
    """Write a consistent copy of all that is committed in `catalogue` to the new file `path`.

    Over a connection of its own: SQLite refuses it to one whose statements another thread has yet to read to their end.
    Raises CatalogueError.
    """
    with translated(catalogue), closing(_connect_reader(catalogue)) as connection:
        connection.execute("VACUUM INTO ?", (path,))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what happens within, or nothing of it. Joins a transaction that is already open."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def check(connection: sqlite3.Connection) -> str | None:
    """SQLite's own word on whether the file is whole: None, or the first thing wrong."""
    row = connection.execute("PRAGMA quick_check(1)").fetchone()
    return None if row is None or row[0] == "ok" else str(row[0])


def is_empty(connection: sqlite3.Connection) -> bool:
    """True when the catalogue remembers nothing: a library of which no file is recorded is only a name."""
    found = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM entries) OR EXISTS (SELECT 1 FROM locations)"
    ).fetchone()
    return not found[0]


def _prepare_writer(connection: sqlite3.Connection, path: str) -> None:
    found = _schema_of(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute("PRAGMA temp_store = FILE")  # a million paths take no memory
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    if found < VERSION:
        _upgrade(connection, found)


def _connect_reader(path: str) -> sqlite3.Connection:
    uri = "file:" + quote(path)
    connection = sqlite3.connect(uri + "?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        connection.close()  # WAL needs a writable folder; a read-only one holds no writer either
        connection = sqlite3.connect(
            uri + "?immutable=1", uri=True, isolation_level=None, check_same_thread=False
        )
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute("PRAGMA temp_store = FILE")  # a million paths take no memory
    return connection


def _schema_of(connection: sqlite3.Connection, path: str) -> int:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    if tables and application != APPLICATION_ID:
        raise CatalogueCorrupt(path, "it is a database of another program")
    if found > VERSION:
        raise CatalogueNewer(path, found, VERSION)
    return found


def _upgrade(connection: sqlite3.Connection, found: int) -> None:
    for number in range(found, VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(STEPS[number]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    # `executescript` would commit first; each statement alone stays inside our transaction.
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
