"""Leases of others, remembered from one run to the next."""

from __future__ import annotations

from pathlib import Path

from fonoteca.catalogue import database, sightings
from fonoteca.core.lease import Sight

DAY_NS = 86_400 * 10**9


def test_what_was_seen_is_known_to_the_next_run_of_the_same_start(tmp_path: Path):
    """One command cannot wait for half an hour, and the next need not begin anew; an earlier start counts nothing."""
    connection = database.open_writer(str(tmp_path / "catalogue.sqlite"))
    old, first = Sight("nas", "a", "earlier", 1), Sight("nas", "b", "now", 200 * DAY_NS)
    stale, last = Sight("nas", "c", "now", 1), Sight("cloud", "d", "now", 201 * DAY_NS)

    sightings.put(connection, [old])
    sightings.put(connection, [stale])
    sightings.put(connection, [first, last])

    assert {first, last} == set(sightings.every(connection))
    connection.close()
