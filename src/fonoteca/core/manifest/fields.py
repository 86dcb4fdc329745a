"""Checked readings of single JSON fields: each raises KeyError, TypeError or ValueError for what can't be.

What stands at a location may be damaged or malicious. A path here never leads out of the folder that it is
joined to, a live key never into `.fonoteca/`, and a kept one never out of `.fonoteca/versions/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from json import JSONDecoder
from typing import Any, TypeAlias

from fonoteca.core.entry import Content, RelPath
from fonoteca.core.paths import path_value, stays_inside
from fonoteca.core.place import OWN, Key

Fields: TypeAlias = dict[str, Any]

LIBRARY_ID = re.compile(r"[0-9a-f]{32}")
_OURS = OWN + b"/"
_VERSIONS = _OURS + b"versions/"


class BadLine(ValueError):
    """A line that can't be meant as it stands; `str()` says why, as a sentence part."""


class LaterFormat(BadLine):
    """A line of a format that is still to come."""


def json_object(raw: bytes) -> Fields:
    """The JSON object that `raw` is. Raises BadLine."""
    try:
        fields = _parse(raw.decode())
    except (ValueError, RecursionError) as error:
        raise BadLine("it is not JSON") from error
    return mapping(fields, "line")


def text(fields: Fields, name: str) -> str:
    """A text that must be there."""
    value = fields[name]
    if type(value) is not str:
        raise TypeError(f"{name} is not text")
    return value


def optional_text(fields: Fields, name: str) -> str | None:
    """A text, or None where it is null or absent."""
    return None if fields.get(name) is None else text(fields, name)


def integer(fields: Fields, name: str) -> int:
    """A whole number that must be there."""
    value = fields[name]
    if type(value) is not int:
        raise TypeError(f"{name} is not a whole number")
    return value


def count(fields: Fields, name: str) -> int:
    """A whole number from 0 up."""
    value = integer(fields, name)
    if value < 0:
        raise ValueError(f"{name} is negative")
    return value


def flag(fields: Fields, name: str) -> bool:
    """True or false; false where absent."""
    value = fields.get(name, False)
    if type(value) is not bool:
        raise TypeError(f"{name} is not true or false")
    return value


def digest(fields: Fields, name: str, length: int = 32) -> bytes:
    """`length` bytes written as lower-case hex."""
    value = text(fields, name)
    raw = bytes.fromhex(value)
    if len(raw) != length or raw.hex() != value:
        raise ValueError(f"{name} is not {length} bytes in lower-case hex")
    return raw


def mapping(value: object, name: str) -> Fields:
    """`value`, which must be a JSON object."""
    if not isinstance(value, dict):
        raise BadLine(f"its {name} is not a JSON object")
    return value


def array(value: object, name: str) -> list[Any]:
    """`value`, which must be a JSON array."""
    if not isinstance(value, list):
        raise BadLine(f"its {name} is not a JSON array")
    return value


def texts(value: object, name: str) -> list[str]:
    """`value`, which must be a JSON array of texts."""
    values = array(value, name)
    if not all(isinstance(each, str) for each in values):
        raise BadLine(f"its {name} holds something other than text")
    return values


def inner_path(fields: Fields, name: str) -> RelPath:
    """A path inside a library."""
    path = path_value(fields, name)
    if not stays_inside(path):
        raise ValueError(f"{name} leads out of its folder")
    return RelPath(path)


def live_key(fields: Fields, name: str) -> Key:
    """A key of the music itself."""
    key = path_value(fields, name)
    if not stays_inside(key) or is_ours(key):
        raise ValueError(f"{name} is not a music file's")
    return Key(key)


def version_key(fields: Fields, name: str) -> Key:
    """The key of a blob."""
    key = path_value(fields, name)
    if not stays_inside(key) or not key.startswith(_VERSIONS):
        raise ValueError(f"{name} is not under versions")
    return Key(key)


def entry_path(fields: Fields, key: Key) -> RelPath:
    """The original path: as written, else the key without its first folder."""
    if "path" in fields or "path_b64" in fields:
        return inner_path(fields, "path")
    path = key.partition(b"/")[2]
    if not path:
        raise KeyError("path")
    return RelPath(path)


def content(fields: Fields) -> Content:
    """Digests and size."""
    return Content(digest(fields, "sha256"), count(fields, "size"), digest(fields, "xxh3_128", 16))


def is_ours(key: bytes) -> bool:
    """True for a key under `.fonoteca/`, in whatever case: some places don't tell them apart."""
    return key[: len(_OURS)].lower() == _OURS


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_parse: Callable[[str], Any] = JSONDecoder(parse_constant=_refuse).decode
