"""Paths and keys as JSON fields: text where they are UTF-8, the exact bytes beside it where they are not.

    >>> path_fields("path", b"Nina Simone/01.flac")
    {'path': 'Nina Simone/01.flac'}
    >>> path_fields("path", b"caf\\xe9")
    {'path': 'caf\\ufffd', 'path_b64': 'Y2Fm6Q=='}

One helper for the manifest and for JSON output, so that both say it in the same way.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping


def path_fields(name: str, value: bytes) -> dict[str, str]:
    """The JSON fields that hold `value`: `name` as text, and `<name>_b64` (standard base64) where not UTF-8.

    Where `<name>_b64` stands it is the truth, and the text beside it (U+FFFD where bytes were lost) is for
    eyes.
    """
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {name: value.decode(errors="replace"), f"{name}_b64": b64encode(value).decode("ascii")}


def path_value(fields: Mapping[str, object], name: str) -> bytes:
    """The bytes that `path_fields` wrote; raises KeyError when absent, TypeError or ValueError else."""
    exact = fields.get(f"{name}_b64")
    if exact is not None:
        if not isinstance(exact, str):
            raise TypeError(f"{name}_b64 is not text")
        return b64decode(exact, validate=True)
    text = fields[name]
    if not isinstance(text, str):
        raise TypeError(f"{name} is not text")
    return text.encode()


def stays_inside(path: bytes) -> bool:
    """True for a path that can't lead out of the folder it is joined to.

    It has at least one part, none is empty, `.` or `..`, and no byte is NUL. What a location says of itself
    may be damaged or malicious; nothing that it names is written or read before this holds.
    """
    framed = b"/" + path + b"/"
    find = framed.find
    return 0 not in path and find(b"//") < 0 and find(b"/./") < 0 and find(b"/../") < 0
