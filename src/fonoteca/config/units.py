"""Durations, sizes, rates and times as people write them: text in, plain values out, and back.

    >>> duration("1h30m"), size("200GB"), format_duration(90 * 86400), format_size(1 << 30)
    (5400, 200000000000, '90 days', '1 GiB')

Every reader takes whatever TOML holds and raises NotUnderstood, which says what was found and is expected.
`reader(formatter(value)) == value` holds for each pair.
"""

from __future__ import annotations

import re

from fonoteca.config import cron
from fonoteca.config.problems import NotUnderstood
from fonoteca.core.flow import DAY_MINUTES
from fonoteca.core.policy import DAY_S, Cron, Every, Guard, GuardLimit, GuardOff, Rate, Speed, Timing, Window

DURATION = 'a duration such as "90 days", "6h" or "1h30m"'
SIZE = 'a size such as "200 GB", "1 GiB" or "500" (bytes)'
RATE = 'a rate such as "50 MB/s", "unlimited" or "08:00-23:00 2 MB/s, else unlimited"'
WINDOWS = 'times of day such as "18:00-23:00"'
GUARD = 'a limit such as "5 % and 20 files", or "off" (0 is not off)'

_LONGEST_S = 1000 * 365 * DAY_S
_NUMBER = r"([0-9]{1,15})(?:\.([0-9]{1,6}))?"
_SECONDS = {
    1: ("s", "sec", "secs", "second", "seconds"),
    60: ("m", "min", "mins", "minute", "minutes"),
    3600: ("h", "hr", "hrs", "hour", "hours"),
    DAY_S: ("d", "day", "days"),
    7 * DAY_S: ("w", "week", "weeks"),
    30 * DAY_S: ("month", "months"),
    365 * DAY_S: ("y", "year", "years"),
}
_UNIT_S = {word: seconds for seconds, words in _SECONDS.items() for word in words}
_DURATION_PART = re.compile(rf"{_NUMBER}\s*([a-z]+)(?:\s*,\s*|\s+and\s+|\s*)")
_SIZE = re.compile(rf"{_NUMBER}\s*([kmgtp]?)(i?)(b|byte|bytes)?", re.IGNORECASE)
_BITS = re.compile(r"[0-9]\s*[KMGTP]i?b")
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")
_GUARD = re.compile(rf"{_NUMBER}\s*%\s*and\s*([0-9]{{1,9}})\s*files?", re.IGNORECASE)
_STEPS = "kMGTP"


def duration(value: object) -> int:
    """Seconds, 1 s to 1000 years. A month is 30 days, a year 365. A bare number is refused."""
    text = _text(value, DURATION).lower()
    total, position = 0, 0
    while position < len(text):
        part = _DURATION_PART.match(text, position)
        if part is None or part[3] not in _UNIT_S:
            raise NotUnderstood(value, DURATION)
        total += _times(part[1], part[2], _UNIT_S[part[3]])
        position = part.end()
    if not 0 < total <= _LONGEST_S:
        raise NotUnderstood(value, f"{DURATION}, more than 0 and at most 1000 years")
    return total


def format_duration(seconds: int) -> str:
    """The duration in days, hours, minutes and seconds: `90 days`, `1h 30m`."""
    days, rest = divmod(seconds, DAY_S)
    words = [f"{days} day{'s' if days != 1 else ''}"] if days else []
    for unit, length in (("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words) or "0s"


def size(value: object) -> int:
    """Bytes. `GB` counts in thousands, `GiB` in 1024s; `Gb` means bits to many, so it is refused."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value, SIZE)
    match = _SIZE.fullmatch(text)
    if match is None or _BITS.search(text) or (match[4] and not match[3]):
        raise NotUnderstood(value, SIZE)
    step = 1 + _STEPS.lower().index(match[3].lower()) if match[3] else 0
    return _times(match[1], match[2], (1024 if match[4] else 1000) ** step)


def format_size(count: int) -> str:
    """Bytes in the unit that divides them exactly with the smallest number: `200 GB`, `1 GiB`, `1234 B`."""
    best, unit = count, "B"
    for step, letter in enumerate(_STEPS, 1):
        for factor, name in ((1000**step, f"{letter}B"), (1024**step, f"{letter.upper()}iB")):
            if count and count % factor == 0 and count // factor < best:
                best, unit = count // factor, name
    return f"{best} {unit}"


def rate(value: object) -> Rate:
    """A rate, or a timetable that ends in `else …`. A place that is paused at all times is refused."""
    text = _text(value, RATE)
    *parts, last = (part.strip() for part in text.split(","))
    if not parts:
        speed = _speed(last, value)
        if speed == 0:
            raise NotUnderstood(
                value, f'{RATE}; to stop for a part of the day: "08:00-23:00 paused, else unlimited"'
            )
        return Rate(speed)
    word, _, otherwise = last.partition(" ")
    if word != "else":
        raise NotUnderstood(value, f'{RATE}, with ", else …" at its end')
    found = Rate(_speed(otherwise, value), tuple(_timed(part, value) for part in parts))
    if all(found.at(minute) == 0 for minute in range(DAY_MINUTES)):
        raise NotUnderstood(value, f"{RATE}, not paused at all times")
    return found


def speed(value: object) -> Speed:
    """One rate without a timetable, as `--rate` takes it: bytes a second, None for `unlimited`."""
    return _speed(_text(value, RATE), value)


def format_rate(value: Rate) -> str:
    """The rate as `rate` reads it."""
    words = [f"{_format_window(window)} {_format_speed(speed)}" for window, speed in value.windows]
    otherwise = _format_speed(value.otherwise)
    return ", ".join([*words, f"else {otherwise}"]) if words else otherwise


def windows(value: object) -> tuple[Window, ...]:
    """Times of day, separated by commas. `22:00-06:00` reaches over midnight; `24:00` may end a day."""
    return tuple(_window(part.strip(), value) for part in _text(value, WINDOWS).split(","))


def format_windows(value: tuple[Window, ...]) -> str:
    """The times as `windows` reads them."""
    return ", ".join(map(_format_window, value))


def guard(value: object) -> Guard:
    """The guard's limit, or `off`."""
    text = _text(value, GUARD)
    if text.lower() == "off":
        return GuardOff()
    match = _GUARD.fullmatch(text)
    if match is None:
        raise NotUnderstood(value, GUARD)
    percent = float(f"{match[1]}.{match[2] or 0}")
    if percent > 100:
        raise NotUnderstood(value, f"{GUARD}, with a percentage from 0 to 100")
    return GuardLimit(percent, int(match[3]))


def format_guard(value: Guard) -> str:
    """The limit as `guard` reads it."""
    if isinstance(value, GuardOff):
        return "off"
    return f"{value.percent:.6f}".rstrip("0").rstrip(".") + f" % and {value.files} files"


def timing(value: object) -> Timing:
    """An interval or a cron line (checked field by field, see `config/cron`)."""
    text = _text(value, cron.EXPECTED)
    if len(text.split()) == 5 and not _DURATION_PART.match(text.lower()):
        cron.check(text)
        return Cron(" ".join(text.split()))
    try:
        return Every(duration(text))
    except NotUnderstood as error:
        raise NotUnderstood(value, cron.EXPECTED) from error


def format_timing(value: Timing) -> str:
    """The timing as `timing` reads it."""
    return value.line if isinstance(value, Cron) else format_duration(value.seconds)


def _text(value: object, expected: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise NotUnderstood(value, expected)
    return value.strip()


def _times(whole: str, fraction: str | None, factor: int) -> int:
    """`whole.fraction` times `factor` in whole numbers, so that no size is bent by a float."""
    digits = fraction or ""
    return int(whole + digits) * factor // int(10 ** len(digits))


def _speed(text: str, value: object) -> Speed:
    word = text.strip().lower()
    if word in ("unlimited", "paused"):
        return None if word == "unlimited" else 0
    if not word.endswith("/s"):
        raise NotUnderstood(value, RATE)
    try:
        found = size(text.strip()[:-2])
    except NotUnderstood as error:
        raise NotUnderstood(value, RATE) from error
    if found == 0:
        raise NotUnderstood(value, f'{RATE}; nothing at all is "paused"')
    return found


def _format_speed(value: Speed) -> str:
    if value is None:
        return "unlimited"
    return f"{format_size(value)}/s" if value else "paused"


def _timed(text: str, value: object) -> tuple[Window, Speed]:
    match = _WINDOW.match(text)
    if match is None:
        raise NotUnderstood(value, RATE)
    return _window(match[0], value), _speed(text[match.end() :], value)


def _window(text: str, value: object) -> Window:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise NotUnderstood(value, WINDOWS)
    hours, minutes, end_hours, end_minutes, midnight, _ = match.groups()
    start = int(hours) * 60 + int(minutes)
    end = 24 * 60 if midnight else int(end_hours) * 60 + int(end_minutes)
    if start == end:
        raise NotUnderstood(value, f'{WINDOWS}, whose end is not their start (all day is "00:00-24:00")')
    return Window(start, end)


def _format_window(window: Window) -> str:
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (window.start, window.end))
