"""Native tag values as JSON: text as it is, bytes as base64, large bytes as their length and digest.

>>> jsonable([3, "a", b"\\x00"])
[3, 'a', {'base64': 'AA=='}]
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

from fonoteca.audio.model import Json, Picture

LARGE = 1024
"""Binary values above this many bytes are kept as length and SHA-256 only."""


def jsonable(value: Any) -> Json:
    """`value` and all within it as JSON. Anything that is not plain data becomes its text."""
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return binary(bytes(value))
        case int():
            return int(value)
        case float():
            return value if value - value == 0 else str(value)
        case dict():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
        case _:
            return str(value)


def binary(data: bytes) -> Json:
    """Bytes in a form that JSON holds."""
    if len(data) > LARGE:
        return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return {"base64": b64encode(data).decode("ascii")}


def picture(
    data: bytes, *, type: int, mime: str = "", description: str = "", width: int = 0, height: int = 0
) -> Picture:
    """A picture without its bytes. A lacking or loose `mime` is made whole from the first bytes."""
    return Picture(
        type=type,
        mime=_mime(mime, data),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        description=description,
        width=width or None,
        height=height or None,
    )


_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)


def _mime(declared: str, data: bytes) -> str:
    if "/" in declared and declared != "image/":
        return "image/jpeg" if declared.lower() == "image/jpg" else declared
    if declared == "-->":
        return declared
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for magic, mime in _MAGIC if data.startswith(magic)), "application/octet-stream")
