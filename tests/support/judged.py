"""A library's past, made older: so that what comes next is judged as it would be on another day."""

from __future__ import annotations

import sqlite3

from support.archives import Home

DAY_NS = 86_400 * 1_000_000_000


def a_day_later(home: Home) -> None:
    """Stats are old enough to be believed, and everything is due for its second reading."""
    with sqlite3.connect(home.catalogue) as connection:
        connection.execute("UPDATE entries SET trusted = 1, read_ns = read_ns - ?", (DAY_NS,))


def read_twice(home: Home) -> None:
    """Stats are old enough to be believed, and every second reading was made."""
    with sqlite3.connect(home.catalogue) as connection:
        connection.execute("UPDATE entries SET trusted = 1, confirmed_ns = read_ns")
