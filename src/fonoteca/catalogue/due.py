"""What a scrub reads, in its order: copies, versions and library files of the whole archive, for one run.

`gather` makes the run's list once, so that what the run records does not move what is still to come; `pages` gives it
back in order, with what is known of each. Memory stays flat at a million copies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fonoteca.catalogue.temporary import provide_function, provide_table
from fonoteca.core.plan.scrub import Urgency, turn

PAGE = 1000

COPY, VERSION, ORIGINAL = "copy", "version", "original"


class Due(NamedTuple):
    """One thing to read. `place`: the catalogue's number of its location, or of its library for an original.

    `number`: the entry, or the smallest id of the records that name a version's blob. `size` is bytes.
    """

    rank: int
    kind: str
    place: int
    number: int
    size: int
    urgency: Urgency


_COPIES = (
    "SELECT 'copy' AS kind, p.location AS place, p.entry AS number, c.size AS size, "
    "urgency(p.state, p.level, p.verified_ns, p.published_ns) AS urgency, "
    "since(p.state, p.level, p.verified_ns, p.published_ns) AS since, p.key AS name "
    "FROM copies p JOIN contents c ON c.id = p.content WHERE p.location IN ({locations})"
)
_VERSIONS = (  # several records may name one blob: it is read once, and is as good as the worst of them
    "SELECT 'version', v.location, min(v.id), c.size, "
    "urgency(min(v.state), min(v.level), min(v.verified_ns), min(v.time_ns)), "
    "since(min(v.state), min(v.level), min(v.verified_ns), min(v.time_ns)), v.key "
    "FROM (SELECT id, location, content, key, level, verified_ns, time_ns, "
    "iif(state = 'good', 'good', 'a bad one') AS state FROM versions) v "
    "JOIN contents c ON c.id = v.content WHERE v.location IN ({locations}) GROUP BY v.location, v.key"
)
_ORIGINALS = (  # the second reading of a content, past the cache, is its first verification
    "SELECT 'original', f.library, e.id, e.size, "
    "urgency(iif(e.state = 'present', 'good', e.state), iif(e.confirmed_ns IS NULL, 0, 4), e.confirmed_ns, e.read_ns), "
    "since(iif(e.state = 'present', 'good', e.state), iif(e.confirmed_ns IS NULL, 0, 4), e.confirmed_ns, e.read_ns), "
    "f.path || x'2f' || e.name FROM entries e JOIN folders f ON f.id = e.folder "
    "WHERE f.library IN ({libraries}) AND e.state IN ('present', 'held')"
)


def gather(
    connection: sqlite3.Connection, locations: Iterable[int], libraries: Iterable[int]
) -> tuple[int, int]:
    """Make the run's list; gives its files and bytes. Within one turn the order is that of names: a disk reads on."""
    provide_function(connection, "urgency", 4, _urgency)
    provide_function(connection, "since", 4, _since)
    provide_table(
        connection,
        "due",
        "(rank INTEGER PRIMARY KEY, kind TEXT NOT NULL, place INTEGER NOT NULL, "
        "number INTEGER NOT NULL, size INTEGER NOT NULL, urgency INTEGER NOT NULL)",
    )
    wanted = {"locations": _numbers(locations), "libraries": _numbers(libraries)}
    every = " UNION ALL ".join(part.format(**wanted) for part in (_COPIES, _VERSIONS, _ORIGINALS))
    connection.execute(
        "INSERT INTO temp.due (kind, place, number, size, urgency) SELECT kind, place, number, size, urgency "
        f"FROM ({every}) ORDER BY urgency, since, kind, place, name"
    )
    found = connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM temp.due").fetchone()
    return int(found[0]), int(found[1])


def pages(connection: sqlite3.Connection) -> Iterator[list[Due]]:
    """The list in its order."""
    last = 0
    while page := connection.execute(
        "SELECT rank, kind, place, number, size, urgency FROM temp.due WHERE rank > ? ORDER BY rank LIMIT ?",
        (last, PAGE),
    ).fetchall():
        last = page[-1][0]
        yield [Due._make((*found, Urgency(urgency))) for *found, urgency in page]


def _numbers(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


def _urgency(state: str, level: int, verified_ns: int | None, arrived_ns: int) -> int:
    return int(
        turn(good=state == "good", level=level, verified_ns=verified_ns, arrived_ns=arrived_ns).urgency
    )


def _since(state: str, level: int, verified_ns: int | None, arrived_ns: int) -> int:
    return turn(good=state == "good", level=level, verified_ns=verified_ns, arrived_ns=arrived_ns).since_ns
