"""How well a location keeps up with the policy's re-reading, as `status` says it."""

from __future__ import annotations

from typing import TypedDict

from fonoteca.archive import Archive
from fonoteca.catalogue.tallies import CopyTally
from fonoteca.core.schedule import overdue_at, share_within


class Forecast(TypedDict):
    """Fields of `core.status.LocationStatus`."""

    share_within: float | None
    overdue_ns: int | None


def forecast(archive: Archive, copies: CopyTally, pace: float) -> Forecast:
    """From the ages of its copies, and the `pace` (bytes a day) at which they are read again.

    What was never read back is overdue now, whatever the pace.
    """
    ages, now = list(copies.ages.values()), archive.now()
    every = archive.config.policy.verify_every_s * 1_000_000_000
    share = share_within(ages, unread=copies.unread, now_ns=now, every_ns=every)
    overdue = now if copies.unread else overdue_at(ages, bytes_a_day=pace, now_ns=now, every_ns=every)
    return {"share_within": share, "overdue_ns": overdue}
