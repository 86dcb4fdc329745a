"""A moment as a person types it: `2026-05-01`, `2026-05-01T18:30`, with an offset or `Z` where it is not local time.

A date alone is the beginning of that day, as `date` and ISO 8601 have it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fonoteca.errors import UsageError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str, now_ns: int) -> int:
    """Nanoseconds since 1970. Raises UsageError for what is no time, or lies after `now_ns`."""
    try:
        local = datetime.fromisoformat(text.strip())
        found = (local.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{text} is no time: give a date as 2026-05-01, or a date and a time as 2026-05-01T18:30."
        ) from error
    if found > now_ns:
        raise UsageError(f"{text} lies in the future: give a time that has been.")
    return found
