"""Instants as RFC 3339 text, always UTC with `Z`: `2026-05-01T18:30:00Z`, `2026-05-01T18:30:00.000250Z`.

Inside, an instant is an int: nanoseconds since 1970-01-01T00:00:00Z. The text has no fraction for whole
seconds, six digits where microseconds say all, nine otherwise; both ways are exact.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_FRACTION = re.compile(r"\.\d{1,9}Z", re.ASCII)


def time_text(time_ns: int) -> str:
    """`time_ns` as text. Raises ValueError outside the years 1 to 9999."""
    seconds, rest = divmod(time_ns, _SECOND)
    text = _second_text(seconds)
    if rest == 0:
        return text + "Z"
    micro, nano = divmod(rest, 1000)
    return f"{text}.{micro:06}Z" if nano == 0 else f"{text}.{rest:09}Z"


def time_value(text: str) -> int:
    """Nanoseconds since 1970. Takes up to nine digits of fraction; ValueError for all but UTC with `Z`."""
    seconds, fraction = _second_value(text[:19]) * _SECOND, text[19:]
    if fraction == "Z":
        return seconds
    if _FRACTION.fullmatch(fraction) is None:
        raise ValueError(f"not a time in UTC: {text!r}")
    return seconds + int(fraction[1:-1].ljust(9, "0"))


@lru_cache(maxsize=1024)
def _second_text(seconds: int) -> str:
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    except OverflowError as error:
        raise ValueError(f"no calendar reaches {seconds} seconds since 1970") from error


@lru_cache(maxsize=1024)
def _second_value(text: str) -> int:
    if _SECONDS.fullmatch(text) is None:
        raise ValueError(f"not a time: {text!r}")
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
