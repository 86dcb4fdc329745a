"""A moment as a person types it: `2026-05-01`, `2026-05-01T18:30`, with an offset or `Z` where it is not local time.

A date alone is the beginning of that day, as `date` and ISO 8601 have it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fonoteca.config.problems import NotUnderstood
from fonoteca.config.units import duration
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


def since(text: str, now_ns: int) -> int:
    """The same for an age before `now_ns`: `7d`, `36h`, `2 weeks`; or a moment. Raises UsageError."""
    try:
        return max(0, now_ns - duration(text) * 1_000_000_000)
    except NotUnderstood:
        pass  # no age, so it is a date
    try:
        return moment(text, now_ns)
    except UsageError as error:
        if "future" in str(error):
            raise
        raise UsageError(
            f"{text} is neither an age nor a time: give an age as 7d or 36h, or a date as 2026-05-01."
        ) from error
